"""A folder looked at before it is added: counted without opening anything, and nothing raised for what is on
the disk."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from notesearch.config.settings import Settings
from notesearch.domain import Survey, told
from notesearch.engine.folders.survey import survey
from tests.conftest import fill, write

NOTES = {
    "a.md": "",
    "b.txt": "",
    "picture.png": "",
    "Sub/c.org": "",
    ".hidden/d.md": "",
    "node_modules/e.md": "",
}


def look(
    path: Path, *searched: Path, limit: int = 100, seconds: float = math.inf, settings: Settings | None = None
) -> Survey:
    return survey(
        path, searched, Path("/nonexistent/data"), settings or Settings(), limit=limit, seconds=seconds
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "ada"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


def test_notes_are_counted_without_opening_one(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(notes, NOTES)
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("something was opened"))
    assert look(notes) == Survey(path=notes, notes=3, others=1)


def test_linked_folders_that_would_not_be_read_are_counted(notes: Path, tmp_path: Path) -> None:
    away = fill(tmp_path / "Elsewhere", {"x.md": "feldspar\n"})
    fill(notes, NOTES)
    (notes / "link").symlink_to(away)
    (notes / "around").symlink_to(tmp_path)
    assert look(notes) == Survey(path=notes, notes=4, others=1)
    left_out = look(notes, settings=Settings(follow_links=False))
    assert left_out == Survey(path=notes, notes=3, others=1, unread_links=2)


def test_counted_under_the_rules_that_would_hold(notes: Path) -> None:
    fill(notes, {**NOTES, ".notesearchignore": "b.txt\n", ".gitignore": "a.md\n"})
    assert look(notes).notes == 2
    assert look(notes, settings=Settings(gitignore=True)).notes == 1
    assert look(notes, settings=Settings().with_rules(notes, "Sub/")).notes == 1
    assert look(notes / "Sub", notes, settings=Settings().with_rules(notes, "Sub/")).notes == 0


@pytest.mark.parametrize(
    ("limit", "notes_counted", "more"), [(2, 2, True), (3, 3, False), (4, 3, False), (0, 0, True)]
)
def test_counting_stops_at_the_limit(notes: Path, limit: int, notes_counted: int, more: bool) -> None:
    found = look(fill(notes, NOTES), limit=limit)
    assert (found.notes, found.more) == (notes_counted, more)


def test_counting_stops_when_the_time_is_over(notes: Path) -> None:
    found = look(fill(notes, NOTES), seconds=-1.0)
    assert (found.notes, found.more) == (0, True)


def test_a_file_stands_for_the_folder_it_is_in(notes: Path) -> None:
    fill(notes, NOTES)
    assert look(notes / "picture.png") == Survey(path=notes, is_file=True, notes=3, others=1)


def test_what_is_searched_already(notes: Path, tmp_path: Path) -> None:
    fill(notes, NOTES)
    same, inside, above = look(notes, notes), look(notes / "Sub", notes), look(tmp_path, notes, notes / "Sub")
    assert (same.covered_by, inside.covered_by, above.covered_by) == (notes, notes, None)
    assert (same.covers, inside.covers, above.covers) == ((), (), (notes, notes / "Sub"))
    assert (same.notes, inside.notes, above.notes) == (3, 1, 3)
    assert same.refusal == told("folder-overlap.same", folder=str(same.path))
    assert inside.refusal is not None
    assert inside.refusal.code == "folder-overlap.inside"
    assert above.refusal is None


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_is_what_it_leads_to(notes: Path, tmp_path: Path) -> None:
    fill(notes, NOTES)
    link = tmp_path / "link"
    link.symlink_to(notes / "Sub")
    assert look(link, notes).covered_by == notes
    assert look(link).notes == 1


def test_what_is_not_there_is_said(tmp_path: Path, home: Path) -> None:
    found = look(tmp_path / "nowhere")
    assert (found.path, found.notes, found.more) == (tmp_path / "nowhere", 0, False)
    assert found.refusal == told("folder-missing.asked-for", folder=str(found.path))


def test_what_may_not_be_read_is_said(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = look(write(notes, "Locked/a.md").parent)
    assert (found.notes, found.kind) == (0, "")
    assert found.refusal == told("folder-unreadable.named", folder=str(found.path))


def test_where_the_index_is_kept(tmp_path: Path) -> None:
    found = survey(tmp_path, (), tmp_path, Settings(), limit=1, seconds=1)
    assert found.refusal == told("folder-overlap.data-folder")


def test_more_than_notes(home: Path, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(home, seconds=-1).whole == "home"
    assert look(home.parent, seconds=-1).whole == "home"
    assert look(Path(home.anchor), seconds=-1).whole == "disk"
    assert look(notes).whole == ""
    assert look(home / "Notes").whole == ""


def test_a_disk_is_one_and_a_drive_of_a_program_is_not(
    notes: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Partition:
        mountpoint = str(notes)

    monkeypatch.setattr("os.path.ismount", lambda _: True)
    monkeypatch.setattr("psutil.disk_partitions", lambda **_: [])
    assert look(notes).whole == ""
    monkeypatch.setattr("psutil.disk_partitions", lambda **_: [Partition])
    assert look(notes).whole == "disk"
    assert look(home).whole == "home", "a home on a disk of its own"


def test_whose_folder_it_is(notes: Path) -> None:
    fill(notes, {".obsidian/app.json": "{}", "a.md": ""})
    assert look(notes).kind == "obsidian"
