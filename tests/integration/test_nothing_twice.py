"""What is kept so that nothing is embedded twice, over restarts: after an upgrade that reads better, after
renames, and for an undo."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from notesearch.documents.formats.registry import reading_of
from notesearch.engine.engine import Engine
from notesearch.storage.local.sqlite.database import DATABASE
from tests.conftest import StartEngine, found, wait_until, write
from tests.embedders import HashingEmbedder

PASSAGE = "The starter wants flour and water, twice a day, and a warm place. "
DAY = 24 * 3600


def long_text(*names: str) -> str:
    """Paragraphs without a heading, each a chunk of its own."""
    return "\n\n".join(f"{name}: {PASSAGE}" * 12 for name in names) + "\n"


def change(data_dir: Path, sql: str) -> int:
    """Change the database while nobody has it open. Returns the number of rows."""
    with closing(sqlite3.connect(data_dir / DATABASE)) as connection, connection:
        return connection.execute(sql).rowcount


def ask(data_dir: Path, sql: str) -> int:
    with closing(sqlite3.connect(data_dir / DATABASE)) as connection:
        return int(connection.execute(sql).fetchone()[0])


# Read by an earlier version


def test_notes_that_an_earlier_version_read_are_read_again_once(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    write(notes, "a.md", "# Bread\n\nThe sour dough rests.\n")
    write(notes, "bad.md", b"%PDF-1.4 not a note")
    engine = start_engine(watch=False)
    engine.reconcile([notes])
    engine.close()
    asked = len(embedder.texts)
    assert change(engine.data_dir, "UPDATE documents SET reading = 0, title = 'lesser'") == 1
    assert change(engine.data_dir, "UPDATE problems SET reading = 0") == 1
    again = start_engine(watch=False)
    assert again.search.note_text(notes / "a.md").title == "lesser"
    summary = again.reconcile().summary
    assert (summary.changed, summary.failed, summary.unchanged, summary.embedded) == (1, 1, 0, 0)
    assert again.search.note_text(notes / "a.md").title == "Bread"
    summary = again.reconcile().summary
    assert (summary.changed, summary.failed, summary.unchanged) == (0, 1, 1)
    assert len(embedder.texts) == asked
    again.close()
    assert (
        ask(engine.data_dir, f"SELECT count(*) FROM documents WHERE reading = {reading_of(Path('a.md'))}")
        == 1
    )


# Renamed, then edited


def test_an_edit_after_a_rename_embeds_only_what_changed(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    note = write(
        notes, "first name, a long one for a note.md", long_text("One", "Two", "Three", "Four", "Five", "Six")
    )
    first = engine.reconcile([notes]).summary
    assert first.embedded >= 6
    renamed = note.rename(notes / "second.md")
    moved = engine.reconcile().summary
    assert (moved.moved, moved.embedded) == (1, 0)
    renamed.write_text(renamed.read_text().replace("Six: The starter", "Six: The leaven"))
    asked = len(embedder.texts)
    edited = engine.reconcile().summary
    assert edited.changed == 1
    assert 1 <= edited.embedded <= 3
    assert len(embedder.texts) - asked == edited.embedded
    assert not any("One: " in text for text in embedder.texts[asked:])
    assert found(engine, "leaven")[0] == "second.md"
    renamed.write_text(renamed.read_text().replace("Six: The leaven", "Six: The starter"))
    assert engine.reconcile().summary.embedded == 0


def test_a_title_of_its_own_after_a_rename_is_embedded(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    note = write(notes, "first.md", long_text("One", "Two"))
    first = engine.reconcile([notes]).summary
    renamed = note.rename(notes / "second.md")
    engine.reconcile()
    renamed.write_text("---\ntitle: Sour dough\n---\n" + renamed.read_text())
    asked = len(embedder.texts)
    engine.reconcile()
    assert len(embedder.texts) - asked == first.chunks
    assert all(text.startswith("Sour dough\n") for text in embedder.texts[asked:])


# Kept for an undo


def test_an_undo_costs_nothing_for_a_month_and_then_the_vectors_go(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    before, after = long_text("One", "Two"), long_text("Three", "Four")
    note = write(notes, "a.md", before)
    engine = start_engine(watch=False)
    chunks = engine.reconcile([notes]).summary.chunks
    note.write_text(after)
    engine.reconcile()
    engine.close()
    change(engine.data_dir, f"UPDATE vectors SET unused_since = unused_since - {29 * DAY}")
    again = start_engine(watch=False)
    again.indexing.wait_ready()
    asked = len(embedder.texts)
    note.write_text(before)
    assert again.reconcile().summary.embedded == 0
    note.write_text(after)
    assert again.reconcile().summary.embedded == 0
    assert len(embedder.texts) == asked
    again.close()
    assert (
        change(
            engine.data_dir,
            f"UPDATE vectors SET unused_since = unused_since - {31 * DAY} WHERE unused_since IS NOT NULL",
        )
        == chunks
    )
    third = start_engine(watch=False)
    third.indexing.wait_ready()
    assert ask(engine.data_dir, "SELECT count(*) FROM vectors") == chunks
    assert found(third, "four starter")[0] == "a.md"
    note.write_text(before)
    assert third.reconcile().summary.embedded == chunks
    assert found(third, "two starter")[0] == "a.md"


def test_what_left_the_index_is_forgotten_when_the_keyword_index_knows(
    start_engine: StartEngine, notes: Path
) -> None:
    for name in "abcd":
        write(notes, f"{name}.md", f"note {name}\n")
    engine = start_engine(watch=False)
    engine.reconcile([notes])
    for name in "abc":
        (notes / f"{name}.md").unlink()
    engine.reconcile(confirmed=True)
    engine.close()
    assert ask(engine.data_dir, "SELECT count(*) FROM tombstones") == 3
    again = start_engine(watch=False)
    wait_until(lambda: ask(engine.data_dir, "SELECT count(*) FROM tombstones") == 1)
    again.indexing.wait_ready()
    assert found(again, "note") == ["d.md"]
    write(notes, "e.md", "note e\n")
    again.reconcile()
    assert set(found(again, "note")) == {"d.md", "e.md"}
    again.close()
    third = start_engine(watch=False)
    third.indexing.wait_ready()
    assert set(found(third, "note")) == {"d.md", "e.md"}
