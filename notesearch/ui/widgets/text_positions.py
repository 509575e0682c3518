"""Positions in a text: Python counts characters, Qt counts UTF-16 units. After an emoji the two differ. No
Qt."""

from __future__ import annotations

from bisect import bisect_left


class QtPositions:
    """Converts positions in `text` between the two counts. Any thread."""

    def __init__(self, text: str) -> None:
        # The characters of two units. Few texts have any.
        wide = (
            []
            if text.isascii() or max(text) <= "\uffff"
            else [i for i, character in enumerate(text) if character > "\uffff"]
        )
        self._characters = wide
        self._units = [at + before for before, at in enumerate(wide)]

    def to_qt(self, character: int) -> int:
        """The position in UTF-16 units, as Qt counts, of a position in characters."""
        return character + bisect_left(self._characters, character)

    def from_qt(self, unit: int) -> int:
        """The position in characters of a position in UTF-16 units."""
        return unit - bisect_left(self._units, unit)
