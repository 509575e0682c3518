"""The status board: snapshots to whoever subscribed, whatever goes wrong with one of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from notesearch.domain import IndexingState, IndexingStatus
from notesearch.engine.status import StatusBoard
from notesearch.errors import StoreError
from tests.conftest import wait_until

IDLE = IndexingStatus(state=IndexingState.IDLE)


class Snapshots:
    """Gives IDLE, or raises what it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.failed = threading.Event()

    def __call__(self) -> IndexingStatus:
        if self.error is not None:
            self.failed.set()
            raise self.error
        return IDLE


@pytest.fixture
def snapshots() -> Snapshots:
    return Snapshots()


@pytest.fixture
def board(snapshots: Snapshots) -> Iterator[StatusBoard]:
    board = StatusBoard(snapshots)
    board.start()
    yield board
    board.close()


@pytest.mark.parametrize("error", [StoreError("store.in-use"), KeyError("a bug")])
def test_a_snapshot_that_fails_does_not_silence_the_board(
    board: StatusBoard, snapshots: Snapshots, error: Exception
) -> None:
    told: list[IndexingStatus] = []
    snapshots.error = error
    board.subscribe(told.append)
    assert snapshots.failed.wait(100)
    snapshots.error = None
    board.changed()
    wait_until(lambda: told == [IDLE])


def test_a_subscriber_that_fails_takes_nothing_from_the_others(board: StatusBoard) -> None:
    told: list[IndexingStatus] = []

    def fail(_: IndexingStatus) -> None:
        raise RuntimeError("deleted")

    board.subscribe(fail)
    unsubscribe = board.subscribe(told.append)
    wait_until(lambda: told)
    before = len(told)
    board.changed()
    wait_until(lambda: len(told) > before)
    unsubscribe()
