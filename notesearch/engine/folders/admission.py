"""Which folders can be searched: there, readable, and nothing twice under two names. Looks at the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from notesearch.errors import FolderMissing, FolderOverlap, FolderUnreadable


def refuse_unfit(folder: Path, data_dir: Path, known_folders: Iterable[Path]) -> None:
    """Raise FolderMissing, FolderUnreadable or FolderOverlap where a folder cannot be searched beside those
    that are."""
    if not os.path.isdir(folder):
        if os.path.exists(folder):
            raise FolderMissing(f"{folder} is not a folder", hint="Add the folder it is in.")
        if not is_gone(folder):
            raise FolderUnreadable(f"The folder {folder} cannot be read")
        raise FolderMissing(f"The folder {folder} is not there", hint="Check how it is written.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise FolderUnreadable(f"The folder {folder} cannot be read")
    # Where a link leads is what counts: nothing is searched twice under two names.
    real = Path(os.path.realpath(folder))
    if real == Path(os.path.realpath(data_dir)):
        raise FolderOverlap("This is where Notesearch keeps its index", hint="Choose a folder with notes.")
    for known in known_folders:
        really = Path(os.path.realpath(known))
        if real == really:
            raise FolderOverlap(
                f"{folder} is already searched"
                if folder == known
                else f"{folder} is already searched as {known}"
            )
        if really in real.parents:
            raise FolderOverlap(f"{folder} is already searched as part of {known}")
        if real in really.parents and folder not in known.parents:
            raise FolderOverlap(
                f"{folder} holds {known}, which is already searched", hint="Remove that one first."
            )


def is_gone(path: Path | str) -> bool:
    """Whether nothing is at the path any more. What cannot be looked at (a folder without permission) is not
    gone."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def absolute(path: Path) -> Path:
    """Absolute and without "..", links left as they are."""
    return Path(os.path.abspath(path.expanduser()))
