"""The bundled model: order, length, cancelling, threads, and how near it comes to the model in full
precision."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.catalogue import LOCAL
from notesearch.config.paths import resource
from notesearch.embedding.embedder import vectors_in_order
from notesearch.embedding.local import onnx as module
from notesearch.embedding.local.onnx import TOKENS_PER_BATCH, OnnxEmbedder, batches_by_length
from notesearch.engine.idle_timer import IdleTimer
from notesearch.errors import EmbeddingError, ModelMissing
from tests.conftest import wait_until

TEXTS = [
    "bread",
    "a longer text about sour dough " * 20,
    "知识管理",
    "",
    "night train to Lisbon",
    "x" * 3000,
    "🍞",
    "word " * 300,
]


@pytest.fixture(scope="module")
def local() -> OnnxEmbedder:
    return OnnxEmbedder(workers=1)


def test_rows_in_the_order_of_the_texts_whatever_their_lengths(local: OnnxEmbedder) -> None:
    vectors = vectors_in_order(local, TEXTS * 2)
    assert vectors.shape == (len(TEXTS) * 2, LOCAL.dimensions)
    assert vectors.dtype == np.float32
    for row, text in enumerate(TEXTS * 2):
        assert float(vectors[row] @ local.embed_query(text)) > 0.95
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_nothing_gives_nothing(local: OnnxEmbedder) -> None:
    assert vectors_in_order(local, []).shape == (0, LOCAL.dimensions)


def test_several_workers_give_the_same_rows(local: OnnxEmbedder) -> None:
    several = OnnxEmbedder(workers=2)
    try:
        assert several.window == 2 * local.window
        assert np.allclose(vectors_in_order(several, TEXTS), vectors_in_order(local, TEXTS), atol=1e-3)
    finally:
        several.unload()


def test_stopped_in_the_middle_what_was_reached_comes_back(local: OnnxEmbedder) -> None:
    texts = [f"text {i} " * 40 for i in range(40)]
    calls = 0

    def cancelled() -> bool:
        nonlocal calls
        calls += 1
        return calls > 4

    ((positions, vectors),) = local.embed_documents(texts, (), cancelled)
    assert not isinstance(vectors, EmbeddingError)
    assert 0 < len(positions) == len(vectors) < len(texts)
    assert np.allclose(vectors, vectors_in_order(local, texts)[list(positions)], atol=1e-3)
    assert not list(local.embed_documents(texts, (), lambda: True))


def test_queries_beside_documents(local: OnnxEmbedder) -> None:
    alone = local.embed_query("night train")
    texts = [f"text {i} " * 60 for i in range(60)]
    worker = threading.Thread(target=vectors_in_order, args=(local, texts))
    worker.start()
    answered = 0
    while worker.is_alive():
        assert np.allclose(local.embed_query("night train"), alone, atol=1e-3)
        answered += 1
    worker.join()
    assert answered


def test_near_in_meaning(local: OnnxEmbedder) -> None:
    query = local.embed_query("how do I make my loaf rise")
    bread, invoice = vectors_in_order(
        local, ["The dough grows overnight thanks to yeast.", "Invoices are due within thirty days."]
    )
    assert float(query @ bread) > float(query @ invoice) + 0.1


def test_unloaded_and_loaded_again(local: OnnxEmbedder) -> None:
    before = local.embed_query("bread")
    local.unload()
    assert np.allclose(local.embed_query("bread"), before, atol=1e-5)


def test_unloaded_when_nothing_was_asked_for_a_while() -> None:
    before = set(threading.enumerate())
    resting = OnnxEmbedder(timer=lambda unload: IdleTimer(unload, 0.05))
    first = resting.embed_query("bread")
    assert isinstance(first, np.ndarray)
    wait_until(lambda: not resting.loaded)
    wait_until(lambda: set(threading.enumerate()) <= before)
    assert np.array_equal(resting.embed_query("bread"), first)
    resting.close()
    assert not resting.loaded


def test_what_is_used_stays_loaded() -> None:
    used = OnnxEmbedder(timer=lambda unload: IdleTimer(unload, 3600.0))
    used.embed_query("bread")
    assert used.loaded
    used.unload()
    assert not used.loaded
    used.close()


def test_loaded_ahead_of_the_query(monkeypatch: pytest.MonkeyPatch, local: OnnxEmbedder) -> None:
    loads: list[Path] = []
    real = module.load_model

    def load(folder: Path, graph: str) -> object:
        loads.append(folder)
        return real(folder, graph)

    monkeypatch.setattr(module, "load_model", load)
    ahead = OnnxEmbedder()
    for _ in range(3):
        ahead.load_ahead()
    assert np.array_equal(ahead.embed_query("bread"), local.embed_query("bread"))
    ahead.load_ahead()
    assert len(loads) == 1
    ahead.close()


def test_loading_ahead_says_nothing_where_it_fails(tmp_path: Path) -> None:
    missing = OnnxEmbedder(folder=tmp_path)
    missing.load_ahead()
    missing.close()
    with pytest.raises(ModelMissing):
        missing.embed_query("bread")


def test_a_missing_or_damaged_model(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        OnnxEmbedder(folder=tmp_path).embed_query("x")
    (tmp_path / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelMissing) as damaged:
        vectors_in_order(OnnxEmbedder(folder=tmp_path), ["x"])
    assert damaged.value.code == "model-missing.unloadable"
    assert not damaged.value.retryable


def test_a_failing_run_is_an_error_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = OnnxEmbedder(workers=1)
    loaded = module.load_model(resource("models/all-minilm-l6-v2"), "model.onnx")

    class Broken:
        def run(self, *_: object) -> None:
            raise RuntimeError("out of memory")

    monkeypatch.setattr(module, "load_model", lambda *_: loaded._replace(session=Broken()))
    with pytest.raises(EmbeddingError) as failed:
        embedder.embed_query("x")
    assert failed.value.retryable


@given(st.lists(st.integers(0, 256), max_size=200))
def test_batches_hold_every_text_once_and_are_bounded(lengths: list[int]) -> None:
    batches = batches_by_length(lengths)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= TOKENS_PER_BATCH


def test_the_int8_model_comes_near_full_precision(local: OnnxEmbedder) -> None:
    """Vectors of the same weights in full precision are kept beside this file."""
    stored = json.loads(Path(__file__).with_name("full_precision.json").read_text(encoding="utf-8"))
    assert len(stored) >= 12
    vectors = vectors_in_order(local, [row["text"] for row in stored])
    full = np.array([row["vector"] for row in stored], np.float32)
    cosines = np.sum(vectors * full, axis=1) / np.linalg.norm(full, axis=1)
    assert min(cosines) >= 0.98, cosines


def test_what_is_bundled_says_where_it_comes_from() -> None:
    folder = resource("models/all-minilm-l6-v2")
    assert (folder / "model.onnx").stat().st_size < 30_000_000
    assert (folder / "tokenizer.json").exists()
