"""The only truth: documents, their text, chunks and vectors in SQLite (WAL). Knows nothing of the keyword and vector indexes.

One connection writes, under a lock; every reading thread has a connection of its own, so that a search never waits for indexing.
Positions count changes of documents: an index that was saved at position N asks for what changed since.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from notesearch.domain import FileProblem
from notesearch.errors import NotesearchError, StoreDamaged, StoreError
from notesearch.storage.connections import CLOSED, Readers, people_errors
from notesearch.storage.migrations import migrate, refuse_newer
from notesearch.storage.protocols import ChunkRow, DocumentRow, FolderRow, Held, Known, NewDocument, Put, Vectors, WaitingChunk

SEGMENT = 1 << 16
DATABASE = "notes.sqlite"

_DOCUMENT_COLUMNS = (
    "d.id, d.folder_id, d.path, d.format, d.title, d.mtime_ns, d.first_line, d.length, d.language, d.tags, d.aliases, d.expected, d.embedded,"
    " d.fingerprint, d.position"
)
_CHUNK_COLUMNS = "id, document_id, ordinal, start, end, line, heading, prefix, tokens, vector_id"


def text_hash(embedded_text: str) -> bytes:
    """16 bytes over the exact text that is embedded: with the fingerprint, the key a vector is kept under."""
    return hashlib.blake2b(embedded_text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Store:
    """The SQLite store. Any thread may read; writes are serialised by a lock. Not for a GUI thread.

    `read_only`: for a process that works beside the owner of the data folder; every write raises then.
    Raises StoreTooNew, StoreDamaged or StoreError on opening, and StoreError when asked after `close`.
    """

    def __init__(self, data_dir: Path, *, read_only: bool = False) -> None:
        self._path = data_dir / DATABASE
        self._write_lock = threading.RLock()
        self._readers = Readers(lambda: self._connect("ro"))
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        if read_only and not self._path.exists():
            raise StoreError("There is no index yet", hint="Add a folder first: notesearch add FOLDER.")
        try:
            self._open(read_only)
            self.instance: str = self._one("SELECT value FROM meta WHERE key = 'instance'")[0]
            self._position = self.position
        except BaseException:
            self.close()
            raise

    def _open(self, read_only: bool) -> None:
        with people_errors():
            if read_only:
                with self._readers.borrow() as connection:
                    refuse_newer(connection)
                return
            self._writer = self._connect("rwc")
            refuse_newer(self._writer)
            self._writer.execute("PRAGMA journal_mode = WAL")
            migrate(self._writer)

    def close(self) -> None:
        """Close every connection; the one that writes last, so that SQLite folds its log into the database. Questions under way in other
        threads raise StoreError."""
        self._readers.close()
        with self._write_lock:
            self._closed = True
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.executescript("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;")
        return connection

    def _read(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a question, asked on a connection that no other thread uses meanwhile."""
        with people_errors(), self._readers.borrow() as connection:
            return connection.execute(sql, parameters).fetchall()

    def _one(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first row, or None."""
        rows = self._read(sql, parameters)
        return rows[0] if rows else None

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock, people_errors():
            if self._writer is None:
                raise StoreError(CLOSED if self._closed else "The index is read-only here")
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            position = self._position
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._position = position
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _next_position(self) -> int:
        self._position += 1
        return self._position

    # Folders

    def add_folder(self, path: Path, model: str) -> int:
        with self._write() as w:
            w.execute("INSERT OR IGNORE INTO folders (path, model) VALUES (?, ?)", (str(path), model))
            row = w.execute("SELECT id FROM folders WHERE path = ?", (str(path),)).fetchone()
            return int(row[0])

    def remove_folder(self, folder_id: int) -> None:
        """Forget the folder, its documents and, where nothing else uses them, their vectors. The notes themselves are untouched."""
        with self._write() as w:
            ids = [row[0] for row in w.execute("SELECT id FROM documents WHERE folder_id = ?", (folder_id,))]
            vectors = w.execute(
                "SELECT DISTINCT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                " WHERE d.folder_id = ? AND c.vector_id IS NOT NULL",
                (folder_id,),
            ).fetchall()
            self._remove(w, ids)
            w.execute("DELETE FROM problems WHERE folder_id = ?", (folder_id,))
            w.execute("DELETE FROM folders WHERE id = ?", (folder_id,))
            w.executemany("DELETE FROM vectors WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM chunks WHERE vector_id = ?1)", vectors)

    def absorb_folder(self, child_id: int, parent: Path) -> None:
        """Give a folder's documents to the folder around it. They are read anew, for their trail differs; their vectors stay."""
        with self._write() as w:
            (parent_id,) = w.execute("SELECT id FROM folders WHERE path = ?", (str(parent),)).fetchone()
            w.execute(
                "UPDATE documents SET folder_id = ?, mtime_ns = -1, content_hash = content_hash || '-' WHERE folder_id = ?",
                (parent_id, child_id),
            )
            w.execute("UPDATE problems SET folder_id = ?, mtime_ns = -1 WHERE folder_id = ?", (parent_id, child_id))
            w.execute("DELETE FROM folders WHERE id = ?", (child_id,))

    def folders(self) -> tuple[FolderRow, ...]:
        """Every folder with its counts, by path."""
        rows = self._read(
            """SELECT f.id, f.path, f.model, f.held, count(d.id), coalesce(sum(d.embedded >= d.expected), 0),
                      (SELECT count(*) FROM problems p WHERE p.folder_id = f.id
                         AND NOT EXISTS (SELECT 1 FROM documents x WHERE x.path = p.path)),
                      coalesce(sum(d.expected), 0), coalesce(sum(d.embedded), 0)
               FROM folders f LEFT JOIN documents d ON d.folder_id = f.id GROUP BY f.id ORDER BY f.path"""
        )
        return tuple(
            FolderRow(
                id=i, path=Path(p), model=m, held=Held(held), documents=n + bad, complete=complete, failed=bad, chunks=chunks, embedded=embedded
            )
            for i, p, m, held, n, complete, bad, chunks, embedded in rows
        )

    def roots(self) -> dict[int, Path]:
        """Paths of the folders by id, without counting anything."""
        return {i: Path(path) for i, path in self._read("SELECT id, path FROM folders")}

    def hold_deletions(self, folder_id: int, held: Held) -> None:
        with self._write() as w:
            w.execute("UPDATE folders SET held = ? WHERE id = ?", (int(held), folder_id))

    # Documents

    def known(self, folder_id: int) -> dict[str, Known]:
        """What the index holds of a folder, by absolute path: documents, and files that failed (document_id None)."""
        result = {
            path: Known(None, size, mtime_ns, "", "")
            for path, size, mtime_ns in self._read("SELECT path, size, mtime_ns FROM problems WHERE folder_id = ?", (folder_id,))
        }
        for row in self._read("SELECT path, id, size, mtime_ns, content_hash, fingerprint FROM documents WHERE folder_id = ?", (folder_id,)):
            result[row[0]] = Known(*row[1:])
        return result

    def known_path(self, path: Path) -> Known | None:
        row = self._one("SELECT id, size, mtime_ns, content_hash, fingerprint FROM documents WHERE path = ?", (str(path),))
        return Known(*row) if row else None

    def paths_under(self, path: Path) -> list[str]:
        """The documents and problems at or below a path that is no longer there."""
        # "0" follows "/" in every byte order: the half-open range is the subtree, answered by the index on path.
        bounds = (str(path), f"{path}/", f"{path}0")
        return [
            row[0]
            for row in self._read(
                "SELECT path FROM documents WHERE path = ?1 OR (path >= ?2 AND path < ?3)"
                " UNION SELECT path FROM problems WHERE path = ?1 OR (path >= ?2 AND path < ?3)",
                bounds,
            )
        ]

    def put_documents(self, documents: Sequence[NewDocument]) -> list[Put]:
        """Insert or replace documents in one transaction. Chunks whose text has a vector already are complete at once. Documents of a
        folder that was removed meanwhile are left out."""
        with self._write() as w:
            folders = {row[0] for row in w.execute("SELECT id FROM folders")}
            return [self._put(w, new) for new in documents if new.folder_id in folders]

    def _put(self, w: sqlite3.Connection, new: NewDocument) -> Put:
        document, path = new.document, str(new.path)
        row = w.execute("SELECT id FROM documents WHERE path = ?", (path,)).fetchone()
        if new.moved_from is not None:
            row = self._moved_row(w, row, str(new.moved_from))
        parts = self._twin_parts(w, new) or [
            (chunk.prefix, digest, self._vector_id(w, new.fingerprint, digest))
            for chunk, digest in zip(new.chunks, map(text_hash, new.embedded_texts), strict=True)
        ]
        reused = sum(vector_id is not None for _, _, vector_id in parts)
        values = (
            new.folder_id, path, new.size, new.mtime_ns, new.content_hash, new.fingerprint, document.format, document.title,
            document.first_line, len(document.text), document.language, json.dumps(document.tags, ensure_ascii=False),
            json.dumps(document.aliases, ensure_ascii=False), document.created, document.updated, int(document.private),
            len(new.chunks), reused, self._next_position(),
        )  # fmt: skip
        columns = (
            "folder_id, path, size, mtime_ns, content_hash, fingerprint, format, title, first_line, length, language, tags, aliases,"
            " created, updated, private, expected, embedded, position"
        )
        if row:
            document_id = int(row[0])
            for table in ("texts", "chunks", "facets"):
                w.execute(f"DELETE FROM {table} WHERE document_id = ?", (document_id,))
            assignments = ", ".join(f"{name} = ?" for name in columns.split(", "))
            w.execute(f"UPDATE documents SET {assignments} WHERE id = ?", (*values, document_id))
        else:
            marks = ", ".join("?" * len(values))
            document_id = int(w.execute(f"INSERT INTO documents ({columns}) VALUES ({marks})", values).lastrowid or 0)
        self._put_parts(w, document_id, new, parts)
        w.execute("DELETE FROM problems WHERE path = ?", (path,))
        return Put(document_id=document_id, added=row is None, chunks=len(new.chunks), reused=reused)

    def _moved_row(self, w: sqlite3.Connection, at_target: tuple[int] | None, source: str) -> tuple[int] | None:
        """The row of a note that was moved, so that it keeps its id; what stood at the target is gone."""
        moved: tuple[int] | None = w.execute("SELECT id FROM documents WHERE path = ?", (source,)).fetchone()
        if moved and at_target and moved != at_target:
            self._remove(w, [at_target[0]])
        return moved or at_target

    @staticmethod
    def _twin_parts(w: sqlite3.Connection, new: NewDocument) -> list[tuple[str, bytes, int | None]]:
        """(prefix, text hash, vector id) of each chunk of a note with the same content: a copy or a rename is not embedded again, although a
        title taken from the file's name differs."""
        rows = w.execute(
            "SELECT prefix, text_hash, vector_id FROM chunks WHERE document_id ="
            " (SELECT id FROM documents WHERE content_hash = ? AND fingerprint = ? AND format = ? LIMIT 1) ORDER BY ordinal",
            (new.content_hash, new.fingerprint, new.document.format),
        ).fetchall()
        return rows if len(rows) == len(new.chunks) else []

    def _put_parts(
        self, w: sqlite3.Connection, document_id: int, new: NewDocument, parts: Sequence[tuple[str, bytes, int | None]]
    ) -> None:
        text = new.document.text
        w.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)",
            ((document_id, number, text[start : start + SEGMENT]) for number, start in enumerate(range(0, len(text), SEGMENT))),
        )
        w.executemany(
            "INSERT INTO chunks (document_id, ordinal, start, end, line, heading, prefix, tokens, text_hash, vector_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (document_id, c.ordinal, c.start, c.end, c.line, json.dumps(c.heading, ensure_ascii=False), prefix, c.tokens, digest, vector_id)
                for c, (prefix, digest, vector_id) in zip(new.chunks, parts, strict=True)
            ),
        )
        self._put_facets(w, document_id, new.facets)

    @staticmethod
    def _put_facets(w: sqlite3.Connection, document_id: int, facets: Sequence[str]) -> None:
        w.executemany("INSERT OR IGNORE INTO facets VALUES (?, ?)", ((facet, document_id) for facet in facets))

    @staticmethod
    def _vector_id(w: sqlite3.Connection, fingerprint: str, digest: bytes) -> int | None:
        row = w.execute("SELECT id FROM vectors WHERE fingerprint = ? AND text_hash = ?", (fingerprint, digest)).fetchone()
        return int(row[0]) if row else None

    def paths_with_content(self, content_hash: str, fingerprint: str) -> list[Path]:
        """Where notes with this content stand: to tell a move from a copy."""
        rows = self._read("SELECT path FROM documents WHERE content_hash = ? AND fingerprint = ?", (content_hash, fingerprint))
        return [Path(row[0]) for row in rows]

    def touch_document(self, document_id: int, *, size: int, mtime_ns: int) -> None:
        """Only the file's time changed: the content is the same."""
        with self._write() as w:
            w.execute("UPDATE documents SET size = ?, mtime_ns = ? WHERE id = ?", (size, mtime_ns, document_id))

    def remove_paths(self, paths: Sequence[str]) -> int:
        """Forget the documents and problems at these paths. Returns how many documents there were."""
        with self._write() as w:
            ids = []
            for path in paths:
                w.execute("DELETE FROM problems WHERE path = ?", (path,))
                ids += [row[0] for row in w.execute("SELECT id FROM documents WHERE path = ?", (path,))]
            self._remove(w, ids)
            return len(ids)

    def _remove(self, w: sqlite3.Connection, ids: Sequence[int]) -> None:
        w.executemany("DELETE FROM documents WHERE id = ?", ((i,) for i in ids))
        w.executemany("INSERT INTO tombstones VALUES (?, ?)", ((self._next_position(), i) for i in ids))

    # Problems

    def put_problem(self, folder_id: int, path: Path, error: NotesearchError, *, size: int, mtime_ns: int) -> None:
        """A file that cannot be read. What an earlier version of it held leaves the index: it is no longer true."""
        with self._write() as w:
            ids = [row[0] for row in w.execute("SELECT id FROM documents WHERE path = ?", (str(path),))]
            self._remove(w, ids)
            w.execute(
                "INSERT OR REPLACE INTO problems SELECT ?, id, ?, ?, ?, ?, ? FROM folders WHERE id = ?",
                (str(path), size, mtime_ns, error.title, error.hint, int(error.retryable), folder_id),
            )

    def problems(self) -> tuple[FileProblem, ...]:
        rows = self._read("SELECT path, title, hint, retryable FROM problems ORDER BY path")
        return tuple(FileProblem(path=Path(p), title=t, hint=h, retryable=bool(r)) for p, t, h, r in rows)

    def forget_problems(self, paths: Sequence[Path] | None) -> list[Path]:
        """Drop these problems (None: all that may be retried) so that the files are read again. Returns their paths."""
        with self._write() as w:
            rows = w.execute("SELECT path FROM problems WHERE retryable").fetchall() if paths is None else [(str(p),) for p in paths]
            w.executemany("DELETE FROM problems WHERE path = ?", rows)
            return [Path(row[0]) for row in rows]

    # Vectors

    def waiting_chunks(self, fingerprint: str, limit: int) -> list[WaitingChunk]:
        """Chunks without a vector, newest notes first (notes of more than 2,000 chunks after all others), with the text to embed."""
        rows = self._read(
            """SELECT c.document_id, c.text_hash, c.prefix, c.start, c.end
               FROM (SELECT id, expected > 2000 AS long, mtime_ns FROM documents
                     WHERE embedded < expected AND fingerprint = ? ORDER BY expected > 2000, mtime_ns DESC LIMIT ?) d
               JOIN chunks c ON c.document_id = d.id AND c.vector_id IS NULL
               ORDER BY d.long, d.mtime_ns DESC, d.id, c.ordinal LIMIT ?""",
            (fingerprint, limit, limit),
        )
        result: dict[bytes, WaitingChunk] = {}
        for document_id, digest, prefix, start, end in rows:
            if digest not in result:
                passage = self.text(document_id, start, end)
                result[digest] = WaitingChunk(document_id, digest, f"{prefix}\n{passage}" if prefix else passage)
        return list(result.values())

    def put_vectors(self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors) -> int:
        """Keep vectors (float32 [n, dimensions]) and complete every chunk that waited for them. Returns how many chunks those were."""
        with self._write() as w:
            touched: set[int] = set()
            completed = 0
            for digest, vector in zip(digests, vectors, strict=True):
                w.execute("INSERT OR IGNORE INTO vectors (fingerprint, text_hash, vector) VALUES (?, ?, ?)", (fingerprint, digest, vector.tobytes()))
                vector_id = self._vector_id(w, fingerprint, digest)
                chunks = w.execute(
                    "SELECT c.id, c.document_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                    " WHERE c.text_hash = ? AND c.vector_id IS NULL AND d.fingerprint = ?",
                    (digest, fingerprint),
                ).fetchall()
                w.executemany("UPDATE chunks SET vector_id = ? WHERE id = ?", ((vector_id, c) for c, _ in chunks))
                completed += len(chunks)
                touched.update(d for _, d in chunks)
            w.executemany(
                "UPDATE documents SET embedded = (SELECT count(vector_id) FROM chunks WHERE document_id = ?1) WHERE id = ?1",
                ((d,) for d in touched),
            )
            return completed

    def vectors_since(self, fingerprint: str, vector_id: int, limit: int) -> tuple[list[int], Vectors]:
        """Ids and vectors (float32 [n, dimensions]) kept after `vector_id`, in order."""
        rows = self._read(
            "SELECT id, vector FROM vectors WHERE fingerprint = ? AND id > ? ORDER BY id LIMIT ?", (fingerprint, vector_id, limit)
        )
        ids = [row[0] for row in rows]
        return ids, np.array([np.frombuffer(row[1], np.float32) for row in rows], np.float32)

    def count_vectors_since(self, fingerprint: str, vector_id: int) -> int:
        return int(self._one("SELECT count(*) FROM vectors WHERE fingerprint = ? AND id > ?", (fingerprint, vector_id))[0])

    def vectors_by_id(self, vector_ids: Sequence[int]) -> dict[int, Vectors]:
        return {i: np.frombuffer(v, np.float32) for i, v in self._chosen("SELECT id, vector FROM vectors WHERE id IN ({})", vector_ids)}

    def newest_vector_id(self) -> int:
        """The highest id that any vector ever had: the position that copies are compared with."""
        row = self._one("SELECT seq FROM sqlite_sequence WHERE name = 'vectors'")
        return int(row[0]) if row else 0

    def live_vector_ids(self, fingerprint: str) -> set[int]:
        """Ids of the vectors that some chunk uses; the others are kept only so that going back costs nothing."""
        return {
            row[0]
            for row in self._read(
                "SELECT DISTINCT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                " WHERE c.vector_id IS NOT NULL AND d.fingerprint = ?",
                (fingerprint,),
            )
        }

    def fingerprints(self) -> tuple[str, ...]:
        """Fingerprints that documents are embedded under, or are to be."""
        return tuple(row[0] for row in self._read("SELECT DISTINCT fingerprint FROM documents"))

    # Reading for search

    @property
    def position(self) -> int:
        """The number of the newest change of a document."""
        row = self._one("SELECT max(coalesce((SELECT max(position) FROM documents), 0), coalesce((SELECT max(position) FROM tombstones), 0))")
        return int(row[0])

    def newer_than(self, position: int) -> int:
        """How many documents changed after `position`."""
        return int(self._one("SELECT count(*) FROM documents WHERE position > ?", (position,))[0])

    def changes_since(self, position: int, limit: int) -> list[tuple[int, int, bool]]:
        """(position, document id, gone) of the changes after `position`, in order."""
        return [
            (p, d, bool(gone))
            for p, d, gone in self._read(
                "SELECT * FROM (SELECT position, id, 0 FROM documents WHERE position > ?1 ORDER BY position LIMIT ?2)"
                " UNION ALL SELECT * FROM (SELECT position, document_id, 1 FROM tombstones WHERE position > ?1 ORDER BY position LIMIT ?2)"
                " ORDER BY 1 LIMIT ?2",
                (position, limit),
            )
        ]

    def documents(self, ids: Sequence[int]) -> dict[int, DocumentRow]:
        rows = self._chosen(f"SELECT {_DOCUMENT_COLUMNS} FROM documents d WHERE d.id IN ({{}})", ids)
        return {row[0]: _document_row(row) for row in rows}

    def document_at(self, path: Path) -> DocumentRow | None:
        row = self._one(f"SELECT {_DOCUMENT_COLUMNS} FROM documents d WHERE d.path = ?", (str(path),))
        return _document_row(row) if row else None

    def newest_among(self, document_ids: Collection[int] | None, limit: int) -> tuple[list[int], int]:
        """The newest `limit` of these documents (None: of all), and how many there are."""
        if document_ids is None:
            rows = self._read("SELECT id FROM documents ORDER BY mtime_ns DESC, id LIMIT ?", (limit,))
            return [row[0] for row in rows], int(self._one("SELECT count(*) FROM documents")[0])
        newest = (row[0] for row in self._read("SELECT id FROM documents ORDER BY mtime_ns DESC, id") if row[0] in document_ids)
        return list(islice(newest, limit)), len(document_ids)

    def newest(self, limit: int) -> list[DocumentRow]:
        return [_document_row(row) for row in self._read(f"SELECT {_DOCUMENT_COLUMNS} FROM documents d ORDER BY mtime_ns DESC LIMIT ?", (limit,))]

    def chunks_of(self, document_id: int) -> list[ChunkRow]:
        rows = self._read(f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY ordinal", (document_id,))
        return [_chunk_row(row) for row in rows]

    def chunks_of_all(self, document_ids: Sequence[int]) -> dict[int, list[ChunkRow]]:
        """The chunks of several documents, in order."""
        result: dict[int, list[ChunkRow]] = {i: [] for i in document_ids}
        for row in self._chosen(f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id IN ({{}}) ORDER BY document_id, ordinal", document_ids):
            result[row[1]].append(_chunk_row(row))
        return result

    def beginnings(self, document_ids: Sequence[int]) -> dict[int, str]:
        """The first SEGMENT characters of several documents."""
        return dict(self._chosen("SELECT document_id, text FROM texts WHERE segment = 0 AND document_id IN ({})", document_ids))

    def chunks_from(self, document_id: int, first: int, last: int) -> list[ChunkRow]:
        """The chunks with ordinals first..last."""
        rows = self._read(
            f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id = ? AND ordinal BETWEEN ? AND ? ORDER BY ordinal", (document_id, first, last)
        )
        return [_chunk_row(row) for row in rows]

    def chunks_by_id(self, ids: Sequence[int]) -> list[ChunkRow]:
        return [_chunk_row(row) for row in self._chosen(f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE id IN ({{}})", ids)]

    def users_of_vectors(self, vector_ids: Sequence[int]) -> list[tuple[int, int, int]]:
        """(vector id, chunk id, document id) of every chunk that uses one of these vectors."""
        return list(self._chosen("SELECT vector_id, id, document_id FROM chunks WHERE vector_id IN ({})", vector_ids))

    def vectors_of_short_documents(self, fingerprint: str, document_ids: Sequence[int], chunks: int) -> list[tuple[int, int, int, bytes]]:
        """(vector id, chunk id, document id, float32 vector) of the documents of at most `chunks` chunks among these."""
        sql = (
            "SELECT v.id, c.id, c.document_id, v.vector FROM documents d JOIN chunks c ON c.document_id = d.id JOIN vectors v ON v.id = c.vector_id"
            f" WHERE d.id IN ({{}}) AND d.expected <= {int(chunks)} AND v.fingerprint = '{_quoted(fingerprint)}'"
        )
        return list(self._chosen(sql, document_ids))

    def titles(self, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Title and aliases by document."""
        rows = self._chosen("SELECT id, title, aliases FROM documents WHERE id IN ({})", document_ids)
        return {i: (title, *json.loads(aliases)) if aliases != "[]" else (title,) for i, title, aliases in rows}

    def text(self, document_id: int, start: int, end: int) -> str:
        """Characters [start, end) of a document's text; shorter where the text ends."""
        first = start // SEGMENT
        rows = self._read(
            "SELECT text FROM texts WHERE document_id = ? AND segment BETWEEN ? AND ? ORDER BY segment",
            (document_id, first, max(start, end - 1) // SEGMENT),
        )
        joined = "".join(row[0] for row in rows)
        return joined[start - first * SEGMENT : end - first * SEGMENT]

    def line_breaks(self, document_id: int, end: int) -> int:
        """How many line breaks stand before character `end`."""
        rows = self._read("SELECT segment, text FROM texts WHERE document_id = ? AND segment <= ? ORDER BY segment", (document_id, end // SEGMENT))
        return sum(text.count("\n", 0, max(0, end - segment * SEGMENT)) for segment, text in rows)

    def facets_of(self, document_id: int) -> list[str]:
        return [row[0] for row in self._read("SELECT facet FROM facets WHERE document_id = ?", (document_id,))]

    def documents_with(self, facets: Sequence[str], without: Sequence[str] = ()) -> set[int]:
        """Ids of the documents that have all of `facets` and none of `without`."""
        sql = " INTERSECT ".join(["SELECT document_id FROM facets WHERE facet = ?"] * len(facets)) or "SELECT id FROM documents"
        sql += "".join(" EXCEPT SELECT document_id FROM facets WHERE facet = ?" for _ in without)
        return {row[0] for row in self._read(sql, (*facets, *without))}

    def vector_ids_of(self, fingerprint: str, document_ids: set[int]) -> set[int]:
        """Ids of the vectors of these documents."""
        if len(document_ids) > 5000:
            rows = self._read(
                "SELECT c.vector_id, c.document_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                " WHERE c.vector_id IS NOT NULL AND d.fingerprint = ?",
                (fingerprint,),
            )
            return {v for v, d in rows if d in document_ids}
        sql = (
            "SELECT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
            " WHERE c.document_id IN ({}) AND c.vector_id IS NOT NULL AND d.fingerprint = '" + _quoted(fingerprint) + "'"
        )
        return {row[0] for row in self._chosen(sql, list(document_ids))}

    def facet_counts(self, kind: str) -> tuple[tuple[str, int], ...]:
        """Values of the facets "kind:value" with the number of notes, most used first."""
        rows = self._read(
            "SELECT facet, count(*) AS n FROM facets WHERE facet >= ? AND facet < ? GROUP BY facet ORDER BY n DESC, facet", (f"{kind}:", f"{kind};")
        )
        return tuple((facet[len(kind) + 1 :], n) for facet, n in rows)

    def languages(self) -> tuple[tuple[str, int], ...]:
        """Languages of the documents ("" unknown) with their numbers, most used first."""
        return tuple((row[0], row[1]) for row in self._read("SELECT language, count(*) FROM documents GROUP BY language ORDER BY 2 DESC"))

    def _chosen(self, sql: str, ids: Sequence[int]) -> Iterator[Any]:
        """Rows of a query with an IN ({}) list, asked in slices that SQLite takes."""
        for first in range(0, len(ids), 500):
            part = ids[first : first + 500]
            yield from self._read(sql.format(", ".join("?" * len(part))), part)

    def check(self) -> list[str]:
        """SQLite's own integrity check: [] where all is well."""
        try:
            return [row[0] for row in self._read("PRAGMA quick_check") if row[0] != "ok"]
        except StoreDamaged as error:
            return [str(error.__cause__)]


def _quoted(fingerprint: str) -> str:
    """A fingerprint for an SQL literal: hexadecimal digits and nothing else."""
    return "".join(c for c in fingerprint if c.isalnum())


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text != "[]" else ()


def _document_row(row: Sequence[object]) -> DocumentRow:
    values = list(row)
    values[2] = Path(str(row[2]))
    values[9] = _tuple(str(row[9]))
    values[10] = _tuple(str(row[10]))
    return DocumentRow(*values)  # type: ignore[arg-type]


def _chunk_row(row: Sequence[object]) -> ChunkRow:
    values = list(row)
    values[6] = _tuple(str(row[6]))
    return ChunkRow(*values)  # type: ignore[arg-type]
