"""The registry of formats: which there are, and functions for a format that is known by a path or a name.

A format of the program is one module and one entry of BUILT_IN. Other packages add theirs through the
entry-point group `notesearch.formats`; each entry names a Format. There is no other list of formats. Any
thread; opens no note.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from notesearch.documents.formats import (
    canvas,
    html,
    markdown,
    org,
    plain_text,
    restructuredtext,
    source_code,
)
from notesearch.documents.formats.blocks import Outline, Shown, outline
from notesearch.documents.formats.format import Format, Noise, Part, Source, line_locator
from notesearch.documents.formats.note import BUNDLE, is_bare, is_suffix, suffix_of
from notesearch.domain import Document, Locator, NoteFormat
from notesearch.errors import ExtractionFailed

log = logging.getLogger(__name__)

GROUP = "notesearch.formats"
BUILT_IN: tuple[Format, ...] = (
    markdown.FORMAT,
    plain_text.FORMAT,
    org.FORMAT,
    restructuredtext.FORMAT,
    canvas.FORMAT,
    canvas.DRAWING,
    html.FORMAT,
    source_code.FORMAT,
)
LARGEST_BARE = 512 * 1024  # bytes: a larger file without a suffix is what a program keeps


@cache
def rows() -> tuple[Format, ...]:
    """Every format, our own first. Looks for those of other packages at the first call."""
    return _together(BUILT_IN, (row for row, _ in _installed()))


@cache
def folders_of_others() -> tuple[str, ...]:
    """The folders from which formats of other packages are imported. The extraction process has an import
    path of its own, so it needs them."""
    return tuple(dict.fromkeys(folder for _, folder in _installed()))


def look_again() -> None:
    """Look for formats again: packages were installed or removed."""
    for known in (rows, folders_of_others, noise, _installed, _by_suffix, _by_name, _of_suffix):
        known.cache_clear()


@cache
def _installed() -> tuple[tuple[Format, str], ...]:
    """The formats of other packages, each with its folder. A format that cannot be imported is left out."""
    from importlib import metadata

    found: list[tuple[Format, str]] = []
    for entry in metadata.entry_points(group=GROUP):
        try:
            row = entry.load()
            if not isinstance(row, Format):
                raise TypeError(f"{entry.value} is no Format")
        except Exception:  # code of others
            log.exception("the format %s cannot be used", entry.name)
            continue
        file = sys.modules[entry.module].__file__ or ""
        found.append((row, str(Path(file).parents[entry.module.count(".")])))
    return tuple(found)


def _together(own: Iterable[Format], others: Iterable[Format]) -> tuple[Format, ...]:
    """The program's own formats, and those others whose name and suffixes are not taken yet."""
    result = list(own)
    for row in others:
        taken = {suffix for known in result for suffix in known.about.suffixes}
        if row.name in {known.name for known in result} or taken & set(row.about.suffixes):
            log.warning("the format %s is there already", row.name)
        else:
            result.append(row)
    return tuple(result)


@cache
def _by_suffix() -> dict[str, Format]:
    return {suffix: row for row in rows() for suffix in row.about.suffixes}


@cache
def _by_name() -> dict[str, Format]:
    return {row.name: row for row in rows()}


# For front ends and the engine


def formats() -> tuple[NoteFormat, ...]:
    """What front ends need to know of each format. Formats of other packages are included once `rows` was
    called. Touches no disk, so that the GUI thread may call."""
    return tuple(row.about for row in (rows() if rows.cache_info().currsize else BUILT_IN))


def format_of(path: Path | str) -> str | None:
    """The name of the format by the file's name; None where it is no note. A file without a suffix is one
    where its first bytes are text, which `is_text` tells. Touches no disk."""
    row = row_of(path)
    return row.name if row else None


def may_be_note(path: Path | str, size: int) -> bool:
    """Whether a file with this name and of `size` bytes is read: its format is known, and it is not what a
    program made. Touches no disk."""
    row = row_of(path)
    return row is not None and takes(row, str(path), size)


def takes(row: Format, path: str, size: int) -> bool:
    """Whether a file whose name is that of a format, with `size` bytes, is read: see `may_be_note`."""
    cut = path.rfind(os.sep) + 1
    if path[:cut].rstrip(os.sep).lower().endswith(BUNDLE) and os.path.splitext(path[cut:])[0] != "text":
        return False
    largest = LARGEST_BARE if row.bare and is_bare(path) else row.largest
    return not (largest and size > largest) and not (row.made and row.made.fullmatch(path[cut:]))


def row_of(path: Path | str) -> Format | None:
    """The format by a file's name; None where it is no note."""
    return _of_suffix(suffix_of(path))


@lru_cache(maxsize=4096)
def _of_suffix(suffix: str) -> Format | None:
    row = _by_suffix().get(suffix.lower())
    return next((one for one in rows() if one.bare), None) if row is None and not is_suffix(suffix) else row


def named(word: str) -> str:
    """The name of the format that the user calls `word`; the word itself where there is none."""
    return next((row.name for row in rows() if word == row.name or word in row.about.words), word)


def reading_of(path: Path | str) -> int:
    """The present `reading` of the format of a file with that name (see Format); 0 for what is not a note."""
    row = row_of(path)
    return row.reading if row else 0


def locate(format_name: str, line: int) -> Locator:
    """The place at which a viewer opens a note of that format for a passage that begins at `line`."""
    row = _by_name().get(format_name)
    return (row.locate if row else line_locator)(line)


@cache
def noise() -> Noise:
    """The markup of all formats together. A snippet leaves out all of it, whatever format its note has."""
    every = [row.noise for row in rows()]
    return Noise(
        marks=tuple(p for n in every for p in n.marks),
        lines=tuple(p for n in every for p in n.lines),
        inline=tuple(p for n in every for p in n.inline),
        headings=tuple(p for n in every for p in n.headings),
    )


def shown(format_name: str, text: str) -> Iterator[Shown]:
    """The text of a note for the preview. A text of an unknown format is shown as plain text."""
    row = _by_name().get(format_name)
    return (row or plain_text.FORMAT).shown(text)


def outline_of(document: Document) -> Outline:
    """Headings and kept blocks of the document's text."""
    row = _by_name().get(document.format)
    return outline(row.blocks(document.text)) if row else Outline()


# For the extraction process


def read(source: Source) -> Iterator[Part]:
    """The documents of a file, at least one. Raises FileUnreadable or a subclass, also after some
    documents."""
    row = _row_of(source)
    if row is None:
        formats = "\n".join(row.about.title for row in rows())
        raise ExtractionFailed("extraction-failed.kind", retryable=False, formats=formats)
    given = False
    try:
        for part in row.read(source):
            given = True
            yield part
    except (ValueError, RecursionError) as error:
        raise ExtractionFailed from error
    if not given:
        raise ExtractionFailed


def _row_of(source: Source) -> Format | None:
    """The format by the file's first bytes, where these are known, else by its name."""
    if any(row.magic for row in rows()):
        head = source.head()
        if row := next((row for row in rows() if row.magic and head.startswith(row.magic)), None):
            return row
    return row_of(source.path)


def extract(path: Path, raw: bytes) -> Document:
    """The first document of a file that is given by its bytes. `path` tells only format and title. Raises as
    `read` does."""
    return next(read(Source.of_bytes(path, raw))).document
