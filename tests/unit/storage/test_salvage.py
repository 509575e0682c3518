"""A new database is made of what can be read of a damaged one, and nothing is invented."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from notesearch.catalogue import LOCAL
from notesearch.errors import DiskFull, StoreDamaged, StoreTooNew
from notesearch.storage.changes import FolderAdded, ModelAgreed, PassagesAllowed
from notesearch.storage.local.damage import refuse_lost, salvage_damaged
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.damaged_pages import loose_rows
from notesearch.storage.local.sqlite.damaged_tables import Column, DamagedTables
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.migrations import MIGRATIONS, migrate
from notesearch.storage.local.sqlite.salvage import salvage
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import Salvaged, Vectors
from tests.unit.storage.conftest import FINGERPRINT, MakeDocument

NOTES, DIMENSIONS = 120, 384
SAID = "aimlapi/voyage-2 https://api.aimlapi.com"


def unit_vectors(number: int, seed: int) -> Vectors:
    made = np.random.default_rng(seed).standard_normal((number, DIMENSIONS)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def passages(i: int) -> list[str]:
    return [f"note {i} part {part} " * 40 for part in range(3)]


@pytest.fixture
def filled(tmp_path: Path, store: Store, make: MakeDocument, root: Path) -> Path:
    """A database of notes with three vectors each, a consent and allowed texts, closed."""
    (folder,) = [row.id for row in store.folders.rows()]
    store.apply([ModelAgreed(folder_id=folder, consent_text=SAID)])
    # In turns, so that notes and vectors lie among each other in the file.
    for first in range(0, NOTES, 10):
        store.documents.put([make(f"{i:03}.md", passages(i)) for i in range(first, first + 10)])
        waiting = store.questions.waiting(FINGERPRINT, 10 * NOTES)
        assert len(waiting) == 30
        store.vectors.put(FINGERPRINT, [w.text_hash for w in waiting], unit_vectors(30, first))
    store.apply([PassagesAllowed(document_id=1)])
    with store.database.write() as w:
        w.executemany("INSERT OR IGNORE INTO allowed VALUES (?)", ((os.urandom(16),) for _ in range(300)))
    store.close()
    path = tmp_path / DATABASE
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def contents(path: Path) -> dict[str, set[Any]]:
    """What matters in a database, by table."""
    asked = {
        "folders": "SELECT path, model, agreed FROM folders",
        "documents": "SELECT relative_path, embedded, text FROM documents JOIN texts ON document_id = id",
        "vectors": "SELECT text_hash, vector FROM vectors",
        "allowed": "SELECT text_hash FROM allowed",
    }
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {name: set(connection.execute(sql)) for name, sql in asked.items()}


def overwrite(path: Path, first: int, content: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(first)
        file.write(content)


def pages_of(path: Path, name: str, kind: str) -> list[int]:
    """The numbers of the pages of a table or an index."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        try:
            return [
                row[0]
                for row in connection.execute(
                    "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY pageno", (name, kind)
                )
            ]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite cannot tell which page is which")


def test_a_whole_database_is_taken_whole(filled: Path) -> None:
    before, damaged = contents(filled), filled.read_bytes()
    done = salvage(filled)
    assert contents(filled) == before
    assert done.kept is not None
    assert done.kept.read_bytes() == damaged
    assert done == Salvaged(
        kept=done.kept,
        folders=1,
        documents=NOTES,
        vectors=3 * NOTES,
        documents_lost=0,
        vectors_lost=0,
        consents_lost=False,
    )
    assert sorted(path.name for path in filled.parent.iterdir()) == sorted([done.kept.name, DATABASE])
    # The second one is kept beside the first.
    again = salvage(filled).kept
    assert again is not None
    assert again != done.kept
    assert done.kept.read_bytes() == damaged
    store = Store(filled.parent)
    assert store.check() == []
    store.close()


def zero_the_end(path: Path) -> None:
    size = path.stat().st_size
    overwrite(path, size // 2, bytes(size - size // 2))


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def garble_the_middle(path: Path) -> None:
    third = path.stat().st_size // 3
    overwrite(path, third, random.Random(1).randbytes(third))


def garble_a_tenth(path: Path) -> None:
    chosen = random.Random(2)
    for page in range(1, path.stat().st_size // 4096):
        if chosen.random() < 0.1:
            overwrite(path, page * 4096, chosen.randbytes(4096))


@pytest.mark.parametrize("harm", [zero_the_end, cut_off, garble_the_middle, garble_a_tenth])
def test_what_is_taken_of_a_damaged_database_is_true(filled: Path, harm: Callable[[Path], None]) -> None:
    before = contents(filled)
    harm(filled)
    damaged = filled.read_bytes()
    done = salvage(filled)
    after = contents(filled)
    for table in ("vectors", "allowed"):
        assert after[table] <= before[table], table
    # Consents are taken as they were, or not at all.
    assert after["folders"] <= {("/notes", LOCAL.identifier, SAID), ("/notes", LOCAL.identifier, "")}
    # A note lacks a vector that is lost, and nothing else.
    texts = {(name, text) for name, _, text in before["documents"]}
    assert {(name, text) for name, _, text in after["documents"]} <= texts
    assert len(after["vectors"]) > NOTES
    assert (done.documents, done.vectors) == (len(after["documents"]), len(after["vectors"]))
    assert done.vectors + (done.vectors_lost or 0) in (done.vectors, 3 * NOTES)
    assert done.kept is not None
    assert done.kept.read_bytes() == damaged
    store = Store(filled.parent)
    assert store.check() == []
    store.close()


def test_one_damaged_page_of_vectors_costs_those_on_it_alone(filled: Path) -> None:
    before = contents(filled)
    page = pages_of(filled, "vectors", "leaf")[5]
    overwrite(filled, (page - 1) * 4096, b"\xff" * 4096)
    done = salvage(filled)
    assert 0 < (done.vectors_lost or 0) <= 3
    after = contents(filled)
    assert after["folders"] == before["folders"]
    assert after["allowed"] == before["allowed"]
    assert done.documents == NOTES
    waiting = sum(3 - embedded for _, embedded, _ in after["documents"])
    assert waiting == done.vectors_lost


def test_vectors_below_a_lost_page_are_found_by_their_own_pages(filled: Path) -> None:
    before = contents(filled)
    with contextlib.closing(sqlite3.connect(filled)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'vectors'").fetchone()
    overwrite(filled, (root - 1) * 4096, bytes(4096))
    done = salvage(filled)
    assert contents(filled) == before
    assert done.vectors == 3 * NOTES


def test_without_its_first_page_vectors_and_folders_are_found_and_no_consent(filled: Path) -> None:
    before = contents(filled)
    overwrite(filled, 0, bytes(4096))
    done = salvage(filled)
    after = contents(filled)
    assert after["vectors"] == before["vectors"]
    assert after["folders"] == {("/notes", LOCAL.identifier, "")}
    assert done.consents_lost
    assert (done.documents, done.documents_lost, done.vectors_lost) == (0, None, None)


def test_bytes_that_changed_without_a_sign_are_noticed(filled: Path) -> None:
    """SQLite has no checksums: a vector with other numbers, and a text with other letters, are read as if
    nothing had happened."""
    content = bytearray(filled.read_bytes())
    # Not on the first page of a vector, where SQLite would notice.
    place = content.find(b"note 7 part 1 ")
    content[place : place + 4] = b"NOTE"
    filled.write_bytes(content)
    with contextlib.closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute(
            "UPDATE vectors SET vector = zeroblob(200) || substr(vector, 201) WHERE id IN (3, 4)"
        )
        connection.execute("UPDATE vectors SET vector = substr(vector, 1, 400) WHERE id = 5")
    done = salvage(filled)
    assert (done.vectors_lost, done.documents_lost) == (3, 1)
    after = contents(filled)
    assert "007.md" not in {name for name, _, _ in after["documents"]}


def test_vectors_that_the_database_lost_are_taken_from_its_index(
    tmp_path: Path, make: MakeDocument, store: Store, filled: Path
) -> None:
    before = contents(filled)
    library = LocalLibrary(tmp_path, lambda _: DIMENSIONS)
    library.upkeep.follow_words()
    library.upkeep.follow_model(FINGERPRINT)
    library.upkeep.save(closing=True)
    library.close()
    with contextlib.closing(sqlite3.connect(filled)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for page in pages_of(filled, "vectors", "leaf")[3:60]:
        overwrite(filled, (page - 1) * 4096, bytes(4096))
    # The passages still say which vectors they had.
    done = salvage_damaged(tmp_path)
    assert done is not None
    assert (done.vectors, done.vectors_lost) == (3 * NOTES, 0)
    assert contents(filled) == before
    assert salvage_damaged(tmp_path) is None


def test_an_index_of_another_database_gives_no_vectors(tmp_path: Path, filled: Path) -> None:
    library = LocalLibrary(tmp_path, lambda _: DIMENSIONS)
    library.upkeep.follow_model(FINGERPRINT)
    library.upkeep.save(closing=True)
    library.close()
    with contextlib.closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute("UPDATE meta SET value = 'other' WHERE key = 'instance'")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM vectors WHERE id < 100")
    done = salvage_damaged(tmp_path)
    assert done is not None
    assert done.vectors == 3 * NOTES - 99


def test_a_database_of_an_earlier_version_is_salvaged_too(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:4])
        connection.execute("INSERT INTO folders (path, model, agreed) VALUES ('/notes', 'a/b', ?)", (SAID,))
        connection.executemany(
            "INSERT INTO vectors (fingerprint, text_hash, vector) VALUES ('0123456789abcdef', ?, ?)",
            ((os.urandom(16), vector.tobytes()) for vector in unit_vectors(50, 1)),
        )
    before = {**contents_of_v4(path)}
    done = salvage(path)
    assert (done.vectors, done.folders) == (50, 1)
    assert {name: contents(path)[name] for name in before} == before


def contents_of_v4(path: Path) -> dict[str, set[Any]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {
            "folders": set(connection.execute("SELECT path, model, agreed FROM folders")),
            "vectors": set(connection.execute("SELECT text_hash, vector FROM vectors")),
        }


def test_changes_that_are_still_in_the_log_of_the_database_count(tmp_path: Path, filled: Path) -> None:
    store = Store(tmp_path)
    store.apply([FolderAdded(path=Path("/more"), model=LOCAL.identifier)])
    # As after a crash: the log was not copied into the database.
    crashed = {name: (tmp_path / name).read_bytes() for name in (DATABASE, f"{DATABASE}-wal")}
    store.close()
    for name, content in crashed.items():
        (tmp_path / name).write_bytes(content)
    done = salvage(filled)
    assert done.folders == 2
    assert done.kept is not None
    assert done.kept.with_name(f"{done.kept.name}-wal").read_bytes() == crashed[f"{DATABASE}-wal"]


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 50_000, random.Random(3).randbytes(50_000), b"something else " * 500]
)
def test_nothing_is_found_in_what_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / DATABASE
    path.write_bytes(content)
    done = salvage(path)
    assert replace(done, kept=None) == Salvaged(
        kept=None,
        folders=0,
        documents=0,
        vectors=0,
        documents_lost=None,
        vectors_lost=None,
        consents_lost=False,
    )
    assert done.kept is not None
    assert done.kept.read_bytes() == content
    store = Store(tmp_path)
    assert store.check() == []
    store.close()


def test_damaged_pages_never_make_an_endless_or_failing_reading(filled: Path) -> None:
    """Every page in turn has other bytes somewhere."""
    chosen = random.Random(4)
    whole = filled.read_bytes()
    for _ in range(30):
        content = bytearray(whole)
        for _ in range(200):
            content[chosen.randrange(len(content))] = chosen.randrange(256)
        filled.write_bytes(content)
        for row_id, values in loose_rows(filled):
            assert isinstance(row_id, int)
            assert values is not None


def test_a_lost_end_is_not_read_again_and_again(filled: Path) -> None:
    """A page whose second half is lost gives rows that have the number 0."""
    whole = filled.read_bytes()
    for start in range(2048 + 40 * 4096, len(whole), 5 * 4096):
        filled.write_bytes(whole[:start] + bytes(len(whole) - start))
        asked: list[str] = []
        with contextlib.closing(sqlite3.connect(filled)) as connection:
            connection.set_trace_callback(asked.append)
            columns = [Column("id", "INTEGER", True), Column("vector", "BLOB", True)]
            numbers = [row[0] for row in DamagedTables(connection).rows("vectors", columns, ())]
        assert len(numbers) == len(set(numbers))
        assert len(asked) < 20 * NOTES


def test_a_full_disk_leaves_everything_as_it_was(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = filled.read_bytes()
    real = sqlite3.connect

    def small(name: str, **how: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(name, **how)  # type: ignore[call-overload]
        if "rwc" in name:
            connection.execute("PRAGMA max_page_count = 90")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(DiskFull):
        salvage(filled)
    assert filled.read_bytes() == before
    # Reading it leaves the index of its log.
    assert {path.name for path in filled.parent.iterdir()} <= {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"}


# What is no damage, and what is


def test_a_new_data_folder_is_not_damaged(tmp_path: Path) -> None:
    refuse_lost(tmp_path)
    assert salvage_damaged(tmp_path) is None
    (tmp_path / DATABASE).write_bytes(b"")
    refuse_lost(tmp_path)


@pytest.mark.parametrize("index", ["keyword/0123.idx", "vectors/0123.hnsw"])
def test_a_database_that_is_gone_or_empty_beside_its_indexes(tmp_path: Path, index: str) -> None:
    (tmp_path / index).parent.mkdir()
    (tmp_path / index).write_bytes(b"x")
    with pytest.raises(StoreDamaged) as lost:
        LocalLibrary(tmp_path, lambda _: None)
    assert lost.value.code == "store-damaged.missing"
    assert not (tmp_path / DATABASE).exists()
    (tmp_path / DATABASE).write_bytes(b"")
    with pytest.raises(StoreDamaged) as lost:
        LocalLibrary(tmp_path, lambda _: None)
    assert lost.value.code == "store-damaged.empty"
    (tmp_path / DATABASE).unlink()
    (tmp_path / DATABASE).mkdir()
    with pytest.raises(StoreDamaged) as lost:
        LocalLibrary(tmp_path, lambda _: None)
    assert lost.value.code == "store-damaged.not-a-file"


@pytest.mark.parametrize("read_only", [False, True])
def test_the_database_of_another_program(tmp_path: Path, read_only: bool) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")
        connection.execute("PRAGMA user_version = 4711")
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreDamaged) as foreign:
        Store(tmp_path, read_only=read_only)
    assert foreign.value.code == "store-damaged.foreign"
    assert (tmp_path / DATABASE).read_bytes() == before


def test_a_database_of_a_newer_version_is_not_salvaged(tmp_path: Path, filled: Path) -> None:
    with contextlib.closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = filled.read_bytes()
    with pytest.raises(StoreTooNew):
        salvage_damaged(tmp_path)
    assert filled.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE counts SET documents = documents + 1",
        "UPDATE language_counts SET documents = documents + 1",
        "DELETE FROM facet_counts WHERE facet = 'type:markdown'",
        "INSERT INTO problem_counts VALUES (1, 3)",
        "PRAGMA foreign_keys = OFF; DELETE FROM vectors WHERE id = 7",
    ],
)
def test_counts_and_references_that_are_wrong_are_found_and_mended(filled: Path, change: str) -> None:
    with contextlib.closing(sqlite3.connect(filled)) as connection, connection:
        connection.executescript(change)
    store = Store(filled.parent)
    assert len(store.check()) == 1
    store.close()
    assert salvage_damaged(filled.parent) is not None
    store = Store(filled.parent)
    assert store.check() == []
    store.close()
