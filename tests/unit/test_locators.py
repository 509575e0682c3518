"""Places in files, as they are stored and sent."""

from __future__ import annotations

import pytest

from notesearch.domain import (
    Line,
    Locator,
    Message,
    Page,
    Section,
    Sheet,
    Slide,
    locator_from_text,
    locator_to_text,
)

EVERY: list[Locator | None] = [
    None,
    Line(number=1),
    Page(number=7),
    Slide(number=3),
    Sheet(name='Größe, "x"', row=12),
    Section(name="日本"),
    Message(number=9),
]


@pytest.mark.parametrize("locator", EVERY)
def test_a_locator_and_back(locator: Locator | None) -> None:
    assert locator_from_text(locator_to_text(locator)) == locator


def test_none_takes_no_room() -> None:
    assert locator_to_text(None) == ""


@pytest.mark.parametrize("text", ["x", "[]", '["page"]', '["page", {}]', '["nowhere", {"number": 1}]', "7"])
def test_what_is_no_locator_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own errors are ValueErrors too
        locator_from_text(text)
