"""Embedding workers: each model has a thread that embeds the texts waiting for it. A provider that is down
therefore delays no other model.

The waiting texts are read from the store, never remembered. A worker whose provider cannot be used waits: for
some time where that may help, else until the user has acted. Searching goes on meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from notesearch.domain import IndexingState
from notesearch.embedding.embedder import Embedder
from notesearch.embedding.local.onnx import lower_thread_priority, return_memory
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.effort import Effort
from notesearch.engine.indexing.queue import WorkProgress
from notesearch.engine.indexing.vector_follower import VectorFollower
from notesearch.engine.models.consent import Consents
from notesearch.errors import (
    BudgetReached,
    DiskFull,
    EmbeddingError,
    NotesearchError,
    ProviderBusy,
    ProviderError,
    UsageError,
)
from notesearch.storage.changes import TextsRefused
from notesearch.storage.library import Library
from notesearch.storage.values import WaitingChunk

log = logging.getLogger(__name__)

# Seconds until a provider that failed is tried again; doubled each time, up to the second number.
RETRY_FIRST, RETRY_LONGEST = 5.0, 300.0
# After so many failures in a row, with nothing embedded in between, no reconcile waits for a provider any
# more.
GIVE_UP_AFTER = 3
BUDGET_AGAIN = 3600.0
# After so many texts, memory is given back when there is nothing to do.
MUCH_EMBEDDED = 500
# Seconds to wait for the thread of an embedding worker whose model no folder has any more.
RETIRED_WITHIN = 2.0
# Seconds: where a provider asks for a longer pause, a command that is to end does not wait for it.
WORTH_WAITING = 60.0


@dataclass(slots=True)
class Gates:
    """The events that the indexer's threads look at. `stop` is set to end them. `running` is clear while
    indexing is paused. `not_reading` is clear while notes are read."""

    stop: threading.Event = field(default_factory=threading.Event)
    running: threading.Event = field(default_factory=threading.Event)
    not_reading: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.running.set()
        self.not_reading.set()

    def closed(self) -> bool:
        """Whether the work under way has to stop: indexing was ended or paused."""
        return self.stop.is_set() or not self.running.is_set()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an embedding worker waits. `until`: when it tries again, by the engine's clock (None: when the user
    has acted). `pause`: the whole wait in seconds. `failures`: how many in a row."""

    error: NotesearchError
    until: float | None
    failures: int = 1
    pause: float = 0.0

    @property
    def hopeless(self) -> bool:
        """Whether a reconcile should not wait for this model any more."""
        return self.until is None or self.failures >= GIVE_UP_AFTER or self.pause > WORTH_WAITING


class EmbeddingWorker:
    """Embeds the waiting texts of one model, in a thread of its own. `wake`, `retry` and the properties may
    be used from any thread."""

    def __init__(self, fingerprint: str, workers: EmbeddingWorkers) -> None:
        self.fingerprint = fingerprint
        self.loaded = threading.Event()
        self.trouble: Trouble | None = None
        self.busy = False
        # How many texts since memory was given back.
        self._embedded = 0
        self._workers = workers
        self._woken = threading.Event()
        self._woken.set()
        self._again = threading.Event()
        self._unused = threading.Event()
        self._reconsider = threading.Event()
        self._retired = threading.Event()
        self.thread = threading.Thread(
            target=workers.guarded, args=(self._loop,), name="embedding", daemon=True
        )
        self.follower = VectorFollower(
            fingerprint,
            workers.library.upkeep,
            ended=lambda: self._ended,
            guarded=workers.guarded,
            changed=workers.changed,
        )

    def wake(self) -> None:
        """Look for waiting texts. Any thread."""
        self._woken.set()

    def retry(self) -> None:
        """Ask the provider again now: the user has mended something, or asks for another attempt. Any
        thread. An attempt that fails meanwhile, with the key from before, is followed by another."""
        self.trouble = None
        self._again.set()
        self._woken.set()

    def reconsider(self) -> None:
        """Stop the present run and check again what may be sent: a folder or a consent was taken back. Any
        thread."""
        self._reconsider.set()

    def retire(self) -> None:
        """End the present run and then the thread: no folder has the model any more. Any thread."""
        self._retired.set()
        self._reconsider.set()
        self._woken.set()
        self.follower.wake()

    @property
    def _ended(self) -> bool:
        return self._retired.is_set() or self._workers.gates.stop.is_set()

    def vectors_unused(self) -> None:
        """Note that a note was replaced or removed, so that some vectors may be unused now. Any thread."""
        self._unused.set()

    def _loop(self) -> None:
        lower_thread_priority()
        gates, library = self._workers.gates, self._workers.library
        self._workers.tidy_once()
        library.upkeep.follow_model(self.fingerprint, gates.stop.is_set)
        self.loaded.set()
        self._workers.changed()
        # Also where this begins again after an error.
        self._woken.set()
        while not self._ended:
            self._wait()
            if not self._ended and (self.trouble is None or self._is_due()):
                self._embed_all()
            if not self._ended:
                self._rest()

    def _is_due(self) -> bool:
        return (
            self.trouble is not None
            and self.trouble.until is not None
            and self.trouble.until <= self._workers.clock.now()
        )

    def _wait(self) -> None:
        """Wait until there may be something to do."""
        trouble = self.trouble
        timeout = (
            None
            if trouble is None or trouble.until is None
            else max(0.0, trouble.until - self._workers.clock.now())
        )
        self._workers.clock.wait(self._woken, timeout)
        self._woken.clear()

    def _embed_all(self) -> None:
        self._again.clear()
        try:
            while not self._ended and self._embed_window():
                pass
            self.trouble = None
        except (ProviderError, UsageError) as error:
            # UsageError: the address of the user's own server was removed from the settings.
            self._fail(error)
        finally:
            self.busy = False

    def _fail(self, error: ProviderError | UsageError) -> None:
        failures = self.trouble.failures + 1 if self.trouble is not None else 1
        pause = _pause(error, failures)
        if pause is None and self._again.is_set():
            # The user has mended something while this was asked.
            self._woken.set()
            return
        self.trouble = Trouble(
            error, None if pause is None else self._workers.clock.now() + pause, failures, pause or 0.0
        )
        log.warning("embedding waits: %s", type(error).__name__)

    def _rest(self) -> None:
        """The work that is done when no text waits."""
        library, gates = self._workers.library, self._workers.gates
        self.follower.wait_landed()
        if self._unused.is_set():
            self._unused.clear()
            library.upkeep.refresh_model(self.fingerprint, gates.stop.is_set)
        library.upkeep.save()
        if self._embedded >= MUCH_EMBEDDED:
            self._embedded = 0
            library.upkeep.shrink()
            return_memory()
        self._workers.rested()

    def _embed_window(self) -> bool:
        """Embed one window of waiting texts. Returns False when none waits."""
        workers, gates = self._workers, self._workers.gates
        gates.not_reading.wait()
        gates.running.wait()
        embedder = workers.consents.models.embedder(self.fingerprint)
        if embedder is None:
            return False
        self._reconsider.clear()
        if self._ended:
            return False
        waiting = workers.library.waiting(
            self.fingerprint, embedder.window, workers.consents.may_send(self.fingerprint)
        )
        if not waiting:
            return False
        workers.consents.refuse_beyond_budget(embedder.model)
        self.busy = True
        self._embedded += len(waiting)
        workers.begun()
        began = workers.clock.now()
        with self._room_for(embedder):
            self._embed(embedder, waiting)
        if not embedder.model.remote and (rest := workers.effort.rest_after(workers.clock.now() - began)):
            workers.clock.wait(gates.stop, rest)
        return True

    @contextlib.contextmanager
    def _room_for(self, embedder: Embedder) -> Iterator[None]:
        """Hold room on the disk for all that is paid for at a time. Raises DiskFull."""
        upkeep = self._workers.library.upkeep
        if not embedder.under_way:
            yield
            return
        upkeep.hold_room(self.fingerprint, embedder.under_way * embedder.model.dimensions)
        try:
            yield
        finally:
            upkeep.give_room(self.fingerprint)

    def _embed(self, embedder: Embedder, waiting: Sequence[WaitingChunk]) -> None:
        """Embed these texts. Raises BudgetReached or DiskFull after everything that was paid for is
        stored."""
        workers, gates = self._workers, self._workers.gates
        ended: list[BudgetReached | DiskFull] = []
        texts, tokens = [w.text for w in waiting], [w.tokens for w in waiting]

        def cancelled() -> bool:
            return gates.closed() or self._reconsider.is_set()

        for positions, delivered in embedder.embed_documents(texts, tokens, cancelled, lambda: bool(ended)):
            digests = [waiting[i].text_hash for i in positions]
            if isinstance(delivered, EmbeddingError):
                refused = TextsRefused(fingerprint=self.fingerprint, digests=digests, error=delivered)
                workers.library.apply([refused])
                workers.refused(len(digests))
            else:
                workers.library.put_vectors(self.fingerprint, digests, delivered)
                self.follower.wake()
                self.trouble = None
                workers.embedded(len(delivered))
            try:
                workers.consents.refuse_beyond_budget(embedder.model)
            except BudgetReached as reached:
                ended.append(reached)
            if embedder.under_way and not workers.library.upkeep.holds_room(self.fingerprint):
                # The disk is full. What is still in flight has the rest of the room that was held.
                ended.append(DiskFull())
        if ended:
            raise ended[0]


def _pause(error: ProviderError | UsageError, failures: int) -> float | None:
    """Seconds until a provider is asked again after so many failures in a row; None: only after the user has
    acted."""
    if isinstance(error, BudgetReached):
        # The budget is free again when the next month begins.
        return BUDGET_AGAIN
    if isinstance(error, UsageError) or error.pauses or not error.retryable:
        return None
    return (
        max(error.retry_after, 1.0)
        if isinstance(error, ProviderBusy)
        else min(RETRY_LONGEST, RETRY_FIRST * 2 ** (failures - 1))
    )


class EmbeddingWorkers:
    """All embedding workers, one for each model. Any thread.

    Five callbacks run in the workers' threads: `changed` (the status may differ), `embedded(n)` (n chunks got
    a vector), `refused(n)` (n texts were refused), `settled` (a worker has nothing to do), and `guarded`,
    which runs a worker's loop and shows errors other than a provider's. Where no model may embed (`closed`),
    there are no workers and `settled` follows each reading at once.
    """

    def __init__(
        self,
        library: Library,
        consents: Consents,
        gates: Gates,
        progress: WorkProgress,
        *,
        changed: Callable[[], None],
        embedded: Callable[[int], None],
        refused: Callable[[int], None],
        settled: Callable[[], None],
        guarded: Callable[[Callable[[], None]], None],
        effort: Effort,
        closed: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        self.clock = clock
        self.library, self.consents, self.gates = library, consents, gates
        self.changed, self.guarded, self._embedded, self._settled = changed, guarded, embedded, settled
        self.refused, self.effort = refused, effort
        self._progress = progress
        self._workers: dict[str, EmbeddingWorker] = {}
        self._lock = threading.Lock()
        self._tidied = False
        self.closed = closed

    def start(self) -> None:
        """Start a worker for each model in use."""
        self._wanted_workers()

    def _wanted_workers(self) -> list[EmbeddingWorker]:
        """A worker for every model that a folder has or is to have, and for each model on this computer.
        Starts the threads of new ones."""
        with self._lock:
            for fingerprint in self.consents.fingerprints() - set(self._workers):
                if self.gates.stop.is_set() or self.closed:
                    break
                self._workers[fingerprint] = EmbeddingWorker(fingerprint, self)
                self._workers[fingerprint].thread.start()
            return list(self._workers.values())

    def wake(self) -> None:
        """Let every worker look for waiting texts."""
        self._tell(EmbeddingWorker.wake)

    def retry(self) -> None:
        """Let every worker that waits for a provider ask it now: the user has acted, or asks for another
        attempt."""
        self._tell(EmbeddingWorker.retry)

    def _tell(self, what: Callable[[EmbeddingWorker], None]) -> None:
        workers = self._wanted_workers()
        for worker in workers:
            what(worker)
        if not workers and not self.gates.stop.is_set():
            self._settled()

    def reconsider(self, fingerprint: str) -> None:
        """Let a model's worker check again what may be sent: the user removed a folder or withdrew a
        consent."""
        if (worker := self._workers.get(fingerprint)) is not None:
            worker.reconsider()

    def retire_unused(self) -> None:
        """End the workers of models that no folder has. Waits a moment for their threads; a thread that takes
        longer ends by itself."""
        with self._lock:
            retired = [
                self._workers.pop(fingerprint)
                for fingerprint in set(self._workers) - self.consents.fingerprints()
            ]
        for worker in retired:
            worker.retire()
        for worker in retired:
            worker.thread.join(RETIRED_WITHIN)
            worker.follower.join(RETIRED_WITHIN)

    def vectors_unused(self) -> None:
        """Tell the workers that passages were removed, so that they take unused vectors out of the
        answers."""
        for worker in list(self._workers.values()):
            worker.vectors_unused()

    def wait_loaded(self, seconds: float) -> bool:
        """Whether every worker's vector index is in step with the store. Waits up to `seconds` for the first
        that is not."""
        return all(worker.loaded.wait(seconds) for worker in list(self._workers.values()))

    def wait_landed(self) -> None:
        """Wait a moment, until the vector indexes have every vector that the store has."""
        for worker in list(self._workers.values()):
            worker.follower.wait_landed()

    def trouble(self, fingerprint: str) -> Trouble | None:
        """Why a model's worker waits; None where it does not."""
        worker = self._workers.get(fingerprint)
        return worker.trouble if worker is not None else None

    def join(self, seconds: float) -> None:
        """Wait for the threads to end, at most `seconds`. The caller has set `gates.stop` before."""
        for worker in list(self._workers.values()):
            worker.wake()
            worker.follower.wake()
        for worker in list(self._workers.values()):
            worker.thread.join(seconds)
            worker.follower.join(seconds)

    # Called by the embedding workers

    def tidy_once(self) -> None:
        """Let the first worker delete vectors that were unused for a month. The others wait for that and load
        their indexes afterwards."""
        with self._lock:
            if not self._tidied:
                self._tidied = True
                self.library.upkeep.tidy()

    def begun(self) -> None:
        """Note that a worker begins to embed: the progress shows embedding from now on."""
        if self._progress.state is not IndexingState.INDEXING:
            folders = self.library.folders()
            waiting, chunks = sum(f.waiting for f in folders), sum(f.chunks_waiting for f in folders)
            self._progress.begin(IndexingState.INDEXING, "embedding", total=waiting, chunks=chunks)

    @property
    def busy(self) -> bool:
        """Whether a model is embedding texts of notes."""
        return any(worker.busy for worker in list(self._workers.values()))

    def embedded(self, chunks: int) -> None:
        """Note that so many more chunks have their vector."""
        self._progress.embedded(chunks)
        self._embedded(chunks)
        self.changed()

    def rested(self) -> None:
        """Note that a worker has nothing to do any more."""
        if self._progress.stage == "embedding" and not self.busy:
            self._progress.begin(IndexingState.IDLE)
            self.effort.ended()
        self._settled()
        self.changed()
