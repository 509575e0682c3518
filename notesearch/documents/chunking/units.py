"""The smallest parts that chunks consist of: kept blocks, lines, sentences, groups of words. They are found
one after another, in linear time."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from notesearch.documents.chunking.tokens import LONGEST_PIECE, PIECE, TokenCounter
from notesearch.domain import Span

LONGEST_UNIT = 400  # characters of a unit inside a line
LONGEST_INDENT = 80

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*[ \t]+|(?<=[。！？])[」』”’）]*")
_WEAK_STOPS = "、，；：,;"
_JOINERS = "\u200d"
_EXTENDING = frozenset("\u200d\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_FEWEST_WORDS = 12


class Boundary(IntEnum):
    """What ends where a unit ends. The smaller the value, the better a chunk ends there."""

    PARAGRAPH = 0
    LINE = 1
    SENTENCE = 2
    SPACE = 3
    ANYWHERE = 4
    HEADING = 5


class Unit(NamedTuple):
    """Characters [start, end) that neither begin nor end with a newline. `tokens` is exact or a little too
    high."""

    start: int
    end: int
    tokens: int
    boundary: Boundary

    def ending(self, boundary: Boundary) -> Unit:
        """The same unit with another boundary."""
        return Unit(self.start, self.end, self.tokens, boundary)


class Units:
    """Divides text into units. No unit is above `budget` tokens, and one inside a line is not much above
    `grain` tokens. `characters`: no unit is longer; 0 for no such limit, else at least 200."""

    def __init__(
        self,
        text: str,
        blocks: tuple[Span, ...],
        counter: TokenCounter,
        *,
        budget: int,
        grain: int,
        characters: int = 0,
    ) -> None:
        self._text = text
        self._blocks = blocks
        self._starts = [start for start, _ in blocks]
        self._counter = counter
        self._budget = budget
        self._grain = min(grain, budget)
        self._slice = max(1, self._grain // 4)
        self._most = characters or LONGEST_PIECE * budget
        self._longest = min(LONGEST_UNIT, characters // 2) if characters else LONGEST_UNIT

    def between(self, start: int, end: int, *, heading: bool = False) -> Iterator[Unit]:
        """The units of [start, end). `heading`: the first line is a heading, which must not be a chunk
        alone."""
        held: Unit | None = None
        for unit in self._lines(start, end):
            if unit is None:
                if held is not None and held.boundary < Boundary.HEADING:
                    held = held.ending(Boundary.PARAGRAPH)
                continue
            if held is not None:
                yield held
            elif heading and unit.boundary <= Boundary.LINE:
                unit = unit.ending(Boundary.HEADING)
            held = unit
        if held is not None:
            yield held

    def _lines(self, start: int, end: int) -> Iterator[Unit | None]:
        """Units of each line or kept block; None for a blank line."""
        text = self._text
        block = bisect_left(self._starts, start)
        position = start
        while position < end:
            while block < len(self._blocks) and self._starts[block] < position:
                block += 1
            if block < len(self._blocks) and self._starts[block] == position:
                block_end = min(self._blocks[block][1], end)
                if kept := self._kept(position, block_end):
                    yield kept
                    position = block_end + 1
                    continue
            line_end = text.find("\n", position, end)
            line_end = end if line_end < 0 else line_end
            yield from self._line(position, line_end)
            position = line_end + 1

    def _kept(self, start: int, end: int) -> Unit | None:
        if end - start > self._most:
            return None
        tokens = self._counter.count(self._text[start:end])
        return Unit(start, end, tokens, Boundary.LINE) if 0 < tokens <= self._budget else None

    def _line(self, start: int, end: int) -> Iterator[Unit | None]:
        text = self._text
        if end - start <= self._longest:
            line = text[start:end]
            if not line or line.isspace():
                yield None
                return
            tokens = self._counter.count(line)
            if tokens <= self._grain:
                yield Unit(start, start + len(line.rstrip()), tokens, Boundary.LINE)
                return
        held: Unit | None = None
        for unit in self._sentences(start, end):
            if held is not None:
                yield held
            held = unit
        yield held.ending(Boundary.LINE) if held else None

    def _sentences(self, start: int, end: int) -> Iterator[Unit]:
        position = start
        for match in _SENTENCE_END.finditer(self._text, start, end):
            yield from self._words(position, match.end())
            position = match.end()
        yield from self._words(position, end)

    def _words(self, start: int, end: int) -> Iterator[Unit]:
        """One unit for a short sentence, else groups of words. The last one ends with the sentence."""
        if end - start <= self._longest:
            tokens = self._counter.count(self._text[start:end])
            if tokens <= self._grain:
                length = len(self._text[start:end].rstrip())
                if length:
                    yield Unit(start, start + length, tokens, Boundary.SENTENCE)
                return
        group_start, last_end, tokens = start, start, 0
        text, grain, longest = self._text, self._grain, self._longest
        for piece_start, piece_end, count in self._pieces(start, end):
            if last_end == start and piece_start - start > LONGEST_INDENT:
                group_start = last_end = piece_start
            full = tokens + count > grain or piece_end - group_start > longest
            if (full or tokens >= _FEWEST_WORDS) and last_end > group_start:
                spaced = piece_start > last_end or text[piece_start - 1] in _WEAK_STOPS
                if (full or spaced) and (
                    self._may_part(piece_start) or piece_end - group_start > 2 * longest
                ):
                    boundary = Boundary.SPACE if spaced else Boundary.ANYWHERE
                    yield Unit(group_start, last_end, tokens, boundary)
                    group_start, tokens = piece_start, 0
            tokens += count
            last_end = piece_end
        if last_end > group_start:
            yield Unit(group_start, last_end, tokens, Boundary.SENTENCE)

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        count_piece, grain = self._counter.count_piece, self._grain
        for match in PIECE.finditer(self._text, start, end):
            count = count_piece(match[0])
            first, last = match.span()
            if count <= grain:
                yield first, last, count
                continue
            for part in range(first, last, self._slice):
                part_end = min(part + self._slice, last)
                # A token has at least one character, so this is never too few.
                yield part, part_end, len(unicodedata.normalize("NFD", self._text[part:part_end]))

    def _may_part(self, position: int) -> bool:
        """Whether a text may be divided before `position`: not before a combining mark, and not inside a
        joined emoji."""
        after, before = self._text[position], self._text[position - 1]
        return (
            after not in _EXTENDING
            and before not in _JOINERS
            and not unicodedata.category(after).startswith("M")
        )
