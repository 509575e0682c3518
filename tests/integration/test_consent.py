"""Nothing goes to a remote model before the person has seen what, where and for how much, and has agreed;
then exactly that goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch import catalogue
from notesearch.documents.chunking.splitter import split
from notesearch.documents.formats.registry import extract
from notesearch.domain import FolderState, IndexingState, Mode, Query
from notesearch.embedding.remote.sending import MORE_AT_WORK
from notesearch.engine.engine import Engine
from notesearch.errors import (
    ConsentMissing,
    FolderMissing,
    IndexingPaused,
    NotIndexed,
    UsageError,
)
from tests.conftest import fill, found, reconcile, wait_until, write
from tests.embedders import HashingEmbedder
from tests.gateway import KEY, Gateway
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
    texts_of,
    use,
)

# Requests that may be under way when the user takes a word back. A busy server gets to see them later.
AT_ONCE = catalogue.provider("aimlapi").requests_at_once + MORE_AT_WORK


def is_sending(engine: Engine) -> bool:
    """Whether any model is at work on texts of notes."""
    return engine.indexing.required.sending


def test_what_would_be_sent_is_counted_and_nothing_is_sent(
    remote: Engine, notes: Path, gateway: Gateway
) -> None:
    fill(notes, {**VAULT, "copy.md": VAULT["bread.md"]})
    reconcile(remote, notes)
    estimate = remote.models.prepare(notes, SMALL)
    model = catalogue.model(SMALL)
    texts = texts_of(notes)
    documents = [extract(path, path.read_bytes()) for path in notes.rglob("*.*")]
    # The same text counts, and is sent, once.
    tokens = sum(
        {
            c.prefix + d.text[c.start : c.end]: c.tokens for d in documents for c in split(d, model.recipe)
        }.values()
    )
    assert (estimate.folder, estimate.model, estimate.provider, estimate.host) == (
        notes,
        SMALL,
        "aimlapi",
        gateway.url,
    )
    assert max(texts.values()) == 2
    assert (estimate.chunks, estimate.tokens, estimate.characters) == (
        len(texts),
        tokens,
        sum(map(len, texts)),
    )
    assert estimate.notes == len(documents)
    assert estimate.usd == pytest.approx(tokens * 0.02 / 1e6)
    assert (estimate.remote, estimate.agreed, estimate.complete, estimate.held_back, estimate.reused) == (
        True,
        False,
        False,
        0,
        0,
    )
    assert folder(remote, notes).state is FolderState.CONSENT
    assert remote.status().state is IndexingState.IDLE or remote.status().state is IndexingState.OFFLINE
    assert gateway.requests == []


def test_without_a_word_nothing_is_sent_whatever_is_done(
    remote: Engine, notes: Path, gateway: Gateway
) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    remote.models.prepare(notes, SMALL)
    write(notes, "new.md", "# New\n\nA note of today.\n")
    errors = remote.reconcile().errors
    assert [type(e) for e in errors] == [ConsentMissing]
    assert isinstance(errors[0], ConsentMissing)
    assert errors[0].params == {"folder": str(notes), "model": SMALL}
    remote.models.retry_providers()
    assert found(remote, "castle tram")
    assert remote.models.outgoing(notes / "bread.md")
    remote.reconcile()
    assert gateway.requests == []
    assert folder(remote, notes).state is FolderState.CONSENT
    assert remote.status().documents == remote.status().complete, "the one that answers goes on"


def test_agreed_is_exactly_what_was_counted(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {**VAULT, "copy.md": VAULT["bread.md"]})
    reconcile(remote, notes)
    estimate = use(remote, notes, SMALL)
    assert arrived(gateway) == dict.fromkeys(texts_of(notes), 1)
    assert estimate.chunks == len(arrived(gateway))
    assert {r.status for r in gateway.requests} == {200}
    shown = {passage.text for note in notes.rglob("*.*") for passage in remote.models.outgoing(note)}
    assert shown == set(arrived(gateway)), "the preview is what was sent"
    assert remote.models.estimate(notes).complete
    assert remote.models.estimate(notes).agreed


@pytest.mark.parametrize(("identifier", "price"), [(SMALL, 0.02), (MANY, 0.10), (CODE, None)])
def test_a_price_that_is_not_known_is_none(
    remote: Engine, notes: Path, identifier: str, price: float | None
) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    estimate = remote.models.prepare(notes, identifier)
    assert estimate.usd == (None if price is None else pytest.approx(estimate.tokens * price / 1e6))


def test_a_folder_that_was_never_embedded_waits_for_the_word_too(
    remote: Engine, notes: Path, gateway: Gateway, embedder: HashingEmbedder
) -> None:
    fill(notes, VAULT)
    remote.folders.add(notes, SMALL)
    errors = remote.reconcile().errors
    assert [type(e) for e in errors] == [ConsentMissing]
    assert folder(remote, notes).state is FolderState.CONSENT
    assert found(remote, "castle", "keyword") == ["lisbon.md"]
    assert (gateway.requests, embedder.texts) == ([], [])
    remote.models.agree(notes)
    reconcile(remote)
    assert arrived(gateway) == dict.fromkeys(texts_of(notes), 1)
    assert folder(remote, notes).state is FolderState.READY


def test_another_host_needs_another_word(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    use(remote, notes, SMALL)
    before = len(gateway.requests)
    with Gateway() as other:
        remote.settings.update(lambda _: settings_for(other))
        write(notes, "new.md", "# New\n\nA note of today.\n")
        errors = remote.reconcile().errors
        assert [type(e) for e in errors] == [ConsentMissing]
        results = remote.search.fused(Query(text="castle tram"))
        assert [told.code for told in results.notices] == ["search.without-consent"]
        assert folder(remote, notes).state is FolderState.CONSENT
        assert not folder(remote, notes).agreed
        assert remote.models.estimate(notes).host == other.url
        remote.models.cancel(notes)
        assert folder(remote, notes).model == SMALL, "what answers stays"
        assert other.requests == []
        assert len(gateway.requests) == before
        remote.models.agree(notes)
        reconcile(remote)
        assert list(arrived(other)) == ["New\n# New\n\nA note of today."]
        assert len(gateway.requests) == before
        # And back again: a word is for one address.
        remote.settings.update(lambda _: settings_for(gateway))
        assert not folder(remote, notes).agreed


def test_queries_go_to_nobody_who_was_not_agreed_to(remote: Engine, notes: Path, gateway: Gateway) -> None:
    other = fill(notes.parent / "Other", {"o.md": "The harbour lamp is green.\n"})
    fill(notes, VAULT)
    reconcile(remote, notes, other)
    remote.models.prepare(notes, SMALL)
    assert not remote.search.asks_providers
    remote.search.fused(Query(text="lamp of the harbour"))
    assert queries(gateway) == []
    use(remote, notes, SMALL)
    assert remote.search.asks_providers
    remote.search.fused(Query(text="lamp of the harbour"))
    assert queries(gateway) == ["lamp of the harbour"]
    remote.search.fused(Query(text="lamp of the harbour"))
    assert len(queries(gateway)) == 1, "kept"
    remote.search.fused(Query(text="green lamp", mode=Mode.KEYWORD))
    remote.search.fused(Query(text="tag:none"))
    remote.search.session(Query(text="a lamp")).local()
    assert len(queries(gateway)) == 1
    assert {r.body["model"] for r in gateway.requests} == {"text-embedding-3-small"}


def test_cancelled_leaves_everything_as_it_was(
    remote: Engine, notes: Path, gateway: Gateway, embedder: HashingEmbedder
) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    before, asked = remote.status(), len(embedder.texts)
    remote.models.prepare(notes, SMALL)
    remote.models.cancel(notes)
    summary = reconcile(remote)
    assert (summary.unchanged, summary.changed, summary.embedded) == (len(VAULT), 0, 0)
    after = remote.status()
    assert (after.folders, after.chunks, after.embedded, after.state) == (
        before.folders,
        before.chunks,
        before.embedded,
        before.state,
    )
    assert found(remote, "castle tram")[0] == "lisbon.md"
    assert (gateway.requests, len(embedder.texts)) == ([], asked)


def test_cancelled_before_anything_was_embedded(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    remote.folders.add(notes, CODE)
    remote.models.agree(notes)
    reconcile(remote)
    empty = fill(notes.parent / "Later", {"private.md": "---\nprivate: true\n---\nmine\n"})
    remote.folders.add(empty, CODE)
    remote.models.agree(empty)
    reconcile(remote)
    remote.models.prepare(empty, SMALL)
    remote.models.cancel(empty)
    assert folder(remote, empty).model == CODE
    assert folder(remote, empty).agreed, "the word for it still holds"
    fresh = fill(notes.parent / "Fresh", {"a.md": "alpha\n"})
    remote.indexing.pause()
    remote.folders.add(fresh, SMALL)
    remote.models.cancel(fresh)
    assert folder(remote, fresh).model == LOCAL
    remote.indexing.resume()


def test_the_word_for_a_cancelled_model_is_taken_back(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {**VAULT, **{f"{i}.md": f"note {i}\n" for i in range(60)}})
    reconcile(remote, notes)
    use(remote, notes, SMALL)
    gateway.most_items = 1
    gateway.latency = 0.1
    remote.models.prepare(notes, CODE)
    remote.models.agree(notes)
    wait_until(lambda: arrived(gateway, CODE))
    remote.models.cancel(notes)
    assert folder(remote, notes).agreed, "the word for the one that answers still holds"
    number = len(gateway.requests)
    wait_until(lambda: not is_sending(remote) and not gateway.in_flight)
    assert 0 < len(arrived(gateway, CODE)) < len(texts_of(notes, CODE))
    assert not remote.models.prepare(notes, CODE).agreed
    remote.reconcile()
    assert len(gateway.requests) <= number + AT_ONCE


def test_nothing_more_of_a_removed_folder_is_sent(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, {f"{i}.md": f"note {i}\n" for i in range(120)})
    gateway.most_items = 2
    gateway.latency = 0.05
    remote.folders.add(notes, SMALL)
    remote.models.agree(notes)
    wait_until(lambda: arrived(gateway))
    remote.folders.remove(notes)
    number = len(gateway.requests)
    wait_until(lambda: not is_sending(remote) and not gateway.in_flight)
    remote.reconcile()
    remote.folders.add(notes)
    reconcile(remote)
    assert len(gateway.requests) <= number + AT_ONCE < 60


def test_what_cannot_be_prepared_changes_nothing(remote: Engine, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    reconcile(remote, notes)
    before = folder(remote, notes)
    with pytest.raises(UsageError):
        remote.models.prepare(notes, "aimlapi/nothing")
    with pytest.raises(NotIndexed):
        remote.models.prepare(notes / "Travel", SMALL)
    away = notes.rename(notes.with_name("Away"))
    with pytest.raises(FolderMissing):
        remote.models.prepare(notes, SMALL)
    away.rename(notes)
    remote.indexing.pause()
    with pytest.raises(IndexingPaused):
        remote.models.prepare(notes, SMALL)
    remote.indexing.resume()
    reconcile(remote)
    assert folder(remote, notes) == before
    assert gateway.requests == []


def test_a_process_that_only_reads_keeps_to_the_same_word(
    start_remote: StartRemote, notes: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = start_remote()
    fill(notes, VAULT)
    reconcile(owner, notes)
    use(owner, notes, SMALL)
    monkeypatch.setenv("AIMLAPI_API_KEY", KEY)
    reader = start_remote(read_only=True)
    assert found(reader, "castle tram", "meaning")[0] == "lisbon.md"
    assert queries(gateway) == ["castle tram"]
    with Gateway() as other:
        owner.settings.update(lambda _: settings_for(other))
        second = start_remote(read_only=True)
        results = second.search.fused(Query(text="tram to the castle"))
        assert [told.code for told in results.notices] == ["search.without-consent"]
        assert other.requests == []
