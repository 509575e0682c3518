"""Finds the folders of other notes programs on this computer by the names of files and folders in them. The
text of a note is never read.

Obsidian: a folder `.obsidian/`; and its own list of vaults, `obsidian.json`: {"vaults": {id: {"path", "ts",
"open"}}}. Logseq: the file `logseq/config.edn` of a graph of Markdown or Org files. Joplin: both of its
Markdown exports (plain, and with front matter, which is built on the plain one) make `_resources/` in the
folder that is exported to, for attachments, in one level without folders, beside the notebooks as folders of
.md files. (Other exporters name folders so too, with folders inside.) Zettelkasten: at least ten notes in one
folder, and most of those in it, are named by a time stamp of 12 or 14 digits or by Luhmann's numbers (1a2).
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import platformdirs

from notesearch.config.paths import home_folder
from notesearch.config.settings import Settings
from notesearch.documents.formats.registry import format_of
from notesearch.domain import Vault
from notesearch.engine.folders import scanner

ZETTEL_FROM = 10
# The most folders that are entered below a usual place, the most entries that are looked at in all, and the
# most notes of a vault that are counted.
DEPTH = 4
ENTRIES = 50_000
NOTES = 20_000
# The share of the time that is for finding vaults; the rest is for counting their notes.
LOOKING = 0.6
# Folders that are not entered: they hold no notes, or belong to another place that is searched by itself.
SKIPPED = frozenset(
    {
        "AppData",
        "Applications",
        "Library",
        "Program Files",
        "Program Files (x86)",
        "ProgramData",
        "Windows",
        "snap",
        "go",
        "venv",
        "site-packages",
        "Music",
        "Pictures",
        "Videos",
        "Movies",
    }
)
PLACES = (
    "Documents",
    "Notes",
    "notes",
    "Obsidian",
    "Logseq",
    "Joplin",
    "Zettelkasten",
    "Dropbox",
    "OneDrive",
    "Nextcloud",
    "ownCloud",
    "Sync",
    "Syncthing",
    "Google Drive",
    "iCloudDrive",
    "iCloudDrive/iCloud~md~obsidian",
    "Library/Mobile Documents/iCloud~md~obsidian/Documents",
    "Library/Mobile Documents/com~apple~CloudDocs",
    "Library/CloudStorage",
)
# Where the program keeps its list when it is installed as a package with its own home folder.
SANDBOXES = (
    ".var/app/md.obsidian.Obsidian/config",
    "snap/obsidian/current/.config",
    "snap/obsidian/common/.config",
)

_STAMP = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d([0-5]\d)?(?!\d)")
_LUHMANN = re.compile(r"\d{1,4}([.,_-]\d{1,4})*[a-z]([.,_-]?\d{1,4}[a-z]{0,2})*(?=[\s._-]|$)", re.IGNORECASE)


def find(searched: Iterable[Path], settings: Settings, seconds: float) -> tuple[Vault, ...]:
    """The vaults on this computer, those with the most notes first. A vault inside another is part of that
    one, and the home folder itself is never a vault.

    Takes about `seconds`. Never follows links, never enters hidden folders, never opens a note. Any thread
    but the GUI thread.
    """
    begin = time.monotonic()
    found: dict[Path, Path] = {}
    for path in (*_obsidian_list(), *_looked_for(begin + seconds * LOOKING)):
        real = Path(os.path.realpath(path))
        if not _is_home_or_above(real):
            found.setdefault(real, path)
    outermost = [real for real in sorted(found) if not any(parent in found for parent in real.parents)]
    roots = {Path(os.path.realpath(root)) for root in searched}
    vaults = []
    for number, real in enumerate(outermost):
        # Each vault gets its share of the time that is left, so that a large one does not keep the others
        # uncounted.
        now = time.monotonic()
        share = max(0.0, begin + seconds - now) / (len(outermost) - number)
        counted = scanner.count(
            found[real], gitignore=settings.gitignore, kept=settings.ignore, limit=NOTES, deadline=now + share
        )
        kind = kind_of(real) or "obsidian"
        if counted.notes or counted.more or kind == "obsidian":
            vaults.append(
                Vault(
                    path=found[real],
                    kind=kind,
                    notes=counted.notes,
                    more=counted.more,
                    searched=not roots.isdisjoint((real, *real.parents)),
                )
            )
    return tuple(sorted(vaults, key=lambda vault: (-vault.notes, vault.path)))


def kind_of(folder: Path) -> str:
    """The kind of vault that a folder is, judged by names alone; "" where it is none."""
    try:
        with os.scandir(folder) as entries:
            return _kind(list(entries))
    except OSError:
        return ""


def _kind(entries: list[os.DirEntry[str]]) -> str:
    folders = {entry.name: entry.path for entry in entries if _is_folder(entry)}
    if ".obsidian" in folders:
        return "obsidian"
    if "logseq" in folders and os.path.isfile(os.path.join(folders["logseq"], "config.edn")):
        return "logseq"
    if "_resources" in folders and _is_flat(folders["_resources"]):
        return "joplin"
    stems = [name.stem for name in (Path(entry.name) for entry in entries) if format_of(name) is not None]
    zettel = sum(bool(_STAMP.match(stem) or _LUHMANN.match(stem)) for stem in stems)
    return "zettelkasten" if zettel >= ZETTEL_FROM and zettel * 2 > len(stems) else ""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _is_flat(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return not any(_is_folder(entry) for entry in entries)
    except OSError:
        return False


def _is_home_or_above(real: Path) -> bool:
    home = Path(os.path.realpath(home_folder()))
    return real in (home, *home.parents)


def _obsidian_list() -> Iterator[Path]:
    """The vaults that Obsidian has opened and that still exist."""
    configurations = [platformdirs.user_config_path("obsidian", appauthor=False, roaming=True)]
    if sys.platform == "linux":
        configurations += [home_folder() / sandbox / "obsidian" for sandbox in SANDBOXES]
    for configuration in configurations:
        try:
            listed = json.loads((configuration / "obsidian.json").read_bytes())["vaults"].values()
            paths = [
                entry["path"]
                for entry in listed
                if isinstance(entry, dict) and isinstance(entry.get("path"), str)
            ]
        except (OSError, ValueError, LookupError, AttributeError, TypeError):
            continue
        yield from (Path(path) for path in paths if os.path.isabs(path) and os.path.isdir(path))


def _places() -> list[Path]:
    """The places where people usually keep notes. The home folder comes last, for what the others do not
    hold."""
    home = home_folder()
    places = [platformdirs.user_documents_path(), *(home / place for place in PLACES)]
    places += [Path(os.environ[name]) for name in ("OneDrive", "OneDriveConsumer") if os.environ.get(name)]
    return [*dict.fromkeys(place for place in places if place != home), home]


def _looked_for(deadline: float) -> Iterator[Path]:
    """Vaults in the usual places, nearest first, until the deadline or the limit of entries is reached."""
    waiting = deque((place, 0) for place in _places() if not os.path.islink(place))
    seen: set[Path] = set()
    left = ENTRIES
    while waiting and left > 0 and time.monotonic() < deadline:
        folder, depth = waiting.popleft()
        if folder in seen:
            continue
        seen.add(folder)
        entries = _entries(folder, left, deadline)
        left -= len(entries)
        if _kind(entries) and folder != home_folder():
            yield folder
        elif depth < DEPTH:
            inside = [
                e
                for e in entries
                if e.name not in SKIPPED and _is_folder(e) and not scanner.skipped_folder(e.path, e.name)
            ]
            waiting.extend((Path(entry.path), depth + 1) for entry in inside)


def _entries(folder: Path, most: int, deadline: float) -> list[os.DirEntry[str]]:
    found: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry)
                if len(found) >= most or (not len(found) % 256 and time.monotonic() > deadline):
                    break
    except OSError:
        pass
    return found
