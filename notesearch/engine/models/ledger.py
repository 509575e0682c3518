"""The ledger: one line for each request that a provider answered, in a table a person can open, one file a
month. Never a text.

`ledger/2026-11.csv` in the data folder. Every process that asks a provider appends to it; what was spent is
read from it.
"""

from __future__ import annotations

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

COLUMNS = ("time", "provider", "host", "model", "purpose", "texts", "characters", "tokens", "usd", "status")


class Ledger:
    """Any thread but one that paints, several processes at once: a line is appended in one write."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "ledger"
        self._lock = threading.Lock()
        # Of the current month: file, how much of it was read, and the sums so far.
        self._read: tuple[Path, int] = (Path(), 0)
        self._sums: dict[str, Spent] = {}

    def record(self, receipt: Receipt) -> None:
        """Append a request. A disk that is full costs the line, never the vectors that were paid for."""
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
        """What this calendar month (UTC) has cost so far. Reads what was appended since the last call."""
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
            found += reversed(list(_entries(path.read_bytes())))
        return tuple(found[:limit])

    @property
    def folder(self) -> Path:
        """The folder of its files, one for each month."""
        return self._folder

    def _path(self, at: float) -> Path:
        return self._folder / f"{datetime.fromtimestamp(at, UTC):%Y-%m}.csv"

    def _new_entries(self, path: Path) -> Iterator[LedgerEntry]:
        try:
            with open(path, "rb") as file:
                file.seek(self._read[1])
                # Another process may be in the middle of a line.
                whole = file.read()
                whole = whole[: whole.rfind(b"\n") + 1]
        except FileNotFoundError:
            return
        self._read = (path, self._read[1] + len(whole))
        yield from _entries(whole)


def _row(receipt: Receipt) -> list[object]:
    at = datetime.fromtimestamp(receipt.at, UTC).isoformat(timespec="milliseconds")
    tokens = "" if receipt.tokens is None else receipt.tokens
    usd = "" if receipt.usd is None else f"{receipt.usd:.9f}"
    numbers = (receipt.texts, receipt.characters, tokens, usd, receipt.status)
    return [at, receipt.provider, receipt.host, receipt.model, receipt.purpose, *numbers]


def _entries(content: bytes) -> Iterator[LedgerEntry]:
    """The lines that can be read; one that was cut by a crash, or edited, is passed over."""
    for row in csv.reader(io.StringIO(content.decode("utf-8", "replace"))):
        try:
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
        except ValueError:
            continue
