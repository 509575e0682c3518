"""Opens the library of a data folder, and repairs it. Only this module knows which implementation that is
(SQLite with tantivy and hnswlib)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notesearch.storage.library import Library
from notesearch.storage.local import damage
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.values import Salvaged


def open_library(
    data_dir: Path, dimensions: Callable[[str], int | None], *, read_only: bool = False
) -> Library:
    """Open the library of a data folder. `dimensions` gives the length of the vectors of a fingerprint (None:
    its model is not known any more). `read_only` is for a process beside the owner. Raises StoreTooNew,
    StoreDamaged or StoreError."""
    return LocalLibrary(data_dir, dimensions, read_only=read_only)


def salvage_library(data_dir: Path) -> Salvaged | None:
    """Where the database of a data folder is lost or damaged, put a new one with what can be read in its
    place. None where it is whole, or where there is none and never was. For the owner of the data folder,
    while no library is open. Raises StoreTooNew, DiskFull or StoreError."""
    return damage.salvage_damaged(data_dir)


def clear_damaged_copies(data_dir: Path) -> tuple[str, ...]:
    """Delete the indexes whose files are damaged: they are made again when the library is opened. Returns
    "keyword" and "vectors", where they were. For the owner, while no library is open. Raises OSError."""
    return damage.clear_damaged_copies(data_dir)
