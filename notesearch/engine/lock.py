"""The lock of a data folder: it says which process owns the folder, and where that process listens for
others. The kernel releases it when the process ends."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from notesearch.config.paths import LOCK
from notesearch.errors import DataFolderHeld, StoreError


class DataFolderLock:
    """The lock of a data folder, held from construction to `close`. Raises DataFolderHeld where another
    process has it, StoreError where the folder cannot be written."""

    def __init__(self, data_dir: Path) -> None:
        self._file: BinaryIO | None = _lock(data_dir / LOCK)
        if self._file is None:
            raise DataFolderHeld
        self.announce(b"")

    def announce(self, address: bytes) -> None:
        """Write the address at which the owner listens into the lock file (b"" until it listens). The first
        byte stays as it is: Windows locks that one."""
        if self._file is not None:
            self._file.seek(1)
            self._file.truncate(1)
            self._file.write(f"{os.getpid()}\n".encode("ascii") + address)
            self._file.flush()

    def close(self) -> None:
        """Release the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


def owner_pid(data_dir: Path) -> int | None:
    """The process number of the owner of the data folder, as it stands in the lock file; None where there is
    no owner."""
    with contextlib.suppress(OSError, ValueError, StoreError):
        probe = _lock(data_dir / LOCK)
        if probe is None:
            return int(written(data_dir)[0])
        probe.close()
    return None


def written(data_dir: Path) -> list[bytes]:
    """The content of the lock file: the owner's process number and the address at which it listens. The
    address is read from here, since it depends on the environment of the owner."""
    with open(data_dir / LOCK, "rb", buffering=0) as file:
        file.seek(1)
        return file.read().split(b"\n", 1)


def _lock(path: Path) -> BinaryIO | None:
    """Take an exclusive lock that the kernel holds as long as the file is open. There are no stale locks, and
    no process number is mistaken for another process. None where another process has it."""
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
