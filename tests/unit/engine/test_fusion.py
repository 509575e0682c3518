"""Fusion: one score per note from both halves."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.engine.search.fusion import (
    EXACT_PHRASE,
    EXACT_TITLE,
    FAR_BEHIND,
    SECOND_PASSAGE,
    fuse,
    near_enough,
    odds_of,
    passage_score,
    side_by_side,
)


def weight_of(words: float, meaning: float, odds: float = 1.0) -> float:
    """The weight of the keyword half, from the gaps of both."""
    for_words, for_meaning = words * odds, math.pow(meaning, 0.65)
    return for_words / (for_words + for_meaning)


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


def test_the_odds_move_the_weight() -> None:
    keyword, meaning = {1: 10.0, 2: 5.0}, {1: 0.2, 2: 0.8}
    assert fuse(keyword, meaning, [1, 2], [2, 1]) == pytest.approx({1: 0.5, 2: 0.5})
    assert fuse(keyword, meaning, [1, 2], [2, 1], odds=4.0) == pytest.approx({1: 0.8, 2: 0.2})
    assert fuse(keyword, {}, [1, 2], [], odds=0.1) == pytest.approx({1: 1.0, 2: 0.0})
    assert fuse({}, meaning, [], [2, 1], odds=9.0) == pytest.approx({1: 0.0, 2: 1.0})


def test_a_long_query_speaks_for_words_and_a_near_passage_for_meaning() -> None:
    assert odds_of(4, 0.5, 0.0) == pytest.approx(0.54 * 4 / 6.75)
    assert odds_of(8, 0.5, 0.0) / odds_of(4, 0.5, 0.0) == pytest.approx(2)
    assert [odds_of(words, 0.9, 0.6) for words in (0, 1, 3)] == [1.0, 1.0, 1.0]
    assert odds_of(4, 0.6, 0.6) == odds_of(4, 0.5, 0.0)
    assert odds_of(4, 0.7, 0.6) / odds_of(4, 0.6, 0.6) == pytest.approx(math.exp(-0.7))


def test_notes_without_vectors_are_not_worse_for_it() -> None:
    keyword, meaning = {1: 10.0, 2: 8.0, 3: 6.0, 4: 5.0}, {3: 0.8, 4: 0.2}
    weight = weight_of(1 - (0.6 + 0.2) / 3, 1.0)
    assert fuse(keyword, meaning, [1, 2, 3, 4], [3, 4])[1] == pytest.approx(weight)
    # Half of what the words found has vectors, so meaning weighs half as much.
    weight = 1 - (1 - weight) / 2
    fused = fuse(keyword, meaning, [1, 2, 3, 4], [3, 4], unembedded={1, 2})
    assert fused == pytest.approx({1: 1.0, 2: 0.6, 3: 0.2 * weight + 1 - weight, 4: 0.0})
    # One that has a passage near the query already keeps that.
    assert fuse({1: 5.0}, {1: 0.8, 2: 0.4}, [1], [1, 2], unembedded={1})[1] == pytest.approx(1.0)


def test_the_half_whose_best_stands_out_weighs_more() -> None:
    flat = {i: 5.0 + i * 0.01 for i in range(2, 12)}
    assert order(fuse(flat, {1: 0.9, **dict.fromkeys(range(20, 30), 0.1)}, flat, [1, *range(20, 30)]))[0] == 1


def test_equal_scores_are_not_divided_by_nothing() -> None:
    assert set(fuse({1: 1.0, 2: 1.0}, {1: 0.5, 2: 0.5}, [1, 2], [1, 2])) == {1, 2}


def test_two_good_passages_beat_one() -> None:
    assert passage_score([0.8, 0.7]) > passage_score([0.8, 0.1])
    assert passage_score([0.8]) == pytest.approx(0.8)


# Numbers


def test_the_numbers_that_were_measured() -> None:
    assert (EXACT_TITLE, EXACT_PHRASE, SECOND_PASSAGE, FAR_BEHIND) == (8.0, 3.0, 0.2, 0.4)


def test_each_half_is_scaled_over_its_list_and_weighed_by_its_gap() -> None:
    """Words: 1, 0.5, 0, so their best stands 0.75 above the rest. Meaning: 1, 0.9, 0, a gap of 0.55."""
    fused = fuse({1: 10.0, 2: 6.0, 3: 2.0}, {2: 0.8, 4: 0.75, 5: 0.3}, [1, 2, 3], [2, 4, 5])
    weight = weight_of(0.75, 0.55)
    assert fused == pytest.approx(
        {1: weight, 2: 0.5 * weight + 1 - weight, 3: 0.0, 4: 0.9 * (1 - weight), 5: 0.0}
    )


def test_nine_that_follow_the_best_make_the_gap() -> None:
    """The tenth and later ones do not count, nor does the order in which the lists are given."""
    keyword = {1: 1.0, **dict.fromkeys(range(2, 11), 0.6), **dict.fromkeys(range(11, 20), 0.3), 20: 0.0}
    meaning = {30: 1.0, 31: 0.0}
    fused = fuse(keyword, meaning, sorted(keyword, reverse=True), [31, 30])
    weight = weight_of(0.4, 1.0)
    assert (fused[1], fused[30]) == pytest.approx((weight, 1 - weight))
    assert fused[2] == pytest.approx(0.6 * weight)


def test_a_list_of_one_stands_out_whole() -> None:
    """Its gap is 1, beside 0.75 of the other."""
    fused = fuse({1: 7.0}, {2: 0.8, 3: 0.6, 4: 0.4}, [1], [2, 3, 4])
    weight = weight_of(1.0, 0.75)
    assert fused == pytest.approx({1: weight, 2: 1 - weight, 3: 0.5 * (1 - weight), 4: 0.0})


def test_two_flat_lists_weigh_the_same() -> None:
    assert fuse({1: 5.0, 2: 5.0}, {2: 0.3, 3: 0.3}, [1, 2], [2, 3]) == {1: 0.5, 2: 1.0, 3: 0.5}
    # One flat list beside one with a gap says nothing, unless its notes hold all that was typed.
    flat = ({1: 5.0, 2: 5.0}, {2: 0.3, 3: 0.1}, [1, 2], [2, 3])
    assert fuse(*flat) == {1: 0.0, 2: 1.0, 3: 0.0}
    assert fuse(*flat, complete=frozenset([1, 2])) == {1: 0.5, 2: 1.0, 3: 0.0}


def test_in_a_flat_list_the_notes_below_it_have_nothing() -> None:
    assert fuse({1: 5.0, 2: 5.0, 3: 4.0, 4: 6.0}, {}, [1, 2], []) == {1: 1.0, 2: 1.0, 3: 0.0, 4: 1.0}


def test_one_half_alone_has_all_the_weight() -> None:
    assert fuse({1: 3.0, 2: 2.0, 3: 1.0}, {}, [1, 2, 3], []) == {1: 1.0, 2: 0.5, 3: 0.0}
    assert fuse({}, {1: 0.9, 2: 0.6, 3: 0.3}, [], [1, 2, 3]) == pytest.approx({1: 1.0, 2: 0.5, 3: 0.0})


def test_what_lies_below_a_cut_list_is_negative() -> None:
    """Scores beside the list are scaled by the list: 0 where it ends, and below."""
    assert fuse({1: 10.0, 2: 6.0, 9: 2.0}, {}, [1, 2], []) == {1: 1.0, 2: 0.0, 9: -1.0}


def test_a_whole_list_is_scaled_from_its_zero() -> None:
    assert fuse({1: 8.0, 2: 6.0}, {}, [1, 2], [], keyword_zero=0.0) == {1: 1.0, 2: 0.75}
    fused = fuse({}, {3: 0.6, 4: 0.4, 5: 0.1}, [], [3, 4, 5], meaning_zero=0.2)
    assert fused == pytest.approx({3: 1.0, 4: 0.5, 5: 0.0})


def test_below_the_zero_nothing_is_held_against_a_note() -> None:
    """In the other half it is the best, and keeps that."""
    fused = fuse({5: 9.0}, {3: 0.6, 5: 0.0}, [5], [3], keyword_zero=0.0, meaning_zero=0.2)
    assert fused == pytest.approx({3: 0.5, 5: 0.5})


def test_each_half_has_its_own_zero() -> None:
    fused = fuse({1: 4.0, 2: 2.0}, {3: 0.5, 4: 0.4}, [1, 2], [3, 4], keyword_zero=1.0, meaning_zero=0.3)
    # Words: 1 and 1/3, a gap of 2/3. Meaning: 1 and 1/2, a gap of 1/2.
    weight = weight_of(2 / 3, 1 / 2)
    assert fused == pytest.approx({1: weight, 2: weight / 3, 3: 1 - weight, 4: (1 - weight) / 2})


def test_a_note_with_every_word_keeps_half_of_what_the_best_has() -> None:
    fused = fuse({1: 10.0, 2: 6.0, 3: 2.0}, {}, [1, 2, 3], [], complete={2, 3, 99})
    assert fused == {1: 1.0, 2: 0.75, 3: 0.5}
    assert fuse({}, {1: 1.0, 2: 0.5}, [], [1, 2], complete={2}) == {1: 1.0, 2: 0.0}


def test_a_fifth_of_a_notes_score_is_its_second_passage() -> None:
    assert passage_score([0.8, 0.3, 0.1]) == pytest.approx(0.8 * 0.8 + 0.2 * 0.3)
    assert passage_score([0.8]) == pytest.approx(0.8)


def test_notes_far_behind_the_nearest_are_left_out() -> None:
    cosines = {1: {10: 0.5, 11: 0.1}, 2: {20: 0.2}, 3: {30: 0.199}, 4: {40: 0.1, 41: 0.3}}
    meaning = {1: 0.42, 2: 0.2, 3: 0.199, 4: 0.26}
    assert near_enough(meaning, cosines) == [1, 4, 2]
    assert near_enough(meaning, cosines, 0.0) == [1, 4, 2, 3]
    assert near_enough(meaning, cosines, 0.41) == [1, 4]
    assert near_enough({2: 0.2}, cosines) == [2]
    assert near_enough({}, {}) == []


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


def test_the_numbers_of_two_models_side_by_side() -> None:
    """The higher id of two equals is second; where a list has ended the others are the mean."""
    merged = side_by_side([{2: {20: 0.6, 21: 0.4}, 1: {10: 0.6}}, {3: {30: 0.2}}])
    assert merged == {
        1: {10: pytest.approx(0.4)},
        3: {30: pytest.approx(0.4)},
        2: {20: pytest.approx(0.6), 21: pytest.approx(0.4)},
    }


def test_a_copy_of_one_model_is_returned() -> None:
    one = {1: {10: 0.9}}
    side_by_side([one])[1][10] = 0.0
    assert one == {1: {10: 0.9}}


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
