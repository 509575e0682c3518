"""Names that a reader takes for the same, and those that are others."""

from __future__ import annotations

import pytest

from notesearch.text.names import keys, numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mueller", "M\u00fcller"),
        ("Muller", "M\u00fcller"),
        ("Goeteborg resa", "G\u00f6teborg resa"),
        ("Aarhus", "\u00c5rhus"),
        ("wifi", "Wi-Fi"),
        ("wi fi", "Wi-Fi"),
        ("E-Mail", "email"),
        ("USA", "U.S.A."),
        ("node.js", "NodeJS"),
        ("reload timelines", "reloadTimelines"),
        ("20240509", "2024-05-09"),
        ("2.10.3", "v2.10.3"),
        ("git config", ".git/config"),
        ("\u53f0\u6e7e", "\u53f0\u7063"),
        ("cafe\u0301", "Caf\u00e9"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    assert keys(one) & keys(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the rapist", "Therapist"),
        ("C++", "C"),
        ("C#", "C"),
        ("email list", "email"),
        ("1.5", "1.6"),
        ("", "x"),
    ],
)
def test_others(one: str, other: str) -> None:
    assert not keys(one) & keys(other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("9.5.2024", "2024-05-09", True),
        ("+49 171 1234567", "0171 1234567", True),
        ("9.5.2024", "2024-05-10", False),
        ("Mai 2024", "2024-05-09", False),
    ],
)
def test_the_same_number_in_another_form(one: str, other: str, same: bool) -> None:
    assert bool(numbers(one) & numbers(other)) is same
    assert not keys(one) & keys(other)
