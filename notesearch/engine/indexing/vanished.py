"""Decides what happens to notes that are gone from the disk: they are forgotten, or the user is asked
first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from notesearch.engine.folders.admission import is_gone
from notesearch.engine.indexing.deletion_brake import DeletionBrake
from notesearch.storage.changes import DeletionsHeld
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, FolderRow, Held


class Verdict(NamedTuple):
    """The decision about paths that are gone. `forgotten`: paths to remove from the index. `held`: paths
    whose notes stay until the user answers."""

    forgotten: tuple[str, ...]
    held: tuple[str, ...]


class Vanished:
    """Decides about paths that are gone, and remembers those that are held, by folder, so that they need not
    be searched again. For the reading thread only. `now` is in seconds by a clock that does not go back."""

    def __init__(self, library: Library, now: Callable[[], float]) -> None:
        self._library = library
        self._now = now
        self._brake = DeletionBrake()
        self._missing: dict[int, set[str]] = {}

    def judge(self, folder: FolderRow, gone: Collection[str], *, whole: bool, confirmed: bool) -> Verdict:
        """Decide about paths that are gone, and store which notes are held.

        `whole`: these are all paths of the folder that are gone, as a scan finds them; else they are those of
        some reports. `confirmed`: the user agreed that they are forgotten.
        """
        before = set() if whole else {path for path in self._missing.get(folder.id, ()) if is_gone(path)}
        new = set(gone) - before
        missing = before | new
        # Notes that the user keeps stay kept. The user is asked only about further ones.
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
        """How many notes the store has at these paths now. A note that was moved is not at its former path
        any more."""
        known = self._library.known(AtPaths(tuple(paths))) if paths else {}
        return sum(state.documents for state in known.values() if state.document_id is not None)

    def _must_ask(self, folder: FolderRow, gone: int) -> bool:
        row = next((row for row in self._library.folders() if row.id == folder.id), None)
        notes = row.documents - row.failed if row is not None else 0
        return self._brake.must_ask(folder.id, gone=gone, notes=notes, now=self._now())
