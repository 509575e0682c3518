"""The blocks of a note: what its lines are (headings, code, hidden settings, text), found by one parser per
format.

Chunking and the preview both use them, so that both agree on what a heading is. Pure values; a format makes
them, chunking/splitter.py and preview.py read them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from notesearch.domain import Span

_BLANKS = re.compile(r"\s*")


class Kind(StrEnum):
    """The kind of a block. TEXT: paragraphs and lists, which the renderer parses further. HIDDEN: not shown
    (comments, settings, drawers)."""

    HEADING = "heading"
    CODE = "code"
    QUOTE = "quote"
    TABLE = "table"
    TEXT = "text"
    HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Characters [start, end) of a note's text: whole lines, without the last newline.

    For headings: `level` counts from 1. `title` is without markup, `written` is the same with it. `label`
    stands before the title but is no part of it (a task word). `in_list`: the heading is inside a list item,
    as outliners write them, so it never names the whole note. For other blocks: `kept` asks chunking not to
    cut it. `unread`: it is a setting, and no text to search. `name` is the language of code, or the format's
    name for the block. `inside` are the characters without the block's fences (the whole block where it has
    none).
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    title: str = ""
    written: str = ""
    label: str = ""
    in_list: bool = False
    kept: bool = False
    unread: bool = False
    name: str = ""
    inside: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """What chunking needs of the blocks, in the order of the text: headings, spans that are kept whole, and
    spans that are not searched. Spans never overlap."""

    headings: tuple[Block, ...] = ()
    blocks: tuple[Span, ...] = ()
    unread: tuple[Span, ...] = ()


def outline(blocks: Iterable[Block]) -> Outline:
    """The outline of the blocks of one text."""
    found = tuple(blocks)
    return Outline(
        headings=tuple(block for block in found if block.kind is Kind.HEADING),
        blocks=tuple((block.start, block.end) for block in found if block.kept),
        unread=tuple((block.start, block.end) for block in found if block.unread),
    )


def title_of(text: str, outline: Outline) -> str:
    """The heading that names the note: one on the first line of text, else the first of level 1; "" where
    there is none."""
    named = [heading for heading in outline.headings if not heading.in_list and heading.title]
    if not named:
        return ""
    if after_unread(text, 0, named[0].start, outline.unread) == named[0].start:
        return named[0].title
    return next((heading.title for heading in named if heading.level == 1), "")


def after_unread(text: str, start: int, end: int, unread: tuple[Span, ...]) -> int:
    """The first character in [start, end) that is neither blank nor in a span of `unread`; `end` where there
    is none."""
    number = bisect_right(unread, start, key=itemgetter(1))
    while start < end:
        if (blanks := _BLANKS.match(text, start, end)) is not None:
            start = blanks.end()
        while number < len(unread) and unread[number][1] <= start:
            number += 1
        if number == len(unread) or start < unread[number][0]:
            break
        start = unread[number][1]
    return min(start, end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """Some lines of a note as the preview shows them. `line` is the first of them in the text, from 0.

    HEADING: `text` is the title as inline Markdown; `level` and `label` are as in Block. CODE: `text` is
    shown unchanged. TEXT: `text` is Markdown with exactly one line for each line of the note. `plain`: `text`
    is no Markdown, and is shown line by line. `in_list` are headings inside list items, by their line in
    `text` (from 0).
    """

    kind: Kind
    line: int
    text: str
    level: int = 0
    label: str = ""
    plain: bool = False
    in_list: tuple[tuple[int, Block], ...] = ()
