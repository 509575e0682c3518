"""The questions that search and the index copies ask of the store. Reads only."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from os.path import splitext
from pathlib import Path
from typing import Any

from notesearch.domain import locator_from_text, prefixed
from notesearch.domain.file_names import from_text, readable
from notesearch.storage.local.sqlite.database import SEGMENT, Database
from notesearch.storage.local.sqlite.places import Places
from notesearch.storage.values import (
    LANGUAGE,
    ChunkRow,
    DocumentRow,
    Excerpt,
    ValueCount,
    WaitingChunk,
)

_DOCUMENT_COLUMNS = (
    "d.id, d.folder_id, f.path, d.relative_path, d.format, d.title, d.mtime_ns, d.first_line, d.length, "
    "d.language, d.tags, d.aliases, d.expected, d.embedded,"
    " d.fingerprint, d.position, d.part, d.properties"
)
# The order of these joins is fixed: SQLite would else begin with the folders and read all their documents.
_DOCUMENTS = "documents d CROSS JOIN folders f ON f.id = d.folder_id"
_WAITING = """
    SELECT d.long, -d.mtime_ns, d.id, c.ordinal, c.text_hash, c.prefix, c.start, c.end, c.tokens
    FROM (SELECT id, expected > 2000 AS long, mtime_ns FROM documents
          WHERE embedded < expected AND folder_id = ?1 AND fingerprint = ?2
          ORDER BY expected > 2000, mtime_ns DESC LIMIT ?3) d
    JOIN chunks c ON c.document_id = d.id AND c.generation = 0 AND c.vector_id IS NULL AND c.held = 0
    ORDER BY d.long, d.mtime_ns DESC, d.id, c.ordinal LIMIT ?3
"""
_PREPARED = """
    SELECT 0, -d.mtime_ns, d.id, c.ordinal, c.text_hash, c.prefix, c.start, c.end, c.tokens
    FROM (SELECT id, mtime_ns FROM documents
          WHERE pending_embedded < pending_expected AND folder_id = ?1 AND pending_fingerprint = ?2
          ORDER BY mtime_ns DESC LIMIT ?3) d
    JOIN chunks c ON c.document_id = d.id AND c.generation = 1 AND c.vector_id IS NULL AND c.held = 0
    ORDER BY d.mtime_ns DESC, d.id, c.ordinal LIMIT ?3
"""
_CHUNK_COLUMNS = "id, document_id, ordinal, start, end, line, heading, prefix, tokens, locator"


class Questions:
    """The part of the store that answers questions of search and of the index copies. Reads only; any
    thread."""

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places

    def newer_than(self, position: int) -> int:
        """How many documents changed after `position`."""
        return int(self._database.one("SELECT count(*) FROM documents WHERE position > ?", (position,))[0])

    def changes_since(self, position: int, limit: int) -> list[tuple[int, int, bool]]:
        """(position, document id, gone) of the changes after `position`, in order."""
        return [
            (p, d, bool(gone))
            for p, d, gone in self._database.read(
                "SELECT * FROM (SELECT position, id, 0 FROM documents WHERE position > ?1 ORDER BY position "
                "LIMIT ?2)"
                " UNION ALL SELECT * FROM (SELECT position, document_id, 1 FROM tombstones WHERE position > "
                "?1 ORDER BY position LIMIT ?2)"
                " ORDER BY 1 LIMIT ?2",
                (position, limit),
            )
        ]

    def documents(self, ids: Sequence[int]) -> dict[int, DocumentRow]:
        """The rows of these documents, by id."""
        rows = self._database.chosen(
            f"SELECT {_DOCUMENT_COLUMNS} FROM {_DOCUMENTS} WHERE d.id IN ({{}})", ids
        )
        return {row[0]: self._document_row(row) for row in rows}

    def documents_at(self, path: Path) -> tuple[DocumentRow, ...]:
        """The documents of a file, in the order in which they came."""
        for place in self._places.places_of([path]):
            rows = self._database.read(
                f"SELECT {_DOCUMENT_COLUMNS} FROM {_DOCUMENTS} WHERE d.folder_id = ? AND d.relative_path = ?"
                " ORDER BY d.id",
                place,
            )
            if rows:
                return tuple(self._document_row(row) for row in rows)
        return ()

    def document_at(self, path: Path) -> DocumentRow | None:
        """The first document of a file."""
        return next(iter(self.documents_at(path)), None)

    def _document_row(self, row: Sequence[Any]) -> DocumentRow:
        document_id, folder_id, root, relative, *rest = row
        rest[6:8] = [_tuple(rest[6]), _tuple(rest[7])]
        rest[-1] = _tuple(rest[-1])
        return DocumentRow(document_id, folder_id, self._places.at(root, relative), *rest)

    def chunks_of(self, document_id: int) -> list[ChunkRow]:
        """The chunks of a document for the folder's model, in order."""
        rows = self._database.read(
            f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id = ? AND generation = 0 ORDER BY ordinal",
            (document_id,),
        )
        return [_chunk_row(row) for row in rows]

    def chunks_of_all(self, document_ids: Sequence[int]) -> dict[int, list[ChunkRow]]:
        """The chunks of several documents for their folders' models, in order."""
        result: dict[int, list[ChunkRow]] = {i: [] for i in document_ids}
        for row in self._database.chosen(
            f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id IN ({{}}) AND generation = 0"
            " ORDER BY document_id, ordinal",
            document_ids,
        ):
            result[row[1]].append(_chunk_row(row))
        return result

    def beginnings(self, document_ids: Sequence[int]) -> dict[int, str]:
        """The first SEGMENT characters of the text of several documents."""
        return dict(
            self._database.chosen(
                "SELECT document_id, text FROM texts WHERE segment = 0 AND document_id IN ({})", document_ids
            )
        )

    def vectors_of(self, document_id: int, first: int = 0, last: int = 1 << 62) -> list[int | None]:
        """Ids of the vectors of the chunks with ordinals first..last, in order. None where one of them has no
        vector yet."""
        rows = self._database.read(
            "SELECT vector_id FROM chunks WHERE document_id = ? AND generation = 0"
            " AND ordinal BETWEEN ? AND ? ORDER BY ordinal",
            (document_id, first, last),
        )
        return [row[0] for row in rows]

    def chunks_from(self, document_id: int, first: int, last: int) -> list[ChunkRow]:
        """The chunks with ordinals first..last."""
        rows = self._database.read(
            f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE document_id = ? AND generation = 0"
            " AND ordinal BETWEEN ? AND ? ORDER BY ordinal",
            (document_id, first, last),
        )
        return [_chunk_row(row) for row in rows]

    def chunks_by_id(self, ids: Sequence[int]) -> list[ChunkRow]:
        """The chunks with these ids that are for the folder's model."""
        return [
            _chunk_row(row)
            for row in self._database.chosen(
                f"SELECT {_CHUNK_COLUMNS} FROM chunks WHERE id IN ({{}}) AND generation = 0", ids
            )
        ]

    def users_of_vectors(self, vector_ids: Sequence[int]) -> list[tuple[int, int, int]]:
        """(vector id, chunk id, document id) of every chunk that uses one of these vectors."""
        return list(
            self._database.chosen(
                "SELECT vector_id, id, document_id FROM chunks WHERE vector_id IN ({}) AND generation = 0",
                vector_ids,
            )
        )

    def vectors_of_short_documents(
        self, fingerprint: str, document_ids: Sequence[int], chunks: int
    ) -> list[tuple[int, int, int, bytes]]:
        """(vector id, chunk id, document id, float32 vector) of those of these documents that have at most
        `chunks` chunks."""
        sql = (
            "SELECT v.id, c.id, c.document_id, v.vector FROM documents d JOIN chunks c ON c.document_id = "
            "d.id AND c.generation = 0 JOIN vectors v ON v.id = c.vector_id"
            # The sign keeps SQLite from beginning with the index on the fingerprint, which would read all
            # vectors.
            " WHERE d.id IN ({}) AND d.expected <= ? AND +v.fingerprint = ?"
        )
        return list(self._database.chosen(sql, document_ids, chunks, fingerprint))

    def without_vectors(self, document_ids: Sequence[int]) -> set[int]:
        """See Library.without_vectors."""
        sql = "SELECT id FROM documents WHERE id IN ({}) AND embedded < expected"
        return {row[0] for row in self._database.chosen(sql, document_ids)}

    def waiting(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        """Chunks without a vector that are not held back, with the text to embed. Those of the newest notes
        come first, those of notes with more than 2,000 chunks last; chunks that answer come before chunks of
        a next model. `folders` limits it to folders with these ids; None is all."""
        rows: list[Any] = []
        for sql, counted in (
            (_WAITING, "embedded < chunks"),
            (_PREPARED, "pending_embedded < pending_chunks"),
        ):
            # Asked folder by folder, since the index has what waits in that order.
            found = [
                row
                for (folder_id,) in self._database.read(
                    f"SELECT DISTINCT folder_id FROM counts WHERE {counted}"
                )
                if folders is None or folder_id in folders
                for row in self._database.read(sql, (folder_id, fingerprint, limit - len(rows)))
            ]
            rows += sorted(found, key=lambda row: row[:4])[: limit - len(rows)]
            if len(rows) >= limit:
                break
        result: dict[bytes, WaitingChunk] = {}
        for _, _, document_id, _, digest, prefix, start, end, tokens in rows:
            if digest not in result:
                passage = self.text(document_id, start, end)
                result[digest] = WaitingChunk(document_id, digest, prefixed(prefix, passage), tokens)
        return list(result.values())

    def ids(self) -> set[int]:
        """The ids of all documents."""
        return {row[0] for row in self._database.read("SELECT id FROM documents")}

    def titles(self, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """What a document is called: title, aliases, its file's name without and with suffix, its path in the
        folder."""
        rows = self._database.chosen(
            "SELECT id, title, aliases, relative_path FROM documents WHERE id IN ({})", document_ids
        )
        called: dict[int, tuple[str, ...]] = {}
        for i, title, aliases, stored in rows:
            place = readable(from_text(stored))
            name = place.rpartition("/")[2]
            called[i] = (title, *json.loads(aliases), splitext(name)[0], name, place)
        return called

    def text(self, document_id: int, start: int, end: int) -> str:
        """Characters [start, end) of a document's text; shorter where the text ends."""
        first = start // SEGMENT
        rows = self._database.read(
            "SELECT text FROM texts WHERE document_id = ? AND segment BETWEEN ? AND ? ORDER BY segment",
            (document_id, first, max(start, end - 1) // SEGMENT),
        )
        joined = "".join(row[0] for row in rows)
        return joined[start - first * SEGMENT : end - first * SEGMENT]

    def excerpt(self, document_id: int, start: int, end: int) -> Excerpt:
        """Characters [start, end) of a document's text, and the number of line breaks before them (0 where
        the text has ended)."""
        first = start // SEGMENT
        row = self._database.one(
            "SELECT lines, text FROM texts WHERE document_id = ? AND segment = ?", (document_id, first)
        )
        if row is None:
            return Excerpt("", 0)
        lines, text = row
        cut = start - first * SEGMENT
        within = text[cut : end - first * SEGMENT]
        if end > (first + 1) * SEGMENT:
            within += self.text(document_id, (first + 1) * SEGMENT, end)
        return Excerpt(within, int(lines) + str(text).count("\n", 0, cut))

    def facets_of(self, document_id: int) -> list[str]:
        """The facets of a document: "tag:x" and the like."""
        return [
            row[0]
            for row in self._database.read("SELECT facet FROM facets WHERE document_id = ?", (document_id,))
        ]

    def vector_ids_of(self, fingerprint: str, document_ids: set[int]) -> set[int]:
        """Ids of the vectors of these documents. The cost grows with the number of their chunks."""
        sql = (
            "SELECT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
            " WHERE c.document_id IN ({}) AND c.generation = 0 AND c.vector_id IS NOT NULL"
            " AND d.fingerprint = ?"
        )
        return {row[0] for row in self._database.chosen(sql, list(document_ids), fingerprint)}

    def vectors_changed_since(self, fingerprint: str, position: int) -> set[int]:
        """Ids of the vectors that are used by documents which changed after `position`."""
        rows = self._database.read(
            "SELECT c.vector_id FROM documents d CROSS JOIN chunks c ON c.document_id = d.id"
            " WHERE d.position > ? AND d.fingerprint = ? AND c.generation = 0 AND c.vector_id IS NOT NULL",
            (position, fingerprint),
        )
        return {row[0] for row in rows}

    def facets(self, kind: str) -> tuple[ValueCount, ...]:
        """The values of the facets "kind:value", or the languages of the documents ("" for unknown), with the
        number of documents, most used first."""
        if kind == LANGUAGE:
            counted = self._database.read(
                "SELECT language, documents FROM language_counts WHERE documents > 0 ORDER BY 2 DESC, 1"
            )
            return tuple(ValueCount(*row) for row in counted)
        rows = self._database.read(
            "SELECT facet, documents FROM facet_counts WHERE facet >= ? AND facet < ? "
            "ORDER BY documents DESC, facet",
            (f"{kind}:", f"{kind};"),
        )
        return tuple(ValueCount(facet[len(kind) + 1 :], n) for facet, n in rows)


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text != "[]" else ()


def _chunk_row(row: Sequence[object]) -> ChunkRow:
    values = list(row)
    values[6] = _tuple(str(row[6]))
    values[9] = locator_from_text(str(row[9]))
    return ChunkRow(*values)  # type: ignore[arg-type]
