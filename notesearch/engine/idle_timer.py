"""Frees what is quickly there again after a while of quiet: a program in the tray is to take little memory
and to wake nothing up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from notesearch.engine.clock import SYSTEM, Clock

log = logging.getLogger(__name__)

# Seconds without anything after which it is quiet, and the least that are waited between looks at the clock.
IDLE = 600.0
LOOK_AGAIN = 60.0


class IdleTimer:
    """Calls `let_go` when `touch` was not called for `idle` seconds, once for each time of quiet. Any thread.

    There is a thread only from a touch until it is quiet; `let_go` runs in it. What `let_go` raises is
    logged, and it is called again at the end of the next time of quiet.
    """

    def __init__(self, let_go: Callable[[], None], idle: float = IDLE, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._let_go = let_go
        self._idle = idle
        self._touched = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def touch(self) -> None:
        """Something was asked or done. Cheap: a thread is started only after quiet. Nothing after `close`."""
        self._touched = self._clock.now()
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stop.is_set():
                    self._thread = threading.Thread(target=self._watch, name="idle timer", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Never call `let_go` again. Waits for one under way, up to 5 s, but not in its own thread."""
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
                self._let_go()
            except Exception:
                # It is taken up again when it is needed, whatever it was that stayed.
                log.exception("freeing memory when idle failed")
            return
