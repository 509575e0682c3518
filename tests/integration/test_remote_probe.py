"""The probe against servers of many manners; with vectors of the bundled model where meaning matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from notesearch import catalogue
from notesearch.catalogue import Provider
from notesearch.embedding.embedder import Vectors, vectors_in_order
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote.probe import PAIRS, probe
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.errors import (
    KeyMissing,
    KeyRefused,
    ModelGone,
    ProviderUnreachable,
    QueryCancelled,
    RequestRefused,
)
from tests.gateway import KEY, Fault, Gateway, vector_of


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(key=None, models={"nomic-embed-text": 384}) as made:
        yield made


@pytest.fixture(scope="module")
def bundled() -> OnnxEmbedder:
    return OnnxEmbedder(workers=1)


def provider_at(gateway: Gateway) -> Provider:
    return catalogue.provider("ollama", gateway.url)


def test_what_is_found_makes_a_model_that_works(gateway: Gateway, bundled: OnnxEmbedder) -> None:
    gateway.embed = lambda texts: vectors_in_order(bundled, texts)
    receipts: list[Receipt] = []
    found = probe(provider_at(gateway), "nomic-embed-text", record=receipts.append)
    assert (found.dimensions, found.encoding, found.items_per_request) == (384, "base64", 128)
    assert found.normalised
    assert found.tokens_reported
    assert 0 < found.latency < 5
    # The bundled model was trained without instructions.
    assert (found.query_instruction, found.document_instruction) == ("", "")
    assert found.context == 256  # it cuts what is longer, without a word
    assert len(gateway.requests) <= 22
    assert [r.purpose for r in receipts] == ["test"] * len(gateway.requests)
    model = catalogue.from_table(catalogue.to_table(found.model))
    assert model == found.model
    embedder = RemoteEmbedder(model, provider_at(gateway), lambda _: None, receipts.append)
    assert np.array_equal(embedder.embed_query("x"), bundled.embed_query("x"))
    embedder.close()


def test_only_built_in_texts_are_sent(gateway: Gateway) -> None:
    probe(provider_at(gateway), "nomic-embed-text")
    known = {text for pair in PAIRS for text in pair}
    assert all(any(text in sent for text in known) for request in gateway.requests for sent in request.inputs)


def test_an_instruction_that_helps_is_found(gateway: Gateway, bundled: OnnxEmbedder) -> None:
    """A model that reads well only what begins as it was trained."""

    def trained(texts: list[str]) -> Vectors:
        def understood(text: str) -> str:
            for prefix in ("search_query: ", "search_document: "):
                if text.startswith(prefix):
                    return text.removeprefix(prefix)
            return " ".join(text.split()[::2])

        return vectors_in_order(bundled, [understood(text) for text in texts])

    gateway.embed = trained
    found = probe(provider_at(gateway), "nomic-embed-text")
    assert (found.query_instruction, found.document_instruction) == ("search_query: ", "search_document: ")


ENCODINGS = [
    ({"base64"}, "base64"),
    ({None}, "omit"),
    ({"float"}, "float"),
    ({"float", None}, "omit"),
    ({"base64", "float"}, "base64"),
]


@pytest.mark.parametrize(("accepted", "encoding"), ENCODINGS)
def test_the_encoding_that_is_accepted(accepted: set[Any], encoding: str, gateway: Gateway) -> None:
    gateway.accepts = lambda body: body.get("encoding_format") in accepted
    assert probe(provider_at(gateway), "nomic-embed-text").encoding == encoding


def test_an_encoding_that_is_accepted_but_not_obeyed_is_left_out(gateway: Gateway) -> None:
    gateway.floats_only = True
    assert probe(provider_at(gateway), "nomic-embed-text").encoding == "omit"


@pytest.mark.parametrize(("most", "found"), [(200, 128), (100, 32), (31, 8), (3, 1)])
def test_how_many_texts_are_taken_at_once(most: int, found: int, gateway: Gateway) -> None:
    gateway.most_items = most
    assert probe(provider_at(gateway), "nomic-embed-text").items_per_request == found


def test_vectors_that_are_not_normalised(gateway: Gateway) -> None:
    gateway.length = 12.0
    assert not probe(provider_at(gateway), "nomic-embed-text").normalised


def test_what_goes_wrong_is_said(gateway: Gateway) -> None:
    with pytest.raises(ModelGone):
        probe(provider_at(gateway), "no-such-model")
    gateway.key = KEY
    with pytest.raises(KeyRefused):
        probe(provider_at(gateway), "nomic-embed-text", "sk-wrong")
    assert probe(provider_at(gateway), "nomic-embed-text", KEY).dimensions == 384
    gateway.accepts = lambda body: False
    with pytest.raises(RequestRefused):
        probe(provider_at(gateway), "nomic-embed-text", KEY)
    with pytest.raises(KeyMissing):
        probe(catalogue.provider("aimlapi", gateway.url), "voyage-2")
    gateway.accepts = None
    gateway.script(Fault("reset"))
    with pytest.raises(ProviderUnreachable):
        probe(provider_at(gateway), "nomic-embed-text", KEY)


def test_it_is_given_up_at_once(gateway: Gateway) -> None:
    gateway.script(Fault("hang"))
    with pytest.raises(QueryCancelled):
        probe(provider_at(gateway), "nomic-embed-text", cancelled=lambda: bool(gateway.requests))


@pytest.mark.parametrize("typed", ["", "/v1", "/v1/", "/v1/embeddings", "/embeddings"])
def test_an_address_that_is_nearly_right_is_found(typed: str, gateway: Gateway) -> None:
    root = gateway.url.removesuffix("/v1")
    gateway.rule = lambda request: None if request.path == "/v1/embeddings" else Fault(404)
    for address in (f"{root}{typed}", f"{root}{typed}".removeprefix("http://")):
        found = probe(catalogue.provider("ollama", address), "nomic-embed-text")
        assert found.provider.base_url == f"{root}/v1"
    assert sum(request.status == 404 for request in gateway.requests) <= 2


def test_a_web_page_at_the_address_is_no_server_yet(gateway: Gateway) -> None:
    gateway.rule = lambda request: None if request.path == "/v1/embeddings" else Fault("html")
    provider = catalogue.provider("ollama", gateway.url.removesuffix("/v1"))
    assert probe(provider, "nomic-embed-text").provider.base_url == gateway.url


WORDS_READ = [(5000, 2048), (1000, 1024), (500, 512), (250, 256), (150, 128), (60, 64)]


@pytest.mark.parametrize("told", [True, False], ids=["refused", "cut without a word"])
@pytest.mark.parametrize(("words", "context"), WORDS_READ)
def test_how_much_of_a_text_is_read(words: int, context: int, told: bool, gateway: Gateway) -> None:
    if told:
        gateway.rule = lambda request: (
            Fault(500, message="input is too large to process. increase the physical batch size")
            if any(len(text.split()) > words for text in request.inputs)
            else None
        )
    else:
        gateway.embed = lambda texts: [vector_of("m", " ".join(text.split()[:words]), 384) for text in texts]
    found = probe(provider_at(gateway), "nomic-embed-text")
    assert found.context == context
    assert found.model.recipe.maximum <= context


def test_a_model_that_is_known_keeps_what_its_vectors_depend_on(gateway: Gateway) -> None:
    found = probe(provider_at(gateway), "nomic-embed-text")
    former = replace(found, context=512).model
    assert catalogue.fingerprint_of(found.model_among([former])) == catalogue.fingerprint_of(former)
    assert found.model_among([]).context == 2048
    smaller = replace(found, context=256)
    assert smaller.model_among([former]).context == 256


def test_the_servers_message_is_shown_whole(gateway: Gateway) -> None:
    said = 'model "nomic-embed-text" not found, try pulling it first\x1b[31m\n'
    gateway.rule = lambda request: Fault(404, message=said)
    with pytest.raises(ModelGone) as gone:
        probe(provider_at(gateway), "nomic-embed-text")
    assert gone.value.params["shown"] == 'model "nomic-embed-text" not found, try pulling it first [31m'
    gateway.rule = lambda request: Fault(
        "told", body=b'{"error": {"message": "Zugriff verweigert", "code": 400}}'
    )
    with pytest.raises(RequestRefused) as refused:
        probe(provider_at(gateway), "nomic-embed-text")
    assert refused.value.params == {"status": 400, "shown": "Zugriff verweigert"}
    gateway.rule = lambda request: Fault(400, message=f"key {KEY} is bad")
    with pytest.raises(RequestRefused) as told:
        probe(provider_at(gateway), "nomic-embed-text", KEY)
    assert KEY not in str(told.value)
