"""The vectors of queries: each model that the searched notes are embedded with is asked for one. They are
kept in a cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from notesearch.catalogue import EmbeddingModel
from notesearch.domain import Told, told
from notesearch.embedding.embedder import Cancelled, Embedder, Vectors, never
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.models.consent import Consents
from notesearch.engine.search.asked import Asked
from notesearch.errors import EmbeddingError, NotesearchError, QueryCancelled
from notesearch.storage.library import Library

# How many vectors the cache keeps, so that deleting a letter of the query costs nothing.
KEPT = 256
# Seconds without typing before a provider is asked, so that no half-typed query is paid for.
REMOTE_REST = 0.15
# Seconds between two checks whether the user has typed on.
LOOK_EVERY = 0.01
REMOTE_AT_ONCE = 4


class QueryVectors:
    """Asks models for the vectors of queries. Any thread but the GUI thread, several at once.

    With `waits_for_index` a vector index that is not loaded yet is waited for. `changed` is called when a
    provider begins to refuse queries, or no longer does.
    """

    def __init__(
        self,
        library: Library,
        consents: Consents,
        *,
        waits_for_index: bool,
        changed: Callable[[], None],
        clock: Clock = SYSTEM,
    ) -> None:
        self._clock = clock
        self._library = library
        self._consents = consents
        self._models = consents.models
        self._waits = waits_for_index
        self._changed = changed
        self._kept: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._cache_lock = threading.Lock()

    def now(self) -> float:
        """Seconds by the clock that `typed_at` goes by."""
        return self._clock.now()

    def of(
        self, asked: Asked, *, remote: bool, cancelled: Cancelled | None, typed_at: float | None
    ) -> tuple[dict[str, Vectors], tuple[Told, ...]]:
        """The query's vector by each model that the notes which pass the filters are embedded with, and
        notices about the models that take no part. No provider is asked about notes that are not searched.

        `remote` False: no provider is asked at all. `cancelled` is given while the user types: a provider is
        asked only after a rest, counted from `typed_at` (seconds, by `now`). Raises QueryCancelled when it
        returns true.
        """
        ready: dict[str, Embedder] = {}
        notices: list[Told] = []
        for fingerprint in self._library.fingerprints(asked.filters):
            model = self._models.by_fingerprint(fingerprint)
            if model is None or not self._ready(fingerprint):
                notices.append(told("search.preparing"))
            elif not self._consents.may_ask(fingerprint):
                notices.append(told("search.without-consent", model=model.title))
            elif (remote or not model.remote) and (
                embedder := self._embedder(fingerprint, model, notices)
            ) is not None:
                ready[fingerprint] = embedder
        vectors: dict[str, Vectors] = {}
        text = asked.parsed.meaning
        if cancelled is not None and any(
            e.model.remote and (fingerprint, text) not in self._kept for fingerprint, e in ready.items()
        ):
            self._rest(cancelled, self.now() if typed_at is None else typed_at)

        def ask(fingerprint: str) -> Vectors | NotesearchError:
            try:
                return self.vector(fingerprint, ready[fingerprint], text, cancelled or never)
            except QueryCancelled:
                raise
            except NotesearchError as error:
                return error

        for fingerprint, answer in zip(ready, _all_at_once(ask, list(ready)), strict=True):
            if isinstance(answer, NotesearchError):
                notices.append(self._without(ready[fingerprint].model, answer))
            else:
                vectors[fingerprint] = answer
        return vectors, tuple(dict.fromkeys(notices))

    def _rest(self, cancelled: Cancelled, since: float) -> None:
        """Wait until the user has not typed for a moment, counted from `since`. Raises QueryCancelled where
        the user types on."""
        until, nothing = since + REMOTE_REST, threading.Event()
        while self._clock.now() < until:
            if cancelled():
                raise QueryCancelled
            self._clock.wait(nothing, LOOK_EVERY)

    def _ready(self, fingerprint: str) -> bool:
        """Whether the notes of a model can be searched by meaning. Where this process waits for indexes, it
        waits here."""
        return self._library.upkeep.ready(fingerprint, wait=self._waits)

    def _embedder(self, fingerprint: str, model: EmbeddingModel, notices: list[Told]) -> Embedder | None:
        try:
            return self._models.embedder(fingerprint)
        except NotesearchError as error:
            notices.append(self._without(model, error))
            return None

    def _without(self, model: EmbeddingModel, error: NotesearchError) -> Told:
        """The notice that folders were searched by words alone, and why."""
        if not model.remote:
            return told("search.words-only", cause=error)
        folders = [row.path.name for row in self._library.folders() if row.model == model.identifier]
        return told("search.words-only-in", folders=", ".join(folders), cause=error)

    def vector(
        self, fingerprint: str, embedder: Embedder, text: str, cancelled: Cancelled = never
    ) -> Vectors:
        """The query's vector by one model, from the cache where it has it. Raises EmbeddingError."""
        key = (fingerprint, text)
        with self._cache_lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        met: EmbeddingError | None = None
        try:
            vector = embedder.embed_query(text, cancelled)
        except EmbeddingError as error:
            met = error
            raise
        finally:
            if self._models.query_met(fingerprint, met):
                self._changed()
        with self._cache_lock:
            self._kept[key] = vector
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return vector


def _all_at_once(
    ask: Callable[[str], Vectors | NotesearchError], fingerprints: Sequence[str]
) -> list[Vectors | NotesearchError]:
    """The answers of all models, in order. Several providers are asked at the same time."""
    if len(fingerprints) < 2:
        return [ask(fingerprint) for fingerprint in fingerprints]
    with ThreadPoolExecutor(min(REMOTE_AT_ONCE, len(fingerprints)), "query") as pool:
        return list(pool.map(ask, fingerprints))
