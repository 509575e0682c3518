"""Looks now and then whether the data folder of a running engine is still there, and makes its lock file
again where that was removed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from notesearch.engine.clock import Clock
from notesearch.engine.lock import DataFolderLock

# Seconds between two looks.
LOOK_EVERY = 10.0


class DataFolderGuard:
    """A thread that watches the data folder. `gone` says whether it was removed; `changed` is called when
    that changes, from the thread of the guard."""

    def __init__(self, lock: DataFolderLock, changed: Callable[[], None], clock: Clock) -> None:
        self._lock = lock
        self._changed = changed
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="data folder", daemon=True)
        self.gone = False

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _look(self) -> None:
        while not self._stop.is_set():
            self._clock.wait(self._stop, LOOK_EVERY)
            gone = not self._stop.is_set() and not self._lock.renew()
            if gone != self.gone:
                self.gone = gone
                self._changed()
