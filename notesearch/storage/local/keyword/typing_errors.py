"""Finds the words that a misspelled one may mean, among the terms of the keyword index: those with the fewest
errors (optimal string alignment: a letter changed, left out, added, or two exchanged)."""

from __future__ import annotations

import string
from collections.abc import Sequence

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

# Letters from which a word may have one error, and two.
ONE_ERROR, TWO_ERRORS = 4, 8
# Terms that are looked at, and those that may stand for a word.
MOST_TERMS = 60_000
FORGIVEN_TERMS = 12
# Fields whose terms may be meant.
FIELDS = ("text", "name")

# The terms with one first letter, in one state of the index.
TermsOfLetter = dict[str, list[str]]


def nearest(
    searcher: tantivy.Searcher, kept: TermsOfLetter, word: str, *, begun: bool
) -> list[tuple[str, int]]:
    """The terms with the fewest errors, as (term, errors), most frequent first. `begun`: the word may be the
    beginning of one. `kept` has the terms of the letter that was asked for last, since the user types on."""
    most = 2 if len(word) >= TWO_ERRORS else 1
    found = _near(word, _terms_with(searcher, kept, word[0]), most, begun=begun)
    if found and found[0][1] == 1:
        return found
    return _otherwise_begun(searcher, word, begun=begun) or found


def _terms_with(searcher: tantivy.Searcher, kept: TermsOfLetter, letter: str) -> list[str]:
    terms = kept.get(letter)
    if terms is None:
        ends = (term for f in FIELDS for term, _ in searcher.terms_with_prefix(f, letter, limit=MOST_TERMS))
        terms = list(dict.fromkeys(ends))
        kept.clear()
        kept[letter] = terms
    return terms


def _otherwise_begun(searcher: tantivy.Searcher, word: str, *, begun: bool) -> list[tuple[str, int]]:
    """The terms that only begin otherwise: with another letter, one more, one less, or with the first two
    exchanged."""
    rest = word[1:]
    others = [letter + end for letter in _letters_beside(word[0]) for end in (rest, word)]
    found: dict[str, int] = {}
    for field in FIELDS:
        for one in (rest, rest[0] + word[0] + rest[1:], *others):
            if begun:
                found |= dict(searcher.terms_with_prefix(field, one, limit=FORGIVEN_TERMS))
            elif number := int(searcher.doc_freq(field, one)):
                found[one] = number
    best = sorted(found, key=lambda one: (-found[one], one))
    return [(one, 1) for one in best if one != word][:FORGIVEN_TERMS]


def _near(word: str, terms: Sequence[str], most: int, *, begun: bool) -> list[tuple[str, int]]:
    """The terms with the fewest errors, at most `most`. Of a word that is still typed, only the beginnings of
    terms are compared."""
    length = len(word)
    if not begun:
        fitting = [term for term in terms if abs(len(term) - length) <= most]
        near = process.extract(word, fitting, scorer=OSA.distance, score_cutoff=most, limit=None)
        found = [(term, int(errors)) for term, errors, _ in near if errors]
    else:
        least: dict[str, int] = {}
        long = [term for term in terms if len(term) >= length - most]
        for size in range(length - most, length + most + 1):
            cut = [term[:size] for term in long]
            for _, errors, place in process.extract(
                word, cut, scorer=OSA.distance, score_cutoff=most, limit=None
            ):
                least[long[place]] = min(int(errors), least.get(long[place], most))
        found = [(term, max(1, errors)) for term, errors in least.items()]
    fewest = min((errors for _, errors in found), default=0)
    return [(term, errors) for term, errors in found if errors == fewest][:FORGIVEN_TERMS]


def _letters_beside(letter: str) -> list[str]:
    """The small letters of its script: Unicode has those of one script side by side."""
    if letter.isascii():
        return list(string.ascii_lowercase)
    first = ord(letter) & ~0x7F
    return [chr(c) for c in range(first, first + 0x80) if chr(c).isalpha() and not chr(c).isupper()]
