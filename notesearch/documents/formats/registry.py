"""File -> Document, by format. A format is added here: one file that reads and shows it and one row of
FORMATS.

Reading runs in the extraction process (worker.py): files are not to be trusted. Does not open files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from notesearch.documents.formats.blocks import Outline, Shown
from notesearch.documents.formats.markdown import extract_markdown, outline_markdown, shown_markdown
from notesearch.documents.formats.org import extract_org, outline_org, shown_org
from notesearch.documents.formats.plain_text import extract_text, shown_text
from notesearch.documents.formats.restructuredtext import (
    extract_restructuredtext,
    outline_restructuredtext,
    shown_restructuredtext,
)
from notesearch.domain import Document
from notesearch.errors import ExtractionFailed


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of note. `extract` reads one; `outline` finds the headings and kept blocks of a text that
    `extract` gave; `shown` gives that text to the preview.

    `reading` says how well notes of this format are read. It is raised with every change of what is taken
    from a file (text, title, tags, language, facets): notes that were read by another number are read again,
    although nothing changed on the disk; chunks whose embedded text stays the same keep their vectors.
    """

    name: str
    suffixes: tuple[str, ...]
    extract: Callable[[Path, bytes], tuple[Document, Outline]]
    shown: Callable[[str], Iterator[Shown]]
    outline: Callable[[str], Outline] = lambda _: Outline()
    reading: int = 1


FORMATS: tuple[Format, ...] = (
    Format(
        name="markdown",
        suffixes=(".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn", ".mdtxt", ".rmd", ".qmd"),
        extract=extract_markdown,
        outline=outline_markdown,
        shown=shown_markdown,
    ),
    Format(name="text", suffixes=(".txt", ".text"), extract=extract_text, shown=shown_text),
    # 2: headings are read with the file's own task words, as titles are.
    Format(
        name="org",
        suffixes=(".org",),
        extract=extract_org,
        outline=outline_org,
        shown=shown_org,
        reading=2,
    ),
    Format(
        name="rst",
        suffixes=(".rst", ".rest"),
        extract=extract_restructuredtext,
        outline=outline_restructuredtext,
        shown=shown_restructuredtext,
    ),
)

_BY_SUFFIX = {suffix: row for row in FORMATS for suffix in row.suffixes}
_BY_NAME = {row.name: row for row in FORMATS}


def format_of(path: Path) -> str | None:
    """The name of the format by the file's suffix; None: not a note. Cheap, touches no disk."""
    row = _BY_SUFFIX.get(path.suffix.lower())
    return row.name if row else None


def reading_of(path: Path) -> int:
    """How well a file of that name is read now: see Format. 0 for what is not a note."""
    row = _BY_SUFFIX.get(path.suffix.lower())
    return row.reading if row else 0


def extract(path: Path, raw: bytes) -> Document:
    """Read a note from its bytes; `path` gives format and title only. Raises FileBinary, ExtractionFailed."""
    return extract_with_outline(path, raw)[0]


def extract_with_outline(path: Path, raw: bytes) -> tuple[Document, Outline]:
    """The same with headings and kept blocks."""
    row = _BY_SUFFIX.get(path.suffix.lower())
    if row is None:
        hint = "Notes are Markdown, plain text, Org or reStructuredText files."
        raise ExtractionFailed("This kind of file is not read", hint=hint, retryable=False)
    try:
        return row.extract(path, raw)
    except (ValueError, RecursionError) as error:
        raise ExtractionFailed from error


def outline_of(document: Document) -> Outline:
    """Headings and kept blocks of the document's text."""
    row = _BY_NAME.get(document.format)
    return row.outline(document.text) if row else Outline()


def shown(format_name: str, text: str) -> Iterator[Shown]:
    """The text of a note for the preview; as plain text where nobody knows the format."""
    row = _BY_NAME.get(format_name)
    return row.shown(text) if row else shown_text(text)
