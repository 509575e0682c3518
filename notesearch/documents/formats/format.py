"""What a format is: one value that says how files of a kind are recognised, read, shown, opened and asked
for.

A format is a module beside this one with such a value. It imports no other format.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from notesearch.documents.formats.blocks import Block, Outline, Shown
from notesearch.domain import Document, Line, Locator, NoteFormat

HEAD = 4096  # bytes of a file that tell its kind


class Source:
    """A file to read: its path, its size in bytes, and its bytes as a stream or whole.

    The extraction process makes it, and has opened the file. A reader opens no file by name. For one thread.
    """

    def __init__(self, path: Path, size: int, opened: Callable[[], IO[bytes]]) -> None:
        """`opened` gives a new stream over the file, from its first byte."""
        self.path = path
        self.size = size
        self._opened = opened

    @classmethod
    def of_bytes(cls, path: Path, raw: bytes) -> Source:
        """A Source of a file that is in memory already."""
        return cls(path, len(raw), lambda: io.BytesIO(raw))

    def open(self) -> IO[bytes]:
        """A new stream from the first byte, which the caller closes. May be called several times, one stream
        after another."""
        return self._opened()

    def read(self) -> bytes:
        """All bytes of the file. For formats whose files are small."""
        with self._opened() as stream:
            return stream.read()

    def head(self) -> bytes:
        """The first HEAD bytes."""
        with self._opened() as stream:
            return stream.read(HEAD)


@dataclass(frozen=True, slots=True)
class LocatedFrom:
    """From character `start` of a document's text on, the text is at this place in the file."""

    start: int
    locator: Locator


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One document of a file.

    `name` tells it from other documents of the same file. The reader chooses it, and it must stay the same
    when the file is read again; "" where the file is one document. `outline`: headings and kept blocks of
    `document.text`. `places`: where the text is in the file, as stretches in order; () where the line of a
    passage says so (`Format.locate`).
    """

    document: Document
    outline: Outline = field(default_factory=Outline)
    name: str = ""
    places: tuple[LocatedFrom, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Markup that snippets leave out, as regular expressions over a passage.

    `marks` are removed first, at the beginning of lines. `lines` match from the beginning of a line. `inline`
    match anywhere, and one group in each is what stays; each begins with a sign, and looks at what is before
    it afterwards, since Python looks for such ones many times faster. `headings` are the marks before a
    heading. No group may have a name that another format uses, and no group in `lines` may be numbered.
    """

    marks: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()


def line_locator(line: int) -> Locator:
    """The locator of a line, for formats whose files an editor opens at a line."""
    return Line(number=line)


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of note: how its files are recognised, read and shown.

    `about`: name, title, icon, suffixes and words, for front ends. `magic`: first bytes that tell the kind,
    whatever the suffix of the file is. `read` gives the documents of a file one by one, so that memory stays
    bounded. It runs in the extraction process, and raises FileUnreadable or a subclass (ValueError and
    RecursionError count as ExtractionFailed). `blocks` finds the blocks of a text that `read` gave; `shown`
    gives the preview that text, by the same blocks. `locate` turns the first line of a passage (from 1) into
    the place at which a viewer opens the file.

    `reading` is the version of the reader. Raise it with every change of what is taken from a file (text,
    title, tags, language, facets): notes with another number are read again, although nothing changed on the
    disk. Chunks whose embedded text stays the same keep their vectors.

    `bare`: files without a suffix are read as this format, where their first bytes are text. `largest`: a
    file with more bytes is left out, as what a program made; 0 for no limit. `made` matches the names of
    files that programs make, which are left out too.
    """

    about: NoteFormat
    read: Callable[[Source], Iterator[Part]]
    shown: Callable[[str], Iterator[Shown]]
    blocks: Callable[[str], tuple[Block, ...]] = lambda _: ()
    locate: Callable[[int], Locator] = line_locator
    magic: tuple[bytes, ...] = ()
    noise: Noise = field(default_factory=Noise)
    reading: int = 1
    bare: bool = False
    largest: int = 0
    made: re.Pattern[str] | None = None

    @property
    def name(self) -> str:
        """The name of the format in the store and in code."""
        return self.about.name
