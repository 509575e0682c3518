"""Names and notes may hold escape sequences and marks of direction: nothing of them steers the terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import write

from .conftest import Shell

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TITLE = "\x1b]0;owned\x07 Harbour \u202egnp.exe\u202c \x9b31m"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such names")


def test_what_is_printed(run: Shell, notes: Path) -> None:
    name = "red \x1b[31m \u202edm.exe"
    write(notes, f"{name}/anchor\x1b[2J.md", f"# {TITLE}\n\nAn anchor \x1b[5m and \u202emore\u202c text.\n")
    write(notes, f"{name}/broken.md", bytes(range(256)) * 40)
    printed = ""
    for command in (
        ("add", notes),
        ("index", notes),
        ("search", "anchor"),
        ("status",),
        ("search", "is:failed"),
        ("remove", notes),
    ):
        ended = run(*command, code=None)
        printed += ended.stdout + ended.stderr
    assert "Harbour" in printed
    assert "owned" in printed
    assert "broken.md" in printed
    assert not STEERING.findall(printed)


def test_what_is_printed_as_json_is_the_same_value(run: Shell, notes: Path) -> None:
    write(notes, "anchor\x1b[2J.md", "An anchor.\n")
    run("index", notes)
    printed = run("search", "anchor", "--json").stdout
    assert not STEERING.findall(printed)
    (row,) = json.loads(printed)["results"]
    assert row["path"] == os.fspath(notes / "anchor\x1b[2J.md")


def test_no_name_begins_a_line(run: Shell, notes: Path) -> None:
    lines = "a\nnotesearch: all is well\u2028\tb"
    write(notes, f"{lines}/anchor\nfake.md", "An anchor.\n")
    write(notes, f"{lines}/broken\nfake.md", bytes(range(256)) * 40)
    write(notes, "titled.md", '---\ntitle: "anchor\\nfake"\n---\nText.\n')
    printed = ""
    for command in (("index", notes), ("search", "anchor"), ("search", "is:failed"), ("status",)):
        ended = run(*command, code=None)
        printed += ended.stdout + ended.stderr
    assert printed.count("broken") >= 3
    assert printed.count("all is well") >= 4
    assert not re.findall("^(?:notesearch: all|fake)|[\t\u2028]", printed, re.MULTILINE)
    as_json = run("search", "anchor", "--json").stdout
    assert len(as_json.splitlines()) == 1
    assert os.fspath(notes / lines / "anchor\nfake.md") in {
        row["path"] for row in json.loads(as_json)["results"]
    }
