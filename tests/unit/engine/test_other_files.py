"""Which files beside notes are read as text, and which are only counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.config.settings import Settings
from notesearch.engine.folders import scanner
from notesearch.engine.folders.survey import survey
from tests.conftest import fill


def listed(root: Path) -> set[str]:
    return {os.path.relpath(f.path, root) for f in scanner.scan(root)}


def test_files_without_a_suffix_are_read_where_they_are_text(notes: Path) -> None:
    files = {
        "README": b"words\n",
        "Mr. Smith": "Grüße".encode(),
        "2024.05.01": "Grüße".encode("cp1252"),
        "wide": "Grüße".encode("utf-16"),
        "cut": b"x" * (scanner.HEAD - 1) + "ü and more".encode(),
        "program": b"\x7fELF\x02\x01\x01" + bytes(40),
        "database": b"SQLite format 3\x00" + bytes(40),
        "mixed": bytes(range(256)),
        "empty": b"",
        "large": b"x" * 600_000,
        ".hidden": b"words\n",
    }
    for name, raw in files.items():
        (notes / name).parent.mkdir(exist_ok=True)
        (notes / name).write_bytes(raw)
    text = {"README", "Mr. Smith", "2024.05.01", "wide", "cut"}
    assert listed(notes) == text
    assert {name for name in files if scanner.is_wanted(notes, notes / name)} == text


def test_a_file_that_becomes_text_is_read_then(notes: Path) -> None:
    fill(notes, {"log of today": ""})
    assert listed(notes) == set()
    (notes / "log of today").write_text("words")
    assert listed(notes) == {"log of today"}


def test_environments_caches_and_settings_hold_no_notes(notes: Path) -> None:
    out = [
        "env/lib/a.py",
        "target/debug/b.json",
        "web/node_modules/x/README.md",
        "web/bower_components/c.js",
        "lib/site-packages/d.py",
        "logseq/config.edn",
        "logseq/custom.css",
        "Trip.textbundle/info.json",
        "Trip.textbundle/assets/text.md",
        "Saved_files/style.css",
    ]
    fill(notes, dict.fromkeys([*out, "web/admin.js", "Trip.textbundle/text.md", "logseq/x.css"], "x"))
    fill(notes, {"Saved.html": "x", "other_files/a.css": "x"})
    fill(notes, {"env/pyvenv.cfg": "home = /usr\n", "target/CACHEDIR.TAG": "Signature: 8a477f59\n"})
    assert listed(notes) == {
        "web/admin.js",
        "Trip.textbundle/text.md",
        "logseq/x.css",
        "Saved.html",
        "other_files/a.css",
    }
    assert [name for name in out if scanner.is_wanted(notes, notes / name)] == []


@pytest.mark.parametrize(("ignore", "others"), [("", 5), ("Pictures/\n", 3)])
def test_what_is_left_out_is_counted(notes: Path, ignore: str, others: int) -> None:
    fill(
        notes,
        {
            "a.md": "x",
            "b.py": "x",
            "book.pdf": "x",
            "package-lock.json": "{}",
            "blank": "",
            "Pictures/a.png": "x",
            "Pictures/b.png": "x",
            ".hidden.png": "x",
            ".git/c.png": "x",
            "node_modules/d.png": "x",
            ".notesearchignore": ignore,
        },
    )
    counted = scanner.count(notes)
    assert (counted.notes, counted.more, counted.others) == (2, False, others)
    seen = survey(notes, (), notes.parent / "data", Settings(), limit=10, seconds=60)
    assert (seen.notes, seen.others) == (2, others)
