"""The words of a text and their places."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.text.terms import terms, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Déjà-vu in ZÜRICH, straße 42", ["deja", "vu", "in", "zurich", "strasse", "42"]),
        ("snake_case and dotted.name", ["snake", "case", "and", "dotted", "name"]),
        ("हिन्दी भाषा", ["हिंदी", "भाषा"]),
        ("party 🎉 at 8 ☐ now", ["party", "🎉", "at", "8", "now"]),
        ("👍🏽 thumbs", ["👍", "thumbs"]),
        ("北京abc大学", ["abc"]),
        ("Ｆｕｌｌ ﬁt", ["full", "fit"]),
        ("…—!", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert terms(text) == words
    assert [word.term for word in words_of(text)] == words


def test_places_are_those_of_the_written_text() -> None:
    text = "ein dead\u200bline, Tu\u0308r und stra\u00dfe"
    assert [text[w.start : w.end] for w in words_of(text)] == [
        "ein",
        "dead\u200bline",
        "Tu\u0308r",
        "und",
        "stra\u00dfe",
    ]


@given(st.text())
def test_places_are_in_order(text: str) -> None:
    found = words_of(text)
    assert [w.term for w in found] == terms(text)
    for word, following in itertools.pairwise(found):
        assert word.start < word.end <= len(text)
        assert word.start <= following.start
