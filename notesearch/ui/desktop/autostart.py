"""Start at login, and the entry in the desktop's menu by which links open the program. The settings hold
nothing of this: the desktop's own files are read each time.

Linux: the freedesktop autostart and desktop entry specifications. Windows: the Run key and a protocol class
of the registry. macOS: a launch agent; there, links work for an application bundle only. The functions wait
for the disk and are for worker threads.
"""

from __future__ import annotations

import contextlib
import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from notesearch.config.paths import resource, write_atomic
from notesearch.errors import AutostartFailed
from notesearch.ui.desktop.identity import APP_ID

RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
LINK_KEY = r"Software\Classes\notesearch"
REGISTERS_WITHIN = 10.0


def own_command() -> list[str]:
    """The command that starts this installation from any working folder."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    script = Path(sys.executable).with_name("notesearch.exe" if os.name == "nt" else "notesearch")
    return [str(script)] if script.exists() else [sys.executable, "-m", "notesearch"]


def starts_at_login() -> bool:
    """Whether the desktop starts the program at login. Reads a file or the registry, so not for the GUI
    thread."""
    if sys.platform == "win32":
        return _registry_value(RUN_KEY, "Notesearch") is not None
    return login_file().exists()


def set_start_at_login(wanted: bool, data_dir: Path | None = None) -> None:
    """Let the desktop start the program at login, or not any more. `data_dir`: the data folder, where it is
    not the usual one. Raises AutostartFailed."""
    command = [*own_command(), *(("--data-dir", str(data_dir)) if data_dir else ()), "--hidden"]
    try:
        if sys.platform == "win32":
            _set_registry_value(RUN_KEY, "Notesearch", subprocess.list2cmdline(command) if wanted else None)
        elif wanted:
            login_file().parent.mkdir(parents=True, exist_ok=True)
            write_atomic(
                login_file(),
                _launch_agent(command) if sys.platform == "darwin" else _autostart_entry(command),
            )
        else:
            login_file().unlink(missing_ok=True)
    except OSError as error:
        raise AutostartFailed("autostart.login", reason=error.strerror or "") from error


def login_file() -> Path:
    """The file that starts the program at login."""
    if sys.platform == "darwin":
        return Path.home() / "Library/LaunchAgents" / f"{APP_ID}.plist"
    return _folder("XDG_CONFIG_HOME", ".config") / "autostart" / f"{APP_ID}.desktop"


def _folder(variable: str, otherwise: str) -> Path:
    """A base folder of the XDG specification. The environment variable is used only where it is an absolute
    path."""
    chosen = os.environ.get(variable, "")
    return Path(chosen) if os.path.isabs(chosen) else Path.home() / otherwise


# Linux


def _autostart_entry(command: Sequence[str]) -> bytes:
    return (
        "[Desktop Entry]\nType=Application\nName=Notesearch\nComment=Finds the passage you meant in your "
        "own notes\n"
        f"Exec={exec_line(command)}\nIcon={APP_ID}\nTerminal=false\nStartupNotify=false\nX-KDE-autostart-after=panel\n"
        f"X-GNOME-Autostart-enabled=true\n"
    ).encode()


def exec_line(command: Sequence[str]) -> str:
    """The Exec value of a desktop entry: every word quoted as the specification wants it, then escaped as any
    of its strings."""
    words = []
    for word in command:
        quoted = "".join(f"\\{c}" if c in '"`$\\' else c for c in word).replace("%", "%%")
        words.append(f'"{quoted}"' if set(word) - set(_PLAIN) else word)
    return " ".join(words).replace("\\", "\\\\")


_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@,="


def opens_links() -> bool:
    """Whether the desktop's menu has an entry for this program, by which it opens links."""
    if sys.platform == "win32":
        return _registry_value(rf"{LINK_KEY}\shell\open\command", "") is not None
    return sys.platform != "darwin" and menu_file().exists()


def set_opens_links(wanted: bool) -> None:
    """Put the program into the desktop's menu and let it open `notesearch:` links, or take it out again.
    Raises AutostartFailed."""
    try:
        if sys.platform == "win32":
            _set_links_of_windows(wanted)
        elif wanted:
            for path, content in (
                (menu_file(), _menu_entry(own_command())),
                (_icon_file(), resource("icons/notesearch.svg").read_bytes()),
            ):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, content)
        else:
            for path in (menu_file(), _icon_file()):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise AutostartFailed("autostart.menu", reason=error.strerror or "") from error
    if sys.platform.startswith("linux"):
        _register()


def menu_file() -> Path:
    """The entry of the desktop's menu that opens links."""
    return _folder("XDG_DATA_HOME", ".local/share") / "applications" / f"{APP_ID}.desktop"


def _icon_file() -> Path:
    return _folder("XDG_DATA_HOME", ".local/share") / "icons/hicolor/scalable/apps" / f"{APP_ID}.svg"


def _menu_entry(command: Sequence[str]) -> bytes:
    """The desktop entry from resources/, with the command of this installation."""
    entry = resource(f"{APP_ID}.desktop").read_text(encoding="utf-8")
    return entry.replace("Exec=notesearch", f"Exec={exec_line(command)}").encode()


def _register() -> None:
    """Let the desktop find the entry at once, by its own programs, where they exist. It would find it later
    by itself."""
    for command in (
        ["update-desktop-database", str(menu_file().parent)],
        ["xdg-mime", "default", menu_file().name, "x-scheme-handler/notesearch"],
    ):
        if shutil.which(command[0]) and (command[0] != "xdg-mime" or menu_file().exists()):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=REGISTERS_WITHIN,
                    check=False,
                )


# Windows and macOS, from their documentation


def _launch_agent(command: Sequence[str]) -> bytes:
    return plistlib.dumps(
        {"Label": APP_ID, "ProgramArguments": list(command), "RunAtLoad": True, "ProcessType": "Interactive"}
    )


def _set_links_of_windows(wanted: bool) -> None:
    command = subprocess.list2cmdline(own_command()) + ' "%1"'
    _set_registry_value(LINK_KEY, "", "URL:Notesearch" if wanted else None)
    _set_registry_value(LINK_KEY, "URL Protocol", "" if wanted else None)
    _set_registry_value(rf"{LINK_KEY}\shell\open\command", "", command if wanted else None)


def _registry_value(key: str, name: str) -> str | None:
    import winreg

    with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:  # type: ignore[attr-defined, unused-ignore]
        return str(winreg.QueryValueEx(opened, name)[0])  # type: ignore[attr-defined, unused-ignore]
    return None


def _set_registry_value(key: str, name: str, value: str | None) -> None:
    import winreg

    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, key) as opened:  # type: ignore[attr-defined, unused-ignore]
        if value is not None:
            winreg.SetValueEx(opened, name, 0, winreg.REG_SZ, value)  # type: ignore[attr-defined, unused-ignore]
        else:
            with contextlib.suppress(FileNotFoundError):
                winreg.DeleteValue(opened, name)  # type: ignore[attr-defined, unused-ignore]
