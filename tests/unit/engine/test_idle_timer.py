"""The idle timer: what is let go when it is quiet, once for each time of quiet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from notesearch.engine.idle_timer import IdleTimer
from tests.conftest import PATIENCE, wait_until

Make = Callable[[Callable[[], None], float], IdleTimer]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[IdleTimer] = []

    def start(let_go: Callable[[], None], idle: float) -> IdleTimer:
        made.append(IdleTimer(let_go, idle))
        made[-1].touch()
        return made[-1]

    yield start
    for rest in made:
        rest.close()


def test_once_for_each_time_of_quiet(make: Make) -> None:
    times: list[int] = []
    rest = make(lambda: times.append(1), 0.02)
    for number in (1, 2, 3):
        wait_until(lambda number=number: len(times) == number)  # type: ignore[misc]
        rest.touch()


def test_not_while_something_is_asked(make: Make) -> None:
    let_go = threading.Event()
    rest = make(let_go.set, 3600.0)
    rest.touch()
    rest.close()
    assert not let_go.is_set()


def test_what_fails_is_tried_the_next_time(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    times: list[int] = []

    def fail() -> None:
        times.append(1)
        raise OSError("no")

    rest = make(fail, 0.02)
    wait_until(lambda: len(times) == 1)
    rest.touch()
    wait_until(lambda: len(times) == 2)
    assert "freeing memory when idle failed" in caplog.text


def test_closed_before_it_began() -> None:
    timer = IdleTimer(lambda: None, 0.0)
    timer.close()
    before = threading.active_count()
    timer.touch()
    assert threading.active_count() == before


def test_at_rest_no_thread_waits(make: Make) -> None:
    before = set(threading.enumerate())
    quiet, free = threading.Event(), threading.Event()

    def let_go() -> None:
        quiet.set()
        free.wait(PATIENCE)

    timer = make(let_go, 0.02)
    for _ in range(2):
        assert len(set(threading.enumerate()) - before) == 1
        assert quiet.wait(PATIENCE)
        free.set()
        wait_until(lambda: set(threading.enumerate()) <= before)
        free.clear()
        timer.touch()
    free.set()


def test_it_may_be_closed_by_what_it_calls() -> None:
    closed = threading.Event()

    def let_go() -> None:
        timer.close()
        closed.set()

    timer = IdleTimer(let_go, 0.0)
    timer.touch()
    assert closed.wait(PATIENCE)
