"""Connections: closing beside questions under way, and SQLite's errors as errors for people."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from notesearch.errors import DiskFull, StoreDamaged, StoreError
from notesearch.storage.local.sqlite.connections import people_errors
from notesearch.storage.local.sqlite.store import Store
from tests.conftest import wait_until

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.mark.parametrize("read_only", [False, True])
def test_closing_ends_questions_under_way(tmp_path: Path, read_only: bool) -> None:
    Store(tmp_path).close()
    store = Store(tmp_path, read_only=read_only)
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            store.database.read(ENDLESS)
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: store.database.readers.in_use == 3)
    store.close()
    for thread in threads:
        thread.join(100)
    assert [type(error) for error in ended] == [StoreError] * 3
    assert store.database.readers.in_use == 0
    assert store.database.readers.idle == 0


def test_closing_beside_many_short_questions(tmp_path: Path) -> None:
    store = Store(tmp_path)
    answered = threading.Barrier(5, timeout=100)
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            store.folders.rows()
            answered.wait()
            while True:
                store.folders.rows()
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    answered.wait()
    store.close()
    for thread in threads:
        thread.join(100)
    assert [type(error) for error in ended] == [StoreError] * 4


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match=r"store\.closed"):
        store.folders.rows()
    with pytest.raises(StoreError, match=r"store\.closed"):
        store.folders.add(Path("/a"), "m")


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        (sqlite3.SQLITE_IOERR_READ, StoreError, True),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreError, True),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreError, True),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, StoreError, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreError, True),
        (sqlite3.SQLITE_LOCKED, StoreError, True),
        (sqlite3.SQLITE_FULL, DiskFull, True),
        (sqlite3.SQLITE_CORRUPT_INDEX, StoreDamaged, False),
        (sqlite3.SQLITE_NOTADB, StoreDamaged, False),
    ],
)
def test_codes_with_details(code: int, kind: type[StoreError], retryable: bool) -> None:
    error = sqlite3.OperationalError("told by SQLite")
    error.sqlite_errorcode = code
    with pytest.raises(StoreError) as told, people_errors():
        raise error
    assert (type(told.value), told.value.retryable) == (kind, retryable)


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(sqlite3.OperationalError), people_errors():
        sqlite3.connect(":memory:").execute("SELECT nonsense")
