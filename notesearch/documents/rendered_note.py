"""A note as the preview shows it. In a module of its own, so that the window opens without loading the
Markdown library."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.domain import NoteText

MARKER = "line-"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedNote:
    """A note as HTML. `html` is the body for a QTextDocument. `<a name="line-K">` is in the block that begins
    at line K (from 0) of `note.text`."""

    note: NoteText
    html: str
