"""The service for models: which one a folder has, what it is sent and what is held back, keys, budgets, and
what providers cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from notesearch import catalogue
from notesearch.catalogue import EmbeddingModel, Probe, Provider, RequestStyle, fingerprint_of
from notesearch.config.credentials import KeyStatus
from notesearch.config.paths import absolute
from notesearch.config.settings import Settings, SettingsStore
from notesearch.domain import (
    Estimate,
    Folder,
    FolderState,
    HeldNote,
    LedgerEntry,
    ModelChoice,
    Outgoing,
    ProviderInfo,
    ProviderTrouble,
    Told,
    told,
)
from notesearch.embedding.receipts import Receipt
from notesearch.engine.models.consent import Consents
from notesearch.engine.status import StatusBoard
from notesearch.errors import (
    InsecureAddress,
    KeyRefused,
    NotesearchError,
    NotIndexed,
    ProviderFailed,
    RequestRefused,
    UsageError,
)
from notesearch.storage.changes import (
    FormerModelsForgotten,
    ModelAgreed,
    ModelChosen,
    NextModelChosen,
    PassagesAllowed,
)
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow

log = logging.getLogger(__name__)


class EmbeddingTrouble(Protocol):
    """Why nothing is embedded for a model at present, and when it is tried again."""

    @property
    def error(self) -> NotesearchError:
        """The error that occurred."""
        ...

    @property
    def until(self) -> float | None:
        """When it is tried again, by the engine's clock in seconds; None where the user has to act first."""
        ...


class EmbeddingWork(Protocol):
    """What ModelService needs of the indexer. Any thread may call. `read_for_next_model` waits; the others
    return soon. Where this process only reads, everything but `trouble` raises UsageError."""

    def refuse_when_paused(self) -> None:
        """Raises IndexingPaused where the user has paused indexing."""
        ...

    def read_for_next_model(self, folder: Path) -> None:
        """Read a folder's notes, cut them for its next model, and wait until that is done."""
        ...

    def scan(self, folder: Path, *, confirmed: bool = False) -> None:
        """Let the reading thread compare a folder with the library soon. `confirmed`: the user agreed that
        notes that are gone are forgotten."""
        ...

    def reconsider(self, *identifiers: str) -> None:
        """Check again what may be sent to these models."""
        ...

    def release_unused(self) -> int:
        """Forget the vectors that no folder needs any more. Returns how many they were."""
        ...

    def embed(self) -> None:
        """Wake the embedding workers."""
        ...

    def retry_providers(self) -> None:
        """Let every worker that waits for a provider ask it again now."""
        ...

    def trouble(self, fingerprint: str) -> EmbeddingTrouble | None:
        """Why a model's embedding worker waits; None where it does not."""
        ...


class ModelService:
    """Chooses the models of the folders, and manages consents, providers and keys. Any thread but the GUI
    thread; methods wait for the store, the keyring or a provider.

    `row_of` gives a folder with its counts and raises NotIndexed. `ignored_in` gives the notes of a folder
    that ignore files leave out.
    """

    def __init__(
        self,
        library: Library,
        consents: Consents,
        settings: SettingsStore,
        work: EmbeddingWork,
        board: StatusBoard,
        row_of: Callable[[Path], FolderRow],
        ignored_in: Callable[[Path], Iterator[Path]],
        record: Callable[[Receipt], None],
    ) -> None:
        self._library = library
        self._consents = consents
        self._models = consents.models
        self._settings = settings
        self._work = work
        self._board = board
        self._row_of = row_of
        self._ignored_in = ignored_in
        self._record = record
        # Of folders that had nothing embedded: the model and the consents that they had before another model
        # was chosen.
        self._before: dict[int, tuple[str, str]] = {}

    # Models

    def choices(self) -> tuple[ModelChoice, ...]:
        """Every model that can be chosen, the local one first."""
        return tuple(self._choice(model) for model in self._models.known)

    def _choice(self, model: EmbeddingModel) -> ModelChoice:
        provider = self._models.provider(model.provider) if self._models.address(model.provider) else None
        title = provider.title if provider else model.provider if model.remote else "This computer"
        request_style = (
            model.request_style
            if model.request_style is not None and model.request_style.takes_dimensions
            else RequestStyle()
        )
        return ModelChoice(
            identifier=model.identifier,
            title=model.title,
            provider=model.provider,
            provider_title=title,
            host=provider.host if provider else "",
            remote=model.remote,
            dimensions=model.dimensions,
            context=model.context,
            price=model.price,
            best_for=model.best_for,
            retired=model.retired,
            least_dimensions=request_style.least_dimensions,
            most_dimensions=request_style.most_dimensions,
        )

    def prepare(self, path: Path, identifier: str) -> Estimate:
        """Choose a folder's next model, read its notes for it, and count what it would be sent.

        Sends nothing. A local model begins to embed at once. Raises NotIndexed, UsageError (unknown model),
        or NotesearchError while indexing is paused.
        """
        folder = absolute(path)
        row = self._row_of(folder)
        if identifier != row.model:
            self._work.refuse_when_paused()
        if self._choose(row, identifier):
            try:
                self._work.read_for_next_model(folder)
            except BaseException:
                # Where the notes cannot be counted, the choice is taken back.
                if identifier != row.next_model:
                    self.cancel(folder)
                raise
        self._board.changed()
        return self._consents.estimate(self._row_of(folder))

    def prepare_all(self, paths: Sequence[Path], identifier: str) -> tuple[Estimate, ...]:
        """Do `prepare` for all of these folders or for none: where one fails, those before it are taken
        back."""
        done: list[Estimate] = []
        try:
            for path in paths:
                done.append(self.prepare(path, identifier))
        except NotesearchError:
            for estimate in done:
                if not estimate.agreed or not estimate.remote:
                    self.cancel(estimate.folder)
            raise
        return tuple(done)

    def _choose(self, row: FolderRow, identifier: str) -> bool:
        """Make `identifier` the folder's next model. Returns whether its notes have to be read for that."""
        self._models.model(identifier)
        if identifier != row.next_model:
            # A consent is for one change of the model: where the same model is chosen later, the user is
            # asked again.
            self._consents.keep_words(row, row.model)
        prepare, stop = (NextModelChosen(folder_id=row.id, model=model) for model in (identifier, ""))
        if identifier == row.model:
            self._library.apply([stop])
            return False
        if row.embedded:
            if identifier != row.next_model:
                self._library.apply([prepare])
        else:
            # The folder has no vectors yet, so there is nothing to keep while another model is prepared.
            self._before.setdefault(row.id, (row.model, row.agreed))
            self._library.apply([stop, ModelChosen(folder_id=row.id, model=identifier)])
        return True

    def estimate(self, path: Path) -> Estimate:
        """Count what is still to be embedded for a folder's next model, or for its model where it has no next
        one. Raises NotIndexed."""
        return self._consents.estimate(self._row_of(absolute(path)))

    def agree(self, path: Path) -> None:
        """Store the user's consent to what `prepare` counted. From now on it is sent, and so are later
        changes of the notes. Raises NotIndexed."""
        row = self._row_of(absolute(path))
        model = self._models.model(row.next_model or row.model)
        self._before.pop(row.id, None)
        self._consents.agree(row, model)
        self._work.retry_providers()
        self._board.changed()

    def cancel(self, path: Path) -> None:
        """Take back what `prepare` chose, because the user does not agree: the folder keeps the model that
        answers. Raises NotIndexed."""
        folder = absolute(path)
        row = self._row_of(folder)
        if row.next_model:
            self._consents.keep_words(row, row.model)
            self._library.apply([NextModelChosen(folder_id=row.id, model="")])
        elif not row.embedded and self._state_of(row) is FolderState.CONSENT:
            model, agreed = self._before.pop(row.id, (catalogue.LOCAL.identifier, ""))
            as_agreed = ModelAgreed(folder_id=row.id, consent_text=agreed)
            self._library.apply([as_agreed, ModelChosen(folder_id=row.id, model=model)])
        self._work.reconsider(row.next_model or row.model)
        self._work.scan(folder)
        self._board.changed()

    def forget_former(self, path: Path) -> int:
        """Drop the vectors of all former models of the folder, except of models that another folder has or
        may go back to. Returns how many vectors were dropped. Raises NotIndexed."""
        self._library.apply([FormerModelsForgotten(folder_id=self._row_of(absolute(path)).id)])
        dropped = self._work.release_unused()
        self._board.changed()
        return dropped

    # What is sent

    def outgoing(self, path: Path) -> tuple[Outgoing, ...]:
        """The exact texts of a note for its folder's model (the next one, where there is one), and why some
        are held back. Raises NotIndexed."""
        from notesearch.embedding.remote.payloads import document_input

        documents, row = self._documents(absolute(path))
        model, pending = self._consents.known(row.next_model or row.model), bool(row.next_model)
        passages = tuple(p for i in documents for p in self._library.outgoing(i, pending=pending))
        if model is None:
            return passages
        return tuple(replace(p, text=document_input(model, p.text)) for p in passages)

    def held_back(self, path: Path, limit: int = 500) -> tuple[HeldNote, ...]:
        """The notes of a folder of which something is not sent, then those that ignore files leave out; at
        most `limit` of each. Raises NotIndexed."""
        row = self._row_of(absolute(path))
        held = self._library.held_back(row.id, pending=bool(row.next_model), limit=limit)
        ignored = islice(self._ignored_in(row.path), limit)
        return (*held, *(HeldNote(path=path, title=path.name, ignored=True) for path in ignored))

    def allow(self, path: Path) -> int:
        """Allow the passages of a note that are held back to be sent. Returns how many they are. Raises
        NotIndexed."""
        documents, _ = self._documents(absolute(path))
        allowed = self._library.apply([PassagesAllowed(document_id=i) for i in documents]).allowed
        self._work.embed()
        return allowed

    def _documents(self, path: Path) -> tuple[list[int], FolderRow]:
        """The ids of the documents of a file, and the file's folder. Raises NotIndexed."""
        documents = self._library.documents_at(path)
        folders = {document.folder_id for document in documents}
        row = next((r for r in self._library.folders() if r.id in folders), None)
        if row is None:
            raise NotIndexed("not-indexed.note", note=path.name)
        return [document.id for document in documents], row

    # Providers and keys

    def providers(self) -> tuple[ProviderInfo, ...]:
        """The known providers, and the user's own. Asks the keyring, so it may wait until the user unlocks
        that."""
        names = {p.name: None for p in catalogue.PROVIDERS}
        names |= dict.fromkeys(m.provider for m in self._models.known if m.remote) | dict.fromkeys(
            self._settings.current.providers
        )
        found = []
        for name in names:
            try:
                found.append(self._provider(name))
            except NotesearchError:
                # The settings name this provider without an address.
                continue
        return tuple(found)

    def _provider(self, name: str) -> ProviderInfo:
        provider, chosen = self._models.provider(name), self._settings.current.provider(name)
        key: KeyStatus = self._models.credentials.state(provider)
        users = tuple(
            row.path
            for row in self._library.folders()
            if any(i.startswith(f"{name}/") for i in (row.model, row.next_model))
        )
        return ProviderInfo(
            name=name,
            title=provider.title,
            base_url=provider.base_url,
            needs_key=provider.needs_key,
            key_variable=provider.key_variable,
            page=provider.page,
            key_state=key.state.value,
            key_source=key.source.value if key.source else "",
            has_keyring=key.keyring,
            budget=chosen.budget,
            token_budget=chosen.token_budget,
            spent=self._consents.ledger.spent(name),
            folders=users,
        )

    def set_key(self, name: str, key: str, base_url: str = "", *, plain_http: bool = False) -> str:
        """Store a key. Returns "stored", or "session-only" where no keyring takes it. `base_url` is stored in
        the settings first, since a key belongs to an address. Raises KeyInvalid, InsecureAddress or
        UsageError."""
        if base_url:
            provider = _provider_at(name, base_url, plain_http=plain_http)
            self._settings.update(lambda settings: settings.with_address(provider))
        state = self._models.credentials.set(self._models.provider(name), key)
        self._work.retry_providers()
        return state.value

    def forget_key(self, name: str) -> None:
        """Drop a provider's key. Raises KeyringLocked where it may still be stored."""
        self._models.credentials.forget(self._models.provider(name))

    def model_to_test(self, name: str) -> str:
        """The name of the model to test a provider with: one that a folder has or is to have, else the first
        of the user's own models, else of the catalogue."""
        used = [
            self._consents.known(i) for row in self._library.folders() for i in (row.model, row.next_model)
        ]
        for model in (*used, *self._settings.current.models, *catalogue.MODELS):
            if model is not None and model.provider == name:
                return model.name
        raise UsageError("usage.model-of-provider", provider=name)

    def test(
        self,
        name: str,
        model_name: str = "",
        base_url: str = "",
        *,
        keep: bool = True,
        plain_http: bool = False,
    ) -> Probe:
        """Test a server once, with built-in texts. `model_name` "": see `model_to_test`. `plain_http`: the
        user allows `base_url` to be asked without encryption.

        `keep`: the address, and the model where it was not known, are written to the settings. Raises a
        ProviderError or UsageError.
        """
        provider = (
            _provider_at(name, base_url, plain_http=plain_http) if base_url else self._models.provider(name)
        )
        found = self._probed(provider, model_name or self.model_to_test(name))

        def with_what_was_found(settings: Settings) -> Settings:
            if base_url or found.provider.base_url != provider.base_url:
                settings = settings.with_address(found.provider)
            if all(m.identifier != found.model.identifier for m in catalogue.MODELS):
                settings = settings.with_model(found.model_among(settings.models))
            return settings

        if keep:
            self._settings.update(with_what_was_found)
        return found

    def _probed(self, provider: Provider, model_name: str) -> Probe:
        """Test a server. For one that needs no key the keyring is asked only where it refuses the request,
        with whatever status."""
        from notesearch.embedding.remote.probe import probe

        key = self._models.credentials.get(provider, keyring=provider.needs_key)
        try:
            return probe(provider, model_name, key, record=self._record)
        except (KeyRefused, RequestRefused, ProviderFailed):
            another = None if provider.needs_key else self._models.credentials.get(provider)
            if another in (None, key):
                raise
        return probe(provider, model_name, another, record=self._record)

    def keep(self, found: Probe) -> None:
        """Write the address of a provider, and the model that a test found there, to the settings."""
        self._settings.update(
            lambda settings: settings.with_address(found.provider).with_model(
                found.model_among(settings.models)
            )
        )

    def make_known(self, provider: str, model: str, base_url: str = "", *, plain_http: bool = False) -> None:
        """Write a provider's address to the settings and make sure that the model is known. A model that is
        not known is tested, with built-in texts. `plain_http`: the user allows the address to be asked
        without encryption. Raises UsageError, InsecureAddress or a ProviderError."""
        plain, sign, number = model.rpartition("#")
        name = plain if sign and number.isdecimal() else model
        known = any(m.identifier == f"{provider}/{name}" for m in self._models.known)
        if not known and all(m.provider != provider for m in catalogue.MODELS):
            self.test(provider, name, base_url, plain_http=plain_http)
            base_url = ""  # it is kept as the test found it
        # Raises where there is no such model, or none with so many dimensions, before anything is written.
        self._models.model(f"{provider}/{model}")
        if not base_url:
            return
        asked = _provider_at(provider, base_url, plain_http=plain_http)
        if asked.base_url != self._models.address(provider):
            self._settings.update(lambda settings: settings.with_address(asked))

    def remove_own(self, name: str, folders: Iterable[Folder]) -> None:
        """Remove a server of the user's own with its models and its key. Raises UsageError while one of
        `folders` needs it."""
        for folder in folders:
            if any(
                model.startswith(f"{name}/")
                for model in (folder.model, folder.next_model, folder.previous_model)
            ):
                raise UsageError("usage.provider-needed", folder=folder.path.name, provider=name)
        self.forget_key(name)

        def without(settings: Settings) -> Settings:
            kept = tuple(model for model in settings.models if model.provider != name)
            return replace(settings, models=kept).with_provider(name, base_url="", budget=0.0, token_budget=0)

        self._settings.update(without)

    def retry_providers(self) -> None:
        """Let every worker that waits for a provider ask it again now: the user has acted."""
        self._work.retry_providers()

    def ledger(self, limit: int = 200) -> tuple[LedgerEntry, ...]:
        """The newest requests that providers answered, newest first."""
        return self._consents.ledger.entries(limit)

    @property
    def ledger_folder(self) -> Path:
        """The folder of the ledger's files."""
        return self._consents.ledger.folder

    # Status

    def troubles(self) -> tuple[ProviderTrouble, ...]:
        """The models that folders wait for, and the models that refuse queries."""
        found = []
        for fingerprint in self._consents.fingerprints():
            model, trouble = (
                self._models.by_fingerprint(fingerprint),
                self._work.trouble(fingerprint),
            )
            error = trouble.error if trouble is not None else self._models.query_trouble(fingerprint)
            if model is not None and error is not None:
                said = ProviderTrouble(
                    provider=model.provider,
                    model=model.identifier,
                    what=Told.of(error),
                    remedy=error.remedy,
                    waits_for_person=trouble is None or trouble.until is None,
                )
                found.append(said)
        return tuple(sorted(found, key=lambda t: t.model))

    def state_of(self, row: FolderRow) -> tuple[FolderState | None, Told | None, bool]:
        """(state, notice, agreed) of a folder where its models decide the state; None where they do not."""
        state = self._state_of(row)
        model = self._consents.known(row.next_model or row.model)
        if model is None:
            return None, told("folder.model-unknown", model=row.next_model or row.model), True
        notice = self._trouble(model) if state is FolderState.WAITING else None
        return state, notice, self._consents.agreed(row, model)

    def _trouble(self, model: EmbeddingModel) -> Told | None:
        trouble = self._work.trouble(fingerprint_of(model))
        return Told.of(trouble.error) if trouble is not None else None

    def _state_of(self, row: FolderRow) -> FolderState | None:
        model = self._consents.known(row.next_model or row.model)
        unfinished = (
            bool(row.next_model)
            or row.waiting > 0
            or (not row.documents and model is not None and model.remote)
        )
        if model is None:
            return None
        if not self._consents.agreed(row, model):
            # This holds where nothing is left to be sent, too: no query goes to the provider.
            return FolderState.CONSENT
        if not unfinished:
            return None
        return FolderState.WAITING if self._trouble(model) is not None else None


def _provider_at(name: str, base_url: str, *, plain_http: bool) -> Provider:
    """A provider at an address, which the user may have allowed to be asked without encryption. Raises
    UsageError or InsecureAddress."""
    try:
        return catalogue.provider(name, base_url)
    except InsecureAddress as error:
        host = error.params.get("host")
        if not plain_http or not isinstance(host, str):
            raise
        return catalogue.provider(name, base_url, plain_http=host)
