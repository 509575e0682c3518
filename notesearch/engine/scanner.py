"""The folder as it stands on disk: which notes there are, without opening any. Compares with what the store knows; decides nothing.

Left out: hidden files and folders, a few well-known folders of programs, and whatever a `.notesearchignore` (gitignore syntax, at any level)
names; what a `.gitignore` names too where that is asked for (`gitignore`), unless a `.notesearchignore` beside it says otherwise. Linked
folders are not entered, so that a link to above cannot go round in circles; linked files are read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import NamedTuple

from pathspec import GitIgnoreSpec

from notesearch.documents.extract import READING, format_of
from notesearch.errors import FolderMissing, FolderUnreadable
from notesearch.storage.rows import Known

IGNORE_FILE = ".notesearchignore"
GITIGNORE = ".gitignore"
# Folders of other programs that hold no notes: packages, caches, and the back-ups that Logseq and Joplin keep of their own notes.
PROGRAM_FOLDERS = frozenset({"node_modules", "__pycache__", "$RECYCLE.BIN", "System Volume Information"})
PROGRAM_PATHS = frozenset({"logseq/bak", "logseq/version-files"})


class FoundFile(NamedTuple):
    """A note on disk; `mtime_ns` in nanoseconds since the epoch."""

    path: str
    size: int
    mtime_ns: int


class IgnoreRules:
    """The rules that hold in one folder: those of its ancestors up to the watched folder, and its own. `files`: the names of the files that
    rule, the stronger one last."""

    __slots__ = ("_specs", "files")

    def __init__(self, files: tuple[str, ...], specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()) -> None:
        self.files = files
        self._specs = specs

    def entering(self, folder: str, names: Container[str] | None = None) -> IgnoreRules:
        """The rules inside `folder`. `names`: what is in it, where that is known. An ignore file that cannot be read rules nothing."""
        specs = [(folder, spec) for file in self.files if (names is None or file in names) and (spec := _read_spec(folder, file)) is not None]
        return IgnoreRules(self.files, (*self._specs, *specs)) if specs else self

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        # The innermost file that says anything about the path decides, as in git.
        for folder, spec in reversed(self._specs):
            relative = path[len(folder) + 1 :].replace(os.sep, "/") + ("/" if is_folder else "")
            verdict = spec.check_file(relative).include
            if verdict is not None:
                return verdict
        return False


def _read_spec(folder: str, name: str) -> GitIgnoreSpec | None:
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
            return GitIgnoreSpec.from_lines(file.read().splitlines())
    except (OSError, ValueError):
        return None


def ignore_files(gitignore: bool) -> tuple[str, ...]:
    """The names of the files that rule, the stronger one last."""
    return (GITIGNORE, IGNORE_FILE) if gitignore else (IGNORE_FILE,)


def skipped_folder(path: str, name: str) -> bool:
    """Whether a folder is left out whatever the ignore files say."""
    if name.startswith(".") or name in PROGRAM_FOLDERS:
        return True
    parent = os.path.basename(os.path.dirname(path))
    return f"{parent}/{name}" in PROGRAM_PATHS


def scan(
    root: Path, *, below: Path | None = None, gitignore: bool = False, stopped: Callable[[], bool] = lambda: False
) -> Iterator[FoundFile]:
    """Every note under `root` (or under `below`, a folder in it), in no particular order.

    Raises FolderMissing or FolderUnreadable for the folder itself; a folder inside that cannot be opened is left out.
    """
    start = str(below or root)
    if below is not None and _folder_is_out(root, below, gitignore):
        return
    rules = rules_above(root, below, gitignore) if below is not None else IgnoreRules(ignore_files(gitignore))
    try:
        entries = list(os.scandir(start))
    except FileNotFoundError as error:
        raise FolderMissing(f"The folder {start} is not there") from error
    except OSError as error:
        raise FolderUnreadable(f"The folder {start} cannot be read") from error
    stack = [(start, entries, rules)]
    while stack:
        if stopped():
            return
        folder, entries, rules = stack.pop()
        rules = rules.entering(folder, {e.name for e in entries if e.name in rules.files})
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not skipped_folder(entry.path, entry.name) and not rules.ignores(entry.path, is_folder=True):
                        stack.append((entry.path, list(os.scandir(entry.path)), rules))
                elif _is_note(entry.name) and entry.is_file() and not rules.ignores(entry.path, is_folder=False):
                    stat = entry.stat()
                    yield FoundFile(entry.path, stat.st_size, stat.st_mtime_ns)
            except OSError:
                continue


def ignored(root: Path, *, gitignore: bool = False) -> Iterator[Path]:
    """The notes that ignore files name, by folder; what lies in an ignored folder is listed too. Raises as `scan`."""
    wanted = {file.path for file in scan(root, gitignore=gitignore)}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not skipped_folder(os.path.join(folder, name), name))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if _is_note(name) and path not in wanted and os.path.isfile(path):
                yield Path(path)


def _is_note(name: str) -> bool:
    return not name.startswith(".") and format_of(Path(name)) is not None


def rules_above(root: Path, folder: Path, gitignore: bool = False) -> IgnoreRules:
    """The rules that reach into `folder` from the watched folder down to its parent."""
    rules = IgnoreRules(ignore_files(gitignore))
    chain = [f for f in (folder, *folder.parents) if f == root or root in f.parents]
    for above in reversed(chain[1:]):
        rules = rules.entering(str(above))
    return rules


def _folder_is_out(root: Path, folder: Path, gitignore: bool) -> bool:
    """Whether the folder, or one above it in the watched folder, is left out. Each is judged by the rules above it."""
    chain = [f for f in (folder, *folder.parents) if root in f.parents]
    return any(skipped_folder(str(f), f.name) or rules_above(root, f, gitignore).ignores(str(f), is_folder=True) for f in chain)


def is_wanted(root: Path, path: Path, gitignore: bool = False) -> bool:
    """Whether a scan of `root` would list this file, by name and rules alone."""
    if not _is_note(path.name) or _folder_is_out(root, path.parent, gitignore):
        return False
    return not rules_above(root, path, gitignore).ignores(str(path), is_folder=False)


def readable_name(path: str) -> str:
    """The path as text: on Linux a name may be any bytes. What cannot be read becomes U+FFFD."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")


class Comparison(NamedTuple):
    """A folder compared with the store: `changed` are new files and those whose size or time differs, newest first; `gone` are paths that
    the store knows and the disk does not have; `unchanged` counts the other notes, `failed` the files that failed before and are as they were."""

    changed: list[FoundFile]
    gone: list[str]
    unchanged: int
    failed: int = 0


def is_as_known(file: FoundFile, known: Known, fingerprint: str, next_fingerprint: str = "") -> bool:
    """Whether what the store knows of a file still holds. Made by another chunking recipe, or by a lesser reading of it, it does not; nor where
    it is not cut yet for the folder's next model."""
    as_it_was = known.mtime_ns == file.mtime_ns and known.size == file.size
    if not as_it_was or known.reading != READING:
        return False
    return known.document_id is None or (known.fingerprint == fingerprint and known.pending == next_fingerprint)


def compare(found: Iterator[FoundFile], known: dict[str, Known], fingerprint: str, next_fingerprint: str = "") -> Comparison:
    """Compare, without opening a file."""
    left = dict(known)
    changed = []
    unchanged = failed = 0
    for file in found:
        before = left.pop(readable_name(file.path), None)
        if before is None or not is_as_known(file, before, fingerprint, next_fingerprint):
            changed.append(file)
        elif before.document_id is None:
            failed += 1
        else:
            unchanged += 1
    changed.sort(key=lambda f: -f.mtime_ns)
    return Comparison(changed, list(left), unchanged, failed)
