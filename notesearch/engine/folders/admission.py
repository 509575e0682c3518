"""Decides which folders can be searched: they exist, can be read, and are not searched already under another
name. Looks at the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from notesearch.errors import FolderMissing, FolderOverlap, FolderUnreadable


def refuse_unfit(folder: Path, data_dir: Path, known_folders: Iterable[Path]) -> None:
    """Raise FolderMissing, FolderUnreadable or FolderOverlap where a folder cannot be searched beside
    `known_folders`."""
    if not os.path.isdir(folder):
        if os.path.exists(folder):
            raise FolderMissing("folder-missing.is-a-file", folder=str(folder))
        if not is_gone(folder):
            raise FolderUnreadable("folder-unreadable.named", folder=str(folder))
        raise FolderMissing("folder-missing.asked-for", folder=str(folder))
    if not os.access(folder, os.R_OK | os.X_OK):
        raise FolderUnreadable("folder-unreadable.named", folder=str(folder))
    # Links are resolved first: the same folder is not searched under two names.
    real = Path(os.path.realpath(folder))
    if real == Path(os.path.realpath(data_dir)):
        raise FolderOverlap("folder-overlap.data-folder")
    for known in known_folders:
        really = Path(os.path.realpath(known))
        if real == really:
            if folder == known:
                raise FolderOverlap("folder-overlap.same", folder=str(folder))
            raise FolderOverlap("folder-overlap.other-name", folder=str(folder), other=str(known))
        if really in real.parents:
            raise FolderOverlap("folder-overlap.inside", folder=str(folder), other=str(known))
        if real in really.parents and folder not in known.parents:
            raise FolderOverlap("folder-overlap.around", folder=str(folder), other=str(known))


def is_gone(path: Path | str) -> bool:
    """Whether there is nothing at the path any more, or only a link that leads nowhere. A path that cannot be
    looked at (for want of permission) is not gone."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
