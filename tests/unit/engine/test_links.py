"""Linked folders: read once, never in circles, and said where they are not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.engine.folders import scanner
from notesearch.engine.folders.links import Links
from tests.conftest import fill


def listed(root: Path, links: Links) -> list[str]:
    return sorted(os.path.relpath(f.path, root) for f in scanner.scan(root, links=links))


@pytest.fixture
def away(tmp_path: Path) -> Path:
    return fill(tmp_path / "Away", {"x.md": "", "Deep/y.md": "", "Private/z.md": ""})


def test_a_linked_folder_is_read_where_that_is_asked_for(notes: Path, away: Path) -> None:
    fill(notes, {"a.md": ""})
    (notes / "link").symlink_to(away)
    links = Links(notes, follow=True)
    assert listed(notes, links) == ["a.md", "link/Deep/y.md", "link/Private/z.md", "link/x.md"]
    assert (links.read, links.unread) == ({str(notes / "link"): str(away)}, [])
    links = Links(notes, follow=False)
    assert listed(notes, links) == ["a.md"]
    assert (links.read, links.unread) == ({}, [str(notes / "link")])


def test_no_folder_is_read_twice(notes: Path, away: Path) -> None:
    fill(notes, {"Real/a.md": "", "Sub/b.md": ""})
    for name, target in {
        "circle": notes,
        "double": notes / "Real",
        "one": away / "Deep",
        "two": away,
        "zwei": away,
        "Sub/early": away / "Private",
        "around": notes.parent,
        "dead": notes / "nowhere",
    }.items():
        (notes / name).symlink_to(target)
    (notes / "self").symlink_to("self")
    (away / "back").symlink_to(notes)
    (away / "round").symlink_to(away)
    links = Links(notes, follow=True)
    assert listed(notes, links) == ["Real/a.md", "Sub/b.md", "one/y.md", "two/Private/z.md", "two/x.md"]
    assert links.unread == [str(notes / "around")]
    for name, wanted in {"one/y.md": True, "two/Deep/y.md": False, "zwei/x.md": False}.items():
        assert scanner.is_wanted(notes, notes / name, links=links) is wanted


def test_the_nearest_link_counts_and_then_the_first_by_name(notes: Path, away: Path) -> None:
    fill(notes, {"Sub/b.md": ""})
    (notes / "Sub/a").symlink_to(away)
    for name in ("k", "b", "z", "c", "m", "y"):
        (notes / name).symlink_to(away)
    links = Links(notes, follow=True)
    assert len(listed(notes, links)) == 4
    assert list(links.read) == [str(notes / "b")]
    links = Links(notes, follow=True)
    for name in ("Sub/a", "k", "b"):
        links.meet(str(notes / name), None)
    assert links.next() == (str(notes / "b"), str(away), None)
    assert links.next() is None


def test_a_link_into_another_searched_folder_is_read_there(notes: Path, away: Path) -> None:
    fill(notes, {"a.md": ""})
    (notes / "link").symlink_to(away)
    links = Links(notes, follow=True, others=[notes, away / "Deep"])
    assert listed(notes, links) == ["a.md", "link/Private/z.md", "link/x.md"]
    links = Links(notes, follow=True, others=[notes, away])
    assert listed(notes, links) == ["a.md"]
    assert links.unread == []


def test_rules_hold_for_links_and_in_them(notes: Path, away: Path) -> None:
    fill(notes, {"a.md": "", ".notesearchignore": "out/\n/in/Private/\n"})
    fill(away, {".notesearchignore": "y.md"})
    for name in ("out", "in", ".hidden", "node_modules"):
        (notes / name).symlink_to(away)
    links = Links(notes, follow=True)
    assert listed(notes, links) == ["a.md", "in/x.md"]
    assert links.unread == []


NAMES = ("a", "b", "c")
PLACES = ("N", "N/a", "N/b", "N/a/b", "A", "A/a", "A/b", "A/b/c")


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(("l", "m")), st.sampled_from((*PLACES, "."))),
        max_size=6,
    ),
    st.booleans(),
)
def test_each_note_is_listed_once_and_judged_alike_alone(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[str, str, str]], follow: bool
) -> None:
    base = tmp_path_factory.mktemp("links")
    fill(base, {f"{place}/{place.replace('/', '')}.md": "" for place in PLACES})
    for place, name, target in made:
        if not os.path.lexists(base / place / name):
            (base / place / name).symlink_to(base / target)
    root = base / "N"
    links = Links(root, follow=follow)
    found = [file.path for file in scanner.scan(root, links=links)]
    real = [os.path.realpath(path) for path in found]
    assert len(real) == len(set(real))
    assert {str(base / p / f"{p.replace('/', '')}.md") for p in PLACES if p.startswith("N")} <= set(found)
    for path in found:
        assert scanner.is_wanted(root, Path(path), links=links)
    # What can be reached by other ways is no other note.
    for folder, _, names in os.walk(root, followlinks=len(found) < 4):
        if folder.count("/l") + folder.count("/m") > 3:
            break
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith(".md"):
                assert scanner.is_wanted(root, Path(path), links=links) == (path in found)
    for folder in {os.path.dirname(path) for path in found}:
        below = {file.path for file in scanner.scan(root, below=Path(folder), links=links)}
        assert below <= set(found)
        assert {path for path in found if os.path.dirname(path) == folder} <= below
    assert not links.outdated
    shutil.rmtree(base)
