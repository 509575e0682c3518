"""A second local model is a row of data: its own tokenizer counts, its own pooling and prefixes make the
vectors."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.catalogue.local_models import BUNDLED, LOCAL_MODELS, Pooling
from notesearch.config.paths import model_folder
from notesearch.documents.chunking.tokens import token_counter
from notesearch.documents.sandbox.process import Extracted, ExtractionProcess, ReadingPlan
from notesearch.domain import Query
from notesearch.embedding.embedder import vectors_in_order
from notesearch.embedding.local.onnx import OnnxEmbedder, vectors_of
from notesearch.errors import EmbeddingError
from tests import tiny_model
from tests.conftest import StartEngine, fill, found, reconcile
from tests.tiny_model import TINY


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tiny_model.make(tmp_path / "models")
    monkeypatch.setenv("NOTESEARCH_MODELS", str(folder))
    token_counter.cache_clear()
    return folder


def expected(folder: Path, text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The vector of a text worked out without the embedder."""
    tokenizer = Tokenizer.from_file(str(folder / "tiny" / "tokenizer.json"))
    mean = tiny_model.table(tokenizer.get_vocab_size())[tokenizer.encode(text).ids].mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def test_pooling_and_prefixes_make_its_vectors(models: Path) -> None:
    embedder = OnnxEmbedder(TINY, workers=1)
    assert embedder.model.identifier == "local/tiny"
    texts = ["beans", "a heap of leaves", "the night train to Lisbon"]
    vectors = vectors_in_order(embedder, texts)
    for row, text in enumerate(texts):
        assert np.allclose(vectors[row], expected(models, f"passage: {text}"), atol=1e-6)
        assert np.allclose(embedder.embed_query(text), expected(models, f"query: {text}"), atol=1e-6)
        assert not np.allclose(vectors[row], embedder.embed_query(text), atol=0.01)
    embedder.close()


def test_its_notes_are_cut_embedded_and_found(
    models: Path, start_engine: StartEngine, tmp_path: Path
) -> None:
    notes = fill(
        tmp_path / "notes",
        {
            "climbers.md": "# Climbers\n\ntomatoes climb a string; beans climb a pole\n",
            "heap.md": "# Heap\n\na heap of leaves rots to compost in a year\n",
            "train.txt": "the night train to Lisbon leaves at nine\n",
        },
    )
    own = OnnxEmbedder(TINY, workers=1)
    engine = start_engine(watch=False, embedders=(OnnxEmbedder(workers=1), own))
    engine.folders.add(notes, "local/tiny")
    reconcile(engine, notes)
    assert [folder.model for folder in engine.status().folders] == ["local/tiny"]
    assert found(engine, "beans climb a pole", "meaning")[0] == "climbers.md"
    assert found(engine, "a heap of leaves rots to compost in a year", "meaning")[0] == "heap.md"
    assert found(engine, "the night train to Lisbon leaves at nine", "meaning")[0] == "train.txt"
    assert engine.search.fused(Query(text="Lisbon")).matches[0].path.name == "train.txt"


def test_the_child_counts_by_its_tokenizer(models: Path, tmp_path: Path) -> None:
    counter = token_counter("tiny")
    note = tmp_path / "long.txt"
    note.write_text("tomatoes climb a string; " * 40)
    process = ExtractionProcess()
    try:
        ((_, read),) = process.read_all([(note, ReadingPlan(TINY.recipe))])
    finally:
        process.close()
    assert isinstance(read, Extracted)
    assert len(read.chunks) > 5
    for chunk in read.chunks:
        whole = f"{chunk.prefix}\n{read.document.text[chunk.start : chunk.end]}"
        assert counter.encoded(whole) <= chunk.tokens + 1 <= TINY.recipe.maximum + 1
        assert chunk.tokens != token_counter("minilm").count(whole)


@pytest.mark.parametrize(
    ("pooling", "pooled"),
    [
        (Pooling.MEAN, [[2.0, 3.0], [9.0, 9.0]]),
        (Pooling.FIRST, [[1.0, 2.0], [9.0, 9.0]]),
        (Pooling.LAST, [[3.0, 4.0], [9.0, 9.0]]),
    ],
)
def test_padding_is_no_part_of_a_vector(pooling: Pooling, pooled: list[list[float]]) -> None:
    from dataclasses import replace

    made = np.array([[[1, 2], [3, 4], [50, 50]], [[9, 9], [70, 70], [70, 70]]], np.float32)
    mask = np.array([[1, 1, 0], [1, 0, 0]], np.int64)
    row = replace(TINY, pooling=pooling, dimensions=2, normalise=False)
    assert vectors_of(made, mask, row).tolist() == pooled
    unit = vectors_of(made, mask, replace(row, normalise=True))
    assert np.allclose(np.linalg.norm(unit, axis=1), 1)
    with pytest.raises(EmbeddingError):
        vectors_of(made, mask, replace(row, dimensions=3))


def test_the_bundled_files_are_those_of_the_row() -> None:
    assert fingerprint_of(LOCAL) == "773baf189d5a798f"
    assert BUNDLED in LOCAL_MODELS
    for file in BUNDLED.files:
        content = (model_folder(BUNDLED.name) / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)


def test_words_are_counted_as_they_are_encoded(models: Path) -> None:
    counter = token_counter("tiny")
    for text in tiny_model.CORPUS:
        assert counter.count(text) == counter.encoded(text) > len(text.split())
    assert counter.special == 0
    assert token_counter("minilm").special == 2
    # Signs without a space before them are not counted as words.
    assert counter.count_piece(";") == 1


def test_an_unknown_tokenizer_is_an_error() -> None:
    with pytest.raises(KeyError):
        token_counter("nobody's")
