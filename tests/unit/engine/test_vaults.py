"""Folders of other notes programs: recognised by what stands in them, looked for in the usual places
alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from notesearch.config.settings import Settings
from notesearch.domain import Vault
from notesearch.engine.folders import scanner, vaults
from tests.conftest import fill, write

LONG = 60.0
OBSIDIAN = {
    ".obsidian/app.json": "{}",
    ".obsidian/plugins/x/README.md": "",
    ".trash/old.md": "",
    "a.md": "",
    "Sub/b.md": "",
}
LOGSEQ = {
    "logseq/config.edn": "{}",
    "pages/a.md": "",
    "journals/2024_01_05.md": "",
    "logseq/bak/pages/a/1.md": "",
    "logseq/version-files/local/pages/a/2.md": "",
    "logseq/.recycle/b.md": "",
}
JOPLIN = {
    "_resources/scan.txt": "",
    "_resources/photo.png": "",
    "Kitchen/Bread.md": "",
    "Kitchen/Baking/Rye.md": "",
}
STAMPED = {f"2024010512{n:02} a thought.md": "" for n in range(10)}
LUHMANN = dict.fromkeys(
    [
        "1a.md",
        "1a1.md",
        "1a1b.md",
        "1b On order.txt",
        "2,1c.md",
        "21_3d7fa6.md",
        "9-8a2.org",
        "3a.md",
        "3b.md",
        "3c2.md",
    ],
    "",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ada"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("APPDATA", str(folder / "AppData/Roaming"))
    for name in ("XDG_CONFIG_HOME", "XDG_DOCUMENTS_DIR", "OneDrive", "OneDriveConsumer"):
        monkeypatch.delenv(name, raising=False)
    return folder


def find(*searched: Path, seconds: float = LONG) -> list[tuple[Path, str, int, bool]]:
    return [(v.path, v.kind, v.notes, v.searched) for v in vaults.find(searched, Settings(), seconds)]


@pytest.mark.parametrize(
    ("files", "kind", "notes"),
    [
        (OBSIDIAN, "obsidian", 2),
        (LOGSEQ, "logseq", 2),
        (JOPLIN, "joplin", 2),
        (STAMPED, "zettelkasten", 10),
        (LUHMANN, "zettelkasten", 10),
        ({f"202401051230{n:02}-slug.org": "" for n in range(10)}, "zettelkasten", 10),
    ],
)
def test_each_is_known_and_counted_without_what_is_no_note(
    home: Path, files: dict[str, str], kind: str, notes: int
) -> None:
    vault = fill(home / "Documents" / "Mine", files)
    assert vaults.kind_of(vault) == kind
    assert find() == [(vault, kind, notes, False)]


@pytest.mark.parametrize(
    "files",
    [
        {"a.md": ""},
        {"logseq/a.md": ""},
        {"_resources/Note.resources/a.png": "", "a.md": ""},
        {f"2024-01-{n:02}.md": "" for n in range(1, 20)},
        {f"{n}.md": "" for n in range(20)},
        {f"{n}. Chapter.md": "" for n in range(20)},
        {f"1{n:02}st draft.txt": "" for n in range(20)},
        {f"99999999{n:04}.txt": "" for n in range(20)},
        dict(list(STAMPED.items())[:9]),
        {**STAMPED, **{f"note {n}.md": "" for n in range(10)}},
        {f"2024010512{n:02}.jpg": "" for n in range(20)},
    ],
)
def test_what_only_looks_like_one(home: Path, files: dict[str, str]) -> None:
    assert vaults.kind_of(fill(home / "Documents" / "Mine", files)) == ""
    assert find() == []


def test_no_note_is_opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, files in {"o": OBSIDIAN, "l": LOGSEQ, "j": JOPLIN, "z": STAMPED}.items():
        fill(home / "Notes" / name, files)
    opened: list[str] = []
    real = open

    def record(path: object, *rest: object, **named: object) -> object:
        opened.append(os.fspath(path))  # type: ignore[call-overload]
        return real(path, *rest, **named)  # type: ignore[call-overload]

    monkeypatch.setattr("builtins.open", record)
    assert len(find()) == 4
    assert [path for path in opened if str(home / "Notes") in path] == []


def listed_by_obsidian(configuration: Path, *paths: object) -> None:
    entries = {f"{n:016x}": {"path": str(path), "ts": 1, "open": True} for n, path in enumerate(paths)}
    write(configuration, "obsidian/obsidian.json", json.dumps({"vaults": entries}))


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps it")
@pytest.mark.parametrize(
    "place", [".config", ".var/app/md.obsidian.Obsidian/config", "snap/obsidian/current/.config"]
)
def test_the_list_that_obsidian_keeps(home: Path, tmp_path: Path, place: str) -> None:
    elsewhere = fill(tmp_path / "elsewhere" / "Work", OBSIDIAN)
    listed_by_obsidian(home / place, elsewhere, tmp_path / "gone", "relative", home)
    assert find() == [(elsewhere, "obsidian", 2, False)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"vaults": []}',
        '{"vaults": {"a": 1, "b": {"path": 2}}}',
        '{"vaults": {"a": {"path": "\\u0000"}}}',
    ],
)
def test_a_list_that_makes_no_sense(home: Path, text: str) -> None:
    for place in (".config", "AppData/Roaming", "Library/Application Support"):
        write(home / place, "obsidian/obsidian.json", text)
    assert find() == []


def test_one_inside_another_is_part_of_it(home: Path) -> None:
    vault = fill(
        home / "Documents" / "Outer", {**OBSIDIAN, "Deep/logseq/config.edn": "", "Deep/pages/x.md": ""}
    )
    listed_by_obsidian(home / ".config", vault, vault / "Deep")
    assert find() == [(vault, "obsidian", 3, False)]


def test_the_largest_comes_first_and_what_is_searched_is_said(home: Path) -> None:
    small, large = fill(home / "Notes" / "Small", OBSIDIAN), fill(home / "Large", STAMPED)
    assert find(home / "Notes") == [(large, "zettelkasten", 10, False), (small, "obsidian", 2, True)]
    assert find(small)[1][3]
    assert find(small / "Sub")[1] == (small, "obsidian", 2, False)


def test_what_is_not_looked_into(home: Path, tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside" / "Vault", OBSIDIAN)
    for place in (".hidden/Vault", "Notes/node_modules/Vault", "AppData/Local/Vault", "a/b/c/d/e/f/Vault"):
        fill(home / place, OBSIDIAN)
    try:
        (home / "Notes" / "link").symlink_to(outside)
    except OSError:
        pytest.skip("links may not be made here")
    assert find() == []


def test_the_home_folder_itself_is_none(home: Path) -> None:
    fill(home, {".obsidian/app.json": "{}", "Inner/logseq/config.edn": "", "Inner/pages/a.md": ""})
    assert find() == [(home / "Inner", "logseq", 1, False)]


def test_the_time_is_bounded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(home / "Notes", OBSIDIAN)
    assert find(seconds=-1.0) == []
    listed_by_obsidian(home / ".config", home / "Notes")
    monkeypatch.setattr(sys, "platform", "linux")
    assert vaults.find((), Settings(), -1.0) == (
        Vault(path=home / "Notes", kind="obsidian", notes=0, more=True, searched=False),
    )


def test_attachments_of_joplin_are_no_notes(notes: Path) -> None:
    fill(notes, JOPLIN)
    assert {Path(f.path).name for f in scanner.scan(notes)} == {"Bread.md", "Rye.md"}
    assert not scanner.is_wanted(notes, notes / "_resources" / "scan.txt")
