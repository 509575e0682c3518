"""The places of files: the program's resources and the user's data folder; and how the program writes files
safely.

Every function here reads or writes the disk and is not for the GUI thread, except `resource` before the
window is shown.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import os
import tempfile
from pathlib import Path

import platformdirs

from notesearch.errors import SettingsInvalid

# The lock file in the data folder: locked by the process that owns the folder.
LOCK = "owner.lock"
# The environment variable with folders of further local models; each model has a subfolder of its name.
MODELS = "NOTESEARCH_MODELS"


def package_root() -> Path:
    """The folder that contains the package `notesearch`. A child process needs it in PYTHONPATH."""
    return Path(str(importlib.resources.files("notesearch"))).parent


def resource(relative: str) -> Path:
    """A file or folder below `resources`. An installed package and a frozen program have them inside the
    package, a checkout has them beside it."""
    installed = Path(str(importlib.resources.files("notesearch"))) / "resources"
    root = installed if installed.is_dir() else package_root() / "resources"
    return root / relative


def model_folder(name: str) -> Path:
    """The folder of a local model, whether it exists or not: `name` in one of the folders of
    NOTESEARCH_MODELS, else in the program's own models."""
    others = [Path(folder) / name for folder in os.environ.get(MODELS, "").split(os.pathsep) if folder]
    return next((folder for folder in others if folder.is_dir()), resource(f"models/{name}"))


def home_folder() -> Path:
    """The user's home folder. Where it is not known, a path that leads nowhere."""
    return Path(os.path.expanduser("~"))


def default_data_dir() -> Path:
    """The data folder: NOTESEARCH_DATA_DIR, else the platform's place for a user's program data. Raises
    SettingsInvalid where the user has no home folder."""
    chosen = os.environ.get("NOTESEARCH_DATA_DIR")
    try:
        return (
            Path(chosen).expanduser().absolute()
            if chosen
            else Path(platformdirs.user_data_dir("notesearch", appauthor=False))
        )
    except RuntimeError as error:
        raise SettingsInvalid("settings-invalid.no-home") from error


def prepare_data_dir(data_dir: Path) -> None:
    """Create the data folder so that only the user can read it. Raises SettingsInvalid where it cannot be
    made or read."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix" and data_dir.stat().st_mode & 0o077:
            # Not where it is only read, or on a file system without permissions.
            with contextlib.suppress(OSError):
                data_dir.chmod(0o700)
        with os.scandir(data_dir):
            pass
    except OSError as error:
        folder, reason = str(data_dir), error.strerror or ""
        if isinstance(error, PermissionError) and _is_of_other(data_dir):
            raise SettingsInvalid(
                "settings-invalid.data-folder-of-other", folder=folder, reason=reason
            ) from error
        raise SettingsInvalid("settings-invalid.data-folder", folder=folder, reason=reason) from error


def _is_of_other(path: Path) -> bool:
    """Whether something is there that another user owns."""
    try:
        return hasattr(os, "getuid") and path.stat().st_uid != os.getuid()
    except OSError:
        return False


def write_atomic(path: Path, content: bytes) -> None:
    """Replace `path` whole or not at all: temp file beside it, fsync, rename, fsync of the folder."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    sync_folder(path.parent)


def set_aside(path: Path) -> Path | None:
    """Move what cannot be used out of the way, to the same name with ".bad" (and a number, where a folder is
    concerned). Returns the new path; None where nothing was there. Raises OSError."""
    if not os.path.lexists(path):
        return None
    kept, number = path.with_name(f"{path.name}.bad"), 1
    while os.path.lexists(kept) and (path.is_dir() or kept.is_dir()):
        number += 1
        kept = path.with_name(f"{path.name}.bad-{number}")
    os.replace(path, kept)
    return kept


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the platform knows how."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def absolute(path: Path) -> Path:
    """Absolute and without "..", links left as they are."""
    return Path(os.path.abspath(path.expanduser()))
