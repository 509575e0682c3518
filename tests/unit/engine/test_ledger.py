"""The ledger: a line a request, sums of the month, and nothing lost between processes."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.domain import Spent
from notesearch.engine.models.ledger import Ledger
from tests.receipts import PAID

FREE = replace(PAID, tokens=None, usd=None)
FAILED = replace(PAID, tokens=None, usd=None, status=500)


def test_what_was_spent_this_month_by_provider(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.spent("aimlapi") == Spent()
    for receipt in (PAID, FREE, FAILED, replace(PAID, provider="openai")):
        ledger.record(receipt)
    assert ledger.spent("aimlapi") == Spent(requests=3, texts=20, tokens=200, usd=0.004, unpriced=1)
    assert ledger.spent("openai").requests == 1
    assert ledger.spent("other") == Spent()


def test_an_earlier_month_is_listed_and_not_counted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record(replace(PAID, at=time.time() - 40 * 86400))
    ledger.record(FREE)
    assert ledger.spent("aimlapi").requests == 1
    assert [entry.usd for entry in ledger.entries()] == [None, 0.004]
    assert len(ledger.entries(1)) == 1


def test_another_process_writes_to_the_same_ledger(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    one.record(PAID)
    assert other.spent("aimlapi").requests == 1
    one.record(PAID)
    assert other.spent("aimlapi").requests == 2
    assert one.spent("aimlapi").requests == 2


def test_a_line_that_is_half_there_is_read_when_it_is_whole(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record(PAID)
    (path,) = ledger.folder.iterdir()
    line = path.read_bytes().splitlines(keepends=True)[-1]
    with open(path, "ab") as file:
        file.write(b"cut by a crash\r\n" + line[:20])
    assert ledger.spent("aimlapi").requests == 1
    with open(path, "ab") as file:
        file.write(line[20:])
    assert ledger.spent("aimlapi").requests == 2
    assert len(ledger.entries()) == 2


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_the_ledger_is_for_the_person_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record(PAID)
    (path,) = ledger.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"20", b"\0\xff", 1),
        lambda content: content + b'"' + b"x" * 200_000 + b"\r\n",
        lambda content: content + b"something else\r\n",
        lambda content: b"",
    ],
)
def test_lines_that_cannot_be_read_are_told_and_the_others_count(
    tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    ledger = Ledger(tmp_path)
    for _ in range(4):
        ledger.record(PAID)
    assert ledger.unreadable_files() == ()
    (path,) = ledger.folder.iterdir()
    path.write_bytes(harm(path.read_bytes()))
    assert Ledger(tmp_path).unreadable_files() == (path,)
    Ledger(tmp_path).entries()
    assert Ledger(tmp_path).spent("aimlapi").requests <= 4


def test_a_ledger_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.record(PAID)
    (path,) = ledger.folder.iterdir()
    path.unlink()
    path.mkdir()
    assert ledger.spent("aimlapi").requests == 0
    assert ledger.unreadable
    assert ledger.entries() == ()
    path.rmdir()
    assert ledger.spent("aimlapi").requests == 0
    assert not ledger.unreadable
