"""Fusion: one score per note from both halves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.engine.fusion import fuse, passage_score


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
