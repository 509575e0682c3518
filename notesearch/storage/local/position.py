"""The position that an index copy was saved at, and the decision on opening it: it is up to date, lacks the
changes since a position, or has to be rebuilt."""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from notesearch.config.paths import write_atomic
from notesearch.errors import DiskFull, StoreError


@dataclass(frozen=True, slots=True)
class UpToDate:
    """The copy has everything."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The copy lacks the changes after position `since`."""

    since: int


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The copy cannot be used. `reason` is for the log and for `notesearch doctor`."""

    reason: str


NEVER_SAVED = "no saved position"
CHANGED = "a file of it is not the one that was written"
Plan = UpToDate | Replay | Rebuild


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedAt:
    """What is saved beside an index copy, to tell whether it fits the store. `instance` names the store that
    it copies, `version` is the layout of the copy, `count` the number of its entries. `files` are the signs
    by which its files are known again (see written_files.py); empty where an earlier version saved it."""

    version: int
    instance: str
    position: int
    count: int
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> SavedAt | None:
        """Read it from a file; None where there is none that can be read."""
        try:
            saved = cls(**json.loads(path.read_text(encoding="ascii")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        numbers = (saved.version, saved.position, saved.count)
        fits = all(type(number) is int and number >= 0 for number in numbers) and isinstance(
            saved.files, dict
        )
        return saved if fits else None

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        write_atomic(path, json.dumps(asdict(self)).encode("ascii"))


def plan(
    saved: SavedAt | None, *, version: int, instance: str, position: int, count: int | None = None
) -> Plan:
    """Decide what to do with a copy. `position` is the store's newest; `count` is the number of entries found
    in the copy, where it can tell."""
    if saved is None:
        return Rebuild(NEVER_SAVED)
    if saved.version != version:
        return Rebuild(f"layout {saved.version}, expected {version}")
    if saved.instance != instance:
        return Rebuild("it copies another database")
    if saved.position > position:
        return Rebuild("it is ahead of the database")
    if count is not None and count != saved.count:
        return Rebuild(f"{count} entries, expected {saved.count}")
    return UpToDate() if saved.position == position else Replay(saved.position)


# How the error texts of the two libraries name a failure of the disk. A writer of tantivy that met one in its
# own thread reports that it was "killed".
_SYSTEM = ("io error", "ioerror", "os error", "no space left", "cannot open file", "killed")


@contextlib.contextmanager
def saving(not_writable: str) -> Iterator[None]:
    """A context in which a copy is written: a failure of the disk is raised as DiskFull, or as a retryable
    StoreError with the code `not_writable`.

    tantivy and hnswlib pass the system's errors on as ValueError or RuntimeError with a text. One whose text
    names no failure of the disk is a bug and is raised unchanged.
    """
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        text = str(error).lower()
        if not isinstance(error, OSError) and not any(sign in text for sign in _SYSTEM):
            raise
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "no space left" in text:
            raise DiskFull from error
        raise StoreError(not_writable, retryable=True) from error
