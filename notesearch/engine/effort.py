"""How hard indexing may work this computer. On battery, or while other programs need the processors, models
on this computer rest between two batches."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import psutil

from notesearch.domain import Slowed
from notesearch.engine.clock import SYSTEM, Clock

# Seconds between two looks at the battery and the processors. A short piece of work is done before the first
# look that counts.
LOOK_EVERY = 10.0
# The share of all processors from which other programs need them, and below which they do not any more.
BUSY_FROM, BUSY_UNTIL = 0.6, 0.4
# How long to rest for each second of work, and the longest rest in seconds.
REST_FOR_A_SECOND = 1.0
LONGEST_REST = 5.0


class Effort:
    """Decides how long a model on this computer rests after a batch. Any thread.

    `slowed` tells why it rests at present, and is None where it works as fast as it can. It does that where
    `hurried` returns true: somebody waits for the end of the work, or the user does not want it slowed.
    `look` looks at the computer.
    """

    def __init__(
        self,
        hurried: Callable[[], bool],
        clock: Clock = SYSTEM,
        look: Callable[[], Slowed | None] | None = None,
    ) -> None:
        self._hurried = hurried
        self._clock = clock
        self._look = look or Computer().look
        self._lock = threading.Lock()
        self._looked: float | None = None
        self.slowed: Slowed | None = None

    def rest_after(self, worked: float) -> float:
        """Seconds to rest after so many seconds of work."""
        if self._hurried():
            self.slowed = None
            return 0.0
        with self._lock:
            now = self._clock.now()
            if self._looked is None or now - self._looked >= LOOK_EVERY:
                self._looked = now
                self.slowed = self._look()
        return 0.0 if self.slowed is None else min(LONGEST_REST, worked * REST_FOR_A_SECOND)

    def ended(self) -> None:
        """Note that the work has ended: nothing is slowed any more."""
        self.slowed = None


class Computer:
    """Looks at this computer's battery and at what other programs do. One thread at a time may call."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._times()
        self._busy = False

    def look(self) -> Slowed | None:
        """Why indexing should be slower, judged by the time since the last look; None for no reason."""
        before, self._before = self._before, self._times()
        whole, others = (now - then for now, then in zip(self._before, before, strict=True))
        if whole > 0:
            self._busy = others / whole >= (BUSY_UNTIL if self._busy else BUSY_FROM)
        return Slowed.BATTERY if on_battery() else Slowed.BUSY if self._busy else None

    def _times(self) -> tuple[float, float]:
        """Seconds of all processors since the start of the computer: all of them, and those used by other
        processes."""
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # On Linux the time of guests is counted in that of users as well.
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        whole = sum(times) - guests
        own = self._process.cpu_times()
        return whole, whole - idle - own.user - own.system


def on_battery() -> bool:
    """Whether the computer runs on its battery. False where that cannot be found out."""
    battery = None
    # Some systems have no such figures (AttributeError), or they cannot be read (OSError, RuntimeError).
    with contextlib.suppress(AttributeError, OSError, RuntimeError):
        battery = psutil.sensors_battery()
    return battery is not None and battery.power_plugged is False
