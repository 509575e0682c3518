"""A worker thread that does only its newest request. No Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable


class LatestWins:
    """A thread with a slot for one job. A newer job replaces a waiting one, and a running one can ask whether
    it is outdated.

    `rest`: seconds a job waits for a newer one before it starts. `put` and `close` may be called from any
    thread. The thread starts with the first job.
    """

    def __init__(self, name: str, *, rest: float = 0.0) -> None:
        self._rest = rest
        self._condition = threading.Condition()
        self._job: Callable[[], None] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def put(self, job: Callable[[], None]) -> None:
        """Do `job` soon, in place of one that waits. It is called in the thread of this object."""
        with self._condition:
            if self._closed:
                return
            if self._thread.ident is None:
                self._thread.start()
            self._job = job
            self._condition.notify()

    def close(self, *, finish: bool = False) -> None:
        """Wait until the thread has ended. `finish`: after the job that waits; else it is dropped."""
        with self._condition:
            self._closed = True
            if not finish:
                self._job = None
            self._condition.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._condition:
                while self._job is None and not self._closed:
                    self._condition.wait()
                while self._rest and not self._closed and self._replaced_while_resting():
                    pass
                if self._job is None:
                    return
                job, self._job = self._job, None
            job()

    def _replaced_while_resting(self) -> bool:
        waiting = self._job
        return self._condition.wait_for(lambda: self._job is not waiting or self._closed, timeout=self._rest)
