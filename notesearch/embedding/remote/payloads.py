"""Payloads: the body of a request, and the check of a reply. Pure.

A reply is accepted only where it holds exactly one vector for each text: the right number, every index once,
the right dimensions, finite, not zero.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jiter
import numpy as np
from numpy.typing import NDArray

from notesearch.catalogue import EmbeddingModel, RequestStyle
from notesearch.embedding.embedder import Vectors
from notesearch.errors import ReplyWrong

# Characters of a query that are sent. More say nothing new, and bge would not read them (512 tokens).
MOST_QUERY_CHARACTERS = 1500
# A number written out takes up to 25 bytes with its comma.
BYTES_PER_NUMBER = 32
BYTES_BESIDE = 65_536
# Vectors decoded together: what they take stays in the processor's cache.
DECODED_AT_ONCE = 32
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, slots=True)
class Reply:
    """A checked reply. `vectors`: float32 [n, dimensions] of unit length. `normalised`: they arrived so.
    `tokens`: as the server counted them, None where it did not say. `wrong`: the rows that hold no vector,
    since the server gave none that can be used for these texts."""

    vectors: Vectors
    tokens: int | None
    normalised: bool
    wrong: Mapping[int, ReplyWrong] = field(default_factory=dict)


def document_input(model: EmbeddingModel, text: str) -> str:
    """Exactly what is sent for a chunk's text."""
    return model.document_instruction + text


def query_input(model: EmbeddingModel, text: str) -> str:
    """Exactly what is sent for a query."""
    return (model.query_instruction + " ".join(text.split()))[:MOST_QUERY_CHARACTERS]


def request_body(model: EmbeddingModel, inputs: Sequence[str] | str, *, query: bool) -> dict[str, Any]:
    """The JSON body for texts that are ready to be sent: a list for documents, a string for a query."""
    request_style = model.request_style or RequestStyle()
    body: dict[str, Any] = {"model": model.name, "input": inputs if isinstance(inputs, str) else list(inputs)}
    if request_style.encoding != "omit":
        body["encoding_format"] = request_style.encoding
    if request_style.takes_dimensions and model.dimensions != request_style.default_dimensions:
        body["dimensions"] = model.dimensions
    body.update(request_style.query_fields if query else request_style.document_fields)
    return body


def written(body: dict[str, Any]) -> bytes:
    """The body as UTF-8. Half a character, which no encoding has, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def most_bytes(count: int, dimensions: int) -> int:
    """The longest reply that `count` vectors can be."""
    return BYTES_BESIDE + count * (dimensions * BYTES_PER_NUMBER + 256)


def read_reply(body: bytes, count: int, dimensions: int | None) -> Reply:
    """Check a reply to `count` texts. Returns its vectors in the order of the texts. `dimensions` None: any
    number, the same for all.

    Raises ReplyWrong with the reason, which never quotes the reply. Where only some vectors are missing, zero
    or no numbers, their rows are told in `Reply.wrong`.
    """
    data, usage = _parts(body)
    if len(data) != count:
        raise ReplyWrong("reply-wrong.count", found=len(data), expected=count)
    ordered = _in_order(data, count)
    wrong = {row: ReplyWrong("reply-wrong.empty") for row, given in enumerate(ordered) if not given}
    if len(wrong) == count:
        raise wrong[0]
    first = next(row for row in range(count) if row not in wrong)
    wanted = dimensions or len(_numbers(ordered[first]))
    vectors = np.zeros((count, wanted), np.float32)
    rows = [row for row in range(count) if row not in wrong]
    for start in range(0, len(rows), DECODED_AT_ONCE):
        some = rows[start : start + DECODED_AT_ONCE]
        filled = np.empty((len(some), wanted), np.float32)
        _fill(filled, [ordered[row] for row in some])
        vectors[some] = filled
    norms = _checked_norms(vectors, wrong)
    if len(wrong) == count:
        raise wrong[0]
    # Vectors that arrive with unit length are kept bit for bit.
    off = np.abs(norms - 1) > 1e-5
    vectors[off] /= norms[off, None]
    return Reply(vectors, tokens_of(usage), not bool((np.abs(norms - 1) > 1e-3).any()), wrong)


def _checked_norms(vectors: Vectors, wrong: dict[int, ReplyWrong]) -> Vectors:
    """The lengths of the vectors. Those that cannot be used are added to `wrong`; they count as 1."""
    with np.errstate(all="ignore"):
        norms: Vectors = np.linalg.norm(vectors, axis=1)
    for row in map(int, np.flatnonzero(norms == 0)):
        wrong.setdefault(row, ReplyWrong("reply-wrong.zero"))
    for row in map(int, np.flatnonzero(~np.isfinite(norms))):
        wrong.setdefault(row, ReplyWrong("reply-wrong.not-a-number"))
    bad = list(wrong)
    vectors[bad], norms[bad] = 0, 1
    return norms


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
        # 128 vectors of 1,024 numbers: 5 ms here, 45 ms with json, which would hold up all other threads of
        # the program.
        parsed = jiter.from_json(body, cache_mode="none")
    except ValueError:
        page = body[:200].lstrip()[:1] == b"<"
    if page:
        raise ReplyWrong("reply-wrong.web-page")
    data = parsed.get("data") if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or not isinstance(data, list):
        raise ReplyWrong("reply-wrong.no-vectors")
    return data, parsed.get("usage")


def _in_order(data: Sequence[Any], count: int) -> list[Any]:
    """The embeddings in the order of the texts. A server that numbers none gives them in order; some do not
    number, Google's own among them. Raises ReplyWrong where only some are numbered, or not one by one."""
    if all(isinstance(item, dict) and item.get("index") is None for item in data):
        return [item.get("embedding") for item in data]
    ordered: list[Any] = [None] * count
    seen: set[int] = set()
    for item in data:
        index = item.get("index") if isinstance(item, dict) else None
        if (
            isinstance(index, bool)
            or not isinstance(index, (int, float))
            or index not in range(count)
            or int(index) in seen
        ):
            raise ReplyWrong("reply-wrong.order")
        seen.add(int(index))
        ordered[int(index)] = item.get("embedding")
    return ordered


def _fill(vectors: Vectors, embeddings: Sequence[Any]) -> None:
    """Write one embedding into each row."""
    wanted = vectors.shape[1]
    length = wanted * 16 // 3
    if wanted and wanted % 3 == 0 and all(isinstance(e, str) and len(e) == length for e in embeddings):
        with contextlib.suppress(ValueError):
            vectors[:] = decoded("".join(embeddings)).reshape(vectors.shape)
            return
    for row, embedding in enumerate(embeddings):
        numbers = _numbers(embedding)
        if numbers.shape != (wanted,):
            raise ReplyWrong("reply-wrong.dimensions", found=numbers.size, expected=wanted)
        vectors[row] = numbers


def decoded(written: str) -> Vectors:
    """Decode strict base64 without padding, many vectors in a row. Takes half the time of the base64 module,
    and lets other threads run.

    Raises ValueError where the text is no such base64.
    """
    upper, lower = _pairs()
    pairs = np.frombuffer(written.encode("ascii"), "<u2")
    words = upper[pairs[0::2]]
    words |= lower[pairs[1::2]]
    if int(words.max()) > 0xFFFFFF:
        raise ValueError("not base64")
    parts = words.view(np.uint8).reshape(-1, 4)
    decoded = np.empty((len(words), 3), np.uint8)
    for place in range(3):
        decoded[:, place] = parts[:, place]
    return decoded.reshape(-1).view("<f4").astype(np.float32, copy=False)


@lru_cache(maxsize=1)
def _pairs() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """What two characters (a little-endian number) add to the three bytes (likewise, the first one lowest)
    that four stand for, as the first or the second pair; more than three bytes hold where one is not of the
    alphabet."""
    values = np.full(256, 64, np.uint32)
    values[list(_ALPHABET)] = range(64)
    numbers = np.arange(1 << 16)
    first, second = values[numbers & 255], values[numbers >> 8]
    bits = (first & 63) << 6 | (second & 63)
    wrong = np.where((first | second) & 64, 1 << 24, 0).astype("<u4")
    upper = bits >> 4 | (bits & 15) << 12
    lower = bits & 0xF00 | (bits & 255) << 16
    return (upper | wrong).astype("<u4"), (lower | wrong).astype("<u4")


def _numbers(embedding: object) -> Vectors:
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(
                np.float32, copy=False
            )
        if isinstance(embedding, list):
            with np.errstate(over="ignore"):
                return np.array(embedding, np.float32)
    raise ReplyWrong("reply-wrong.unreadable")
