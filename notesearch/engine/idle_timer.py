"""Gives memory back after a time without use, so that the program in the tray takes little memory and does no
work. Only what can be loaded again quickly is given back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from notesearch.engine.clock import SYSTEM, Clock

log = logging.getLogger(__name__)

# Seconds without use until memory is given back, and the shortest wait between two looks at the clock.
IDLE = 600.0
LOOK_AGAIN = 60.0


class IdleTimer:
    """Calls `when_idle` once when `touch` was not called for `idle` seconds, and again after the next use.

    Any thread may call its methods.

    Its thread runs only from a touch until `when_idle` has been called; `when_idle` runs in that thread. An
    exception of `when_idle` is logged.
    """

    def __init__(self, when_idle: Callable[[], None], idle: float = IDLE, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._when_idle = when_idle
        self._idle = idle
        self._touched = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """Start the waiting time again: something was used. Cheap; a thread is started only where none runs.
        Does nothing after `close`."""
        self._touched = self._clock.now()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stop.is_set():
                    self._thread = threading.Thread(target=self._watch, name="idle timer", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Never call `when_idle` again. Waits up to 5 s for a call under way, unless it is called from that
        call's thread."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)

    def _watch(self) -> None:
        while True:
            left = self._touched + self._idle - self._clock.now()
            if left > 0:
                if self._clock.wait(self._stop, max(left, min(self._idle, LOOK_AGAIN))):
                    return
                continue
            with self._lock:
                if self._stop.is_set():
                    return
                if self._touched + self._idle > self._clock.now():
                    continue  # touched meanwhile
                self._thread = None
            try:
                self._when_idle()
            except Exception:
                # What stayed in memory is given back at the end of the next time without use.
                log.exception("freeing memory when idle failed")
            return
