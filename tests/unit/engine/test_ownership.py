"""One owner for a data folder: a lock that dies with its process, and a socket for the same user alone."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch.engine.ownership import Listener, Ownership, ask, owner_pid, socket_path
from notesearch.errors import DataFolderHeld, FolderMissing, NotesearchError
from tests.conftest import wait_until

ROOT = Path(__file__).resolve().parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and sockets")
HOLD = """
import sys
from pathlib import Path
from notesearch.engine.ownership import Ownership
owned = Ownership(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_one_owner_at_a_time(tmp_path: Path) -> None:
    assert owner_pid(tmp_path) is None
    first = Ownership(tmp_path)
    assert owner_pid(tmp_path) == os.getpid()
    with pytest.raises(DataFolderHeld):
        Ownership(tmp_path)
    first.close()
    first.close()
    assert owner_pid(tmp_path) is None
    Ownership(tmp_path).close()


def test_another_process(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(DataFolderHeld):
        Ownership(tmp_path)
    assert owner_pid(tmp_path) == holder.pid


@posix
def test_a_killed_owner_leaves_nothing_behind(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    Ownership(tmp_path).close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataFolderHeld) as refused:
        Ownership(tmp_path / "nowhere")
    assert "--data-dir" in refused.value.hint


Listen = Callable[[Callable[[dict[str, Any]], Iterator[dict[str, Any]]]], Listener]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    listeners: list[Listener] = []

    def start(handler: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]) -> Listener:
        listeners.append(Listener(tmp_path, handler))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


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
@pytest.mark.parametrize("sent", [b"", b"not json\n", b"[]\n", b"null\n", b"\xff\n", b"{", b"[" * 100_000 + b"\n"])
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
    first.close()
    wait_until(lambda: ended)
    assert len(list(ask(tmp_path, {"to": 2}))) == 2


@posix
def test_a_runtime_folder_with_a_very_long_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: Listen) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    listen(count)
    assert len(list(ask(tmp_path, {"to": 2}))) == 2


@posix
def test_a_runtime_folder_that_others_may_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o755)
    assert socket_path(tmp_path).parent != tmp_path
    tmp_path.chmod(0o700)
    assert socket_path(tmp_path).parent == tmp_path
