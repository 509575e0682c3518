"""One note that cannot be stored keeps no other one out; times that no database has room for are kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from notesearch.domain import Query
from notesearch.errors import ExtractionFailed
from notesearch.storage.changes import Applied, Change
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.values import NewDocument
from tests.conftest import StartEngine, fill, names, numbers, reconcile

NOTES = {f"{i:03}.md": f"# Note {i}\n\nAnchors and harbours, number {i}.\n" for i in range(100)}
BAD = "050.md"


def test_the_others_of_its_batch_are_stored(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(notes, NOTES)
    real = LocalLibrary.apply

    def apply(library: LocalLibrary, changes: Sequence[Change]) -> Applied:
        if any(isinstance(change, NewDocument) and change.path.name == BAD for change in changes):
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return real(library, changes)

    monkeypatch.setattr(LocalLibrary, "apply", apply)
    engine = start_engine(watch=False)
    assert numbers(reconcile(engine, notes))["failed"] == 1
    (problem,) = engine.indexing.problems()
    assert (problem.path.name, problem.what.code) == (BAD, ExtractionFailed.code)
    assert engine.status().documents == len(NOTES)
    assert len(engine.search.words(Query(text="harbours", limit=200), 200).matches) == len(NOTES) - 1
    # The program goes on: what is written next is read.
    fill(notes, {"later.md": "Lighthouses.\n"})
    reconcile(engine)
    assert names(engine.search.words(Query(text="lighthouses"))) == ["later.md"]


@pytest.mark.parametrize("seconds", [-(1 << 40), -86_400, 9_300_000_000, 1 << 40])
def test_a_file_of_any_date_is_read_and_listed(start_engine: StartEngine, notes: Path, seconds: int) -> None:
    fill(notes, {"odd.md": "An anchor.\n", "even.md": "An anchor too.\n"})
    try:
        os.utime(notes / "odd.md", (seconds, seconds))
    except OSError:
        pytest.skip("the file system here has no such times")
    engine = start_engine(watch=False)
    assert numbers(reconcile(engine, notes)) == {"added": 2, "embedded": 2}
    assert set(names(engine.search.words(Query(text="anchor")))) == {"odd.md", "even.md"}
    assert {match.path.name for match in engine.search.recent()} == {"odd.md", "even.md"}
    # It is read once, and not again at each comparison.
    assert numbers(reconcile(engine)) == {"unchanged": 2}
    for text in ("anchor before:3000", "anchor after:1000", "anchor date:2999 OR anchor", "sort:date anchor"):
        engine.search.words(Query(text=text))
