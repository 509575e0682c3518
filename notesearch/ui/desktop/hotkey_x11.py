"""What X11 offers and Qt does not: a key grabbed wherever the focus is, holding the keyboard until our window
has it, whether a mouse button is down, and whether windows are composited.

It uses a connection of its own in a thread of its own, so that a busy window never holds the desktop's
keyboard. The grab freezes the keyboard at the moment the key goes down (GrabModeSync). Letters typed from
then on wait in the server. They go to quick search once it has the focus, else to the window that has it (X11
protocol, GrabKey and UngrabKeyboard).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from itertools import chain, combinations
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from Xlib import X, display, error
from Xlib.protocol import event as protocol

from notesearch.ui.desktop.bus_connection import DesktopConnection
from notesearch.ui.desktop.hotkey_types import HotkeyState, chord_of

log = logging.getLogger(__name__)

# Seconds. After the first, the keyboard is released although no window came. The second is the pause between
# two looks at a key or button that is held down.
HELD_AT_MOST = 1.0
LOOK_EVERY = 0.03
# A window cannot be activated before the window manager knows it. Seconds between two looks at that, between
# two requests to activate it, and for all of it.
SHOWN_EVERY, ASK_EVERY, ASK_AT_MOST = 0.004, 0.05, 1.0
NUM_LOCK, SCROLL_LOCK = 0xFF7F, 0xFF14
PAGER = 2

# Qt's keys whose X keysym is not their Latin-1 character (keysymdef.h).
KEYSYMS = {
    Qt.Key.Key_Escape: 0xFF1B,
    Qt.Key.Key_Tab: 0xFF09,
    Qt.Key.Key_Backtab: 0xFE20,
    Qt.Key.Key_Backspace: 0xFF08,
    Qt.Key.Key_Return: 0xFF0D,
    Qt.Key.Key_Enter: 0xFF8D,
    Qt.Key.Key_Insert: 0xFF63,
    Qt.Key.Key_Delete: 0xFFFF,
    Qt.Key.Key_Pause: 0xFF13,
    Qt.Key.Key_Print: 0xFF61,
    Qt.Key.Key_Home: 0xFF50,
    Qt.Key.Key_Left: 0xFF51,
    Qt.Key.Key_Up: 0xFF52,
    Qt.Key.Key_Right: 0xFF53,
    Qt.Key.Key_Down: 0xFF54,
    Qt.Key.Key_PageUp: 0xFF55,
    Qt.Key.Key_PageDown: 0xFF56,
    Qt.Key.Key_End: 0xFF57,
    Qt.Key.Key_Menu: 0xFF67,
    Qt.Key.Key_Search: 0x1008FF1B,
}
MODIFIERS = (
    (Qt.KeyboardModifier.ShiftModifier, X.ShiftMask),
    (Qt.KeyboardModifier.ControlModifier, X.ControlMask),
    (Qt.KeyboardModifier.AltModifier, X.Mod1Mask),
    (Qt.KeyboardModifier.MetaModifier, X.Mod4Mask),
)
# The positions of Latin letters and digits, for layouts that have none (evdev key codes + 8, the same on
# every Linux).
POSITIONS = {
    letter: first + at
    for first, row in ((10, "1234567890"), (24, "qwertyuiop"), (38, "asdfghjkl"), (52, "zxcvbnm"))
    for at, letter in enumerate(row)
}


def keysym_of(keys: str) -> tuple[int, int]:
    """(X keysym, modifier mask) of the first chord of a key sequence; keysym 0 where X knows none."""
    key, modifiers = chord_of(keys)
    mask = sum(mask for modifier, mask in MODIFIERS if modifiers & modifier)
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        return 0xFFBE + (key - Qt.Key.Key_F1), mask
    if key in KEYSYMS:
        return KEYSYMS[key], mask
    return (ord(chr(key).lower()) if 0x20 <= key < 0x100 else 0), mask


class X11Session(DesktopConnection):
    """The connection to X11. Methods are called from the main thread only and return at once.

    Signals:
        opened: whether a compositing manager runs.
        key_state: (keys, HotkeyState) after `grab`.
        key_pressed: the key went down; the keyboard is held until `release`, or for a moment.
        buttons_up: after `await_buttons`, no mouse button is down.
    """

    opened = Signal(bool)
    key_state = Signal(str, object)
    key_pressed = Signal()
    buttons_up = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("x11", parent)
        self._display: Any = None
        self._root: Any = None
        self._keys = ""
        self._wanted = (0, 0)
        self._grabbed: list[tuple[int, int]] = []
        self._held_until = 0.0
        self._down = 0
        self._pressed_at = 0
        self._awaits_buttons = False
        self._coming: Any = None
        self._ask_at = self._ask_until = 0.0

    # Main thread

    def grab(self, keys: str) -> None:
        """Grab `keys` in place of the present ones; "" for none. `key_state` tells the outcome."""
        wanted = keysym_of(keys)
        self._post(lambda: self._grab(keys, *wanted))

    def activate(self, window: int) -> None:
        """Give the keyboard to the window with that number, as a task bar does, because the user pressed its
        key."""
        self._post(lambda: self._activate(window))

    def release(self) -> None:
        """Release the keyboard: letters that were typed meanwhile go to the window with the focus."""
        self._post(self._arrived)

    def await_buttons(self) -> None:
        """Emit `buttons_up` when no mouse button is down any more."""
        self._post(self._await_buttons)

    # The thread

    def _run(self) -> None:
        try:
            self._display = display.Display()
            # A window that is gone meanwhile is no error; Xlib would write it to the terminal.
            self._display.set_error_handler(lambda *_: None)
            self._root = self._display.screen().root
            atom = self._display.intern_atom(f"_NET_WM_CM_S{self._display.get_default_screen()}")
            self.opened.emit(self._display.get_selection_owner(atom) != X.NONE)
            while not self._closing:
                self._turn()
            self._ungrab()
            self._display.close()
        except (error.DisplayError, error.ConnectionClosedError, OSError) as failure:
            # The X server is gone, or refuses the connection: the program goes on without a key.
            log.warning("no keys from X11: %s", type(failure).__name__)
            self.key_state.emit(self._keys, HotkeyState.UNSUPPORTED)

    def _turn(self) -> None:
        """Sleep until there is something to do, then do it. It wakes by itself only while a key or a button
        is held down."""
        busy = self._down or self._held_until or self._awaits_buttons
        wait = SHOWN_EVERY if self._coming is not None else LOOK_EVERY if busy else None
        self._wait(self._display.fileno(), 0 if self._display.pending_events() else wait)
        while self._display.pending_events():
            self._take(self._display.next_event())
        if self._coming is not None:
            self._ask_for_keyboard(time.monotonic())
        if self._held_until and time.monotonic() > self._held_until:
            self._release()
        if self._down and not self._is_down(self._down):
            self._down = 0
        if self._awaits_buttons and not self._buttons_down():
            self._awaits_buttons = False
            self.buttons_up.emit()

    def _take(self, event: Any) -> None:
        if event.type == X.KeyPress:
            self._pressed_at = event.time
            if self._down == event.detail:
                # The key repeats while it is held down.
                self._release()
                return
            self._down = event.detail
            self._held_until = time.monotonic() + HELD_AT_MOST
            self.key_pressed.emit()
        elif event.type == X.MappingNotify:
            self._display.refresh_keyboard_mapping(event)
            if self._wanted[0]:
                self._grab(self._keys, *self._wanted)

    def _grab(self, keys: str, keysym: int, modifiers: int) -> None:
        self._ungrab()
        self._keys, self._wanted = keys, (keysym, modifiers)
        if not keys:
            self.key_state.emit(keys, HotkeyState.OFF)
            return
        keycode = self._keycode(keysym)
        if not keycode:
            self.key_state.emit(keys, HotkeyState.ABSENT)
            return
        taken = error.CatchError(error.BadAccess)
        for locks in _subsets(self._lock_masks()):
            self._root.grab_key(
                keycode, modifiers | locks, False, X.GrabModeAsync, X.GrabModeSync, onerror=taken
            )
            self._grabbed.append((keycode, modifiers | locks))
        self._display.sync()
        if taken.get_error() is not None:
            self._ungrab()
            self.key_state.emit(keys, HotkeyState.TAKEN)
        else:
            self.key_state.emit(keys, HotkeyState.READY)

    def _ungrab(self) -> None:
        for keycode, modifiers in self._grabbed:
            self._root.ungrab_key(keycode, modifiers)
        self._grabbed.clear()
        self._display.flush()

    def _keycode(self, keysym: int) -> int:
        """The key with this sign in the first layout that has it; where none has, its position on a Latin
        keyboard."""
        places = (
            sorted(self._display.keysym_to_keycodes(keysym), key=lambda place: place[1]) if keysym else []
        )
        return places[0][0] if places else POSITIONS.get(chr(keysym) if 0 < keysym < 0x100 else "", 0)

    def _lock_masks(self) -> list[int]:
        """The modifier masks of CapsLock, NumLock and ScrollLock on this keyboard. The key is grabbed with
        each combination of them."""
        masks = [X.LockMask]
        locks = {
            code for sign in (NUM_LOCK, SCROLL_LOCK) for code, _ in self._display.keysym_to_keycodes(sign)
        }
        masks += [
            1 << bit
            for bit, codes in enumerate(self._display.get_modifier_mapping())
            if locks & set(codes) - {0}
        ]
        return sorted(set(masks))

    def _activate(self, window: int) -> None:
        self._coming = self._display.create_resource_object("window", window)
        self._ask_at, self._ask_until = 0.0, time.monotonic() + ASK_AT_MOST

    def _ask_for_keyboard(self, now: float) -> None:
        """Ask the window manager to activate the window that was shown, repeatedly until it has the
        keyboard."""
        try:
            viewable = self._coming.get_attributes().map_state == X.IsViewable
            focus = self._display.get_input_focus().focus
            if viewable and getattr(focus, "id", focus) == self._coming.id:
                self._settle()
                return
        except error.BadWindow:
            viewable, self._ask_until = False, 0.0
        if viewable and now >= self._ask_at:
            self._ask_at = now + ASK_EVERY
            message = protocol.ClientMessage(
                window=self._coming,
                client_type=self._display.intern_atom("_NET_ACTIVE_WINDOW"),
                data=(32, [PAGER, self._pressed_at, 0, 0, 0]),
            )
            self._root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
            self._display.flush()
        if now > self._ask_until:
            self._coming = None

    def _arrived(self) -> None:
        """Qt may tell this before the X server does, and letters go where the server has the focus: see
        `_ask_for_keyboard`."""
        if self._coming is None or self._at_window():
            self._settle()
        else:
            self._ask_until = min(self._ask_until, time.monotonic() + HELD_AT_MOST)

    def _at_window(self) -> bool:
        """Whether the window that was shown has the keyboard, or is hidden again."""
        focus = self._display.get_input_focus().focus
        if getattr(focus, "id", focus) == self._coming.id:
            return True
        try:
            return bool(self._coming.get_attributes().map_state != X.IsViewable)
        except error.BadWindow:
            return True

    def _settle(self) -> None:
        self._coming = None
        self._pressed_at = X.CurrentTime
        self._release()

    def _release(self) -> None:
        self._held_until = 0.0
        self._display.ungrab_keyboard(X.CurrentTime)
        self._display.flush()

    def _is_down(self, keycode: int) -> bool:
        return bool(self._display.query_keymap()[keycode // 8] & 1 << keycode % 8)

    def _await_buttons(self) -> None:
        self._awaits_buttons = True

    def _buttons_down(self) -> bool:
        return bool(self._root.query_pointer().mask & (X.Button1Mask | X.Button2Mask | X.Button3Mask))


def _subsets(masks: Iterable[int]) -> Iterable[int]:
    given = tuple(masks)
    return (
        sum(chosen)
        for chosen in chain.from_iterable(combinations(given, size) for size in range(len(given) + 1))
    )
