"""The model leaves memory when nobody asks, and is there again for the next query; rows by words never wait
for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.domain import Query
from notesearch.embedding.local import onnx as local
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.engine.engine import Engine
from notesearch.engine.idle_timer import IdleTimer
from tests.conftest import NOTES, StartEngine, fill, found, names, reconcile, wait_until


@pytest.fixture
def resting() -> Iterator[OnnxEmbedder]:
    made = OnnxEmbedder(workers=1, timer=lambda unload: IdleTimer(unload, 0.05))
    yield made
    made.close()


@pytest.fixture
def searched(start_engine: StartEngine, notes: Path, resting: OnnxEmbedder) -> Engine:
    engine = start_engine(watch=False, embedders=(resting,))
    reconcile(engine, fill(notes, NOTES))
    wait_until(lambda: not resting.loaded)
    return engine


def test_the_next_query_loads_it_again(searched: Engine, resting: OnnxEmbedder) -> None:
    assert found(searched, "vegetables that climb", "meaning")[0] == "tomatoes.txt"
    wait_until(lambda: not resting.loaded)
    assert found(searched, "a heap of rotting leaves", "meaning")[0] == "compost.org"


def test_the_first_keystroke_begins_to_load_it_and_rows_by_words_do_not_wait(
    searched: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, gate, real = threading.Event(), threading.Event(), local.load_model

    def load(folder: Path, graph: str) -> object:
        begun.set()
        assert gate.wait(60)
        return real(folder, graph)

    monkeypatch.setattr(local, "load_model", load)
    try:
        assert names(searched.search.words(Query(text="tom", prefix=True)))
        assert begun.wait(100)
        assert names(searched.search.words(Query(text="tomatoes"))) == ["tomatoes.txt"]
    finally:
        gate.set()
    assert found(searched, "tomatoes")[0] == "tomatoes.txt"


@pytest.mark.parametrize("text", ["", "tag:none", "type:markdown"])
def test_what_has_no_meaning_loads_nothing(
    searched: Engine, resting: OnnxEmbedder, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Path] = []
    monkeypatch.setattr(local, "load_model", lambda folder, _: loads.append(folder))
    searched.search.words(Query(text=text))
    resting.close()
    assert loads == []
