"""A clock that tests move by hand."""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class ManualClock:
    """Stands still until it is moved. See notesearch.engine.clock.Clock. `waiting`: how many threads wait for
    it."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._moved = threading.Condition()
        self.waiting = 0

    def now(self) -> float:
        with self._moved:
            return self._now

    def move(self, seconds: float) -> None:
        """Let so much time pass; whoever has waited long enough goes on."""
        with self._moved:
            self._now += seconds
            self._moved.notify_all()

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        with self._moved:
            until = None if seconds is None else self._now + seconds
            self.waiting += 1
            try:
                while not event.is_set() and (until is None or self._now < until):
                    # An event does not tell us when it is set.
                    self._moved.wait(0.005)
            finally:
                self.waiting -= 1
        return event.is_set()

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        until = None if seconds is None else self.now() + seconds
        while not condition.wait(0.005) and (until is None or self.now() < until):
            pass


class SteppingClock(ManualClock):
    """Waiting moves it instead of taking time. For what runs in the thread of the test."""

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        assert seconds is not None, "waits for ever"
        self.move(seconds + 1e-6)


class FastClock:
    """Time goes so many times as fast. For tests in which real threads, files and servers have their part."""

    def __init__(self, times: float = 100.0) -> None:
        self._times = times

    def now(self) -> float:
        return time.monotonic() * self._times

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        return event.wait(None if seconds is None else seconds / self._times)

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        condition.wait(None if seconds is None else seconds / self._times)


class _SteppingSelector(selectors.DefaultSelector):
    """Passes the time that an event loop would wait for, instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everything waits for what never comes")
            self.now += timeout
        return ready


class SteppingLoop(asyncio.SelectorEventLoop):
    """An event loop in which sleeping takes no time: its `time` jumps to what is due next. For what reads no
    socket."""

    def __init__(self) -> None:
        self._selector_of_ours = _SteppingSelector()
        super().__init__(self._selector_of_ours)

    def time(self) -> float:
        return self._selector_of_ours.now


def run_stepping(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a SteppingLoop."""
    with asyncio.Runner(loop_factory=SteppingLoop) as runner:
        return runner.run(work)
