"""Room on the disk that is held for the answers of a provider: what is paid for can be stored, also where the
disk becomes full, a quota or a limit is reached, or no file can be made any more."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from notesearch.errors import DiskFull

if sys.platform != "win32":
    import resource

log = logging.getLogger(__name__)

FILE = "room-"
# Bytes that must be free before anything is tried again after the disk was full.
LEAST = 4_000_000
_AT_ONCE = 1_000_000


class HeldRoom:
    """Files of a data folder that take up room until it is needed, one for each fingerprint. Any thread.

    `growing` gives the size of the largest file that grows, for the system's limit of a file's size. What a
    killed program left is dropped at the start.
    """

    def __init__(self, folder: Path, growing: Callable[[], int]) -> None:
        self._folder = folder
        self._growing = growing
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._wanted = LEAST

    def tidy(self) -> None:
        """Drop what a killed program held."""
        with self._lock:
            for file in self._folder.glob(f"{FILE}*"):
                if file.name.removeprefix(FILE) not in self._held:
                    self._drop(file)

    def hold(self, name: str, size: int) -> None:
        """Take up `size` bytes under a name. Raises DiskFull where they are not there; then nothing is
        held."""
        with self._lock:
            self._wanted = max(LEAST, size)
            self._take(self._folder / f"{FILE}{name}", size)
            self._held.add(name)

    def holds(self, name: str) -> bool:
        """Whether the room is still held."""
        return name in self._held

    def give(self, name: str) -> bool:
        """Give the room back, so that it can be written to. Returns whether any was held."""
        with self._lock:
            if name not in self._held:
                return False
            self._held.discard(name)
            self._drop(self._folder / f"{FILE}{name}")
            return True

    def is_there(self) -> bool:
        """Whether the room that was wanted last is there by now."""
        with self._lock:
            file = self._folder / f"{FILE}again"
            try:
                self._take(file, self._wanted)
            except DiskFull:
                return False
            self._drop(file)
            return True

    def _take(self, file: Path, size: int) -> None:
        self._check_limit(size)
        try:
            with open(file, "wb") as opened:
                _allocate(opened.fileno(), size)
        except OSError as error:
            log.info("there is no room on the disk: errno %s", error.errno)
            self._drop(file)
            raise DiskFull from None

    def _check_limit(self, size: int) -> None:
        if sys.platform != "win32":
            limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
            if limit != resource.RLIM_INFINITY and self._growing() + size > limit:
                raise DiskFull

    @staticmethod
    def _drop(file: Path) -> None:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _allocate(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    while size > 0:
        size -= os.write(descriptor, bytes(min(size, _AT_ONCE)))
    os.fsync(descriptor)
