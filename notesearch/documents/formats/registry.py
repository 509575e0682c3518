"""File -> Document, by format. A format is added here: one function that reads it and one row of FORMATS.

Runs in the extraction process (worker.py): files are not to be trusted. Does not open files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from notesearch.documents.formats.markdown import extract_markdown, outline_markdown
from notesearch.documents.formats.org import extract_org, outline_org
from notesearch.documents.formats.outline import Outline, no_outline
from notesearch.documents.formats.plain_text import extract_text
from notesearch.documents.formats.restructuredtext import extract_restructuredtext, outline_restructuredtext
from notesearch.domain import Document
from notesearch.errors import ExtractionFailed

# How well notes are read. Raised with every change of what is taken from a file (text, title, tags, language,
# facets): notes that were read by another number are read again, although nothing changed on the disk; chunks
# whose embedded text stays the same keep their vectors.
READING = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A kind of note. `extract` reads one; `outline` finds the headings and kept blocks of a text that
    `extract` gave."""

    name: str
    suffixes: tuple[str, ...]
    extract: Callable[[Path, bytes], Document]
    outline: Callable[[str], Outline] = no_outline


FORMATS: tuple[Format, ...] = (
    Format(
        name="markdown",
        suffixes=(".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn", ".mdtxt", ".rmd", ".qmd"),
        extract=extract_markdown,
        outline=outline_markdown,
    ),
    Format(name="text", suffixes=(".txt", ".text"), extract=extract_text),
    Format(name="org", suffixes=(".org",), extract=extract_org, outline=outline_org),
    Format(
        name="rst",
        suffixes=(".rst", ".rest"),
        extract=extract_restructuredtext,
        outline=outline_restructuredtext,
    ),
)

_BY_SUFFIX = {suffix: row for row in FORMATS for suffix in row.suffixes}
_BY_NAME = {row.name: row for row in FORMATS}


def format_of(path: Path) -> str | None:
    """The name of the format by the file's suffix; None: not a note. Cheap, touches no disk."""
    row = _BY_SUFFIX.get(path.suffix.lower())
    return row.name if row else None


def extract(path: Path, raw: bytes) -> Document:
    """Read a note from its bytes; `path` gives format and title only. Raises FileBinary, ExtractionFailed."""
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
