"""Which formats there are, and what to ask of a format that is known by a path or a name.

A format is added here by one file and one entry of BUILT_IN; other packages add theirs through the
entry-point group `notesearch.formats`, each entry naming a Format. No other list of formats stands anywhere.
Any thread; opens no note.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from notesearch.documents.formats import markdown, org, plain_text, restructuredtext
from notesearch.documents.formats.blocks import Outline, Shown, outline
from notesearch.documents.formats.format import Format, Noise, Part, Source, line_locator
from notesearch.domain import Document, Locator, NoteFormat
from notesearch.errors import ExtractionFailed

log = logging.getLogger(__name__)

GROUP = "notesearch.formats"
BUILT_IN: tuple[Format, ...] = (markdown.FORMAT, plain_text.FORMAT, org.FORMAT, restructuredtext.FORMAT)


@cache
def rows() -> tuple[Format, ...]:
    """Every format, our own first. Looks for those of other packages at the first call."""
    return _together(BUILT_IN, (row for row, _ in _installed()))


@cache
def folders_of_others() -> tuple[str, ...]:
    """The folders from which formats of other packages are imported: the extraction process, whose path is
    its own, has to look there too."""
    return tuple(dict.fromkeys(folder for _, folder in _installed()))


def look_again() -> None:
    """Forget which formats there are: some were installed or removed."""
    for known in (rows, folders_of_others, noise, _installed, _by_suffix, _by_name):
        known.cache_clear()


@cache
def _installed() -> tuple[tuple[Format, str], ...]:
    """The formats of other packages, each with its folder. One that cannot be imported is left out."""
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
    """Our formats and those of others whose name and suffixes nobody has yet."""
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
    """What there is to say about each format: our own, and those of other packages once somebody has looked
    for them. Touches no disk, so that a window may ask."""
    return tuple(row.about for row in (rows() if rows.cache_info().currsize else BUILT_IN))


def format_of(path: Path) -> str | None:
    """The name of the format by the file's suffix; None: not a note. Cheap, touches no disk."""
    row = _by_suffix().get(path.suffix.lower())
    return row.name if row else None


def named(word: str) -> str:
    """The name of the format that the user calls `word`; the word itself where nobody knows it."""
    return next((row.name for row in rows() if word == row.name or word in row.about.words), word)


def reading_of(path: Path) -> int:
    """How well a file of that name is read now: see Format. 0 for what is not a note."""
    row = _by_suffix().get(path.suffix.lower())
    return row.reading if row else 0


def locate(format_name: str, line: int) -> Locator:
    """Where a viewer opens a note of that format for a passage that begins at `line`."""
    row = _by_name().get(format_name)
    return (row.locate if row else line_locator)(line)


@cache
def noise() -> Noise:
    """The markup of all formats together: which of them a passage is from does not matter to a snippet."""
    every = [row.noise for row in rows()]
    return Noise(
        marks=tuple(p for n in every for p in n.marks),
        lines=tuple(p for n in every for p in n.lines),
        inline=tuple(p for n in every for p in n.inline),
        headings=tuple(p for n in every for p in n.headings),
    )


def shown(format_name: str, text: str) -> Iterator[Shown]:
    """The text of a note for the preview; as plain text where nobody knows the format."""
    row = _by_name().get(format_name)
    return (row or plain_text.FORMAT).shown(text)


def outline_of(document: Document) -> Outline:
    """Headings and kept blocks of the document's text."""
    row = _by_name().get(document.format)
    return outline(row.blocks(document.text)) if row else Outline()


# For the extraction process


def read(source: Source) -> Iterator[Part]:
    """The documents of a file, at least one. Raises FileUnreadable and the errors below it, also in the
    middle."""
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
    """By the first bytes where some format is known by them, else by the name."""
    if any(row.magic for row in rows()):
        head = source.head()
        if row := next((row for row in rows() if row.magic and head.startswith(row.magic)), None):
            return row
    return _by_suffix().get(source.path.suffix.lower())


def extract(path: Path, raw: bytes) -> Document:
    """The first document of a file from its bytes; `path` gives format and title only. Raises as `read`."""
    return next(read(Source.of_bytes(path, raw))).document
