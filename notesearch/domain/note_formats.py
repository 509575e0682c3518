"""Kinds of notes, and places in their files: the values by which a format describes itself and its passages
to the rest of the program."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteFormat:
    """A kind of note, as front ends need to know it.

    `title` is its name in English. `icon` names an icon file; "" for the usual one. `suffixes` are lower case
    with their dot. `words` are further names that the user may write after `type:`.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    words: tuple[str, ...] = ()
    icon: str = ""


# Locators: where a passage is in its file, in the terms of the viewer that opens it. All numbers count from
# 1.


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of a text file."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a document."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Slide:
    """A slide of a presentation."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A row of a sheet of a workbook."""

    name: str
    row: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A chapter or another named part of a book or a page."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message of a mailbox."""

    number: int


Locator = Line | Page | Slide | Sheet | Section | Message

_LOCATORS: dict[str, type[Locator]] = {
    kind.__name__.lower(): kind for kind in (Line, Page, Slide, Sheet, Section, Message)
}


def locator_to_text(locator: Locator | None) -> str:
    """A locator as the text that is stored and sent between processes; "" for None."""
    if locator is None:
        return ""
    return json.dumps([type(locator).__name__.lower(), asdict(locator)], ensure_ascii=False)


def locator_from_text(text: str) -> Locator | None:
    """The locator that such a text stands for; None for "". Raises ValueError for a text that is no known
    locator."""
    if not text:
        return None
    try:
        kind, values = json.loads(text)
        return _LOCATORS[kind](**values)
    except (KeyError, TypeError) as error:
        raise ValueError("not a locator") from error
