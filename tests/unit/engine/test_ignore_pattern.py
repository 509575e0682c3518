"""Rules of ignore files, beside git itself: what git ignores is left out, and nothing else."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from notesearch.engine.folders import scanner
from tests.conftest import fill

GIT = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")

FOLDERS = ("", "a/", "a/b/", "b/", "b/a/", "ab/", "a b/", "b /", "A/", "a/b/a/", "[a]/", "#a/")
NAMES = (
    "a.md",
    "b.md",
    "ab.md",
    "A.md",
    "#a.md",
    "!a.md",
    "[a].md",
    "a b.md",
    "-.md",
    "a\\.md",
    "1.md",
    "é.md",
)
TREE = tuple(folder + name for folder, name in itertools.product(FOLDERS, NAMES))
WITH_RULES = ("", "a/", "a/b/", "b/")

SIGNS = (
    "a",
    "b",
    "ab",
    "A",
    ".",
    ".md",
    "*",
    "?",
    "**",
    "***",
    " ",
    "\\ ",
    "\\#",
    "\\!",
    "#",
    "!",
    "é",
    "\\a",
)
SETS = (
    "[ab]",
    "[a-b]",
    "[!a]",
    "[^a]",
    "[]a]",
    "[!]a]",
    "[a",
    "[]",
    "[b-a]",
    "[b-aA]",
    "[a-]",
    "[-a]",
    "[\\]a]",
)
MORE = (
    "[[:alpha:]]",
    "[[:digit:]x]",
    "[![:upper:]]",
    "[[:no:]]",
    "[[:a]",
    "[a\\-b]",
    "[\\\\]",
    "[[a]",
    "[#-b]",
)
END = ("", "", "", "/", "/**", "/*", " ", "  ", "\\ ", "\\ ", "\\", "\t", "\\\\", " \\ ")
SEGMENT = st.lists(st.sampled_from((*SIGNS, *SIGNS, *SETS, *MORE)), min_size=1, max_size=3).map("".join)
PATTERN = st.lists(st.one_of(SEGMENT, st.sampled_from(("a", "b", "*", "**"))), min_size=1, max_size=3).map(
    "/".join
)
LINE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(("", "", "", "!", "!", "!!", "#", "\\!", "\\#")),
    st.sampled_from(("", "", "/", "**/", "//")),
    PATTERN,
    st.sampled_from(END),
)
FILE = st.builds(
    lambda lines, mark, end: mark + end.join(lines) + end,
    st.lists(LINE, max_size=5),
    st.sampled_from(("", "", "\ufeff")),
    st.sampled_from(("\n", "\n", "\r\n")),
)


def git(root: Path, *arguments: str, given: str = "") -> str:
    command = ["git", "-c", "core.excludesFile=", "-c", "core.ignoreCase=false", "-C", str(root), *arguments]
    done = subprocess.run(command, input=given.encode(), capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.decode()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    fill(root, dict.fromkeys(TREE, "words\n"))
    git(root, "init", "-q")
    return root


def kept(root: Path) -> set[str]:
    return {os.path.relpath(file.path, root) for file in scanner.scan(root)}


def kept_by_git(root: Path) -> set[str]:
    answer = git(root, "check-ignore", "--no-index", "-z", "--stdin", given="\0".join(TREE))
    return set(TREE).difference(answer.split("\0"))


@GIT
@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
@given(files=st.tuples(FILE, FILE, FILE, FILE))
@example(("a**/b.md\n[ab]**/a\n", "", "", ""))
@example(("a//\n", "b//\n", "", "/\n!\n"))
@example(("*\n!*/\n!a.md\n", "!b.md\n", "b.md\n", "/a\n"))
@example(("a\n!a/b\n!a/b/a.md\n", "", "!*\n", ""))
@example(("b\\ \nb \n", "a.md\t\n", "*.md  \n!a.md \n", "\\!a.md\n\\#a.md\n!\\#a.md"))
@example(("**\n!**/b.md\n!a/\n", "!b/**\n", "", "**/a/\n"))
def test_any_rules_leave_out_what_git_ignores(tree: Path, files: tuple[str, ...]) -> None:
    for folder, text in zip(WITH_RULES, files, strict=True):
        for name in (".gitignore", ".notesearchignore"):
            (tree / folder / name).write_bytes(text.encode())
    assert kept(tree) == kept_by_git(tree)


@GIT
def test_a_folder_inside_a_repository(tmp_path: Path) -> None:
    names = ("a.md", "b.md", "Sub/a.md", "Sub/b.md", "Sub/c.md")
    fill(tmp_path, {f"Repository/Docs/Notes/{name}": "" for name in names})
    top = tmp_path / "Repository"
    rules = {
        ".gitignore": "*.md\n",
        "Repository/.gitignore": "a.md\n!Docs/Notes/Sub/a.md\n/b.md\n",
        "Repository/Docs/.gitignore": "Notes/b.md\n",
        "Repository/Docs/.notesearchignore": "*.md\n",
        "Repository/Docs/Notes/Sub/.gitignore": "c.md\n",
    }
    fill(tmp_path, rules)
    git(top, "init", "-q")
    root = top / "Docs/Notes"
    ignored = git(root, "check-ignore", "--no-index", "-z", "--stdin", given="\0".join(names)).split("\0")
    expected = set(names).difference(ignored)
    assert expected == {"Sub/a.md", "Sub/b.md"}
    found = {os.path.relpath(file.path, root) for file in scanner.scan(root, gitignore=True)}
    assert found == expected
    assert {name for name in names if scanner.is_wanted(root, root / name, True)} == expected
    assert kept(root) == set(names)
