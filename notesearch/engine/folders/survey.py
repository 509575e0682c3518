"""Describes a folder before it is added: how many notes it holds, and what the user should know of it. Adds
nothing and opens no note."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from notesearch.config.paths import home_folder
from notesearch.config.settings import Settings
from notesearch.domain import Survey, Told
from notesearch.engine.folders import scanner, vaults
from notesearch.engine.folders.admission import refuse_unfit
from notesearch.engine.folders.links import Links
from notesearch.errors import NotesearchError


def survey(
    path: Path, searched: Iterable[Path], data_dir: Path, settings: Settings, *, limit: int, seconds: float
) -> Survey:
    """Describe the absolute path `path`. Counts at most `limit` notes, for about `seconds` at most.

    Any thread but the GUI thread. A path that is missing or cannot be read raises nothing: `Survey.refusal`
    says why it cannot be added.
    """
    deadline = time.monotonic() + seconds
    is_file = os.path.isfile(path)
    folder = path.parent if is_file else path
    searched = sorted(searched)
    real = _real(folder)
    covered_by = next((root for root in searched if _real(root) in (real, *real.parents)), None)
    links = Links(folder, follow=settings.follow_links, others=searched) if covered_by is None else None
    counted = _count(folder, covered_by, settings, links, limit, deadline)
    return Survey(
        path=folder,
        is_file=is_file,
        notes=counted.notes,
        more=counted.more,
        others=counted.others,
        unread_links=len(links.unread) if links is not None and not settings.follow_links else 0,
        covered_by=covered_by,
        covers=tuple(r for r in searched if real in _real(r).parents),
        whole=whole(folder),
        kind=vaults.kind_of(folder),
        refusal=_refusal(folder, data_dir, searched),
    )


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _refusal(folder: Path, data_dir: Path, searched: Iterable[Path]) -> Told | None:
    try:
        refuse_unfit(folder, data_dir, searched)
    except NotesearchError as error:
        return Told.of(error)
    return None


def _count(
    folder: Path,
    covered_by: Path | None,
    settings: Settings,
    links: Links | None,
    limit: int,
    deadline: float,
) -> scanner.Counted:
    """Count notes by the rules of the searched folder that contains this one, else by the folder's own
    rules."""
    inside = covered_by is not None and covered_by in folder.parents
    root, below = (covered_by, folder) if covered_by is not None and inside else (folder, None)
    return scanner.count(
        root,
        below=below,
        gitignore=settings.gitignore,
        kept=settings.ignore,
        links=links,
        limit=limit,
        deadline=deadline,
    )


def whole(folder: Path) -> str:
    """Whether the folder is more than a person's notes: "home" for the home folder or one above it, "disk"
    for all of a disk, else ""."""
    real, home = _real(folder), _real(home_folder())
    if real == home:
        return "home"
    if real == Path(real.anchor) or (os.path.ismount(real) and _is_disk(real)):
        return "disk"
    return "home" if real in home.parents else ""


def _is_disk(mount: Path) -> bool:
    """Whether this is the mount point of a disk, and not of something that a program offers (a cloud drive,
    say)."""
    try:
        return any(_real(Path(part.mountpoint)) == mount for part in psutil.disk_partitions(all=False))
    except OSError:
        return True
