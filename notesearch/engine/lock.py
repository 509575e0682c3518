"""The lock of a data folder: it says which process owns the folder, and where that process listens for
others. The kernel releases it when the process ends.

The lock is on a file in the folder. Where the system can, the folder itself is locked too, so that an owner
still holds it when its lock file is removed. Where the file system has no such locks, a file that only one
process can create stands for one (LockFile).
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from notesearch.config.paths import LOCK
from notesearch.errors import DataFolderHeld, StoreError

log = logging.getLogger(__name__)

# The errors by which a system says that another process holds a lock. Any other one says that it has none.
HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
LOCK_FILE = "owner.pid"
# Seconds after which a lock file without content was left behind by a process that ended while it wrote it.
EMPTY_FOR = 30.0
# Seconds by which two readings of the start of a process may differ.
SAME_START = 2.0


class _NoLocks(OSError):
    """The file system has no locks."""


class DataFolderLock:
    """The lock of a data folder, held from construction to `close`. Raises DataFolderHeld where another
    process has it, StoreError where the folder cannot be written or the file system has no locks at all."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._address = b""
        self._folder: int | None = None
        self._file: BinaryIO | None = None
        self._stand_in: LockFile | None = None
        try:
            self._take()
        except BaseException:
            self.close()
            raise
        self.announce(b"")

    def _take(self) -> None:
        try:
            self._file = _lock(self._data_dir / LOCK)
        except _NoLocks as error:
            _require_database_locks(self._data_dir / LOCK)
            log.info("the data folder has no locks (%s): a file stands for one", error.strerror)
            self._stand_in = LockFile(self._data_dir)
            self._file = _opened(self._data_dir / LOCK)
            return
        if self._file is None:
            raise DataFolderHeld
        # Another process may own the folder, though its lock file was removed.
        self._folder, free = _lock_folder(self._data_dir)
        if not free:
            raise DataFolderHeld("data-folder-held.lock-removed")

    @property
    def by_file(self) -> bool:
        """Whether a file stands for the lock, since the file system has none."""
        return self._stand_in is not None

    def announce(self, address: bytes) -> None:
        """Write the address at which the owner listens into the lock file (b"" until it listens). The first
        byte stays as it is: Windows locks that one."""
        self._address = address
        if self._file is not None:
            self._file.seek(1)
            self._file.truncate(1)
            self._file.write(f"{os.getpid()}\n".encode("ascii") + address)
            self._file.flush()

    def renew(self) -> bool:
        """Make the lock file again where it was removed. Returns whether the data folder is still there."""
        if self._file is None:
            return True
        if _is_at(self._file, self._data_dir / LOCK):
            return True
        if not self._data_dir.is_dir():
            return False
        with contextlib.suppress(OSError, StoreError):
            fresh = _lock(self._data_dir / LOCK) if not self.by_file else _opened(self._data_dir / LOCK)
            if fresh is not None:
                self._file.close()
                self._file = fresh
                self.announce(self._address)
                log.warning("the lock file was removed, and was made again")
        return True

    def close(self) -> None:
        """Release the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None
        if self._stand_in is not None:
            self._stand_in.close()
            self._stand_in = None


class LockFile:
    """A file that stands for a lock, held from construction to `close`: only one process can create it. It
    names the process that did; where that is not alive any more, the file counts for nothing. Raises
    DataFolderHeld."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LOCK_FILE
        self._own = _this_process()
        while not self._created():
            holder = _holder(self._path)
            if holder is not None:
                raise _held_by(holder, self._path)
            self._path.unlink(missing_ok=True)

    def _created(self) -> bool:
        """Create the file with its content, unless there is one."""
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{LOCK_FILE}.")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump(self._own, file)
            os.link(name, self._path)
        except FileExistsError:
            return False
        except OSError:
            # No file of this file system has two names.
            return self._created_by_name()
        finally:
            os.unlink(name)
        return True

    def _created_by_name(self) -> bool:
        try:
            with open(self._path, "x", encoding="ascii") as file:
                json.dump(self._own, file)
        except FileExistsError:
            return False
        return True

    def close(self) -> None:
        """Remove the file, where it is still this one."""
        if _content(self._path) == self._own:
            self._path.unlink(missing_ok=True)

    @staticmethod
    def stands_in(data_dir: Path) -> bool:
        """Whether a file stands for the lock here, or did."""
        return os.path.exists(data_dir / LOCK_FILE)


def _this_process() -> dict[str, Any]:
    import psutil

    return {"host": platform.node(), "process": os.getpid(), "started": psutil.Process().create_time()}


def _content(path: Path) -> Mapping[str, Any] | None:
    """What a lock file says; None where it says nothing."""
    try:
        said = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    kinds = {"host": str, "process": int, "started": float}
    if not isinstance(said, dict) or any(type(said.get(name)) is not kind for name, kind in kinds.items()):
        return None
    return said


def _holder(path: Path) -> Mapping[str, Any] | None:
    """What a lock file says of its process, as far as that may be alive; None where it is not."""
    import psutil

    said = _content(path)
    if said is None:
        try:
            written = path.stat().st_mtime
        except OSError:
            return None
        return {} if time.time() - written < EMPTY_FOR else None
    if said["host"] != platform.node():
        return said  # whether it is alive cannot be seen from here
    try:
        started = psutil.Process(said["process"]).create_time()
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return said
    return said if abs(started - said["started"]) < SAME_START else None


def _held_by(holder: Mapping[str, Any], path: Path) -> DataFolderHeld:
    if holder and holder["host"] != platform.node():
        return DataFolderHeld(
            "data-folder-held.elsewhere", host=holder["host"], process=holder["process"], file=str(path)
        )
    return DataFolderHeld()


def by_file(data_dir: Path) -> StoreError:
    """That a file stands for the lock of this data folder, to be told to the user."""
    return StoreError("store.lock-by-file", file=str(data_dir / LOCK_FILE))


def owner_pid(data_dir: Path) -> int | None:
    """The process number of the owner of the data folder, as it stands in the lock file; None where there is
    no owner, 0 where its lock file was removed. Changes nothing."""
    path = data_dir / LOCK
    with contextlib.suppress(OSError, ValueError, StoreError):
        if os.path.exists(path):
            try:
                probe = _lock(path)
            except _NoLocks:
                holder = _holder(data_dir / LOCK_FILE)
                return int(holder.get("process", 0)) if holder is not None else None
            if probe is None:
                return int(written(data_dir)[0])
            probe.close()
        folder, free = _lock_folder(data_dir)
        if folder is not None:
            os.close(folder)
        if not free:
            return 0
    return None


def written(data_dir: Path) -> list[bytes]:
    """The content of the lock file: the owner's process number and the address at which it listens. The
    address is read from here, since it depends on the environment of the owner."""
    with open(data_dir / LOCK, "rb", buffering=0) as file:
        file.seek(1)
        return file.read().split(b"\n", 1)


def _opened(path: Path) -> BinaryIO:
    try:
        return open(path, "r+b" if path.exists() else "w+b")
    except OSError as error:
        raise StoreError("store.folder-not-writable") from error


def _lock(path: Path) -> BinaryIO | None:
    """Take an exclusive lock that the kernel holds as long as the file is open. There are no stale locks, and
    no process number is mistaken for another process. None where another process has it. Raises _NoLocks
    where the file system has none."""
    while True:
        file = _opened(path)
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            if error.errno in HELD:
                return None
            raise _NoLocks(error.errno, error.strerror) from error
        # Between the two steps another process may have removed the file.
        if _is_at(file, path):
            return file
        file.close()


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Whether the open file is the one at `path`."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except OSError:
        return False


def _lock_folder(data_dir: Path) -> tuple[int | None, bool]:
    """Lock the folder itself, where the system can: (the descriptor that holds it, whether it was free)."""
    if os.name == "nt":
        return None, True
    import fcntl

    descriptor = os.open(data_dir, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        return None, error.errno not in HELD
    return descriptor, True


def _require_database_locks(path: Path) -> None:
    """Raise StoreError where the file system has not even the locks of single bytes that the database needs:
    no file can stand for those."""
    if os.name == "nt":
        return
    import fcntl

    with _opened(path) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError("store.no-locks", reason=error.strerror or "") from error
