"""The shape of a text that chunking follows: its headings and the blocks that are kept whole. Made by each
format, read by chunk.py."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.domain import Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """A heading whose first line starts at character `start`. `level` counts from 1; `title` is free of
    markup.

    `in_list`: it stands inside a list item, as outliners write them, so it never names the whole note.
    """

    start: int
    level: int
    title: str
    in_list: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """Headings and kept blocks (fenced code, source blocks) in the order of the text. Blocks never
    overlap."""

    headings: tuple[Heading, ...] = ()
    blocks: tuple[Span, ...] = ()


def no_outline(_text: str) -> Outline:
    """For formats without headings."""
    return Outline()


def title_of(text: str, outline: Outline) -> str:
    """The heading that names the note: one on the very first line of text, else the first of level 1. ""
    where there is none."""
    named = [heading for heading in outline.headings if not heading.in_list and heading.title]
    if not named:
        return ""
    if not text[: named[0].start].strip():
        return named[0].title
    return next((heading.title for heading in named if heading.level == 1), "")
