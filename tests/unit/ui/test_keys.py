"""Keys in the terms of each system, and in words."""

from __future__ import annotations

import shlex

import pytest
from PySide6.QtCore import Qt

from notesearch.ui.desktop.hotkey_native import MAC_KEYS, WIN_KEYS, mac_key, windows_key
from notesearch.ui.desktop.hotkey_types import HotkeyState, HotkeyStatus
from notesearch.ui.settings import hotkey_steps as key_steps
from notesearch.ui.settings.hotkey_steps import command_line, key_words, steps_for


@pytest.mark.parametrize(
    ("keys", "code", "flags"),
    [
        ("Ctrl+Alt+Space", 0x20, 0x3),
        ("Ctrl+Shift+N", 0x4E, 0x6),
        ("Meta+7", 0x37, 0x8),
        ("F12", 0x7B, 0),
        ("Alt+F24", 0x87, 0x1),
        ("Ctrl+PgUp", 0x21, 0x2),
        ("Ctrl+\N{LATIN SMALL LETTER O WITH DIAERESIS}", 0, 0x2),
        ("", 0, 0),
    ],
)
def test_windows_knows_keys_by_number(keys: str, code: int, flags: int) -> None:
    assert windows_key(keys) == (code, flags)


@pytest.mark.parametrize(
    ("keys", "code", "flags"),
    [
        ("Ctrl+Alt+Space", 49, 0x900),
        ("Meta+Shift+N", 45, 0x1200),
        ("Ctrl+A", 0, 0x100),
        ("F5", 96, 0),
        ("Ctrl+M", 46, 0x100),
        ("Ctrl+0", 29, 0x100),
        ("Ctrl+\N{EURO SIGN}", -1, 0x100),
        ("", -1, 0),
    ],
)
def test_macos_knows_keys_by_place(keys: str, code: int, flags: int) -> None:
    assert mac_key(keys) == (code, flags)


def test_no_two_keys_have_one_number() -> None:
    for table in (WIN_KEYS, MAC_KEYS):
        assert len(set(table.values())) == len(table)
    assert {Qt.Key(ord(sign)) for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"} <= set(MAC_KEYS)


@pytest.mark.parametrize("state", list(HotkeyState))
def test_every_state_has_plain_words(state: HotkeyState) -> None:
    words = key_words(HotkeyStatus(state=state, keys="Ctrl+Alt+Space"))
    assert words.said[-1] in ".:"
    assert words.good == (state in (HotkeyState.OFF, HotkeyState.READY, HotkeyState.UNASKED))
    assert words.needs_steps == (state in (HotkeyState.REFUSED, HotkeyState.UNSUPPORTED))
    assert words.asks == (state in (HotkeyState.UNASKED, HotkeyState.REFUSED))
    # What the portal said is no key sequence and is told as it stands.
    assert "Press Super+N" in key_words(HotkeyStatus(state=HotkeyState.READY, keys="Press Super+N")).said


@pytest.mark.parametrize("desktop", ["GNOME", "ubuntu:GNOME", "KDE", "sway", "Hyprland", "XFCE", "LXQt", ""])
def test_every_desktop_has_its_steps(desktop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_steps, "own_command", lambda: ["/opt/my programs/notesearch"])
    assert shlex.split(command_line()) == ["/opt/my programs/notesearch", "--toggle"]
    steps = steps_for(desktop)
    assert any(command_line() in step for step in steps)
    assert len({steps_for(name) for name in ("GNOME", "KDE", "sway", "Hyprland", "XFCE", "LXQt")}) == 6
