"""What somebody could write to make the program slow takes time linear in its length, in every step from the
file to the preview, or is told as a problem."""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

import pytest

from notesearch.catalogue import LARGE
from notesearch.documents.preview import render
from notesearch.documents.preview_window import preview_window
from notesearch.documents.sandbox.frames import ReadingPlan
from notesearch.documents.sandbox.worker import read_note
from notesearch.domain import Document, NoteText
from notesearch.engine.search.highlights import Highlighter
from notesearch.engine.search.snippets import sentences, snippet
from notesearch.errors import NotesearchError
from notesearch.storage.local.index_protocols import WordBlock
from notesearch.storage.local.keyword import word_fields
from tests.growth import LIMIT, TIMES, growth
from tests.hostile import TEXTS, note_of

SIZE = 2_500
READ = 12_000  # reading is quick, so its growth shows later
PLAN = ReadingPlan(recipe=LARGE, following=None, secrets=True)


def document(folder: Path, case: str, size: int) -> Document | None:
    """A case as it is read from a file; None where it is told as a problem."""
    name, raw = note_of(case, size)
    path = folder / name
    path.write_bytes(raw)
    try:
        return [extracted.document for extracted in read_note(path, PLAN)][-1]
    except NotesearchError:
        return None


_NUMBERS = count()


def anew(text: str) -> str:
    """The text with another beginning each time, so that no cache knows it."""
    return f"{next(_NUMBERS)} {text}"


def indexed(read: Document, size: int) -> None:
    word_fields.document_of(
        WordBlock(
            document_id=1,
            first=0,
            last=0,
            title=read.title,
            text=anew(read.text[:size]),
            titles=(read.title,),
            name="a/b.md",
            language=read.language,
            facets=(),
            properties=read.properties,
        )
    )


def found(read: Document, size: int) -> None:
    highlighter = Highlighter(["a", "note", "c++", "1"], phrases=["a a"], languages=("en", "de"), prefix=True)
    text = anew(read.text[:size])
    highlighter.matches(text)
    snippet(text, highlighter)
    sentences(text)


def shown(read: Document, size: int) -> None:
    """The preview of what the program shows of the text, or of the first part of that."""
    text = read.text[:24_000]
    first, last = preview_window(text, len(text) // 2)
    render(
        NoteText(
            path=Path("/n/a.md"),
            title=read.title,
            folder_names=("n",),
            format=read.format,
            modified=1.0,
            text=text[first : first + (last - first) * size // (TIMES * SIZE)],
            offset=first,
            line=1,
            truncated=True,
        )
    )


@pytest.mark.parametrize("case", TEXTS)
def test_every_step_takes_time_linear_in_the_text(case: str, tmp_path: Path) -> None:
    assert growth(lambda size: document(tmp_path, case, size), READ) <= LIMIT, "reading"
    # A text of each size, since the beginning of a larger one may be of another kind.
    small, large = document(tmp_path, case, SIZE), document(tmp_path, case, TIMES * SIZE)
    if small is not None and large is not None:
        both = {SIZE: small, TIMES * SIZE: large}
        assert growth(lambda size: indexed(both[size], size), SIZE) <= LIMIT, "indexed"
        assert growth(lambda size: found(both[size], size), SIZE) <= LIMIT, "found"
        assert growth(partial(shown, large), SIZE) <= LIMIT, "shown"
