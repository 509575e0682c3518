"""Repairs a data folder that no engine has open: what blocks its way, settings, database, index copies. What
cannot be used is kept beside its successor, never deleted, except index copies."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from notesearch.config.paths import LOCK, prepare_data_dir, set_aside
from notesearch.config.settings import LAST_GOOD, SETTINGS, restore_last_good
from notesearch.domain import Mended, told
from notesearch.engine.lock import DataFolderLock
from notesearch.engine.logs import LOG, close_log, open_log
from notesearch.engine.models.ledger import LEDGER
from notesearch.errors import StoreError
from notesearch.storage.opening import clear_damaged_copies, salvage_library
from notesearch.storage.values import Salvaged

log = logging.getLogger(__name__)

# What is a file, or a folder, in a data folder.
FILES = (LOCK, LOG, SETTINGS, LAST_GOOD, "window.toml")
FOLDERS = (LEDGER,)


def mend(data_dir: Path) -> tuple[Mended, ...]:
    """Repair what can be repaired, and say what was done. Holds the lock meanwhile. Raises DataFolderHeld
    where a process has the folder open, SettingsInvalid, StoreTooNew, DiskFull or StoreError."""
    prepare_data_dir(data_dir)
    try:
        cleared = tuple(_clear_the_way(data_dir))
        with contextlib.closing(DataFolderLock(data_dir)):
            handler = open_log(data_dir)
            try:
                return (*cleared, *_mend(data_dir))
            finally:
                close_log(handler)
    except OSError as error:
        raise StoreError("store.folder-not-writable") from error


def clear_copies(data_dir: Path) -> None:
    """Delete damaged index copies, so that the next engine makes them again. Raises DataFolderHeld or
    StoreError."""
    with contextlib.closing(DataFolderLock(data_dir)):
        try:
            clear_damaged_copies(data_dir)
        except OSError as error:
            raise StoreError("store.folder-not-writable") from error


def _clear_the_way(data_dir: Path) -> Iterator[Mended]:
    """Move folders away that stand in place of files, and files that stand in place of folders."""
    for name in (*FILES, *FOLDERS):
        path = data_dir / name
        if os.path.lexists(path) and path.is_dir() != (name in FOLDERS):
            yield _moved(path)
    for path in (data_dir / LEDGER).glob("*.csv"):
        if path.is_dir():
            yield _moved(path)


def _moved(path: Path) -> Mended:
    kept = set_aside(path)
    return Mended(
        what=told("check.file", file=path.name), done=told("mended.moved", kept=kept.name if kept else "")
    )


def _mend(data_dir: Path) -> Iterator[Mended]:
    if restore_last_good(data_dir):
        yield Mended(what=told("check.settings"), done=told("mended.settings"))
    salvaged = salvage_library(data_dir)
    if salvaged is not None:
        yield from _told(salvaged)
    for name in clear_damaged_copies(data_dir):
        what = told("check.words") if name == "keyword" else told("check.all-vectors")
        yield Mended(what=what, done=told("mended.copy"))


def _told(salvaged: Salvaged) -> Iterator[Mended]:
    """What was taken from the damaged database, and what was lost."""
    database, kept = told("check.database"), salvaged.kept
    log.warning("salvaged: %s", salvaged)
    yield Mended(
        what=database, done=told("mended.database", kept=kept.name) if kept else told("mended.begun")
    )
    yield Mended(what=database, done=told("mended.folders", known=salvaged.folders))
    if salvaged.consents_lost:
        yield Mended(what=database, done=told("mended.consents"))
    notes, vectors = salvaged.documents, salvaged.vectors
    yield Mended(
        what=database,
        done=told("mended.notes-of-unknown", taken=notes)
        if salvaged.documents_lost is None
        else told("mended.notes", taken=notes, lost=salvaged.documents_lost),
    )
    yield Mended(
        what=database,
        done=told("mended.vectors-of-unknown", taken=vectors)
        if salvaged.vectors_lost is None
        else told("mended.vectors", taken=vectors, lost=salvaged.vectors_lost),
    )
