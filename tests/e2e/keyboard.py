"""The keyboard of a Desktop as hardware has it: keys by their place, whatever the layout makes of them, held
down as long as a test wants."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from Xlib import X, display, error
from Xlib.ext import xtest

from tests.conftest import wait_until
from tests.e2e.desktop import Desktop

CTRL, ALT, SPACE, CAPS_LOCK, NUM_LOCK, KEY_N, KEY_Y, KEY_Z = 37, 64, 65, 66, 77, 57, 29, 52
CALL = (CTRL, ALT, SPACE)
CONTROL_ALT = X.ControlMask | X.Mod1Mask


class Keyboard:
    """A connection of its own to the X server, closed by `close`, which also puts layout and locks back."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._display: Any = display.Display(desktop.env["DISPLAY"])
        self._root = self._display.screen().root
        self._locked: list[int] = []

    def close(self) -> None:
        for key in self._locked:
            self.press(key)
        self.layout("us")
        self._display.close()

    def press(self, *keys: int) -> None:
        """Press keys one after the other, let them go in the other order."""
        with self.held(*keys):
            pass

    @contextlib.contextmanager
    def held(self, *keys: int) -> Iterator[None]:
        for key in keys:
            self.send(X.KeyPress, key)
        try:
            yield
        finally:
            for key in reversed(keys):
                self.send(X.KeyRelease, key)

    def send(self, kind: int, key: int) -> None:
        xtest.fake_input(self._display, kind, key)
        self._display.sync()

    def lock(self, key: int) -> None:
        """CapsLock or NumLock on, until the end of the test."""
        self.press(key)
        self._locked.append(key)

    def layout(self, *layout: str, group: int = 0) -> None:
        """As `setxkbmap` takes it; the menu key goes on to the next one."""
        self._desktop.output(
            "setxkbmap", "-layout", ",".join(layout), "-option", "", "-option", "grp:menu_toggle"
        )
        for _ in range(group):
            self._display.sync()
            self.press(135)

    def taken(self, key: int = SPACE, modifiers: int = CONTROL_ALT) -> bool:
        """Whether some program has grabbed the key. Nobody else is served meanwhile: our try must not be in
        their way."""
        caught = error.CatchError(error.BadAccess)
        self._display.grab_server()
        self._root.grab_key(key, modifiers, False, X.GrabModeAsync, X.GrabModeAsync, onerror=caught)
        self._display.sync()
        if caught.get_error() is None:
            self._root.ungrab_key(key, modifiers)
        self._display.ungrab_server()
        self._display.sync()
        return caught.get_error() is not None

    def take(self, key: int = SPACE, modifiers: int = CONTROL_ALT) -> None:
        """Grab the key, as another program that was first."""
        assert not self.taken(key, modifiers)
        self._root.grab_key(key, modifiers, False, X.GrabModeAsync, X.GrabModeAsync)
        self._display.sync()

    def give_back(self, key: int = SPACE, modifiers: int = CONTROL_ALT) -> None:
        self._root.ungrab_key(key, modifiers)
        self._display.sync()

    def wait_until_taken(self, key: int = SPACE) -> None:
        wait_until(lambda: self.taken(key))
