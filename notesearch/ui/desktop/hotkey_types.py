"""The states of the global key, and the parts of a key sequence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence


class HotkeyState(StrEnum):
    """The state of the global key. OFF: none is chosen. TAKEN: another program has it. ABSENT: this keyboard
    has no such key. UNASKED: the desktop would ask the user, who has not wanted that yet. REFUSED: the
    desktop or the user said no. UNSUPPORTED: the desktop offers no global keys."""

    OFF = "off"
    READY = "ready"
    TAKEN = "taken"
    ABSENT = "absent"
    UNASKED = "unasked"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, kw_only=True, slots=True)
class HotkeyStatus:
    """The global key and its state. `keys`: those that are bound, or were tried, as text for the user."""

    state: HotkeyState = HotkeyState.OFF
    keys: str = ""


def chord_of(keys: str) -> tuple[Qt.Key, Qt.KeyboardModifier]:
    """Key and modifiers of a key sequence's first chord; (Key_unknown, none) for an empty one."""
    sequence = QKeySequence(keys)
    if sequence.isEmpty():
        return Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier
    chord = sequence[0]  # type: ignore[index]
    return chord.key(), chord.keyboardModifiers()
