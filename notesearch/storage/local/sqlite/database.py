"""The SQLite database below the store: one connection that writes, guarded by a lock, and a connection for
each reading thread, so that a search never waits for indexing. It knows transactions and positions, but no
tables of notes."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

from notesearch.errors import StoreDamaged, StoreError
from notesearch.storage.local.sqlite.connections import Readers, people_errors
from notesearch.storage.local.sqlite.migration_counts import COUNTED
from notesearch.storage.local.sqlite.migrations import migrate, refuse_foreign, refuse_newer, refuse_older

DATABASE = "notes.sqlite"
# Characters of a document's text that are stored, and read, as one segment.
SEGMENT = 1 << 16
# How many faults of a damaged database are told.
FAULTS = 5


class Generation(IntEnum):
    """Which model a chunk is for. ANSWERING: the folder's model. PREPARING: its next model."""

    ANSWERING = 0
    PREPARING = 1


# Kinds of SQLite's errors where the files of its log cannot be made.
_NO_LOG = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL)

T = TypeVar("T")


class Database:
    """The database that the parts of the store share. Threads and errors are as in Store.

    `ended` is called when a transaction has ended, committed or not, by the writing thread with the lock for
    writing held.
    """

    def __init__(
        self, data_dir: Path, *, read_only: bool = False, ended: Callable[[], None] = lambda: None
    ) -> None:
        self._file = data_dir / DATABASE
        self._ended = ended
        self._write_lock = threading.RLock()
        # The id of the thread whose transaction is under way.
        self._writing: int | None = None
        self.readers = Readers(lambda: self._connect("ro"))
        self._writer: sqlite3.Connection | None = None
        # What `unchanged` keeps: by name, the state of the database and the result.
        self._kept: dict[str, tuple[tuple[sqlite3.Connection, int], Any]] = {}
        self._closed = False
        if read_only and not self._file.exists():
            raise StoreError("store.absent")
        try:
            self._open(read_only)
            self.instance: str = self.one("SELECT value FROM meta WHERE key = 'instance'")[0]
            self._position = self.position
        except BaseException:
            self.close()
            raise

    def _open(self, read_only: bool) -> None:
        with people_errors():
            if read_only:
                with self.readers.borrow() as connection:
                    refuse_foreign(connection)
                    refuse_newer(connection)
                    refuse_older(connection)
                return
            self._writer = self._connect("rwc")
            refuse_foreign(self._writer)
            refuse_newer(self._writer)
            self._writer.execute("PRAGMA journal_mode = WAL")
            migrate(self._writer)

    def close(self) -> None:
        """Close every connection. The one that writes is closed last, so that SQLite copies its log into the
        database. Questions under way in other threads raise StoreError."""
        self.readers.close()
        with self._write_lock:
            self._closed = True
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        if mode != "ro" or self._has_log():
            return self._connected(mode)
        # SQLite makes the files of its log to read, too. Where no process writes the database, and these
        # cannot be made (a folder that is only read, a full disk), nothing has to be locked.
        try:
            connection = self._connected("ro")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NO_LOG or self._has_log():
                raise
            return self._connected("ro&immutable=1")
        return connection

    def _connected(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._file.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
        )
        # Every commit is synced. Else a loss of power takes the commits since the last checkpoint, and the
        # answers paid for in them, and the copies are ahead of the database.
        connection.executescript(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA "
            "temp_store = MEMORY;"
        )
        return connection

    def _has_log(self) -> bool:
        """Whether SQLite's log holds anything: a process writes the database, or was killed."""
        log = self._file.with_name(self._file.name + "-wal")
        return log.exists() and log.stat().st_size > 0

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a question, on a connection that no other thread uses meanwhile. The thread of a
        transaction reads on the connection of the transaction."""
        if self._writing == threading.get_ident() and self._writer is not None:
            return self._writer.execute(sql, parameters).fetchall()
        with people_errors(), self.readers.borrow() as connection:
            return connection.execute(sql, parameters).fetchall()

    def unchanged(self, name: str, ask: Callable[[], T]) -> T:
        """The result of `ask`, or the last one under this name where nothing was committed since: for
        what each key of a query asks again."""
        if self._writing == threading.get_ident():
            return ask()
        with people_errors(), self.readers.borrow() as connection:
            # SQLite counts what other connections commit, for each connection by itself.
            state = connection, connection.execute("PRAGMA data_version").fetchone()[0]
        kept = self._kept.get(name)
        if kept is not None and kept[0] == state:
            value: T = kept[1]
            return value
        value = ask()
        self._kept[name] = state, value
        return value

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first row of a question, or None."""
        rows = self.read(sql, parameters)
        return rows[0] if rows else None

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed when the block ends, rolled back when it raises. A block inside another is
        part of the same transaction. Raises StoreError where the database is closed or only read."""
        with self._write_lock, people_errors():
            if self._writer is None:
                raise StoreError("store.closed" if self._closed else "store.read-only")
            connection = self._writer
            if self._writing is not None:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            self._writing = threading.get_ident()
            position = self._position
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._position = position
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._writing = None
                self._ended()

    def shrink(self) -> None:
        """Give back the memory of pages that were read and written. Waits for a transaction under way."""
        with people_errors():
            self.readers.shrink()
            with self._write_lock:
                if self._writer is not None:
                    self._writer.execute("PRAGMA shrink_memory")

    def next_position(self) -> int:
        """The position for one more change. Within a transaction only."""
        self._position += 1
        return self._position

    @property
    def position(self) -> int:
        """The number of the newest change of a document."""
        row = self.one(
            "SELECT max(coalesce((SELECT max(position) FROM documents), 0), coalesce((SELECT max(position) "
            "FROM tombstones), 0))"
        )
        return int(row[0])

    def chosen(self, sql: str, ids: Sequence[object], *more: object) -> Iterator[Any]:
        """The rows of a query with an IN ({}) list, asked in parts that SQLite accepts. `more` are the
        parameters after the list."""
        for first in range(0, len(ids), 500):
            part = ids[first : first + 500]
            yield from self.read(sql.format(", ".join("?" * len(part))), (*part, *more))

    def check(self) -> list[str]:
        """SQLite's own integrity checks, and the counts that triggers keep: [] where all is well."""
        try:
            found = [row[0] for row in self.read(f"PRAGMA integrity_check({FAULTS})") if row[0] != "ok"]
            if not found:
                loose = self.read("PRAGMA foreign_key_check")
                found = [f"{table}: rows that refer to none" for table in sorted({row[0] for row in loose})]
            return found or self._wrong_counts()
        except StoreDamaged as error:
            return [str(error.__cause__)]

    def _wrong_counts(self) -> list[str]:
        """The tables of counts that do not say what is there."""
        return [
            table
            for table, kept, counted in COUNTED
            if self.read(f"{kept} EXCEPT {counted}") or self.read(f"{counted} EXCEPT {kept}")
        ]
