"""Other spellings of a word that readers take for the same: umlauts written as two letters (Mueller), and
words with an article or preposition before them as Arabic and Hebrew write it.

Pure. The keyword index keeps `kept` of every word beside it; a query asks for `asked`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.text.characters import folded

_TWO_LETTERS = str.maketrans({"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00e5": "aa", "\u00f8": "oe"})
_UMLAUT = re.compile("[\u00e4\u00f6\u00fc\u00e5\u00f8]")
# Two letters that may stand for an umlaut: between consonants, or at the beginning.
_REDUCED = re.compile(r"(?:(?<=[b-df-hj-np-tv-z])(?<!q)|^)([aou])e(?=[b-df-hj-np-tv-z])", re.IGNORECASE)
SHORTEST_REDUCED = 5

# Hebrew: and, the, in, as, to, from, that. Arabic: the article with what may stand before it, then single
# letters. A word keeps three letters at least, or two after a Hebrew "the"; one of more than 40 is none that
# anybody reads.
_HEBREW = re.compile("[\u05d0-\u05ea]{4,40}|\u05d4[\u05d0-\u05ea]{2}")
_HEBREW_BEFORE = re.compile(
    "^\u05d4(?=[\u05d0-\u05ea]{2}$)|(?:\u05d5?(?:\u05e9|\u05db\u05e9|\u05de|\u05d1|\u05dc|\u05db)?\u05d4?)(?=[\u05d0-\u05ea]{3})"
)
_ARABIC = re.compile("[\u0621-\u064a]{4,40}")
_ARABIC_BEFORE = re.compile(
    "(?:[\u0648\u0641]?(?:\u0628\u0627\u0644|\u0643\u0627\u0644|\u0644\u0644|\u0627\u0644)|[\u0648\u0641\u0628\u0644\u0643])(?=[\u0621-\u064a]{3})"
)
# What Persian writes after a word: the plural. It is one word with it, or not, as the writer likes.
_PERSIAN_PLURAL = re.compile("([\u0621-\u06d3]{2,40}?)\u0647\u0627\u064a?")


def kept(spelled: str, term: str) -> Iterator[str]:
    """The other spellings that the index keeps of a word, folded. `spelled` is the word as written, `term`
    its folded form."""
    if spelled.isascii():
        if spelled[0].isupper() and (reduced := _reduced(term)):
            yield reduced
        return
    yield from _in_two_letters(spelled, term)
    yield from _without_what_stands_before(term)
    yield from _singular(term)


def asked(spelled: str, term: str) -> Iterator[str]:
    """The other spellings that a query asks for, folded."""
    yield from _in_two_letters(spelled, term)
    if reduced := _reduced(term):
        yield reduced
    yield from _without_what_stands_before(term)
    yield from _singular(term)


def plainer(text: str) -> str:
    """A text in which each word has one spelling of those that umlauts may have: the letter alone."""
    words = text.lower().translate(_TWO_LETTERS).split()
    return " ".join(_REDUCED.sub(r"\1", w) if len(w) >= SHORTEST_REDUCED else w for w in words)


def _singular(term: str) -> Iterator[str]:
    """A Persian word without the plural after it."""
    if found := _PERSIAN_PLURAL.fullmatch(term):
        yield found[1]


def without_marks(spelled: str) -> Iterator[str]:
    """A word as it is typed without diacritics, and with two letters for an umlaut; none where it has no
    diacritics."""
    if not spelled.isascii() and (term := folded(spelled)) != spelled.lower():
        yield term
        yield from _in_two_letters(spelled, term)


def _in_two_letters(spelled: str, term: str) -> Iterator[str]:
    lower = spelled.lower()
    if _UMLAUT.search(lower):
        written = folded(lower.translate(_TWO_LETTERS))
        if written != term:
            yield written


def _reduced(term: str) -> str:
    """The word with one letter for each two that may stand for an umlaut; "" where there are none."""
    if len(term) < SHORTEST_REDUCED or "e" not in term:
        return ""
    made = _REDUCED.sub(r"\1", term)
    return made if made != term else ""


def _without_what_stands_before(term: str) -> Iterator[str]:
    for word, before in ((_HEBREW, _HEBREW_BEFORE), (_ARABIC, _ARABIC_BEFORE)):
        if word.fullmatch(term):
            bare = term
            # One after another, since "and" and "the" and the word itself may begin with the same letter.
            while (found := before.match(bare)) and found[0]:
                bare = bare[1:] if word is _HEBREW else bare[found.end() :]
                yield bare
