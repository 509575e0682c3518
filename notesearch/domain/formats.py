"""Kinds of notes, and places in their files: what the formats say to the rest of the program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteFormat:
    """What front ends need to know of a kind of note. `title` is its name for people, in English; `icon`
    names a file of the icons ("" for the usual one); `suffixes` are lower case with their dot; `words` are
    further names that the user may write after `type:`."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    words: tuple[str, ...] = ()
    icon: str = ""


# Locators: where in a file a passage stands, in the terms of what opens it. All numbers count from 1.


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
