"""Bodies and replies: whatever comes back is either believed whole or refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch import catalogue
from notesearch.embedding.remote import payloads
from notesearch.errors import ReplyWrong


def reply(embeddings: list[Any], indexes: list[Any] | None = None, usage: Any = None) -> bytes:
    numbered = indexes if indexes is not None else list(range(len(embeddings)))
    data = [
        {"object": "embedding", "index": i, "embedding": e} for i, e in zip(numbered, embeddings, strict=True)
    ]
    return json.dumps({"object": "object", "data": data, "usage": usage}).encode()


def encoded(vector: list[float]) -> str:
    return base64.b64encode(np.array(vector, "<f4").tobytes()).decode()


def test_both_encodings_in_one_reply_in_the_order_of_the_texts() -> None:
    read = payloads.read_reply(reply([encoded([0.0, 1.0]), [0.6, 0.8], [1, 0]], [2, 0.0, 1]), 3, 2)
    assert read.vectors.tolist() == np.array([[0.6, 0.8], [1, 0], [0, 1]], np.float32).tolist()
    assert read.normalised


def test_made_unit_length_only_where_it_is_not() -> None:
    read = payloads.read_reply(reply([[3.0, 4.0]]), 1, None)
    assert np.allclose(read.vectors, [[0.6, 0.8]])
    assert not read.normalised
    off = np.array([0.6000001, 0.8], np.float32)
    assert payloads.read_reply(reply([encoded(off.tolist())]), 1, 2).vectors[0].tobytes() == off.tobytes()


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": None, "total_tokens": 6}, 6),
        ({"prompt_tokens": 5}, 5),
        ({"total_tokens": None}, None),
        (None, None),
        ({}, None),
        ("x", None),
        ({"total_tokens": True}, None),
        ({"total_tokens": -1}, None),
        ({"total_tokens": 7.0}, 7),
    ],
)
def test_tokens_where_they_are_said(usage: Any, tokens: int | None) -> None:
    assert payloads.read_reply(reply([[1.0]], usage=usage), 1, 1).tokens == tokens


GOOD = [1.0, 0.0]
WRONG = {
    "empty": b"",
    "html": b"<!doctype html>",
    "not an object": b"[]",
    "a string": b'"x"',
    "no data": b'{"object": "list"}',
    "data null": b'{"data": null}',
    "cut": reply([GOOD])[:-9],
    "not text": b"\xff\xfe\x00",
    "few": reply([GOOD]),
    "many": reply([GOOD] * 3),
    "twice": reply([GOOD] * 2, [0, 0]),
    "out of range": reply([GOOD] * 2, [0, 2]),
    "below": reply([GOOD] * 2, [0, -1]),
    "one index": reply([GOOD] * 2, [0, None]),
    "index true": reply([GOOD] * 2, [False, True]),
    "index text": reply([GOOD] * 2, ["0", "1"]),
    "item null": b'{"data": [null, null]}',
    "short": reply([GOOD, [1.0]]),
    "long": reply([GOOD, [1.0, 0, 0]]),
    "text": reply([GOOD, ["a", "b"]]),
    "nested": reply([GOOD, [[1, 0]]]),
    "bad base64": reply([GOOD, "!!!"]),
    "odd bytes": reply([GOOD, "AAAA"]),
    "object": reply([GOOD, {"a": 1}]),
    "number": reply([GOOD, 7]),
    "deep": b"[" * 100_000,
}


# No vector for the second text.
MISSING: dict[str, Any] = {
    "nan": [float("nan"), 1],
    "null": [None, 1],
    "infinite": [1e39, 1],
    "huge": [1e300, 1],
    "zero": [0, 0],
    "nothing": None,
    "no numbers": [],
    "no text": "",
    "nan in base64": encoded([float("nan"), 1]),
}


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("embedding", MISSING.values(), ids=list(MISSING))
def test_a_vector_that_is_none_costs_its_text_alone(embedding: Any, numbered: bool) -> None:
    indexes = [0, 1, 2] if numbered else [None] * 3
    read = payloads.read_reply(reply([GOOD, embedding, [0.0, 1.0]], indexes), 3, 2)
    assert list(read.wrong) == [1]
    assert read.wrong[1].code in ("reply-wrong.not-a-number", "reply-wrong.zero", "reply-wrong.empty")
    assert read.vectors.tolist() == [[1, 0], [0, 0], [0, 1]]
    assert payloads.read_reply(reply([GOOD, embedding, GOOD], indexes), 3, None).vectors.shape == (3, 2)
    with pytest.raises(ReplyWrong):
        payloads.read_reply(reply([embedding] * 2, indexes[:2]), 2, 2)


def test_a_server_that_numbers_none_gives_them_in_order() -> None:
    body = json.dumps({"data": [{"embedding": [1, 0]}, {"embedding": [0, 1]}]}).encode()
    assert payloads.read_reply(body, 2, 2).vectors.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize("body", WRONG.values(), ids=list(WRONG))
def test_a_wrong_reply_is_refused_whole(body: bytes) -> None:
    with pytest.raises(ReplyWrong) as wrong:
        payloads.read_reply(body, 2, 2)
    assert wrong.value.code.startswith("reply-wrong.")
    assert wrong.value.__context__ is None


@given(st.lists(st.binary(min_size=24, max_size=24), min_size=1, max_size=70))
def test_base64_is_read_to_the_bit(rows: list[bytes]) -> None:
    written = "".join(base64.b64encode(row).decode() for row in rows)
    assert payloads.decoded(written).tobytes() == b"".join(rows)


@pytest.mark.parametrize("character", ["-", "_", "=", "\n", " ", "\x00", "\x7f", "é", "\u2028"])
@pytest.mark.parametrize("place", [0, 1, 2, 3, 31])
def test_one_character_that_is_not_base64_spoils_the_reply(character: str, place: int) -> None:
    good = encoded([0.5] * 6)
    assert payloads.read_reply(reply([good] * 40), 40, 6).vectors.shape == (40, 6)
    bad = good[:place] + character + good[place + 1 :]
    with pytest.raises(ReplyWrong):
        payloads.read_reply(reply([*[good] * 39, bad]), 40, 6)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(body: bytes) -> None:
    with pytest.raises(ReplyWrong):
        payloads.read_reply(body, 1, 2)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON)
def test_any_json_is_refused_or_read(index: Any, embedding: Any) -> None:
    body = json.dumps({"data": [{"index": index, "embedding": embedding}]}).encode()
    try:
        vectors = payloads.read_reply(body, 1, None).vectors
    except ReplyWrong:
        return
    assert vectors.shape[0] == 1
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_a_query_is_one_line_of_bounded_length() -> None:
    model = catalogue.model("aimlapi/BAAI/bge-large-en-v1.5")
    assert payloads.query_input(model, " a\n b ") == f"{model.query_instruction}a b"
    assert len(payloads.query_input(model, "word " * 5000)) == payloads.MOST_QUERY_CHARACTERS


def test_the_longest_good_reply_is_within_the_cap() -> None:
    assert len(reply([[-1.2345678901234567e-301] * 1536] * 8)) < payloads.most_bytes(8, 1536)
