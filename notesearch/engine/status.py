"""The status board: it tells its subscribers that the status changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from notesearch.domain import IndexingStatus
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.errors import NotesearchError

log = logging.getLogger(__name__)

# Seconds between two snapshots.
AT_MOST_EVERY = 0.1


class StatusBoard:
    """Publishes snapshots of the whole status to its subscribers: at most ten a second, and none while
    nothing happens.

    `changed` may be called from any thread and returns at once. Subscribers are called from the board's own
    thread.
    """

    def __init__(self, snapshot: Callable[[], IndexingStatus], clock: Clock = SYSTEM) -> None:
        self._snapshot = snapshot
        self._clock = clock
        self._subscribers: list[Callable[[IndexingStatus], None]] = []
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="status", daemon=True)

    def start(self) -> None:
        """Start the board's thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread. Nothing is published afterwards."""
        self._stop.set()
        self._dirty.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def changed(self) -> None:
        """Publish a snapshot soon: something changed. Any thread."""
        self._dirty.set()

    def subscribe(self, callback: Callable[[IndexingStatus], None]) -> Callable[[], None]:
        """Call `callback` with each snapshot, from the board's thread. Returns a function that unsubscribes.
        Any thread."""
        with self._lock:
            self._subscribers.append(callback)
        self._dirty.set()

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)

        return unsubscribe

    def _publish(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait()
            self._dirty.clear()
            with self._lock:
                subscribers = list(self._subscribers)
            if subscribers and not self._stop.is_set():
                self._tell(subscribers)
            self._clock.wait(self._stop, AT_MOST_EVERY)

    def _tell(self, subscribers: Sequence[Callable[[IndexingStatus], None]]) -> None:
        """Give one snapshot to all subscribers. An error of one is logged, so that the board goes on for the
        others."""
        try:
            status = self._snapshot()
        except NotesearchError as error:
            if not self._stop.is_set():
                log.warning("no status: %s", error)
            return
        except Exception:
            log.exception("a bug kept the status from being read")
            return
        for callback in subscribers:
            try:
                callback(status)
            except Exception:
                log.exception("a subscriber failed")
