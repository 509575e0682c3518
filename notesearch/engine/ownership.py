"""Who owns a data folder: a kernel lock that dies with the process, and a socket on which the owner takes requests from other processes.

Requests and answers are JSON lines of our own, for the same user only. Nothing here knows what the requests mean.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from notesearch.errors import DataFolderHeld, NotesearchError, StoreError

log = logging.getLogger(__name__)

Request = dict[str, Any]
# Gives the answers to one request, the last one being the result. NotesearchErrors become an answer.
Handler = Callable[[Request], Iterator[dict[str, Any]]]


class Ownership:
    """Holds the lock of a data folder from construction to `close`. Raises DataFolderHeld where another process has it."""

    def __init__(self, data_dir: Path) -> None:
        self._file: BinaryIO | None = _lock(data_dir / "owner.lock")
        if self._file is None:
            raise DataFolderHeld
        self._file.seek(1)
        self._file.truncate(1)
        self._file.write(f"{os.getpid()}\n".encode("ascii") + os.fsencode(socket_path(data_dir)))
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def owner_pid(data_dir: Path) -> int | None:
    """The process that owns the data folder, as it wrote it down; None where nobody does."""
    probe = _lock(data_dir / "owner.lock")
    if probe is not None:
        probe.close()
        return None
    with contextlib.suppress(OSError, ValueError):
        return int(_written(data_dir)[0])
    return None


def _written(data_dir: Path) -> list[bytes]:
    """What the owner wrote into the lock file: its process number, and where it listens (another user environment may say otherwise)."""
    return (data_dir / "owner.lock").read_bytes()[1:].split(b"\n", 1)


def _lock(path: Path) -> BinaryIO | None:
    """An exclusive lock held by the kernel for as long as the file is open: no stale locks, no process numbers used twice."""
    try:
        file = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115
    except OSError as error:
        raise DataFolderHeld("The data folder cannot be written", hint="Choose another one with --data-dir.") from error
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


def socket_path(data_dir: Path) -> Path:
    """Where the owner of this data folder listens: in a folder that only the user may enter, with a name short enough for any system."""
    name = f"notesearch-{hashlib.sha256(os.fsencode(data_dir.absolute())).hexdigest()[:16]}.sock"
    user = os.getuid() if hasattr(os, "getuid") else 0
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and _is_private(Path(runtime)) and _fits(Path(runtime) / name):
        return Path(runtime) / name
    for parent in (tempfile.gettempdir(), "/tmp"):
        folder = Path(parent) / f"notesearch-{user}"
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_private(folder) and _fits(folder / name):
                return folder / name
    return data_dir / name


def _fits(path: Path) -> bool:
    """A socket's name may have 104 bytes on macOS, 108 on Linux, its end included."""
    return len(os.fsencode(path)) < 104


def _is_private(folder: Path) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077)


class Listener:
    """The owner's end: a thread that accepts, and one per request, so that a long `index` does not hold up a `status`."""

    def __init__(self, data_dir: Path, handler: Handler) -> None:
        self._handler = handler
        self._path = socket_path(data_dir)
        self._stop = threading.Event()
        # The lock is ours, so a socket that is still there belongs to nobody.
        self._path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX if hasattr(socket, "AF_UNIX") else socket.AF_INET)
        try:
            self._server.bind(str(self._path))
            self._path.chmod(0o600)
            self._server.listen(8)
        except OSError as error:
            self._server.close()
            raise StoreError("Notesearch cannot listen for its other windows", hint=f"{error.strerror}.", retryable=True) from error
        self._thread = threading.Thread(target=self._accept, name="requests", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._path.unlink(missing_ok=True)
        self._thread.join(2)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), name="request", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError, RecursionError):
            with connection.makefile("rb") as lines:
                request = json.loads(lines.readline(1 << 20))
            if not isinstance(request, dict):
                return
            try:
                for answer in self._handler(request):
                    connection.sendall(json.dumps(answer).encode() + b"\n")
            except NotesearchError as error:
                connection.sendall(json.dumps({"error": [error.title, error.hint, error.retryable]}).encode() + b"\n")


def owner_socket(data_dir: Path) -> Path:
    """Where the present owner listens, or where one would."""
    with contextlib.suppress(OSError, IndexError):
        if written := _written(data_dir)[1]:
            return Path(os.fsdecode(written))
    return socket_path(data_dir)


def ask(data_dir: Path, request: Request, *, timeout: float | None = None) -> Iterator[dict[str, Any]]:
    """Hand a request to the owner and give its answers as they come. Raises DataFolderHeld where it does not answer, and the
    NotesearchError it answered with."""
    connection = socket.socket(socket.AF_UNIX if hasattr(socket, "AF_UNIX") else socket.AF_INET)
    with connection:
        connection.settimeout(5)
        try:
            connection.connect(str(owner_socket(data_dir)))
        except OSError as error:
            raise DataFolderHeld(f"Another Notesearch (process {owner_pid(data_dir)}) is using this data folder") from error
        connection.sendall(json.dumps(request).encode() + b"\n")
        connection.settimeout(timeout)
        with connection.makefile("rb") as lines:
            for line in lines:
                answer = json.loads(line)
                if "error" in answer:
                    title, hint, retryable = answer["error"]
                    raise NotesearchError(title, hint=hint, retryable=retryable)
                yield answer
