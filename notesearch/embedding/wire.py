"""What goes over the wire: the body of a request, and the check of a reply. Pure.

A reply is believed only where it holds exactly one vector for each text: right count, every index once, right dimension, finite, not zero.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jiter
import numpy as np

from notesearch.catalogue import EmbeddingModel, Manners
from notesearch.embedding.embedder import Vectors
from notesearch.errors import ReplyWrong

# A query longer than this says nothing more, and bge would read no more of it (512 tokens).
MOST_QUERY_CHARACTERS = 1500
# A number written out takes up to 25 bytes with its comma.
BYTES_PER_NUMBER = 32
BYTES_BESIDE = 65_536


@dataclass(frozen=True, slots=True)
class Reply:
    """`vectors`: float32 [n, dimensions] of unit length. `normalised`: they came so. `tokens`: as counted by the server, None where not said."""

    vectors: Vectors
    tokens: int | None
    normalised: bool


def document_input(model: EmbeddingModel, text: str) -> str:
    """Exactly what is sent for a chunk's text."""
    return model.document_instruction + text


def query_input(model: EmbeddingModel, text: str) -> str:
    """Exactly what is sent for a query."""
    return (model.query_instruction + " ".join(text.split()))[:MOST_QUERY_CHARACTERS]


def request_body(model: EmbeddingModel, inputs: Sequence[str] | str, *, query: bool) -> dict[str, Any]:
    """The JSON body for texts that are ready to be sent: a list for documents, a string for a query."""
    manners = model.manners or Manners()
    body: dict[str, Any] = {"model": model.name, "input": inputs if isinstance(inputs, str) else list(inputs)}
    if manners.encoding != "omit":
        body["encoding_format"] = manners.encoding
    if manners.takes_dimensions and model.dimensions != manners.default_dimensions:
        body["dimensions"] = model.dimensions
    body.update(manners.query_fields if query else manners.document_fields)
    return body


def written(body: dict[str, Any]) -> bytes:
    """The body as UTF-8. Half a character, which no encoding has, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def most_bytes(count: int, dimensions: int) -> int:
    """The longest reply that `count` vectors can be."""
    return BYTES_BESIDE + count * (dimensions * BYTES_PER_NUMBER + 256)


def read_reply(body: bytes, count: int, dimensions: int | None) -> Reply:
    """The vectors of a reply to `count` texts, in the order of the texts. `dimensions` None: whatever they have, alike.

    Raises ReplyWrong, saying what was wrong in words that hold nothing of the reply.
    """
    data, usage = _parts(body)
    if len(data) != count:
        raise _wrong(f"{len(data)} vectors came for {count} texts")
    ordered = _in_order(data, count)
    first = _numbers(ordered[0])
    wanted = dimensions or len(first)
    vectors = np.empty((count, wanted), np.float32)
    for row, embedding in enumerate(ordered):
        numbers = first if row == 0 else _numbers(embedding)
        if numbers.shape != (wanted,):
            raise _wrong(f"a vector has {numbers.size} dimensions, not {wanted}")
        vectors[row] = numbers
    with np.errstate(all="ignore"):
        norms = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(norms).all():
        raise _wrong("a vector holds what is no number")
    if not (norms > 0).all():
        raise _wrong("a vector is zero")
    # What came as a unit vector is kept to the bit.
    off = np.abs(norms - 1) > 1e-5
    vectors[off] /= norms[off, None]
    return Reply(vectors, tokens_of(usage), not bool((np.abs(norms - 1) > 1e-3).any()))


def tokens_of(usage: object) -> int | None:
    """What the server says it read; some say null."""
    for key in ("total_tokens", "prompt_tokens"):
        value = usage.get(key) if isinstance(usage, dict) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12:
            return int(value)
    return None


def _parts(body: bytes) -> tuple[list[Any], object]:
    parsed: object = None
    page = False
    try:
        # 128 vectors of 1024 numbers: 5 ms, json 45, and all that while no other thread of this program runs.
        parsed = jiter.from_json(body, cache_mode="none")
    except ValueError:
        page = body[:200].lstrip()[:1] == b"<"
    if page:
        raise ReplyWrong(
            "A web page came instead of vectors",
            hint="A network that asks to log in may stand between: open a browser. Else check the base URL in the settings.",
        )
    data = parsed.get("data") if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or not isinstance(data, list):
        raise _wrong("it holds no vectors")
    return data, parsed.get("usage")


def _in_order(data: Sequence[Any], count: int) -> list[Any]:
    ordered: list[Any] = [None] * count
    for item in data:
        index = item.get("index") if isinstance(item, dict) else None
        if isinstance(index, bool) or not isinstance(index, (int, float)) or index not in range(count) or ordered[int(index)] is not None:
            raise _wrong("the vectors are not numbered one by one")
        ordered[int(index)] = item.get("embedding") or ()
    return ordered


def _numbers(embedding: object) -> Vectors:
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32, copy=False)
        if isinstance(embedding, list):
            with np.errstate(over="ignore"):
                return np.array(embedding, np.float32)
    raise _wrong("a vector cannot be read")


def _wrong(what: str) -> ReplyWrong:
    return ReplyWrong(f"The provider's reply cannot be used: {what}")
