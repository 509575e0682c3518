"""The person's choices about models: which one a folder has, what is sent and what is not, keys, budgets.
Behind the engine's door."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from notesearch import catalogue
from notesearch.catalogue import EmbeddingModel, Manners, fingerprint
from notesearch.config.credentials import KeyStatus
from notesearch.config.settings import Settings
from notesearch.domain import (
    Estimate,
    FolderState,
    HeldNote,
    LedgerEntry,
    ModelChoice,
    Outgoing,
    ProviderInfo,
    ProviderTrouble,
    prefixed,
)
from notesearch.embedding.receipts import Receipt
from notesearch.engine.folders import scanner
from notesearch.engine.indexing.indexer import Indexer
from notesearch.engine.models.consent import Consents
from notesearch.errors import (
    BudgetReached,
    InsecureAddress,
    KeyInvalid,
    KeyMissing,
    KeyRefused,
    KeyringAbsent,
    KeyringLocked,
    ModelGone,
    NotesearchError,
    NotIndexed,
    RedirectRefused,
    ReplyWrong,
    RequestRefused,
    UsageError,
)
from notesearch.storage.protocols import DocumentStore
from notesearch.storage.values import FolderChoice, FolderRow

# Where a person does something about an error.
_REMEDIES: tuple[tuple[str, tuple[type[NotesearchError], ...]], ...] = (
    ("key", (KeyMissing, KeyInvalid, KeyRefused, KeyringLocked, KeyringAbsent)),
    ("model", (ModelGone, RequestRefused)),
    ("settings", (BudgetReached, RedirectRefused, InsecureAddress, ReplyWrong)),
)


class Choices:
    """Any thread but one that paints. `indexer` None: this process only reads."""

    def __init__(self, store: DocumentStore, consents: Consents, indexer: Indexer | None) -> None:
        self._store = store
        self._consents = consents
        self._models = consents.models
        self._indexer = indexer
        # Of folders that had nothing embedded: the model, and the word, that they had before another one was
        # chosen.
        self._before: dict[int, tuple[str, str]] = {}

    # Models

    def models(self) -> tuple[ModelChoice, ...]:
        """Every model that can be chosen, the one on this computer first."""
        return tuple(self._choice(model) for model in self._models.known)

    def _choice(self, model: EmbeddingModel) -> ModelChoice:
        provider = self._models.provider(model.provider) if self._models.address(model.provider) else None
        title = provider.title if provider else model.provider if model.remote else "This computer"
        manners = model.manners if model.manners is not None and model.manners.takes_dimensions else Manners()
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
            least_dimensions=manners.least_dimensions,
            most_dimensions=manners.most_dimensions,
        )

    def prepare(self, row: FolderRow, identifier: str) -> bool:
        """Let a folder's next model be `identifier`. Whether its notes have to be read for it. Nothing is
        sent."""
        self._models.model(identifier)
        if identifier != row.next_model:
            # A word is for one change: for the same model later, the person is asked again.
            self._consents.keep_words(row, row.model)
        if identifier == row.model:
            self._store.set_next_model(row.id, "")
            return False
        if row.embedded:
            if identifier != row.next_model:
                self._store.set_next_model(row.id, identifier)
        else:
            # Nothing answers by meaning yet, so there is nothing to keep while another model is prepared.
            self._before.setdefault(row.id, (row.model, row.agreed))
            self._store.set_next_model(row.id, "")
            self._store.set_model(row.id, identifier)
        return True

    def estimate(self, row: FolderRow) -> Estimate:
        return self._consents.estimate(row)

    def agree(self, row: FolderRow) -> None:
        """The person agrees that the folder's (next) model is sent its notes."""
        model = self._models.model(row.next_model or row.model)
        self._before.pop(row.id, None)
        self._consents.agree(row, model)
        self._required_indexer().retry_providers()

    def cancel(self, row: FolderRow) -> None:
        """The person does not agree: what answers now stays."""
        if row.next_model:
            self._consents.keep_words(row, row.model)
            self._store.set_next_model(row.id, "")
        elif not row.embedded and self._state_of(row) is FolderState.CONSENT:
            model, agreed = self._before.pop(row.id, (catalogue.LOCAL.identifier, ""))
            self._store.agree(row.id, agreed)
            self._store.set_model(row.id, model)

    def forget_previous(self, row: FolderRow) -> int:
        """Drop what all former models of the folder have left, unless another folder has them or may go back
        to them. Returns how many vectors."""
        self._store.forget_former(row.id)
        return self._required_indexer().release_unused()

    # What is sent

    def outgoing(self, path: Path) -> tuple[Outgoing, ...]:
        """The exact texts of a note for its folder's (next) model, and what is held back. Raises
        NotIndexed."""
        from notesearch.embedding.remote.wire import document_input

        document, row = self._document(path)
        model = self._consents.known(row.next_model or row.model)
        found = []
        for prefix, start, end, line, held, embedded in self._store.outgoing(
            document, pending=bool(row.next_model)
        ):
            text = prefixed(prefix, self._store.text(document, start, end))
            found.append(
                Outgoing(
                    text=text if model is None else document_input(model, text),
                    line=line,
                    held_back=held,
                    sent=embedded,
                )
            )
        return tuple(found)

    def held_back(self, row: FolderRow, limit: int) -> tuple[HeldNote, ...]:
        """The notes of a folder of which something stays on this computer, then those that ignore files name;
        at most `limit` of each."""
        held = [
            HeldNote(path=path, title=title, passages=passages, reasons=reasons)
            for path, title, passages, reasons in self._store.notes_held_back(
                row.id, pending=bool(row.next_model), limit=limit
            )
        ]
        settings = self._consents.settings
        ignored = islice(scanner.ignored(row.path, gitignore=settings.gitignore, kept=settings.ignore), limit)
        return (*held, *(HeldNote(path=path, title=path.name, ignored=True) for path in ignored))

    def allow(self, path: Path) -> int:
        """Let go what is held back of a note. Returns how many passages that are. Raises NotIndexed."""
        document, _ = self._document(path)
        allowed = self._store.allow(document)
        self._required_indexer().embed()
        return allowed

    def _document(self, path: Path) -> tuple[int, FolderChoice]:
        document = self._store.document_at(path)
        row = next(
            (r for r in self._store.folder_choices() if document is not None and r.id == document.folder_id),
            None,
        )
        if document is None or row is None:
            raise NotIndexed(f"{path.name} is not in the index")
        return document.id, row

    # Providers and keys

    def providers(self) -> tuple[ProviderInfo, ...]:
        """The known providers, and the person's own. Asks the keyring, so it may wait for the person to
        unlock it."""
        names = {p.name: None for p in catalogue.PROVIDERS}
        names |= dict.fromkeys(m.provider for m in self._models.known if m.remote) | dict.fromkeys(
            self._consents.settings.providers
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
        provider, chosen = self._models.provider(name), self._consents.settings.provider(name)
        key: KeyStatus = self._models.credentials.state(provider)
        users = tuple(
            row.path
            for row in self._store.folder_choices()
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

    def set_key(self, name: str, key: str) -> str:
        """Store a key: "stored", or "session-only" where no keyring takes it. Raises KeyInvalid."""
        state = self._models.credentials.set(self._models.provider(name), key)
        if self._indexer is not None:
            self._indexer.retry_providers()
        return state.value

    def forget_key(self, name: str) -> None:
        self._models.credentials.forget(self._models.provider(name))

    def model_to_test(self, name: str) -> str:
        """What a folder has or is to have of this provider; else the first of the person's own models, else
        of the catalogue."""
        used = [
            self._consents.known(i)
            for row in self._store.folder_choices()
            for i in (row.model, row.next_model)
        ]
        for model in (*used, *self._consents.settings.models, *catalogue.MODELS):
            if model is not None and model.provider == name:
                return model.name
        raise UsageError(
            f"No model of {name} is known",
            hint=f"Choose one first: notesearch use {name}/MODEL --base-url URL.",
        )

    def test(
        self, name: str, model_name: str, base_url: str, record: Callable[[Receipt], None]
    ) -> tuple[object, Settings]:
        """Ask a server once what it is like, with texts of ours: (Probe, the settings with what it found).
        Raises a ProviderError."""
        from notesearch.embedding.remote.probe import probe

        provider = catalogue.provider(name, base_url or self._consents.settings.provider(name).base_url)
        found = probe(provider, model_name, self._models.credentials.get(provider), record=record)
        settings = self._consents.settings
        if base_url:
            settings = settings.with_provider(name, base_url=provider.base_url)
        if all(m.identifier != found.model.identifier for m in catalogue.MODELS):
            settings = settings.with_model(found.model)
        return found, settings

    def ledger(self, limit: int) -> tuple[LedgerEntry, ...]:
        return self._consents.ledger.entries(limit)

    # Status

    def troubles(self) -> tuple[ProviderTrouble, ...]:
        """The models that folders wait for, and those that refuse queries."""
        found = []
        for mark in self._consents.marks():
            model, trouble = (
                self._models.by_mark(mark),
                self._indexer.trouble(mark) if self._indexer is not None else None,
            )
            error = trouble.error if trouble is not None else self._models.query_trouble(mark)
            if model is not None and error is not None:
                said = ProviderTrouble(
                    provider=model.provider,
                    model=model.identifier,
                    title=error.title,
                    hint=error.hint,
                    remedy=_remedy(error),
                    waits_for_person=trouble is None or trouble.until is None,
                )
                found.append(said)
        return tuple(sorted(found, key=lambda t: t.model))

    def state_of(self, row: FolderRow) -> tuple[FolderState | None, str, bool]:
        """(state, notice, agreed) of a folder as far as its models decide it; None where they do not."""
        state, notice = self._state_of(row), ""
        model = self._consents.known(row.next_model or row.model)
        if model is None:
            return (
                None,
                f"The model {row.next_model or row.model} is not in the settings any more. Choose another "
                "one.",
                True,
            )
        if state is FolderState.WAITING:
            notice = self._trouble(model) or ""
        return state, notice, self._consents.agreed(row, model)

    def _trouble(self, model: EmbeddingModel) -> str | None:
        trouble = self._indexer.trouble(fingerprint(model)) if self._indexer is not None else None
        return f"{trouble.error.title}. {trouble.error.hint}" if trouble is not None else None

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

    def _required_indexer(self) -> Indexer:
        if self._indexer is None:
            raise UsageError("This Notesearch only reads")
        return self._indexer


def _remedy(error: NotesearchError) -> str:
    return next((remedy for remedy, kinds in _REMEDIES if isinstance(error, kinds)), "")
