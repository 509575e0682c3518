"""Chooses how much of a note the preview shows. Qt lays out prose quickly, but each line, cell of a table and
mark is work for it, and a word without an end takes a time that grows with the square of its length. Pure."""

from __future__ import annotations

import re
from itertools import accumulate

from notesearch.domain import Span

# What is shown has together at most MOST_WORK. For Qt, 600 lines, 700 cells, 3,500 marks and 10,000
# characters of long words take about the same time: a tenth of a second.
MOST_WORK = 42_000
_LINE, _CELL, _MARK, _LONG_WORD = 70, 60, 12, 4
_MARKS = re.compile(r"[*_~`\[\]<>=^&$\\{}]")
_LONG = re.compile(r"(?<!\S)\S{500,}")


def preview_window(text: str, at: int) -> Span:
    """The characters of `text` to show around character `at`: whole lines, mostly below it. A line that is
    too much work alone is cut."""
    lines = text.split("\n")
    ends = list(accumulate(len(line) + 1 for line in lines))
    work = [_work(line) for line in lines]
    here = min(text.count("\n", 0, max(0, at)), len(lines) - 1)
    if work[here] > MOST_WORK:
        return _inside(lines[here], ends[here] - len(lines[here]) - 1, work[here], at)
    first, last, done = here, here + 1, work[here]
    # A third of the room is for what stands above; what one side leaves is for the other.
    for room in (MOST_WORK // 3, MOST_WORK):
        while first and done + work[first - 1] <= room:
            first -= 1
            done += work[first]
        while last < len(lines) and done + work[last] <= MOST_WORK:
            done += work[last]
            last += 1
    return (ends[first - 1] if first else 0), min(ends[last - 1], len(text))


def _work(line: str) -> int:
    long = sum(len(word) for word in _LONG.findall(line))
    return _LINE + _CELL * line.count("|") + _MARK * len(_MARKS.findall(line)) + _LONG_WORD * long


def _inside(line: str, start: int, work: int, at: int) -> Span:
    """The characters of a line that begins at `start` around character `at`."""
    length = len(line) * MOST_WORK // work
    first = max(start, min(at - length // 3, start + len(line) - length))
    return first, first + length
