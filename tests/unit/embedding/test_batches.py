"""Packing: every text once, within every limit, in nearly as few requests as could be."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from notesearch.catalogue import RequestStyle
from notesearch.embedding.remote.batches import pack, weight
from notesearch.embedding.remote.request_limits import Limits


@given(
    sizes=st.lists(st.tuples(st.integers(1, 900), st.integers(1, 500)), max_size=120),
    items=st.integers(1, 30),
    characters=st.sampled_from([0, 900, 5000]),
    tokens=st.sampled_from([0, 400, 3000]),
)
def test_every_text_once_within_every_limit(
    sizes: list[tuple[int, int]], items: int, characters: int, tokens: int
) -> None:
    texts = ["x" * length for length, _ in sizes]
    batches = list(pack(texts, [count for _, count in sizes], Limits(items, characters, tokens)))
    assert sorted(p for batch in batches for p in batch.positions) == list(range(len(texts)))
    for batch in batches:
        assert len(batch) <= items
        assert batch.characters == sum(len(texts[p]) for p in batch.positions)
        assert len(batch) == 1 or not characters or batch.characters <= characters
        assert len(batch) == 1 or not tokens or batch.tokens <= tokens


def test_nearly_as_few_as_could_be() -> None:
    random.seed(3)
    counts = [min(380, max(10, int(random.gauss(260, 110)))) for _ in range(20_000)]
    texts = ["x" * (4 * count) for count in counts]
    for limits in (
        Limits(128, 0, 0),
        Limits(250, 0, 20_000),
        Limits(2048, 0, 300_000),
        Limits(64, 60_000, 16_000),
    ):
        fewest = max(
            len(texts) / limits.items,
            sum(counts) / (limits.tokens or 1e18),
            sum(map(len, texts)) / (limits.characters or 1e18),
        )
        assert len(list(pack(texts, counts, limits))) <= fewest * 1.05 + 1


def test_those_asked_for_only() -> None:
    assert [b.positions for b in pack(["a", "b", "c", "d"], [1, 1, 1, 1], Limits(2, 0, 0), [0, 2, 3])] == [
        [0, 2],
        [3],
    ]
    assert list(pack([], [], Limits(2, 0, 0))) == []


def test_a_weight_is_never_below_the_count_and_sees_what_we_cannot_count() -> None:
    assert weight("plain words", 3) == 3
    assert weight("👩" * 400, 1) >= 300
    assert weight("", 0) == 1
    assert Limits.of(RequestStyle(items_per_request=0)).items == 1
