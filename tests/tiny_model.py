"""A local model of a few kilobytes: a table of vectors, one for each token, as ONNX, and a tokenizer that is
not BERT's. Written by hand, since the library that writes ONNX is none of ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from notesearch.catalogue import ChunkRecipe
from notesearch.catalogue.local_models import LocalModel, Pooling

DIMENSIONS = 128
CORPUS = (
    "tomatoes climb a string; beans climb a pole",
    "a heap of leaves rots to compost in a year",
    "query: passage: the night train to Lisbon leaves at nine",
)

TINY = LocalModel(
    name="tiny",
    title="A model for tests",
    files=(),
    dimensions=DIMENSIONS,
    context=64,
    recipe=ChunkRecipe(target=40, maximum=60, minimum=10, overlap=0.1, tokenizer="tiny"),
    pooling=Pooling.MEAN,
    output="vectors",
    normalise=True,
    query_prefix="query: ",
    document_prefix="passage: ",
    revision="1",
)


def table(size: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The vectors of the tokens."""
    return np.random.default_rng(7).standard_normal((size, DIMENSIONS)).astype(np.float32)


def make(folder: Path) -> Path:
    """The files of TINY in `folder`/tiny; `folder` is what NOTESEARCH_MODELS is to name."""
    made = folder / TINY.name
    made.mkdir(parents=True)
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=70, special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS * 4, trainer)
    tokenizer.save(str(made / "tokenizer.json"))
    (made / "model.onnx").write_bytes(_gather(table(tokenizer.get_vocab_size())))
    return folder


def _gather(vectors: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> bytes:
    """An ONNX model: vectors = Gather(table, input_ids), float32 [texts, tokens, dimensions]."""
    tensor = _number(1, vectors.shape[0]) + _number(1, vectors.shape[1]) + _number(2, 1)
    tensor += _part(8, b"table") + _part(9, vectors.tobytes())
    node = _part(1, b"table") + _part(1, b"input_ids") + _part(2, b"vectors") + _part(4, b"Gather")
    graph = _part(1, node) + _part(2, b"tiny") + _part(5, tensor)
    graph += _part(11, _value(b"input_ids", 7, 2)) + _part(11, _value(b"attention_mask", 7, 2))
    graph += _part(12, _value(b"vectors", 1, 3))
    return _number(1, 8) + _part(8, _part(1, b"") + _number(2, 17)) + _part(7, graph)


def _value(name: bytes, kind: int, rank: int) -> bytes:
    shape = b"".join(_part(1, _part(2, name + str(axis).encode())) for axis in range(rank))
    return _part(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, shape)))


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
