"""Opens the storage of a data folder: the one place that knows which engine answers (SQLite, tantivy,
hnswlib)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from notesearch.storage.local.finding import Finding
from notesearch.storage.local.hnsw_index import VectorIndex, saved_fingerprints
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.local.tantivy_index import KeywordIndex
from notesearch.storage.protocols import DocumentStore, NearestIndex, Searching, WordIndex


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """The store and its copies, which are not loaded yet. `vectors(fingerprint, dimensions)` makes a vector
    index, `saved_vectors` names the fingerprints of those that are saved; `bytes_on_disk` tells what the
    database, the keyword index and the vector indexes take."""

    store: DocumentStore
    keyword: WordIndex
    vectors: Callable[[str, int], NearestIndex]
    saved_vectors: Callable[[], set[str]]
    bytes_on_disk: Callable[[], dict[str, int]]
    finding: Callable[[Callable[[str], NearestIndex]], Searching]


def open_storage(data_dir: Path, *, read_only: bool = False) -> Storage:
    """Raises StoreTooNew, StoreDamaged, StoreError. `read_only`: beside the process that owns the data
    folder."""
    keyword, vectors = data_dir / "keyword", data_dir / "vectors"

    def bytes_on_disk() -> dict[str, int]:
        return {
            "database": _bytes(data_dir, f"{DATABASE}*"),
            "keyword": _bytes(keyword),
            "vectors": _bytes(vectors),
        }

    store = Store(data_dir, read_only=read_only)
    words = KeywordIndex(keyword, read_only=read_only)
    return Storage(
        store=store,
        keyword=words,
        finding=lambda nearest_index: Finding(store, words, nearest_index),
        vectors=lambda fingerprint, dimensions: VectorIndex(vectors, fingerprint, dimensions),
        saved_vectors=lambda: saved_fingerprints(vectors),
        bytes_on_disk=bytes_on_disk,
    )


def _bytes(folder: Path, pattern: str = "*") -> int:
    """What the files of a folder take. One that is replaced meanwhile counts nothing."""
    total = 0
    for file in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size if file.is_file() else 0
    return total
