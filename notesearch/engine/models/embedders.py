"""Which embedding models there are here, who serves them, and the embedder of each, made when it is first
needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from notesearch import catalogue
from notesearch.catalogue import EmbeddingModel, Provider
from notesearch.config.credentials import Credentials
from notesearch.config.settings import Settings, SettingsStore
from notesearch.embedding.embedder import Embedder
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.embedding.receipts import Receipt
from notesearch.engine.idle_timer import IdleTimer
from notesearch.errors import EmbeddingError, NotesearchError

Record = Callable[[Receipt], None]
_LOCAL = catalogue.fingerprint_of(catalogue.LOCAL)


class Models:
    """Any thread. `given`: embedders that somebody else owns, in place of our own for their models.

    `record` hears of each request that was answered, in the thread that asked.
    """

    def __init__(
        self,
        settings: SettingsStore,
        credentials: Credentials,
        record: Record,
        given: Sequence[Embedder] | None = None,
    ) -> None:
        self.credentials = credentials
        self._store = settings
        self._record = record
        self._lock = threading.Lock()
        self._given = {catalogue.fingerprint_of(e.model): e for e in given or ()}
        self._made: dict[str, Embedder] = (
            {} if _LOCAL in self._given else {_LOCAL: OnnxEmbedder(timer=IdleTimer)}
        )
        self._query_troubles: dict[str, EmbeddingError] = {}
        self._fingerprints: dict[str, EmbeddingModel] = {
            catalogue.fingerprint_of(m): m for m in catalogue.MODELS
        }
        self._fingerprints |= {fingerprint: embedder.model for fingerprint, embedder in self._given.items()}
        self._use(Settings(), settings.current)
        self._unsubscribe = settings.subscribe(self._use)

    @property
    def _settings(self) -> Settings:
        return self._store.current

    def _use(self, before: Settings, settings: Settings) -> None:
        """Take over changed settings: another address or own model gets another embedder."""
        with self._lock:
            # The same vectors, asked for in another way: in larger requests, say.
            self._fingerprints |= {
                catalogue.fingerprint_of(m): m
                for m in settings.models
                if catalogue.fingerprint_of(m) not in self._given
            }
            outdated = [
                fingerprint
                for fingerprint, e in self._made.items()
                if e.model.remote and _is_outdated(e.model, before, settings)
            ]
            gone = [self._made.pop(fingerprint) for fingerprint in outdated]
        for embedder in gone:
            embedder.close()

    @property
    def known(self) -> tuple[EmbeddingModel, ...]:
        """Every model that can be chosen, the local one first."""
        return (*catalogue.MODELS, *self._settings.models)

    def model(self, identifier: str) -> EmbeddingModel:
        """Raises UsageError for a name that nobody knows."""
        given = next((e.model for e in self._given.values() if e.model.identifier == identifier), None)
        found = given or catalogue.model(identifier, self._settings.models)
        with self._lock:
            self._fingerprints.setdefault(catalogue.fingerprint_of(found), found)
        return found

    def dimensions(self, fingerprint: str) -> int | None:
        """How long the vectors of a fingerprint are; None where nobody knows its model."""
        model = self.by_fingerprint(fingerprint)
        return model.dimensions if model is not None else None

    def by_fingerprint(self, fingerprint: str) -> EmbeddingModel | None:
        """The model with that fingerprint, among the known ones and those asked for by name before."""
        with self._lock:
            return self._fingerprints.get(fingerprint)

    def provider(self, name: str) -> Provider:
        """Raises UsageError for a name whose address nobody knows."""
        return catalogue.provider(name, self._settings.provider(name).base_url)

    def address(self, name: str) -> str:
        """The base URL of a provider; "" where nobody knows it."""
        try:
            return self.provider(name).base_url
        except NotesearchError:
            return ""

    def embedder(self, fingerprint: str) -> Embedder | None:
        """The embedder of a model, made the first time; None for a fingerprint that nobody knows. Raises
        UsageError or InsecureAddress where the provider's address cannot be used."""
        if (given := self._given.get(fingerprint)) is not None:
            return given
        model = self.by_fingerprint(fingerprint)
        if model is None:
            return None
        with self._lock:
            if fingerprint not in self._made:
                self._made[fingerprint] = self._make(model)
            return self._made[fingerprint]

    def load_ahead(self) -> None:
        """A query is being typed: begin to load the model on this computer where it is not in memory. Returns
        at once, whatever is under way."""
        local = self._given.get(_LOCAL) or self._made.get(_LOCAL)
        if isinstance(local, OnnxEmbedder):
            local.load_ahead()

    def _make(self, model: EmbeddingModel) -> Embedder:
        if not model.remote:
            row = next(row for row in catalogue.LOCAL_MODELS if row.model == model)
            return OnnxEmbedder(row, timer=IdleTimer)
        # Its libraries take a third of a second to import, and most people never need them.
        from notesearch.embedding.remote.remote_embedder import RemoteEmbedder

        provider = self.provider(model.provider)
        return RemoteEmbedder(model, provider, lambda: self.credentials.get(provider), self._record)

    def query_met(self, fingerprint: str, error: EmbeddingError | None) -> bool:
        """What came of a query to a model: what the user has to mend is kept until one is answered (None)
        or the user has acted. Whether that is news."""
        with self._lock:
            before = self._query_troubles.get(fingerprint)
            if error is None:
                self._query_troubles.pop(fingerprint, None)
            elif error.pauses:
                self._query_troubles[fingerprint] = error
            return type(before) is not type(self._query_troubles.get(fingerprint))

    def query_trouble(self, fingerprint: str) -> EmbeddingError | None:
        """Why the last query to a model failed; None where it did not."""
        with self._lock:
            return self._query_troubles.get(fingerprint)

    def forget_query_troubles(self) -> None:
        """The user has acted: the next query will tell."""
        with self._lock:
            self._query_troubles.clear()

    def close(self) -> None:
        """Close what was made here."""
        self._unsubscribe()
        with self._lock:
            made, self._made = list(self._made.values()), {}
        for embedder in made:
            embedder.close()


def _is_outdated(model: EmbeddingModel, before: Settings, now: Settings) -> bool:
    moved = before.provider(model.provider).base_url != now.provider(model.provider).base_url
    return moved or (model in before.models and model not in now.models)
