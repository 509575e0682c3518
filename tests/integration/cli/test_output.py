"""What the command line prints, as scripts and people read it, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import fill, write
from tests.integration.cli.conftest import NOTES, RESULT, ROOT, Shell

# Shapes


@pytest.mark.words
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


@pytest.mark.words
def test_a_similar_object(indexed: Shell, read_once: Path) -> None:
    answer = indexed.json("similar", read_once / "Notes/Kitchen/bread.md", "--limit", "1")
    assert set(answer) == {"query", "elapsed_ms", "searched", "results"}
    (row,) = answer["results"]
    assert set(row) == RESULT | {"passages"}
    assert "Kitchen/bread.md" not in row["path"]
    refused = indexed("similar", read_once / "nowhere.md", code=3)
    assert "not in the index" in refused.stderr


@pytest.mark.words
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


@pytest.mark.words
def test_models_and_doctor(indexed: Shell) -> None:
    assert indexed.json("models")["models"][0]["model"] == "local/all-minilm-l6-v2"
    assert "local/all-minilm-l6-v2" in indexed("models").stdout
    assert all(check["well"] for check in indexed.json("doctor")["checks"])
    assert "FAIL" not in indexed("doctor").stdout


@pytest.mark.words
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


@pytest.mark.words
def test_some_files_failed(run: Shell, notes: Path) -> None:
    fill(notes, {"good.md": "good\n", "bad.md": bytes(range(256)) * 40})
    ended = run("index", notes, "--json", code=1)
    assert json.loads(ended.stdout)["failed"] == 1
    assert "bad.md" in ended.stderr
    status = run.json("status")
    (problem,) = status["problems"]
    assert set(problem) == {"path", "title", "hint", "retryable"}


@pytest.mark.words
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


@pytest.mark.words
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


@pytest.mark.words
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


@pytest.mark.words
def test_a_damaged_database_is_said(run: Shell, notes: Path, data_dir: Path) -> None:
    fill(notes, NOTES)
    run("index", notes)
    for path in data_dir.glob("notes.sqlite*"):
        path.unlink()
    (data_dir / "notes.sqlite").write_bytes(b"something else " * 500)
    for command in (("search", "x"), ("status",), ("index",), ("add", notes)):
        assert "damaged" in run(*command, code=3).stderr
    (said, *_) = run("doctor", code=1).stdout.splitlines()
    assert said.startswith("FAIL  Database: The database is damaged.")
    assert "notesearch doctor --repair" in said
    mended, *_, locked = run("doctor", "--repair").stdout.splitlines()
    assert mended.startswith("mended  Database: damaged; kept as notes.damaged-")
    assert locked.startswith("ok    Lock: free")
    run("index", notes)
    assert run.json("search", "overnight")["results"][0]["title"] == "Bread"


@pytest.mark.words
def test_files_of_other_kinds_are_counted_and_said(run: Shell, notes: Path) -> None:
    fill(notes, {"a.md": "words", "b.py": "words", "README": "words", "c.png": "", "Sub/d.pdf": ""})
    assert run("index", notes).stdout.splitlines()[-1] == "2 files of other kinds are not read."
    assert "3 notes, local/all-minilm-l6-v2, 2 other files not read" in run("status").stdout
    (notes / "c.png").unlink()
    assert run("index", notes).stdout.splitlines()[-1] == "1 file of another kind is not read."
    (notes / "Sub/d.pdf").unlink()
    assert "not read" not in run("index", notes).stdout
