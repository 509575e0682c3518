"""A format is one file and one row: one that another package brings is read, found, previewed and opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.documents.formats import registry
from notesearch.documents.formats.format import Source
from notesearch.documents.preview import render
from notesearch.documents.sandbox.process import ExtractionProcess, ReadingPlan
from notesearch.domain import Document, Message, Mode, Query
from notesearch.engine.engine import Engine
from notesearch.errors import ExtractionFailed, NotesearchError
from tests.conftest import StartEngine, write

TOY = """
import re

from notesearch.documents.formats.blocks import Block, Kind, Shown, outline
from notesearch.documents.formats.format import Format, Noise, Part
from notesearch.domain import Document, Message, NoteFormat


def read(source):
    with source.open() as stream:
        for number, card in enumerate(iter(lambda: card_of(stream), None)):
            if card == "broken":
                raise ValueError(card)
            first = card.partition("\\n")[0].strip("= ")
            document = Document(text=card, title=first, format="cards")
            yield Part(document=document, outline=outline(blocks(card)), name=str(number or ""))


def card_of(stream):
    lines = []
    for line in stream:
        if line.strip() == b"%":
            break
        lines.append(line)
    return b"".join(lines).decode().strip() if lines else None


def blocks(text):
    return tuple(
        Block(kind=Kind.HEADING, start=m.start(), end=m.end(), level=1, title=m[1], written=m[1])
        for m in re.finditer("^== (.*) ==$", text, re.MULTILINE)
    )


def shown(text):
    position = 0
    for block in blocks(text):
        yield Shown(kind=Kind.HEADING, line=text.count("\\n", 0, block.start), text=block.title, level=1)
        position = block.end + 1
    yield Shown(kind=Kind.TEXT, line=text.count("\\n", 0, position), text=text[position:])


CARDS = Format(
    about=NoteFormat(name="cards", title="Index cards", suffixes=(".cards",), words=("card",)),
    read=read,
    blocks=blocks,
    shown=shown,
    locate=lambda line: Message(number=line),
    magic=(b"%CARDS",),
    noise=Noise(lines=(r"== .* ==$",)),
)
"""
ONE = "== Plums ==\nKeep the dried plums in a jar with a tight lid.\n"


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The format as an installed package of somebody else's."""
    site = tmp_path / "site"
    write(site, "index_cards.py", TOY)
    about = site / "index_cards-1.0.dist-info"
    write(about, "METADATA", "Metadata-Version: 2.1\nName: index-cards\nVersion: 1.0\n")
    write(
        about,
        "entry_points.txt",
        f"[{registry.GROUP}]\ncards = index_cards:CARDS\nlost = index_cards:MISSING\n",
    )
    monkeypatch.syspath_prepend(str(site))
    registry.look_again()
    yield
    monkeypatch.undo()
    registry.look_again()


@pytest.mark.usefixtures("cards")
def test_its_notes_are_found_previewed_and_opened(start_engine: StartEngine, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    write(notes, "Kitchen.cards", ONE)
    write(notes, "Other.md", "# Jam\n\nCook the fruit.\n")
    engine: Engine = start_engine(watch=False)
    summary = engine.reconcile([notes]).summary
    assert (summary.added, summary.failed) == (2, 0)
    for asked in ("plums", "plums type:cards", "plums type:card", "type:cards"):
        results = engine.search.fused(Query(text=asked, mode=Mode.KEYWORD))
        assert [row.path.name for row in results.matches] == ["Kitchen.cards"], asked
    (row,) = engine.search.fused(Query(text="tight lid", mode=Mode.KEYWORD)).matches
    assert (row.title, row.format, row.best.heading) == ("Plums", "cards", ("Plums",))
    assert row.best.snippet == "Keep the dried plums in a jar with a tight lid."
    # Opened at the place that the format names, not at a line.
    assert row.best.place == Message(number=2)
    rendered = render(engine.search.note_text(row.path))
    assert 'name="line-1"></a>Keep the dried plums' in rendered.html
    assert dict(engine.search.formats())["cards"] == 1
    assert ("cards", "Index cards") in [(f.name, f.title) for f in registry.formats()]


@pytest.mark.usefixtures("cards")
def test_parts_come_as_they_are_read_and_an_error_ends_the_file(tmp_path: Path) -> None:
    box = write(
        tmp_path, "box.cards", "%\n".join(f"== {i} ==\ncard\n" for i in range(3)) + "%\nbroken\n%\nlast\n"
    )
    after = write(tmp_path, "after.md", "# After\n")
    process = ExtractionProcess()
    try:
        answers = list(
            process.read_all([(box, ReadingPlan(LOCAL.recipe)), (after, ReadingPlan(LOCAL.recipe))])
        )
    finally:
        process.close()
    said = [
        (path.name, type(answer))
        if isinstance(answer, NotesearchError)
        else (answer.part, answer.document.title)
        for path, answer in answers
    ]
    assert said == [("", "0"), ("1", "1"), ("2", "2"), ("box.cards", ExtractionFailed), ("", "After")]


@pytest.mark.usefixtures("cards")
def test_the_first_bytes_tell_more_than_the_name() -> None:
    (part,) = registry.read(Source.of_bytes(Path("a.txt"), b"%CARDS\n== One ==\n"))
    assert part.document.format == "cards"


def test_without_it_nothing_of_it_is_left() -> None:
    assert registry.formats() == tuple(row.about for row in registry.BUILT_IN)
    assert registry.format_of(Path("a.cards")) is None
    with pytest.raises(ExtractionFailed) as refused:
        registry.extract(Path("a.cards"), b"")
    titles = (row.about.title for row in registry.BUILT_IN)
    assert refused.value.params == {"formats": "\n".join(titles)}


def test_suffixes_words_and_names_are_given_once() -> None:
    rows = registry.rows()
    every = [suffix for row in rows for suffix in row.about.suffixes]
    words = [word for row in rows for word in (row.name, *row.about.words)]
    assert len(set(every)) == len(every) >= 14
    assert len(set(words)) == len(words)
    assert [registry.named(word) for word in ("md", "txt", "restructuredtext", "org", "pdf")] == [
        "markdown",
        "text",
        "rst",
        "org",
        "pdf",
    ]


def test_a_note_of_an_unknown_format_is_shown_as_plain_text() -> None:
    (part,) = registry.shown("gone", "# a\nb")
    assert (part.plain, part.text) == (True, "# a\nb")
    assert registry.outline_of(Document(text="# a", title="", format="gone")).headings == ()
