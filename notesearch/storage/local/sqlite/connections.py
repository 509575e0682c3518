"""SQLite connections: how they are opened, how threads share those that read, and how SQLite's errors become
NotesearchErrors."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

from notesearch.errors import DiskFull, StoreDamaged, StoreError

# Seconds for which closing waits for questions under way. They are interrupted, so this is the longest that a
# single step of one takes.
CLOSING = 5.0


# A quota, a limit of a file's size, or a disk that fails: SQLite does not tell them apart.
_NOT_WRITTEN = (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)


@contextlib.contextmanager
def people_errors() -> Iterator[None]:
    """A context in which SQLite's errors that are no bug are raised as StoreError, StoreDamaged or
    DiskFull."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # The lowest byte of SQLite's code is the kind of error; the upper ones are details.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull from error
        if getattr(error, "sqlite_errorcode", 0) in _NOT_WRITTEN:
            raise DiskFull("disk-full.not-written") from error
        if code in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_PERM,
        ):
            raise StoreError("store.cannot-open", retryable=True) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError("store.in-use", retryable=True) from error
        if code == sqlite3.SQLITE_INTERRUPT:
            raise StoreError("store.closed") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamaged from error
        raise


class Readers:
    """Connections that only read. A thread borrows one for a question; where all are borrowed, `connect`
    opens another.

    SQLite crashes where a connection is closed while another thread uses it. `close` therefore interrupts
    questions and waits for them. Any thread may call.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._returned = threading.Condition()
        self._idle: list[sqlite3.Connection] = []
        self._in_use: set[sqlite3.Connection] = set()
        self._closed = False

    @property
    def in_use(self) -> int:
        """How many connections are borrowed."""
        return len(self._in_use)

    @property
    def idle(self) -> int:
        """How many open connections are not borrowed."""
        return len(self._idle)

    @contextlib.contextmanager
    def borrow(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection that no other thread uses meanwhile. Raises StoreError after `close`."""
        connection = self._take()
        try:
            yield connection
        finally:
            with self._returned:
                self._in_use.discard(connection)
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)
                self._returned.notify_all()

    def shrink(self) -> None:
        """Give back the memory of pages that the idle connections have read."""
        with contextlib.ExitStack() as borrowed:
            for connection in [borrowed.enter_context(self.borrow()) for _ in range(self.idle)]:
                connection.execute("PRAGMA shrink_memory")

    def _take(self) -> sqlite3.Connection:
        with self._returned:
            self._refuse_when_closed()
            if self._idle:
                connection = self._idle.pop()
                self._in_use.add(connection)
                return connection
        connection = self._connect()
        try:
            with self._returned:
                self._refuse_when_closed()
                self._in_use.add(connection)
        except StoreError:
            connection.close()
            raise
        return connection

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StoreError("store.closed")

    def close(self) -> None:
        """Interrupt questions under way and close every connection. A connection that is not returned in time
        is closed when it is returned."""
        until = time.monotonic() + CLOSING
        with self._returned:
            self._closed = True
            while self._in_use and time.monotonic() < until:
                for connection in self._in_use:
                    connection.interrupt()
                self._returned.wait(0.05)
            for connection in self._idle:
                connection.close()
            self._idle.clear()
