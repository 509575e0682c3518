"""One spelling for what readers take for the same, and the way back to what is written."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.text.characters import (
    MOST_MARKS,
    folded,
    folded_with_places,
    normal,
    normal_with_places,
    simplified,
)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("Besta\u0308tigung", "Bestätigung"),
        ("re\u0301sume\u0301", "résumé"),
        ("\u1109\u1165\u110b\u116e\u11af", "서울"),
        ("ﬁnal conﬁguration", "final configuration"),
        ("１２３ ｋｇ", "123 kg"),
        ("ガラス", "がらす"),
        ("ｶﾞﾗｽ", "がらす"),
        ("מִקְרָא", "מקרא"),
        ("مَدْرَسَة", "مدرسه"),
        ("إبراهيم", "ابراهيم"),
        ("کتاب\u200cها", "كتابها"),
        ("٢٠٢٤", "2024"),
        ("२०२४", "2024"),
        ("Ёлка ёж", "Елка еж"),
        ("Οδυσσέας", "Οδυσσεας"),
        ("nec\u00ades\u00adsary", "necessary"),
        ("dead\u200bline", "deadline"),
        ("İstanbul ıssız", "İstanbul ıssız"),
        ("काग़ज़ दाँत डॉक्टर हिन्दी", "कागज दांत डाक्टर हिंदी"),
        ("ספרים דרך", "ספרימ דרכ"),
        ("it\u2019s co\u2011op", "it's co-op"),
        ("x²", "x2"),
        ("plain text", "plain text"),
    ],
)
def test_one_spelling(written: str, spelled: str) -> None:
    assert normal(written) == spelled
    assert normal(spelled) == spelled


def test_places_lead_back_to_what_is_written() -> None:
    text = "ein dead\u200bline, ﬁne: Tu\u0308r"
    spelled, places = normal_with_places(text)
    assert places is not None
    begin = spelled.index("deadline")
    assert text[places[begin] : places[begin + 8]] == "dead\u200bline"
    begin = spelled.index("Tür")
    assert text[places[begin] : places[begin + 3]] == "Tu\u0308r"


@given(st.text())
def test_places_are_in_order_and_one_for_each_character(text: str) -> None:
    spelled, places = normal_with_places(text)
    if places is None:
        assert len(spelled) == len(text)
    else:
        assert len(places) == len(spelled) + 1
        assert places == sorted(places)
        assert places[-1] == len(text)


@given(st.text(st.characters(codec="utf-8", categories=("L", "M", "N", "Z", "P"))))
def test_composed_and_decomposed_are_the_same(text: str) -> None:
    assert normal(unicodedata.normalize("NFD", text)) == normal(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("B\u00dcRO/Stra\u00dfe E\u0301t\u00e9 \u5317\u4eac ", "buro/strasse ete \u5317\u4eac "),
        ("\u0141\u00f3d\u017a \u0110\u00e0 N\u1eb5ng", "lodz da nang"),
        (
            "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u0391\u03a3",
            "\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03b1\u03c3",
        ),
        ("\u041c\u043e\u0439 \u0451\u0436", "\u043c\u043e\u0439 \u0435\u0436"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0902\u0926\u0940"),
        ("\u0130stanbul \u0131ss\u0131z I\u015eIK", "istanbul issiz isik"),
    ],
)
def test_how_words_are_compared(written: str, compared: str) -> None:
    assert folded(written) == compared
    assert folded_with_places(written)[0] == compared


def test_traditional_characters_as_simplified_ones() -> None:
    assert simplified("\u5716\u66f8\u9928 abc") == "\u56fe\u4e66\u9986 abc"
    assert simplified("\u56fe") == "\u56fe"


@given(st.text())
def test_places_of_folded_text_are_in_order(text: str) -> None:
    made, places = folded_with_places(text)
    assert made == folded(text)
    if places is None:
        assert len(made) == len(text)
    else:
        assert len(places) == len(made) + 1
        assert places == sorted(places)


def test_of_very_many_marks_on_a_letter_some_are_read() -> None:
    """Composing sorts them, in a time that grows with the square of their number."""
    stacked = "x" + "\u0323\u0301" * 2_000 + "y"
    assert len(normal(stacked)) <= 2 + MOST_MARKS
    assert folded(stacked) == "xy"
    spelled, places = normal_with_places(stacked)
    assert spelled == normal(stacked)
    assert places is not None
    assert (places[0], places[-2], places[-1]) == (0, len(stacked) - 1, len(stacked))
    usual = "e\u0323\u0302" + "u\u0308\u0304"
    assert normal(usual) == unicodedata.normalize("NFKC", usual)
