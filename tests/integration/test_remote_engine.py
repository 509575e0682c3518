"""A model for each folder under one search; providers that are down, busy, without a key or over their budget
hold up nobody else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from notesearch import catalogue
from notesearch.catalogue import RequestStyle
from notesearch.config.settings import save_settings
from notesearch.config.system_keyring import SystemKeyring
from notesearch.domain import FolderState, IndexingState, MatchedBy, Mode, Query, SearchResults, Stage, Told
from notesearch.embedding.embedder import vectors_in_order
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote.pacing import Patience
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.engine.engine import Engine
from notesearch.errors import (
    BudgetReached,
    KeyMissing,
    KeyRefused,
    KeyringSilent,
    ModelGone,
    NotesearchError,
    OutOfCredits,
    ProviderBusy,
    QueryCancelled,
)
from tests.clock import FastClock
from tests.conftest import fill, found, names, reconcile, wait_until, write
from tests.embedders import HashingEmbedder
from tests.gateway import KEY, Fault, Gateway, Request, digest
from tests.integration.conftest import (
    CODE,
    LOCAL,
    MANY,
    SMALL,
    VAULT,
    StartRemote,
    arrived,
    folder,
    queries,
    settings_for,
)

THREE = {
    "Diary": {
        "monday.md": "# Monday\n\nThe harbour lamp was green tonight.\n",
        "tuesday.md": "# Tuesday\n\nRain over the hills.\n",
    },
    "Code": {
        "lamp.md": "# Lamp\n\nSwitch the harbour lamp with a relay.\n",
        "loop.md": "# Loop\n\nA loop over all files.\n",
    },
    "Papers": {
        "light.md": "# Light\n\nOn the harbour lamp in painting.\n",
        "stone.md": "# Stone\n\nStone bridges of the north.\n",
    },
}
MODELS = {"Diary": LOCAL, "Code": CODE, "Papers": MANY}
LAMPS = {"monday.md", "lamp.md", "light.md"}


@pytest.fixture
def three(remote: Engine, tmp_path: Path) -> dict[str, Path]:
    """Three folders with a model each."""
    folders = {name: fill(tmp_path / name, notes) for name, notes in THREE.items()}
    for name, path in folders.items():
        remote.folders.add(path, MODELS[name])
        remote.models.agree(path)
    reconcile(remote)
    return folders


def search(engine: Engine, text: str, mode: str = "meaning") -> SearchResults:
    return engine.search.fused(Query(text=text, mode=Mode(mode)))


# A model for each folder


def test_one_list_of_three_models(
    remote: Engine, three: dict[str, Path], gateway: Gateway, embedder: HashingEmbedder
) -> None:
    assert [f.model for f in remote.status().folders] == [CODE, LOCAL, MANY]
    results = search(remote, "the harbour lamp")
    assert set(names(results)[:3]) == LAMPS, "the best of each stand together"
    assert (results.notices, results.searched, results.of) == ((), 6, 6)
    assert {m.best.matched_by for m in results.matches[:3]} == {MatchedBy.MEANING}
    asked = sorted(r.body["model"] for r in gateway.requests if isinstance(r.body["input"], str))
    assert asked == ["text-multilingual-embedding-002", "voyage-code-2"]
    assert embedder.queries == ["the harbour lamp"]
    both = search(remote, "harbour lamp", "hybrid")
    assert set(names(both)[:3]) == LAMPS
    # A folder is a filter for all of them.
    assert names(remote.search.fused(Query(text="harbour lamp", folder=three["Code"])))[0] == "lamp.md"
    assert names(remote.search.similar(three["Papers"] / "light.md")) == ["stone.md"], (
        "of its own model alone, and without a request"
    )
    assert len(queries(gateway)) == 4


def test_a_query_goes_to_the_providers_of_the_searched_folders_alone(
    remote: Engine, three: dict[str, Path], gateway: Gateway
) -> None:
    for text, limits in (
        ("a lamp at home", {"folder": three["Diary"]}),
        ("a lamp by the sea folder:diary", {}),
    ):
        results = remote.search.fused(Query(text=text, mode=Mode.MEANING, **limits))  # type: ignore[arg-type]
        assert names(results)
        assert results.notices == ()
        assert queries(gateway) == []
    remote.search.fused(Query(text="a lamp at home", mode=Mode.MEANING, folder=three["Code"]))
    assert [r.body["model"] for r in gateway.requests if isinstance(r.body["input"], str)] == [
        "voyage-code-2"
    ]


def test_explaining_asks_no_provider(remote: Engine, three: dict[str, Path], gateway: Gateway) -> None:
    results = search(remote, "painting of lamps")
    number = len(gateway.requests)
    told = remote.search.session(results.query).explained(results)
    assert names(told) == names(results)
    assert any(m.best.best_sentence for m in told.matches)
    assert len(gateway.requests) == number


def test_a_folder_whose_provider_is_down_is_searched_by_words(
    remote: Engine, three: dict[str, Path], gateway: Gateway
) -> None:
    gateway.rule = lambda request: Fault(503) if request.body["model"] == "voyage-code-2" else None
    results = search(remote, "a harbour lamp", "hybrid")
    assert set(names(results)[:3]) == LAMPS
    (notice,) = results.notices
    assert (notice.code, dict(notice.params)) == ("search.words-only-in", {"folders": "Code"})
    by = {m.path.name: m.best.matched_by for m in results.matches}
    assert by["lamp.md"] is MatchedBy.KEYWORD
    assert (by["monday.md"], by["light.md"]) == (MatchedBy.BOTH, MatchedBy.BOTH)
    assert set(names(search(remote, "one harbour lamp"))[:2]) == {"monday.md", "light.md"}
    gateway.rule = None
    assert search(remote, "harbour lamps", "hybrid").notices == ()


def test_a_folder_without_a_key_is_searched_by_words(
    remote: Engine, three: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIMLAPI_API_KEY")
    results = search(remote, "harbour lamp", "hybrid")
    assert set(names(results)[:3]) == LAMPS
    assert {dict(notice.params)["folders"] for notice in results.notices} == {"Code", "Papers"}
    causes = {notice.cause.code for notice in results.notices if notice.cause is not None}
    assert causes == {"key-missing.of-provider"}
    assert {m.path.name: m.best.matched_by for m in results.matches}["monday.md"] is MatchedBy.BOTH


def test_a_query_that_is_typed_on_is_given_up(
    remote: Engine, three: dict[str, Path], gateway: Gateway
) -> None:
    with pytest.raises(QueryCancelled):
        remote.search.session(Query(text="typed on")).fused(cancelled=lambda: True)
    assert queries(gateway) == []
    gateway.rule = lambda request: Fault("hang")
    with pytest.raises(QueryCancelled):
        remote.search.session(Query(text="given up")).fused(cancelled=lambda: len(queries(gateway)) == 2)
    gateway.rule = None
    gateway.closing.set()


# Troubles


TROUBLES = [
    (Fault(401), KeyRefused, True),
    (Fault(403, message="You have run out of credits"), OutOfCredits, True),
    (Fault(404, message="Model not found"), ModelGone, True),
    (Fault(429, retry_after="3600"), ProviderBusy, False),
]


@pytest.mark.parametrize(
    ("fault", "error", "waits"), TROUBLES, ids=lambda value: getattr(value, "__name__", None)
)
def test_what_stops_a_provider_is_said_and_search_goes_on(
    remote: Engine, notes: Path, gateway: Gateway, fault: Fault, error: type, waits: bool
) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    gateway.rule = lambda request: fault
    remote.models.prepare(notes, "aimlapi/BAAI/bge-large-en-v1.5" if error is ModelGone else SMALL)
    remote.models.agree(notes)
    errors = remote.reconcile().errors
    assert [type(e) for e in errors] == [error]
    status = remote.status()
    (trouble,) = status.troubles
    assert (trouble.provider, trouble.waits_for_person) == ("aimlapi", waits)
    assert isinstance(errors[0], NotesearchError)
    assert trouble.what == Told.of(errors[0])
    now = folder(remote, notes)
    assert (now.state, now.model, status.error) == (FolderState.WAITING, LOCAL, None)
    assert now.notice == trouble.what
    assert status.state in (IndexingState.IDLE, IndexingState.OFFLINE)
    if error is ModelGone:
        assert "text-embedding-3-small" in str(dict(trouble.what.params)["others"]), "another one is offered"
    assert found(remote, "castle tram", "meaning")[0] == "lisbon.md"
    assert len(gateway.requests) <= 3, "it was not asked again and again"
    # The person has done something about it.
    gateway.rule = None
    if error is not ModelGone and error is not ProviderBusy:
        reconcile(remote)
        assert folder(remote, notes).model == SMALL
        assert remote.status().troubles == ()
        assert max(arrived(gateway).values()) == 1
    number = len(gateway.requests)
    if error is ProviderBusy:
        remote.reconcile()
        assert len(gateway.requests) == number, "it asked for an hour"
        remote.models.cancel(notes)
        wait_until(lambda: remote.status().folders[0].state is FolderState.READY)


def test_a_key_that_is_set_later_goes_on_by_itself(
    start_remote: StartRemote, notes: Path, gateway: Gateway
) -> None:
    engine = start_remote(key=False)
    fill(notes, VAULT)
    engine.folders.add(notes, SMALL)
    engine.models.agree(notes)
    errors = engine.reconcile().errors
    assert [type(e) for e in errors] == [KeyMissing]
    assert engine.status().state is IndexingState.OFFLINE
    assert engine.status().troubles[0].waits_for_person
    assert gateway.requests == []
    assert engine.models.set_key("aimlapi", f" {KEY}\n") == "session-only"
    wait_until(lambda: folder(engine, notes).state is FolderState.READY)
    assert max(arrived(gateway).values()) == 1
    shown = next(p for p in engine.models.providers() if p.name == "aimlapi")
    assert (shown.key_state, shown.key_source, shown.has_keyring, shown.folders) == (
        "session-only",
        "memory",
        False,
        (notes,),
    )
    assert KEY not in repr(engine.models.providers())
    engine.models.forget_key("aimlapi")
    write(notes, "new.md", "alpha\n")
    assert [type(e) for e in engine.reconcile().errors] == [KeyMissing]


def test_a_key_that_is_mended_while_the_old_one_is_refused_is_used(
    remote: Engine, notes: Path, gateway: Gateway
) -> None:
    """The answer to the old key comes after the user has acted."""
    fill(notes, VAULT)
    reconcile(remote, notes)

    def refuse_late(request: Request) -> Fault:
        gateway.rule = None
        remote.models.set_key("aimlapi", KEY)
        return Fault(401)

    gateway.rule = refuse_late
    remote.models.prepare(notes, SMALL)
    remote.models.agree(notes)
    wait_until(lambda: folder(remote, notes).model == SMALL)
    assert remote.status().troubles == ()


def test_a_budget_stops_embedding_and_never_a_search(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i} of the harbour.\n" for i in range(120)})
    gateway.most_items = 10
    # Slow enough that the budget is met before everything is there.
    gateway.latency = 0.1
    gateway.usd = "0.01"
    remote.settings.update(lambda _: settings_for(gateway).with_provider("aimlapi", budget=0.03))
    remote.folders.add(notes, SMALL)
    remote.models.agree(notes)
    errors = remote.reconcile().errors
    assert [type(e) for e in errors] == [BudgetReached]
    assert str(errors[0]) == "budget-reached.money title=AI/ML API usd=0.03"
    now = folder(remote, notes)
    assert now.state is FolderState.WAITING
    assert 0 < now.complete < 120
    stored = sum(arrived(gateway).values())
    # What is in flight when the budget ends is given up; all that had come is kept.
    assert now.complete >= stored - 8 * 10
    assert remote.status().troubles[0].waits_for_person is False
    # The server is still at what was given up.
    wait_until(lambda: not gateway.in_flight)
    number = len(gateway.embedded)
    remote.reconcile()
    assert len(gateway.embedded) == number
    assert found(remote, "word3 harbour", "meaning")
    assert queries(gateway)
    assert remote.search.fused(Query(text="word5")).notices == ()
    remote.settings.update(lambda _: settings_for(gateway).with_provider("aimlapi", budget=100.0))
    wait_until(lambda: folder(remote, notes).state is FolderState.READY)
    assert folder(remote, notes).complete == 120


def test_a_budget_in_tokens(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    remote.settings.update(lambda _: settings_for(gateway).with_provider("aimlapi", token_budget=10))
    remote.folders.add(notes, SMALL)
    remote.models.agree(notes)
    remote.reconcile()
    write(notes, "new.md", "alpha\n")
    number = len(gateway.requests)
    errors = remote.reconcile().errors
    assert [type(e) for e in errors] == [BudgetReached]
    assert str(errors[0]) == "budget-reached.tokens title=AI/ML API tokens=10"
    assert len(gateway.requests) == number


def test_pause_stops_the_requests(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {f"{i}.md": f"note {i}\n" for i in range(200)})
    gateway.most_items = 4
    gateway.latency = 0.05
    remote.folders.add(notes, SMALL)
    remote.models.agree(notes)
    wait_until(lambda: len(gateway.embedded) > 4)
    remote.indexing.pause()
    before = len(gateway.requests)
    wait_until(lambda: not gateway.in_flight)
    assert remote.status().state is IndexingState.PAUSED
    assert found(remote, "note 7")
    # Those that were on their way, at most. How soon the last byte is sent is measured by
    # tests/bench/remote.py.
    assert len(gateway.requests) - len(queries(gateway)) <= before + 10 < 50
    remote.indexing.resume()
    gateway.latency = 0.0
    reconcile(remote)
    assert folder(remote, notes).complete == 200


def test_a_provider_that_hangs_holds_up_nobody_else(remote: Engine, notes: Path, gateway: Gateway) -> None:
    other = fill(notes.parent / "Other", {"o.md": "The harbour lamp is green.\n"})
    fill(notes, VAULT)
    gateway.rule = lambda request: Fault("hang")
    remote.folders.add(notes, SMALL)
    remote.models.agree(notes)
    wait_until(lambda: gateway.in_flight)
    reconcile(remote, other)
    assert folder(remote, other).state is FolderState.READY
    write(other, "new.md", "A lamp at the quay.\n")
    assert reconcile(remote, other).embedded == 1
    assert folder(remote, notes).waiting == len(VAULT)
    remote.close()
    assert gateway.in_flight, "it waited for the answer"
    gateway.closing.set()


def test_a_provider_that_is_back_is_used_by_itself(
    start_remote: StartRemote, notes: Path, gateway: Gateway
) -> None:
    engine = start_remote(clock=FastClock(1000), patience=Patience(attempts=1, first_delay=0.001))
    fill(notes, VAULT)
    gateway.script(Fault(500), Fault(500))
    engine.folders.add(notes, SMALL)
    engine.models.agree(notes)
    wait_until(lambda: folder(engine, notes).complete == len(VAULT))
    assert max(arrived(gateway).values()) == 1
    wait_until(lambda: engine.status().troubles == ())


def test_a_provider_that_stays_away_is_not_waited_for_forever(
    start_remote: StartRemote, notes: Path, gateway: Gateway
) -> None:
    engine = start_remote(clock=FastClock(5000), patience=Patience(attempts=1, first_delay=0.001))
    fill(notes, VAULT)
    gateway.rule = lambda request: Fault(500)
    engine.folders.add(notes, SMALL)
    engine.models.agree(notes)
    errors = engine.reconcile().errors
    assert len(errors) == 1
    assert str(errors[0]).startswith("provider-failed.status status=500")
    assert folder(engine, notes).state is FolderState.WAITING


def test_a_wrong_address_in_the_settings_stops_one_provider(
    start_remote: StartRemote, notes: Path, gateway: Gateway, tmp_path: Path
) -> None:
    engine = start_remote()
    other = fill(tmp_path / "Other", {"o.md": "The harbour lamp is green.\n"})
    fill(notes, VAULT)
    engine.folders.add(notes, SMALL)
    engine.models.agree(notes)
    reconcile(engine)
    engine.close()
    number = len(gateway.requests)
    for address in ("http://example.org/v1", "not an address"):
        # As a person may write it into the file.
        save_settings(engine.data_dir, settings_for(gateway))
        written = (engine.data_dir / "settings.toml").read_text().replace(gateway.url, address)
        (engine.data_dir / "settings.toml").write_text(written)
        again = start_remote(engine.data_dir)
        write(other, f"{len(address)}.md", "A lamp at the quay.\n")
        summary = again.reconcile([other]).summary
        assert summary.added
        assert folder(again, other).state is FolderState.READY
        assert found(again, "castle", "keyword") == ["lisbon.md"]
        assert again.status().error is None
        again.close()
    assert len(gateway.requests) == number


# The ledger


def test_the_ledger_has_a_line_for_each_request(
    remote: Engine, three: dict[str, Path], gateway: Gateway
) -> None:
    search(remote, "harbour lamp")
    gateway.script(Fault(401))
    search(remote, "rainy hills")
    lines = remote.models.ledger()
    assert len(lines) == len(gateway.requests)
    assert sorted(e.purpose for e in lines) == ["documents"] * 2 + ["query"] * 4
    assert sorted(e.status for e in lines) == [200] * 5 + [401]
    good = [r for r in gateway.requests if r.status == 200]
    assert sum(e.texts for e in lines if e.status == 200) == sum(len(r.inputs) for r in good)
    assert sum(e.characters for e in lines if e.status == 200) == sum(len(t) for r in good for t in r.inputs)
    spent = next(p for p in remote.models.providers() if p.name == "aimlapi").spent
    assert (spent.requests, spent.tokens) == (len(lines), sum(sum(map(len, r.inputs)) // 4 for r in good))
    assert spent.usd == pytest.approx(5 * 0.000001)
    assert {e.host for e in lines} == {gateway.url.split("/")[2]}
    written = "".join(path.read_text() for path in remote.models.ledger_folder.iterdir())
    assert written.count("\n") == len(lines) + 1
    assert not any(word in written for word in ("harbour", "lamp", "Rain", KEY))


def test_status_asks_no_keyring(
    remote: Engine, three: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked one waits for the person, and the status is looked at ten times a second."""

    def asked(*_: object) -> None:
        raise AssertionError("the keyring was asked")

    for way in ("read", "write", "delete"):
        monkeypatch.setattr(SystemKeyring, way, asked)
    remote.status()
    remote.models.choices()
    remote.models.estimate(three["Code"])
    remote.models.prepare(three["Diary"], CODE)
    remote.models.outgoing(three["Diary"] / "monday.md")
    remote.models.cancel(three["Diary"])
    assert remote.search.asks_providers
    remote.models.ledger()
    remote.indexing.problems()
    remote.search.words(Query(text="lamp"))
    assert remote.search.session(Query(text="lamp")).local().stage is Stage.LOCAL
    with pytest.raises(AssertionError):
        remote.models.providers()


def test_a_refused_query_is_a_trouble_until_one_is_answered_or_the_person_acts(
    remote: Engine, three: dict[str, Path], gateway: Gateway
) -> None:
    gateway.script(Fault(401), Fault(401))
    search(remote, "harbour lamp")
    troubles = remote.status().troubles
    assert {(t.provider, t.remedy, t.waits_for_person) for t in troubles} == {("aimlapi", "key", True)}
    assert all(f.state is FolderState.READY for f in remote.status().folders), "what is embedded stays so"
    search(remote, "rainy hills")
    assert remote.status().troubles == ()
    gateway.script(Fault(401), Fault(401))
    search(remote, "tall masts")
    assert remote.status().troubles
    # Its answer is kept from before: nobody was asked, and nothing is known of the key.
    search(remote, "rainy hills")
    assert remote.status().troubles
    remote.models.retry_providers()
    assert remote.status().troubles == ()
    gateway.script(Fault(503), Fault(503), Fault(503), Fault(503), Fault(503), Fault(503))
    search(remote, "wet boots")
    assert remote.status().troubles == (), "what passes by itself is told in the list alone"


def test_a_typed_query_overtakes_the_documents(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {f"{i}.md": f"note {i}\n" for i in range(300)})
    gateway.most_items = 2
    gateway.latency = 0.05
    remote.folders.add(notes, SMALL)
    remote.models.agree(notes)
    wait_until(lambda: len(gateway.embedded) > 8)

    def arrived_after(request: Request) -> int:
        return sum(1 for r in gateway.requests if r.number < request.number)

    before = len(gateway.requests)
    results = remote.search.fused(Query(text="a note"))
    query = next(r for r in gateway.requests if isinstance(r.body["input"], str))
    assert arrived_after(query) - before < 30
    assert results.searched < results.of == 300, "what is not embedded yet is said"


def test_a_hanging_keyring_holds_up_neither_index_nor_search(
    start_remote: StartRemote, notes: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a server that needs a key; the folder is embedded when the keyring answers."""
    hung, answers = threading.Event(), threading.Event()

    def asked(keyring: object, account: str) -> str | None:
        hung.set()
        if not answers.is_set():
            raise KeyringSilent
        return KEY

    monkeypatch.delenv("AIMLAPI_API_KEY", raising=False)
    monkeypatch.setattr(SystemKeyring, "read", asked)
    fill(notes, VAULT)
    engine = start_remote(key=False, clock=FastClock(5000))
    engine.folders.add(notes, SMALL)
    engine.models.agree(notes)
    errors = engine.reconcile().errors
    assert [error.code for error in errors if isinstance(error, NotesearchError)] == ["keyring-silent"]
    assert hung.is_set()
    assert engine.search.words(Query(text=next(iter(VAULT.values())).split()[-1])).matches
    assert not gateway.requests
    answers.set()
    wait_until(lambda: engine.status().waiting == 0)


def test_a_server_that_needs_no_key_does_not_touch_the_keyring(
    notes: Path, monkeypatch: pytest.MonkeyPatch, receipts: list[Receipt]
) -> None:
    asked: list[bool] = []

    def key(keyring: bool) -> str | None:
        asked.append(keyring)
        return KEY if keyring else None

    with Gateway(key=None, models={"small": 64}) as server:
        model = catalogue.own_model("own", "small", dimensions=64, request_style=RequestStyle())
        embedder = RemoteEmbedder(model, catalogue.provider("own", server.url), key, receipts.append)
        texts = [f"note {i}" for i in range(100)]
        assert len(vectors_in_order(embedder, texts)) == 100
        embedder.embed_query("night train")
        assert asked == [False, False]
        # It wants one from now on: the keyring is asked once it has said so, and nothing is paid twice.
        server.key = KEY
        embedder.embed_query("night train")
        assert len(vectors_in_order(embedder, [f"more {text}" for text in texts])) == 100
        assert set(server.paid.values()) == {1, 2}
        assert all(count == 1 for text, count in server.paid.items() if text != digest("night train"))
        embedder.close()
        # Without a key anywhere, the server's refusal is told.
        none = RemoteEmbedder(model, catalogue.provider("own", server.url), lambda _: None, receipts.append)
        with pytest.raises(KeyRefused):
            none.embed_query("x")
        with pytest.raises(KeyRefused):
            vectors_in_order(none, ["x"])
        none.close()
