"""Reads the tables of a damaged database through SQLite: every row that SQLite still reaches. Where a page
cannot be read, reading goes on behind it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Row = tuple[object, ...]
# So many questions may fail before the rest of a table is given up, which takes some seconds. A page of
# vectors holds two rows, and a page above it some hundred pages. What is given up of the vectors is then
# looked for in the pages themselves (damaged_pages.py).
FAILURES = 20_000
# Where the highest id that a table had cannot be read either.
HIGHEST = 1 << 24


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, its declared type ("TEXT", "INTEGER", "BLOB"), and whether it is always
    set."""

    name: str
    kind: str
    always: bool


@dataclass(slots=True)
class DamagedTables:
    """The tables of a damaged database, opened for reading. `gaps` are the tables of which something could
    not be read."""

    connection: sqlite3.Connection
    gaps: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        # A text with bytes that are no text must not end the reading of its table.
        self.connection.text_factory = bytes

    def one(self, sql: str) -> int | None:
        """A number; None where it cannot be read."""
        try:
            row = self.connection.execute(sql).fetchone()
        except sqlite3.DatabaseError:
            return None
        return int(row[0]) if row and isinstance(row[0], int) else None

    def text(self, sql: str) -> str:
        """A text; "" where it cannot be read."""
        try:
            row = self.connection.execute(sql).fetchone()
        except sqlite3.DatabaseError:
            return ""
        return bytes(row[0]).decode("utf-8", "replace") if row and isinstance(row[0], bytes) else ""

    def columns(self, table: str) -> set[str]:
        """The names of a table's columns; empty where there is no such table."""
        try:
            found = self.connection.execute(f"PRAGMA table_info({table})").fetchall()
        except sqlite3.DatabaseError:
            return set()
        return {bytes(row[1]).decode("utf-8", "replace") for row in found}

    def rows(self, table: str, columns: Sequence[Column], parts: Sequence[Row]) -> Iterator[Row]:
        """The rows of a table, some of them perhaps twice. `parts`: for a table without row ids, which
        further parts of it are looked at where it cannot be read from end to end, as (condition, its
        parameters)."""
        names = ", ".join(column.name for column in columns)
        found = self._by_parts(table, names, parts) if parts else self._by_id(table, names)
        for row in found:
            values = _checked(row, columns)
            if values is not None:
                yield values
            else:
                self.gaps.add(table)

    def _by_id(self, table: str, names: str) -> Iterator[Row]:
        """Read a table by row ids: upwards until a page cannot be read, then downwards from the end, then the
        same in both halves of what lies between."""
        ranges = [(1, self._highest(table))]
        failures = 0
        while ranges and failures < FAILURES:
            first, last = ranges.pop()
            for order in ("ASC", "DESC"):
                try:
                    for row in self.connection.execute(
                        f"SELECT rowid, {names} FROM {table} WHERE rowid BETWEEN ? AND ? "
                        f"ORDER BY rowid {order}",
                        (first, last),
                    ):
                        number = int(row[0])
                        if not first <= number <= last:
                            # A damaged page gives numbers in no order; it would be read again and again.
                            raise sqlite3.DatabaseError
                        first, last = (number + 1, last) if order == "ASC" else (first, number - 1)
                        yield row[1:]
                    break
                except sqlite3.DatabaseError:
                    self.gaps.add(table)
                    failures += 1
            else:
                if first < last:
                    middle = (first + last) // 2
                    # The lower half is next: where the highest id is not known, the other may be empty.
                    ranges += [(middle + 1, last), (first, middle)]

    def _highest(self, table: str) -> int:
        noted = self.one(f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'")
        there = self.one(f"SELECT max(rowid) FROM {table}")
        if there is None:
            return noted or HIGHEST
        return max(noted or 0, there)

    def _by_parts(self, table: str, names: str, parts: Sequence[Row]) -> Iterator[Row]:
        """Read a table that has no row ids: upwards, and where that fails downwards, then part by part."""
        key = self._key(table)
        for order in ("ASC", "DESC"):
            by = ", ".join(f"{name} {order}" for name in key)
            try:
                yield from self.connection.execute(f"SELECT {names} FROM {table} ORDER BY {by}")
                return
            except sqlite3.DatabaseError:
                self.gaps.add(table)
        for condition, *parameters in parts:
            try:
                yield from self.connection.execute(
                    f"SELECT {names} FROM {table} WHERE {condition}", parameters
                )
            except sqlite3.DatabaseError:
                continue

    def _key(self, table: str) -> list[str]:
        found = self.connection.execute(f"PRAGMA table_info({table})").fetchall()
        return [bytes(row[1]).decode() for row in sorted(found, key=lambda row: int(row[5])) if row[5]]


def _checked(row: Row, columns: Sequence[Column]) -> Row | None:
    """The values of a row with texts as such; None where one has not the type of its column, as after damage
    that SQLite cannot see."""
    values: list[object] = []
    for value, column in zip(row, columns, strict=True):
        if value is None:
            if column.always:
                return None
        elif column.kind == "TEXT":
            try:
                value = bytes(value).decode() if isinstance(value, bytes) else None
            except UnicodeDecodeError:
                return None
            if value is None:
                return None
        elif not isinstance(value, bytes if column.kind == "BLOB" else int):
            return None
        values.append(value)
    return tuple(values)
