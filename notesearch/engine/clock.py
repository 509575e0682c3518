"""The clock of the engine. Code that waits or compares moments gets a Clock, so that tests can replace it and
move the time by hand."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time, and ways to wait by it. Any thread may call."""

    def now(self) -> float:
        """Seconds since some fixed moment. The number never goes back."""
        ...

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Wait until `event` is set, for at most `seconds` (None: without limit). Returns whether it is
        set."""
        ...

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait until `condition`, which the caller holds, is notified, for at most `seconds` (None: without
        limit)."""
        ...


class SystemClock:
    """The computer's own monotonic clock."""

    def now(self) -> float:
        """See Clock."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """See Clock."""
        return event.wait(seconds)

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        """See Clock."""
        condition.wait(seconds)


SYSTEM = SystemClock()
