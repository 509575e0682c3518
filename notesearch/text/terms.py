"""The words of a text: one function for notes, names, tags and queries, with the place of each word.

A word is letters, digits and the marks that belong to them, or one picture sign (emoji). Scripts without
spaces between words (Han, kana, Hangul, Thai, Lao, Khmer, Myanmar) have none here: they are found by runs,
see analysis. Pure.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from notesearch.text.characters import folded, folded_with_places, marks

# Han, kana, Hangul, Thai, Lao, Khmer and Myanmar.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Picture signs, without the boxes of task lists and the tones of skin.
_PICTURES = (
    "\u231a\u231b\u23e9-\u23fa\u2600-\u260f\u2613-\u27bf\u2b05-\u2b55"
    "\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)
# What joins picture signs, and what colours one: joiners, the sign of a key, tones of skin, the letters of
# a flag.
_JOINS = "\u200c\u200d\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_ASCII = re.compile(r"[^\W_]+", re.ASCII)


class Word(NamedTuple):
    """A word: its folded form, and characters [start, end) of the text as it is written."""

    term: str
    start: int
    end: int


@cache
def pattern() -> re.Pattern[str]:
    """A word of a text in one spelling (characters.normal or .folded)."""
    letter = f"[^\\W_{UNSPACED}]"
    return re.compile(f"{letter}+(?:[{marks()}]+{letter}*)*|[{_PICTURES}]")


@cache
def tag_pattern() -> str:
    """A tag as an expression for `re`: `_`, `-` and `/` may stand inside."""
    return f"(?:[^\\W_]|[{_PICTURES}]|_\\w)[{tag_letters()}/-]{{0,99}}"


@cache
def tag_letters() -> str:
    """Letters of every script with their marks, digits, and picture signs with what joins and colours them,
    as the inside of a character class."""
    return f"\\w{marks()}{_PICTURES}{_JOINS}"


def terms(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _ASCII.findall(text.lower()) if text.isascii() else pattern().findall(folded(text))


def words_of(text: str) -> list[Word]:
    """The words of a text, in order, each with where it is written."""
    spelled, places = folded_with_places(text)
    found = (_ASCII if text.isascii() else pattern()).finditer(spelled)
    if places is None:
        return [Word(match[0], *match.span()) for match in found]
    return [Word(match[0], *written(places, *match.span())) for match in found]


def written(places: list[int], start: int, end: int) -> tuple[int, int]:
    """Characters [start, end) of a spelled text as characters of the written one. `places` is from
    characters."""
    # Several characters may come from one that is written.
    after = end
    while after < len(places) - 1 and places[after] == places[end - 1]:
        after += 1
    return places[start], places[after]
