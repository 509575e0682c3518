"""Consents: which model may be sent which passages. Also the budgets, and the estimate of what a folder's
model is sent and costs.

Nothing of a folder goes to a remote model before the user has agreed to that model at that address. Passages
that are held back (private notes, what looks like a secret) are marked in the store when a note is read. They
are not sent until the user allows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from notesearch.catalogue import LOCAL, EmbeddingModel, fingerprint_of
from notesearch.config.settings import Settings, SettingsStore
from notesearch.domain import Estimate
from notesearch.engine.models.embedders import Models
from notesearch.engine.models.ledger import Ledger
from notesearch.errors import BudgetReached, NotesearchError
from notesearch.storage.changes import ModelAgreed
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow


class Consents:
    """Knows what the user agreed to for each folder, and what may therefore be sent. Any thread but the GUI
    thread; methods wait for the store."""

    def __init__(self, library: Library, models: Models, ledger: Ledger, settings: SettingsStore) -> None:
        self._library = library
        self.models = models
        self.ledger = ledger
        self._settings = settings

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""
        return self._settings.current

    def fingerprints(self) -> set[str]:
        """Fingerprints of every model that a folder has or is to have, and that of the bundled model."""
        return {fingerprint_of(LOCAL), *self.fingerprints_chosen()}

    def fingerprints_chosen(self) -> set[str]:
        """Fingerprints of every model that a folder has or is to have."""
        return {fingerprint_of(m) for row in self._library.folders() for m in self._models_of(row)}

    def fingerprints_kept(self) -> set[str]:
        """The same, and the fingerprints of former models that a folder may go back to, where they are still
        known."""
        previous = (self.known(name) for row in self._library.folders() for name in row.former_models)
        return self.fingerprints_chosen() | {fingerprint_of(model) for model in previous if model is not None}

    def _models_of(self, row: FolderRow) -> Iterator[EmbeddingModel]:
        for identifier in (row.model, row.next_model):
            model = self.known(identifier)
            if model is not None:
                yield model

    def known(self, identifier: str) -> EmbeddingModel | None:
        """The model with that identifier. None for "", and for a model that was removed from the settings."""
        try:
            return self.models.model(identifier) if identifier else None
        except NotesearchError:
            return None

    def consent_text(self, model: EmbeddingModel) -> str:
        """What the user agrees to, as text: the model's identifier and the provider's address. "" for a local
        model, and where the address is not known."""
        address = self.models.address(model.provider).replace(" ", "%20") if model.remote else ""
        return f"{model.identifier} {address}" if address else ""

    def agreed(self, row: FolderRow, model: EmbeddingModel) -> bool:
        """Whether the user agreed that the folder's passages go to this model at its present address. A
        folder keeps one consent for the model that answers and one for the next model."""
        return not model.remote or (self.consent_text(model) or None) in row.agreed.splitlines()

    def agree(self, row: FolderRow, model: EmbeddingModel) -> None:
        """Store the user's consent to this model at its present address."""
        others = [said for said in row.agreed.splitlines() if said.rpartition(" ")[0] != model.identifier]
        self._agreed_now(row, (*others, self.consent_text(model)))

    def keep_words(self, row: FolderRow, *identifiers: str) -> None:
        """Keep the consents to these models, and withdraw all others of the folder."""
        kept = [said for said in row.agreed.splitlines() if said.rpartition(" ")[0] in identifiers]
        self._agreed_now(row, kept)

    def _agreed_now(self, row: FolderRow, said: Iterable[str]) -> None:
        consent_text = "\n".join(filter(None, said))
        self._library.apply([ModelAgreed(folder_id=row.id, consent_text=consent_text)])

    def may_send(self, fingerprint: str) -> Collection[int] | None:
        """Ids of the folders whose passages this model may be sent. None for a local model, which may have
        all of them."""
        model = self.models.by_fingerprint(fingerprint)
        if model is None or not model.remote:
            return None
        rows = self._library.folders()
        return [
            row.id
            for row in rows
            if fingerprint in map(fingerprint_of, self._models_of(row)) and self.agreed(row, model)
        ]

    def may_ask(self, fingerprint: str) -> bool:
        """Whether a query may be sent to this model: the user agreed to it for at least one folder."""
        folders = self.may_send(fingerprint)
        return folders is None or bool(folders)

    @property
    def asks_providers(self) -> bool:
        """Whether a folder has a remote model that the user has agreed to."""
        models = ((row, self.known(row.model)) for row in self._library.folders())
        return any(model is not None and model.remote and self.agreed(row, model) for row, model in models)

    def refuse_beyond_budget(self, model: EmbeddingModel) -> None:
        """Raise BudgetReached when this month's budget of the model's provider is used up. Queries are not
        checked against it."""
        if not model.remote:
            return
        chosen, spent = self.settings.provider(model.provider), self.ledger.spent(model.provider)
        title = self.models.provider(model.provider).title
        if self.ledger.unreadable and (chosen.budget or chosen.token_budget):
            raise BudgetReached("budget-reached.unknown", title=title, folder=str(self.ledger.folder))
        if chosen.budget and spent.usd >= chosen.budget:
            raise BudgetReached("budget-reached.money", title=title, usd=chosen.budget)
        if chosen.token_budget and spent.tokens >= chosen.token_budget:
            raise BudgetReached("budget-reached.tokens", title=title, tokens=chosen.token_budget)

    def estimate(self, row: FolderRow) -> Estimate:
        """Count what is still to be embedded for the folder's next model, or for its model where it has no
        next one. Reads the store; asks nobody."""
        identifier = row.next_model or row.model
        model = self.models.model(identifier)
        counted = self._library.unsent(row.id, pending=bool(row.next_model))
        usd = None if model.price is None else counted.tokens * model.price / 1e6
        return Estimate(
            folder=row.path,
            model=identifier,
            model_title=model.title,
            provider=model.provider,
            host=self.models.address(model.provider) if model.remote else "",
            remote=model.remote,
            notes=counted.documents,
            chunks=counted.chunks,
            tokens=counted.tokens,
            characters=counted.characters,
            usd=usd if model.remote else 0.0,
            held_back=counted.held_back,
            reused=counted.embedded,
            agreed=self.agreed(row, model),
            retired=model.retired,
            complete=not counted.chunks,
        )
