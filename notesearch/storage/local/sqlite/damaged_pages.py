"""Reads the rows of a damaged database from its pages, without SQLite: those that SQLite does not reach any
more, since a page above them, or the list of all tables, is gone.

Only pages that hold rows of tables are read (https://sqlite.org/fileformat2.html). A page does not say which
table it is of, so the caller tells that by the values. A page that the database no longer uses may hold a row
that was deleted; so this is for values that stay true, such as the vector of a text.
"""

from __future__ import annotations

import contextlib
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

Value = int | float | bytes | None
MAGIC = b"SQLite format 3\0"
PAGE_SIZE = 4096
LEAF = 0x0D
# The sizes of the serial types 0 to 9 in bytes. 10 and 11 are not used.
_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def told_length(head: bytes) -> int:
    """How many bytes a database has by its first bytes; 0 where they do not tell."""
    if head[:16] != MAGIC or len(head) < 32:
        return 0
    return int.from_bytes(head[16:18], "big") * int.from_bytes(head[28:32], "big")


def loose_rows(path: Path) -> Iterator[tuple[int, list[Value]]]:
    """Every row in a page of a table's rows, as (row id, values). Texts are bytes. What cannot be read is
    left out."""
    with open(path, "rb") as file, contextlib.ExitStack() as closing:
        try:
            content = closing.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:
            return  # an empty file
        pages = _Pages(content)
        for number in range(1, len(content) // pages.size + 1):
            yield from pages.rows(number)


class _Pages:
    """The pages of a database file. They are numbered from 1."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        told = int.from_bytes(content[16:18], "big")
        self.size = (
            told if content[:16] == MAGIC and told in (512, 1024, 2048, 8192, 16384, 32768) else PAGE_SIZE
        )

    def _page(self, number: int) -> bytes:
        first = (number - 1) * self.size
        return self._content[first : first + self.size]

    def rows(self, number: int) -> Iterator[tuple[int, list[Value]]]:
        """The rows of a page; none where it is a page of another kind."""
        page = self._page(number)
        head = 100 if number == 1 else 0
        if page[head] != LEAF:
            return
        (count,) = struct.unpack_from(">H", page, head + 3)
        if head + 8 + 2 * count > self.size:
            return
        for offset in struct.unpack_from(f">{count}H", page, head + 8):
            try:
                yield self._row(page, offset)
            except (IndexError, ValueError, struct.error):
                continue

    def _row(self, page: bytes, offset: int) -> tuple[int, list[Value]]:
        length, offset = _varint(page, offset)
        row_id, offset = _varint(page, offset)
        return row_id, _values(self._payload(page, offset, length))

    def _payload(self, page: bytes, offset: int, length: int) -> bytes:
        """The bytes of a row: those on its page, then those on a chain of other pages."""
        if length > len(self._content):
            raise ValueError("longer than the file")
        here = length
        if length > self.size - 35:
            least = (self.size - 12) * 32 // 255 - 23
            here = least + (length - least) % (self.size - 4)
            here = here if here <= self.size - 35 else least
        parts = [page[offset : offset + here]]
        missing = length - here
        following = struct.unpack_from(">I", page, offset + here)[0] if missing else 0
        while missing > 0:
            further = self._page(following) if following else b""
            if len(further) != self.size:
                raise ValueError("the chain of pages ends too soon")
            parts.append(further[4 : 4 + missing])
            missing -= self.size - 4
            (following,) = struct.unpack_from(">I", further)
        return b"".join(parts)


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for place in range(8):
        byte = data[offset + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + place + 1
    value = value << 8 | data[offset + 8]
    return value - (1 << 64) if value >> 63 else value, offset + 9


def _values(row: bytes) -> list[Value]:
    """The values of a row. Raises ValueError where it is none."""
    end, offset = _varint(row, 0)
    kinds = []
    while offset < end:
        kind, offset = _varint(row, offset)
        if kind < 0 or kind in (10, 11):
            raise ValueError("no such type")
        kinds.append(kind)
    sizes = [_SIZES[kind] if kind < 10 else (kind - 12) // 2 for kind in kinds]
    if offset != end or end + sum(sizes) != len(row):
        raise ValueError("no row")
    values: list[Value] = []
    for kind, size in zip(kinds, sizes, strict=True):
        values.append(_value(kind, row[end : end + size]))
        end += size
    return values


def _value(kind: int, data: bytes) -> Value:
    if kind >= 12:
        return data
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    return int.from_bytes(data, "big", signed=True) if kind else None
