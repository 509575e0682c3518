"""The preview holds the window's thread for about as long whatever a note holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from notesearch.documents.formats.format import Source
from notesearch.documents.formats.registry import read
from notesearch.documents.preview import render
from notesearch.documents.preview_window import preview_window
from notesearch.documents.rendered_note import RenderedNote
from notesearch.domain import NoteText
from notesearch.errors import NotesearchError
from notesearch.ui.results.preview_pane import Preview
from notesearch.ui.widgets.theme import Theme
from tests.growth import seconds
from tests.hostile import TEXTS, note_of

SIZE = 24_000
# Lists of short lines take two or three times as long as prose; what is not bounded takes a hundred times.
MOST_TIMES = 12
TRIES = 3


def rendered(case: str) -> RenderedNote | None:
    """A case as the preview is given it; None where it is told as a problem."""
    name, raw = note_of(case, SIZE)
    try:
        document = next(read(Source.of_bytes(Path("/n") / name, raw))).document
    except NotesearchError:
        return None
    text = document.text[:SIZE]
    first, last = preview_window(text, len(text) // 2)
    return render(
        NoteText(
            path=Path("/n") / name,
            title="A note",
            folder_names=("n",),
            format=document.format,
            modified=1_700_000_000,
            text=text[first:last],
            offset=first,
            line=1,
            truncated=True,
        )
    )


@pytest.fixture
def preview(qapp: QApplication, theme: Theme) -> Preview:
    made = Preview(theme)
    made.resize(556, 640)
    made.show()
    qapp.processEvents()
    return made


def test_no_note_holds_the_window(preview: Preview, qapp: QApplication) -> None:
    def shown(note: RenderedNote) -> float:
        def show() -> None:
            preview.show_nothing()
            preview.show_note(note, None)
            qapp.processEvents()

        return seconds(show)

    prose = rendered("words")
    assert prose is not None
    shown(prose)
    usual = max(shown(prose) for _ in range(TRIES))
    slow = {}
    for case in TEXTS:
        note = rendered(case)
        if note is not None and (taken := min(shown(note) for _ in range(2))) > MOST_TIMES * usual:
            slow[case] = round(taken / usual, 1)
    assert slow == {}
