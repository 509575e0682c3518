"""A server of the user's own that wants a key, and says so with another status than the one for that, as
LiteLLM without a database does. A key of the keyring is tried, once and at once; without one it is told what
may help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from notesearch import catalogue
from notesearch.catalogue import RequestStyle
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.errors import ProviderError
from tests.gateway import KEY, Fault, Gateway
from tests.integration.conftest import QUICK

SAID = [
    (Fault(500, body=b"Internal Server Error"), "provider-failed.nothing-accepted"),
    (Fault(400, message="No connected db."), "request-refused.nothing-accepted"),
    (Fault(401), "key-refused"),
]


class Keyring:
    """A key in the system's keyring, and how it was asked for."""

    def __init__(self, key: str | None) -> None:
        self._key = key
        self.asked: list[bool] = []

    def __call__(self, keyring: bool) -> str | None:
        self.asked.append(keyring)
        return self._key if keyring else None


@pytest.fixture
def server() -> Iterator[Gateway]:
    with Gateway(key=None, models={"any": 8}) as gateway:
        yield gateway


def embedder_at(server: Gateway, keyring: Keyring) -> RemoteEmbedder:
    model = catalogue.own_model("own", "any", dimensions=8, request_style=RequestStyle())
    return RemoteEmbedder(
        model, catalogue.provider("own", server.url), keyring, lambda _: None, patience=QUICK
    )


@pytest.mark.parametrize(("fault", "code"), SAID, ids=[str(fault.kind) for fault, _ in SAID])
def test_the_key_of_the_keyring_is_tried(fault: Fault, code: str, server: Gateway) -> None:
    server.rule = lambda request: None if "authorization" in request.headers else fault
    keyring = Keyring(KEY)
    with closing(embedder_at(server, keyring)) as embedder:
        (delivered,) = embedder.embed_documents(["a", "b"])
        assert delivered[0] == [0, 1]
        assert keyring.asked == [False, True]
        assert len(server.requests) <= 3
        assert embedder.embed_query("a").shape == (8,)


@pytest.mark.parametrize(("fault", "code"), SAID, ids=[str(fault.kind) for fault, _ in SAID])
def test_a_query_tries_it_too(fault: Fault, code: str, server: Gateway) -> None:
    server.rule = lambda request: None if "authorization" in request.headers else fault
    with closing(embedder_at(server, Keyring(KEY))) as embedder:
        assert embedder.embed_query("a").shape == (8,)


@pytest.mark.parametrize(("fault", "code"), SAID, ids=[str(fault.kind) for fault, _ in SAID])
def test_without_a_key_it_is_told_that_one_may_help(fault: Fault, code: str, server: Gateway) -> None:
    server.rule = lambda request: fault
    for ask in (lambda e: list(e.embed_documents(["a", "b"])), lambda e: e.embed_query("a")):
        with closing(embedder_at(server, Keyring(None))) as embedder, pytest.raises(ProviderError) as refused:
            ask(embedder)
        assert refused.value.code == code


def test_a_text_that_it_refuses_is_no_reason_to_ask_the_keyring(server: Gateway) -> None:
    server.rule = lambda request: Fault(500) if "poison" in request.inputs else None
    keyring = Keyring(KEY)
    with closing(embedder_at(server, keyring)) as embedder:
        assert len(list(embedder.embed_documents(["poison", "b"]))) == 2
    assert keyring.asked == [False]


def test_a_server_that_has_answered_a_query_wants_no_key(server: Gateway) -> None:
    keyring = Keyring(KEY)
    with closing(embedder_at(server, keyring)) as embedder:
        embedder.embed_query("a")
        server.rule = lambda request: Fault(400, message="no")
        with pytest.raises(ProviderError) as refused:
            embedder.embed_query("b")
        assert refused.value.code == "request-refused.status"
    assert True not in keyring.asked
