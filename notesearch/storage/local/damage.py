"""What has become of a data folder's database: lost beside its indexes, damaged, or whole."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from notesearch.errors import StoreDamaged
from notesearch.storage.local.hnsw_index import OldGraph, VectorIndex, saved_fingerprints
from notesearch.storage.local.keyword.tantivy_index import KeywordIndex
from notesearch.storage.local.sqlite.database import DATABASE, Database
from notesearch.storage.local.sqlite.salvage import salvage
from notesearch.storage.local.written_files import clear_away
from notesearch.storage.values import Salvaged

log = logging.getLogger(__name__)

# Bytes. A database without tables is smaller.
LARGE = 1 << 16


def refuse_lost(data_dir: Path) -> None:
    """Raise StoreDamaged where the database is gone or empty although its indexes are there, or where a
    folder stands in its place. Without this check a new one would begin, and what was paid for would be gone
    without a word."""
    database = data_dir / DATABASE
    if database.is_dir():
        raise StoreDamaged("store-damaged.not-a-file")
    missing = not database.exists()
    if (missing or _is_empty(database)) and _has_copies(data_dir):
        raise StoreDamaged("store-damaged.missing" if missing else "store-damaged.empty")


def _is_empty(database: Path) -> bool:
    """Whether the file is a database without tables, as an empty file is too."""
    size = database.stat().st_size
    if size == 0 or size > LARGE:
        return size == 0
    with (
        contextlib.suppress(sqlite3.DatabaseError),
        contextlib.closing(
            sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection,
    ):
        return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return False


def _has_copies(data_dir: Path) -> bool:
    """Whether an index of some notes was saved: segments of words, or a graph of vectors."""
    return any(
        True
        for folder, pattern in (("keyword", "*.idx"), ("vectors", "*.hnsw"))
        for _ in (data_dir / folder).glob(pattern)
    )


def salvage_damaged(data_dir: Path) -> Salvaged | None:
    """Salvage the database of a data folder where it is lost or damaged: see opening.salvage_library."""
    database = data_dir / DATABASE
    fault = _fault(data_dir)
    if fault is None:
        return None
    log.warning("the database is salvaged: %s", fault)
    return salvage(database, lambda instance: _graphs(data_dir / "vectors", instance))


def _graphs(folder: Path, instance: str) -> Iterator[OldGraph]:
    for fingerprint in sorted(saved_fingerprints(folder)):
        graph = OldGraph.opened(folder, fingerprint, instance)
        if graph is not None:
            yield graph


def _fault(data_dir: Path) -> str | None:
    """What is wrong with the database; None where nothing is, or where there is none and never was."""
    try:
        refuse_lost(data_dir)
        if not (data_dir / DATABASE).exists():
            return None
        database = Database(data_dir)
    except StoreDamaged as error:
        return str(error)
    try:
        faults = database.check()
    finally:
        database.close()
    return faults[0] if faults else None


def clear_damaged_copies(data_dir: Path) -> tuple[str, ...]:
    """Delete the damaged indexes of a data folder: see opening.clear_damaged_copies."""
    cleared = []
    words, vectors = data_dir / "keyword", data_dir / "vectors"
    if os.path.lexists(words) and (not words.is_dir() or KeywordIndex(words, read_only=True).damaged()):
        clear_away(words)
        cleared.append("keyword")
    if os.path.lexists(vectors) and not vectors.is_dir():
        clear_away(vectors)
        cleared.append("vectors")
    for fingerprint in saved_fingerprints(vectors):
        index = VectorIndex(vectors, fingerprint, 1)
        if index.damaged():
            index.delete()
            cleared.append("vectors")
    return tuple(dict.fromkeys(cleared))
