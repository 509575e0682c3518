"""The ledger: one line for each request that a provider answered, in CSV files that a person can open, one
for each month. It never holds a text.

The files are `ledger/2026-11.csv` and so on in the data folder. Every process that asks a provider appends to
them. What was spent is read from them.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from notesearch.domain import LedgerEntry, Spent
from notesearch.embedding.receipts import Receipt

LEDGER = "ledger"
COLUMNS = ("time", "provider", "host", "model", "purpose", "texts", "characters", "tokens", "usd", "status")


class Ledger:
    """Writes and reads the ledger. Any thread but the GUI thread; several processes at once, since a line is
    appended in one write."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / LEDGER
        self._lock = threading.Lock()
        # For the current month: the file, how much of it was read, and the sums so far.
        self._read: tuple[Path, int] = (Path(), 0)
        # Whether this month's file is there and could not be read, so that what was spent is not known.
        self.unreadable = False
        self._sums: dict[str, Spent] = {}

    def record(self, receipt: Receipt) -> None:
        """Append a request. On a full disk the line is lost, but not the vectors that were paid for."""
        path = self._path(receipt.at)
        line = io.StringIO()
        csv.writer(line).writerow(_row(receipt))
        with self._lock:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                head = "" if os.fstat(descriptor).st_size else ",".join(COLUMNS) + "\r\n"
                os.write(descriptor, (head + line.getvalue()).encode())
            finally:
                os.close(descriptor)

    def spent(self, provider: str) -> Spent:
        """The sums of a provider in this calendar month (UTC). Reads what was appended since the last
        call."""
        with self._lock:
            path = self._path(time.time())
            if self._read[0] != path:
                self._read, self._sums = (path, 0), {}
            for entry in self._new_entries(path):
                self._sums[entry.provider] = self._sums.get(entry.provider, Spent()).plus(entry)
            return self._sums.get(provider, Spent())

    def entries(self, limit: int = 200) -> tuple[LedgerEntry, ...]:
        """The newest requests of this month and the one before, newest first."""
        found: list[LedgerEntry] = []
        for path in sorted(self._folder.glob("*.csv"), reverse=True)[:2]:
            with contextlib.suppress(OSError):
                found += reversed(list(_entries(path.read_bytes())))
        return tuple(found[:limit])

    def unreadable_files(self) -> tuple[Path, ...]:
        """The files of the ledger in which something cannot be read: lines of requests that are not counted
        in what was spent."""
        if not self._folder.is_dir():
            return (self._folder,) if os.path.lexists(self._folder) else ()
        return tuple(path for path in sorted(self._folder.glob("*.csv")) if not _is_whole(path))

    @property
    def folder(self) -> Path:
        """The folder that holds its files."""
        return self._folder

    def _path(self, at: float) -> Path:
        return self._folder / f"{datetime.fromtimestamp(at, UTC):%Y-%m}.csv"

    def _new_entries(self, path: Path) -> Iterator[LedgerEntry]:
        try:
            with open(path, "rb") as file:
                file.seek(self._read[1])
                # The last line may be incomplete: another process may be writing it.
                whole = file.read()
                whole = whole[: whole.rfind(b"\n") + 1]
        except OSError as error:
            self.unreadable = not isinstance(error, FileNotFoundError)
            return
        self.unreadable = False
        self._read = (path, self._read[1] + len(whole))
        yield from _entries(whole)


def _is_whole(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    lines = sum(bool(line.strip()) for line in content.decode("utf-8", "replace").splitlines())
    head = content.startswith(COLUMNS[0].encode())
    return lines > 0 and len(list(_entries(content))) == lines - head


def _row(receipt: Receipt) -> list[object]:
    at = datetime.fromtimestamp(receipt.at, UTC).isoformat(timespec="milliseconds")
    tokens = "" if receipt.tokens is None else receipt.tokens
    usd = "" if receipt.usd is None else f"{receipt.usd:.9f}"
    numbers = (receipt.texts, receipt.characters, tokens, usd, receipt.status)
    return [at, receipt.provider, receipt.host, receipt.model, receipt.purpose, *numbers]


def _entries(content: bytes) -> Iterator[LedgerEntry]:
    """The requests in the content of a file. A line that cannot be read (cut off by a crash, or edited) is
    skipped."""
    for line in content.decode("utf-8", "replace").splitlines():
        try:
            row = next(csv.reader([line]), [])
            at, provider, host, model, purpose, texts, characters, tokens, usd, status = row
            yield LedgerEntry(
                at=datetime.fromisoformat(at).timestamp(),
                provider=provider,
                host=host,
                model=model,
                purpose=purpose,
                texts=int(texts),
                characters=int(characters),
                tokens=int(tokens) if tokens else None,
                usd=float(usd) if usd else None,
                status=int(status),
            )
        except (ValueError, csv.Error):
            continue
