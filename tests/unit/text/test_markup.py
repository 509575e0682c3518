"""The text as its reader sees it, and the way back to what is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.text.markup import as_read, shown
from notesearch.text.terms import terms


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("un**believ**able", "unbelievable"),
        ("~~over~~coat, ==high==light", "overcoat, highlight"),
        ("H~2~O and x^2^", "H2O and x2"),
        ("<u>s</u>norkel, H<sub>2</sub>O, key<KBD>board</KBD>", "snorkel, H2O, keyboard"),
        ("see [side](x.md)walk", "see sidewalk"),
        ("[grey heron](https://birds.example.org/a_(b) 'title') waits", "grey heron waits"),
        ("[text][ref] and foot[^1]note", "text and footnote"),
        ("[[Page|shown]] and [[Other page]]", "shown and Other page"),
        ("[[https://example.org][Org link]]", "Org link"),
        ("![a map](map.png) of it", "a map of it"),
        ("cr&egrave;me &amp; br&#251;l&#xe9;e", "cr\u00e8me & br\u00fbl\u00e9e"),
        ("![](data:image/png;base64,iVBORw0KGgo+/AAAA==) tail", " tail"),
        ("<img src='data:image/png;base64,iVBORw0KGgo+/AAAA=='> tail", "  tail"),
        (r"snake\_case and 1 \* 2", "snake_case and 1 * 2"),
        (r"*em*\ phasis, un\ ``code``", "*emphasis, uncode``"),
        # What only looks like markup.
        ("Vec<String> and a<b and c>d", "Vec<String> and a<b and c>d"),
        ("a * b * c, 2 ** 3", "a * b * c, 2 ** 3"),
        ("**bold words** and *it*", "**bold words** and *it*"),
        ("AT&T; fish & chips", "AT&T; fish & chips"),
        ("snake_case_name", "snake_case_name"),
        ("~/a ~/b", "~/a ~/b"),
    ],
)
def test_what_a_reader_sees(written: str, read: str) -> None:
    assert as_read(written).text == read


@pytest.mark.parametrize(
    ("written", "beside"),
    [
        ("[x](https://birds.example.org)", {"https", "birds", "example", "org"}),
        ("2*3*4", {"2", "3", "4"}),
        ("1. milk\n2. eggs", {"1", "2"}),
        ("![](data:image/png;base64,iVBORw0KGgo+/AAAA==)", set[str]()),
        ("<a class='big' href='x'>y</a>", set[str]()),
    ],
)
def test_words_that_are_not_seen_in_their_place(written: str, beside: set[str]) -> None:
    assert set(as_read(written).beside) - {"data", "image", "png"} == beside


def test_numbers_of_lists_interrupt_no_phrase() -> None:
    assert as_read("1. milk\n2. eggs").text.split() == ["milk", "eggs"]
    assert shown("1. milk\n2. **egg**s") == "1. milk\n2. eggs"


def test_places_lead_back() -> None:
    text = "an un**believ**able [side](x.md)walk"
    read = as_read(text)
    assert read.places is not None
    begin = read.text.index("unbelievable")
    assert text[read.places[begin] : read.places[begin + 12]] == "un**believ**able"
    assert text[read.places[read.text.index("walk")] :] == "walk"


MARKED = st.text(st.sampled_from("ab1 \n*_~^=`<>/&;[]()!|\\.-\u00e4"), max_size=60)


@given(MARKED)
def test_nothing_is_lost(text: str) -> None:
    """Every word that is written is read, or stands beside, or is a part of one that is read."""
    read = as_read(text)
    assert read.places is None or len(read.places) == len(read.text) + 1
    assert read.places is None or read.places == sorted(read.places)
    seen = {*terms(read.text), *read.beside}
    for word in terms(text):
        assert any(word in other for other in seen) or "<" in text or "[" in text
