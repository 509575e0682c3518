"""A global key on Windows and macOS, by the systems' own calls. Written from their documentation; not tried
on either.

Windows: RegisterHotKey and WM_HOTKEY (learn.microsoft.com, winuser.h). macOS: RegisterEventHotKey of Carbon
(HIToolbox, CarbonEvents.h), which needs no permission.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from typing import Any

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, Qt, Signal

from notesearch.ui.desktop.hotkey_types import HotkeyState, chord_of

HOTKEY_ID = 1
# Windows: MOD_*, MOD_NOREPEAT, WM_HOTKEY.
WIN_MODIFIERS = (
    (Qt.KeyboardModifier.AltModifier, 0x1),
    (Qt.KeyboardModifier.ControlModifier, 0x2),
    (Qt.KeyboardModifier.ShiftModifier, 0x4),
    (Qt.KeyboardModifier.MetaModifier, 0x8),
)
NO_REPEAT, WM_HOTKEY = 0x4000, 0x0312
WIN_KEYS = {
    Qt.Key.Key_Space: 0x20,
    Qt.Key.Key_PageUp: 0x21,
    Qt.Key.Key_PageDown: 0x22,
    Qt.Key.Key_End: 0x23,
    Qt.Key.Key_Home: 0x24,
    Qt.Key.Key_Left: 0x25,
    Qt.Key.Key_Up: 0x26,
    Qt.Key.Key_Right: 0x27,
    Qt.Key.Key_Down: 0x28,
    Qt.Key.Key_Insert: 0x2D,
    Qt.Key.Key_Delete: 0x2E,
    Qt.Key.Key_Return: 0x0D,
    Qt.Key.Key_Tab: 0x09,
    Qt.Key.Key_Escape: 0x1B,
    Qt.Key.Key_Backspace: 0x08,
    Qt.Key.Key_Pause: 0x13,
}
# macOS: cmdKey, shiftKey, optionKey, controlKey. Qt calls the command key Ctrl there, and the control key
# Meta.
MAC_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, 1 << 8),
    (Qt.KeyboardModifier.ShiftModifier, 1 << 9),
    (Qt.KeyboardModifier.AltModifier, 1 << 11),
    (Qt.KeyboardModifier.MetaModifier, 1 << 12),
)
# kVK_* of Events.h: positions on the keyboard, the same in every layout.
MAC_KEYS = {
    **{
        Qt.Key(ord(letter)): code
        for letter, code in zip(
            "ASDFHGZXCVBQWERYT1234657980OUIPLJKNM",
            (
                0,
                1,
                2,
                3,
                4,
                5,
                6,
                7,
                8,
                9,
                11,
                12,
                13,
                14,
                15,
                16,
                17,
                18,
                19,
                20,
                21,
                22,
                23,
                26,
                28,
                25,
                29,
                31,
                32,
                34,
                35,
                37,
                38,
                40,
                45,
                46,
            ),
            strict=True,
        )
    },
    Qt.Key.Key_Space: 49,
    Qt.Key.Key_Return: 36,
    Qt.Key.Key_Tab: 48,
    Qt.Key.Key_Escape: 53,
    Qt.Key.Key_Backspace: 51,
    Qt.Key.Key_Left: 123,
    Qt.Key.Key_Right: 124,
    Qt.Key.Key_Down: 125,
    Qt.Key.Key_Up: 126,
    **{
        Qt.Key(int(Qt.Key.Key_F1) + i): code
        for i, code in enumerate((122, 120, 99, 118, 96, 97, 98, 100, 101, 109, 103, 111))
    },
}


def windows_key(keys: str) -> tuple[int, int]:
    """(virtual key, MOD_* flags) of a key sequence; (0, flags) for a key without a fixed code on Windows."""
    key, flags = _chord(keys, WIN_MODIFIERS)
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F24:
        return 0x70 + int(key) - int(Qt.Key.Key_F1), flags
    if chr(key).isalnum() if key < 0x80 else False:
        return int(key), flags
    return WIN_KEYS.get(Qt.Key(key), 0), flags


def mac_key(keys: str) -> tuple[int, int]:
    """(virtual key, Carbon modifiers) of a key sequence; (-1, modifiers) for a key without a code."""
    key, flags = _chord(keys, MAC_MODIFIERS)
    return MAC_KEYS.get(Qt.Key(key), -1), flags


def _chord(keys: str, modifiers: tuple[tuple[Qt.KeyboardModifier, int], ...]) -> tuple[int, int]:
    key, held = chord_of(keys)
    return int(key), sum(flag for modifier, flag in modifiers if held & modifier)


class NativeKey(QObject):
    """Binds a global key on Windows or macOS. Main thread; the calls are quick and local.

    Signals:
        key_state: (keys, HotkeyState) after `bind`. key_pressed.
    """

    key_state = Signal(str, object)
    key_pressed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend: _Windows | _Mac = (
            _Windows(self.key_pressed.emit) if sys.platform == "win32" else _Mac(self.key_pressed.emit)
        )

    def bind(self, keys: str) -> None:
        """Bind `keys` in place of the present ones; "" for none."""
        self._backend.unbind()
        self.key_state.emit(keys, self._backend.bind(keys) if keys else HotkeyState.OFF)

    def close(self) -> None:
        """Release the key."""
        self._backend.unbind()


class _Windows(QAbstractNativeEventFilter):
    def __init__(self, pressed: Any) -> None:
        super().__init__()
        self._pressed = pressed
        self._user32 = ctypes.windll.user32  # type: ignore[attr-defined, unused-ignore]
        application = QCoreApplication.instance()
        if application is not None:
            application.installNativeEventFilter(self)

    def bind(self, keys: str) -> HotkeyState:
        code, flags = windows_key(keys)
        if not code:
            return HotkeyState.ABSENT
        return (
            HotkeyState.READY
            if self._user32.RegisterHotKey(None, HOTKEY_ID, flags | NO_REPEAT, code)
            else HotkeyState.TAKEN
        )

    def unbind(self) -> None:
        self._user32.UnregisterHotKey(None, HOTKEY_ID)

    def nativeEventFilter(self, kind: QByteArray | bytes | bytearray | memoryview, message: int) -> object:
        from ctypes import wintypes

        if (
            bytes(QByteArray(kind).data()) == b"windows_generic_MSG"
            and wintypes.MSG.from_address(int(message)).message == WM_HOTKEY
        ):
            self._pressed()
            return True, 0
        return False, 0


class _HotKeyID(ctypes.Structure):
    _fields_ = (("signature", ctypes.c_uint32), ("id", ctypes.c_uint32))


class _EventType(ctypes.Structure):
    _fields_ = (("eventClass", ctypes.c_uint32), ("eventKind", ctypes.c_uint32))


def _code(letters: bytes) -> int:
    return int.from_bytes(letters, "big")


class _Mac:
    def __init__(self, pressed: Any) -> None:
        self._carbon = ctypes.CDLL(ctypes.util.find_library("Carbon"))
        self._carbon.GetApplicationEventTarget.restype = ctypes.c_void_p
        self._reference = ctypes.c_void_p()
        handler = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        # Kept alive here, since Carbon holds only its address.
        self._handler = handler(lambda *_: pressed() or 0)
        self._target = ctypes.c_void_p(self._carbon.GetApplicationEventTarget())
        # kEventClassKeyboard, kEventHotKeyPressed.
        self._carbon.InstallEventHandler(
            self._target, self._handler, 1, ctypes.byref(_EventType(_code(b"keyb"), 5)), None, None
        )

    def bind(self, keys: str) -> HotkeyState:
        code, flags = mac_key(keys)
        if code < 0:
            return HotkeyState.ABSENT
        failed = self._carbon.RegisterEventHotKey(
            code, flags, _HotKeyID(_code(b"NtSr"), HOTKEY_ID), self._target, 0, ctypes.byref(self._reference)
        )
        return HotkeyState.TAKEN if failed else HotkeyState.READY

    def unbind(self) -> None:
        if self._reference:
            self._carbon.UnregisterEventHotKey(self._reference)
            self._reference = ctypes.c_void_p()
