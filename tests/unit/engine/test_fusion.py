"""Fusion: one score per note from both halves."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.engine.search.fusion import fuse, passage_score, side_by_side


def order(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda i: -scores[i])


def test_one_half_alone_keeps_its_order() -> None:
    assert order(fuse({1: 3.0, 2: 2.0, 3: 1.0}, {}, [1, 2, 3], [])) == [1, 2, 3]
    assert order(fuse({}, {1: 0.3, 2: 0.9}, [], [1, 2])) == [2, 1]
    assert fuse({}, {}, [], []) == {}


def test_good_in_both_beats_best_in_one() -> None:
    keyword = {1: 10.0, 2: 9.0, 3: 1.0}
    meaning = {4: 0.80, 2: 0.78, 5: 0.1}
    assert order(fuse(keyword, meaning, [1, 2, 3], [4, 2, 5]))[0] == 2


def test_the_half_whose_best_stands_out_weighs_more() -> None:
    flat = {i: 5.0 + i * 0.01 for i in range(2, 12)}
    assert order(fuse(flat, {1: 0.9, **dict.fromkeys(range(20, 30), 0.1)}, flat, [1, *range(20, 30)]))[0] == 1


def test_equal_scores_are_not_divided_by_nothing() -> None:
    assert set(fuse({1: 1.0, 2: 1.0}, {1: 0.5, 2: 0.5}, [1, 2], [1, 2])) == {1, 2}


def test_two_good_passages_beat_one() -> None:
    assert passage_score([0.8, 0.7]) > passage_score([0.8, 0.1])
    assert passage_score([0.8]) == pytest.approx(0.8)


Scores = st.dictionaries(st.integers(1, 30), st.floats(-1, 50), max_size=20)


@given(Scores, Scores)
def test_every_candidate_gets_a_finite_score(keyword: dict[int, float], meaning: dict[int, float]) -> None:
    fused = fuse(keyword, meaning, list(keyword), list(meaning))
    assert set(fused) == {*keyword, *meaning}
    assert all(-1e6 < score < 1e6 for score in fused.values())


# Several models side by side


def test_one_model_is_left_as_it_is() -> None:
    one = {1: {10: 0.9, 11: 0.2}, 2: {20: 0.5}}
    assert side_by_side([one]) == one
    assert side_by_side([]) == {}
    assert side_by_side([one, {}]) == one


def test_models_are_put_side_by_side_by_rank() -> None:
    """One whose cosines are all high has nothing over another."""
    high = {1: {1: 0.95}, 2: {2: 0.93}, 3: {3: 0.92}}
    low = {4: {4: 0.40}, 5: {5: 0.15}}
    merged = side_by_side([high, low])
    best = {i: max(chunks.values()) for i, chunks in merged.items()}
    assert best[1] == pytest.approx(best[4]) == pytest.approx((0.95 + 0.40) / 2)
    assert best[2] == pytest.approx(best[5]) == pytest.approx((0.93 + 0.15) / 2)
    assert best[3] == pytest.approx(0.92), "where there is one model it keeps its own"
    assert side_by_side([low, high]) == merged


def test_what_lies_between_the_passages_of_a_note_is_kept() -> None:
    merged = side_by_side([{1: {10: 0.9, 11: 0.6, 12: -0.1}}, {2: {20: 0.3, 21: 0.29}}])
    assert merged[1][10] - merged[1][11] == pytest.approx(0.3)
    assert merged[1][11] - merged[1][12] == pytest.approx(0.7)
    assert merged[2][20] - merged[2][21] == pytest.approx(0.01)


@given(st.lists(st.lists(st.floats(-1, 1), max_size=12), min_size=2, max_size=4))
def test_quantiles_keep_each_order_where_the_lists_are_as_long(lists: list[list[float]]) -> None:
    shortest = min(map(len, lists))
    models = [
        {100 * m + i: {100 * m + i: c} for i, c in enumerate(sorted(cosines, reverse=True)[:shortest])}
        for m, cosines in enumerate(lists)
    ]
    merged = side_by_side(models)
    assert set(merged) == {i for model in models for i in model}
    for model in models:
        tops = [max(merged[i].values()) for i in model]
        assert all(a >= b - 1e-9 for a, b in pairwise(tops))
