"""Scans a folder: which notes are on the disk. Opens none, apart from files without a suffix, whose first
bytes tell whether they are text. Compares that with what the store knows.

Left out are hidden files and folders, a few well-known folders of programs, and what a `.notesearchignore`
names (gitignore syntax, at any level). With `gitignore`, what a `.gitignore` names is left out too, unless a
`.notesearchignore` beside it says otherwise. The user's rules from the settings (`kept`, by folder) count as
a file in that folder: stronger than `.gitignore`, weaker than `.notesearchignore`. Linked folders are read as
links.py says. Linked files are read.
"""

from __future__ import annotations

import codecs
import contextlib
import math
import os
import time
from collections.abc import Callable, Container, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from notesearch.documents.formats.encoding import looks_like_text
from notesearch.documents.formats.format import Format
from notesearch.documents.formats.note import BUNDLE, is_bare
from notesearch.documents.formats.registry import may_be_note, reading_of, row_of, takes
from notesearch.engine.folders.found_file import FoundFile
from notesearch.engine.folders.ignore_pattern import Rules, rules_of
from notesearch.engine.folders.links import Links
from notesearch.errors import FolderError, FolderMissing, FolderUnreadable
from notesearch.storage.values import FileState

IGNORE_FILE = ".notesearchignore"
GITIGNORE = ".gitignore"
# Folders of other programs that hold no notes: packages, caches, the attachments that Joplin exports beside
# notes, and Logseq's back-ups of its pages. Settings and trash of Logseq and Obsidian are hidden folders, or
# hold no notes.
PROGRAM_FOLDERS = frozenset(
    {
        "node_modules",
        "bower_components",
        "site-packages",
        "__pycache__",
        "__pypackages__",
        "$RECYCLE.BIN",
        "System Volume Information",
        "_resources",
    }
)
# A folder with such a file is an environment of Python, or a cache (of Rust's builds, for example).
PROGRAM_MARKS = ("pyvenv.cfg", "CACHEDIR.TAG")
LARGE = 2_000_000  # bytes
HEAD = 1024  # bytes that tell whether a file without a suffix is text
PROGRAM_PATHS = frozenset({"logseq/bak", "logseq/version-files"})
# Settings of Logseq.
PROGRAM_FILES = tuple(
    os.path.join(os.sep, "logseq", name)
    for name in ("config.edn", "custom.css", "custom.js", "export.css", "publish.css")
)
# Rules in gitignore syntax by the absolute path of the folder that they stand in.
KeptRules = Mapping[str, str]
NONE_KEPT: KeptRules = MappingProxyType({})


class OtherFiles:
    """Counts the files of a folder that are no notes. Hidden ones and those that rules leave out do not
    count."""

    def __init__(self) -> None:
        self.count = 0


class Counted(NamedTuple):
    """The `notes` of a folder. `more`: counting stopped early, there are at least so many. `others` are files
    of other kinds, which are not read."""

    notes: int
    more: bool
    others: int = 0


class IgnoreRules:
    """The ignore rules that hold in one folder: its own, and those of the folders above it up to the watched
    folder.

    `files` are the names of ignore files, the strongest last. `kept` are the rules from the settings, by
    folder.
    """

    __slots__ = ("_specs", "files", "kept")

    def __init__(
        self,
        files: tuple[str, ...],
        kept: KeptRules = NONE_KEPT,
        specs: tuple[tuple[str, Rules], ...] = (),
    ) -> None:
        self.files = files
        self.kept = kept
        self._specs = specs

    def entering(self, folder: str, names: Container[str] | None = None) -> IgnoreRules:
        """The rules that hold inside `folder`. `names` are the entries of the folder, where they are known
        already. An ignore file that cannot be read has no effect."""
        found = [_read_spec(folder, file) for file in self.files if names is None or file in names]
        if folder in self.kept:
            # A file in the folder is stronger than the settings, since it is copied along with the notes.
            last = found[-1:] if names is None or IGNORE_FILE in names else []
            found[len(found) - len(last) :] = [rules_of(self.kept[folder]), *last]
        specs = [(folder, spec) for spec in found if spec is not None]
        return IgnoreRules(self.files, self.kept, (*self._specs, *specs)) if specs else self

    def with_files(self, files: tuple[str, ...], kept: KeptRules) -> IgnoreRules:
        """These rules, where folders are entered with other ignore files."""
        return IgnoreRules(files, kept, self._specs)

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Whether the rules leave out `path` (absolute, as text). Rules that end in a slash match only where
        `is_folder`."""
        # The innermost file that says anything about the path decides, as in git.
        for folder, spec in reversed(self._specs):
            relative = path[len(folder) + 1 :].replace(os.sep, "/")
            verdict = spec.verdict(relative, is_folder=is_folder)
            if verdict is not None:
                return verdict
        return False


def outermost_rules(root: Path, gitignore: bool, kept: KeptRules) -> IgnoreRules:
    """The rules that hold in a searched folder before its own. With `gitignore`, and where the folder is
    inside a git repository, these are what the `.gitignore` files above it say, up to the repository's
    top."""
    above: list[Path] = []
    if gitignore:
        tree = (root, *root.parents)
        top = next((number for number, folder in enumerate(tree) if os.path.lexists(folder / ".git")), 0)
        above = list(reversed(tree[1 : top + 1]))
    rules = IgnoreRules((GITIGNORE,))
    for folder in above:
        rules = rules.entering(str(folder))
    return rules.with_files(ignore_files(gitignore), kept)


def _read_spec(folder: str, name: str) -> Rules | None:
    try:
        with open(os.path.join(folder, name), "rb") as file:
            raw = file.read()
    except OSError:
        return None
    encoding = "utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    return rules_of(raw.decode(encoding, "replace"))


def ignore_files(gitignore: bool) -> tuple[str, ...]:
    """The names of the ignore files, the strongest last."""
    return (GITIGNORE, IGNORE_FILE) if gitignore else (IGNORE_FILE,)


def skipped_folder(path: str, name: str) -> bool:
    """Whether a folder is left out whatever the ignore files say."""
    if name.startswith(".") or name in PROGRAM_FOLDERS:
        return True
    if any(os.path.isfile(os.path.join(path, mark)) for mark in PROGRAM_MARKS):
        return True
    if os.path.dirname(path).lower().endswith(BUNDLE):
        return True
    if name.endswith("_files") and any(os.path.isfile(path[:-6] + page) for page in (".html", ".htm")):
        return True  # the scripts and pictures of a page that a browser saved
    parent = os.path.basename(os.path.dirname(path))
    return f"{parent}/{name}" in PROGRAM_PATHS


def scan(
    root: Path,
    *,
    below: Path | None = None,
    gitignore: bool = False,
    kept: KeptRules = NONE_KEPT,
    links: Links | None = None,
    stopped: Callable[[], bool] = lambda: False,
    others: OtherFiles | None = None,
) -> Iterator[FoundFile]:
    """Every note under `root` (or under `below`, a folder in it), in no particular order. `others` counts
    what is left out because it is no note.

    `links` says which linked folders are read, without it none. Where the whole folder is scanned, `links` is
    new, and knows them afterwards. Raises FolderMissing or FolderUnreadable for the folder itself; a folder
    inside that cannot be opened is left out.
    """
    start = str(below or root)
    if below is not None and _folder_is_out(root, below, gitignore, kept):
        return
    rules = (
        rules_above(root, below, gitignore, kept)
        if below is not None
        else outermost_rules(root, gitignore, kept)
    )
    links = links or Links(root, follow=False)
    stack = [(start, _entries(start), links.real(start), rules)]
    while stack:
        if stopped():
            return
        folder, entries, real, rules = stack.pop()
        rules = rules.entering(folder, {e.name for e in entries if e.name in rules.files})
        for entry in entries:
            try:
                if entry.is_symlink():
                    if found := _at_link(entry, rules, others, links):
                        yield found
                elif entry.is_dir():
                    within = links.inside(real, entry.name)
                    if within is not None and _is_entered(entry, rules):
                        stack.append((entry.path, list(os.scandir(entry.path)), within, rules))
                elif found := _found(entry, rules, others):
                    yield found
            except OSError:
                continue
        while not stack and (met := links.next()) is not None:
            with contextlib.suppress(OSError):
                stack.append((met[0], list(os.scandir(met[0])), met[1], met[2]))
    if below is None:
        links.settle()


def _at_link(
    link: os.DirEntry[str], rules: IgnoreRules, others: OtherFiles | None, links: Links
) -> FoundFile | None:
    """The note that a link leads to. `links` gets to know the linked folder or note."""
    if link.is_dir():
        if _is_entered(link, rules):
            links.meet(link.path, rules)
        return None
    found = _found(link, rules, others)
    if found or _leads_nowhere(link):
        links.notes[link.path] = found
    return found


def _is_entered(entry: os.DirEntry[str], rules: IgnoreRules) -> bool:
    return not skipped_folder(entry.path, entry.name) and not rules.ignores(entry.path, is_folder=True)


def _leads_nowhere(link: os.DirEntry[str]) -> bool:
    return _is_note(link.name) and not os.path.exists(link.path)


def _found(entry: os.DirEntry[str], rules: IgnoreRules, others: OtherFiles | None) -> FoundFile | None:
    """The file, where it is a note that no rule leaves out."""
    row = _row_of(entry.name)
    if (
        (row is None and (others is None or entry.name.startswith(".")))
        or not entry.is_file()
        or rules.ignores(entry.path, is_folder=False)
    ):
        return None
    if row is not None:
        status = entry.stat()
        if _is_read(row, entry.path, status.st_size, status.st_mtime_ns):
            return FoundFile.of(entry.path, status)
    if others is not None:
        others.count += 1
    return None


def count(
    root: Path,
    *,
    below: Path | None = None,
    gitignore: bool = False,
    kept: KeptRules = NONE_KEPT,
    links: Links | None = None,
    limit: int = 100_000,
    deadline: float = math.inf,
) -> Counted:
    """Count the notes that a scan would list, and the files beside them. Counting stops early at `limit`
    notes or at `deadline` (monotonic seconds). A folder that cannot be read counts as empty."""
    late = False
    others = OtherFiles()

    def stopped() -> bool:
        nonlocal late
        late = late or time.monotonic() > deadline
        return late

    notes = 0
    try:
        for _ in scan(
            root, below=below, gitignore=gitignore, kept=kept, links=links, stopped=stopped, others=others
        ):
            if notes >= limit or stopped():
                return Counted(notes, True, others.count)
            notes += 1
    except FolderError:
        return Counted(0, False)
    return Counted(notes, late, others.count)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except FileNotFoundError as error:
        raise FolderMissing("folder-missing.named", folder=str(folder)) from error
    except OSError as error:
        raise FolderUnreadable("folder-unreadable.named", folder=str(folder)) from error


def left_out(
    root: Path,
    text: str,
    *,
    gitignore: bool = False,
    kept: KeptRules = NONE_KEPT,
    links: Links | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[str, bool]]:
    """Go through the notes of `root` as though the settings had no rules for it, and tell of each whether the
    rules `text` would leave it out, as (path, left out). Raises as `scan` does."""
    files = ignore_files(gitignore)
    others = {folder: rules for folder, rules in kept.items() if folder != str(root)}
    links = links or Links(root, follow=False)
    stack = [
        (
            str(root),
            _entries(str(root)),
            "",
            outermost_rules(root, gitignore, others),
            outermost_rules(root, gitignore, {**others, str(root): text}),
            False,
        )
    ]
    while stack:
        if stopped():
            return
        folder, entries, real, before, after, out = stack.pop()
        names = {e.name for e in entries if e.name in files}
        before, after = before.entering(folder, names), after.entering(folder, names)
        for entry in entries:
            try:
                is_link = entry.is_symlink() and entry.is_dir()
                is_folder = is_link or entry.is_dir(follow_symlinks=False)
                if is_folder and skipped_folder(entry.path, entry.name):
                    continue
                if (not is_folder and not _is_note(entry.name)) or before.ignores(
                    entry.path, is_folder=is_folder
                ):
                    continue
                gone = out or after.ignores(entry.path, is_folder=is_folder)
                if is_link:
                    links.meet(entry.path, (before, after, gone))
                elif is_folder:
                    within = links.inside(real, entry.name)
                    if within is not None:
                        stack.append((entry.path, list(os.scandir(entry.path)), within, before, after, gone))
                elif entry.is_file() and _is_read_now(entry.path):
                    yield entry.path, gone
            except OSError:
                continue
        while not stack and (met := links.next()) is not None:
            with contextlib.suppress(OSError):
                stack.append((met[0], list(os.scandir(met[0])), met[1], *met[2]))


def ignored(
    root: Path, *, gitignore: bool = False, kept: KeptRules = NONE_KEPT, links: Links | None = None
) -> Iterator[Path]:
    """The notes that ignore files or rules from the settings leave out, folder by folder, with all that is in
    ignored folders. Raises as `scan` does."""
    links = links or Links(root, follow=False)
    wanted = {file.path for file in scan(root, gitignore=gitignore, kept=kept, links=links)}
    tops = (str(root), *sorted(links.read))
    for folder, folders, names in (level for top in tops for level in os.walk(top)):
        folders[:] = sorted(name for name in folders if not skipped_folder(os.path.join(folder, name), name))
        for name in sorted(names):
            path = os.path.join(folder, name)
            if (
                _is_note(name)
                and path not in wanted
                and os.path.isfile(path)
                and _is_read_now(path)
                and links.reads(str(root), path)
            ):
                yield Path(path)


def _is_note(name: str) -> bool:
    """Whether a file may be a note, by its name alone."""
    return _row_of(name) is not None


def _row_of(name: str) -> Format | None:
    return None if name.startswith(".") else row_of(name)


def _is_read(row: Format, path: str, size: int, mtime_ns: int) -> bool:
    """Whether a file with the name of a format is read: what programs make is left out, and what has no
    suffix and is no text."""
    if path.endswith(PROGRAM_FILES):
        return False
    bare = row.bare and is_bare(path)
    return takes(row, path, size) and (not bare or _is_text(path, size, mtime_ns))


def _is_read_now(path: str) -> bool:
    """The same for a file as it is now; a file that is gone is judged by its name."""
    try:
        status = os.stat(path)
    except OSError:
        return may_be_note(path, 0)
    row = row_of(path)
    return row is not None and _is_read(row, path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=20_000)
def _is_text(path: str, size: int, mtime_ns: int) -> bool:
    """Whether the first bytes of a file are text. Asked once for each state of the file (size and time)."""
    try:
        with open(path, "rb") as file:
            return looks_like_text(file.read(HEAD))
    except OSError:
        return False


def rules_above(
    root: Path, folder: Path, gitignore: bool = False, kept: KeptRules = NONE_KEPT
) -> IgnoreRules:
    """The rules that hold in the parent of `folder`, collected from the watched folder down."""
    rules = outermost_rules(root, gitignore, kept)
    chain = [f for f in (folder, *folder.parents) if f == root or root in f.parents]
    for above in reversed(chain[1:]):
        rules = rules.entering(str(above))
    return rules


def _folder_is_out(root: Path, folder: Path, gitignore: bool, kept: KeptRules) -> bool:
    """Whether the folder, or one above it inside the watched folder, is left out. Each is tested by the rules
    above it."""
    chain = [f for f in (folder, *folder.parents) if root in f.parents]
    return any(
        skipped_folder(str(f), f.name)
        or rules_above(root, f, gitignore, kept).ignores(str(f), is_folder=True)
        for f in chain
    )


def is_wanted(
    root: Path,
    path: Path,
    gitignore: bool = False,
    kept: KeptRules = NONE_KEPT,
    links: Links | None = None,
) -> bool:
    """Whether a scan of `root` would list this file, as far as its name, the rules and the links on the way
    tell."""
    if not (links or Links(root, follow=False)).reads(str(root), str(path)):
        return False
    if not _is_note(path.name) or _folder_is_out(root, path.parent, gitignore, kept):
        return False
    if rules_above(root, path, gitignore, kept).ignores(str(path), is_folder=False):
        return False
    return _is_read_now(str(path))


class Comparison(NamedTuple):
    """The difference between a folder on the disk and the store.

    `changed` are files that are new, or whose size or time differs, newest first. `gone` are paths that the
    store knows and the disk does not have. `unchanged` counts the other notes. `failed` counts files that
    could not be read before and are still the same.
    """

    changed: list[FoundFile]
    gone: list[str]
    unchanged: int
    failed: int = 0


def is_as_known(file: FoundFile, known: FileState, fingerprint: str, next_fingerprint: str = "") -> bool:
    """Whether the store is up to date with a file.

    It is not where size or a time differ, where another chunking recipe or an older reading of the format was
    used, where the file is not cut yet for the folder's next model, or where it failed for a reason that may
    have gone.
    """
    as_it_was = known.mtime_ns == file.mtime_ns and known.size == file.size
    if known.ctime_ns and file.ctime_ns:
        as_it_was = as_it_was and known.ctime_ns == file.ctime_ns
    if not as_it_was or known.again or known.reading != reading_of(file.path):
        return False
    return known.document_id is None or (
        known.fingerprint == fingerprint and known.pending == next_fingerprint
    )


def reading_order(file: FoundFile) -> tuple[bool, int]:
    """The order in which files are read: large ones last, so that others do not wait for them; the newest
    first."""
    return file.size > LARGE, -file.mtime_ns


def compare(
    found: Iterator[FoundFile], known: dict[str, FileState], fingerprint: str, next_fingerprint: str = ""
) -> Comparison:
    """Compare the files of a scan with what the store knows. Opens no file."""
    left = dict(known)
    changed = []
    unchanged = failed = 0
    for file in found:
        before = left.pop(file.path, None)
        if before is None or not is_as_known(file, before, fingerprint, next_fingerprint):
            changed.append(file)
        elif before.document_id is None:
            failed += 1
        else:
            unchanged += 1
    changed.sort(key=reading_order)
    return Comparison(changed, list(left), unchanged, failed)
