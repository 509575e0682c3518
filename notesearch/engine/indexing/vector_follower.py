"""Brings a model's vector index in step with the store, in a thread of its own. So vectors are stored the
moment they arrive; indexing them takes ten times as long."""

from __future__ import annotations

import threading
from collections.abc import Callable

from notesearch.storage.library import Upkeep


class VectorFollower:
    """Follows the vectors of one fingerprint. The thread begins with the first `wake` and ends when `ended`
    returns true and `wake` is called. Any thread may call.

    `guarded` runs the thread's loop and shows errors. `changed` is called when the index has new vectors.
    """

    def __init__(
        self,
        fingerprint: str,
        upkeep: Upkeep,
        *,
        ended: Callable[[], bool],
        guarded: Callable[[Callable[[], None]], None],
        changed: Callable[[], None],
    ) -> None:
        self._fingerprint = fingerprint
        self._upkeep = upkeep
        self._ended = ended
        self._guarded = guarded
        self._changed = changed
        self._condition = threading.Condition()
        self._asked = 0
        self._done = 0
        self._failed = False
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Note that the store has new vectors, or that the thread is to end."""
        with self._condition:
            self._asked += 1
            if self._thread is None and not self._ended():
                self._thread = threading.Thread(
                    target=self._guarded, args=(self._follow,), name="vector index", daemon=True
                )
                self._thread.start()
            self._condition.notify_all()

    def wait_landed(self) -> None:
        """Wait until the index has every vector that the store had at the call. Does not wait where the
        thread has met an error or has ended."""
        with self._condition:
            asked = self._asked
            self._condition.wait_for(lambda: self._done >= asked or self._failed or not self._lives)

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, at most `seconds`. The caller has seen to it that it ends."""
        self.wake()
        if self._thread is not None:
            self._thread.join(seconds)

    @property
    def _lives(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._ended()

    def _follow(self) -> None:
        try:
            while not self._ended():
                with self._condition:
                    self._condition.wait_for(lambda: self._asked > self._done or self._ended())
                    asked = self._asked
                self._upkeep.follow_model(self._fingerprint, self._ended)
                with self._condition:
                    self._done, self._failed = asked, False
                    self._condition.notify_all()
                self._changed()
                self._upkeep.save()
        finally:
            # By an error, perhaps: then `guarded` calls this again.
            with self._condition:
                self._failed = True
                self._condition.notify_all()
