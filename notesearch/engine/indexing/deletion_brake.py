"""The deletion brake: many notes gone at once is a question to the user, not an order. Pure arithmetic; times
come from the caller."""

from __future__ import annotations

from typing import NamedTuple

# Deletions are held and the user is asked when at least this many notes, and more than half of a folder,
# vanish at once.
HELD_FROM = 20
# From this many on a folder that loses all its notes is asked about: an empty mount point has lost all of
# them, however few they were.
ALL_GONE_FROM = 3
# Seconds within which removals count together: a long deletion comes in slices.
SLICES_WITHIN = 30.0


class _Removal(NamedTuple):
    """So many notes of a folder were forgotten at that time."""

    at: float
    folder_id: int
    notes: int


class DeletionBrake:
    """Decides whether vanished notes are forgotten or asked about. One thread at a time. `now` is in seconds
    of any clock that does not go back."""

    def __init__(self) -> None:
        self._lately: list[_Removal] = []

    def must_ask(self, folder_id: int, *, gone: int, notes: int, now: float) -> bool:
        """Whether most of a folder vanishes: `gone` of the `notes` that it has. What was removed within the
        last half minute counts as vanishing now."""
        self._lately = [removal for removal in self._lately if removal.at > now - SLICES_WITHIN]
        before = sum(removal.notes for removal in self._lately if removal.folder_id == folder_id)
        gone, notes = before + gone, before + notes
        return (gone >= HELD_FROM and gone * 2 > notes) or (gone >= ALL_GONE_FROM and gone == notes)

    def removed(self, folder_id: int, notes: int, *, now: float) -> None:
        """So many notes of a folder are forgotten now."""
        self._lately.append(_Removal(now, folder_id, notes))
