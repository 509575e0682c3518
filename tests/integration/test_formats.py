"""A format is one file and one row: one that another package brings is read, found, previewed and opened."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.documents.formats import registry
from notesearch.documents.formats.format import Source
from notesearch.documents.preview import render
from notesearch.documents.sandbox.process import Extracted, ExtractionProcess, ReadingPlan
from notesearch.domain import Document, Message, Mode, Page, Query, Section
from notesearch.engine.engine import Engine
from notesearch.errors import DiskFull, ExtractionFailed, NotesearchError
from notesearch.storage.changes import Applied, Change, FileRead
from notesearch.storage.local.library import LocalLibrary
from tests.conftest import StartEngine, numbers, reconcile, write
from tests.embedders import HashingEmbedder
from tests.index_cards import box

ONE = "== Plums ==\nKeep the dried plums in a jar with a tight lid.\n"


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


def rows(engine: Engine, text: str, mode: Mode = Mode.KEYWORD) -> list[tuple[str, str, str]]:
    """(file, part, title) of what is found."""
    found = engine.search.fused(Query(text=text, mode=mode)).matches
    return [(row.path.name, row.part, row.title) for row in found]


@pytest.mark.usefixtures("cards")
def test_each_part_of_a_file_is_a_note(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    path = box(notes, "plums", "quinces", "medlars")
    engine = start_engine(watch=False)
    assert numbers(reconcile(engine, notes)) == {"added": 1, "embedded": 3}
    status = engine.status()
    assert (status.documents, status.complete) == (3, 3)
    for mode in (Mode.KEYWORD, Mode.MEANING):
        assert rows(engine, "quinces", mode)[0] == ("box.cards", "1", "quinces")
    assert len(rows(engine, "type:cards")) == 3
    places = [row.best.place for row in engine.search.fused(Query(text="type:cards")).matches]
    assert places == [Message(number=1), Section(name="quinces"), Section(name="medlars")]
    assert engine.search.note_text(path, part="2").text.endswith("All about medlars.")
    assert engine.search.note_text(path).title == "plums"
    assert [row.part for row in engine.search.similar(path, part="1").matches if row.path == path] != ["1"]
    assert len(engine.models.outgoing(path)) == 3
    # Nothing is read or embedded again.
    assert numbers(reconcile(engine)) == {"unchanged": 1}
    assert len(embedder.texts) == 3


@pytest.mark.usefixtures("cards")
def test_parts_change_move_and_go_with_their_file(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    box(notes, "plums", "quinces")
    write(notes, "other.md", "# Other\n\nsomething else\n")
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    embedder.texts.clear()
    path = box(notes, "plums", "quinces", "medlars", "figs")
    assert numbers(reconcile(engine))["changed"] == 1
    assert (engine.status().documents, len(embedder.texts)) == (5, 2), "only what is new is embedded"
    before = {row.part: row.document_id for row in engine.search.fused(Query(text="type:cards")).matches}
    path.rename(notes / "moved.cards")
    assert numbers(reconcile(engine))["moved"] == 1
    after = {row.part: row.document_id for row in engine.search.fused(Query(text="type:cards")).matches}
    assert (before, len(embedder.texts)) == (after, 2)
    assert rows(engine, "figs") == [("moved.cards", "3", "figs")]
    box(notes, "figs").replace(notes / "moved.cards")
    assert numbers(reconcile(engine))["changed"] == 1
    assert rows(engine, "type:cards") == [("moved.cards", "", "figs")]
    assert rows(engine, "medlars") == []
    assert len(embedder.texts) == 2
    (notes / "moved.cards").unlink()
    assert numbers(reconcile(engine, confirmed=True))["removed"] == 1
    assert engine.status().documents == 1


@pytest.mark.usefixtures("cards")
def test_a_vanished_file_counts_as_all_its_notes(start_engine: StartEngine, notes: Path) -> None:
    """All the notes of the folder are gone at once: the user is asked first."""
    path = box(notes, "plums", "quinces", "medlars")
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    path.unlink()
    assert engine.reconcile().held == 1
    assert engine.status().documents == 3


@pytest.mark.usefixtures("cards")
@pytest.mark.parametrize("at_once", [1, 64])
def test_a_file_that_breaks_off_is_a_problem_and_nothing_of_it_is_found(
    start_engine: StartEngine, notes: Path, at_once: int
) -> None:
    """Whether its first parts are stored before the last one is read, or not."""
    path = write(notes, "box.cards", "== plums ==\n%\n== figs ==\n%\nbroken\n")
    write(notes, "other.md", "# Other\n\nplums too\n")
    engine = start_engine(watch=False)
    engine.indexing.required.notes.documents_at_once = at_once
    assert numbers(reconcile(engine, notes))["failed"] == 1
    assert [problem.path for problem in engine.indexing.problems()] == [path]
    assert rows(engine, "plums") == [("other.md", "", "Other")]
    assert engine.status().documents == 2
    box(notes, "plums", "figs")
    reconcile(engine)
    assert (engine.indexing.problems(), len(rows(engine, "type:cards"))) == ((), 2)


@pytest.mark.usefixtures("cards")
def test_a_file_of_which_some_parts_are_stored_is_read_again(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program ended before it had read the file to its end."""
    box(notes, "plums", "quinces", "figs")
    engine = start_engine(watch=False)
    engine.indexing.required.notes.documents_at_once = 1
    real, full = LocalLibrary.apply, threading.Event()
    full.set()

    def apply(library: LocalLibrary, changes: Sequence[Change]) -> Applied:
        if full.is_set() and any(isinstance(change, FileRead) for change in changes):
            raise DiskFull
        return real(library, changes)

    monkeypatch.setattr(LocalLibrary, "apply", apply)
    assert isinstance(engine.reconcile([notes]).errors[0], DiskFull)
    assert engine.status().documents == 2
    engine.close()
    full.clear()
    again = start_engine(watch=False)
    assert numbers(reconcile(again))["changed"] == 1
    assert [part for _, part, _ in rows(again, "type:cards")] == ["", "1", "2"]
    assert numbers(reconcile(again)) == {"unchanged": 1}


@pytest.mark.usefixtures("cards")
def test_a_passage_has_the_place_at_which_it_begins(tmp_path: Path) -> None:
    words = [f"word{i}" for i in range(400)]
    path = box(tmp_path, "plums", " ".join(words) + "\n\npage two " + " ".join(words))
    process = ExtractionProcess()
    try:
        (_, first), (_, second) = process.read_all([(path, ReadingPlan(LOCAL.recipe, LOCAL.recipe))])
    finally:
        process.close()
    assert isinstance(first, Extracted)
    assert isinstance(second, Extracted)
    assert [chunk.locator for chunk in first.chunks] == [None]
    assert [first.last, second.last] == [False, True]
    two = second.document.text.index("page two")
    for chunks in (second.chunks, second.following):
        kinds = [(chunk.start >= two, type(chunk.locator)) for chunk in chunks]
        assert set(kinds) == {(False, Section), (True, Page)}


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
