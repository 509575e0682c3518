"""Other programs: the person's editor, the system's default program, the file manager.

A note's path is only ever an argument of its own, never part of a shell's line. Everything but `open_default` blocks and belongs
in a worker thread.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QProcessEnvironment, QUrl
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtGui import QDesktopServices

from notesearch.errors import NotesearchError, SettingsInvalid

EDITORS = (
    ("The system's default program", ""),
    ("Visual Studio Code", "code --goto {path}:{line}"),
    ("VSCodium", "codium --goto {path}:{line}"),
    ("Sublime Text", "subl {path}:{line}"),
    ("Emacs", "emacsclient --no-wait --alternate-editor=emacs +{line} {path}"),
    ("Vim (graphical)", "gvim +{line} {path}"),
    ("Kate", "kate --line {line} {path}"),
    ("GNOME Text Editor", "gnome-text-editor {path}"),
)
DBUS_TIMEOUT_MS = 3000


class NoteGone(NotesearchError):
    title = "The note is not there any more"
    hint = "It was moved or deleted; the list follows in a moment."


class EditorMissing(NotesearchError):
    title = "The editor could not be started"
    hint = "Correct its command in the settings (Ctrl+,)."
    retryable = True


def require(path: Path) -> None:
    """Raise NoteGone where there is nothing at `path`."""
    if not path.exists():
        raise NoteGone


def editor_command(template: str, path: Path, line: int) -> list[str]:
    """The words of the command, `{path}` and `{line}` put in after splitting. Raises SettingsInvalid for a template without sense."""
    try:
        words = shlex.split(template, posix=sys.platform != "win32")
    except ValueError as error:
        raise SettingsInvalid("The editor command has an unclosed quote", hint="Correct it in the settings (Ctrl+,).") from error
    if not words or "{path}" not in template:
        raise SettingsInvalid("The editor command has no {path}", hint="Write {path} where the note's path belongs, {line} for the line.")
    if sys.platform == "win32":
        words = [word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word for word in words]
    return [word.replace("{line}", str(line)).replace("{path}", str(path)) for word in words]


def start_editor(template: str, path: Path, line: int) -> None:
    """Start the editor and leave it alone. Raises EditorMissing or SettingsInvalid."""
    command = editor_command(template, path, line)
    if not _spawn(command[0], command[1:]):
        raise EditorMissing(f"{command[0]} could not be started")


def clean_environment() -> dict[str, str]:
    """Our environment without the library path that a frozen program sets for itself: other programs need their own libraries."""
    environment = dict(os.environ)
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        original = environment.pop(f"{name}_ORIG", None)
        if original is not None:
            environment[name] = original
        elif getattr(sys, "frozen", False):
            environment.pop(name, None)
    return environment


def open_default(path: Path) -> bool:
    """Open a file or folder with the system's default program. Main thread."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def open_web(url: QUrl) -> bool:
    """Open a web page or mail address after a click. Anything else is refused. Main thread."""
    return url.scheme() in ("http", "https", "mailto") and QDesktopServices.openUrl(url)


def reveal(path: Path) -> bool:
    """Show `path` selected in the file manager. False where the system offers no way: open its folder instead."""
    if sys.platform == "win32":
        return _spawn("explorer", [], native=f'/select,"{path}"')
    if sys.platform == "darwin":
        return _spawn("open", ["-R", str(path)])
    message = QDBusMessage.createMethodCall(
        "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1", "org.freedesktop.FileManager1", "ShowItems"
    )
    message.setArguments([[QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)], ""])
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    return bus.call(message, timeout=DBUS_TIMEOUT_MS).type() == QDBusMessage.MessageType.ReplyMessage


def _spawn(program: str, arguments: list[str], *, native: str = "") -> bool:
    """Start a program that outlives us, without a shell. `native`: the rest of a Windows command line, as it stands. False if it cannot start."""
    process = QProcess()
    process.setProgram(program)
    process.setArguments(arguments)
    if native and sys.platform == "win32":
        process.setNativeArguments(native)
    environment = QProcessEnvironment()
    for name, value in clean_environment().items():
        environment.insert(name, value)
    process.setProcessEnvironment(environment)
    process.setStandardInputFile(QProcess.nullDevice())
    process.setStandardOutputFile(QProcess.nullDevice())
    process.setStandardErrorFile(QProcess.nullDevice())
    started = process.startDetached()
    return bool(started[0] if isinstance(started, tuple) else started)
