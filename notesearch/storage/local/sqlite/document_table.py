"""The documents of the store: their text in segments, their chunks and facets; and how they are moved, copied
and removed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from notesearch.domain import Chunk, HeldBack, locator_to_text
from notesearch.storage.changes import DocumentMoved, FileRead
from notesearch.storage.local.sqlite.database import SEGMENT, Database, Generation
from notesearch.storage.local.sqlite.places import IN, Place, Places, in_facets, relative_to
from notesearch.storage.local.sqlite.vectors import MODEL_OF, KeptVectors
from notesearch.storage.values import FOLDER, ChunkPlan, NewDocument, Stored, text_hash


class _StoredChunk(NamedTuple):
    """A row of the table `chunks`, without its document. `heading` and `locator` are JSON."""

    ordinal: int
    start: int
    end: int
    line: int
    heading: str
    prefix: str
    tokens: int
    text_hash: bytes
    vector_id: int | None
    held: int
    locator: str


CHUNK_COLUMNS = ", ".join(_StoredChunk._fields)
_CHUNK_MARKS = ", ".join("?" * len(_StoredChunk._fields))
# The values of the column `held` of a chunk.
HELD: tuple[HeldBack | None, ...] = (None, HeldBack.PRIVATE, HeldBack.SECRET, HeldBack.REFUSED, HeldBack.KIND)
REFUSED = HELD.index(HeldBack.REFUSED)
ANSWERING, PREPARING = Generation.ANSWERING, Generation.PREPARING
_DELETE_PREPARED = f"DELETE FROM chunks WHERE document_id = ? AND generation = {PREPARING}"
_AT = "folder_id = ? AND relative_path = ? AND part = ?"
# Finds a document with the same content, read in the same way. The hash is that of the file.
_PENDING_TWINS = (
    "SELECT id FROM documents WHERE content_hash = ? AND part = ? AND reading = ? AND pending_fingerprint = ?"
)
_TWIN = (
    "SELECT id, embedded_title FROM documents"
    " WHERE content_hash = ? AND part = ? AND fingerprint = ? AND reading = ? AND format = ? LIMIT 1"
)
# An upsert, so that the triggers that count see one change. REPLACE would hide the deleted row from them.
REPLACING_PROBLEM = (
    "ON CONFLICT (folder_id, relative_path, part) DO UPDATE SET "
    "(size, mtime_ns, code, params, retryable, reading, refused) = "
    "(excluded.size, excluded.mtime_ns, excluded.code, excluded.params, "
    "excluded.retryable, excluded.reading, excluded.refused)"
)


# The problem of a document, at its place.
_FORGET_PROBLEM = (
    "DELETE FROM problems WHERE (folder_id, relative_path, part) = "
    "(SELECT folder_id, relative_path, part FROM documents WHERE id = ?)"
)


class Documents:
    """The part of the store that adds, changes and removes documents."""

    def __init__(self, database: Database, places: Places, vectors: KeptVectors) -> None:
        self._database = database
        self._places = places
        self._vectors = vectors

    def put(self, documents: Sequence[NewDocument]) -> list[Stored]:
        """Insert or replace documents in one transaction. A chunk whose text has a vector already is complete
        at once. Documents of a folder that was removed meanwhile are left out."""
        with self._database.write() as w:
            roots = {i: self._places.path(text) for i, text in w.execute("SELECT id, path FROM folders")}
            return [
                self._put(w, new, Place(new.folder_id, self._relative(roots[new.folder_id], new.path)))
                for new in documents
                if new.folder_id in roots
            ]

    @staticmethod
    def _relative(root: Path, path: Path) -> str:
        relative = relative_to(root, path)
        if relative is None:
            raise ValueError("a document lies outside its folder")
        return relative

    def _put(self, w: sqlite3.Connection, new: NewDocument, place: Place) -> Stored:
        row = w.execute(f"SELECT id, fingerprint FROM documents WHERE {_AT}", (*place, new.part)).fetchone()
        if new.moved_from is not None:
            row = self._moved_row(w, row, new.moved_from, new.part)
        twin = w.execute(
            _TWIN, (new.content_hash, new.part, new.fingerprint, new.reading, new.document.format)
        ).fetchone()
        cut = ChunkPlan(
            fingerprint=new.fingerprint, chunks=new.chunks, embedded_texts=new.embedded_texts, held=new.held
        )
        chunks = self._twin_chunks(w, twin[0], ANSWERING) if twin else self._new_chunks(w, cut)
        pending = (
            self._pending_chunks(w, new.pending, (new.content_hash, new.part, new.reading))
            if new.pending is not None
            else []
        )
        reused = sum(chunk.vector_id is not None for chunk in chunks if not chunk.held)
        values = self._values(new, place, chunks, pending)
        if twin and new.moved_from is not None:
            values["embedded_title"] = twin[1]
        elif not twin and reused * 2 >= len(chunks):
            values["embedded_title"] = new.embedded_title
        left: list[int] = []
        if row:
            document_id = int(row[0])
            # Vectors of another model do not count as unused, so that going back to that model finds them.
            before = self._vectors.ids_of(w, document_id, ANSWERING)
            self._vectors.uses.note(before)
            left = before if row[1] == new.fingerprint else []
            left += self._vectors.ids_of(w, document_id, PREPARING) if new.pending is not None else []
            for table in ("texts", "chunks", "facets"):
                w.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))
            w.execute(
                f"UPDATE documents SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?",
                (*values.values(), document_id),
            )
        else:
            marks = ", ".join("?" * len(values))
            document_id = int(
                w.execute(
                    f"INSERT INTO documents ({', '.join(values)}) VALUES ({marks})", list(values.values())
                ).lastrowid
                or 0
            )
        self._put_parts(w, document_id, new, place, chunks)
        self._insert_chunks(w, PREPARING, document_id, pending)
        self._vectors.note_use(
            w, used=[c.vector_id for c in (*chunks, *pending) if c.vector_id is not None], left=left
        )
        if new.pending is not None:
            key = (new.content_hash, new.part, new.reading, new.pending.fingerprint)
            self._share_pending(w, pending, key)
        w.execute(f"DELETE FROM problems WHERE {_AT}", (*place, new.part))
        self.tell_refused(w, [document_id])
        return Stored(document_id=document_id, added=row is None, chunks=len(chunks), reused=reused)

    def _values(
        self,
        new: NewDocument,
        place: Place,
        chunks: Sequence[_StoredChunk],
        pending: Sequence[_StoredChunk],
    ) -> dict[str, object]:
        """The columns of the document's row.

        `embedded_title` is the title under which the next reading cuts and embeds the note. For a copy, and
        for a note that became another one, it is the note's own title. After a rename it is the former title,
        as long as most of the note's vectors are kept that way.
        """
        document = new.document
        return {
            "folder_id": place.folder_id,
            "relative_path": place.relative,
            "part": new.part,
            "size": new.size,
            "mtime_ns": new.mtime_ns,
            "ctime_ns": new.ctime_ns,
            "content_hash": new.content_hash,
            "fingerprint": new.fingerprint,
            "reading": new.reading,
            "format": document.format,
            "title": document.title,
            "embedded_title": document.title,
            "first_line": document.first_line,
            "length": len(document.text),
            "language": document.language,
            "tags": _json(document.tags),
            "aliases": _json(document.aliases),
            "properties": _json(document.properties),
            "created": document.created,
            "updated": document.updated,
            "private": int(document.private),
            "pending_fingerprint": new.pending.fingerprint if new.pending is not None else "",
            "position": self._database.next_position(),
            **dict(zip(("expected", "embedded", "held_back"), _counted(chunks), strict=True)),
            **dict(
                zip(
                    ("pending_expected", "pending_embedded", "pending_held_back"),
                    _counted(pending),
                    strict=True,
                )
            ),
        }

    def _moved_row(
        self, w: sqlite3.Connection, at_target: tuple[int, str] | None, source: Path, part: str
    ) -> tuple[int, str] | None:
        """Move the row of a note that was moved, so that it keeps its id. A document at the target is
        removed."""
        moved: tuple[int, str] | None = None
        for place in self._places.places_of([source]):
            moved = w.execute(f"SELECT id, fingerprint FROM documents WHERE {_AT}", (*place, part)).fetchone()
            if moved:
                w.execute(f"DELETE FROM problems WHERE {_AT}", (*place, part))
                break
        if moved and at_target and moved != at_target:
            self.forget(w, [at_target[0]])
        return moved or at_target

    @staticmethod
    def _twin_chunks(w: sqlite3.Connection, twin: int, generation: Generation) -> list[_StoredChunk]:
        """The chunks of a note with the same content, to be used for a copy or a renamed note. So it is not
        embedded again, although a title taken from the file's name differs. They are taken as they are: with
        a title of another length the same text may be cut elsewhere."""
        rows = w.execute(
            f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE document_id = ? AND generation = ? ORDER BY ordinal",
            (twin, generation),
        )
        return [_StoredChunk(*row) for row in rows]

    def _pending_chunks(
        self, w: sqlite3.Connection, cut: ChunkPlan, content: tuple[str, str, int]
    ) -> list[_StoredChunk]:
        """The chunks for the next model. Where a note with the same content has more vectors, its chunks are
        used: the two may have different titles."""
        chunks = self._new_chunks(w, cut)
        twin = w.execute(f"{_PENDING_TWINS} LIMIT 1", (*content, cut.fingerprint)).fetchone()
        others = self._twin_chunks(w, twin[0], PREPARING) if twin else []
        return others if others and _counted(others)[1] >= _counted(chunks)[1] else chunks

    def _share_pending(
        self, w: sqlite3.Connection, chunks: Sequence[_StoredChunk], key: tuple[str, str, int, str]
    ) -> None:
        """Where these chunks have all vectors, give them to notes with the same content (`key`) that still
        lack some. So after going back to a former model, a copy has the vectors under the title that it was
        copied from."""
        expected, embedded, _ = _counted(chunks)
        if not embedded or embedded < expected:
            return
        for (document_id,) in w.execute(
            f"{_PENDING_TWINS} AND pending_embedded < pending_expected", key
        ).fetchall():
            used = [c.vector_id for c in chunks if c.vector_id is not None]
            self._vectors.uses.note([*used, *self._vectors.ids_of(w, document_id, PREPARING)])
            w.execute(_DELETE_PREPARED, (document_id,))
            self._insert_chunks(w, PREPARING, document_id, chunks)
            self._vectors.recount(w, [document_id])

    def _new_chunks(self, w: sqlite3.Connection, cut: ChunkPlan) -> list[_StoredChunk]:
        """The chunks as they were cut, with the vectors that their texts have. Texts that the user allowed
        are not held back again."""

        def stored(chunk: Chunk, text: str, held: HeldBack | None) -> _StoredChunk:
            digest = text_hash(text)
            if (
                held is not None
                and w.execute("SELECT 1 FROM allowed WHERE text_hash = ?", (digest,)).fetchone()
            ):
                held = None
            vector_id = self._vectors.id_of(w, cut.fingerprint, digest)
            if (
                held is None
                and w.execute(
                    "SELECT 1 FROM refused WHERE fingerprint = ? AND text_hash = ?", (cut.fingerprint, digest)
                ).fetchone()
            ):
                held = HeldBack.REFUSED
            where = (chunk.ordinal, chunk.start, chunk.end, chunk.line, _json(chunk.heading))
            place = locator_to_text(chunk.locator)
            return _StoredChunk(
                *where, chunk.prefix, chunk.tokens, digest, vector_id, HELD.index(held), place
            )

        reasons = cut.held or [None] * len(cut.chunks)
        return [stored(*parts) for parts in zip(cut.chunks, cut.embedded_texts, reasons, strict=True)]

    def cut(self, document_id: int, cut: ChunkPlan | None) -> None:
        """Store the chunks of a stored document for its folder's next model. None deletes them. Vectors are
        kept."""
        if cut is None:
            self._drop_pending(document_id)
        else:
            self._put_pending(document_id, cut)

    def _put_pending(self, document_id: int, cut: ChunkPlan) -> None:
        with self._database.write() as w:
            row = w.execute(
                "SELECT content_hash, part, reading FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
            if row is None:
                return
            self._vectors.uses.note(self._vectors.ids_of(w, document_id, PREPARING))
            w.execute(_DELETE_PREPARED, (document_id,))
            chunks = self._pending_chunks(w, cut, row)
            self._insert_chunks(w, PREPARING, document_id, chunks)
            w.execute(
                "UPDATE documents SET pending_fingerprint = ? WHERE id = ?", (cut.fingerprint, document_id)
            )
            self._vectors.recount(w, [document_id])
            self.tell_refused(w, [document_id])
            self._vectors.note_use(w, used=[c.vector_id for c in chunks if c.vector_id is not None])
            self._share_pending(w, chunks, (*row, cut.fingerprint))

    @staticmethod
    def tell_refused(w: sqlite3.Connection, document_ids: Iterable[int]) -> None:
        """List documents with passages that a model refused as problems, so that the user may have them sent
        again."""
        for document_id in document_ids:
            w.execute(
                "INSERT INTO problems SELECT d.folder_id, d.relative_path, d.part, d.size, d.mtime_ns, "
                "r.code, r.params, 1, d.reading, 1 FROM"
                " (SELECT document_id, text_hash FROM chunks WHERE document_id = ?1 AND held = ?2) c"
                " JOIN documents d ON d.id = c.document_id"
                " JOIN refused r ON r.text_hash = c.text_hash AND r.fingerprint IN (d.fingerprint, "
                f"d.pending_fingerprint) WHERE true LIMIT 1 {REPLACING_PROBLEM}",
                (document_id, REFUSED),
            )

    def ask_again(self, w: sqlite3.Connection, document_id: int) -> int:
        """Allow the passages of a document that a model refused to be sent once more. Returns how many they
        are."""
        w.execute(
            f"DELETE FROM refused WHERE (fingerprint, text_hash) IN (SELECT {MODEL_OF}, c.text_hash"
            " FROM chunks c JOIN documents d ON d.id = c.document_id WHERE c.document_id = ? AND c.held = ?)",
            (document_id, REFUSED),
        )
        asked = w.execute(
            "UPDATE chunks SET held = 0 WHERE document_id = ? AND held = ?", (document_id, REFUSED)
        ).rowcount
        self._vectors.recount(w, [document_id])
        w.execute(_FORGET_PROBLEM, (document_id,))
        return asked

    def _drop_pending(self, document_id: int) -> None:
        with self._database.write() as w:
            self._vectors.uses.note(self._vectors.ids_of(w, document_id, PREPARING))
            w.execute(_DELETE_PREPARED, (document_id,))
            w.execute("UPDATE documents SET pending_fingerprint = '' WHERE id = ?", (document_id,))
            self._vectors.recount(w, [document_id])

    @staticmethod
    def _insert_chunks(
        w: sqlite3.Connection, generation: Generation, document_id: int, chunks: Sequence[_StoredChunk]
    ) -> None:
        w.executemany(
            f"INSERT INTO chunks (document_id, generation, {CHUNK_COLUMNS}) VALUES (?, ?, {_CHUNK_MARKS})",
            ((document_id, generation, *c) for c in chunks),
        )

    def _put_parts(
        self,
        w: sqlite3.Connection,
        document_id: int,
        new: NewDocument,
        place: Place,
        chunks: Sequence[_StoredChunk],
    ) -> None:
        text = new.document.text
        segments = [text[start : start + SEGMENT] for start in range(0, len(text), SEGMENT)]
        lines = accumulate((segment.count("\n") for segment in segments), initial=0)
        w.executemany(
            "INSERT INTO texts VALUES (?, ?, ?, ?)",
            (
                (document_id, number, *parts)
                for number, parts in enumerate(zip(segments, lines, strict=False))
            ),
        )
        self._insert_chunks(w, ANSWERING, document_id, chunks)
        self._put_facets(w, document_id, new.facets, place)

    @staticmethod
    def _put_facets(w: sqlite3.Connection, document_id: int, facets: Sequence[str], place: Place) -> None:
        """Store facets of a document, and those of the folders around its place."""
        around = in_facets(place.folder_id, place.relative.rpartition("/")[0])
        w.executemany(
            "INSERT OR IGNORE INTO facets VALUES (?, ?)",
            ((facet, document_id) for facet in (*facets, *around)),
        )

    def finish(self, read: FileRead) -> None:
        """Remove the documents that a file does not hold any more, after it was read to its end."""
        with self._database.write() as w:
            root = w.execute("SELECT path FROM folders WHERE id = ?", (read.folder_id,)).fetchone()
            if root is None:
                return
            at = (read.folder_id, self._relative(self._places.path(root[0]), read.path))
            where = "folder_id = ? AND relative_path = ?"
            rows = w.execute(f"SELECT id, part FROM documents WHERE {where}", at).fetchall()
            self.forget(w, [document_id for document_id, part in rows if part not in set(read.parts)])
            w.execute(f"UPDATE documents SET size = ? WHERE {where}", (read.size, *at))
            w.execute(f"DELETE FROM problems WHERE NOT refused AND {where}", at)

    def touch(self, document_id: int, *, size: int, mtime_ns: int, ctime_ns: int) -> None:
        """Only the file's times changed: the content is the same."""
        with self._database.write() as w:
            w.execute(
                "UPDATE documents SET size = ?, mtime_ns = ?, ctime_ns = ? WHERE id = ?",
                (size, mtime_ns, ctime_ns, document_id),
            )

    def move(self, moved: DocumentMoved) -> None:
        """Let a document be at another place. Its facets are those of the new place, apart from those that
        come from what it holds."""
        with self._database.write() as w:
            root = w.execute("SELECT path FROM folders WHERE id = ?", (moved.folder_id,)).fetchone()
            if root is None:
                return
            relative = self._relative(self._places.path(root[0]), moved.path)
            w.execute(_FORGET_PROBLEM, (moved.document_id,))
            w.execute(
                "UPDATE documents SET folder_id = ?, relative_path = ?, size = ?, mtime_ns = ?, "
                "ctime_ns = ?, position = ? WHERE id = ?",
                (
                    *(moved.folder_id, relative, moved.size, moved.mtime_ns, moved.ctime_ns),
                    *(self._database.next_position(), moved.document_id),
                ),
            )
            w.execute(
                "DELETE FROM facets WHERE document_id = ? AND (facet GLOB ? OR facet GLOB ?)",
                (moved.document_id, f"{FOLDER}:*", f"{IN}:*"),
            )
            self._put_facets(w, moved.document_id, moved.folders, Place(moved.folder_id, relative))
            self.tell_refused(w, [moved.document_id])

    def remove(self, paths: Sequence[str]) -> int:
        """Remove the documents and the problems at these paths. Returns how many documents there were."""
        with self._database.write() as w:
            ids = []
            at = "folder_id = ? AND relative_path = ?"
            for place in self._places.places_of(paths):
                w.execute(f"DELETE FROM problems WHERE {at}", place)
                ids += [row[0] for row in w.execute(f"SELECT id FROM documents WHERE {at}", place)]
            self.forget(w, ids)
            return len(ids)

    def forget(self, w: sqlite3.Connection, ids: Sequence[int]) -> None:
        """Remove documents. Each leaves a tombstone for the copies."""
        left = [vector_id for document_id in ids for vector_id in self._vectors.ids_of(w, document_id)]
        w.executemany("DELETE FROM documents WHERE id = ?", ((i,) for i in ids))
        w.executemany(
            "INSERT INTO tombstones VALUES (?, ?)", ((self._database.next_position(), i) for i in ids)
        )
        self._vectors.note_use(w, left=left)

    def forget_tombstones(self, position: int) -> None:
        """Delete the tombstones up to `position`, which every copy has reached. The newest one stays, since
        it may hold the position."""
        with self._database.write() as w:
            w.execute(
                "DELETE FROM tombstones WHERE position <= ? AND position < (SELECT max(position) FROM "
                "tombstones)",
                (position,),
            )


def _counted(chunks: Sequence[_StoredChunk]) -> tuple[int, int, int]:
    """How many chunks are to be embedded, are embedded, and are held back."""
    waited = [chunk for chunk in chunks if not chunk.held]
    return len(waited), sum(chunk.vector_id is not None for chunk in waited), len(chunks) - len(waited)


def _json(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False)
