"""Words that are akin by their beginning."""

from __future__ import annotations

import pytest

from notesearch.text.akin import are_akin, beginning, latin


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("стоматолог", "стоматолога"),
        ("сметка", "сметките"),
        ("ספרים", "ספר"),
        ("سياره", "سيارتي"),
        ("বই", "বইগুলো"),
        ("குழந்தை", "குழந்தைகளுக்கு"),
    ],
)
def test_these_are(word: str, other: str) -> None:
    assert are_akin(word, other)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("кот", "котлета"),  # too short
        ("книга", "книжка"),  # another letter in the middle
        ("стол", "столовая"),  # much longer
        ("ספר", "ספרדיות"),
        ("", "x"),
    ],
)
def test_these_are_not(word: str, other: str) -> None:
    assert not are_akin(word, other)


def test_of_stems_less_may_differ() -> None:
    assert are_akin("helsinki", "helsing", stemmed=True)
    assert are_akin("kirja", "kirjasto")
    assert not are_akin("kirja", "kirjasto", stemmed=True)


def test_the_beginning_leaves_out_what_may_differ() -> None:
    assert [beginning(word) for word in ("helsinki", "talo", "tal", "")] == ["helsin", "talo", "", ""]


def test_scripts() -> None:
    assert latin("word")
    assert latin("42")
    assert not latin("слово")
    assert not latin("λέξη")
