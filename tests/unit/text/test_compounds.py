"""Words that are made of parts: as one, and by their parts."""

from __future__ import annotations

import pytest

from notesearch.text import compounds

# As +33 6 12 34 56 78 is dialled inside its country, whichever digits are the code.
_INSIDE = ["3612345678", "03612345678", "612345678", "0612345678", "12345678", "012345678"]


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
        ("1.250 sacks, 2'150 francs", ["1250", "2150"]),
        ("12 750 sacks", ["12750"]),
        ("in 2024 30 sacks, 12 750x", []),
        ("call (215) 555-0134", ["5550134", "2155550134"]),
        ("0171 / 123 45 67", ["01711234567"]),
        ("+49 171 123", ["49171123", "9171123", "09171123", "49171123"]),
        ("+33 6 12 34 56 78", ["612345678", "33612345678", *_INSIDE]),
        ("1-800-555-0199", ["18005550199", "18005550199", "8005550199"]),
        ("IBAN DE89 3704 0044 0532 0130 00", ["DE89370400440532013000", "370400440532013000"]),
        ("card 4111 1111 1111 1111.", ["4111111111111111"]),
        ("VAT DE 123 456 789", ["123456789", "123456789", "DE123456789"]),
        ("v2.10.3 or 2.10.3", ["v2103", "2103", "210", "2103", "210"]),
        ("no such word here", []),
        ("a/very/long/path/of/a/file/in/a/folder", []),
        ("see docs/how-to/e-mail/set-up.md", ["docshowtoemailsetupmd", "howto", "email", "setupmd", "setup"]),
        ("https://x.example/plug-in/on-line", ["xexample", "plugin", "online"]),
        ("the on-line/off-line switch", ["onlineoffline", "online", "offline"]),
        (".git/hooks/pre-commit", ["githooksprecommit", "precommit"]),
        ("jane@corp.example", ["janecorpexample", "corpexample"]),
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
        ("S3Bucket", ["S", "3", "Bucket", "S3", "3Bucket"]),
        ("iPhone12", ["i", "Phone", "12", "iPhone", "Phone12"]),
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
        ("v2.10.3", ["v2103", "2103"]),
        ("9.5.2024", ["952024", "20240509"]),
        ("5/9/2024", ["592024", "20240905", "20240509"]),
        ("2024-13-40", ["20241340"]),
        ("12 750", ["12750"]),
        ("004971123", ["004971123", "4971123"]),
        ("+493 71 1234", ["493711234", "93711234", "093711234", "3711234", "03711234"]),
        ("0049 71 1234", ["0049711234", "49711234", "9711234", "09711234"]),
    ],
)
def test_a_typed_word_as_one(typed: str, wholes: list[str]) -> None:
    assert compounds.wholes_of(typed) == wholes


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("215 555 0134 plumber", 12),
        ("(215) 555 0134", 14),
        ("12 750 sacks", 6),
        ("12 75 sacks", 0),
        ("12 sacks", 0),
        ("2024-05-09", 0),
        ("12,750", 0),
    ],
)
def test_where_a_number_with_blanks_ends(text: str, end: int) -> None:
    assert compounds.end_of_number(text, 0) == end


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
