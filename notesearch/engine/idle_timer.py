"""Rest: after a while in which nothing was asked and nothing was read, what is quickly there again is let go,
so that a program in the tray takes little memory and wakes nothing up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

# Seconds without anything after which it is quiet, and the least that are waited between looks at the clock.
IDLE = 600.0
LOOK_AGAIN = 60.0


class Rest:
    """Calls `let_go` from a thread of its own when `touch` was not called for `idle` seconds, once for each
    time of quiet. `touch` may be called from any thread, costs nothing, and wakes nothing before it is
    quiet."""

    def __init__(self, let_go: Callable[[], None], idle: float = IDLE) -> None:
        self._let_go = let_go
        self._idle = idle
        self._touched = time.monotonic()
        self._awake = threading.Event()
        self._awake.set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="rest", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def touch(self) -> None:
        """Something was asked or done."""
        self._touched = time.monotonic()
        if not self._awake.is_set():
            self._awake.set()

    def close(self) -> None:
        self._stop.set()
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _watch(self) -> None:
        while self._awake.wait() and not self._stop.is_set():
            while (left := self._touched + self._idle - time.monotonic()) > 0:
                if self._stop.wait(max(left, min(self._idle, LOOK_AGAIN))):
                    return
            self._awake.clear()
            try:
                self._let_go()
            except Exception:
                # It is taken up again when it is needed, whatever it was that stayed.
                log.exception("going to rest failed")
