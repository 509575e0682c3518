"""`notesearch doctor`, with and without a repair. Other than the operation "doctor" it works where no engine
can be opened, and says why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from notesearch.api import operations
from notesearch.api.sessions import HandedOver, bring_in_step, reading
from notesearch.config.settings import load_settings
from notesearch.domain import Check, Mended, Told, told
from notesearch.engine.engine import Engine
from notesearch.engine.lock import LockFile, owner_pid
from notesearch.engine.repair import mend
from notesearch.errors import DataFolderHeld, NotesearchError, SettingsInvalid, StoreError, WatchLimited

# Seconds for the owner of the data folder to answer.
ANSWERS_WITHIN = 5.0


def diagnose(data_dir: Path) -> tuple[Check, ...]:
    """Check everything, whether an engine can be opened or not. Waits for models and providers."""
    return (*_of_engine(data_dir), *_of_owner(data_dir))


def _of_engine(data_dir: Path) -> Iterator[Check]:
    try:
        with reading(data_dir) as session:
            yield from session.call(operations.doctor)
    except (StoreError, SettingsInvalid, DataFolderHeld) as error:
        what = told("check.database") if isinstance(error, StoreError) else told("check.data-folder")
        yield Check(what=what, found=Told.of(error), well=False)
        for problem in load_settings(data_dir)[1]:
            yield Check(what=told("check.settings"), found=Told.of(problem), well=False)


def _of_owner(data_dir: Path) -> Iterator[Check]:
    """Check the lock, and what the owner of the data folder says about watching."""
    what = told("check.lock")
    try:
        pid = owner_pid(data_dir)
    except StoreError as error:
        yield Check(what=what, found=Told.of(error), well=False)
        return
    if pid is None:
        kept = LockFile.stands_in(data_dir)
        yield Check(what=what, found=told("found.lock-file") if kept else told("found.free"), well=True)
        return
    try:
        problems = HandedOver(data_dir, ANSWERS_WITHIN).call(operations.problems)
    except NotesearchError as error:
        yield Check(what=what, found=Told.of(error), well=False)
        return
    if pid:
        yield Check(what=what, found=told("found.owner", process=pid), well=True)
    else:
        removed = DataFolderHeld("data-folder-held.lock-removed")
        yield Check(what=what, found=Told.of(removed), well=False)
    for problem in problems:
        if problem.what.code.startswith(WatchLimited.code):
            yield Check(what=told("check.watch", folder=str(problem.path)), found=problem.what, well=False)


def repair(data_dir: Path) -> tuple[Mended, ...]:
    """Repair everything that can be repaired, then bring the index copies in step. Asks no model. Raises
    DataFolderHeld while a process has the data folder open, and what Engine.open raises."""
    mended = mend(data_dir)
    bring_in_step(Engine.open(data_dir, watch=False, embed=False))
    return mended
