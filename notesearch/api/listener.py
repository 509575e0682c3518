"""The socket on which the owner of a data folder takes requests of other processes, and the client for it.

Requests and answers are lines of JSON, for processes of the same user only. Where the system has no sockets
in the file system, the owner listens on the loopback interface; a request then carries the token that the
owner wrote into the lock file. This module does not know what the requests mean.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import stat
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from notesearch.api import wire
from notesearch.engine.lock import owner_pid, written
from notesearch.errors import DataFolderHeld, NotesearchError, OwnerFailed, StoreError

log = logging.getLogger(__name__)

Request = dict[str, Any]
# Gives the answers to one request; the last one is the result. A NotesearchError becomes an answer.
Handler = Callable[[Request], Iterator[dict[str, Any]]]


# Seconds that one side waits for the other to send or to take something.
PATIENCE = 10.0
# How many other processes are served at once, and how many more wait to be accepted. Where there are too
# many, the one that was silent longest is dropped.
MOST, BACKLOG = 64, 128
# The largest request in bytes.
LONGEST = 1 << 20
# Seconds until the next attempt where the system has no file or memory for another connection.
ACCEPT_AGAIN = 0.2
LOOPBACK = "127.0.0.1"


def socket_path(data_dir: Path) -> Path:
    """The path of the socket on which the owner of this data folder listens. It is in a folder that only the
    user may enter, and short enough for any system."""
    folder_name = os.fsencode(data_dir.absolute())
    # Two checksums tell data folders apart as well as a digest, and take less time to import at the window's
    # start.
    name = f"notesearch-{zlib.crc32(folder_name):08x}{zlib.adler32(folder_name):08x}.sock"
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
    """Whether the path is short enough: a socket's name may have 104 bytes on macOS and 108 on Linux, its end
    included."""
    return len(os.fsencode(path)) < 104


def _is_private(folder: Path) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or (
        status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077
    )


def has_unix_sockets() -> bool:
    """Whether sockets can stand in the file system, where permissions guard them (not so in Python on
    Windows)."""
    return hasattr(socket, "AF_UNIX")


class _Gone(OSError):
    """The other process does not listen any more."""


class Listener:
    """The owner's side of the socket: one thread accepts connections, and each request has a thread of its
    own, so that a long `index` does not delay a `status`. At most MOST are served at once. One that sends no
    request is dropped after PATIENCE, or earlier where others want its place.

    `address` is for `DataFolderLock.announce`. Raises StoreError where it cannot listen.
    """

    def __init__(self, data_dir: Path, handler: Handler) -> None:
        self._handler = handler
        self._stop = threading.Event()
        self._requests: set[threading.Thread] = set()
        # Connections from which no whole request came yet, the oldest first.
        self._silent: dict[socket.socket, None] = {}
        self._lock = threading.Lock()
        self._path = socket_path(data_dir) if has_unix_sockets() else None
        self._token = "" if self._path is not None else os.urandom(16).hex()
        self._server = socket.socket(socket.AF_UNIX if self._path is not None else socket.AF_INET)
        try:
            self.address = self._bind()
            self._server.listen(BACKLOG)
        except OSError as error:
            self._server.close()
            raise StoreError("store.cannot-listen", retryable=True, reason=error.strerror or "") from error
        self._thread = threading.Thread(target=self._accept, name="requests", daemon=True)
        self._thread.start()

    def _bind(self) -> bytes:
        if self._path is None:
            self._server.bind((LOOPBACK, 0))
            return f"tcp:{self._server.getsockname()[1]}:{self._token}".encode("ascii")
        # This process holds the lock of the data folder, so a socket that is still there has no owner.
        self._path.unlink(missing_ok=True)
        self._server.bind(str(self._path))
        self._path.chmod(0o600)
        return os.fsencode(self._path)

    def close(self) -> None:
        """Take no more requests. Those under way go on; `drain` waits for them."""
        self._stop.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
        self._thread.join(2)

    def drain(self, seconds: float) -> None:
        """Wait until the requests under way have been answered, for at most `seconds`."""
        until = time.monotonic() + seconds
        for thread in tuple(self._requests):
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError as error:
                if not self._stop.is_set():
                    # Too many files are open, perhaps those of clients that go soon.
                    log.warning("no connection could be accepted: %s", error.strerror)
                    self._drop_silent()
                    self._stop.wait(ACCEPT_AGAIN)
                continue
            if len(self._requests) >= MOST and not self._drop_silent():
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(ACCEPT_AGAIN)
                    # Where a request is left unread, its sender does not get the answer.
                    connection.recv(1 << 16)
                    self._send(connection, {"error": wire.error_to_json(_BUSY)})
                continue
            with self._lock:
                self._silent[connection] = None
            thread = threading.Thread(target=self._serve, args=(connection,), name="request", daemon=True)
            self._requests.add(thread)
            try:
                thread.start()
            except RuntimeError:
                log.warning("no thread could be started for a request")
                self._requests.discard(thread)
                self._heard(connection)
                connection.close()

    def _drop_silent(self) -> bool:
        """Drop the connection that was silent longest, to have room for another one. Returns whether there
        was one."""
        with self._lock:
            connection = next(iter(self._silent), None)
            if connection is None:
                return False
            del self._silent[connection]
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        return True

    def _heard(self, connection: socket.socket) -> None:
        with self._lock:
            self._silent.pop(connection, None)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                request = self._received(connection)
                self._heard(connection)
                connection.settimeout(PATIENCE)
                if request is not None:
                    self._answer(connection, request)
        finally:
            self._heard(connection)
            self._requests.discard(threading.current_thread())

    def _received(self, connection: socket.socket) -> Request | None:
        """Read the request, within PATIENCE in all. {} where it is no JSON object; None where there is none,
        or the token is wrong. Raises OSError."""
        until = time.monotonic() + PATIENCE
        line = b""
        while not line.endswith(b"\n") and len(line) <= LONGEST:
            connection.settimeout(max(0.01, until - time.monotonic()))
            part = connection.recv(1 << 16)
            if not part:
                break
            line += part
        if not line.strip():
            return None
        try:
            request = json.loads(line) if len(line) <= LONGEST else None
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return None if self._token else {}
        if self._token and str(request.pop("token", "")) != self._token:
            return None
        return request

    @staticmethod
    def _send(connection: socket.socket, answer: dict[str, Any]) -> None:
        try:
            connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError as error:
            raise _Gone from error

    def _answer(self, connection: socket.socket, request: Request) -> None:
        try:
            for answer in self._handler(request):
                self._send(connection, answer)
        except NotesearchError as error:
            self._send(connection, {"error": wire.error_to_json(error)})
        except _Gone:
            raise
        except Exception:
            log.exception("a bug stopped the answer to a request")
            self._send(connection, {"error": wire.error_to_json(OwnerFailed("owner-failed.bug"))})


_BUSY = DataFolderHeld("data-folder-held.busy")


def owner_address(data_dir: Path) -> bytes:
    """The address on which the present owner listens, or on which an owner would listen."""
    with contextlib.suppress(OSError, IndexError):
        if address := written(data_dir)[1]:
            return address
    return os.fsencode(socket_path(data_dir))


def _connected(data_dir: Path) -> tuple[socket.socket, str]:
    """Connect to the owner. Returns the connection and the token for it ("" where none is needed). Raises
    OSError or ValueError."""
    address = owner_address(data_dir)
    over_network = address.startswith(b"tcp:")
    connection = socket.socket(socket.AF_INET if over_network else socket.AF_UNIX)
    try:
        connection.settimeout(PATIENCE / 2)
        if over_network:
            _, port, token = address.decode("ascii").split(":")
            connection.connect((LOOPBACK, int(port)))
            return connection, token
        _connect(connection, os.fsdecode(address))
    except BaseException:
        connection.close()
        raise
    return connection, ""


def _connect(connection: socket.socket, address: str) -> None:
    """Connect to a socket in the file system. Where its queue is full, the system does not wait, so this
    does."""
    until = time.monotonic() + PATIENCE / 2
    while True:
        try:
            connection.connect(address)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(ACCEPT_AGAIN / 4)


def ask(data_dir: Path, request: Request, *, timeout: float | None = None) -> Iterator[dict[str, Any]]:
    """Send a request to the owner and give its answers as they come. Waits at most `timeout` seconds for
    each.

    Raises DataFolderHeld where the owner does not answer (in time: "data-folder-held.hangs") or stops in the
    middle, and the NotesearchError that the owner answered with.
    """
    # A system without sockets in the file system, and an owner that has not written its address yet, raise
    # AttributeError.
    try:
        connection, token = _connected(data_dir)
    except (OSError, ValueError, AttributeError) as error:
        raise _held(data_dir, error) from error
    with connection, connection.makefile("rb") as lines:
        try:
            connection.sendall(json.dumps({**request, "token": token} if token else request).encode() + b"\n")
            connection.settimeout(timeout)
        except OSError as error:
            raise _held(data_dir, error) from error
        while (answer := _next_answer(data_dir, lines)) is not None:
            if "error" in answer:
                raise wire.error_from_json(answer["error"])
            yield answer


def _next_answer(data_dir: Path, lines: BinaryIO) -> dict[str, Any] | None:
    """The next answer; None after the last."""
    try:
        line = lines.readline()
        answer = json.loads(line) if line else None
    except (OSError, ValueError) as error:
        raise _held(data_dir, error) from error
    if answer is not None and not isinstance(answer, dict):
        raise _held(data_dir)
    return answer


def _held(data_dir: Path, error: Exception | None = None) -> DataFolderHeld:
    """Why the owner did not answer: it hangs, it does not listen, or it is not there any more."""
    pid = owner_pid(data_dir)
    if pid == 0:
        return DataFolderHeld("data-folder-held.lock-removed")
    if pid is None:
        return DataFolderHeld()
    # A connection that is not accepted: the owner's queue is full.
    if isinstance(error, TimeoutError | BlockingIOError):
        return DataFolderHeld("data-folder-held.hangs", process=pid)
    return DataFolderHeld("data-folder-held.silent", process=pid)
