"""Rest: what is let go when it is quiet, once for each time of quiet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from notesearch.engine.idle_timer import Rest
from tests.conftest import wait_until

Make = Callable[[Callable[[], None], float], Rest]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Rest] = []

    def start(let_go: Callable[[], None], idle: float) -> Rest:
        made.append(Rest(let_go, idle))
        made[-1].start()
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
    assert "going to rest failed" in caplog.text


def test_closed_before_it_began() -> None:
    Rest(lambda: None, 0.0).close()
