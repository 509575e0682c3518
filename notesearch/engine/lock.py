"""Who owns a data folder: a kernel lock that dies with its process, and where that process listens for
others."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from notesearch.config.paths import LOCK
from notesearch.errors import DataFolderHeld, StoreError


class DataFolderLock:
    """Holds the lock of a data folder from construction to `close`. Raises DataFolderHeld where another
    process has it, StoreError where the folder cannot be written."""

    def __init__(self, data_dir: Path) -> None:
        self._file: BinaryIO | None = _lock(data_dir / LOCK)
        if self._file is None:
            raise DataFolderHeld
        self.announce(b"")

    def announce(self, address: bytes) -> None:
        """Write down where the owner listens (b"" until it does). The first byte is left alone: it is what
        Windows locks."""
        if self._file is not None:
            self._file.seek(1)
            self._file.truncate(1)
            self._file.write(f"{os.getpid()}\n".encode("ascii") + address)
            self._file.flush()

    def close(self) -> None:
        """Give the data folder to whoever comes next."""
        if self._file is not None:
            self._file.close()
            self._file = None


def owner_pid(data_dir: Path) -> int | None:
    """The process that owns the data folder, as it wrote it down; None where nobody does."""
    with contextlib.suppress(OSError, ValueError, StoreError):
        probe = _lock(data_dir / LOCK)
        if probe is None:
            return int(written(data_dir)[0])
        probe.close()
    return None


def written(data_dir: Path) -> list[bytes]:
    """What the owner wrote into the lock file: its process number, and where it listens (another user
    environment may say otherwise)."""
    with open(data_dir / LOCK, "rb", buffering=0) as file:
        file.seek(1)
        return file.read().split(b"\n", 1)


def _lock(path: Path) -> BinaryIO | None:
    """An exclusive lock held by the kernel for as long as the file is open: no stale locks, no process
    numbers used twice. None where another process has it."""
    try:
        file = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115
    except OSError as error:
        raise StoreError("store.folder-not-writable") from error
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
