"""Folders that links in a searched folder lead to: read and watched like its own, or said not to be read."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.domain import Query
from notesearch.engine.engine import Engine
from notesearch.engine.indexing.watcher import Watcher
from tests.clock import FastClock
from tests.conftest import StartEngine, at_rest, fill, numbers, reconcile, wait_until, write
from tests.embedders import HashingEmbedder


@pytest.fixture
def away(tmp_path: Path) -> Path:
    return fill(tmp_path / "Away", {"x.md": "feldspar\n", "Deep/y.md": "granite\n"})


def listed(engine: Engine, text: str) -> list[Path]:
    return sorted(match.path for match in engine.search.words(Query(text=text)).matches)


def test_the_setting_counts_at_once(
    engine: Engine, notes: Path, away: Path, embedder: HashingEmbedder
) -> None:
    write(notes, "a.md", "quartz\n")
    (notes / "link").symlink_to(away)
    assert numbers(reconcile(engine, notes)) == {"added": 3, "embedded": 3}
    assert listed(engine, "feldspar") == [notes / "link/x.md"]
    assert engine.status().folders[0].unread_links == 0
    engine.settings.update(lambda settings: replace(settings, follow_links=False))
    wait_until(lambda: at_rest(engine, 1) and listed(engine, "feldspar") == [])
    assert engine.status().folders[0].unread_links == 1
    asked = len(embedder.texts)
    engine.settings.update(lambda settings: replace(settings, follow_links=True))
    wait_until(lambda: at_rest(engine, 3) and listed(engine, "granite") == [notes / "link/Deep/y.md"])
    assert len(embedder.texts) == asked


def test_changes_in_it_are_noticed(start_engine: StartEngine, notes: Path, away: Path) -> None:
    write(notes, "a.md", "quartz\n")
    (notes / "link").symlink_to(away)
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 3))
    write(away, "Deep/new.md", "zanzibar\n")
    wait_until(lambda: listed(engine, "zanzibar") == [notes / "link/Deep/new.md"])
    (away / "Deep/new.md").rename(away / "moved.md")
    wait_until(lambda: listed(engine, "zanzibar") == [notes / "link/moved.md"])
    (away / "moved.md").unlink()
    wait_until(lambda: listed(engine, "zanzibar") == [])
    write(away, ".notesearchignore", "x.md\n")
    wait_until(lambda: listed(engine, "feldspar") == [])


def test_links_come_and_go(start_engine: StartEngine, notes: Path, away: Path) -> None:
    fill(notes, {f"{n}.md": "quartz\n" for n in range(5)})
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 5))
    (notes / "m").symlink_to(away)
    wait_until(lambda: listed(engine, "feldspar") == [notes / "m/x.md"])
    write(away, "new.md", "zanzibar\n")
    wait_until(lambda: listed(engine, "zanzibar") == [notes / "m/new.md"])
    # Another link, by which the folder is read from now on; the first one then does not read it again.
    (notes / "b").symlink_to(away)
    wait_until(lambda: listed(engine, "zanzibar") == [notes / "b/new.md"])
    write(away, "newer.md", "krypton\n")
    wait_until(lambda: listed(engine, "krypton") == [notes / "b/newer.md"])
    (notes / "b").unlink()
    wait_until(lambda: listed(engine, "krypton") == [notes / "m/newer.md"])
    (notes / "m").unlink()
    wait_until(lambda: listed(engine, "feldspar") == [] and at_rest(engine, 5))


def test_a_folder_behind_a_link_is_replaced(start_engine: StartEngine, notes: Path, away: Path) -> None:
    fill(notes, {f"{n}.md": "quartz\n" for n in range(5)})
    (notes / "link").symlink_to(away)
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 7))
    shutil.rmtree(away)
    fill(away, {"z.md": "basalt\n"})
    wait_until(lambda: listed(engine, "basalt") == [notes / "link/z.md"])
    write(away, "late.md", "marble\n")
    wait_until(lambda: listed(engine, "marble") == [notes / "link/late.md"])


def test_two_watched_folders_link_to_one(tmp_path: Path, away: Path) -> None:
    dirty: set[Path] = set()
    watcher = Watcher(dirty.add, lambda folder: None, lambda folder, error: None)
    watcher.start()
    one, two = tmp_path / "One", tmp_path / "Two"
    for folder in (one, two):
        fill(folder, {"a.md": "quartz\n"})
        watcher.watch(folder)
        watcher.watch_linked(folder, {str(folder / "link"): str(away)})
    write(away, "new.md", "zanzibar\n")
    wait_until(lambda: {one / "link/new.md", two / "link/new.md"} <= dirty)
    watcher.unwatch(one)
    write(away, "newer.md", "zanzibar\n")
    wait_until(lambda: two / "link/newer.md" in dirty)
    watcher.watch_linked(two, {})
    write(away, "newest.md", "zanzibar\n")
    write(two, "last.md", "zanzibar\n")
    wait_until(lambda: two / "last.md" in dirty)
    watcher.close()
    assert one / "link/newer.md" not in dirty
    assert two / "link/newest.md" not in dirty


def test_a_linked_folder_is_searched_by_itself(engine: Engine, notes: Path, away: Path) -> None:
    write(notes, "a.md", "quartz\n")
    (notes / "link").symlink_to(away)
    reconcile(engine, notes)
    assert listed(engine, "feldspar") == [notes / "link/x.md"]
    engine.folders.add(away)
    wait_until(lambda: at_rest(engine, 3) and listed(engine, "feldspar") == [away / "x.md"])
    engine.folders.remove(away)
    wait_until(lambda: at_rest(engine, 3) and listed(engine, "feldspar") == [notes / "link/x.md"])


def test_ignored_notes_in_it_can_be_listed(engine: Engine, notes: Path, away: Path) -> None:
    fill(notes, {"a.md": "quartz\n", ".notesearchignore": "/link/Deep/\n"})
    (notes / "link").symlink_to(away)
    (away / "back").symlink_to(notes)
    reconcile(engine, notes)
    assert list(engine.folders.ignored_in(notes)) == [notes / "link/Deep/y.md"]


def test_changes_of_a_linked_note_are_noticed(start_engine: StartEngine, notes: Path, tmp_path: Path) -> None:
    away = fill(tmp_path / "Elsewhere", {"real.md": "feldspar\n", "other.md": "granite\n"})
    write(notes, "a.md", "quartz\n")
    (notes / "Deep").mkdir()
    (notes / "Deep/linked.md").symlink_to(away / "real.md")
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 2) and listed(engine, "feldspar") == [notes / "Deep/linked.md"])
    write(away, "real.md", "obsidian\n")
    wait_until(lambda: listed(engine, "obsidian") == [notes / "Deep/linked.md"])
    # An atomic save puts another file in its place.
    write(away, "saved.md", "marble\n")
    (away / "saved.md").rename(away / "real.md")
    wait_until(lambda: listed(engine, "marble") == [notes / "Deep/linked.md"])
    # A link that comes later.
    (notes / "later.md").symlink_to(away / "other.md")
    wait_until(lambda: listed(engine, "granite") == [notes / "later.md"])
    write(away, "other.md", "basalt\n")
    wait_until(lambda: listed(engine, "basalt") == [notes / "later.md"])


def test_a_linked_note_is_back(start_engine: StartEngine, notes: Path, tmp_path: Path) -> None:
    away = fill(tmp_path / "Elsewhere", {"real.md": "feldspar\n"})
    fill(notes, {f"{n}.md": "quartz\n" for n in range(5)})
    (notes / "linked.md").symlink_to(away / "real.md")
    (notes / "nowhere.md").symlink_to(away / "made later.md")
    engine = start_engine(clock=FastClock())
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 6))
    (away / "real.md").rename(tmp_path / "gone.md")
    wait_until(lambda: at_rest(engine, 5) and listed(engine, "feldspar") == [])
    (tmp_path / "gone.md").rename(away / "real.md")
    wait_until(lambda: listed(engine, "feldspar") == [notes / "linked.md"])
    write(away, "made later.md", "granite\n")
    wait_until(lambda: listed(engine, "granite") == [notes / "nowhere.md"])


@pytest.mark.parametrize("follow", [True, False])
def test_a_folder_with_links_is_watched_completely(
    start_engine: StartEngine, notes: Path, away: Path, follow: bool
) -> None:
    fill(notes, {"a.md": "quartz\n", "Deep/b.md": "quartz\n"})
    (notes / "link").symlink_to(away)
    (notes / "again").symlink_to(away)
    (notes / "inside").symlink_to(notes / "Deep")
    (notes / "around").symlink_to(notes)
    clock = FastClock()
    engine = start_engine(clock=clock)
    engine.settings.update(lambda settings: replace(settings, follow_links=follow))
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 4 if follow else 2))
    looked = clock.now() + 60
    wait_until(lambda: clock.now() > looked)
    assert not engine.indexing.limited
