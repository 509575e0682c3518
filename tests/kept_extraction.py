"""Extraction processes that outlive an engine of the tests: the next engine reads with the same child. Most
tests open an engine, and to start a child takes a quarter of a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from notesearch.documents.sandbox.frames import Extracted, KeptTitle, ReadingPlan
from notesearch.documents.sandbox.process import ExtractionProcess, worker_environment
from notesearch.errors import NotesearchError


class ExtractionPool:
    """Keeps the extraction processes of engines that were closed. Any thread may use it.

    A child serves only engines that would start it in the same environment: formats that a test installs are
    known there.
    """

    def __init__(self) -> None:
        self._idle: dict[frozenset[tuple[str, str]], list[ExtractionProcess]] = {}
        self._lock = threading.Lock()

    def lend(self) -> LentExtraction:
        environment = frozenset(worker_environment().items())
        with self._lock:
            idle = self._idle.setdefault(environment, [])
            process = idle.pop() if idle else ExtractionProcess()

        def take_back() -> None:
            with self._lock:
                idle.append(process)

        return LentExtraction(process, take_back)

    def close(self) -> None:
        for idle in self._idle.values():
            for process in idle:
                process.close()


class LentExtraction:
    """What an engine has in place of an ExtractionProcess of its own. `close` gives it back, but for one that
    is reading: that one is ended, as an engine ends its own."""

    def __init__(self, process: ExtractionProcess, take_back: Callable[[], None]) -> None:
        self._process, self._take_back = process, take_back
        self._lock = threading.Lock()
        self._reading = self._closed = False

    def read_all(
        self, requests: Iterable[tuple[Path, ReadingPlan]], kept: Mapping[Path, KeptTitle] | None = None
    ) -> Iterator[tuple[Path, Extracted | NotesearchError]]:
        with self._lock:
            if self._closed:
                return
            self._reading = True
        try:
            yield from self._process.read_all(requests, kept)
        finally:
            with self._lock:
                self._reading = False

    def rest(self) -> None:
        self._process.rest()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            reading = self._reading
        if reading:
            self._process.close()
        else:
            self._take_back()
