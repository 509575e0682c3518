"""Edits while Notesearch did not run that keep size and time of a file: the system's own time of the change
tells them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.domain import Query
from tests.conftest import StartEngine, names, write
from tests.embedders import HashingEmbedder


def keeping_its_time(note: Path, text: str) -> None:
    before = note.stat()
    assert len(text) == before.st_size
    note.write_text(text)
    os.utime(note, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no time of the last change")
def test_an_edit_that_keeps_size_and_time_is_found_at_the_next_start(
    start_engine: StartEngine, notes: Path, tmp_path: Path
) -> None:
    write(notes, "a.md", "the harbour lamp\n")
    write(notes, "b.md", "the night train\n")
    data_dir = tmp_path / "data"
    engine = start_engine(data_dir, watch=False, embedders=(HashingEmbedder(),))
    engine.folders.add(notes)
    engine.reconcile([notes])
    engine.close()
    keeping_its_time(notes / "a.md", "the harbour tram\n")
    engine = start_engine(data_dir, watch=False, embedders=(HashingEmbedder(),))
    done = engine.reconcile([notes]).summary
    assert (done.changed, done.unchanged, done.embedded) == (1, 1, 1)
    assert names(engine.search.words(Query(text="tram"))) == ["a.md"]
    assert engine.reconcile([notes]).summary.unchanged == 2


@pytest.mark.skipif(os.name != "posix", reason="Windows has no time of the last change")
def test_other_permissions_cost_a_look_and_no_embedding(
    start_engine: StartEngine, notes: Path, tmp_path: Path
) -> None:
    write(notes, "a.md", "the harbour lamp\n")
    embedder = HashingEmbedder()
    engine = start_engine(tmp_path / "data", watch=False, embedders=(embedder,))
    engine.folders.add(notes)
    engine.reconcile([notes])
    (notes / "a.md").chmod(0o600)
    done = engine.reconcile([notes]).summary
    assert (done.changed, done.embedded, done.failed) == (0, 0, 0)
    # What was looked at is known: the next comparison opens nothing.
    position = engine.library.position
    assert engine.reconcile([notes]).summary.unchanged == 1
    assert engine.library.position == position
