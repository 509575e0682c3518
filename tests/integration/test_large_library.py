"""A key costs the same in a large library: no statement that search, a change or the status runs walks a
table that grows with the notes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from notesearch.storage.local.index_protocols import WordBlock
from notesearch.storage.local.keyword.tantivy_index import KeywordIndex
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import LANGUAGE, InFolder
from tests.conftest import wait_until
from tests.embedders import HashingEmbedder
from tests.large import FINGERPRINT, LARGE, ScannedVectors, Statements, fill_by_sql, walks_of

DOCUMENTS, PASSAGES = 40_000, 100_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of 100,000 passages whose keyword index knows the newest 200 notes; the test that gets it
    may change it."""
    base = tmp_path_factory.mktemp("large")
    data_dir, root, remote = base / "data", base / "Notes", base / "Remote"
    for folder in (data_dir, root / "part00", remote):
        folder.mkdir(parents=True)
    began = time.process_time()
    fill_by_sql(data_dir, root, remote, DOCUMENTS, passages=PASSAGES)
    assert time.process_time() - began < 60, "the fixture is meant to take seconds"
    _index_words_of_newest(data_dir, 200)
    return base


def _index_words_of_newest(data_dir: Path, number: int) -> None:
    """Bring the keyword index to the store's position with a few notes alone: all would take a minute."""
    store, words = Store(data_dir), KeywordIndex(data_dir / "keyword")
    words.load(instance=store.instance, position=store.position)
    blocks = [
        WordBlock(
            document_id=i,
            first=0,
            last=1,
            title=f"Note {i}",
            titles=(f"Note {i}",),
            text=store.questions.text(i, 0, 500),
            language="en",
            facets=store.questions.facets_of(i),
        )
        for i in range(DOCUMENTS - number, DOCUMENTS + 1)
    ]
    words.apply(blocks, [], store.position, store.instance)
    words.close()
    store.close()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    recorded = Statements()
    monkeypatch.setattr(sqlite3, "connect", recorded.wrap(sqlite3.connect))
    return recorded


@pytest.fixture
def engine(large: Path, statements: Statements, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr("notesearch.storage.local.vector_copies.VectorIndex", ScannedVectors)
    engine = Engine.open(large / "data", watch=False, embedders=[HashingEmbedder()])
    engine.indexing.wait_ready()
    yield engine
    engine.close()


def searches(engine: Engine, root: Path) -> None:
    """Everything that a key in a search field may cause."""
    texts = ("h", "harbours note", '"passage 001"', "harbours -passage", "harbours tag:t3", "tag:rare")
    texts += ("harbours tag:rare", "-tag:t3 note", "type:markdown", "type:markdown harbours", "title:note")  # type: ignore[assignment]
    texts += ("folder:part03 harbours", "tag:t1 -tag:rare", "-tag:rare", "harbours type:markdown -tag:t1")  # type: ignore[assignment]
    for text in texts:
        for folder in (None, root, root / "part03"):
            query = Query(text=text, prefix=True, folder=folder)
            session = engine.search.session(query)
            session.words()
            session.fused(rows=3)
            session.explained(session.completed())
        engine.search.fused(Query(text=text, mode=Mode.MEANING))
    found = engine.search.fused(Query(text="harbours")).matches
    assert found
    engine.search.note_text(found[0].path)
    engine.search.similar(found[0].path)
    engine.search.recent()
    engine.search.tags()
    engine.search.formats()


def test_no_search_change_or_status_walks_a_table(
    engine: Engine, large: Path, statements: Statements
) -> None:
    root = large / "Notes"
    database = large / "data" / DATABASE
    statements.clear()
    searches(engine, root)
    engine.status()
    assert len(statements.steps) > 100
    assert "\n".join(statements.walks(database)) == ""

    def documents() -> int:
        return engine.status().documents

    # A note comes, is changed, becomes unreadable, and goes.
    before = documents()
    note = root / "part00" / "new.md"
    note.write_text("# New\n\nzanzibar ferry\n")
    engine.indexing.retry([note])
    wait_until(lambda: documents() == before + 1 and engine.status().complete == DOCUMENTS + 1)
    note.write_text("# New\n\nzanzibar by train\n")
    engine.indexing.retry([note])
    wait_until(lambda: engine.search.note_text(note).text.endswith("train\n"))
    note.write_bytes(b"\x00\x01\x02" * 50)
    engine.indexing.retry([note])
    wait_until(lambda: engine.status().failed == 1)
    note.unlink()
    engine.indexing.retry([note])
    wait_until(lambda: documents() == before)
    wait_until(lambda: engine.status().failed == 0)
    engine.close()
    assert len(statements.steps) > 150
    assert "\n".join(statements.walks(database)) == ""


def test_the_recorder_finds_a_walk(large: Path) -> None:
    """What it is for: the statements that were too slow, and the table that each walked."""
    slow = {
        "SELECT DISTINCT fingerprint FROM documents": "documents",
        "SELECT count(*) FROM documents d WHERE d.title = 'x'": "documents",
        "SELECT language, count(*) FROM documents GROUP BY language": "documents",
        "SELECT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id": "chunks",
    }
    with closing(sqlite3.connect(large / "data" / DATABASE)) as db:
        for sql, table in slow.items():
            assert table in LARGE
            (fault,) = walks_of(db, sql, 0)
            assert fault.startswith("SCAN")
        assert walks_of(db, "SELECT 1 FROM documents WHERE id = 5", 0) == []
        assert walks_of(db, "SELECT 1 FROM documents WHERE id = 5", 200_000) == ["200000 steps"]


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("live_vector_ids", lambda store: store.vectors.live_ids(FINGERPRINT)),
        ("known", lambda store: store.places.known(InFolder(1))),
    ],
)
def test_a_walk_behind_an_index_is_found_by_its_steps(
    large: Path, statements: Statements, name: str, ask: Callable[[Store], object]
) -> None:
    """An index on what all rows have in common is no bound: the plan looks well, the steps do not."""
    store = Store(large / "data", read_only=True)
    statements.clear()
    ask(store)
    assert any("steps" in fault for fault in statements.walks(large / "data" / DATABASE)), name
    store.close()


def test_kept_counts_are_what_counting_gives(large: Path) -> None:
    store = Store(large / "data", read_only=True)
    local, remote = store.folders.rows()
    assert (local.documents, local.complete, local.chunks, local.embedded) == (
        40_000,
        40_000,
        100_000,
        100_000,
    )
    assert (remote.documents, remote.complete, remote.chunks, remote.embedded) == (4000, 0, 8000, 0)
    assert sum(n for _, n in store.questions.facets(LANGUAGE)) == 44_000
    assert store.filters.facet_count("tag:rare") == 44
    assert local.model == LOCAL.identifier
    store.close()
