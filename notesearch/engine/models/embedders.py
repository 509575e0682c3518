"""The models that can be used here, their providers, and an embedder for each, made when it is first
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
    """All known models, and the embedders made for them. Any thread.

    `given` are embedders that replace the usual ones for their models; the caller closes them. `record` is
    called with the receipt of each request that a provider answered, in the thread that asked.
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
        """Act on changed settings: a model whose address or definition changed gets a new embedder."""
        with self._lock:
            # Such a model makes the same vectors but is asked in another way, in larger requests for example.
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
        """The model with that identifier. Raises UsageError where there is none."""
        given = next((e.model for e in self._given.values() if e.model.identifier == identifier), None)
        found = given or catalogue.model(identifier, self._settings.models)
        with self._lock:
            self._fingerprints.setdefault(catalogue.fingerprint_of(found), found)
        return found

    def dimensions(self, fingerprint: str) -> int | None:
        """The length of the vectors of a fingerprint; None where its model is not known."""
        model = self.by_fingerprint(fingerprint)
        return model.dimensions if model is not None else None

    def by_fingerprint(self, fingerprint: str) -> EmbeddingModel | None:
        """The model with that fingerprint, among the known ones and those looked up by identifier before;
        else None."""
        with self._lock:
            return self._fingerprints.get(fingerprint)

    def provider(self, name: str) -> Provider:
        """The provider of that name. Raises UsageError where its address is not known."""
        return self._settings.provider_at(name)

    def address(self, name: str) -> str:
        """The base URL of a provider; "" where it is not known."""
        try:
            return self.provider(name).base_url
        except NotesearchError:
            return ""

    def embedder(self, fingerprint: str) -> Embedder | None:
        """The embedder of a model, made at the first call; None for a fingerprint whose model is not known.
        Raises UsageError or InsecureAddress where the provider's address cannot be used."""
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
        """Begin to load the local model where it is not in memory, because the user types a query. Returns at
        once."""
        local = self._given.get(_LOCAL) or self._made.get(_LOCAL)
        if isinstance(local, OnnxEmbedder):
            local.load_ahead()

    def _make(self, model: EmbeddingModel) -> Embedder:
        if not model.remote:
            row = next(row for row in catalogue.LOCAL_MODELS if row.model == model)
            return OnnxEmbedder(row, timer=IdleTimer)
        # The libraries for remote models take a third of a second to import, and most people never need them.
        from notesearch.embedding.remote.remote_embedder import RemoteEmbedder

        provider = self.provider(model.provider)
        return RemoteEmbedder(
            model,
            provider,
            lambda keyring: self.credentials.get(provider, keyring=keyring),
            self._record,
        )

    def query_met(self, fingerprint: str, error: EmbeddingError | None) -> bool:
        """Note the outcome of a query to a model: the error, or None. An error that the user has to mend is
        kept until a query succeeds or the user has acted. Returns whether that changed anything."""
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
        """Forget the errors of queries, since the user has acted. The next query shows whether that
        helped."""
        with self._lock:
            self._query_troubles.clear()

    def close(self) -> None:
        """Close every embedder that was made here."""
        self._unsubscribe()
        with self._lock:
            made, self._made = list(self._made.values()), {}
        for embedder in made:
            embedder.close()


def _is_outdated(model: EmbeddingModel, before: Settings, now: Settings) -> bool:
    then, chosen = before.provider(model.provider), now.provider(model.provider)
    moved = (then.base_url, then.plain_http) != (chosen.base_url, chosen.plain_http)
    return moved or (model in before.models and model not in now.models)
