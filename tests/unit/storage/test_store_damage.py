"""The store beside other threads and processes, on a full disk, and when its file is damaged."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from notesearch.errors import DiskFull, StoreDamaged, StoreError
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import InFolder
from tests.unit.storage.conftest import MakeDocument, state_of


def limit_pages(store: Store, number: int) -> None:
    """As on a full disk: the database may have so many pages."""
    with store.database.write() as w:
        w.execute(f"PRAGMA max_page_count = {number}")


# Threads, processes, damage


def test_readers_see_whole_documents_while_another_thread_writes(
    store: Store, make: MakeDocument, root: Path
) -> None:
    rounds = 60
    stop = threading.Event()
    wrong: list[str] = []
    store.documents.put([make("a.md", ["x0"] * 40, prefix="")])

    def look() -> None:
        try:
            while not stop.is_set():
                row = store.questions.document_at(root / "a.md")
                assert row is not None
                words = set(store.questions.text(row.id, 0, row.length).split("\n"))
                if len(words) != 1:
                    wrong.append(f"torn: {words}")
        except Exception as error:
            wrong.append(repr(error))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(rounds):
        store.documents.put([make("a.md", [f"x{i}"] * 40, prefix="")])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_transaction_reads_what_it_wrote_and_nobody_else_does(
    store: Store, make: MakeDocument, root: Path
) -> None:
    def known() -> bool:
        return state_of(store, root / "a.md") is not None

    with ThreadPoolExecutor(1) as other:
        with store.database.write():
            store.documents.put([make("a.md")])
            assert (known(), other.submit(known).result()) == (True, False)
        assert (known(), other.submit(known).result()) == (True, True)


def test_a_transaction_inside_another_is_undone_with_it(store: Store, make: MakeDocument, root: Path) -> None:
    position = store.position

    def broken() -> None:
        with store.database.write():
            store.documents.put([make("a.md")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert (store.position, state_of(store, root / "a.md")) == (position, None)
    store.documents.put([make("a.md")])
    assert store.position == position + 1


def test_a_reading_store_never_writes(store: Store, root: Path, tmp_path: Path) -> None:
    reader = Store(tmp_path, read_only=True)
    with pytest.raises(StoreError, match=r"store\.read-only"):
        reader.folders.add(Path("/b"), "m")
    assert reader.instance == store.instance
    reader.close()


def test_no_index_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"store\.absent"):
        Store(tmp_path, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_not_a_database(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / DATABASE).write_bytes(b"something else altogether " * 100)
    with pytest.raises(StoreDamaged) as damaged:
        Store(tmp_path, read_only=read_only)
    assert damaged.value.code == "store-damaged"


def damage(path: Path, *, keep: int = 4096) -> None:
    """Overwrite all but the first pages, as a failing disk might."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(keep)
        file.write(os.urandom(size - keep))


def test_pages_damaged_behind_the_first_are_told_as_damage(
    tmp_path: Path, store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make(f"{i}.md", [f"part {i} " * 50]) for i in range(300)])
    store.close()
    damage(tmp_path / DATABASE)
    with pytest.raises(StoreDamaged):
        Store(tmp_path)


def test_damage_met_in_the_middle_of_an_answer(
    tmp_path: Path, store: Store, make: MakeDocument, root: Path
) -> None:
    """The first rows are read, the page of a later one is not."""
    store.documents.put([make(f"{i:04}.md", [f"part {i} " * 50], mtime_ns=i) for i in range(400)])
    store.close()
    path = tmp_path / DATABASE
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            rows = connection.execute(
                "SELECT pageno FROM dbstat WHERE name = 'documents' AND pagetype = 'leaf' ORDER BY pageno"
            )
            pages = [row[0] for row in rows]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite cannot tell which page is which")
    with open(path, "r+b") as file:
        file.seek((pages[len(pages) // 2] - 1) * 4096)
        file.write(b"\xff" * 4096)
    opened = Store(tmp_path)
    try:
        with pytest.raises(StoreDamaged):
            opened.questions.documents(list(range(1, 401)))
        with pytest.raises(StoreDamaged):
            opened.places.known(InFolder(1))
        assert opened.check()
    finally:
        opened.close()


def test_a_whole_database_has_nothing_to_complain_of(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md")])
    assert store.check() == []


def test_a_full_disk_is_an_error_that_can_be_tried_again(
    store: Store, make: MakeDocument, root: Path
) -> None:
    (pages,) = store.database.one("PRAGMA page_count")
    limit_pages(store, pages + 2)
    with pytest.raises(DiskFull) as full:
        store.documents.put([make("a.md", ["long " * 20_000])])
    assert full.value.retryable
    assert store.questions.document_at(root / "a.md") is None
    limit_pages(store, 1_000_000)
    store.documents.put([make("a.md", ["long " * 20_000])])


def test_threads_that_ended_leave_no_connection_open(store: Store, root: Path) -> None:
    """A request of another process is answered in a thread of its own: after a day of them no file may be
    left open."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files cannot be counted here")

    def burst(number: int) -> int:
        for _ in range(number):
            thread = threading.Thread(target=store.folders.rows)
            thread.start()
            thread.join()
        return len(os.listdir("/proc/self/fd"))

    first = burst(5)
    assert burst(40) <= first + 10
