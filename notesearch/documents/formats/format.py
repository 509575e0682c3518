"""What a format is: one row that says how files of a kind are told, read, shown, opened and asked for.

A format is one file beside this one with such a row in it. It knows no other format.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from notesearch.documents.formats.blocks import Block, Outline, Shown
from notesearch.domain import Document, Line, Locator, NoteFormat

HEAD = 4096  # bytes of a file that tell its kind


class Source:
    """A file to read: its path name, its size in bytes, and its bytes as a stream or whole.

    Made by the extraction process, which opened the file; a reader opens no file by name. One thread.
    """

    def __init__(self, path: Path, size: int, opened: Callable[[], IO[bytes]]) -> None:
        """`opened` gives a new stream over the file, from its first byte."""
        self.path = path
        self.size = size
        self._opened = opened

    @classmethod
    def of_bytes(cls, path: Path, raw: bytes) -> Source:
        """A file that is in memory already."""
        return cls(path, len(raw), lambda: io.BytesIO(raw))

    def open(self) -> IO[bytes]:
        """A stream from the first byte, for the caller to close; as many as wanted, one after the other."""
        return self._opened()

    def read(self) -> bytes:
        """All bytes: for formats whose files are small."""
        with self._opened() as stream:
            return stream.read()

    def head(self) -> bytes:
        """The first HEAD bytes."""
        with self._opened() as stream:
            return stream.read(HEAD)


@dataclass(frozen=True, slots=True)
class LocatedFrom:
    """From character `start` of a document's text on, this is the place in the file."""

    start: int
    locator: Locator


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One document of a file. `name` tells it from the others of the same file, in the reader's own terms,
    and stays the same when the file is read again; "" where the file is one document.

    `outline`: headings and kept blocks of `document.text`. `places`: where its stretches are in the file, by
    their beginnings, in order; () where the line of a passage says so (`Format.locate`).
    """

    document: Document
    outline: Outline = field(default_factory=Outline)
    name: str = ""
    places: tuple[LocatedFrom, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Markup that snippets leave out, as regular expressions over a passage.

    `marks` are taken away at the beginning of a line before anything else is; `lines` match from the
    beginning of a line; `inline` match anywhere, and one group in each says what stays; `headings` are the
    marks before a heading. No group may have a name that another format uses; none in `lines` may be
    numbered.
    """

    marks: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()


def line_locator(line: int) -> Locator:
    """For files with lines: an editor opens them at one."""
    return Line(number=line)


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of note.

    `about`: name, title, icon, suffixes and words, for front ends. `magic`: first bytes that tell the kind
    whatever the file's name ends in. `read` gives the documents of a file, one by one, so that memory stays
    bounded; it runs in the extraction process and raises FileUnreadable or an error below it (ValueError and
    RecursionError count as ExtractionFailed). `blocks` finds the blocks of a text that `read` gave; `shown`
    gives that text, by the same blocks, to the preview. `locate` turns the first line of a passage (from 1)
    into the place at which a viewer opens the file.

    `reading` says how well notes of this format are read. It is raised with every change of what is taken
    from a file (text, title, tags, language, facets): notes that were read by another number are read again,
    although nothing changed on the disk; chunks whose embedded text stays the same keep their vectors.
    """

    about: NoteFormat
    read: Callable[[Source], Iterator[Part]]
    shown: Callable[[str], Iterator[Shown]]
    blocks: Callable[[str], tuple[Block, ...]] = lambda _: ()
    locate: Callable[[int], Locator] = line_locator
    magic: tuple[bytes, ...] = ()
    noise: Noise = field(default_factory=Noise)
    reading: int = 1

    @property
    def name(self) -> str:
        """What the format is called in the store and in code."""
        return self.about.name
