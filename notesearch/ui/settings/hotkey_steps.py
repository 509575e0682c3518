"""The state of the global key as text, and the steps by which the user binds `notesearch --toggle` in each
desktop, where the program cannot."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

from notesearch.ui.desktop.autostart import own_command
from notesearch.ui.desktop.hotkey_types import HotkeyState, HotkeyStatus
from notesearch.wording.translation import _


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyWords:
    """What the settings say about the global key. `good`: nothing is to be done. `asks`: the desktop can be
    asked. `needs_steps`: the user can bind it by hand."""

    said: str
    good: bool = True
    asks: bool = False
    needs_steps: bool = False


def key_words(status: HotkeyStatus) -> KeyWords:
    """The texts for the present state of the global key."""
    keys = QKeySequence(status.keys).toString(QKeySequence.SequenceFormat.NativeText) or status.keys
    if status.state is HotkeyState.READY:
        return KeyWords(said=_("{keys} calls quick search from anywhere.", keys=keys))
    if status.state is HotkeyState.TAKEN:
        return KeyWords(
            said=_("{keys} belongs to another program already. Choose another key.", keys=keys), good=False
        )
    if status.state is HotkeyState.ABSENT:
        return KeyWords(said=_("This keyboard has no {keys}. Choose another key.", keys=keys), good=False)
    if status.state is HotkeyState.UNASKED:
        return KeyWords(
            said=_("Your desktop gives keys to programs when you allow it. It asks you once."), asks=True
        )
    if status.state is HotkeyState.REFUSED:
        return KeyWords(
            said=_("The desktop did not give {keys}.", keys=keys), good=False, asks=True, needs_steps=True
        )
    if status.state is HotkeyState.UNSUPPORTED:
        return KeyWords(
            said=_("This desktop gives no program a key from anywhere. Its own settings can:"),
            good=False,
            needs_steps=True,
        )
    return KeyWords(said=_("No key: the tray icon and notesearch --toggle call quick search."))


def command_line() -> str:
    """The command for the desktop's settings to run."""
    return shlex.join([*own_command(), "--toggle"])


def steps_for(desktop: str | None = None) -> tuple[str, ...]:
    """The steps to bind the command in a desktop, which is named as in XDG_CURRENT_DESKTOP. For an unknown
    desktop they are general."""
    name = (os.environ.get("XDG_CURRENT_DESKTOP", "") if desktop is None else desktop).lower()
    command = command_line()
    known = {
        "gnome": (
            _("Settings > Keyboard > View and Customise Shortcuts > Custom Shortcuts > Add Shortcut."),
            _("Name: Notesearch. Command: {command}", command=command),
            _("Set Shortcut, press the keys, then Add."),
        ),
        "kde": (
            _("System Settings > Keyboard > Shortcuts > Add New > Command or Script."),
            _("Command: {command}", command=command),
            _("Add, then press the keys under it."),
        ),
        "sway": (
            _("Add to ~/.config/sway/config: bindsym Mod4+space exec {command}", command=command),
            _("Then: swaymsg reload"),
        ),
        "hyprland": (
            _("Add to ~/.config/hypr/hyprland.conf: bind = SUPER, space, exec, {command}", command=command),
            _("It holds as soon as the file is saved."),
        ),
        "xfce": (
            _("Settings > Keyboard > Application Shortcuts > Add."),
            _("Command: {command}", command=command),
            _("OK, then press the keys."),
        ),
    }
    found = next((steps for part, steps in known.items() if part in name), None)
    if found is None:
        found = (
            _("In your desktop's settings for keyboard shortcuts, add one that runs this command:"),
            command,
        )
    return found if sys.platform.startswith("linux") or desktop is not None else ()
