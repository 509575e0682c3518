"""Time, handed in: whoever waits or compares moments asks a clock, so that tests can move it by hand."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Any thread."""

    def now(self) -> float:
        """Seconds from some moment on; it never goes back."""
        ...

    def wait(self, event: threading.Event, seconds: float | None) -> bool:
        """Wait until `event` is set, at most so long (None: for ever). Whether it is set."""
        ...

    def wait_on(self, condition: threading.Condition, seconds: float | None) -> None:
        """Wait until `condition`, which the caller holds, is notified, at most so long (None: for ever)."""
        ...


class SystemClock:
    """The computer's own."""

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
