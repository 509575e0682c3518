"""What a look at linked notes compares, and how much of it at once."""

from __future__ import annotations

from pathlib import Path

from notesearch.engine.folders.found_file import FoundFile
from notesearch.engine.indexing.linked_notes import LinkedNotes
from tests.conftest import write


def test_a_round_is_spread_over_several_looks(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"{n}.md", "quartz\n") for n in range(5)]
    linked = LinkedNotes(at_once=2)
    linked.follow(tmp_path, {str(path): FoundFile.of(str(path), path.stat()) for path in paths})
    assert [linked.changed() for _ in range(4)] == [[]] * 4
    for path in paths:
        path.write_text("feldspar and more\n")
    looks = [linked.changed() for _ in range(4)]
    assert sorted(path for look in looks for path in look) == sorted(paths)
    assert max(map(len, looks)) == 2
    assert [linked.changed() for _ in range(4)] == [[]] * 4


def test_only_what_is_followed_is_compared(tmp_path: Path) -> None:
    path = write(tmp_path, "a.md", "quartz\n")
    linked = LinkedNotes()
    linked.follow(tmp_path, {str(path): None})
    assert linked.changed() == [path]
    path.unlink()
    assert linked.changed() == [path]
    # What a scan once found says nothing new of it.
    linked.follow(tmp_path, {str(path): None, str(tmp_path / "b.md"): None})
    path.with_name("b.md").symlink_to(path)
    assert linked.changed() == []
    linked.follow(tmp_path, {str(path): FoundFile(str(path), 7, 1)})
    assert linked.changed() == []
    linked.drop(tmp_path)
    write(tmp_path, "a.md", "quartz\n")
    assert linked.changed() == []
