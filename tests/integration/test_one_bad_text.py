"""One text that a server cannot take costs that text, and neither its batch nor the queue; a limit that a
server shows is obeyed, told apart from one long text, and tried again later."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from notesearch.embedding.embedder import Vectors, vectors_in_order
from notesearch.embedding.remote.long_texts import halves
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.embedding.remote.request_limits import FIRST_WAIT, TRIED_AGAIN
from notesearch.embedding.remote.sending import HARMLESS
from notesearch.errors import EmbeddingError, ProviderFailed, ReplyWrong, RequestRefused
from tests.gateway import BAD_VECTORS, Fault, Gateway, Request, digest, vector_of
from tests.integration.conftest import Make

MODEL = "text-embedding-3-small"
DIMENSIONS = 1536
TEXTS = [f"the note number {i}" for i in range(128)]
LONG = "The night train to Lisbon leaves at ten. " * 40
Rule = Callable[[Request], Fault | None]


def holding(word: str, fault: Fault) -> Rule:
    """A server that meets `fault` where a text of the request holds `word`."""
    return lambda request: fault if any(word in text for text in request.inputs) else None


def too_long(characters: int, fault: Fault) -> Rule:
    """A server that takes no text of more characters."""
    return lambda request: fault if any(len(text) > characters for text in request.inputs) else None


def embedded(embedder: RemoteEmbedder, texts: list[str]) -> tuple[dict[int, Vectors], dict[int, str]]:
    """The vectors by position, and the codes of what was refused. Every position once."""
    vectors: dict[int, Vectors] = {}
    refused: dict[int, str] = {}
    for positions, delivered in embedder.embed_documents(texts):
        for row, position in enumerate(positions):
            assert position not in vectors
            assert position not in refused
            if isinstance(delivered, EmbeddingError):
                refused[position] = delivered.code
            else:
                vectors[position] = delivered[row]
    return vectors, refused


def paid_once(gateway: Gateway) -> bool:
    return {count for text, count in gateway.paid.items() if text != digest(HARMLESS)} == {1}


NAN = (
    b'{"error": {"message": "failed to encode response: json: unsupported value: NaN", "type": "api_error"}}'
)


@pytest.mark.parametrize("at", [(0,), (57,), (3, 90), (127,)])
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_fails_over_one_text(
    status: int, at: tuple[int, ...], gateway: Gateway, make: Make
) -> None:
    texts = [f"poison {i}" if i in at else text for i, text in enumerate(TEXTS)]
    gateway.rule = holding("poison", Fault(status, body=NAN))
    vectors, refused = embedded(make(MODEL), texts)
    assert refused == dict.fromkeys(at, "request-refused.server-failed")
    assert len(vectors) == len(texts) - len(at)
    assert paid_once(gateway)
    assert len(gateway.requests) <= 10 + 24 * len(at)


def test_a_server_that_fails_over_every_text_is_the_servers_trouble(gateway: Gateway, make: Make) -> None:
    gateway.rule = lambda request: Fault(500, body=NAN)
    with pytest.raises(ProviderFailed):
        list(make(MODEL).embed_documents(TEXTS))
    assert len(gateway.requests) < 20


def test_a_server_that_is_down_for_a_while_refuses_nothing(gateway: Gateway, make: Make) -> None:
    gateway.rule = lambda request: Fault(500) if 1 <= request.number <= 4 else None
    vectors, refused = embedded(make(MODEL), TEXTS)
    assert (len(vectors), refused) == (128, {})


@pytest.mark.parametrize("kind", BAD_VECTORS)
def test_a_vector_that_is_none_costs_its_text(kind: str, gateway: Gateway, make: Make) -> None:
    texts = [f"poison {i}" if i in (3, 90) else text for i, text in enumerate(TEXTS)]
    gateway.spoils = lambda text: kind if "poison" in text else ""
    vectors, refused = embedded(make(MODEL), texts)
    assert refused == dict.fromkeys((3, 90), "request-refused.no-vector")
    assert len(vectors) == 126
    assert paid_once(gateway)
    sent = [text for request in gateway.requests for text in request.inputs]
    assert sent.count("poison 3") == 2  # once more by itself, and no more
    # A single text, as when a note is edited.
    gateway.requests.clear()
    assert embedded(make(MODEL), ["poison", "a good one"])[1] == {0: "request-refused.no-vector"}
    assert embedded(make(MODEL), ["poison"])[1] == {0: "request-refused.no-vector"}


def test_a_server_that_numbers_nothing(gateway: Gateway, make: Make) -> None:
    gateway.rule = lambda request: Fault("unnumbered")
    vectors, refused = embedded(make(MODEL), TEXTS)
    assert not refused
    for position, vector in vectors.items():
        assert np.array_equal(vector, vector_of(MODEL, TEXTS[position], DIMENSIONS))


TOO_LONG = [
    Fault(500, body=b'{"error": {"message": "input (612 tokens) is too large to process. increase the '
          b'physical batch size (current batch size: 512)", "type": "server_error", "code": 500}}'),
    Fault(400, message="This model's maximum context length is 512 tokens, however you requested 612"),
    Fault(413, message="Input validation error: `inputs` must have less than 512 tokens. Given: 612"),
    Fault(422, message="Input is too long: at most 512 tokens"),
    Fault(501, message="the input length exceeds the context length"),
]  # fmt: skip


@pytest.mark.parametrize("fault", TOO_LONG, ids=lambda fault: str(fault.kind))
def test_a_text_that_is_too_long_is_cut_in_two(fault: Fault, gateway: Gateway, make: Make) -> None:
    assert len(LONG) > 1200
    texts = [LONG if i == 40 else text for i, text in enumerate(TEXTS)]
    gateway.rule = too_long(1000, fault)
    embedder = make(MODEL)
    vectors, refused = embedded(embedder, texts)
    assert not refused
    assert len(vectors) == 128
    parts = halves(LONG)
    assert parts is not None
    assert "".join(parts) == LONG
    mean = sum(len(part) * vector_of(MODEL, part, DIMENSIONS) for part in parts)
    assert np.allclose(vectors[40], mean / np.linalg.norm(mean), atol=1e-5)
    # One text was too long: that says nothing of how many a request may hold.
    gateway.requests.clear()
    embedded(embedder, [f"another note {i}" for i in range(256)])
    assert max(len(request.inputs) for request in gateway.requests) >= 32


def test_a_text_is_cut_as_often_as_it_needs_to_be(gateway: Gateway, make: Make) -> None:
    gateway.rule = too_long(450, TOO_LONG[0])
    vectors, refused = embedded(make(MODEL), [LONG, "short", LONG + "and back"])
    assert not refused
    assert all(abs(np.linalg.norm(vector) - 1) < 1e-5 for vector in vectors.values())
    assert len(vectors) == 3
    assert all(len(text) <= 450 for request in gateway.embedded for text in request.inputs)


def test_halves_share_requests_and_a_named_limit_is_used_at_once(gateway: Gateway, make: Make) -> None:
    """Of 64 texts every eighth is too long: no request for each of them, nor for each half."""
    gateway.rule = too_long(1000, TOO_LONG[0])
    texts = [f"{i} {LONG}" if i % 8 == 0 else f"short {i}" for i in range(64)]
    embedder = make(MODEL)
    vectors, refused = embedded(embedder, texts)
    assert (len(vectors), refused) == (64, {})
    assert len(gateway.requests) <= 8
    gateway.requests.clear()
    embedded(embedder, [f"again {text}" for text in texts])
    assert len(gateway.requests) <= 3
    assert {request.status for request in gateway.requests} == {200}


def test_a_limit_that_is_gone_is_noticed(gateway: Gateway, make: Make) -> None:
    gateway.rule = too_long(1000, TOO_LONG[0])
    embedder = make(MODEL)
    embedded(embedder, [LONG])
    gateway.rule = None
    for texts, whole in ((TRIED_AGAIN, 1), (8, 8)):
        gateway.requests.clear()
        embedded(embedder, [f"{texts} {i} {LONG}" for i in range(texts)])
        assert sum(len(text) > 1000 for request in gateway.requests for text in request.inputs) == whole


def test_a_passage_that_cannot_be_cut_further_is_told_as_too_long(gateway: Gateway, make: Make) -> None:
    gateway.rule = too_long(25, TOO_LONG[0])
    vectors, refused = embedded(make(MODEL), ["short", "x" * 60, "one more"])
    assert sorted(vectors) == [0, 2]
    assert refused == {1: "request-refused.too-long"}


def test_a_text_is_refused_as_a_whole_where_a_half_of_it_is(gateway: Gateway, make: Make) -> None:
    long = too_long(1000, TOO_LONG[1])
    poison = holding("poison", Fault(400, message="unsupported value"))
    gateway.rule = lambda request: long(request) or poison(request)
    vectors, refused = embedded(make(MODEL), ["short", LONG + "poison", "one more"])
    assert sorted(vectors) == [0, 2]
    assert refused == {1: "request-refused.status"}


def test_where_many_are_too_long_the_others_are_cut_beforehand(gateway: Gateway, make: Make) -> None:
    gateway.rule = too_long(1000, TOO_LONG[0])
    embedder = make(MODEL)
    embedded(embedder, [f"{i} {LONG}" for i in range(6)])
    gateway.requests.clear()
    vectors, refused = embedded(embedder, [f"{i} {LONG}" for i in range(6, 40)])
    assert (len(vectors), refused) == (34, {})
    assert {request.status for request in gateway.requests} == {200}


@pytest.mark.parametrize("status", [400, 500])
def test_how_many_a_request_may_hold_is_learned_and_tried_again(
    status: int, gateway: Gateway, make: Make
) -> None:
    """Also where the server tells it as an error of its own, without a word."""
    most = 8
    gateway.rule = lambda request: Fault(status, message="no") if len(request.inputs) > most else None
    embedder = make(MODEL)
    vectors_in_order(embedder, TEXTS)
    assert paid_once(gateway)
    refused = sum(request.status == status for request in gateway.requests)
    vectors_in_order(embedder, [f"again {i}" for i in range(8 * (FIRST_WAIT // 2))])
    assert sum(request.status == status for request in gateway.requests) == refused
    most = 1000
    texts = [f"larger {i}" for i in range(8 * FIRST_WAIT * 12)]
    gateway.requests.clear()
    vectors_in_order(embedder, texts)
    assert max(len(request.inputs) for request in gateway.requests) >= 32


def test_an_error_in_a_good_reply_is_read(gateway: Gateway, make: Make) -> None:
    body = b'{"error": {"message": "No endpoints found for this model", "code": 404}}'
    gateway.rule = lambda request: Fault("told", body=body)
    with pytest.raises(EmbeddingError) as gone:
        list(make(MODEL).embed_documents(TEXTS))
    assert gone.value.code == "model-gone.named"
    gateway.rule = holding("number 9", Fault("told", body=b'{"error": "input is too long: batch size"}'))
    vectors, refused = embedded(make(MODEL), TEXTS[:20])
    assert len(vectors) == 19
    assert list(refused) == [9]


def test_a_query_says_what_is_wrong(gateway: Gateway, make: Make) -> None:
    gateway.spoils = lambda text: "nan"
    with pytest.raises(ReplyWrong):
        make(MODEL).embed_query("night train")
    gateway.spoils = None
    gateway.rule = lambda request: TOO_LONG[0]
    with pytest.raises(RequestRefused):
        make(MODEL).embed_query("night train")
