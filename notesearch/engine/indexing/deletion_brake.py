"""The deletion brake: where many notes are gone at once, the user is asked before they are forgotten. Pure
arithmetic; the caller gives the time."""

from __future__ import annotations

from typing import NamedTuple

# Deletions are held and the user is asked when at least this many notes, and more than half of a folder,
# vanish at once.
HELD_FROM = 20
# A folder that loses all its notes is asked about from this many notes on: an empty mount point looks like a
# folder that has lost all of them.
ALL_GONE_FROM = 3
# Removals within so many seconds count together, since a long deletion arrives in several parts.
SLICES_WITHIN = 30.0


class _Removal(NamedTuple):
    """How many notes of a folder were forgotten, and when."""

    at: float
    folder_id: int
    notes: int


class DeletionBrake:
    """Decides whether notes that are gone are forgotten, or the user is asked. For one thread at a time.
    `now` is in seconds by any clock that does not go back."""

    def __init__(self) -> None:
        self._lately: list[_Removal] = []

    def must_ask(self, folder_id: int, *, gone: int, notes: int, now: float) -> bool:
        """Whether to ask the user: `gone` of the folder's `notes` are most of them. What was removed within
        the last half minute counts too."""
        self._lately = [removal for removal in self._lately if removal.at > now - SLICES_WITHIN]
        before = sum(removal.notes for removal in self._lately if removal.folder_id == folder_id)
        gone, notes = before + gone, before + notes
        return (gone >= HELD_FROM and gone * 2 > notes) or (gone >= ALL_GONE_FROM and gone == notes)

    def removed(self, folder_id: int, notes: int, *, now: float) -> None:
        """Remember that so many notes of a folder are forgotten now."""
        self._lately.append(_Removal(now, folder_id, notes))
