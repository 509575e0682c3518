"""What an index copy was saved at, and the one decision on opening it: up to date, replay from N, or rebuild
with a reason."""

from __future__ import annotations

import contextlib
import errno
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from notesearch.config.paths import write_atomic
from notesearch.errors import DiskFull, StoreError


@dataclass(frozen=True, slots=True)
class UpToDate:
    """The copy has everything."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Changes after position `since` are missing."""

    since: int


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The copy is of no use; `reason` is for the log and for `doctor`."""

    reason: str


NEVER_SAVED = "no saved position"
Plan = UpToDate | Replay | Rebuild


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedAt:
    """Kept beside an index copy. `instance` names the store it copies, `version` its own layout, `count` the
    entries it holds."""

    version: int
    instance: str
    position: int
    count: int

    @classmethod
    def load(cls, path: Path) -> SavedAt | None:
        """None where there is no readable file."""
        try:
            return cls(**json.loads(path.read_text(encoding="ascii")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        write_atomic(path, json.dumps(asdict(self)).encode("ascii"))


def plan(
    saved: SavedAt | None, *, version: int, instance: str, position: int, count: int | None = None
) -> Plan:
    """Compare a copy with its store. `position`: the store's newest; `count`: entries really found in the
    copy, where it can tell."""
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


# How the libraries speak of the disk; a writer of tantivy that met such an error in a thread of its own was
# "killed".
_SYSTEM = ("io error", "ioerror", "os error", "no space left", "cannot open file", "killed")


@contextlib.contextmanager
def saving(not_writable: str) -> Iterator[None]:
    """What goes wrong when a copy is written, as DiskFull or StoreError (with the code
    `not_writable`) to be retried. tantivy and hnswlib
    pass the system's errors on as ValueError and RuntimeError with a text; one that speaks of something else
    is a bug and stays as it is."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        text = str(error).lower()
        if not isinstance(error, OSError) and not any(sign in text for sign in _SYSTEM):
            raise
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "no space left" in text:
            raise DiskFull from error
        raise StoreError(not_writable, retryable=True) from error
