"""Other programs: the user's editor, the system's default program, the file manager.

A note's path is only ever an argument of its own, never part of a shell's line. Everything but `open_default`
blocks and belongs in a worker thread.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote

from PySide6.QtCore import QProcess, QProcessEnvironment, QUrl
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtGui import QDesktopServices

from notesearch.domain import Line, Locator, Section, Sheet
from notesearch.domain.file_names import is_text
from notesearch.errors import EditorMissing, NoteGone, SettingsInvalid
from notesearch.ui.desktop.file_urls import url_of
from notesearch.wording.translation import N_

EDITORS = (
    (N_("The system's default program"), ""),
    ("Obsidian", "obsidian://open?path={path}"),
    ("Logseq", "logseq://graph/{vault}?page={page}"),
    ("Zettlr", "zettlr {path}"),
    ("Visual Studio Code", "code --goto {path}:{line}"),
    ("VSCodium", "codium --goto {path}:{line}"),
    ("Sublime Text", "subl {path}:{line}"),
    ("Emacs", "emacsclient --no-wait --alternate-editor=emacs +{line} {path}"),
    (N_("Vim in a terminal"), "{terminal} vim +{line} {path}"),
    (N_("Vim (graphical)"), "gvim +{line} {path}"),
    ("Kate", "kate --line {line} {path}"),
    ("GNOME Text Editor", "gnome-text-editor {path}"),
)
# What starts a program in a terminal, the user's own choice first.
TERMINALS = (
    ("xdg-terminal-exec",),
    ("x-terminal-emulator", "-e"),
    ("gnome-terminal", "--"),
    ("konsole", "-e"),
    ("xfce4-terminal", "-x"),
    ("kitty",),
    ("alacritty", "-e"),
    ("foot",),
    ("wt",),
    ("xterm", "-e"),
)
# Files and folders that tell the folder of a vault: Obsidian's settings, and Logseq's.
VAULT_MARKS = (".obsidian", "logseq/config.edn")
DBUS_TIMEOUT_MS = 3000


def require(path: Path) -> None:
    """Raise NoteGone where there is nothing at `path`."""
    if not path.exists():
        raise NoteGone


def is_link(template: str) -> bool:
    """Whether an editor is opened by a link of its own, and not by a command."""
    return re.match(r"[a-z][a-z0-9+.-]+://", template) is not None


def editor_link(template: str, path: Path, place: Locator) -> str:
    """The link that opens a note, with every value quoted for a link. Where the template asks for the vault,
    looks for it on the disk."""
    vault = _vault_of(path) if "{vault}" in template else ""
    # Logseq writes a page's slashes as three lines, and other signs as in links.
    page = unquote(path.stem.replace("___", "/"))
    values = {"{path}": str(path), "{vault}": vault, "{page}": page, **_place(place)}
    return re.sub(
        r"\{(?:path|line|place|vault|page)\}",
        lambda found: quote(os.fsencode(values[found[0]]), safe=""),
        template,
    )


def _vault_of(path: Path) -> str:
    found = next(
        (folder for folder in path.parents if any((folder / mark).exists() for mark in VAULT_MARKS)),
        path.parent,
    )
    return found.name


def terminal() -> tuple[str, ...]:
    """The words that start a program in a terminal. Raises EditorMissing."""
    found = next((words for words in TERMINALS if shutil.which(words[0])), None)
    if found is None:
        raise EditorMissing("editor-missing.terminal")
    return found


def editor_command(template: str, path: Path, place: Locator) -> list[str]:
    """The words of the editor's command. `{path}`, `{line}` and `{place}` are put in after splitting;
    `{terminal}` is left to `start_editor`. Raises SettingsInvalid for an invalid template."""
    try:
        words = shlex.split(template, posix=sys.platform != "win32")
    except ValueError as error:
        raise SettingsInvalid("settings-invalid.editor-quote") from error
    if not words or "{path}" not in template:
        raise SettingsInvalid("settings-invalid.editor-path")
    if sys.platform == "win32":
        words = [word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word for word in words]
    values = {"{path}": str(path), **_place(place)}
    return [re.sub(r"\{(?:path|line|place)\}", lambda found: values[found[0]], word) for word in words]


def _place(place: Locator) -> dict[str, str]:
    """The values of a place for a template: `{line}`, which is 1 for files without lines, and `{place}`, the
    number or name of whatever the file consists of."""
    match place:
        case Section():
            named = place.name
        case Sheet():
            named = str(place.row)
        case _:
            named = str(place.number)
    return {"{line}": named if isinstance(place, Line) else "1", "{place}": named}


def start_editor(template: str, path: Path, place: Locator) -> None:
    """Start the editor and do not wait for it. Raises EditorMissing or SettingsInvalid."""
    command = editor_command(template, path, place)
    if command[0] == "{terminal}":
        command[:1] = terminal()
    if not _spawn(command[0], command[1:]):
        raise EditorMissing("editor-missing.command", command=command[0])


def clean_environment() -> dict[str, str]:
    """The environment without the library path that a frozen program sets for itself, since other programs
    need their own libraries."""
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
    return QDesktopServices.openUrl(url_of(path))


def open_link(link: str) -> bool:
    """Open a note by the link of the editor that the user chose. Main thread."""
    return QDesktopServices.openUrl(QUrl(link, QUrl.ParsingMode.StrictMode))


def open_web(url: QUrl) -> bool:
    """Open a web page or mail address after a click. Anything else is refused. Main thread."""
    return url.scheme() in ("http", "https", "mailto") and QDesktopServices.openUrl(url)


def reveal(path: Path) -> bool:
    """Show `path` selected in the file manager. Returns False where the system has no way to do that; then
    its folder should be opened."""
    if sys.platform == "win32":
        return _spawn("explorer", [], native=f'/select,"{path}"')
    if sys.platform == "darwin":
        return _spawn("open", ["-R", str(path)])
    message = QDBusMessage.createMethodCall(
        "org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        "org.freedesktop.FileManager1",
        "ShowItems",
    )
    message.setArguments([[url_of(path).toString(QUrl.ComponentFormattingOption.FullyEncoded)], ""])
    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    return bus.call(message, timeout=DBUS_TIMEOUT_MS).type() == QDBusMessage.MessageType.ReplyMessage


def _spawn(program: str, arguments: list[str], *, native: str = "") -> bool:
    """Start a program, without a shell, that goes on when this one ends. `native`: the rest of a Windows
    command line, unchanged. Returns False where it cannot start."""
    if not all(map(is_text, arguments)):
        return _spawn_by_bytes(program, arguments)
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


def _spawn_by_bytes(program: str, arguments: list[str]) -> bool:
    """Start a program whose arguments are no valid text: Qt would replace the bytes that it cannot read.

    A shell starts it and ends, so that it goes on by itself. The words are arguments of the shell, never part
    of its line.
    """
    if shutil.which(program) is None:
        return False
    try:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", program, *arguments],
            env=clean_environment(),
            start_new_session=True,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
