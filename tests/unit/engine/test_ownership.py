"""One owner for a data folder: a lock that dies with its process, and a socket for the same user alone."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch.api import listener, operations
from notesearch.api.listener import Listener, ask, owner_address, socket_path
from notesearch.api.sessions import HandedOver
from notesearch.config.paths import LOCK
from notesearch.engine.lock import LOCK_FILE, DataFolderLock, owner_pid
from notesearch.errors import DataFolderHeld, FolderMissing, NotesearchError, StoreError
from tests.conftest import wait_until

ROOT = Path(__file__).resolve().parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and sockets")
HOLD = """
import sys
from pathlib import Path
from notesearch.engine.lock import DataFolderLock
owned = DataFolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    assert owner_pid(tmp_path) is None
    first = DataFolderLock(tmp_path)
    assert owner_pid(tmp_path) == os.getpid()
    with pytest.raises(DataFolderHeld):
        DataFolderLock(tmp_path)
    first.close()
    first.close()
    assert owner_pid(tmp_path) is None
    DataFolderLock(tmp_path).close()


def test_another_process(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(DataFolderHeld):
        DataFolderLock(tmp_path)
    assert owner_pid(tmp_path) == holder.pid


@posix
def test_a_killed_owner_leaves_nothing_behind(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    DataFolderLock(tmp_path).close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as refused:
        DataFolderLock(tmp_path / "nowhere")
    assert refused.value.code == "store.folder-not-writable"


Listen = Callable[[Callable[[dict[str, Any]], Iterator[dict[str, Any]]]], Listener]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    listeners: list[Listener] = []

    def start(handler: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]) -> Listener:
        listeners.append(Listener(tmp_path, handler))
        return listeners[-1]

    yield start
    for made in listeners:
        made.close()


def count(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for i in range(request["to"]):
        yield {"number": i, "text": "知识"}


def test_answers_as_they_come(tmp_path: Path, listen: Listen) -> None:
    listen(count)
    assert [a["number"] for a in ask(tmp_path, {"to": 3})] == [0, 1, 2]
    assert list(ask(tmp_path, {"to": 0})) == []


def test_errors_are_handed_on(tmp_path: Path, listen: Listen) -> None:
    def fail(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        raise FolderMissing("folder-missing.named", folder="/知识")
        yield {}

    listen(fail)
    with pytest.raises(FolderMissing) as failed:
        list(ask(tmp_path, {}))
    assert (failed.value.code, failed.value.params) == ("folder-missing.named", {"folder": "/知识"})
    assert failed.value.retryable


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(DataFolderHeld):
        next(ask(tmp_path, {}))


@posix
def test_the_socket_is_private_and_goes_with_its_owner(tmp_path: Path, listen: Listen) -> None:
    path = socket_path(tmp_path)
    path.write_text("left behind by a crash")
    listener = listen(count)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    assert path.parent.stat().st_uid == os.getuid()
    listener.close()
    assert not path.exists()


@posix
@pytest.mark.parametrize(
    "sent", [b"", b"not json\n", b"[]\n", b"null\n", b"\xff\n", b"{", b"[" * 100_000 + b"\n"]
)
def test_nonsense_does_not_end_the_listener(tmp_path: Path, listen: Listen, sent: bytes) -> None:
    listen(count)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(socket_path(tmp_path)))
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(10)
        client.recv(100)
    assert len(list(ask(tmp_path, {"to": 2}))) == 2


@posix
def test_a_client_that_leaves_ends_nothing(tmp_path: Path, listen: Listen) -> None:
    ended: list[bool] = []

    def slow(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        try:
            yield from count({"to": request.get("to", 100_000)})
        finally:
            ended.append(True)

    listen(slow)
    first = ask(tmp_path, {})
    next(first)
    first.close()  # type: ignore[attr-defined]
    wait_until(lambda: ended)
    assert len(list(ask(tmp_path, {"to": 2}))) == 2


@posix
def test_a_runtime_folder_with_a_very_long_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: Listen
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    listen(count)
    assert len(list(ask(tmp_path, {"to": 2}))) == 2


@posix
def test_a_runtime_folder_that_others_may_enter_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A socket's name is short: the folders of tests may be too deep.
    with tempfile.TemporaryDirectory(prefix="ns-") as name:
        runtime = Path(name)
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        runtime.chmod(0o755)
        assert socket_path(tmp_path).parent != runtime
        runtime.chmod(0o700)
        assert socket_path(tmp_path).parent == runtime


def answers_with(raw: bytes, data_dir: Path) -> socket.socket:
    """An owner's end that accepts one request at most and says `raw`."""
    server = socket.socket(socket.AF_UNIX)
    path = socket_path(data_dir)
    path.unlink(missing_ok=True)
    server.bind(str(path))
    server.listen(1)
    if raw:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(raw)

        threading.Thread(target=serve, daemon=True).start()
    return server


@posix
@pytest.mark.parametrize("raw", [b'{"sta', b"not json\n", b"[]\n", b"\xff\n"])
def test_an_owner_that_dies_in_the_middle(tmp_path: Path, raw: bytes) -> None:
    with answers_with(raw, tmp_path), pytest.raises(DataFolderHeld):
        list(ask(tmp_path, {"request": "status"}, timeout=100))


@posix
def test_an_owner_that_does_not_answer(tmp_path: Path) -> None:
    owned = DataFolderLock(tmp_path)
    with (
        answers_with(b"", tmp_path),
        pytest.raises(DataFolderHeld, match=f"data-folder-held.hangs process={os.getpid()}"),
    ):
        next(ask(tmp_path, {"request": "status"}, timeout=0.05))
    owned.close()


def test_a_bug_in_an_answer_is_told_and_ends_nothing(tmp_path: Path, listen: Listen) -> None:
    listen(count)
    with pytest.raises(NotesearchError, match=r"owner-failed\.bug"):
        list(ask(tmp_path, {"to": "three"}))
    assert len(list(ask(tmp_path, {"to": 2}))) == 2


def test_draining_waits_for_answers_under_way(tmp_path: Path, listen: Listen) -> None:
    go, draining = threading.Event(), threading.Event()

    def slow(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"number": 1}
        go.wait(100)
        yield {"number": 2}

    listener = listen(slow)
    answers = ask(tmp_path, {}, timeout=100)
    assert next(answers) == {"number": 1}
    listener.close()

    def drain() -> None:
        listener.drain(20)
        draining.set()

    threading.Thread(target=drain, daemon=True).start()
    assert not draining.is_set()
    go.set()
    assert list(answers) == [{"number": 2}]
    assert draining.wait(100)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(StoreError, match=r"store\.folder-not-writable"):
        DataFolderLock(tmp_path)
    assert owner_pid(tmp_path) is None


@pytest.fixture
def no_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr(listener, "has_unix_sockets", lambda: False)


@pytest.mark.usefixtures("no_unix_sockets")
def test_over_the_loopback_interface_with_the_token_of_the_lock_file(tmp_path: Path, listen: Listen) -> None:
    owned = DataFolderLock(tmp_path)
    owned.announce(listen(count).address)
    assert owner_pid(tmp_path) == os.getpid()
    assert len(list(ask(tmp_path, {"to": 2}, timeout=100))) == 2
    address, port, _ = owner_address(tmp_path).split(b":")
    for wrong in (b":".join((address, port, b"0" * 32)), b":".join((address, port, b""))):
        owned.announce(wrong)
        assert list(ask(tmp_path, {"to": 2}, timeout=100)) == []
    owned.announce(b"tcp:nonsense")
    with pytest.raises(DataFolderHeld):
        list(ask(tmp_path, {"to": 2}))
    owned.close()


# An owner that does not answer, and a lock that is not what it should be

OWN = """
import sys, threading
from pathlib import Path
from notesearch.api.sessions import Owner
if len(sys.argv) > 2:
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]),) * 2)
owner = Owner(Path(sys.argv[1]), watch=False, embed=False)
print("owns", flush=True)
sys.stdin.read()
owner.close()
"""


@contextlib.contextmanager
def owning(data_dir: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Another process with an engine, which takes requests."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWN, str(data_dir), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "owns\n"
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()


@posix
def test_a_stopped_owner_is_told_and_answers_again_when_it_goes_on(tmp_path: Path) -> None:
    with owning(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(DataFolderHeld) as hangs:
            HandedOver(tmp_path, timeout=1).call(operations.list_folders)
        assert (hangs.value.code, hangs.value.params) == (
            "data-folder-held.hangs",
            {"process": process.pid},
        )
        process.send_signal(signal.SIGCONT)
        assert HandedOver(tmp_path, timeout=100).call(operations.list_folders) == ()


@posix
def test_a_stopped_owner_that_accepts_nobody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "PATIENCE", 1.0)
    with owning(tmp_path) as process, contextlib.ExitStack() as closing:
        process.send_signal(signal.SIGSTOP)
        address = os.fsdecode(owner_address(tmp_path))
        with contextlib.suppress(BlockingIOError):
            for _ in range(2 * listener.BACKLOG):
                waiting = closing.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(address)
        with pytest.raises(DataFolderHeld) as hangs:
            HandedOver(tmp_path, timeout=1).call(operations.list_folders)
        assert hangs.value.code == "data-folder-held.hangs"


@posix
@pytest.mark.parametrize("files", ["100", "4096"])
def test_many_idle_clients_keep_nobody_from_an_answer(tmp_path: Path, files: str) -> None:
    """With room for 100 open files the owner cannot even accept them all."""
    with owning(tmp_path, files), contextlib.ExitStack() as closing:
        address = os.fsdecode(owner_address(tmp_path))
        for _ in range(400):
            idle = closing.enter_context(socket.socket(socket.AF_UNIX))
            idle.connect(address)
        assert HandedOver(tmp_path, timeout=100).call(operations.list_folders) == ()
        closing.close()
        assert HandedOver(tmp_path, timeout=100).call(operations.list_folders) == ()


def test_no_more_are_served_at_once_than_there_is_room_for(tmp_path: Path, listen: Listen) -> None:
    free = threading.Event()

    def slow(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"begun": True}
        free.wait(100)
        yield {"done": True}

    listen(slow)
    asked = [ask(tmp_path, {"n": n}) for n in range(listener.MOST)]
    assert [next(answers) for answers in asked] == [{"begun": True}] * listener.MOST
    with pytest.raises(DataFolderHeld) as busy:
        next(ask(tmp_path, {}))
    assert busy.value.code == "data-folder-held.busy"
    free.set()
    assert [list(answers) for answers in asked] == [[{"done": True}]] * listener.MOST
    wait_until(lambda: not any(thread.name == "request" for thread in threading.enumerate()))
    assert list(ask(tmp_path, {})) == [{"begun": True}, {"done": True}]


def test_a_client_that_sends_a_letter_now_and_then_is_dropped(
    tmp_path: Path, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "PATIENCE", 0.3)
    listen(count)
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(os.fsdecode(owner_address(tmp_path)))
        slow.settimeout(0.05)

        def dropped() -> bool:
            try:
                slow.sendall(b" ")
                return slow.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        wait_until(dropped)


@posix
def test_an_owner_whose_lock_file_was_removed_still_owns(tmp_path: Path) -> None:
    with owning(tmp_path) as process:
        (tmp_path / LOCK).unlink()
        with pytest.raises(DataFolderHeld) as removed:
            DataFolderLock(tmp_path)
        assert removed.value.code == "data-folder-held.lock-removed"
        # Over its socket it is reached all the same.
        assert HandedOver(tmp_path, timeout=100).call(operations.list_folders) == ()
        process.send_signal(signal.SIGKILL)
        process.wait()
        DataFolderLock(tmp_path).close()


def test_asking_for_the_owner_changes_nothing(tmp_path: Path) -> None:
    assert owner_pid(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    owned = DataFolderLock(tmp_path)
    (tmp_path / LOCK).unlink()
    assert owner_pid(tmp_path) == (0 if os.name == "posix" else None)
    assert list(tmp_path.iterdir()) == []
    owned.close()


def test_an_owner_makes_its_lock_file_again(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    owned = DataFolderLock(data_dir)
    owned.announce(b"somewhere")
    assert owned.renew()
    (data_dir / LOCK).unlink()
    assert owned.renew()
    assert owner_pid(data_dir) == os.getpid()
    assert owner_address(data_dir) == b"somewhere"
    data_dir.rename(tmp_path / "elsewhere")
    assert not owned.renew()
    (tmp_path / "elsewhere").rename(data_dir)
    owned.close()
    assert owner_pid(data_dir) is None


# A file system without locks

WITHOUT = (errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)
NO_LOCKS = """
#include <errno.h>
int flock(int descriptor, int operation) { errno = ENOLCK; return -1; }
"""


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The system says that it has no locks for whole files, with this error."""
    fcntl = pytest.importorskip("fcntl")

    def say(number: int) -> None:
        def refused(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", refused)

    return say


@pytest.mark.parametrize("number", WITHOUT)
def test_where_there_are_no_locks_a_file_stands_for_one(
    tmp_path: Path, no_locks: Callable[[int], None], number: int
) -> None:
    no_locks(number)
    first = DataFolderLock(tmp_path)
    assert first.by_file
    assert owner_pid(tmp_path) == os.getpid()
    with pytest.raises(DataFolderHeld) as held:
        DataFolderLock(tmp_path)
    assert held.value.code == "data-folder-held"
    first.close()
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]
    assert owner_pid(tmp_path) is None
    DataFolderLock(tmp_path).close()


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_is_held_is_told_as_such(
    tmp_path: Path, no_locks: Callable[[int], None], number: int
) -> None:
    no_locks(number)
    with pytest.raises(DataFolderHeld):
        DataFolderLock(tmp_path)
    assert not (tmp_path / LOCK_FILE).exists()


@posix
def test_the_file_of_a_killed_owner_counts_for_nothing(
    tmp_path: Path, no_locks: Callable[[int], None]
) -> None:
    """A real process, for which flock fails; it holds the folder by a file, until it is killed."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    source, library = tmp_path / "no_locks.c", tmp_path / "no_locks.so"
    source.write_text(NO_LOCKS)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "LD_PRELOAD": str(library)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        no_locks(errno.ENOLCK)
        assert owner_pid(data_dir) == process.pid
        with pytest.raises(DataFolderHeld):
            DataFolderLock(data_dir)
        process.kill()
        process.wait()
        assert (data_dir / LOCK_FILE).exists()
        assert owner_pid(data_dir) is None
        owned = DataFolderLock(data_dir)
        assert owner_pid(data_dir) == os.getpid()
        owned.close()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"host": platform.node(), "process": os.getpid(), "started": 1.0}, None),
        ({"host": platform.node(), "process": 2**22 + 7, "started": 1.0}, None),
        ({"host": "another", "process": 7, "started": 1.0}, "data-folder-held.elsewhere"),
        ({"host": 7}, "data-folder-held"),
        (None, "data-folder-held"),
    ],
)
def test_whom_a_lock_file_names(
    tmp_path: Path, no_locks: Callable[[int], None], said: object, code: str | None
) -> None:
    """A process number that another process has since does not count. One of another computer does, since its
    life cannot be seen; so does a file that may be written at this moment."""
    no_locks(errno.ENOLCK)
    path = tmp_path / LOCK_FILE
    path.write_text(json.dumps(said) if said else "")
    if code is None:
        DataFolderLock(tmp_path).close()
        return
    with pytest.raises(DataFolderHeld) as held:
        DataFolderLock(tmp_path)
    assert held.value.code == code
    assert path.exists()
    if code == "data-folder-held":
        # Left behind by a process that ended while it wrote it.
        os.utime(path, (1, 1))
        DataFolderLock(tmp_path).close()


def test_without_any_locks_the_database_cannot_be_used(
    tmp_path: Path, no_locks: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_locks(errno.ENOLCK)

    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.lockf", refused)
    with pytest.raises(StoreError) as without:
        DataFolderLock(tmp_path)
    assert (without.value.code, without.value.params) == (
        "store.no-locks",
        {"reason": "No locks available"},
    )
    assert not (tmp_path / LOCK_FILE).exists()
