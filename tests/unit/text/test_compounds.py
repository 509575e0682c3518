"""Words that are made of parts: as one, and by their parts."""

from __future__ import annotations

import pytest

from notesearch.text import compounds


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("an e-mail to you", ["email"]),
        ("the U.S.A. and t.a.t.u", ["USA", "tatu"]),
        ("safe_copy_rows", ["safecopyrows"]),
        (
            "on 2024-05-09 or 09.05.2024",
            ["20240509", "09052024", "20240509", "09052024", "20240509", "20240509"],
        ),
        ("1,250 sacks", ["1250"]),
        ("call (215) 555-0134", ["5550134", "2155550134"]),
        ("no such word here", []),
        ("a/very/long/path/of/a/file/in/a/folder", []),
    ],
)
def test_words_of_several_pieces_as_one(text: str, whole: list[str]) -> None:
    assert list(compounds.joined(text)) == whole


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("reloadTimelines", ["reload", "Timelines"]),
        ("HTTPResponse of an XMLHeader", ["HTTP", "Response", "XML", "Header"]),
        ("RS485", ["RS", "485"]),
        ("old_readMe_v2", ["read", "Me", "v", "2"]),
        ("9fceb02d1f3a4b5c6d7e", []),
        ("Plain words HERE", []),
    ],
)
def test_parts_that_no_sign_divides(text: str, parts: list[str]) -> None:
    assert list(compounds.parts(text)) == parts


@pytest.mark.parametrize(
    ("typed", "wholes"),
    [
        ("e-mail", ["email"]),
        ("U.S.A.", ["USA"]),
        ("email", []),
        ("2024-05-09", ["20240509"]),
        ("9.5.2024", ["952024", "20240509"]),
        ("5/9/2024", ["592024", "20240905", "20240509"]),
        ("2024-13-40", ["20241340"]),
    ],
)
def test_a_typed_word_as_one(typed: str, wholes: list[str]) -> None:
    assert compounds.wholes_of(typed) == wholes


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("سه\u200cشنبه", ["سه", "شنبه"]),
        ("nec\u200cessary", []),
        ("plain", []),
    ],
)
def test_persian_words_that_others_write_as_two(text: str, pieces: list[str]) -> None:
    assert list(compounds.at_joiners(text)) == pieces
