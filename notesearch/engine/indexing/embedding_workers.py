"""Embedding workers: what waits for a model is embedded in a thread of that model's own, so that a provider
that is down holds up nobody else.

What there is to do is read from the store, never remembered. A worker whose provider cannot be used waits:
for a while where waiting may help, else until the user has done something about it. Search goes on meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from notesearch.domain import IndexingState
from notesearch.embedding.local.onnx import lower_thread_priority
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.indexing.queue import WorkProgress
from notesearch.engine.models.consent import Consents
from notesearch.errors import (
    BudgetReached,
    EmbeddingError,
    NotesearchError,
    ProviderBusy,
    ProviderError,
    UsageError,
)
from notesearch.storage.changes import TextsRefused
from notesearch.storage.library import Library

log = logging.getLogger(__name__)

# Seconds until a provider that could not be used is tried again; doubled each time up to the longest.
RETRY_FIRST, RETRY_LONGEST = 5.0, 300.0
# So often in a row a provider may fail, with nothing embedded between, until nobody waits for it any more.
GIVE_UP_AFTER = 3
BUDGET_AGAIN = 3600.0
# Seconds that are waited for a embedding worker whose model nobody has any more.
RETIRED_WITHIN = 2.0
# Seconds: a provider that asks for more is not waited for by a command that is to end.
WORTH_WAITING = 60.0


@dataclass(slots=True)
class Gates:
    """What all threads of the indexer look at: `stop` ends them, `running` is clear while paused,
    `not_reading` while notes are read."""

    stop: threading.Event = field(default_factory=threading.Event)
    running: threading.Event = field(default_factory=threading.Event)
    not_reading: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.running.set()
        self.not_reading.set()

    def closed(self) -> bool:
        """Whether to stop with what is under way."""
        return self.stop.is_set() or not self.running.is_set()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an embedding worker waits, and until when (by the engine's clock; None: until the user acts),
    `pause` seconds in all. `failures` in a row."""

    error: NotesearchError
    until: float | None
    failures: int = 1
    pause: float = 0.0

    @property
    def hopeless(self) -> bool:
        """Nobody should wait for it any more."""
        return self.until is None or self.failures >= GIVE_UP_AFTER or self.pause > WORTH_WAITING


class EmbeddingWorker:
    """One model's waiting texts, and the thread that embeds them. `wake`, `retry` and the properties from any
    thread."""

    def __init__(self, fingerprint: str, workers: EmbeddingWorkers) -> None:
        self.fingerprint = fingerprint
        self.loaded = threading.Event()
        # Held from when the store has vectors until the index has them.
        self.storing = threading.Lock()
        self.trouble: Trouble | None = None
        self.busy = False
        self._workers = workers
        self._woken = threading.Event()
        self._woken.set()
        self._unused = threading.Event()
        self._reconsider = threading.Event()
        self._retired = threading.Event()
        self.thread = threading.Thread(
            target=workers.guarded, args=(self._loop,), name="embedding", daemon=True
        )

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def retry(self) -> None:
        """The user did something about it, or asks to try again."""
        self.trouble = None
        self._woken.set()

    def reconsider(self) -> None:
        """The user has taken something back: what is under way ends, and what may be sent is asked
        again."""
        self._reconsider.set()

    def retire(self) -> None:
        """No folder has the model any more: what is under way ends, and then the thread."""
        self._retired.set()
        self._reconsider.set()
        self._woken.set()

    @property
    def _ended(self) -> bool:
        return self._retired.is_set() or self._workers.gates.stop.is_set()

    def vectors_unused(self) -> None:
        """A note was replaced or removed: vectors may be left that no note uses."""
        self._unused.set()

    def _loop(self) -> None:
        lower_thread_priority()
        gates, library = self._workers.gates, self._workers.library
        self._workers.tidy_once()
        library.upkeep.follow_model(self.fingerprint, gates.stop.is_set)
        self.loaded.set()
        self._workers.changed()
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
        """Until there may be something to do."""
        trouble = self.trouble
        timeout = (
            None
            if trouble is None or trouble.until is None
            else max(0.0, trouble.until - self._workers.clock.now())
        )
        self._workers.clock.wait(self._woken, timeout)
        self._woken.clear()

    def _embed_all(self) -> None:
        try:
            while not self._ended and self._embed_window():
                pass
            self.trouble = None
        except (ProviderError, UsageError) as error:
            # UsageError: the address of the user's own server is not in the settings any more.
            self._fail(error)
        finally:
            self.busy = False

    def _fail(self, error: ProviderError | UsageError) -> None:
        failures = self.trouble.failures + 1 if self.trouble is not None else 1
        pause = _pause(error, failures)
        self.trouble = Trouble(
            error, None if pause is None else self._workers.clock.now() + pause, failures, pause or 0.0
        )
        log.warning("embedding waits: %s", type(error).__name__)

    def _rest(self) -> None:
        """What is done when nothing waits."""
        library, gates = self._workers.library, self._workers.gates
        if self._unused.is_set():
            self._unused.clear()
            library.upkeep.refresh_model(self.fingerprint, gates.stop.is_set)
        library.upkeep.save()
        self._workers.rested()

    def _embed_window(self) -> bool:
        """Embed one window of waiting texts. False when nothing waits."""
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
        workers.begun()
        spent: list[BudgetReached] = []
        texts, tokens = [w.text for w in waiting], [w.tokens for w in waiting]

        def ended() -> bool:
            return gates.closed() or bool(spent) or self._reconsider.is_set()

        for positions, delivered in embedder.embed_documents(texts, tokens, ended):
            digests = [waiting[i].text_hash for i in positions]
            if isinstance(delivered, EmbeddingError):
                refused = TextsRefused(fingerprint=self.fingerprint, digests=digests, error=delivered)
                workers.library.apply([refused])
            else:
                with self.storing:
                    workers.library.put_vectors(self.fingerprint, digests, delivered, gates.stop.is_set)
                workers.library.upkeep.save()
                self.trouble = None
                workers.embedded(len(delivered))
            try:
                workers.consents.refuse_beyond_budget(embedder.model)
            except BudgetReached as reached:
                # What has arrived already is paid: it is taken in first.
                spent.append(reached)
        if spent:
            raise spent[0]
        return True


def _pause(error: ProviderError | UsageError, failures: int) -> float | None:
    """Seconds until a provider is asked again after so many failures in a row; None: not before the user
    has acted."""
    if isinstance(error, BudgetReached):
        # The next month brings another.
        return BUDGET_AGAIN
    if isinstance(error, UsageError) or error.pauses or not error.retryable:
        return None
    return (
        max(error.retry_after, 1.0)
        if isinstance(error, ProviderBusy)
        else min(RETRY_LONGEST, RETRY_FIRST * 2 ** (failures - 1))
    )


class EmbeddingWorkers:
    """All embedding workers. Any thread.

    `changed`, `embedded(n)` and `settled` are called from their threads: something may look different, n
    chunks were embedded, one has nothing to do. `closed`: there are none, and readings are settled at once.
    `guarded` runs a worker's loop and shows the errors that are no provider's.
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
        settled: Callable[[], None],
        guarded: Callable[[Callable[[], None]], None],
        closed: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        self.clock = clock
        self.library, self.consents, self.gates = library, consents, gates
        self.changed, self.guarded, self._embedded, self._settled = changed, guarded, embedded, settled
        self._progress = progress
        self._workers: dict[str, EmbeddingWorker] = {}
        self._lock = threading.Lock()
        self._tidied = False
        self._closed = closed

    def start(self) -> None:
        """Start a thread for each model."""
        self._wanted_workers()

    def _wanted_workers(self) -> list[EmbeddingWorker]:
        """A worker for every model that a folder has or is to have, and for those on this computer; threads
        of new ones are started."""
        with self._lock:
            for fingerprint in self.consents.fingerprints() - set(self._workers):
                if self.gates.stop.is_set() or self._closed:
                    break
                self._workers[fingerprint] = EmbeddingWorker(fingerprint, self)
                self._workers[fingerprint].thread.start()
            return list(self._workers.values())

    def wake(self) -> None:
        """There may be something to embed."""
        self._tell(EmbeddingWorker.wake)

    def retry(self) -> None:
        """The user acted, or asks to try again: whoever waits for a provider asks it now."""
        self._tell(EmbeddingWorker.retry)

    def _tell(self, what: Callable[[EmbeddingWorker], None]) -> None:
        workers = self._wanted_workers()
        for worker in workers:
            what(worker)
        if not workers and not self.gates.stop.is_set():
            self._settled()

    def reconsider(self, fingerprint: str) -> None:
        """The user has taken back a folder, or the word for a model."""
        if (worker := self._workers.get(fingerprint)) is not None:
            worker.reconsider()

    def retire_unused(self) -> None:
        """End the workers of models that no folder has, and wait a moment for them; one that does not end in
        time ends when it can."""
        with self._lock:
            retired = [
                self._workers.pop(fingerprint)
                for fingerprint in set(self._workers) - self.consents.fingerprints()
            ]
        for worker in retired:
            worker.retire()
        for worker in retired:
            worker.thread.join(RETIRED_WITHIN)

    def vectors_unused(self) -> None:
        """Passages went away: the workers take their vectors out of the answers."""
        for worker in list(self._workers.values()):
            worker.vectors_unused()

    def wait_loaded(self, seconds: float) -> bool:
        """Whether every worker has its index in step with the store, waiting for the first that has not."""
        return all(worker.loaded.wait(seconds) for worker in list(self._workers.values()))

    def wait_landed(self) -> None:
        """Wait until the indexes have every vector that the store has: some milliseconds."""
        for worker in list(self._workers.values()):
            with worker.storing:
                pass

    def trouble(self, fingerprint: str) -> Trouble | None:
        """Why a model's worker waits; None where it does not."""
        worker = self._workers.get(fingerprint)
        return worker.trouble if worker is not None else None

    def join(self, seconds: float) -> None:
        """Wait for the threads to end; `gates.stop` is set before."""
        for worker in list(self._workers.values()):
            worker.wake()
        for worker in list(self._workers.values()):
            worker.thread.join(seconds)

    # Called by the embedding workers

    def tidy_once(self) -> None:
        """The first worker forgets what nobody has used for long; the others wait for that, and load what is
        left."""
        with self._lock:
            if not self._tidied:
                self._tidied = True
                self.library.upkeep.tidy()

    def begun(self) -> None:
        """A worker begins to embed: the progress is of embedding from now on."""
        if self._progress.state is not IndexingState.INDEXING:
            folders = self.library.folders()
            waiting, chunks = sum(f.waiting for f in folders), sum(f.chunks_waiting for f in folders)
            self._progress.begin(IndexingState.INDEXING, "embedding", total=waiting, chunks=chunks)

    @property
    def busy(self) -> bool:
        """Whether a model is at work on texts of notes."""
        return any(worker.busy for worker in list(self._workers.values()))

    def embedded(self, chunks: int) -> None:
        """So many chunks more have their vector."""
        self._progress.embedded(chunks)
        self._embedded(chunks)
        self.changed()

    def rested(self) -> None:
        """A worker has nothing to do any more."""
        if self._progress.stage == "embedding" and not self.busy:
            self._progress.begin(IndexingState.IDLE)
        self._settled()
        self.changed()
