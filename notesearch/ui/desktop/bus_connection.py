"""A connection to the desktop in a thread of its own. Commands go in by a queue, events come out by signals.
So a slow desktop never delays the window, and a busy window never delays the desktop."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject

ENDS_WITHIN = 2.0


class DesktopConnection(QObject):
    """The thread of such a connection. A subclass connects in `_run` and loops there, waiting by `_wait`. The
    thread starts with the first command."""

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # Main thread

    def close(self) -> None:
        """End the thread and its connection."""
        self._closing = True
        if self._thread.ident is not None:
            self._wake()
            self._thread.join(ENDS_WITHIN)
        for end in (self._reader, self._writer):
            os.close(end)

    def _post(self, command: Callable[[], None]) -> None:
        """Run a command in the thread."""
        self._commands.put(command)
        if self._thread.ident is None:
            self._thread.start()
        self._wake()

    def _wake(self) -> None:
        os.write(self._writer, b".")

    # The thread

    def _run(self) -> None:
        raise NotImplementedError

    def _wait(self, connection: int, seconds: float | None = None) -> None:
        """Sleep until there is something to read on `connection`, a command comes, or `seconds` have passed.
        Then run the commands."""
        select.select([connection, self._reader], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)
        while not self._commands.empty():
            self._commands.get()()
