"""The command line while it lives: streams of queries, Ctrl+C, a terminal, and another process that owns the
data folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.api.listener import socket_path
from notesearch.engine.lock import DataFolderLock
from tests.conftest import Serve, StartEngine, at_rest, fill, wait_until
from tests.integration.cli.conftest import NOTES, ROOT, Shell, posix

# Streaming


def test_a_query_per_line_an_object_per_line(run: Shell, read_once: Path) -> None:
    shutil.copytree(read_once / "data", run.environment["NOTESEARCH_DATA_DIR"])
    process = run.start("search", "-", "--json")
    assert process.stdin is not None
    assert process.stdout is not None
    for query in ("overnight", "", "Lisbon", '"unbalanced', "tag:baking", "知识 🍞"):
        process.stdin.write(query + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["query"] == query
    process.stdin.close()
    assert process.wait(100) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_lines_that_are_not_text(indexed: Shell) -> None:
    ended = indexed("search", "-", "--json", stdin=b"overnight\n\xff\xfe\r\nLisbon\n")
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(answers) == 3
    assert [a["query"] for a in answers][::2] == ["overnight", "Lisbon"]


@posix
def test_an_argument_that_is_not_text(indexed: Shell) -> None:
    indexed("search", b"\xff bread", "--json", code=None)
    indexed("search", b"\xff bread", code=None)
    indexed("search", "x", "--in", b"/no/\xff", code=None)
    indexed("similar", b"/no/\xff.md", code=3)


@posix
def test_a_reader_that_leaves_early_is_no_error(run: Shell, read_once: Path) -> None:
    shutil.copytree(read_once / "data", run.environment["NOTESEARCH_DATA_DIR"])
    process = run.start("search", "-", "--json")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write("overnight\n")
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.close()
    with contextlib.suppress(BrokenPipeError):
        while process.poll() is None:
            process.stdin.write("Lisbon\n" * 100)
            process.stdin.flush()
    process.wait(100)
    assert "Traceback" not in process.stderr.read()


# Stopping


def big(notes: Path, number: int, sentences: int = 8) -> Path:
    """More notes than are embedded in one go, so that there is a middle to stop in."""
    text = (
        "Flour, water, salt and patience make a dough that rises in the warm kitchen while it rains outside. "
        * sentences
    )
    return fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i} {text}\n" for i in range(number)})


def embedded(data_dir: Path) -> int:
    """Vectors in the database of another process."""
    import sqlite3
    from contextlib import closing

    if not (data_dir / "notes.sqlite").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{data_dir / 'notes.sqlite'}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


# The program with a model that stops in the middle: after its first texts it goes on when it is told to end.
HELD = """
import sys, time
from notesearch.__main__ import main
from notesearch.embedding.local.onnx import OnnxEmbedder
real, asked = OnnxEmbedder.embed_documents, []

def embed_documents(self, texts, tokens, cancelled, enough):
    asked.append(len(texts))
    while len(asked) > 1 and not cancelled():
        time.sleep(0.01)
    yield from real(self, texts, tokens, cancelled)

OnnxEmbedder.embed_documents = embed_documents
sys.exit(main())
"""


@pytest.mark.words
@posix
def test_ctrl_c_stops_and_the_next_run_goes_on(run: Shell, notes: Path, data_dir: Path) -> None:
    big(notes, 320, 2)
    process = run.start("index", notes, program=("-c", HELD))
    wait_until(lambda: embedded(data_dir) or process.poll() is not None)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Stopped" in err
    done = embedded(data_dir)
    assert 0 < done < 320
    summary = run.json("index")
    assert summary["embedded"] == embedded(data_dir) - done
    assert run.json("status")["documents"]["complete"] == 320


# On a terminal


@posix
def test_a_progress_bar_on_a_terminal(run: Shell, notes: Path) -> None:
    import pty
    import termios

    big(notes, 40)
    terminal, side = pty.openpty()
    termios.tcsetwinsize(side, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "notesearch", "index", notes],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=side,
        env=run.environment,
        cwd=ROOT,
    )
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 4096):
            shown += part
    os.close(terminal)
    assert process.wait(100) == 0
    assert b"Traceback" not in shown
    assert b"/40" in shown


# Two processes


@pytest.mark.words
def test_writing_commands_are_handed_to_the_owner(
    run: Shell, start_engine: StartEngine, serve: Serve, notes: Path, data_dir: Path
) -> None:
    owner = serve(start_engine(data_dir))
    fill(notes, NOTES)
    other = fill(notes.parent / "Other", {"o.md": "omega\n"})
    run("add", notes)
    wait_until(lambda: at_rest(owner, 3))
    assert run.json("index", other)["added"] == 1
    assert [f.path for f in owner.status().folders] == [notes, other]
    assert "already" in run("add", notes, code=3).stderr
    assert run("index", notes.parent / "nowhere", code=3).stderr
    assert run.json("search", "omega", "--mode", "keyword")["results"][0]["title"] == "o"
    assert run.json("search", "omega", "--in", other)["results"]
    run("remove", other)
    assert [f.path for f in owner.status().folders] == [notes]
    assert "not a searched folder" in run("remove", other, code=3).stderr
    status = run.json("status")
    assert status["state"] == "idle"
    assert status["memory_bytes"] > 1_000_000
    owner.indexing.pause()
    assert run.json("status")["state"] == "paused"


def test_an_owner_that_takes_no_requests_is_named(run: Shell, data_dir: Path, notes: Path) -> None:
    data_dir.mkdir(mode=0o700)
    owner = DataFolderLock(data_dir)
    try:
        for command in (("index", notes), ("add", notes), ("remove", notes)):
            refused = run(*command, code=3)
            assert str(os.getpid()) in refused.stderr
        for command in (("search", "x"), ("status",), ("doctor",), ("search", "-", "--json")):  # type: ignore[assignment]
            assert run(*command, stdin="x\n", code=None).returncode in (1, 3)
    finally:
        owner.close()


LEAVING = """
import json, socket, sys, time
from pathlib import Path
import notesearch.cli.main
from notesearch.api.listener import socket_path
from notesearch.api.sessions import Owner
data = Path(sys.argv[1])
engine = Owner(data, watch=False)
for _ in range(20):
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(socket_path(data)))
    client.sendall(json.dumps({"operation": "index"}).encode() + b"\\n")
    client.close()
deadline = time.monotonic() + 80
import threading
def asked():
    return [t for t in threading.enumerate() if f"{t.name} ".startswith("request ")]
while asked() and time.monotonic() < deadline:
    time.sleep(0.02)
engine.close()
print("alive")
"""


@posix
def test_a_client_that_leaves_does_not_end_the_owner(data_dir: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LEAVING, str(data_dir)], capture_output=True, text=True, timeout=100, cwd=ROOT
    )
    assert (ended.returncode, ended.stdout) == (0, "alive\n"), ended.stderr


@pytest.mark.words
def test_beside_a_paused_owner_nothing_hangs(
    run: Shell, start_engine: StartEngine, serve: Serve, notes: Path, data_dir: Path
) -> None:
    fill(notes, NOTES)
    owner = serve(start_engine(data_dir))
    owner.indexing.pause()
    for command in (("index", notes), ("search", "overnight", "--in", notes)):
        assert "paused" in run(*command, code=3).stderr
    run("add", notes)
    assert "paused" in run("index", code=3).stderr


@pytest.mark.words
@posix
def test_an_owner_that_does_not_answer_is_not_waited_for(run: Shell, read_once: Path, data_dir: Path) -> None:
    shutil.copytree(read_once / "data", data_dir)
    owner = DataFolderLock(data_dir)
    with socket.socket(socket.AF_UNIX) as server:
        path = socket_path(data_dir)
        path.unlink(missing_ok=True)
        server.bind(str(path))
        server.listen(8)
        told = run("status")
        assert "3 of 3 notes" in told.stdout
        assert "does not answer" in told.stderr
    path.unlink()
    owner.close()


@pytest.mark.words
def test_problems_found_by_the_owner_are_told(
    run: Shell, start_engine: StartEngine, serve: Serve, notes: Path, data_dir: Path
) -> None:
    serve(start_engine(data_dir))
    fill(notes, {"a.md": "alpha\n", "broken.md": bytes(range(256)) * 20})
    told = run("index", notes, code=1)
    assert "broken.md" in told.stderr


def test_a_folder_that_was_added_but_never_read_is_read_before_it_is_searched(
    run: Shell, notes: Path
) -> None:
    fill(notes, NOTES)
    run("add", notes)
    assert run.json("search", "overnight", "--in", notes / "Kitchen")["results"][0]["title"] == "Bread"


@pytest.mark.parametrize(
    "arguments",
    [
        ("-overnight",),
        ("--limit", "5", "-overnight"),
        ("-overnight", "--mode", "keyword"),
        ("--", "-overnight"),
    ],
)
def test_a_query_may_begin_with_a_minus(
    run: Shell, read_once: Path, data_dir: Path, arguments: tuple[str, ...]
) -> None:
    shutil.copytree(read_once / "data", data_dir)
    printed = run("search", *arguments).stdout
    assert "Soup" in printed
    assert "Bread" not in printed


@pytest.mark.words
def test_what_looks_like_an_option_is_still_refused(run: Shell) -> None:
    assert "--lmit" in run("search", "x", "--lmit", "5", code=2).stderr
    assert "from 1 to 1000" in run("search", "x", "--limit", "-5", code=2).stderr
    assert "usage" in run("search", "-h").stdout


def test_a_stream_of_queries_owns_nothing(run: Shell, read_once: Path, data_dir: Path) -> None:
    """Also not where the index copies had to be mended first, as after a crash."""
    shutil.copytree(read_once / "data", data_dir)
    shutil.rmtree(data_dir / "keyword")
    process = run.start("search", "-", "--json")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("overnight\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["results"][0]["title"] == "Bread"
    DataFolderLock(data_dir).close()
    process.stdin.close()
    assert process.wait(100) == 0
