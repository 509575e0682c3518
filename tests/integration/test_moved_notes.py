"""Notes that were moved with their names are known by what they hold: they are neither read nor cut again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from notesearch.documents.sandbox.frames import Extracted, KeptTitle, ReadingPlan
from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from notesearch.errors import NotesearchError
from tests.conftest import fill, found, numbers, reconcile, write
from tests.embedders import HashingEmbedder
from tests.kept_extraction import LentExtraction

Requests = Iterable[tuple[Path, ReadingPlan]]


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read from now on."""
    read: list[Path] = []
    read_all = LentExtraction.read_all

    def noted(
        process: LentExtraction, requests: Requests, kept: Mapping[Path, KeptTitle] | None = None
    ) -> Iterator[tuple[Path, Extracted | NotesearchError]]:
        def noting() -> Requests:
            for path, wanted in requests:
                read.append(path)
                yield path, wanted

        return read_all(process, noting(), kept)

    monkeypatch.setattr(LentExtraction, "read_all", noted)
    return read


def of(engine: Engine, text: str) -> list[Path]:
    """Where the notes are that hold these words."""
    return [match.path for match in engine.search.fused(Query(text=text, mode=Mode.KEYWORD)).matches]


def test_a_renamed_folder_is_not_read_again(
    engine: Engine, notes: Path, embedder: HashingEmbedder, unread: list[Path]
) -> None:
    fill(
        notes / "Trips",
        {f"{place}/{n}.md": f"# {place} {n}\n\nwalk{n} #tag{n}\n" for place in "ab" for n in range(9)},
    )
    reconcile(engine, notes)
    asked = len(embedder.texts)
    unread.clear()
    (notes / "Trips").rename(notes / "Journeys")
    assert numbers(reconcile(engine)) == {"moved": 18}
    assert (unread, len(embedder.texts)) == ([], asked)
    assert of(engine, "walk3")[0].parent.parent == notes / "Journeys"
    assert len(of(engine, "folder:journeys/b")) == len(of(engine, "path:journeys/b")) == 9
    assert of(engine, "folder:trips") == of(engine, "path:trips") == []
    assert len(of(engine, "tag:tag4")) == 2
    assert found(engine, "journeys", "keyword"), "the names of folders are searched"
    # An edit afterwards is seen as any other.
    write(notes, "Journeys/a/3.md", "# a 3\n\nrun3\n")
    assert numbers(reconcile(engine)) == {"changed": 1, "embedded": 1, "unchanged": 17}
    # Files that were moved alone have another change time.
    for n in range(9):
        (notes / "Journeys/b" / f"{n}.md").rename(notes / "Journeys/a" / f"b{n}.md")
        (notes / "Journeys/a" / f"b{n}.md").rename(notes / f"{n}.md")
    unread.clear()
    assert numbers(reconcile(engine)) == {"moved": 9, "unchanged": 9}
    assert unread == []


def test_alike_from_outside_and_different_inside(engine: Engine, notes: Path) -> None:
    """Notes of one name, size and time are told apart by their content."""
    time = 1_700_000_000_000_000_000

    def put(place: str, text: str) -> Path:
        path = write(notes, f"{place}/note.md", text)
        os.utime(path, ns=(time, time))
        return path.parent

    first, second = put("One", "apples and pears\n"), put("Two", "trams and boats.\n")
    reconcile(engine, notes)
    first.rename(notes / "Three")
    second.rename(notes / "Four")
    assert numbers(reconcile(engine)) == {"moved": 2}
    assert of(engine, "apples") == [notes / "Three/note.md"]
    assert of(engine, "trams") == [notes / "Four/note.md"]
    # Another note takes the place of one that is gone.
    (notes / "Three/note.md").unlink()
    put("Five", "plums and pears.\n")
    assert numbers(reconcile(engine)) == {"added": 1, "embedded": 1, "removed": 1, "unchanged": 1}
    assert of(engine, "plums") == [notes / "Five/note.md"]
    assert of(engine, "apples") == []


def test_a_title_that_comes_from_the_folder_is_read_again(engine: Engine, notes: Path) -> None:
    fill(
        notes,
        {"Old.textbundle/text.md": "At the quay.\n", "pages/Trips%2FLisbon.md": "- By the night train\n"},
    )
    reconcile(engine, notes)
    (notes / "Old.textbundle").rename(notes / "New.textbundle")
    (notes / "pages").rename(notes / "kept")
    assert numbers(reconcile(engine)) == {"moved": 2}
    titles = {m.title for m in engine.search.fused(Query(text="quay OR train", mode=Mode.KEYWORD)).matches}
    assert titles == {"New", "Trips%2FLisbon"}
