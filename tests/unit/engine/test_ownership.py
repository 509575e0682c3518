"""One owner for a data folder: a lock that dies with its process, and a socket for the same user alone."""

from __future__ import annotations

import os
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

from notesearch.api import listener
from notesearch.api.listener import Listener, ask, owner_address, socket_path
from notesearch.engine.lock import DataFolderLock, owner_pid
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
    assert "--data-dir" in refused.value.hint


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
        raise FolderMissing("No such folder", hint="Look again.")
        yield {}

    listen(fail)
    with pytest.raises(NotesearchError, match="No such folder") as failed:
        list(ask(tmp_path, {}))
    assert (failed.value.hint, failed.value.retryable) == ("Look again.", True)


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
        pytest.raises(DataFolderHeld, match=f"process {os.getpid()}.*does not answer"),
    ):
        next(ask(tmp_path, {"request": "status"}, timeout=0.05))
    owned.close()


def test_a_bug_in_an_answer_is_told_and_ends_nothing(tmp_path: Path, listen: Listen) -> None:
    listen(count)
    with pytest.raises(NotesearchError, match="because of a bug"):
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
    with pytest.raises(StoreError, match="cannot be written"):
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
