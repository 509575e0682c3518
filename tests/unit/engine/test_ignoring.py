"""Rules that the person writes in the settings: as strong as they are said to be, and counted before they
hold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings

from notesearch.config.settings import Settings
from notesearch.engine.folders import ignore_preview as ignoring
from notesearch.engine.folders import scanner
from notesearch.errors import FolderMissing
from notesearch.storage.values import FolderRow, Held
from tests.conftest import fill
from tests.unit.engine.test_scanner import RULES

NAMES = ["a.md", "t.txt", "Sub/b.md", "Sub/Deep/c.md"]


def never() -> bool:
    return False


def listed(root: Path, kept: dict[str, str], below: Path | None = None, **how: bool) -> set[str]:
    return {os.path.relpath(f.path, root) for f in scanner.scan(root, below=below, kept=kept, **how)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "rules", "left"),
    [
        ({}, "*.txt", {"a.md", "Sub/b.md", "Sub/Deep/c.md"}),
        ({}, "Sub/\n# t.txt\n\n", {"a.md", "t.txt"}),
        ({}, "[z-a]\n*.txt\n!", {"a.md", "Sub/b.md", "Sub/Deep/c.md"}),
        ({".notesearchignore": "!t.txt"}, "*.txt", set(NAMES)),
        ({"Sub/.notesearchignore": "!b.md"}, "*.md", {"t.txt", "Sub/b.md"}),
        ({".gitignore": "t.txt"}, "!t.txt", set(NAMES)),
        (
            {".gitignore": "t.txt", ".notesearchignore": "a.md"},
            "!t.txt\n!a.md",
            {"t.txt", "Sub/b.md", "Sub/Deep/c.md"},
        ),
    ],
)
def test_they_hold_like_a_file_there_and_are_weaker_than_one(
    notes: Path, files: dict[str, str], rules: str, left: set[str]
) -> None:
    fill(notes, {**dict.fromkeys(NAMES, ""), **files})
    kept = {str(notes): rules}
    assert listed(notes, kept, gitignore=True) == left
    assert {name for name in NAMES if scanner.is_wanted(notes, notes / name, True, kept)} == left
    assert listed(notes, kept, notes / "Sub", gitignore=True) == {
        name for name in left if name.startswith("Sub/")
    }
    assert {str(p.relative_to(notes)) for p in scanner.ignored(notes, gitignore=True, kept=kept)} == set(
        NAMES
    ) - left


def test_rules_of_a_folder_hold_where_one_above_it_is_searched(notes: Path) -> None:
    fill(notes, dict.fromkeys(NAMES, ""))
    assert listed(notes, {str(notes / "Sub"): "/Deep"}) == {"a.md", "t.txt", "Sub/b.md"}
    assert listed(notes, {str(notes.parent): "*"}) == set(NAMES)


def test_counting(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(notes, {**dict.fromkeys(NAMES, ""), "x.png": "", ".hidden/y.md": ""})
    found = ignoring.count_ignored(notes, "Sub/\n!\n*.png\n[ab", Settings(), never)
    assert (found.ignored, found.notes, found.more) == (2, 4, False)
    assert found.paths == (notes / "Sub/Deep/c.md", notes / "Sub/b.md")
    assert [(e.line, e.text) for e in found.errors] == [(2, "!"), (4, "[ab")]
    assert [e.what.code for e in found.errors] == ["rule.exclamation", "rule.bracket"]


def test_what_is_out_already_is_not_counted_again(notes: Path) -> None:
    fill(notes, {**dict.fromkeys(NAMES, ""), ".notesearchignore": "t.txt"})
    found = ignoring.count_ignored(notes, "*.txt\na.md", Settings().with_rules(notes, "Sub/"), never)
    assert (found.ignored, found.notes, found.paths) == (1, 3, (notes / "a.md",))


def test_the_first_fifty_are_named(notes: Path) -> None:
    fill(notes, {f"{n:03}.md": "" for n in range(60)})
    found = ignoring.count_ignored(notes, "*", Settings(), never)
    assert (found.ignored, len(found.paths), found.paths[0].name) == (60, 50, "000.md")


def test_it_can_be_stopped(notes: Path) -> None:
    fill(notes, dict.fromkeys(NAMES, ""))
    found = ignoring.count_ignored(notes, "*", Settings(), lambda: True)
    assert (found.notes, found.more) == (0, True)


def test_a_folder_that_is_not_there(notes: Path) -> None:
    with pytest.raises(FolderMissing):
        ignoring.count_ignored(notes / "nowhere", "*", Settings(), never)


@pytest.mark.parametrize(
    "line", ["", "  ", "# a comment", "*.md", "!a.md", "/a/", "\\#x", "a/**/b", "[ab]c", "**"]
)
def test_lines_that_are_well(line: str) -> None:
    assert ignoring.rule_errors(line) == ()


@pytest.mark.parametrize("line", ["!", "/", "a\\", "[ab", "[z-a]", "a["])
def test_lines_that_are_not(line: str) -> None:
    (error,) = ignoring.rule_errors(f"a.md\n\n{line}\n*.txt")
    assert (error.line, error.text) == (3, line)


@settings(max_examples=60, deadline=None)
@given(top=RULES, middle=RULES, rules=RULES)
def test_the_count_is_what_a_scan_then_leaves_out(
    tmp_path_factory: pytest.TempPathFactory, top: str, middle: str, rules: str
) -> None:
    root = tmp_path_factory.mktemp("notes")
    fill(root, {f"{folder}{name}.md": "" for folder in ("", "a/", "a/b/", "b/") for name in ("a", "c")})
    fill(root, {".notesearchignore": top, "a/.notesearchignore": middle})
    found = ignoring.count_ignored(root, rules, Settings(), never)
    before, after = listed(root, {}), listed(root, {str(root): rules})
    assert found.notes == len(before)
    assert {os.path.relpath(p, root) for p in found.paths} == before - after
    shutil.rmtree(root)


def test_which_folders_a_change_concerns(tmp_path: Path) -> None:
    one, other = (
        FolderRow(
            id=n,
            path=tmp_path / name,
            model="",
            held=Held.NO,
            documents=0,
            complete=0,
            failed=0,
            chunks=0,
            embedded=0,
        )
        for n, name in enumerate("ab")
    )
    before = Settings().with_rules(one.path / "Sub", "x")
    assert ignoring.concerned(before, before.with_rules(other.path, " \n"), (one, other)) == []
    assert ignoring.concerned(before, before.with_rules(other.path, "y"), (one, other)) == [other]
    assert ignoring.concerned(before, before.with_rules(one.path / "Sub", ""), (one, other)) == [one]
    assert ignoring.concerned(before, Settings(gitignore=True), (one, other)) == [one, other]
