"""Opens the library of a data folder: the one place that knows which engine answers (SQLite, tantivy,
hnswlib)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notesearch.storage.library import Library
from notesearch.storage.local.library import LocalLibrary


def open_library(
    data_dir: Path, dimensions: Callable[[str], int | None], *, read_only: bool = False
) -> Library:
    """Open it. `dimensions` tells how long the vectors of a fingerprint are (None: its model is not known any
    more). `read_only`: beside the process that owns the data folder. Raises StoreTooNew,
    StoreDamaged, StoreError."""
    return LocalLibrary(data_dir, dimensions, read_only=read_only)
