"""What becomes of notes that are gone from the disk: they are forgotten, or the user is asked first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from notesearch.engine.folders.admission import is_gone
from notesearch.engine.indexing.deletion_brake import DeletionBrake
from notesearch.storage.changes import DeletionsHeld
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, FolderRow, Held


class Verdict(NamedTuple):
    """`forgotten`: paths to remove from the index. `held`: paths whose notes stay until the user answers."""

    forgotten: tuple[str, ...]
    held: tuple[str, ...]


class Vanished:
    """Keeps the gone paths of each folder whose deletions are held: nobody has to look for them again. In the
    reading thread only. `now` is in seconds of a clock that does not go back."""

    def __init__(self, library: Library, now: Callable[[], float]) -> None:
        self._library = library
        self._now = now
        self._brake = DeletionBrake()
        self._missing: dict[int, set[str]] = {}

    def judge(self, folder: FolderRow, gone: Collection[str], *, whole: bool, confirmed: bool) -> Verdict:
        """Decide about paths that are gone. `whole`: they are all that is gone of the folder, as a scan finds
        it; else those of some events. `confirmed`: the user agreed to forget them. Stores what is held."""
        before = set() if whole else {path for path in self._missing.get(folder.id, ()) if is_gone(path)}
        new = set(gone) - before
        missing = before | new
        # What the user keeps stays kept; only what vanishes besides it is asked about.
        keeps = folder.held is Held.KEPT and bool(before)
        notes = self._notes_at(missing)
        asked_about = self._notes_at(new) if keeps else notes
        if asked_about and not confirmed and self._must_ask(folder, asked_about):
            again = Held.ASKING if keeps or folder.held is Held.NO else folder.held
            return self._hold(folder, missing, again, notes)
        if keeps and not confirmed:
            self._brake.removed(folder.id, asked_about, now=self._now())
            return Verdict(tuple(new), self._hold(folder, before, Held.KEPT, notes - asked_about).held)
        self._brake.removed(folder.id, notes, now=self._now())
        self._hold(folder, set(), Held.NO, 0)
        return Verdict(tuple(missing), ())

    def _hold(self, folder: FolderRow, missing: set[str], held: Held, notes: int) -> Verdict:
        self._missing[folder.id] = missing
        if (held, notes) != (folder.held, folder.missing):
            self._library.apply([DeletionsHeld(folder_id=folder.id, held=held, missing=notes)])
        return Verdict((), tuple(missing))

    def _notes_at(self, paths: Collection[str]) -> int:
        """How many notes are at these paths, as it is known now: of what was moved, there are none at the
        former place any more."""
        known = self._library.known(AtPaths(tuple(paths))) if paths else {}
        return sum(state.documents for state in known.values() if state.document_id is not None)

    def _must_ask(self, folder: FolderRow, gone: int) -> bool:
        row = next((row for row in self._library.folders() if row.id == folder.id), None)
        notes = row.documents - row.failed if row is not None else 0
        return self._brake.must_ask(folder.id, gone=gone, notes=notes, now=self._now())
