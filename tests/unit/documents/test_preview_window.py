"""How much of a note the preview shows: all of usual prose, less of what is more work, and the passage in any
case."""

from __future__ import annotations

import pytest

from notesearch.documents.preview_window import MOST_WORK, preview_window

PROSE = "It says something about bread and water, and about the oven.\n" * 380


def test_prose_is_shown_whole() -> None:
    assert len(PROSE) > 23_000
    assert preview_window(PROSE, 0) == preview_window(PROSE, 12_000) == (0, len(PROSE))
    assert preview_window("", 0) == (0, 0)


@pytest.mark.parametrize("line", ["- a\n", "| a | b | c |\n", "*a* [b] `c`\n", "a\n" * 4, "x" * 700 + "\n"])
def test_of_short_lines_some_around_the_passage_are_shown(line: str) -> None:
    text = line * (24_000 // len(line))
    for at in (0, 9_000, 12_345, len(text) - 1):
        first, last = preview_window(text, at)
        assert first <= at < last
        assert last - first < len(text)
        assert first == 0 or text[first - 1] == "\n"
        assert last == len(text) or text[last - 1] == "\n"
    first, last = preview_window(text, 12_000)
    assert (last - 12_000) > 1.5 * (12_000 - first) > 0
    # At the end the room is for what stands above.
    assert preview_window(text, len(text) - 1)[1] == len(text)
    assert abs((len(text) - preview_window(text, len(text) - 1)[0]) - (last - first)) < 2 * len(line)


@pytest.mark.parametrize("piece", ["*a", "|", "x"])
def test_a_line_without_an_end_is_cut(piece: str) -> None:
    text = "Above.\n" + piece * (23_000 // len(piece)) + "\nBelow.\n"
    for at in (8, 9_000, 20_000):
        first, last = preview_window(text, at)
        assert 7 <= first <= at < last <= len(text)
        assert len(piece) * MOST_WORK / 75 < last - first < 12_000
