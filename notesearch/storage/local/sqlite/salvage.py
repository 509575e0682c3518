"""Makes a new database of what can be read of a damaged one, and keeps the damaged one beside it.

Vectors cost time or money, and what the user chose and agreed to is nowhere else; so these are taken row by
row. A note is taken where all of it is there and each passage has the hash that it was stored with; any other
note is read again from its file, and finds its vectors by their hashes.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from notesearch.config.paths import sync_folder
from notesearch.domain import prefixed
from notesearch.storage.local.sqlite.connections import people_errors
from notesearch.storage.local.sqlite.damaged_pages import loose_rows, told_length
from notesearch.storage.local.sqlite.damaged_tables import Column, DamagedTables, Row
from notesearch.storage.local.sqlite.migrations import MIGRATIONS, OWN_TABLES, migrate, table_names
from notesearch.storage.local.sqlite.vectors import RECOUNT, UNUSED
from notesearch.storage.values import Salvaged, text_hash

NEW = ".new"
# The length of a vector is 1. One of another length has other bytes than were stored.
UNIT = (0.99, 1.01)
HASH_BYTES = 16
# A file that should be so many times as long as it is was not cut off: its first page is damaged.
MOST = 1000
# Made by migrations, kept by triggers, or of no use to a new database, whose copies are made anew.
_NOT_COPIED = {
    "meta",
    "counts",
    "language_counts",
    "facet_counts",
    "problem_counts",
    "tombstones",
    "sqlite_sequence",
}
# In this order, since the parts of some tables are looked up by the rows of others.
_FIRST = ("folders", "vectors", "documents", "chunks")
_WHOLE_TEXT = (
    "SELECT group_concat(text, '') FROM (SELECT text FROM texts WHERE document_id = ? ORDER BY segment)"
)


class SavedGraph(Protocol):
    """A vector index that was saved as a copy of the damaged database. It has vectors under the ids that the
    database gave them, but does not know of which texts they are."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its vectors."""
        ...

    def among(self, vector_ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Those of these vectors that it has, as (id, float32 [dimensions] in bytes)."""
        ...


# Gives the graphs that were saved as copies of the database with a name (`meta.instance`).
Graphs = Callable[[str], Iterator[SavedGraph]]


def salvage(database: Path, graphs: Graphs = lambda _: iter(())) -> Salvaged:
    """Put a new database in place of a damaged one, or of none. No process may have it open. `graphs` may
    still have vectors that the database has lost.

    The damaged file is kept beside the new one, named with today's date. Raises DiskFull or StoreError where
    the new one cannot be written; everything is as before then.
    """
    new = database.with_name(database.name + NEW)
    _delete(new)
    try:
        with (
            people_errors(),
            _as_long_as_told(database),
            contextlib.closing(_connected(new, "rwc")) as target,
        ):
            told = _Salvage(database, target, graphs).run()
        with open(new, "r+b") as file:
            os.fsync(file.fileno())
    except BaseException:
        _delete(new)
        raise
    kept = _keep_aside(database)
    os.replace(new, database)
    sync_folder(database.parent)
    return replace(told, kept=kept)


def _delete(database: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


@contextlib.contextmanager
def _as_long_as_told(database: Path) -> Iterator[None]:
    """A context in which a database that was cut off has the length that its first page tells, with zeros at
    the end. SQLite reads nothing of a file that is shorter."""
    length = told = 0
    if database.is_file():
        length = database.stat().st_size
        with open(database, "rb") as file:
            told = told_length(file.read(100))
    if not length < told < MOST * length:
        yield
        return
    os.truncate(database, told)
    try:
        yield
    finally:
        os.truncate(database, length)


def _keep_aside(database: Path) -> Path | None:
    """Move a damaged database with its log to a name with the date. None where there is none."""
    kept: Path | None = None
    stem = f"{database.stem}.damaged-{time.strftime('%Y-%m-%d')}"
    number = 1
    while kept is None or os.path.lexists(kept):
        kept = database.with_name(f"{stem}{f'-{number}' if number > 1 else ''}{database.suffix}")
        number += 1
    there = os.path.lexists(database)
    # It has both names until the new one takes its place: where this ends in the middle, there is a database.
    # Not every file system knows two names, and no folder has them.
    try:
        os.link(database, kept)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.replace(database, kept)
    journal = database.with_name(database.name + "-wal")
    if journal.is_file() and journal.stat().st_size:
        os.replace(journal, kept.with_name(kept.name + "-wal"))
    journal.unlink(missing_ok=True)
    database.with_name(database.name + "-shm").unlink(missing_ok=True)
    return kept if there else None


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)


class _Salvage:
    """One salvage, from a file into a new database."""

    def __init__(self, database: Path, target: sqlite3.Connection, graphs: Graphs) -> None:
        self._graphs = graphs
        self._instance = ""
        self._database = database
        self._target = target
        self._consents_lost = False

    def run(self) -> Salvaged:
        """Fill the new database."""
        source = self._opened()
        documents = vectors = None
        version = len(MIGRATIONS)
        if source is not None:
            told = source.one("PRAGMA user_version") or 0
            version = told if 1 <= told <= len(MIGRATIONS) else version
        self._target.execute("PRAGMA foreign_keys = OFF")
        self._target.execute("PRAGMA synchronous = OFF")
        migrate(self._target, MIGRATIONS[:version])
        self._target.execute("BEGIN")
        try:
            if source is not None:
                documents = source.one("SELECT sum(documents) FROM counts")
                vectors = source.one("SELECT count(*) FROM vectors")
                if vectors is None:
                    # As many as there ever were: some of them may have been deleted.
                    vectors = source.one("SELECT seq FROM sqlite_sequence WHERE name = 'vectors'")
                self._instance = source.text("SELECT value FROM meta WHERE key = 'instance'")
                for table in self._tables():
                    self._copy(source, table)
            if source is None or source.gaps & {"vectors", "folders"}:
                self._take_loose(folders=source is None or "folders" in source.gaps)
            self._target.execute("COMMIT")
        finally:
            if source is not None:
                source.connection.close()
        migrate(self._target)
        self._target.execute("BEGIN")
        self._drop_broken_vectors()
        self._take_from_graphs()
        self._drop_partial_documents()
        self._mend_links()
        self._target.execute("COMMIT")
        taken, kept_vectors = self._count("documents"), self._count("vectors")
        return Salvaged(
            kept=None,
            folders=self._count("folders"),
            documents=taken,
            vectors=kept_vectors,
            documents_lost=None if documents is None else max(0, documents - taken),
            vectors_lost=None if vectors is None else max(0, vectors - kept_vectors),
            consents_lost=self._consents_lost,
        )

    def _opened(self) -> DamagedTables | None:
        """The damaged database; None where SQLite cannot make out its tables, or they are not ours."""
        if not self._database.is_file():
            return None
        connection = _connected(self._database, "ro")
        try:
            names = table_names(connection)
        except sqlite3.DatabaseError:
            names = set()
        if names >= OWN_TABLES:
            return DamagedTables(connection)
        connection.close()
        return None

    def _count(self, table: str) -> int:
        return int(self._target.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _tables(self) -> Iterator[str]:
        yield from _FIRST
        yield from sorted(table_names(self._target) - _NOT_COPIED - set(_FIRST))

    # Taking

    def _copy(self, source: DamagedTables, table: str) -> None:
        there = source.columns(table)
        columns = [
            Column(name, kind, bool(always or key))
            for _, name, kind, always, _, key in self._target.execute(f"PRAGMA table_info({table})")
            if name in there
        ]
        if not columns:
            source.gaps.add(table)
            return
        names = ", ".join(column.name for column in columns)
        marks = ", ".join("?" * len(columns))
        self._target.executemany(
            f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})",
            source.rows(table, columns, self._parts(table)),
        )

    def _parts(self, table: str) -> Sequence[Row]:
        """Where a table without row ids is looked at part by part; () for a table with row ids."""
        if table in ("texts", "facets"):
            return [("document_id = ?", row[0]) for row in self._target.execute("SELECT id FROM documents")]
        if table in ("problems", "former_models"):
            return [("folder_id = ?", row[0]) for row in self._target.execute("SELECT id FROM folders")]
        if table == "allowed":
            ends = [bytes([byte]) for byte in range(256)]
            among = "text_hash >= ? AND text_hash < ?"
            return [
                *((among, *both) for both in pairwise(ends)),
                ("text_hash >= ?", ends[-1]),
            ]
        if table == "refused":
            found = self._target.execute("SELECT DISTINCT fingerprint FROM vectors")
            return [("fingerprint = ?", row[0]) for row in found] or [("fingerprint = ?", "")]
        return ()

    def _take_loose(self, *, folders: bool) -> None:
        """Take the vectors, and the folders, that SQLite does not reach. What a folder's user agreed to is
        not taken: it may have been withdrawn since."""
        if not self._database.is_file():
            return
        for row_id, values in loose_rows(self._database):
            if len(values) in (4, 5) and values[0] is None and _is_vector(values):
                self._target.execute(
                    "INSERT OR IGNORE INTO vectors (id, fingerprint, text_hash, vector) VALUES (?, ?, ?, ?)",
                    (row_id, _text(values[1]), *values[2:4]),
                )
            elif folders and len(values) >= 4 and values[0] is None and (row := _as_folder(values)):
                self._target.execute(
                    "INSERT OR IGNORE INTO folders (id, path, model) VALUES (?, ?, ?)", (row_id, *row)
                )
                self._consents_lost = True

    def _take_from_graphs(self) -> None:
        """Take vectors that the database has lost from its copies. The passages know whose they are."""
        wanted = dict(
            self._target.execute(
                "SELECT vector_id, text_hash FROM chunks WHERE vector_id IS NOT NULL AND vector_id NOT IN "
                "(SELECT id FROM vectors)"
            )
        )
        for graph in self._graphs(self._instance) if wanted and self._instance else ():
            self._target.executemany(
                "INSERT OR IGNORE INTO vectors (id, fingerprint, text_hash, vector) VALUES (?, ?, ?, ?)",
                (
                    (vector_id, graph.fingerprint, wanted[vector_id], vector)
                    for vector_id, vector in graph.among(list(wanted))
                    if _is_unit(vector)
                ),
            )

    # Leaving out what is not whole

    def _drop_broken_vectors(self) -> None:
        """Delete vectors whose bytes are not those that were stored: their length is not 1, or they have
        other dimensions than most vectors of their model."""
        sizes: dict[str, Counter[int]] = {}
        broken: list[tuple[int]] = []
        for row_id, fingerprint, vector in self._target.execute(
            "SELECT id, fingerprint, vector FROM vectors"
        ):
            if _is_unit(vector):
                sizes.setdefault(fingerprint, Counter())[len(vector)] += 1
            else:
                broken.append((row_id,))
        self._target.executemany("DELETE FROM vectors WHERE id = ?", broken)
        for fingerprint, counted in sizes.items():
            self._target.execute(
                "DELETE FROM vectors WHERE fingerprint = ? AND length(vector) <> ?",
                (fingerprint, counted.most_common(1)[0][0]),
            )

    def _drop_partial_documents(self) -> None:
        """Delete notes of which something is missing. They are read again from their files."""
        rows = self._target.execute(
            "SELECT id, length, expected + held_back + pending_expected + pending_held_back, folder_id IN "
            "(SELECT id FROM folders) FROM documents"
        ).fetchall()
        partial = [
            (document_id,)
            for document_id, length, chunks, has_folder in rows
            if not has_folder or not self._is_whole(document_id, length, chunks)
        ]
        self._target.executemany("DELETE FROM documents WHERE id = ?", partial)
        for table in ("texts", "facets", "chunks"):
            self._target.execute(f"DELETE FROM {table} WHERE document_id NOT IN (SELECT id FROM documents)")
        for table in ("problems", "former_models"):
            self._target.execute(f"DELETE FROM {table} WHERE folder_id NOT IN (SELECT id FROM folders)")

    def _is_whole(self, document_id: int, length: int, chunks: int) -> bool:
        text = self._target.execute(_WHOLE_TEXT, (document_id,)).fetchone()[0] or ""
        facets = self._target.execute(
            "SELECT count(*) FROM facets WHERE document_id = ? AND facet GLOB 'in:*'", (document_id,)
        ).fetchone()[0]
        found = self._target.execute(
            "SELECT prefix, start, end, text_hash FROM chunks WHERE document_id = ?", (document_id,)
        ).fetchall()
        return (
            len(text) == length
            and facets > 0
            and len(found) == chunks
            and all(
                text_hash(prefixed(prefix, text[start:end])) == digest for prefix, start, end, digest in found
            )
        )

    def _mend_links(self) -> None:
        """Let passages wait whose vector is gone, and count anew."""
        self._target.execute(
            "UPDATE chunks SET vector_id = NULL WHERE vector_id NOT IN (SELECT id FROM vectors)"
        )
        # A passage may have lost its vector's id and not the vector.
        self._target.execute(
            "UPDATE chunks SET vector_id = (SELECT v.id FROM vectors v JOIN documents d ON d.id = "
            "chunks.document_id WHERE v.fingerprint = CASE chunks.generation WHEN 0 THEN d.fingerprint ELSE "
            "d.pending_fingerprint END AND v.text_hash = chunks.text_hash) "
            "WHERE vector_id IS NULL AND held = 0"
        )
        ids = self._target.execute("SELECT id FROM documents").fetchall()
        self._target.executemany(RECOUNT, ids)
        self._target.execute(
            "UPDATE vectors SET unused_since = ? WHERE unused_since IS NULL AND "
            + UNUSED.format("vectors.id"),
            (int(time.time()),),
        )


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _is_vector(values: Sequence[object]) -> bool:
    _, fingerprint, digest, vector, *unused = values
    return (
        len(_text(fingerprint)) == 16
        and set(_text(fingerprint)) <= set("0123456789abcdef")
        and isinstance(digest, bytes)
        and len(digest) == HASH_BYTES
        and isinstance(vector, bytes)
        and _is_unit(vector)
        and all(value is None or isinstance(value, int) for value in unused)
    )


def _is_unit(vector: bytes) -> bool:
    if not vector or len(vector) % 4:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        length = float(np.linalg.norm(np.frombuffer(vector, np.float32)))
    return UNIT[0] <= length <= UNIT[1]


def _as_folder(values: Sequence[object]) -> tuple[str, str] | None:
    """Path and model of a row of the table of folders; None where it is of another table."""
    path, model, held = _text(values[1]), _text(values[2]), values[3]
    absolute = path.startswith("/") or path[1:3] == ":/"
    names = model.split("/")
    usual = isinstance(held, int) and held in (0, 1, 2)
    return (
        (path, model) if absolute and usual and len(names) >= 2 and all(names) and " " not in model else None
    )
