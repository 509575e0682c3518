"""What a note says about itself is kept, given to the keyword index once a note, and never embedded."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

from notesearch.engine.engine import Engine
from notesearch.storage.local.index_protocols import WordBlock
from notesearch.storage.local.keyword.tantivy_index import KeywordIndex
from notesearch.storage.local.keyword.word_copy import WordCopy
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from tests.conftest import StartEngine, fill, reconcile

NOTES: dict[str, str | bytes] = {
    "a.md": "---\ntitle: T\nauthor: Marchbanks\ntags: [x]\n---\n" + "A line of this long note.\n" * 800,
    "b.org": ":PROPERTIES:\n:AUTHOR: Trask\n:END:\ntext\n",
    "c.md": "publisher:: Gallowglass\n\n- text\n",
    "d.rst": ":Author: Quince\n\ntext\n",
    "e.md": "---\nauthor: Nobody\n---\n",
}
SAID = {
    "a.md": ("author: Marchbanks", "tags: x"),
    "b.org": ("author: Trask",),
    "c.md": ("publisher: Gallowglass",),
    "d.rst": ("author: Quince",),
    "e.md": ("author: Nobody",),
}


def said(engine: Engine, notes: Path) -> dict[str, tuple[str, ...]]:
    return {name: engine.library.documents_at(notes / name)[0].properties for name in NOTES}


def test_they_are_kept_and_never_embedded(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    assert said(engine, notes) == SAID
    for name, values in SAID.items():
        (document,) = engine.library.documents_at(notes / name)
        sent = " ".join(one.text for one in engine.library.outgoing(document.id, pending=False))
        assert [value for value in values if value.partition(": ")[2] in sent.split()] == []


def test_notes_of_an_earlier_version_get_them_without_being_embedded_again(
    start_engine: StartEngine, notes: Path, tmp_path: Path
) -> None:
    fill(notes, NOTES)
    data_dir = tmp_path / "data"
    engine = start_engine(data_dir, watch=False)
    chunks = reconcile(engine, notes).chunks
    engine.close()
    with closing(sqlite3.connect(data_dir / DATABASE)) as db, db:
        db.execute("UPDATE documents SET properties = '[]', reading = reading - 1")
    engine = start_engine(data_dir, watch=False)
    summary = reconcile(engine, notes)
    assert (summary.changed, summary.embedded, summary.reused) == (len(NOTES), 0, chunks)
    assert said(engine, notes) == SAID


class Heard(KeywordIndex):
    """A keyword index that remembers the blocks it was given."""

    blocks: tuple[WordBlock, ...] = ()

    def apply(
        self, blocks: Sequence[WordBlock], removed: Collection[int], position: int, instance: str
    ) -> None:
        """Remember the blocks, and add them."""
        self.blocks += tuple(blocks)
        super().apply(blocks, removed, position, instance)


def test_the_first_block_of_a_note_has_them(start_engine: StartEngine, notes: Path, tmp_path: Path) -> None:
    fill(notes, NOTES)
    data_dir = tmp_path / "data"
    engine = start_engine(data_dir, watch=False)
    reconcile(engine, notes)
    engine.close()
    with closing(Store(data_dir)) as store, closing(Heard(tmp_path / "words")) as index:
        copy = WordCopy(store, index)
        copy.load()
        copy.follow(lambda: False)
        blocks = index.blocks
    assert len([block for block in blocks if block.name == "Notes/a.md"]) > 1
    found = [(block.name, block.first, tuple(block.properties)) for block in blocks if block.properties]
    assert sorted(found) == [
        (f"Notes/{name}", 0, tuple(value.partition(": ")[2] for value in values))
        for name, values in SAID.items()
    ]
