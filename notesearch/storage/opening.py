"""Opens the library of a data folder. Only this module knows which implementation that is (SQLite with
tantivy and hnswlib)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notesearch.storage.library import Library
from notesearch.storage.local.library import LocalLibrary


def open_library(
    data_dir: Path, dimensions: Callable[[str], int | None], *, read_only: bool = False
) -> Library:
    """Open the library of a data folder. `dimensions` gives the length of the vectors of a fingerprint (None:
    its model is not known any more). `read_only` is for a process beside the owner. Raises StoreTooNew,
    StoreDamaged or StoreError."""
    return LocalLibrary(data_dir, dimensions, read_only=read_only)
