"""What the preview shows, as `rendering` hands it over. Apart from it so that the window opens without the
Markdown library."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.domain import NoteText

MARKER = "line-"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedNote:
    """`html` is the body for a QTextDocument; `<a name="line-K">` stands in the block that begins at line K
    (from 0) of `note.text`."""

    note: NoteText
    html: str
