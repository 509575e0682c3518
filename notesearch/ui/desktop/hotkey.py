"""The global key, which calls quick search from anywhere. One class for the window; behind it, what the
system offers.

X11: a grab that consumes the key. Wayland: the GlobalShortcuts portal. Windows and macOS: their own calls.
Where none of these works, the user can bind `notesearch --toggle` in the desktop's own settings.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from notesearch.ui.desktop.hotkey_types import HotkeyState, HotkeyStatus

if TYPE_CHECKING:
    from notesearch.ui.desktop.hotkey_native import NativeKey
    from notesearch.ui.desktop.hotkey_portal import Portal
    from notesearch.ui.desktop.hotkey_x11 import X11Session


class GlobalKey(QObject):
    """The global key that calls quick search. Main thread; no method waits.

    Signals:
        pressed: the key was pressed. The token by which the desktop lets the window come to the front, or "".
        changed: the HotkeyStatus has changed.
        buttons_up: after `await_buttons`: no mouse button is down (emitted at once where the system cannot
        tell).
        composited: whether windows are blended with what is behind them; emitted once, where that is
        not known from the start.
    """

    pressed = Signal(str)
    changed = Signal(object)
    buttons_up = Signal()
    composited = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.status = HotkeyStatus()
        self._wanted = ""
        self._x11: X11Session | None = None
        self._portal: Portal | None = None
        self._native: NativeKey | None = None
        self._opened = False

    def open(self, platform: str) -> None:
        """Begin to use what the system offers, with the first key. It is not loaded before the window is
        painted."""
        if self._opened:
            return
        self._opened = True
        # Qt's platform is asked, and not DISPLAY: XWayland would accept the grab but never report the key.
        if platform == "xcb":
            from notesearch.ui.desktop.hotkey_x11 import X11Session

            self._x11 = X11Session(self)
            self._x11.key_state.connect(self._on_state)
            self._x11.key_pressed.connect(self._on_pressed)
            self._x11.buttons_up.connect(self.buttons_up)
            self._x11.opened.connect(self.composited)
        elif platform == "wayland":
            from notesearch.ui.desktop.hotkey_portal import Portal

            self._portal = Portal(self)
            self._portal.key_state.connect(self._on_state)
            self._portal.key_pressed.connect(self.pressed)
        elif sys.platform in ("win32", "darwin") and platform in ("windows", "cocoa"):
            from notesearch.ui.desktop.hotkey_native import NativeKey

            self._native = NativeKey(self)
            self._native.key_state.connect(self._on_state)
            self._native.key_pressed.connect(self._on_pressed)

    def choose(self, keys: str, *, may_ask: bool = False) -> None:
        """Bind `keys` ("Ctrl+Alt+Space") in place of the present ones; "" for none. `changed` tells the
        outcome. `may_ask`: the desktop may ask the user about it."""
        self._wanted = keys
        self.open(QGuiApplication.platformName())
        if self._x11 is not None:
            self._x11.grab(keys)
        elif self._portal is not None:
            self._portal.bind(keys, may_ask=may_ask)
        elif self._native is not None:
            self._native.bind(keys)
        else:
            self._on_state(keys, HotkeyState.UNSUPPORTED if keys else HotkeyState.OFF)

    def suspend(self, suspended: bool) -> None:
        """While the user chooses another key, let the present one reach the focused window."""
        if self._x11 is not None:
            self._x11.grab("" if suspended else self._wanted)

    def shown(self, window: int) -> None:
        """Quick search was shown, as the window with that number: make sure that it gets the keyboard."""
        if self._x11 is not None:
            self._x11.activate(window)

    def arrived(self) -> None:
        """Quick search has the keyboard: letters that were typed meanwhile are sent to it."""
        if self._x11 is not None:
            self._x11.release()

    def await_buttons(self) -> None:
        """Emit `buttons_up` when no mouse button is down any more."""
        if self._x11 is not None:
            self._x11.await_buttons()
        else:
            self.buttons_up.emit()

    def close(self) -> None:
        """Release the key."""
        for session in (self._x11, self._portal, self._native):
            if session is not None:
                session.close()

    def _on_state(self, keys: str, state: HotkeyState) -> None:
        self.status = HotkeyStatus(state=state, keys=keys)
        self.changed.emit(self.status)

    def _on_pressed(self) -> None:
        self.pressed.emit("")
