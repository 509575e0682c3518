"""Where things live and what the person chose: read, validate and save settings as TOML. Never a secret.

A setting that is wrong is ignored and named, the others still hold. Files are written as temp file, fsync, rename, readable by the user
alone. Every function here touches the disk: not for the GUI thread.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs
import tomli_w

from notesearch.errors import SettingsInvalid

APPEARANCES = ("system", "light", "dark")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What the person can choose. `editor` is a command with {path} and {line}, "" for the system's default program."""

    editor: str = ""
    appearance: str = "system"
    results_limit: int = 50

    def __post_init__(self) -> None:
        if self.appearance not in APPEARANCES:
            raise SettingsInvalid(f"appearance is {self.appearance!r}", hint=f"Use one of {', '.join(APPEARANCES)}.")
        if not 1 <= self.results_limit <= 1000:
            raise SettingsInvalid(f"results_limit is {self.results_limit}", hint="Use a number from 1 to 1000.")
        if self.editor and "{path}" not in self.editor:
            raise SettingsInvalid("The editor command has no {path}", hint="Write {path} where the note's path belongs, {line} for the line.")


def resource(relative: str) -> Path:
    """A file or folder below resources/: beside the package in a checkout, inside the bundle in a frozen program."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parents[1]
    return root / "resources" / relative


def default_data_dir() -> Path:
    """NOTESEARCH_DATA_DIR, else the platform's place for a user's program data."""
    chosen = os.environ.get("NOTESEARCH_DATA_DIR")
    return Path(chosen).expanduser().absolute() if chosen else Path(platformdirs.user_data_dir("notesearch", appauthor=False))


def prepare_data_dir(data_dir: Path) -> None:
    """Create the data folder for the user alone. Raises SettingsInvalid where it cannot be made."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.name == "posix" and data_dir.stat().st_mode & 0o077:
            data_dir.chmod(0o700)
    except OSError as error:
        raise SettingsInvalid(
            f"The data folder {data_dir} cannot be used", hint=f"{error.strerror}. Choose another with --data-dir."
        ) from error


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


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable, where the platform knows how."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def load_settings(data_dir: Path) -> tuple[Settings, tuple[SettingsInvalid, ...]]:
    """The settings of `data_dir` and what was wrong with the file. What is wrong falls back to its default."""
    table, problems = _read(data_dir / "settings.toml")
    settings = Settings()
    for field in fields(Settings):
        if field.name not in table:
            continue
        value = table[field.name]
        if type(value) is not type(field.default):
            problems.append(SettingsInvalid(f"{field.name} has the wrong kind of value"))
            continue
        try:
            settings = Settings(**{**asdict(settings), field.name: value})
        except SettingsInvalid as error:
            problems.append(error)
    return settings, tuple(problems)


def save_settings(data_dir: Path, settings: Settings) -> None:
    """Write the settings; entries of the file that this version does not know are kept. A file that cannot be understood is kept beside the
    new one, as settings.toml.bad: the person may want to mend it."""
    path = data_dir / "settings.toml"
    table, problems = _read(path)
    if problems:
        os.replace(path, path.with_name("settings.toml.bad"))
    write_atomic(path, tomli_w.dumps({**table, **asdict(settings)}).encode())


def load_window_state(data_dir: Path) -> dict[str, Any]:
    """Geometry, query history and saved searches; {} where there are none or the file is damaged."""
    return _read(data_dir / "window.toml")[0]


def save_window_state(data_dir: Path, state: Mapping[str, Any]) -> None:
    write_atomic(data_dir / "window.toml", tomli_w.dumps(dict(state)).encode())


def _read(path: Path) -> tuple[dict[str, Any], list[SettingsInvalid]]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        return {}, [SettingsInvalid(f"{path.name} cannot be read", hint=f"{error}. The defaults are used.")]
