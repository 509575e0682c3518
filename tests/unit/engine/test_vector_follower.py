"""The vector index follows the store beside the thread that stores, and nobody waits for it in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from notesearch.engine.indexing.vector_follower import VectorFollower
from notesearch.errors import StoreError
from notesearch.storage.library import Upkeep
from tests.conftest import wait_until


class SlowIndex:
    """An index that follows when it is let, and counts."""

    def __init__(self) -> None:
        self.let = threading.Semaphore(0)
        self.followed = 0
        self.saved = 0
        self.error: StoreError | None = None

    def follow_model(self, fingerprint: str, stopped: Callable[[], bool]) -> None:
        assert fingerprint == "f"
        while not stopped() and not self.let.acquire(timeout=0.01):
            pass
        if self.error is not None:
            raise self.error
        self.followed += 1

    def save(self, **_: Any) -> None:
        self.saved += 1


def guarded(loop: Callable[[], None]) -> None:
    while True:
        try:
            return loop()
        except StoreError:
            continue


@pytest.fixture
def index() -> SlowIndex:
    return SlowIndex()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def follower(index: SlowIndex, stop: threading.Event) -> Iterator[VectorFollower]:
    made = VectorFollower(
        "f", cast("Upkeep", index), ended=stop.is_set, guarded=guarded, changed=lambda: None
    )
    yield made
    stop.set()
    made.join(60.0)
    assert not [thread for thread in threading.enumerate() if thread.name == "vector index"]


def waiting(follower: VectorFollower) -> threading.Thread:
    thread = threading.Thread(target=follower.wait_landed, daemon=True)
    thread.start()
    return thread


def test_whoever_stores_does_not_wait_for_the_index(follower: VectorFollower, index: SlowIndex) -> None:
    for _ in range(3):
        follower.wake()
    assert index.followed == 0
    landed = waiting(follower)
    assert landed.is_alive()
    index.let.release(5)
    landed.join(60.0)
    assert not landed.is_alive()
    assert 1 <= index.followed <= 3
    wait_until(lambda: index.saved == index.followed)


def test_with_nothing_stored_nobody_waits(follower: VectorFollower) -> None:
    follower.wait_landed()


def test_an_error_ends_the_wait_and_the_next_attempt_is_made(
    follower: VectorFollower, index: SlowIndex
) -> None:
    index.error = StoreError("store")
    follower.wake()
    landed = waiting(follower)
    index.let.release()
    landed.join(60.0)
    assert not landed.is_alive()
    index.error = None
    index.let.release()
    wait_until(lambda: index.followed == 1)


def test_the_end_of_the_program_ends_the_wait(
    follower: VectorFollower, index: SlowIndex, stop: threading.Event
) -> None:
    follower.wake()
    landed = waiting(follower)
    stop.set()
    follower.wake()
    landed.join(60.0)
    assert not landed.is_alive()
