"""The folder as it stands on the disk: which files are notes, under rules at every level."""

from __future__ import annotations

import codecs
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.documents.formats.registry import reading_of
from notesearch.engine.folders import scanner
from notesearch.engine.folders.found_file import FoundFile
from notesearch.errors import FolderMissing, FolderUnreadable
from notesearch.storage.values import FileState
from tests.conftest import fill, write


def listed(root: Path, below: Path | None = None) -> set[str]:
    return {os.path.relpath(f.path, root) for f in scanner.scan(root, below=below)}


def test_notes_alone(notes: Path) -> None:
    fill(
        notes,
        {
            "a.md": "1",
            "b.TXT": "22",
            "c.org": "",
            "d.rst": "",
            "e.png": "",
            "f": "",
            "Sub/Deep/g.markdown": "",
        },
    )
    assert listed(notes) == {"a.md", "b.TXT", "c.org", "d.rst", "Sub/Deep/g.markdown"}
    found = {Path(f.path).name: f for f in scanner.scan(notes)}
    assert found["b.TXT"].size == 2
    assert found["b.TXT"].mtime_ns == (notes / "b.TXT").stat().st_mtime_ns
    assert listed(notes, notes / "Sub") == {"Sub/Deep/g.markdown"}


def test_hidden_and_program_folders_are_left_out(notes: Path) -> None:
    out = [
        ".a.md",
        ".git/b.md",
        ".obsidian/c.md",
        "node_modules/d.md",
        "Sub/__pycache__/e.md",
        "logseq/bak/f.md",
        "logseq/version-files/g.md",
    ]
    fill(notes, dict.fromkeys([*out, "logseq/h.md", "bak/i.md"], "x"))
    assert listed(notes) == {"logseq/h.md", "bak/i.md"}
    assert [name for name in out if scanner.is_wanted(notes, notes / name)] == []
    assert listed(notes, notes / ".git") == set()


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        ({".notesearchignore": "*.txt"}, {"a.md", "Sub/b.md", "Sub/Deep/c.md"}),
        ({".notesearchignore": "Sub/"}, {"a.md", "t.txt"}),
        ({".notesearchignore": "/a.md"}, {"t.txt", "Sub/b.md", "Sub/Deep/c.md"}),
        ({".notesearchignore": "*.md\n!b.md"}, {"t.txt", "Sub/b.md"}),
        ({".notesearchignore": "# a comment\n\nSub/Deep"}, {"a.md", "t.txt", "Sub/b.md"}),
        ({".notesearchignore": "**/Deep/**"}, {"a.md", "t.txt", "Sub/b.md"}),
        (
            {".notesearchignore": "*.md", "Sub/.notesearchignore": "!*.md"},
            {"t.txt", "Sub/b.md", "Sub/Deep/c.md"},
        ),
        ({"Sub/.notesearchignore": "*\n!b.md"}, {"a.md", "t.txt", "Sub/b.md"}),
        ({"Sub/.notesearchignore": "/*\n!/Deep"}, {"a.md", "t.txt", "Sub/Deep/c.md"}),
        ({".notesearchignore": "Sub/", "Sub/.notesearchignore": "!*"}, {"a.md", "t.txt"}),
        ({".notesearchignore": b"\xff\xfe\x00"}, {"a.md", "t.txt", "Sub/b.md", "Sub/Deep/c.md"}),
        ({".notesearchignore": "[unclosed\n[z-a]\n!\n/\n\\"}, {"a.md", "t.txt", "Sub/b.md", "Sub/Deep/c.md"}),
        ({".notesearchignore": "[z-a]\n*.txt\n!"}, {"a.md", "Sub/b.md", "Sub/Deep/c.md"}),
    ],
)
def test_ignore_rules(notes: Path, rules: dict[str, str | bytes], left: set[str]) -> None:
    names = ["a.md", "t.txt", "Sub/b.md", "Sub/Deep/c.md"]
    fill(notes, {**dict.fromkeys(names, "x"), **rules})
    assert listed(notes) == left
    assert {name for name in names if scanner.is_wanted(notes, notes / name)} == left
    assert listed(notes, notes / "Sub") == {name for name in left if name.startswith("Sub/")}
    assert listed(notes, notes / "Sub/Deep") == {name for name in left if name.startswith("Sub/Deep/")}


LINE = st.sampled_from("* !* *.md !*.md /* !/a.md a.md a/ !a/ b !b a/b /a **/b/* !a/** b/a.md #x".split())
RULES = st.lists(LINE, max_size=4).map("\n".join)


@settings(max_examples=60, deadline=None)
@given(top=RULES, middle=RULES, deep=RULES)
def test_one_path_is_judged_as_the_whole_folder_is(
    tmp_path_factory: pytest.TempPathFactory, top: str, middle: str, deep: str
) -> None:
    """What a scan lists, an event about a single file must not throw out, nor the other way round."""
    root = tmp_path_factory.mktemp("notes")
    names = [f"{folder}{name}.md" for folder in ("", "a/", "a/b/", "b/") for name in ("a", "c")]
    fill(
        root,
        dict.fromkeys(names, "x")
        | {".notesearchignore": top, "a/.notesearchignore": middle, "a/b/.notesearchignore": deep},
    )
    assert {name for name in names if scanner.is_wanted(root, root / name)} == listed(root)
    shutil.rmtree(root)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_links(notes: Path, tmp_path: Path) -> None:
    target = write(tmp_path, "outside.md", "x")
    try:
        (notes / "linked.md").symlink_to(target)
    except OSError:
        pytest.skip("links may not be made here")
    (notes / "broken.md").symlink_to(tmp_path / "nowhere.md")
    (notes / "loop").symlink_to(notes, target_is_directory=True)
    assert listed(notes) == {"linked.md"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_note(notes: Path) -> None:
    os.mkfifo(notes / "pipe.md")
    assert listed(notes) == set()


def test_a_folder_that_is_not_there(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FolderMissing):
        list(scanner.scan(notes / "nowhere"))

    def refuse(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(FolderUnreadable):
        list(scanner.scan(notes))


def test_a_folder_inside_that_cannot_be_read_is_left_out(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(notes, {"a.md": "", "Sub/b.md": ""})
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("Sub"):
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert listed(notes) == {"a.md"}


def test_it_stops_when_told(notes: Path) -> None:
    fill(notes, {"a.md": "", "b.md": ""})
    assert list(scanner.scan(notes, stopped=lambda: True)) == []


def test_comparing(notes: Path) -> None:
    fill(notes, {"same.md": "1", "edited.md": "22", "new.md": "3", "recipe.md": "4", "failed.md": "5"})
    files = {Path(f.path).name: f for f in scanner.scan(notes)}
    for number, name in enumerate(["new.md", "edited.md", "recipe.md"]):
        os.utime(notes / name, ns=(number, number))

    def known(name: str, fingerprint: str = "m", document: int | None = 1) -> FileState:
        return FileState(
            document, files[name].size, files[name].mtime_ns, "hash", fingerprint, reading_of(Path("a.md"))
        )

    before = {
        str(notes / "same.md"): known("same.md"),
        str(notes / "edited.md"): known("edited.md"),
        str(notes / "recipe.md"): known("recipe.md", "old"),
        str(notes / "failed.md"): known("failed.md", "", None),
        str(notes / "gone.md"): known("same.md"),
    }
    changed, gone, unchanged, failed = scanner.compare(scanner.scan(notes), before, "m")
    assert [Path(f.path).name for f in changed] == ["recipe.md", "edited.md", "new.md"]
    assert [Path(p).name for p in gone] == ["gone.md"]
    assert (unchanged, failed) == (1, 1)


def test_a_folder_that_may_not_be_entered_stops_nothing(
    notes: Path, lock_away: Callable[[Path], None]
) -> None:
    fill(
        notes,
        {
            "a.md": "1",
            "Locked/b.md": "2",
            "Locked/Deep/c.md": "3",
            ".notesearchignore": "*.txt\n",
            "Locked/.notesearchignore": "c.md\n",
        },
    )
    known = {
        f.path: FileState(1, f.size, f.mtime_ns, "", "", reading_of(Path(f.path)))
        for f in scanner.scan(notes)
    }
    lock_away(notes / "Locked")
    assert listed(notes) == {"a.md"}
    assert scanner.is_wanted(notes, notes / "Locked" / "b.md")
    assert not scanner.is_wanted(notes, notes / "Locked" / "d.txt")
    assert scanner.compare(scanner.scan(notes), known, "").gone == [str(notes / "Locked" / "b.md")]


def test_only_formats_that_are_read_better_now_are_read_again(tmp_path: Path) -> None:
    fill(tmp_path, {"a.md": "# A", "b.txt": "b", "c.org": "* C", "d.py": "D"})
    read_before = {f.path: FileState(1, f.size, f.mtime_ns, "", "mark", 1) for f in scanner.scan(tmp_path)}
    compared = scanner.compare(scanner.scan(tmp_path), read_before, "mark")
    assert (sorted(Path(f.path).name for f in compared.changed), compared.unchanged) == (
        ["a.md", "b.txt", "c.org"],
        1,
    )


def test_gitignore_files_rule_where_that_is_asked_for(tmp_path: Path) -> None:
    fill(tmp_path, {"a.md": "", "b.md": "", "Sub/c.md": "", "Sub/d.md": ""})
    fill(tmp_path, {".gitignore": "b.md\nSub/c.md\n", "Sub/.notesearchignore": "!c.md\nd.md\n"})
    everything = {"a.md", "b.md", "c.md"}
    assert {Path(f.path).name for f in scanner.scan(tmp_path)} == everything
    # A .notesearchignore has the last word.
    asked = {Path(f.path).name for f in scanner.scan(tmp_path, gitignore=True)}
    assert asked == {"a.md", "c.md"}
    assert {Path(f.path).name for f in scanner.scan(tmp_path, below=tmp_path / "Sub", gitignore=True)} == {
        "c.md"
    }
    names = ("a.md", "b.md", "Sub/c.md", "Sub/d.md")
    assert {Path(n).name for n in names if scanner.is_wanted(tmp_path, tmp_path / n, gitignore=True)} == asked


def test_what_ignore_files_name_can_be_listed(tmp_path: Path) -> None:
    fill(
        tmp_path,
        {
            "a.md": "",
            "b.md": "",
            "Sub/c.md": "",
            "Sub/picture.png": "",
            ".git/d.md": "",
            ".notesearchignore": "b.md\nSub/\n",
        },
    )
    assert [str(path.relative_to(tmp_path)) for path in scanner.ignored(tmp_path)] == ["b.md", "Sub/c.md"]


GIT = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
GIT_TREE = (
    *("top.md", "foo.txt", "bar.txt", "drafts/no.md", "drafts/keep.md", "drafts/deep/a.md", "a/private/x.md"),
    *("a/privateer.md", "Archive/x.md", "deep/Archive/x.md", "archive/lower.md", "secret/a.md", "draft1.md"),
    *("sub/no.md", "sub/ok.md", "sub/deep/yes.md", "ax.md", "cx.md", "with space.md", "#hash.md", "!bang.md"),
)
GIT_RULES = {
    "all inside a folder, but one": "drafts/**\n!drafts/keep.md\n",
    "all inside a folder of any place": "**/Archive/**\n",
    "a byte order mark and CRLF": "\ufeffsecret/\r\ndraft*.md\r\n",
    "a folder cannot be entered again": "drafts/\n!drafts/keep.md\n",
    "anchors, classes, spaces": "/top.md\n[ab]x.md\nArchive/   \nwith\\ space.md\n",
    "signs": "\\#hash.md\n\\!bang.md\n# ax.md\n",
    "one level": "sub/*.md\n!sub/ok.md\n*.txt\n!foo.txt\n",
}


@GIT
@pytest.mark.parametrize("rules", GIT_RULES.values(), ids=GIT_RULES)
def test_rules_mean_what_they_mean_to_git(rules: str, tmp_path: Path) -> None:
    fill(tmp_path, dict.fromkeys(GIT_TREE, "words\n"))
    for name in (".gitignore", ".notesearchignore"):
        (tmp_path / name).write_bytes(rules.encode())
    git = ["git", "-c", "core.excludesFile=", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    )
    expected = {name for name in listed.stdout.split("\0") if name and not name.startswith(".")}
    assert {str(Path(file.path).relative_to(tmp_path)) for file in scanner.scan(tmp_path)} == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_an_ignore_file_of_any_editor_rules(encoding: str, tmp_path: Path) -> None:
    fill(tmp_path, {"keep.md": "", "secret/a.md": "", "draft1.md": ""})
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    (tmp_path / ".notesearchignore").write_bytes(mark + "secret/\r\ndraft*.md\r\n".encode(encoding))
    assert [Path(file.path).name for file in scanner.scan(tmp_path)] == ["keep.md"]


def test_large_files_are_read_last_and_the_newest_first() -> None:
    files = [
        FoundFile("/n/new-large.txt", scanner.LARGE + 1, 9),
        FoundFile("/n/old.md", 10, 1),
        FoundFile("/n/new.md", 10, 8),
    ]
    changed = scanner.compare(iter(files), {}, "").changed
    assert [Path(file.path).name for file in changed] == ["new.md", "old.md", "new-large.txt"]
