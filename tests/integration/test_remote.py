"""Remote models with the real client against a server that enforces the published schemas: bodies, replies,
batches, queries, receipts."""

from __future__ import annotations

import itertools
import json
import threading
from pathlib import Path

import numpy as np
import pytest

from notesearch import catalogue
from notesearch.catalogue import EmbeddingModel, RequestStyle
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.formats.registry import extract
from notesearch.embedding.embedder import vectors_in_order
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote import payloads
from notesearch.embedding.remote.connection import connected
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.embedding.remote.request_limits import TIMED
from notesearch.embedding.remote.sending import MORE_AT_WORK
from notesearch.errors import EmbeddingError, KeyMissing, QueryCancelled
from tests.conftest import PATIENCE, shared, wait_until
from tests.gateway import KEY, SCHEMAS, Fault, Gateway, digest, vector_of
from tests.integration.conftest import ENDLESS, Make

DOCUMENTED = (
    "text-embedding-3-small",
    "voyage-2",
    "voyage-code-2",
    "BAAI/bge-large-en-v1.5",
    "text-multilingual-embedding-002",
)
WORDS = "The sour dough rests overnight in the cold, and the night train to Lisbon leaves at ten. "
NOTE = "# Bread and trains\n\n" + "\n\n".join(
    f"## Part {part}\n\n" + WORDS * (part % 9) + f"Words of part {part}. " * 12 for part in range(60)
)


def chunks_of(model: EmbeddingModel, text: str = NOTE) -> tuple[list[str], list[int]]:
    """What the engine hands over for a note: embedded texts and their tokens."""
    document = extract(Path("note.md"), text.encode())
    chunks = split(document, model.recipe)
    return [embedded_text(document.text, chunk) for chunk in chunks], [chunk.tokens for chunk in chunks]


@pytest.mark.parametrize("name", [*DOCUMENTED, *sorted(set(SCHEMAS) - set(DOCUMENTED))])
def test_every_model_keeps_to_its_published_schema(
    name: str, gateway: Gateway, make: Make, receipts: list[Receipt]
) -> None:
    embedder = make(name)
    texts, tokens = chunks_of(embedder.model)
    vectors = vectors_in_order(embedder, texts, tokens)
    query = embedder.embed_query("when does the night train leave")
    assert not [r.violations for r in gateway.requests if r.violations]
    assert {r.status for r in gateway.requests} == {200}
    assert vectors.shape == (len(texts), embedder.model.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert query.shape == (embedder.model.dimensions,)
    for row in (0, len(texts) - 1):
        sent = payloads.document_input(embedder.model, texts[row])
        assert np.array_equal(vectors[row], vector_of(name, sent, embedder.model.dimensions))
    # Each text once, and no more requests than needed.
    assert gateway.paid[digest(texts[0])] == 1
    assert sum(gateway.paid.values()) == len(texts) + 1
    request_style = embedder.model.request_style
    assert request_style is not None
    fewest = max(
        -(-len(texts) // request_style.items_per_request),
        -(-sum(tokens) // (request_style.tokens_per_request or 1 << 40)),
    )
    # The first ones are small: whether larger ones are worth while is seen by them.
    assert len(gateway.requests) - 1 <= fewest * 1.05 + 1 + 4 * TIMED
    assert len(receipts) == len(gateway.requests)


def test_what_each_documented_model_is_sent(gateway: Gateway, make: Make) -> None:
    sent = {}
    for name in DOCUMENTED:
        embedder = make(name)
        list(embedder.embed_documents(["a note"]))
        embedder.embed_query("a  question\n")
        documents, query = (r.body for r in gateway.requests[-2:])
        assert documents.pop("model") == query.pop("model") == name
        sent[name] = (documents, query)
    assert sent["text-embedding-3-small"] == (
        {"input": ["a note"], "encoding_format": "base64", "dimensions": 1536},
        {"input": "a question", "encoding_format": "base64", "dimensions": 1536},
    )
    for name in ("voyage-2", "voyage-code-2"):
        assert sent[name] == ({"input": ["a note"], "input_type": "document"}, {"input": "a question"})
    prefix = "Represent this sentence for searching relevant passages: "
    assert sent["BAAI/bge-large-en-v1.5"] == ({"input": ["a note"]}, {"input": f"{prefix}a question"})
    assert sent["text-multilingual-embedding-002"] == (
        {"input": ["a note"], "task_type": "RETRIEVAL_DOCUMENT", "auto_truncate": False},
        {"input": "a question", "task_type": "RETRIEVAL_QUERY", "auto_truncate": False},
    )


def test_only_headers_of_ours_are_sent(gateway: Gateway, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "OPENAI_API_KEY": "sk-leaked",
        "OPENAI_ORG_ID": "org-leaked",
        "OPENAI_PROJECT_ID": "proj-leaked",
        "OPENAI_ADMIN_KEY": "sk-leaked",
        "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer sk-leaked\nX-Leaked: schlüssel-leaked",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/leaked",
        "OPENAI_WEBHOOK_SECRET": "leaked",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    make().embed_query("x")
    (request,) = gateway.requests
    assert set(request.headers) == {
        "host",
        "connection",
        "content-type",
        "content-length",
        "accept",
        "accept-encoding",
        "user-agent",
        "authorization",
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"] == "Notesearch"
    assert request.path == "/v1/embeddings"
    assert "leaked" not in str(request)


def test_a_server_of_ones_own_without_a_key(receipts: list[Receipt], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-leaked")
    model = catalogue.own_model(
        "ollama",
        "nomic-embed-text",
        dimensions=96,
        request_style=RequestStyle(encoding="float"),
        document_instruction="passage: ",
    )
    with Gateway(key=None, models={"nomic-embed-text": 96}) as server:
        embedder = RemoteEmbedder(
            model, catalogue.provider("ollama", f"{server.url}/"), lambda _: None, receipts.append
        )
        assert vectors_in_order(embedder, ["one", "two"]).shape == (2, 96)
        embedder.close()
    (request,) = server.requests
    assert "authorization" not in request.headers
    assert request.body == {
        "model": "nomic-embed-text",
        "input": ["passage: one", "passage: two"],
        "encoding_format": "float",
    }


def test_no_key_no_request(gateway: Gateway, make: Make) -> None:
    for call in (lambda e: list(e.embed_documents(["x"])), lambda e: e.embed_query("x")):
        with pytest.raises(KeyMissing) as missing:
            call(make(key=None))
        assert missing.value.params["variable"] == "AIMLAPI_API_KEY"
        assert missing.value.pauses
    assert not gateway.requests


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_real_replies_are_read_to_the_bit(name: str) -> None:
    body = (shared("providers") / "replies" / f"{name.replace('/', '__')}.json").read_bytes()
    model = catalogue.model(f"aimlapi/{name}")
    reply = payloads.read_reply(body, 1, model.dimensions)
    parsed = json.loads(body)
    assert reply.vectors[0].tobytes() == np.array(parsed["data"][0]["embedding"], np.float32).tobytes()
    assert reply.normalised
    assert abs(float(np.linalg.norm(reply.vectors[0])) - 1) < 1e-5
    assert reply.tokens == parsed["usage"]["total_tokens"]


def test_shorter_vectors(gateway: Gateway, make: Make) -> None:
    embedder = make("text-embedding-3-small#256")
    assert vectors_in_order(embedder, ["x"]).shape == (1, 256)
    assert gateway.requests[0].body["dimensions"] == 256


def test_vectors_come_back_of_unit_length(gateway: Gateway, make: Make) -> None:
    gateway.length = 7.5
    assert np.allclose(
        np.linalg.norm(vectors_in_order(make("voyage-2"), ["one", "two"]), axis=1), 1, atol=1e-6
    )


def test_receipts_say_what_was_paid_and_never_a_text(
    gateway: Gateway, make: Make, receipts: list[Receipt]
) -> None:
    gateway.usd = ""
    list(make().embed_documents(["secret words" * 10, "more"]))
    gateway.usd = "0.25"
    make("voyage-2").embed_query("secret question")
    gateway.usd = ""
    gateway.script(Fault(500))
    make("voyage-2").embed_query("x")
    documents, query, failed, last = receipts
    assert (documents.purpose, documents.texts, documents.characters, documents.tokens) == (
        "documents",
        2,
        124,
        31,
    )
    assert documents.usd == pytest.approx(31 * 0.02 / 1e6)
    assert documents.host == gateway.url.split("/")[2]
    assert (query.purpose, query.model, query.usd, query.status) == ("query", "aimlapi/voyage-2", 0.25, 200)
    assert (failed.status, failed.usd, failed.tokens) == (500, None, None)
    assert last.usd is None
    assert "secret" not in repr(receipts)


def test_an_empty_text_is_not_sent(gateway: Gateway, make: Make) -> None:
    delivered = list(make().embed_documents(["one", " \n", "three"]))
    assert [list(positions) for positions, _ in delivered] == [[1], [0, 2]]
    assert isinstance(delivered[0][1], EmbeddingError)
    assert gateway.requests[0].inputs == ["one", "three"]
    assert not list(make().embed_documents([]))
    with pytest.raises(EmbeddingError):
        make().embed_query("  ")


def test_a_query_goes_ahead_of_all_documents(gateway: Gateway, make: Make) -> None:
    gateway.latency = 0.05
    embedder = make("alibaba/qwen-text-embedding-v3")
    run = embedder.embed_documents([f"note {i}" for i in range(2000)])
    next(run)
    embedder.embed_query("now")
    assert len(gateway.requests) < 150
    run.close()  # type: ignore[attr-defined]
    wait_until(lambda: gateway.in_flight == 0)
    assert len(gateway.requests) < 200


@pytest.mark.parametrize("how", ["cancelled", "closed"])
def test_documents_stop_at_once_and_keep_what_came(how: str, gateway: Gateway, make: Make) -> None:
    stop = threading.Event()
    gateway.rule = lambda request: Fault("hang") if request.number >= 3 else None
    embedder = make("alibaba/qwen-text-embedding-v3", patience=ENDLESS)
    got: list[int] = []

    def run() -> None:
        for positions, _ in embedder.embed_documents([f"note {i}" for i in range(200)], (), stop.is_set):
            got.extend(positions)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: len(got) == 30 and len(gateway.requests) >= 11)
    stop.set() if how == "cancelled" else embedder.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(got) == 30


def test_a_query_is_given_up_at_once(gateway: Gateway, make: Make) -> None:
    gateway.script(Fault("hang"))
    with pytest.raises(QueryCancelled):
        make(patience=ENDLESS).embed_query("half a wo", lambda: bool(gateway.requests))


def test_nothing_more_is_sent_while_the_caller_is_busy(gateway: Gateway, make: Make) -> None:
    """Vectors that came are being written and indexed, say, when the person pauses. What is not taken holds
    the place of a request."""
    gateway.rule = lambda request: Fault("hang") if request.number >= 2 else None
    stop = threading.Event()
    embedder = make("alibaba/qwen-text-embedding-v3")
    run = embedder.embed_documents([f"note {i}" for i in range(400)], (), stop.is_set)
    next(run)
    assert len(gateway.requests) == 1
    next(run)
    wait_until(lambda: gateway.in_flight == embedder.provider.requests_at_once)
    stop.set()
    # Not iterated any more.
    with connected(embedder.provider) as connection:
        wait_until(lambda: connection.pace.in_flight == 0)
    sent = len(gateway.requests)
    assert list(run) == []
    assert len(gateway.requests) == sent


def test_at_most_so_many_requests_at_once_and_one_until_the_first_answer(
    gateway: Gateway, make: Make
) -> None:
    gateway.latency = 0.02
    peaks: list[int] = []
    gateway.rule = lambda request: peaks.append(gateway.in_flight)
    embedder = make("alibaba/qwen-text-embedding-v3")
    list(embedder.embed_documents([f"note {i}" for i in range(400)]))
    assert peaks[0] == 1
    assert 4 < gateway.peak <= embedder.provider.requests_at_once


def test_fewer_at_once_where_a_server_takes_no_more(gateway: Gateway, make: Make) -> None:
    gateway.latency = 0.01
    gateway.at_once = 2
    texts = [f"note {i}" for i in range(600)]
    vectors = vectors_in_order(make("alibaba/qwen-text-embedding-v3"), texts)
    assert len(vectors) == len(texts)
    assert set(gateway.paid.values()) == {1}
    assert sum(r.status == 429 for r in gateway.requests) < 30


def test_models_of_one_provider_share_its_limits_and_threads_end(gateway: Gateway, make: Make) -> None:
    gateway.latency = 0.02
    names = ("alibaba/qwen-text-embedding-v3", "alibaba/qwen-text-embedding-v4")
    embedders = [make(name) for name in names]
    threads = [
        threading.Thread(target=lambda e=e: list(e.embed_documents([f"{i}" for i in range(300)])))
        for e in embedders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gateway.peak <= embedders[0].provider.requests_at_once
    for embedder in embedders:
        embedder.unload()
    wait_until(lambda: not [t for t in threading.enumerate() if t.name == "providers"])
    # And begun again.
    assert embedders[0].embed_query("x").shape == (1024,)


def test_a_request_waits_until_what_the_last_one_brought_is_stored(gateway: Gateway, make: Make) -> None:
    """A program that is killed loses what is in flight, and no answer beyond. So a slow taker holds the
    sending up, and memory is bounded."""
    embedder = make("alibaba/qwen-text-embedding-v3")
    at_once = embedder.provider.requests_at_once + MORE_AT_WORK
    run = enumerate(embedder.embed_documents([f"note {i}" for i in range(1000)]))
    for taken, _ in run:
        assert len(gateway.requests) <= taken + at_once
        if taken == 20:
            break
    wait_until(lambda: len(gateway.requests) == 20 + at_once and gateway.in_flight == 0)
    rest = [len(positions) for _, (positions, _) in run]
    assert rest == [10] * 79


def test_a_batch_too_large_is_halved_and_the_limit_remembered(gateway: Gateway, make: Make) -> None:
    gateway.most_items = 20
    embedder = make("voyage-2")
    texts = [f"note {i}" for i in range(128)]
    vectors_in_order(embedder, texts)
    refused = sum(r.status == 400 for r in gateway.requests)
    assert 0 < refused <= 8
    assert set(gateway.paid.values()) == {1}
    vectors_in_order(embedder, [f"more {i}" for i in range(128)])
    assert sum(r.status == 400 for r in gateway.requests) == refused
    gateway.most_bytes, gateway.most_items = 2000, 0
    vectors_in_order(make("voyage-2"), [f"{WORDS} {i}" for i in range(128)])
    assert 0 < sum(r.status == 413 for r in gateway.requests) <= 12
    assert set(gateway.paid.values()) == {1}


@pytest.mark.parametrize("bad", [(0,), (57,), (3, 90), (127,)])
def test_one_refused_text_stops_one_text(bad: tuple[int, ...], gateway: Gateway, make: Make) -> None:
    texts = [f"the note number {i}" for i in range(128)]
    for position in bad:
        texts[position] = f"poison {position}"
    message = "Body validation error: Expected shorter string, Received 'poison kept private'"
    gateway.rule = lambda request: (
        Fault(400, message=message) if any("poison" in text for text in request.inputs) else None
    )
    got: dict[int, object] = {}
    for positions, delivered in make("voyage-2").embed_documents(texts):
        for position in positions:
            assert position not in got
            got[position] = delivered
    assert sorted(got) == list(range(128))
    refused = {position for position, delivered in got.items() if isinstance(delivered, EmbeddingError)}
    assert refused == set(bad)
    error = got[bad[0]]
    assert "Expected shorter string Received" in str(error)
    assert "poison" not in str(error)
    assert len(gateway.requests) <= 2 + 16 * len(bad)
    assert set(count for text, count in gateway.paid.items()) == {1}


def test_a_body_that_is_refused_as_such_is_found_out_soon(gateway: Gateway, make: Make) -> None:
    gateway.rule = lambda request: Fault(400, message="Body validation error: unexpected field input_type")
    with pytest.raises(EmbeddingError) as refused:
        list(make("voyage-2").embed_documents([f"note {i}" for i in range(1000)]))
    assert "unexpected field input_type" in str(refused.value)
    assert len(gateway.requests) == 2


def test_when_every_text_is_refused_it_ends(gateway: Gateway, make: Make) -> None:
    gateway.rule = lambda request: (
        Fault(400) if any(text.startswith("note") for text in request.inputs) else None
    )
    with pytest.raises(EmbeddingError):
        list(make("voyage-2").embed_documents([f"note {i}" for i in range(1000)]))
    assert len(gateway.requests) < 30


def test_runs_side_by_side_from_many_threads(gateway: Gateway, make: Make) -> None:
    gateway.latency = 0.002
    embedder = make()
    wrong: list[object] = []

    def run(number: int) -> None:
        for part in range(6):
            text = f"thread {number} part {part}"
            expected = vector_of("text-embedding-3-small", text, 1536)
            if not np.array_equal(embedder.embed_query(text), expected) or not np.array_equal(
                vectors_in_order(embedder, [text])[0], expected
            ):
                wrong.append(text)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(gateway.requests) == 12 * 6 * 2


def test_the_window_is_some_rounds_of_full_requests() -> None:
    for name in DOCUMENTED:
        model = catalogue.model(f"aimlapi/{name}")
        window = RemoteEmbedder(model, catalogue.provider("aimlapi"), lambda _: None, lambda _: None).window
        assert 1000 < window < 20_000


def test_batches_are_consecutive_enough_for_notes_to_be_done_one_by_one(gateway: Gateway, make: Make) -> None:
    list(make("voyage-2").embed_documents([f"{i}" for i in range(128 * 4)]))
    for request in gateway.requests:
        assert all(b - a == 1 for a, b in itertools.pairwise(map(int, request.inputs)))
