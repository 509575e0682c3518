"""The command line as scripts use it: real processes, their output, and their exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch.api.listener import socket_path
from notesearch.engine.lock import DataFolderLock
from tests.conftest import Serve, StartEngine, at_rest, fill, wait_until, write

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

NOTES = {
    "Kitchen/bread.md": "---\ntags: [baking]\n---\n# Bread\n\n## Second day\n\nThe sour dough rests "
    "overnight in the cold.\n",
    "Kitchen/soup.md": "# Soup\n\nLeek, potato and a spoon of cream.\n",
    "travel.txt": "The night train to Lisbon leaves at ten.\n",
}
RESULT = {
    "path",
    "title",
    "heading",
    "line",
    "start",
    "end",
    "snippet",
    "highlights",
    "matched_by",
    "rank",
    "score",
    "modified",
}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Shell:
    """Runs the program on one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._environment = {
            k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        }
        self._environment |= {"NOTESEARCH_DATA_DIR": str(data_dir)}
        self._environment |= {
            "PYTHONIOENCODING": "utf-8:strict",
            "PYTHONWARNINGS": "error,ignore::ResourceWarning:",
        }
        self.processes: list[subprocess.Popen[str]] = []

    def __call__(
        self, *arguments: str | bytes | Path, stdin: str | bytes = "", code: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        raw = subprocess.run(
            [sys.executable, "-m", "notesearch", *arguments],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            env=self._environment,
            cwd=ROOT,
            timeout=100,
        )
        out, err = (stream.decode("utf-8", "replace") for stream in (raw.stdout, raw.stderr))
        ended = subprocess.CompletedProcess(raw.args, raw.returncode, out, err)
        assert "Traceback" not in ended.stderr, ended.stderr
        assert "Error" not in ended.stderr, ended.stderr
        if code is not None:
            assert ended.returncode == code, ended.stderr
        return ended

    def json(self, *arguments: str | bytes | Path, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "notesearch", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self._environment,
            cwd=ROOT,
        )
        self.processes.append(process)
        return process


@pytest.fixture
def run(data_dir: Path) -> Iterator[Shell]:
    shell = Shell(data_dir)
    yield shell
    for process in shell.processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with notes and the data folder of a finished `index`."""
    base = tmp_path_factory.mktemp("read")
    fill(base / "Notes", NOTES)
    Shell(base / "data")("index", base / "Notes")
    return base


@pytest.fixture
def indexed(read_once: Path) -> Shell:
    """For commands that only read."""
    return Shell(read_once / "data")


# Shapes


def test_index_prints_one_summary_object(run: Shell, notes: Path) -> None:
    fill(notes, NOTES)
    ended = run("index", notes, "--json")
    assert ended.stderr == ""
    summary = json.loads(ended.stdout)
    keys = {
        "added",
        "changed",
        "moved",
        "removed",
        "unchanged",
        "failed",
        "chunks",
        "embedded",
        "reused",
        "requests",
        "tokens",
        "seconds",
    }
    assert set(summary) == keys
    assert (summary["added"], summary["embedded"], summary["requests"], summary["tokens"]) == (3, 3, 0, 0)
    again = run.json("index")
    assert (again["unchanged"], again["embedded"], again["added"]) == (3, 0, 0)
    write(notes, "new.md", "new\n")
    assert "1 added" in run("index", notes).stdout


def test_a_search_object(indexed: Shell, read_once: Path) -> None:
    answer = indexed.json("search", "sour dough")
    assert set(answer) == {"query", "elapsed_ms", "searched", "results"}
    assert answer["query"] == "sour dough"
    assert set(answer["elapsed_ms"]) == {"keyword", "embed", "vector", "total"}
    assert answer["searched"] == {"documents": 3, "of": 3}
    first = answer["results"][0]
    assert set(first) == RESULT | {"passages"}
    assert first["path"] == str(read_once / "Notes/Kitchen/bread.md")
    assert (first["title"], first["rank"], first["matched_by"]) == ("Bread", 1, "both")
    text = (read_once / "Notes/Kitchen/bread.md").read_text().split("---\n")[2]
    assert "sour dough" in text[first["start"] : first["end"]]
    assert text[first["start"] : first["end"]].strip() in (read_once / "Notes/Kitchen/bread.md").read_text()
    marked = [first["snippet"][a:b] for a, b in first["highlights"]]
    assert set(marked) & {"sour", "dough", "sour dough"}
    lines = (read_once / "Notes/Kitchen/bread.md").read_text().split("\n")
    assert "sour dough" in lines[first["line"] - 1]
    assert all(set(p) == RESULT for r in answer["results"] for p in r["passages"])
    assert [r["rank"] for r in answer["results"]] == list(range(1, len(answer["results"]) + 1))


def test_modes_limit_and_folder(indexed: Shell, read_once: Path) -> None:
    by_words = indexed.json("search", "night train", "--mode", "keyword")
    assert [r["matched_by"] for r in by_words["results"]] == ["keyword"]
    assert by_words["elapsed_ms"]["embed"] == 0
    by_meaning = indexed.json("search", "journey by rail", "--mode", "meaning")
    assert by_meaning["results"][0]["title"] == "travel"
    assert {r["matched_by"] for r in by_meaning["results"]} == {"meaning"}
    assert len(indexed.json("search", "bread soup train", "--limit", "1")["results"]) == 1
    inside = indexed.json("search", "night bread", "--in", read_once / "Notes/Kitchen")
    assert {Path(r["path"]).parent.name for r in inside["results"]} == {"Kitchen"}


def test_a_similar_object(indexed: Shell, read_once: Path) -> None:
    answer = indexed.json("similar", read_once / "Notes/Kitchen/bread.md", "--limit", "1")
    assert set(answer) == {"query", "elapsed_ms", "searched", "results"}
    (row,) = answer["results"]
    assert set(row) == RESULT | {"passages"}
    assert "Kitchen/bread.md" not in row["path"]
    refused = indexed("similar", read_once / "nowhere.md", code=3)
    assert "not in the index" in refused.stderr


def test_a_status_object(indexed: Shell, read_once: Path) -> None:
    status = indexed.json("status")
    assert set(status) == {
        "state",
        "documents",
        "chunks",
        "embedded",
        "folders",
        "problems",
        "data_dir",
        "bytes",
        "memory_bytes",
    }
    assert status["documents"] == {"total": 3, "complete": 3, "waiting": 0, "failed": 0}
    assert (status["state"], status["data_dir"]) == ("idle", str(read_once / "data"))
    assert set(status["bytes"]) == {"database", "keyword", "vectors"}
    (folder,) = status["folders"]
    assert set(folder) == {"path", "model", "documents", "complete", "waiting", "failed", "state"}
    assert (folder["path"], folder["model"], folder["state"]) == (
        str(read_once / "Notes"),
        "local/all-minilm-l6-v2",
        "ready",
    )
    assert "3 of 3 notes" in indexed("status").stdout


def test_models_and_doctor(indexed: Shell) -> None:
    assert indexed.json("models")["models"][0]["model"] == "local/all-minilm-l6-v2"
    assert "local/all-minilm-l6-v2" in indexed("models").stdout
    assert all(check["well"] for check in indexed.json("doctor")["checks"])
    assert "FAIL" not in indexed("doctor").stdout


def test_output_for_people(indexed: Shell) -> None:
    ended = indexed("search", "overnight")
    assert "bread.md:" in ended.stdout
    assert "\033" not in ended.stdout
    assert ended.stderr == ""


# Exit codes


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("search", "overnight", "--mode", "keyword"), 0),
        (("search", "zanzibar", "--mode", "keyword"), 1),
        (("search",), 2),
        (("search", "x", "--limit", "0"), 2),
        (("search", "x", "--limit", "many"), 2),
        (("search", "x", "--mode", "other"), 2),
        (("search", "x", "--colour"), 2),
        (("add",), 2),
        (("remove",), 2),
        (("--help",), 0),
        (("search", "--help"), 0),
        (("--version",), 0),
        (("status", "extra"), 2),
        (("nonsense",), 2),
        (("/no/such/folder",), 2),
        (("add", "/no/such/folder"), 3),
        (("remove", "/no/such/folder"), 3),
        (("index", "/no/such/folder"), 3),
        (("search", "x", "--in", "/no/such/folder"), 3),
        (("search", "", "--json"), 1),
    ],
)
def test_exit_codes(run: Shell, indexed: Shell, arguments: tuple[str, ...], code: int) -> None:
    writes = arguments[:1] in (("add",), ("remove",), ("index",))
    ended = (run if writes else indexed)(*arguments, code=None)
    # Without a display the window cannot tell about its folders first.
    expected = {code, 3} if arguments[0] in ("nonsense", "/no/such/folder") else {code}
    assert ended.returncode in expected, ended.stderr
    assert (
        bool(ended.stderr) == (ended.returncode not in (0, 1) or (code == 1 and "--json" not in arguments))
        or code == 1
    )


def test_some_files_failed(run: Shell, notes: Path) -> None:
    fill(notes, {"good.md": "good\n", "bad.md": bytes(range(256)) * 40})
    ended = run("index", notes, "--json", code=1)
    assert json.loads(ended.stdout)["failed"] == 1
    assert "bad.md" in ended.stderr
    status = run.json("status")
    (problem,) = status["problems"]
    assert set(problem) == {"path", "title", "hint", "retryable"}


def test_many_vanished_are_named(run: Shell, notes: Path) -> None:
    fill(notes, {f"{i}.md": f"note {i}\n" for i in range(30)})
    run("index", notes)
    for i in range(25):
        (notes / f"{i}.md").unlink()
    kept = run("index", "--json", code=None)
    assert json.loads(kept.stdout)["removed"] == 0
    assert "25 notes have vanished" in kept.stderr
    assert "--forget-missing" in kept.stderr
    assert run.json("index", "--forget-missing")["removed"] == 25


def test_no_display_is_one_sentence(run: Shell) -> None:
    for arguments in ((), ("--toggle",)):
        ended = run(*arguments, code=None)
        assert ended.returncode in (3, 2) if arguments else ended.returncode == 3
        assert ended.stdout == ""
        assert len(ended.stderr.strip().split("\n")) <= 2
    assert "notesearch add, index, search, status" in run(code=3).stderr


def test_the_command_line_never_loads_qt() -> None:
    script = (
        "import sys, notesearch.cli.main, notesearch.engine.engine; sys.exit(any('PySide6' in name for name "
        "in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0


# Folders


def test_add_remove_and_options_before_the_command(run: Shell, notes: Path, data_dir: Path) -> None:
    fill(notes, NOTES)
    assert str(notes) in run("add", notes).stdout
    assert run.json("status")["folders"][0]["path"] == str(notes)
    assert "already" in run("add", notes, code=3).stderr
    assert run("add", notes, "--model", "nobody/nothing", code=2).stderr
    run("--data-dir", data_dir, "remove", notes)
    assert run.json("status")["folders"] == []
    assert run.json("status", "--data-dir", data_dir.with_name("other"))["data_dir"] == str(
        data_dir.with_name("other")
    )


def test_search_in_a_folder_that_is_not_indexed_yet_indexes_it_first(run: Shell, notes: Path) -> None:
    fill(notes, NOTES)
    answer = run.json("search", "overnight", "--in", notes)
    assert answer["results"][0]["title"] == "Bread"
    assert answer["searched"] == {"documents": 3, "of": 3}


def test_commands_before_anything_is_indexed(run: Shell) -> None:
    assert run("search", "x", code=1).stdout == ""
    assert run.json("status")["documents"]["total"] == 0
    run("doctor")
    assert run.json("index")["added"] == 0


def test_a_damaged_database_is_said(run: Shell, notes: Path, data_dir: Path) -> None:
    fill(notes, NOTES)
    run("index", notes)
    for path in data_dir.glob("notes.sqlite*"):
        path.unlink()
    (data_dir / "notes.sqlite").write_bytes(b"something else " * 500)
    for command in (("search", "x"), ("status",), ("doctor",), ("index",), ("add", notes)):
        assert "damaged" in run(*command, code=3).stderr


# Streaming


def test_a_query_per_line_an_object_per_line(run: Shell, read_once: Path) -> None:
    shutil.copytree(read_once / "data", run._environment["NOTESEARCH_DATA_DIR"])
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
    indexed("similar", b"/no/\xff.md", code=2)


@posix
def test_a_reader_that_leaves_early_is_no_error(run: Shell, read_once: Path) -> None:
    shutil.copytree(read_once / "data", run._environment["NOTESEARCH_DATA_DIR"])
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


@posix
def test_ctrl_c_stops_and_the_next_run_goes_on(run: Shell, notes: Path, data_dir: Path) -> None:
    big(notes, 320, 2)
    process = run.start("index", notes)
    wait_until(lambda: embedded(data_dir) or process.poll() is not None)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "Stopped" in err
    done = embedded(data_dir)
    assert done
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
        env=run._environment,
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
deadline = time.monotonic() + 20
import threading
while any(t.name.startswith("request") for t in threading.enumerate()) and time.monotonic() < deadline:
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
