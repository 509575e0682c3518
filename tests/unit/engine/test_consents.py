"""Who may be sent what: every rule of it, over a store of folders in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from notesearch import catalogue
from notesearch.catalogue import LOCAL, EmbeddingModel, Provider, fingerprint_of
from notesearch.config.settings import ProviderSettings, Settings, SettingsStore
from notesearch.domain import Estimate, Spent
from notesearch.engine.models.consent import Consents
from notesearch.engine.models.embedders import Models
from notesearch.engine.models.ledger import Ledger
from notesearch.errors import BudgetReached, UsageError
from notesearch.storage.changes import Applied, Change, ModelAgreed
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow, Held, Unsent

SMALL = catalogue.model("aimlapi/text-embedding-3-small")
LARGE = catalogue.model("openai/text-embedding-3-large")
UNPRICED = replace(SMALL, name="unpriced", price=None)
RETIRED = replace(SMALL, name="retired", retired="gone by May")
KNOWN = {m.identifier: m for m in (LOCAL, SMALL, LARGE, UNPRICED, RETIRED)}
AIMLAPI = "https://one.example/v1"
OPENAI = "https://two.example/a b"


class FewModels:
    """The models above, at addresses that a test may change."""

    def __init__(self) -> None:
        self.addresses = {"aimlapi": AIMLAPI, "openai": OPENAI, "local": "of no use"}

    def model(self, identifier: str) -> EmbeddingModel:
        if identifier not in KNOWN:
            raise UsageError(identifier)
        return KNOWN[identifier]

    def by_fingerprint(self, fingerprint: str) -> EmbeddingModel | None:
        return next((m for m in KNOWN.values() if fingerprint_of(m) == fingerprint), None)

    def address(self, name: str) -> str:
        return self.addresses.get(name, "")

    def provider(self, name: str) -> Provider:
        return catalogue.provider(name)


class Folders:
    """A library that has folders and nothing else. `counted` is what it counts, `asked` for what."""

    def __init__(self) -> None:
        self.rows: list[FolderRow] = []
        self.counted = Unsent(documents=2, chunks=3, tokens=5000, characters=70, held_back=1, embedded=4)
        self.asked: list[tuple[int, bool]] = []

    def folders(self) -> tuple[FolderRow, ...]:
        return tuple(self.rows)

    def apply(self, changes: Sequence[Change]) -> Applied:
        for change in changes:
            assert isinstance(change, ModelAgreed)
            self.rows = [
                replace(r, agreed=change.consent_text) if r.id == change.folder_id else r for r in self.rows
            ]
        return Applied()

    def unsent(self, folder_id: int, *, pending: bool) -> Unsent:
        self.asked.append((folder_id, pending))
        return self.counted


class Spending:
    """A ledger with what each provider has cost."""

    def __init__(self) -> None:
        self.by_provider: dict[str, Spent] = {}
        self.unreadable = False
        self.folder = Path("/data/ledger")

    def spent(self, provider: str) -> Spent:
        return self.by_provider.get(provider, Spent())


class World:
    """Consents over those stand-ins, and the stand-ins."""

    def __init__(self, tmp_path: Path) -> None:
        self.models, self.store, self.ledger = FewModels(), Folders(), Spending()
        self.settings = SettingsStore(tmp_path)
        self.consents = Consents(
            cast(Library, self.store),
            cast(Models, self.models),
            cast(Ledger, self.ledger),
            self.settings,
        )

    def folder(self, model: EmbeddingModel | str = LOCAL, **more: object) -> FolderRow:
        """A new folder with that model."""
        number = len(self.store.rows) + 1
        name = model if isinstance(model, str) else model.identifier
        row = FolderRow(
            id=number,
            path=Path(f"/notes/{number}"),
            model=name,
            held=Held.NO,
            documents=0,
            complete=0,
            failed=0,
            chunks=0,
            embedded=0,
            **more,  # type: ignore[arg-type]
        )
        self.store.rows.append(row)
        return row

    def row(self, number: int) -> FolderRow:
        return self.store.rows[number - 1]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


SAID_SMALL = f"{SMALL.identifier} {AIMLAPI}"
SAID_LARGE = f"{LARGE.identifier} https://two.example/a%20b"


def test_what_the_user_agrees_to(world: World) -> None:
    assert world.consents.consent_text(SMALL) == SAID_SMALL
    assert world.consents.consent_text(LARGE) == SAID_LARGE
    assert world.consents.consent_text(LOCAL) == ""
    world.models.addresses.clear()
    assert world.consents.consent_text(SMALL) == ""


def test_known_by_name(world: World) -> None:
    assert world.consents.known(SMALL.identifier) is SMALL
    assert world.consents.known("") is None
    assert world.consents.known("own/forgotten") is None


def test_agreed(world: World) -> None:
    agreed = world.consents.agreed
    assert agreed(world.folder(), LOCAL)
    assert not agreed(world.folder(SMALL), SMALL)
    assert agreed(world.folder(SMALL, agreed=SAID_SMALL), SMALL)
    assert agreed(world.folder(SMALL, agreed=f"{SAID_LARGE}\n{SAID_SMALL}"), SMALL)
    assert not agreed(world.folder(SMALL, agreed=SAID_LARGE), SMALL)
    assert not agreed(world.folder(SMALL, agreed=f"{SAID_SMALL}/more"), SMALL)


def test_without_an_address_nothing_is_agreed(world: World) -> None:
    """Not even by an empty line among the statements."""
    world.models.addresses.clear()
    assert not world.consents.agreed(world.folder(SMALL, agreed=""), SMALL)
    assert not world.consents.agreed(world.folder(SMALL, agreed=f"\n{SAID_SMALL}"), SMALL)


def test_agreeing_replaces_the_word_for_the_same_model(world: World) -> None:
    world.consents.agree(world.folder(SMALL), SMALL)
    assert world.row(1).agreed == SAID_SMALL
    world.consents.agree(world.row(1), LARGE)
    assert world.row(1).agreed == f"{SAID_SMALL}\n{SAID_LARGE}"
    world.models.addresses["aimlapi"] = "https://elsewhere.example"
    world.consents.agree(world.row(1), SMALL)
    assert world.row(1).agreed == f"{SAID_LARGE}\n{SMALL.identifier} https://elsewhere.example"
    world.models.addresses.clear()
    world.consents.agree(world.row(1), SMALL)
    assert world.row(1).agreed == SAID_LARGE


def test_keeping_the_word_for_some(world: World) -> None:
    world.consents.keep_words(world.folder(SMALL, agreed=f"{SAID_SMALL}\n{SAID_LARGE}"), LARGE.identifier)
    assert world.row(1).agreed == SAID_LARGE
    both = world.folder(SMALL, agreed=f"{SAID_SMALL}\n{SAID_LARGE}")
    world.consents.keep_words(both, SMALL.identifier, LARGE.identifier)
    assert world.row(2).agreed == f"{SAID_SMALL}\n{SAID_LARGE}"
    world.consents.keep_words(both)
    assert world.row(2).agreed == ""


def test_the_marks_of_models(world: World) -> None:
    world.folder(SMALL, next_model=LARGE.identifier, former_models=(UNPRICED.identifier, "own/forgotten"))
    assert world.consents.fingerprints_chosen() == {fingerprint_of(SMALL), fingerprint_of(LARGE)}
    assert world.consents.fingerprints() == {
        fingerprint_of(SMALL),
        fingerprint_of(LARGE),
        fingerprint_of(LOCAL),
    }
    assert world.consents.fingerprints_kept() == {
        fingerprint_of(SMALL),
        fingerprint_of(LARGE),
        fingerprint_of(UNPRICED),
    }
    world.folder("own/forgotten")
    assert world.consents.fingerprints_chosen() == {fingerprint_of(SMALL), fingerprint_of(LARGE)}


def test_whose_passages_may_be_sent(world: World) -> None:
    may_send = world.consents.may_send
    world.folder(SMALL, agreed=SAID_SMALL)
    world.folder(SMALL)
    world.folder(LOCAL, next_model=SMALL.identifier, agreed=SAID_SMALL)
    world.folder(LOCAL, agreed=SAID_SMALL)
    assert may_send(fingerprint_of(SMALL)) == [1, 3]
    assert may_send(fingerprint_of(LARGE)) == []
    assert may_send(fingerprint_of(LOCAL)) is None
    assert may_send("a model that nobody knows") is None


def test_who_may_be_asked(world: World) -> None:
    may_ask = world.consents.may_ask
    world.folder(SMALL)
    assert not may_ask(fingerprint_of(SMALL))
    assert may_ask(fingerprint_of(LOCAL))
    world.folder(SMALL, agreed=SAID_SMALL)
    assert may_ask(fingerprint_of(SMALL))


def test_whether_providers_are_asked(world: World) -> None:
    assert not world.consents.asks_providers
    world.folder("own/forgotten")
    world.folder(LOCAL)
    world.folder(SMALL)
    # The next model does not answer yet.
    world.folder(LOCAL, next_model=SMALL.identifier, agreed=SAID_SMALL)
    assert not world.consents.asks_providers
    world.folder(SMALL, agreed=SAID_SMALL)
    assert world.consents.asks_providers


@pytest.mark.parametrize(
    ("budget", "token_budget", "usd", "tokens", "refused"),
    [
        (0.0, 0, 99.0, 10**9, {}),
        (2.5, 0, 2.49, 10**9, {}),
        (2.5, 0, 2.5, 0, {"usd": 2.5}),
        (1234.5, 0, 2000.0, 0, {"usd": 1234.5}),
        (0.5, 0, 0.6, 0, {"usd": 0.5}),
        (0.0, 12000, 99.0, 11999, {}),
        (0.0, 12000, 0.0, 12000, {"tokens": 12000}),
        (0.0, 1, 0.0, 1, {"tokens": 1}),
        (2.5, 12000, 2.5, 0, {"usd": 2.5}),
        (2.5, 12000, 0.1, 12001, {"tokens": 12000}),
    ],
)
def test_a_budget_that_is_used_up(
    world: World, budget: float, token_budget: int, usd: float, tokens: int, refused: dict[str, float]
) -> None:
    chosen = ProviderSettings(budget=budget, token_budget=token_budget)
    world.settings.update(lambda _: Settings(providers={"aimlapi": chosen}))
    world.ledger.by_provider["aimlapi"] = Spent(usd=usd, tokens=tokens)
    world.consents.refuse_beyond_budget(LOCAL)
    world.consents.refuse_beyond_budget(LARGE)
    if refused:
        with pytest.raises(BudgetReached) as told:
            world.consents.refuse_beyond_budget(SMALL)
        assert told.value.params == {"title": catalogue.provider("aimlapi").title, **refused}
    else:
        world.consents.refuse_beyond_budget(SMALL)


def test_the_settings_that_hold_now(world: World) -> None:
    assert world.consents.settings is world.settings.current


def test_an_estimate_of_the_next_model(world: World) -> None:
    row = world.folder(LOCAL, next_model=SMALL.identifier, agreed=SAID_SMALL)
    assert SMALL.price is not None
    assert world.consents.estimate(row) == Estimate(
        folder=row.path,
        model=SMALL.identifier,
        model_title=SMALL.title,
        provider="aimlapi",
        host=AIMLAPI,
        remote=True,
        notes=2,
        chunks=3,
        tokens=5000,
        characters=70,
        usd=5000 * SMALL.price / 1_000_000,
        held_back=1,
        reused=4,
        agreed=True,
        retired="",
        complete=False,
    )
    assert world.store.asked == [(1, True)]


def test_an_estimate_of_the_model_on_this_computer(world: World) -> None:
    world.store.counted = replace(world.store.counted, chunks=0)
    estimate = world.consents.estimate(world.folder())
    assert world.store.asked == [(1, False)]
    assert (estimate.model, estimate.provider, estimate.host) == (LOCAL.identifier, LOCAL.provider, "")
    assert (estimate.remote, estimate.agreed, estimate.usd) == (False, True, 0.0)
    assert estimate.complete


def test_an_estimate_without_a_price(world: World) -> None:
    estimate = world.consents.estimate(world.folder(UNPRICED))
    assert (estimate.usd, estimate.agreed, estimate.remote, estimate.retired) == (None, False, True, "")
    assert world.consents.estimate(world.folder(RETIRED)).retired == "gone by May"


def test_a_budget_is_not_spent_while_what_was_spent_is_unknown(world: World) -> None:
    world.ledger.unreadable = True
    world.consents.refuse_beyond_budget(SMALL)
    world.settings.update(lambda now: now.with_provider("aimlapi", budget=1.0))
    with pytest.raises(BudgetReached) as unknown:
        world.consents.refuse_beyond_budget(SMALL)
    assert unknown.value.code == "budget-reached.unknown"
