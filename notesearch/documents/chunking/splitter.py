"""The splitter: cuts a text into chunks that follow its headings and are sized for a model. Pure; the same
text and recipe give the same chunks.

A section that fits is one chunk. Short sections are merged with what follows. A section that is too long is
cut at the best boundary: the end of a paragraph or sentence before the middle of one.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from notesearch.catalogue import ChunkRecipe
from notesearch.documents.chunking.tokens import TokenCounter, token_counter
from notesearch.documents.chunking.units import Boundary, Unit, Units
from notesearch.documents.formats.blocks import Outline, after_unread
from notesearch.documents.formats.registry import outline_of
from notesearch.domain import Chunk, Document, prefixed

CHARACTERS_PER_TOKEN = 24  # the most of a chunk, however few tokens: blank space, base64, long words
AHEAD = 4  # how far to look ahead for a cut, in rooms: units such as marks alone may have no tokens
SEPARATOR = " > "

# The cost of a cut at each kind of boundary, in shares of the distance from the ideal size.
_COST = {
    Boundary.PARAGRAPH: 0.0,
    Boundary.LINE: 0.2,
    Boundary.SENTENCE: 0.3,
    Boundary.SPACE: 0.7,
    Boundary.ANYWHERE: 1.2,
    Boundary.HEADING: 9.0,
}

HeadingPath = tuple[str, ...]


def split(document: Document, recipe: ChunkRecipe, outline: Outline | None = None) -> tuple[Chunk, ...]:
    """Cut a document into chunks, in order. Together they cover its text except blank space and settings.
    None is above `recipe.maximum` tokens.

    `outline` is the outline that the reader found; None to find it in the text. `Chunk.tokens` counts prefix
    and passage, without the tokens that a model adds at both ends. Any thread, but one at a time.
    """
    return _Splitter(document, recipe, outline or outline_of(document)).chunks()


def embedded_text(document_text: str, chunk: Chunk) -> str:
    """The embedded text of a chunk: its prefix, a newline, its passage."""
    return prefixed(chunk.prefix, document_text[chunk.start : chunk.end])


@dataclass(slots=True)
class _Section:
    """Characters [start, end) under one heading, or under several that were merged."""

    start: int
    end: int
    level: int
    heading_path: HeadingPath
    tokens: float
    bare: bool  # nothing but the heading


class _Splitter:
    """Splits one document."""

    def __init__(self, document: Document, recipe: ChunkRecipe, outline: Outline) -> None:
        self._document = document
        self._text = document.text
        self._recipe = recipe
        self._counter: TokenCounter = token_counter(recipe.tokenizer)
        self._special = self._counter.special
        self._outline = outline
        self._prefixes: dict[HeadingPath, tuple[str, int]] = {}
        self._chunks: list[Chunk] = []
        most = recipe.characters or math.inf
        self._most_characters = int(min(CHARACTERS_PER_TOKEN * recipe.maximum, most))
        self._line_at = (0, document.first_line)

    def chunks(self) -> tuple[Chunk, ...]:
        for section in self._merged():
            prefix, prefix_tokens = self._prefix(section.heading_path)
            if self._fits(section, prefix, prefix_tokens):
                self._add(
                    section.start,
                    section.end,
                    section.heading_path,
                    prefix,
                    prefix_tokens + int(section.tokens),
                )
            else:
                for start, end, tokens in self._cut(section, prefix, prefix_tokens):
                    self._add(start, end, section.heading_path, prefix, prefix_tokens + tokens)
        return tuple(self._chunks)

    def _add(self, start: int, end: int, heading_path: HeadingPath, prefix: str, tokens: int) -> None:
        position, line = self._line_at
        text = self._text
        line += text.count("\n", position, start) if start >= position else -text.count("\n", start, position)
        self._line_at = (start, line)
        self._chunks.append(
            Chunk(
                ordinal=len(self._chunks),
                start=start,
                end=end,
                line=line,
                heading=heading_path,
                prefix=prefix,
                tokens=tokens,
            )
        )

    # Sections

    def _sections(self) -> Iterator[_Section]:
        """A section for each heading with text, and one for the text before the first heading."""
        headings = self._outline.headings
        heading_path: list[tuple[int, str]] = []
        first_end = headings[0].start if headings else len(self._text)
        if section := self._section(0, first_end, 0, ()):
            yield section
        for number, heading in enumerate(headings):
            while heading_path and heading_path[-1][0] >= heading.level:
                heading_path.pop()
            heading_path.append((heading.level, heading.title))
            end = headings[number + 1].start if number + 1 < len(headings) else len(self._text)
            titles = tuple(title for _, title in heading_path if title)
            if section := self._section(heading.start, end, heading.level, titles):
                yield section

    def _section(self, start: int, end: int, level: int, heading_path: HeadingPath) -> _Section | None:
        if self._outline.unread:
            start, end = self._without_unread(start, end)
        part = self._text[start:end]
        body = part.strip()
        if not body:
            return None
        start += part[: len(part) - len(part.lstrip())].rfind("\n") + 1
        end -= len(part) - len(part.rstrip())
        small = end - start <= CHARACTERS_PER_TOKEN * self._recipe.maximum
        tokens = self._counter.count(body) if small else math.inf
        return _Section(
            start=start,
            end=end,
            level=level,
            heading_path=heading_path,
            tokens=tokens,
            bare=level > 0 and "\n" not in body,
        )

    def _without_unread(self, start: int, end: int) -> tuple[int, int]:
        """[start, end) without settings and blank space at its two ends."""
        start = after_unread(self._text, start, end, self._outline.unread)
        unread = self._outline.unread
        number = bisect_left(unread, end, key=itemgetter(0)) - 1
        while number >= 0 and start <= unread[number][0] and not self._text[unread[number][1] : end].strip():
            end = unread[number][0]
            number -= 1
        return start, end

    def _merged(self) -> Iterator[_Section]:
        """The sections, with short ones merged with what follows them."""
        current: _Section | None = None
        for following in self._sections():
            if current is None:
                current = following
            elif self._belong_together(current, following):
                current = self._together(current, following)
            else:
                yield current
                current = following
        if current is not None:
            yield current

    def _belong_together(self, current: _Section, following: _Section) -> bool:
        if current.bare and following.level > current.level:
            return True  # a heading alone says little; the section below it may be cut
        minimum = self._recipe.minimum
        if min(current.tokens, following.tokens) >= minimum:
            return False
        together = current.tokens + following.tokens
        if following.level == 1 and current.level > 0:
            # Sections are merged across a heading of the first level only while all of it is short, as in
            # lists of headlines without text.
            return together <= minimum
        return together + self._prefix(current.heading_path)[1] + self._special <= self._recipe.target

    def _together(self, current: _Section, following: _Section) -> _Section:
        below = following.heading_path[: len(current.heading_path)] == current.heading_path
        shared = 0
        for one, other in zip(current.heading_path, following.heading_path, strict=False):
            if one != other:
                break
            shared += 1
        return _Section(
            start=current.start,
            end=following.end,
            level=min(current.level, following.level) or following.level,
            heading_path=following.heading_path
            if below and (current.bare or not current.heading_path)
            else current.heading_path[:shared],
            tokens=current.tokens + following.tokens,
            bare=current.bare and following.bare,
        )

    def _room(self, prefix: str) -> int:
        """The most characters of a passage after `prefix` and its newline."""
        return self._most_characters - len(prefix) - 1 if self._recipe.characters else self._most_characters

    def _fits(self, section: _Section, prefix: str, prefix_tokens: int) -> bool:
        short_enough = section.end - section.start <= self._room(prefix)
        return short_enough and section.tokens + prefix_tokens + self._special <= self._recipe.maximum

    # Prefix

    def _prefix(self, heading_path: HeadingPath) -> tuple[str, int]:
        known = self._prefixes.get(heading_path)
        if known is None:
            known = self._prefixes[heading_path] = self._short_prefix(heading_path)
        return known

    def _short_prefix(self, heading_path: HeadingPath) -> tuple[str, int]:
        """The prefix of title and headings, at most a quarter of the maximum. Where it is too long, the
        headings in the middle are dropped first, then the end of the rest."""
        prefix, tokens = self._prefix_by_tokens(heading_path)
        most = self._recipe.characters // 4
        if not most or len(prefix) <= most:
            return prefix, tokens
        prefix = prefix[:most].rpartition(" ")[0] or prefix[:most]
        return prefix, self._counter.count(prefix)

    def _prefix_by_tokens(self, heading_path: HeadingPath) -> tuple[str, int]:
        title = " ".join(self._document.title.split())
        parts = list(dict.fromkeys(part for part in (title, *heading_path) if part))
        limit = self._recipe.maximum // 4
        prefix = SEPARATOR.join(parts)
        tokens = self._counter.count(prefix[:4000]) if len(prefix) <= 4000 else limit + 1
        while tokens > limit and len(parts) > 2:
            del parts[1]
            prefix = SEPARATOR.join(parts)
            tokens = self._counter.count(prefix[:4000])
        if tokens > limit:
            share = limit // len(parts) - 1
            prefix = SEPARATOR.join(
                shortened for part in parts if (shortened := self._shortened(part, share))
            )
            tokens = self._counter.count(prefix)
        return (prefix, tokens) if tokens <= limit else ("", 0)

    def _shortened(self, text: str, limit: int) -> str:
        units = Units(text[: limit * CHARACTERS_PER_TOKEN], (), self._counter, budget=limit, grain=1)
        tokens = end = 0
        for unit in units.between(0, min(len(text), limit * CHARACTERS_PER_TOKEN)):
            tokens += unit.tokens
            if tokens > limit:
                break
            end = unit.end
        return text[:end]

    # Cutting

    def _cut(self, section: _Section, prefix: str, prefix_tokens: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, tokens) of the pieces of a section that is too long. Looks ahead at most twice the
        maximum in tokens, and AHEAD times the room in characters."""
        budget = self._recipe.maximum - self._special - prefix_tokens
        target = max(self._recipe.target - self._special - prefix_tokens, budget // 2, 1)
        room = self._room(prefix)
        limited = room if self._recipe.characters else 0
        units = Units(
            self._text,
            self._outline.blocks,
            self._counter,
            budget=budget,
            grain=max(4, target // 6),
            characters=limited,
        )
        source = units.between(section.start, section.end, heading=section.level > 0)
        ahead: list[Unit] = []
        repeated = 0  # units at the head of `ahead` that the chunk before holds too
        exhausted = False
        while True:
            held = sum(unit.tokens for unit in ahead)
            while not exhausted and held <= 2 * budget and not self._is_far(ahead, room):
                unit = next(source, None)
                exhausted = unit is None
                if unit is not None:
                    ahead.append(unit)
                    held += unit.tokens
            if len(ahead) <= repeated:
                return
            if repeated and not self._within(ahead[: repeated + 1], budget, room):
                del ahead[:repeated]
                repeated = 0
                continue
            if exhausted and self._within(ahead, budget, room):
                yield ahead[0].start, ahead[-1].end, held
                return
            ideal = held / math.ceil(held / target) if exhausted and held else target
            cut = self._best_cut(ahead, repeated, ideal, budget, room)
            yield ahead[0].start, ahead[cut].end, sum(unit.tokens for unit in ahead[: cut + 1])
            overlap = self._overlap(ahead[: cut + 1])
            del ahead[: cut + 1 - overlap]
            repeated = overlap

    def _is_far(self, ahead: list[Unit], room: int) -> bool:
        return bool(ahead) and ahead[-1].end - ahead[0].start > AHEAD * room

    def _within(self, units: list[Unit], budget: int, room: int) -> bool:
        return sum(unit.tokens for unit in units) <= budget and units[-1].end - units[0].start <= room

    def _best_cut(self, units: list[Unit], repeated: int, ideal: float, budget: int, room: int) -> int:
        """After which unit to cut: near the ideal size, and where something ends."""
        best, lowest = repeated, math.inf
        tokens = 0
        for number, unit in enumerate(units):
            tokens += unit.tokens
            if number < repeated:
                continue
            if number > repeated and (tokens > budget or unit.end - units[0].start > room):
                break
            cost = abs(tokens - ideal) / ideal + _COST[unit.boundary]
            # Units without a token come together.
            if cost < lowest or not tokens:
                best, lowest = number, cost
        return best

    def _overlap(self, units: list[Unit]) -> int:
        """How many of the last units the next chunk repeats: whole sentences or lines, where some are short
        enough."""
        wanted = self._recipe.overlap * self._recipe.target
        most = clean = 0
        tokens = 0
        for count, number in enumerate(range(len(units) - 1, 0, -1), 1):
            tokens += units[number].tokens
            length = units[-1].end - units[number].start
            if tokens > wanted or length > wanted * CHARACTERS_PER_TOKEN:
                break
            most = count
            if units[number - 1].boundary <= Boundary.SENTENCE:
                clean = count
        return clean or (most if units[-1].boundary >= Boundary.SPACE else 0)
