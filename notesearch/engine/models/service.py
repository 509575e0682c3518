"""Models: which one a folder has, what it is sent and what is held back, keys, budgets, and what providers
cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from notesearch import catalogue
from notesearch.catalogue import EmbeddingModel, Probe, RequestStyle, fingerprint_of
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
from notesearch.errors import NotesearchError, NotIndexed, UsageError
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
    """Why nothing is embedded for a model at present, and until when (monotonic seconds; None: until the user
    acts)."""

    @property
    def error(self) -> NotesearchError:
        """What happened."""
        ...

    @property
    def until(self) -> float | None:
        """When it is tried again, by the engine's clock; None where the user has to act first."""
        ...


class EmbeddingWork(Protocol):
    """What choices about models ask of the indexer. Any thread; `read_for_next_model` waits, the others
    return soon. Where this process only reads, everything but `trouble` raises UsageError."""

    def refuse_when_paused(self) -> None:
        """Raises IndexingPaused where the user has paused indexing."""
        ...

    def read_for_next_model(self, folder: Path) -> None:
        """Read a folder's notes and cut them for its next model, waiting for it."""
        ...

    def scan(self, folder: Path, *, confirmed: bool = False) -> None:
        """Compare a folder with the library soon."""
        ...

    def reconsider(self, *identifiers: str) -> None:
        """Look again at what waits for these models."""
        ...

    def release_unused(self) -> int:
        """Forget the vectors that no folder needs any more. Returns how many."""
        ...

    def embed(self) -> None:
        """Wake the embedding workers."""
        ...

    def retry_providers(self) -> None:
        """Ask the providers again that are waited for."""
        ...

    def trouble(self, fingerprint: str) -> EmbeddingTrouble | None:
        """What keeps a model's embedding worker from going on; None for nothing."""
        ...


class ModelService:
    """The models of the folders. Any thread but a GUI thread; methods wait for the store, the keyring or a
    provider.

    `row_of` gives a folder with its counts and raises NotIndexed; `ignored_in` the notes of a folder that
    ignore files name.
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
        # Of folders that had nothing embedded: the model, and the word, that they had before another one was
        # chosen.
        self._before: dict[int, tuple[str, str]] = {}

    # Models

    def choices(self) -> tuple[ModelChoice, ...]:
        """Every model that can be chosen, the one on this computer first."""
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

        Sends nothing; a model on this computer begins at once. Raises NotIndexed, UsageError (unknown model),
        NotesearchError when paused.
        """
        folder = absolute(path)
        row = self._row_of(folder)
        if identifier != row.model:
            self._work.refuse_when_paused()
        if self._choose(row, identifier):
            try:
                self._work.read_for_next_model(folder)
            except BaseException:
                # What cannot be counted is not half begun.
                if identifier != row.next_model:
                    self.cancel(folder)
                raise
        self._board.changed()
        return self._consents.estimate(self._row_of(folder))

    def prepare_all(self, paths: Sequence[Path], identifier: str) -> tuple[Estimate, ...]:
        """`prepare` for all of these folders, or for none: what was prepared before one failed is taken
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
        """Let a folder's next model be `identifier`. Returns whether its notes have to be read for it."""
        self._models.model(identifier)
        if identifier != row.next_model:
            # A word is for one change: for the same model later, the user is asked again.
            self._consents.keep_words(row, row.model)
        prepare, stop = (NextModelChosen(folder_id=row.id, model=model) for model in (identifier, ""))
        if identifier == row.model:
            self._library.apply([stop])
            return False
        if row.embedded:
            if identifier != row.next_model:
                self._library.apply([prepare])
        else:
            # Nothing answers by meaning yet, so there is nothing to keep while another model is prepared.
            self._before.setdefault(row.id, (row.model, row.agreed))
            self._library.apply([stop, ModelChosen(folder_id=row.id, model=identifier)])
        return True

    def estimate(self, path: Path) -> Estimate:
        """What a folder's (next) model has still to be sent, by counting. Raises NotIndexed."""
        return self._consents.estimate(self._row_of(absolute(path)))

    def agree(self, path: Path) -> None:
        """The user agrees to what `prepare` counted: it is sent from here on, and so are later changes of the
        notes. Raises NotIndexed."""
        row = self._row_of(absolute(path))
        model = self._models.model(row.next_model or row.model)
        self._before.pop(row.id, None)
        self._consents.agree(row, model)
        self._work.retry_providers()
        self._board.changed()

    def cancel(self, path: Path) -> None:
        """The user does not agree: the folder keeps the model that answers. Raises NotIndexed."""
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
        """Drop the vectors of all former models of the folder, unless another folder has these models or may
        go back to them. Returns how many vectors. Raises NotIndexed."""
        self._library.apply([FormerModelsForgotten(folder_id=self._row_of(absolute(path)).id)])
        dropped = self._work.release_unused()
        self._board.changed()
        return dropped

    # What is sent

    def outgoing(self, path: Path) -> tuple[Outgoing, ...]:
        """The exact texts of a note for its folder's (next) model, and what is held back. Raises
        NotIndexed."""
        from notesearch.embedding.remote.payloads import document_input

        documents, row = self._documents(absolute(path))
        model, pending = self._consents.known(row.next_model or row.model), bool(row.next_model)
        passages = tuple(p for i in documents for p in self._library.outgoing(i, pending=pending))
        if model is None:
            return passages
        return tuple(replace(p, text=document_input(model, p.text)) for p in passages)

    def held_back(self, path: Path, limit: int = 500) -> tuple[HeldNote, ...]:
        """The notes of a folder of which something stays on this computer, then those that ignore files name;
        at most `limit` of each. Raises NotIndexed."""
        row = self._row_of(absolute(path))
        held = self._library.held_back(row.id, pending=bool(row.next_model), limit=limit)
        ignored = islice(self._ignored_in(row.path), limit)
        return (*held, *(HeldNote(path=path, title=path.name, ignored=True) for path in ignored))

    def allow(self, path: Path) -> int:
        """Let go what is held back of a note. Returns how many passages that are. Raises NotIndexed."""
        documents, _ = self._documents(absolute(path))
        allowed = self._library.apply([PassagesAllowed(document_id=i) for i in documents]).allowed
        self._work.embed()
        return allowed

    def _documents(self, path: Path) -> tuple[list[int], FolderRow]:
        """Ids of the documents of a file, and its folder. Raises NotIndexed."""
        documents = self._library.documents_at(path)
        folders = {document.folder_id for document in documents}
        row = next((r for r in self._library.folders() if r.id in folders), None)
        if row is None:
            raise NotIndexed("not-indexed.note", note=path.name)
        return [document.id for document in documents], row

    # Providers and keys

    def providers(self) -> tuple[ProviderInfo, ...]:
        """The known providers, and the user's own. Asks the keyring, so it may wait for the user to
        unlock it."""
        names = {p.name: None for p in catalogue.PROVIDERS}
        names |= dict.fromkeys(m.provider for m in self._models.known if m.remote) | dict.fromkeys(
            self._settings.current.providers
        )
        found = []
        for name in names:
            try:
                found.append(self._provider(name))
            except NotesearchError:
                # Named in the settings, without an address.
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

    def set_key(self, name: str, key: str, base_url: str = "") -> str:
        """Store a key: "stored", or "session-only" where no keyring takes it. `base_url` is kept first: a key
        belongs to an address. Raises KeyInvalid."""
        if base_url:
            self._settings.update(lambda settings: settings.with_provider(name, base_url=base_url))
        state = self._models.credentials.set(self._models.provider(name), key)
        self._work.retry_providers()
        return state.value

    def forget_key(self, name: str) -> None:
        """Drop a provider's key. Raises KeyringLocked where it may still be stored."""
        self._models.credentials.forget(self._models.provider(name))

    def model_to_test(self, name: str) -> str:
        """What a folder has or is to have of this provider; else the first of the user's own models, else
        of the catalogue."""
        used = [
            self._consents.known(i) for row in self._library.folders() for i in (row.model, row.next_model)
        ]
        for model in (*used, *self._settings.current.models, *catalogue.MODELS):
            if model is not None and model.provider == name:
                return model.name
        raise UsageError("usage.model-of-provider", provider=name)

    def test(self, name: str, model_name: str = "", base_url: str = "", *, keep: bool = True) -> Probe:
        """Ask a server once what it is like, with texts of ours. `model_name` "": see `model_to_test`.
        `keep`: the address, and a model that was not known, go into the settings. Raises a ProviderError, or
        UsageError."""
        from notesearch.embedding.remote.probe import probe

        provider = catalogue.provider(name, base_url or self._settings.current.provider(name).base_url)
        found = probe(
            provider,
            model_name or self.model_to_test(name),
            self._models.credentials.get(provider),
            record=self._record,
        )

        def with_what_was_found(settings: Settings) -> Settings:
            if base_url:
                settings = settings.with_provider(name, base_url=provider.base_url)
            if all(m.identifier != found.model.identifier for m in catalogue.MODELS):
                settings = settings.with_model(found.model)
            return settings

        if keep:
            self._settings.update(with_what_was_found)
        return found

    def keep(self, base_url: str, found: Probe) -> None:
        """Keep the address of a provider, and the model that a test found there."""
        self._settings.update(
            lambda settings: settings.with_provider(found.provider.name, base_url=base_url).with_model(
                found.model
            )
        )

    def make_known(self, provider: str, model: str, base_url: str = "") -> None:
        """Keep a provider's address, and see that the model is known: one that is not is tested, with texts
        of ours. Raises UsageError, InsecureAddress, or a ProviderError."""
        plain, sign, number = model.rpartition("#")
        name = plain if sign and number.isdecimal() else model
        known = any(m.identifier == f"{provider}/{name}" for m in self._models.known)
        if not known and all(m.provider != provider for m in catalogue.MODELS):
            self.test(provider, name, base_url)
        # Raises where there is no such model, or none of so many dimensions, before anything is kept.
        self._models.model(f"{provider}/{model}")
        if not base_url:
            return
        address = catalogue.provider(provider, base_url).base_url
        if address != self._models.address(provider):
            self._settings.update(lambda settings: settings.with_provider(provider, base_url=address))

    def remove_own(self, name: str, folders: Iterable[Folder]) -> None:
        """Forget a server of the user's own with its models and its key. Raises UsageError while one of
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
        """The user acted: whoever waits for a provider asks it again now."""
        self._work.retry_providers()

    def ledger(self, limit: int = 200) -> tuple[LedgerEntry, ...]:
        """The newest requests that providers answered, newest first."""
        return self._consents.ledger.entries(limit)

    @property
    def ledger_folder(self) -> Path:
        """Where the files of the ledger are."""
        return self._consents.ledger.folder

    # Status

    def troubles(self) -> tuple[ProviderTrouble, ...]:
        """The models that folders wait for, and those that refuse queries."""
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
        """(state, notice, agreed) of a folder as far as its models decide it; None where they do not."""
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
            # Also where nothing is left to be sent: no query goes there.
            return FolderState.CONSENT
        if not unfinished:
            return None
        return FolderState.WAITING if self._trouble(model) is not None else None
