"""The blocks of a note: what its lines are (headings, code, hidden settings, text), found by one parser per
format.

Chunking and the preview both work on them, so that a heading is the same thing to both. Pure values; a format
makes them, chunking/splitter.py and preview.py read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from notesearch.domain import Span


class Kind(StrEnum):
    """What a block is. TEXT: paragraphs and lists, whose inner shape is the renderer's business. HIDDEN: not
    shown (comments, settings, drawers)."""

    HEADING = "heading"
    CODE = "code"
    QUOTE = "quote"
    TABLE = "table"
    TEXT = "text"
    HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Characters [start, end) of a note's text: whole lines, without the last newline.

    For headings: `level` counts from 1; `title` is free of markup, `written` is the same with it; `label` is
    what stands before the title without being part of it (a task word); `in_list` says that it stands inside
    a list item, as outliners write them, so that it never names the whole note. For the rest: `kept` asks
    chunking not to cut it, `unread` says that it is a setting and no text to search; `name` is the language
    of code, or what the format calls the block; `inside` are the characters without the block's own fences
    (the whole block where it has none).
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
    spans that are no text to search. Spans never overlap."""

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
    """The heading that names the note: one on the very first line of text, else the first of level 1. ""
    where there is none."""
    named = [heading for heading in outline.headings if not heading.in_list and heading.title]
    if not named:
        return ""
    if after_unread(text, 0, named[0].start, outline.unread) == named[0].start:
        return named[0].title
    return next((heading.title for heading in named if heading.level == 1), "")


def after_unread(text: str, start: int, end: int, unread: tuple[Span, ...]) -> int:
    """The first character in [start, end) that is neither blank nor in a span of `unread`; `end` for none."""
    spans = iter(unread)
    span = next(spans, None)
    while start < end:
        rest = text[start:end]
        start += len(rest) - len(rest.lstrip())
        while span is not None and span[1] <= start:
            span = next(spans, None)
        if span is None or not span[0] <= start < span[1]:
            break
        start = span[1]
    return min(start, end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A run of lines as the preview shows it. `line` is its first line, from 0, in the text.

    HEADING: `text` is the title as inline Markdown, `level` and `label` as in Block. CODE: `text` as it is.
    TEXT: `text` is Markdown with exactly one line for each line of the note. `plain`: `text` is no Markdown
    but shown line by line as it stands. `in_list`: headings inside list items with their lines in `text`
    (from 0), which stand there inside a list item.
    """

    kind: Kind
    line: int
    text: str
    level: int = 0
    label: str = ""
    plain: bool = False
    in_list: tuple[tuple[int, Block], ...] = ()
