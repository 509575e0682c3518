"""Fusion: makes one score for each note from its BM25 (words) and its cosine (meaning). Pure arithmetic over
dictionaries.

Each half is scaled to 0..1 over its own list. The weights depend on how far the best note of a list stands
above the others: a keyword list whose first note is far ahead counts more than a flat one. In long questions
generic words add up to a flat list, and meaning leads.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence, Set

# Bonuses that lead the rows by words and the fused ones alike: notes are sorted by their bonus, and where it
# is the same by their score, which is 1 at most. The query is a title; a title begins with it; the text holds
# it as a phrase; a title is the same date or telephone number in another form; a title holds all of its
# words.
EXACT_TITLE = 8.0
TITLE_BEGINS = 4.0
EXACT_PHRASE = 3.0
SAME_NUMBER = 2.5
TITLE_HOLDS = 2.0
# The share of the best cosine that a note must reach to be shown for its meaning.
FAR_BEHIND = 0.4
# A gap is how far the best of a list stands above those that follow. The odds of the keyword half are its gap
# divided by the gap of the other half to the power of FLAT, times what `odds_of` makes of the query: WORDS
# for one of USUAL_LENGTH with a usual best cosine, more for a longer one; SURE says how much less they become
# for a better cosine, and UNREAD holds where no model was made for the language of the query.
# Chosen together on questions about code (cosqa-dev), on SciFact train (400 claims among 5,183 abstracts, and
# 300 among 1,300), and on 300 questions each of XQuAD; SciFact test was only looked at. nDCG@10:
#                   words  meaning  ratio of the gaps  this
#   code             .371   .606         .553         .604
#   SciFact train    .691   .675         .738         .739
#     among 1,300    .801   .796         .834         .831
#   SciFact test     .702   .655         .745         .745
#   German           .947   .717         .955         .958
#   Chinese          .975   .322         .965         .977
#   Russian          .961   .248         .934         .959
FLAT = 0.65
WORDS, SURE = 0.54, 7.0
USUAL_LENGTH = 6.75
UNREAD = 6.0
# The most words of a short query. A note that holds all of them is most likely the one that is looked for.
SHORT = 3
# The share of a note's second-best passage in its score by meaning: two good passages are better than one.
SECOND_PASSAGE = 0.2


def fuse(
    keyword: Mapping[int, float],
    meaning: Mapping[int, float],
    keyword_list: Collection[int],
    meaning_list: Collection[int],
    *,
    keyword_zero: float | None = None,
    meaning_zero: float | None = None,
    complete: Set[int] = frozenset(),
    unembedded: Set[int] = frozenset(),
    odds: float = 1.0,
) -> dict[int, float]:
    """The fused score of each note. `keyword` and `meaning` hold the score of every candidate that has one.
    The lists name the notes that each half found by itself; scores are scaled over those.

    A list that was not cut at its end is scaled from its zero: the score of a note that has nothing to do
    with the query. So the last of three notes with a rare word still has a good score. `complete` are the
    notes that hold every word of a short query; none of them gets less than half of the best keyword match's
    score. `unembedded` are notes that lack vectors: they have their score by words, and the more of the
    keyword list they are, the less meaning weighs for the others. `odds`: see `odds_of`.
    """
    by_keyword = _scaled(keyword, [keyword[i] for i in keyword_list], keyword_zero)
    for document_id in complete & by_keyword.keys():
        by_keyword[document_id] = 0.5 + 0.5 * by_keyword[document_id]
    by_meaning = _scaled(meaning, [meaning[i] for i in meaning_list], meaning_zero)
    weight = _weight(
        sorted((by_keyword[i] for i in keyword_list), reverse=True),
        sorted((by_meaning[i] for i in meaning_list), reverse=True),
        odds,
        whole=bool(complete),
    )
    if keyword_list and unembedded:
        embedded = sum(i not in unembedded for i in keyword_list) / len(keyword_list)
        weight = 1 - (1 - weight) * embedded
    return {
        i: by_keyword.get(i, 0.0)
        if i in unembedded and i not in by_meaning
        else weight * by_keyword.get(i, 0.0) + (1 - weight) * by_meaning.get(i, 0.0)
        for i in {*by_keyword, *by_meaning}
    }


def _scaled(scores: Mapping[int, float], reference: list[float], zero: float | None) -> dict[int, float]:
    """Scale scores so that the reference list (or the span from `zero` to its best) becomes 0..1. Scores
    below that become negative."""
    if not reference:
        return {}
    low, high = min(reference) if zero is None else zero, max(reference)
    if high - low < 1e-9:
        return {i: 1.0 if score >= high else 0.0 for i, score in scores.items()}
    if zero is not None:
        # A note that this half does not find is not ranked down where the other half found it.
        return {i: max(0.0, (score - low) / (high - low)) for i, score in scores.items()}
    return {i: (score - low) / (high - low) for i, score in scores.items()}


def _weight(keyword: list[float], meaning: list[float], odds: float, *, whole: bool) -> float:
    """The weight of the keyword half, 0..1, from how far the best of each list stands above the nine that
    follow. `whole`: notes hold every word of a short query. Where those have equal scores, both halves count
    the same; other lists of equal scores say nothing."""
    if not keyword or not meaning:
        return 1.0 if keyword else 0.0
    for_words, for_meaning = odds * _gap(keyword), math.pow(_gap(meaning), FLAT)
    if for_words + for_meaning < 1e-9 or (whole and len(keyword) > 1 and keyword[0] - keyword[-1] < 1e-9):
        return 0.5
    return for_words / (for_words + for_meaning)


def _gap(scores: list[float]) -> float:
    """How far the best of a list, best first and scaled to 0..1, stands above the nine that follow."""
    return max(0.0, 1.0 - sum(scores[1:10]) / len(scores[1:10])) if len(scores) > 1 else 1.0


def odds_of(words: int, nearest: float, usual: float) -> float:
    """What a query says of the odds of the keyword half: words are more reliable the more of them there are,
    and meaning the nearer the best passage is. `usual` is the best cosine that a query of the model usually
    has, 0 where that is not known."""
    if words <= SHORT:
        # A short query names what it asks for.
        return 1.0
    return WORDS * words / USUAL_LENGTH * (math.exp(SURE * (usual - nearest)) if usual else 1.0)


def passage_score(cosines: list[float]) -> float:
    """A note's score by meaning from the cosines of its passages, best first."""
    best = cosines[0]
    second = cosines[1] if len(cosines) > 1 else best
    return (1 - SECOND_PASSAGE) * best + SECOND_PASSAGE * second


def near_enough(
    meaning: Mapping[int, float], cosines: Mapping[int, Mapping[int, float]], far_behind: float = FAR_BEHIND
) -> list[int]:
    """The notes to show for their meaning alone, best first. Those far behind the best are about something
    else and are left out."""
    nearest = {i: max(c.values()) for i, c in cosines.items()}
    least = far_behind * max(nearest.values(), default=0.0)
    return sorted((i for i in meaning if nearest[i] >= least), key=lambda i: -meaning[i])


def side_by_side(models: Sequence[Mapping[int, Mapping[int, float]]]) -> dict[int, dict[int, float]]:
    """Put the cosines of several models (by note and chunk) together as one.

    The cosines of different models cannot be compared, so notes are compared by their rank (quantile
    normalisation): the note of rank r of each model gets the mean of what all models have at rank r. The
    differences between the passages of a note are kept. The cosines of a single model stay as they are.
    """
    if len(models) < 2:
        return {document_id: dict(chunks) for cosines in models for document_id, chunks in cosines.items()}
    best = [
        sorted(
            ((max(chunks.values()), -document_id) for document_id, chunks in cosines.items()), reverse=True
        )
        for cosines in models
    ]
    merged: dict[int, dict[int, float]] = {}
    for cosines, ranked in zip(models, best, strict=True):
        for rank, (top, negative_id) in enumerate(ranked):
            at_rank = [other[rank][0] for other in best if rank < len(other)]
            shift = sum(at_rank) / len(at_rank) - top
            merged[-negative_id] = {chunk: cosine + shift for chunk, cosine in cosines[-negative_id].items()}
    return merged
