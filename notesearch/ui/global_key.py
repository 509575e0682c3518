"""The key that calls quick search from anywhere: one seam, behind it what the system offers.

X11: a grab that consumes the key. Wayland: the GlobalShortcuts portal. Windows and macOS: their own calls. Where there is nothing of the
kind, `notesearch --toggle` bound in the desktop's own settings does the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal


class KeyState(StrEnum):
    """OFF: none is chosen. TAKEN: another program has it. ABSENT: no such key on this keyboard. UNASKED: the desktop would ask the person, who
    has not asked for it yet. REFUSED: the desktop or the person said no. UNSUPPORTED: the desktop offers no such thing."""

    OFF = "off"
    READY = "ready"
    TAKEN = "taken"
    ABSENT = "absent"
    UNASKED = "unasked"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyStatus:
    """`keys`: what is bound, or was tried, as the person reads it."""

    state: KeyState = KeyState.OFF
    keys: str = ""


class GlobalKey(QObject):
    """Main thread; nothing here waits.

    Signals:
        pressed: the key was pressed: the desktop's leave to come to the front, or "".
        changed: another KeyStatus holds.
    """

    pressed = Signal(str)
    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.status = KeyStatus()

    def choose(self, keys: str, *, may_ask: bool = False) -> None:
        """Bind `keys` ("Ctrl+Alt+Space") in place of what was bound; "" for none. `changed` tells what came of it. `may_ask`: the desktop may ask
        the person about it."""

    def arrived(self, window: int = 0) -> None:
        """Quick search, the window of that number, has the keyboard: letters held back meanwhile go there."""

    def close(self) -> None:
        """Give the key back."""
