"""The engine: it opens every room below it, offers them as services, and closes them again. No Qt.

An engine either owns the data folder (it holds the lock, watches and indexes) or only reads beside the owner.
A front end uses its services: `folders`, `indexing`, `search`, `models` and `settings`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from notesearch.config.credentials import Credentials
from notesearch.config.paths import absolute, prepare_data_dir
from notesearch.config.settings import SettingsStore
from notesearch.domain import Check, IndexingStatus, told
from notesearch.embedding.embedder import Embedder
from notesearch.embedding.local.onnx import limit_arenas, return_memory
from notesearch.embedding.receipts import Receipt
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.diagnosis import checks
from notesearch.engine.folders.service import FolderService
from notesearch.engine.guard import DataFolderGuard
from notesearch.engine.idle_timer import IDLE, IdleTimer
from notesearch.engine.indexing.indexer import Indexer
from notesearch.engine.indexing.service import IndexingService, Reconciled
from notesearch.engine.indexing.snapshot import snapshot
from notesearch.engine.indexing.watcher import with_faults
from notesearch.engine.lock import DataFolderLock
from notesearch.engine.logs import close_log, open_log
from notesearch.engine.models.consent import Consents
from notesearch.engine.models.embedders import Models
from notesearch.engine.models.ledger import Ledger
from notesearch.engine.models.service import ModelService
from notesearch.engine.search.pipeline import Pipeline
from notesearch.engine.search.query_vectors import QueryVectors
from notesearch.engine.search.service import SearchService
from notesearch.engine.status import StatusBoard
from notesearch.errors import NotesearchError
from notesearch.storage.library import Library
from notesearch.storage.opening import open_library

log = logging.getLogger(__name__)


class _Parts:
    """The opened parts of an engine, in the order of opening. They are closed in the reverse order. Where one
    fails to close (on a full disk, say), the failure is logged and the others are closed all the same."""

    def __init__(self) -> None:
        self._open: list[tuple[str, Callable[[], object]]] = []
        self._lock = threading.Lock()

    def opened(self, name: str, close: Callable[[], object]) -> None:
        self._open.append((name, close))

    def close(self, *, down_to: str = "") -> None:
        """Close the parts from the last one opened down to and with the one named `down_to` ("" for all)."""
        while True:
            with self._lock:
                if not self._open:
                    return
                name, close = self._open.pop()
            try:
                close()
            except Exception as error:
                expected = str(error) if isinstance(error, NotesearchError) else ""
                log.warning("closing failed (%s): %s", name, expected or "a bug", exc_info=not expected)
            if name == down_to:
                return


class Engine:
    """The engine of one data folder, open. `Engine.open` makes it, `close` ends it. Methods wait for the disk
    and the store: any thread may call them, but not the GUI thread."""

    def __init__(self, data_dir: Path, library: Library, parts: _Parts, services: _Services) -> None:
        self.data_dir = data_dir
        self.folders = services.folders
        self.indexing = services.indexing
        self.search = services.search
        self.models = services.models
        self.settings = services.settings
        self.status_board = services.board
        self.lock = services.lock
        self.library = library
        self._consents = services.consents
        self._snapshot = services.snapshot
        self._parts = parts

    @classmethod
    def open(
        cls,
        data_dir: Path,
        *,
        read_only: bool = False,
        watch: bool = True,
        embed: bool = True,
        embedders: Sequence[Embedder] | None = None,
        credentials: Credentials | None = None,
        idle: float = IDLE,
        clock: Clock = SYSTEM,
    ) -> Engine:
        """Open the data folder. Returns as soon as searching by words works; vectors are loaded in the
        background.

        `read_only`: work beside the owner. Searching and reading the status work, nothing else does.
        `watch=False`: start no watcher (the command line reconciles once and ends). `embed=False`: make no
        vectors and ask no provider. `embedders` replace the usual ones for their models; the caller closes
        them. `idle`: memory is given back after so many seconds without use. Raises DataFolderHeld,
        StoreTooNew, StoreDamaged, StoreError or SettingsInvalid.
        """
        parts = _Parts()
        limit_arenas()
        try:
            prepare_data_dir(data_dir)
            lock = None
            if not read_only:
                lock = DataFolderLock(data_dir)
                parts.opened("lock", lock.close)
                handler = open_log(data_dir)
                parts.opened("log", lambda: close_log(handler))
            services = _Services(
                data_dir, parts, lock, embedders, credentials, clock, idle=idle, embed=embed, watch=watch
            )
            engine = cls(data_dir, services.library, parts, services)
            services.start(watch=watch)
            return engine
        except BaseException:
            parts.close()
            raise

    def stop_working(self) -> None:
        """Stop watching and indexing. Callers that wait for a reconcile are told; searching goes on. `close`
        does this too. It is separate for an owner that has to answer other processes in between."""
        self._parts.close(down_to="idle timer")

    def close(self) -> None:
        """Stop every thread and close every part. What is not indexed yet is found again at the next
        start."""
        self._parts.close()

    def subscribe(self, callback: Callable[[IndexingStatus], None]) -> Callable[[], None]:
        """Call `callback` with a snapshot after a change, at most ten times a second, from a thread of the
        engine. Returns a function that unsubscribes."""
        return self.status_board.subscribe(callback)

    def status(self) -> IndexingStatus:
        """A snapshot of everything the status line and `notesearch status` show."""
        return self._snapshot()

    def reconcile(
        self,
        folders: Sequence[Path] = (),
        *,
        progress: Callable[[IndexingStatus], None] | None = None,
        confirmed: bool = False,
    ) -> Reconciled:
        """Bring folders up to date and wait until they are. Without `folders` these are all; unknown ones are
        added.

        `progress` is called about ten times a second, in the calling thread. `confirmed`: notes that are gone
        are forgotten, however many they are. Raises IndexingPaused while indexing is paused, and what
        `folders.add` raises.
        """
        self.indexing.refuse_when_paused()
        known = set(self.folders.paths())
        roots: list[Path] = []
        for folder in [absolute(f) for f in folders] or sorted(known):
            covering = folder
            if folder not in known:
                covering = next((k for k in known if k in folder.parents), folder)
                if covering == folder:
                    self.folders.register(folder)
                    known.add(folder)
            if covering not in roots:
                roots.append(covering)
        return self.indexing.reconcile(roots, status=self.status, progress=progress, confirmed=confirmed)

    # Figures

    def bytes_on_disk(self) -> dict[str, int]:
        """The size of the database, the keyword index and the vector indexes, in bytes each."""
        return self.library.bytes_on_disk()

    @staticmethod
    def memory_bytes() -> int:
        """The resident memory of this process in bytes."""
        return int(psutil.Process().memory_info().rss)

    def diagnosis(self) -> tuple[Check, ...]:
        """Check everything of an engine that `notesearch doctor` shows (see diagnosis.py). Waits for models
        and providers."""
        return tuple(checks(self.library, self._consents, self.settings, with_faults(self.indexing.limited)))


class _Services:
    """Opens the parts of an engine in order and connects them. Each is added to `parts` when it is open, so
    that it is closed even where a later one fails."""

    def __init__(
        self,
        data_dir: Path,
        parts: _Parts,
        lock: DataFolderLock | None,
        embedders: Sequence[Embedder] | None,
        credentials: Credentials | None,
        clock: Clock,
        *,
        idle: float,
        embed: bool,
        watch: bool,
    ) -> None:
        read_only = lock is None
        self.lock = lock
        self._data_dir = data_dir
        self._guard: DataFolderGuard | None = None
        self._clock = clock
        self._parts = parts
        self._ledger = Ledger(data_dir)
        self.settings = SettingsStore(data_dir)
        models = Models(self.settings, credentials or Credentials(), self._record, embedders)
        parts.opened("models", models.close)
        self.library = open_library(data_dir, models.dimensions, read_only=read_only)
        parts.opened("library", self.library.close)
        parts.opened("vectors", lambda: self.library.upkeep.save(closing=True))
        self.board = StatusBoard(self.snapshot, clock)
        parts.opened("status", self.board.close)
        self.consents = Consents(self.library, models, self._ledger, self.settings)
        vectors = QueryVectors(
            self.library,
            self.consents,
            waits_for_index=read_only or not watch,
            changed=self.board.changed,
            clock=clock,
        )
        pipeline = Pipeline(self.library, self.consents, vectors)
        self._rest = IdleTimer(self._go_to_rest, idle)
        indexer = (
            None
            if read_only
            else Indexer(self.library, self.consents, self._work_changed, embed=embed, clock=clock)
        )
        self.indexing = IndexingService(self.library, self.board, indexer)
        self.folders = FolderService(
            self.library, self.settings, models.model, self.indexing, self.board, data_dir
        )
        self.models = ModelService(
            self.library,
            self.consents,
            self.settings,
            self.indexing,
            self.board,
            self.folders.row,
            self.folders.ignored_in,
            self._record,
        )
        self.search = SearchService(self.library, pipeline, self._rest.touch)

    def start(self, *, watch: bool) -> None:
        """Start the threads of an engine that owns the data folder. An engine that only reads has none of its
        own."""
        self._parts.opened("idle timer", self._rest.close)
        if self.lock is None:
            return
        self.settings.keep()
        self._parts.opened("settings", self.settings.subscribe(self.indexing.take_over))
        self._parts.opened("damage", self.library.subscribe(self._look_for_damage))
        self._guard = DataFolderGuard(self.lock, self.board.changed, self._clock)
        self._parts.opened("data folder", self._guard.close)
        self._guard.start()
        self.board.start()
        if watch:
            self._rest.touch()
        self._parts.opened("indexer", self.indexing.close_indexer)
        self._parts.opened("watcher", self.indexing.close_watcher)
        self.indexing.start(watch=watch, clock=self._clock)

    def snapshot(self) -> IndexingStatus:
        status = snapshot(self.library, self.indexing.indexer, self.models, self.indexing.limited)
        if self._guard is None or not self._guard.gone:
            return status
        return replace(status, error=told("store.folder-gone", folder=str(self._data_dir)))

    def _look_for_damage(self) -> None:
        """Let the reading thread make the keyword index again where a search met damage."""
        if self.library.upkeep.broken and self.indexing.indexer is not None:
            for path in self.folders.paths():
                self.indexing.scan(path)

    def _work_changed(self) -> None:
        self._rest.touch()
        self.board.changed()

    def _go_to_rest(self) -> None:
        self.library.upkeep.rest()
        self.indexing.required.rest()
        return_memory()

    def _record(self, receipt: Receipt) -> None:
        try:
            self._ledger.record(receipt)
        except OSError as error:
            log.warning("the ledger could not be written: %s", error.strerror)
        if self.indexing.indexer is not None:
            self.indexing.indexer.count_request(receipt)
