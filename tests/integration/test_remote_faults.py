"""Under fire: what a server or a network may do, and the state each ends in. Real server, real client,
nothing paid twice, nothing told on."""

from __future__ import annotations

import datetime
import email.utils
import logging
import queue
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from notesearch import catalogue
from notesearch.embedding.embedder import Vectors, vectors_in_order
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote.pacing import Patience
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.embedding.remote.sending import HARMLESS
from notesearch.errors import (
    EmbeddingError,
    InsecureAddress,
    KeyRefused,
    ModelGone,
    OutOfCredits,
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    ProviderTimeout,
    ProviderUnreachable,
    RedirectRefused,
    ReplyWrong,
    RequestRefused,
)
from tests.gateway import KEY, Fault, Gateway, digest, vector_of
from tests.integration.conftest import Make

NAME = "alibaba/qwen-text-embedding-v3"  # ten texts a request
MODEL = catalogue.model(f"aimlapi/{NAME}")
TEXTS = [f"Kestrel {i} hovers over the meadow of note {i}" for i in range(40)]
QUICK = Patience(
    attempts=4,
    attempts_unreachable=2,
    first_delay=0.005,
    longest_delay=0.02,
    longest_wait=0.3,
    request_seconds=60.0,
    retry_seconds=100.0,
    query_seconds=60.0,
)
# For faults that only the limit ends. Long enough for a good answer on a busy machine.
IMPATIENT = replace(QUICK, request_seconds=3.0, query_seconds=5.0)
# An error body as bad as it gets: it repeats the key and what was sent.
ECHO = f"Expected string, Received: '{TEXTS[0]}' / {TEXTS[1]} with key {KEY} Bearer {KEY}"


@pytest.fixture
def make(make: Make) -> Make:
    """Of ten texts a request, and in a hurry."""
    return partial(make, model=NAME, patience=QUICK)


def collect(
    embedder: RemoteEmbedder, texts: list[str] = TEXTS
) -> tuple[dict[int, Vectors], ProviderError | None]:
    """What was delivered, each position once and right, and what the run ended with."""
    got: dict[int, Vectors] = {}
    try:
        for positions, delivered in embedder.embed_documents(texts):
            assert not isinstance(delivered, EmbeddingError)
            for position, vector in zip(positions, delivered, strict=True):
                assert position not in got
                got[position] = vector
                assert np.array_equal(vector, vector_of(NAME, texts[position], 1024))
    except ProviderError as error:
        return got, error
    return got, None


def assert_tells_nothing(error: BaseException, *secrets: str) -> None:
    """Neither message, arguments, traceback nor any cause holds a text or the key, or an object of the
    client."""
    shown = "".join(traceback.format_exception(error)) + repr(error.args) + repr(vars(error))
    for secret in (KEY, "Kestrel", "meadow", *secrets):
        assert secret not in shown
    chain: list[BaseException | None] = [error]
    while chain:
        current = chain.pop()
        if current is not None:
            assert type(current).__module__.split(".")[0] not in ("openai", "httpx2", "httpcore2")
            chain += [current.__cause__, current.__context__]


ONCE = [
    Fault(429),
    Fault(429, retry_after="0.05"),
    Fault(429, retry_after="soon"),
    Fault(500),
    Fault(502),
    Fault(503, retry_after="0.02"),
    Fault(504),
    Fault(408),
    Fault(500, body=b"<html>Bad gateway</html>"),
    Fault(502, body=b""),
    Fault("html"),
    Fault("json"),
    Fault("cut"),
    Fault("reset"),
    Fault("hang"),
    Fault("drip"),
    Fault("endless"),
    Fault("few"),
    Fault("many"),
    Fault("twice"),
    Fault("index"),
    Fault("nan"),
    Fault("null"),
    Fault("zero"),
    Fault("dimension"),
    Fault("empty"),
]


def patience_for(fault: Fault) -> Patience:
    return IMPATIENT if fault.kind in ("hang", "drip") else QUICK


def name_of(fault: Fault) -> str:
    return f"{fault.kind}{'-' + fault.retry_after if fault.retry_after else ''}"


@pytest.mark.parametrize("at", [0, 2], ids=["first", "third"])
@pytest.mark.parametrize("fault", ONCE, ids=name_of)
def test_met_once_it_is_retried_and_whole(
    fault: Fault, at: int, gateway: Gateway, make: Make, receipts: list[Receipt]
) -> None:
    gateway.script(*[None] * at, fault)
    got, error = collect(make(patience=patience_for(fault)))
    assert error is None
    assert len(got) == len(TEXTS)
    assert len(gateway.requests) == 5
    assert set(gateway.paid.values()) == {1}
    # What brought no status was not answered.
    assert len(receipts) == (4 if fault.kind in ("reset", "hang") else 5)


def test_swapped_vectors_are_put_in_order(gateway: Gateway, make: Make) -> None:
    gateway.rule = lambda request: Fault("swap")
    got, error = collect(make())
    assert (len(got), error, len(gateway.requests)) == (40, None, 4)


def test_many_faults_in_a_row_of_many_kinds(gateway: Gateway, make: Make) -> None:
    """The mixture that a bad day brings; whole in the end, each text paid once."""
    kinds = [
        429,
        500,
        None,
        502,
        "provider-unreachable.cut",
        None,
        None,
        "few",
        "swap",
        None,
        None,
        "html",
        None,
        "reset",
    ]
    gateway.rule = lambda request: (
        Fault(kind) if (kind := kinds[request.number % len(kinds)]) is not None else None
    )
    patience = Patience(
        attempts=20,
        attempts_unreachable=20,
        attempts_wrong=20,
        first_delay=0.002,
        longest_delay=0.01,
        request_seconds=2.0,
    )
    got, error = collect(make(patience=patience), [f"note {i}" for i in range(400)])
    assert error is None
    assert len(got) == 400
    assert {count for text, count in gateway.paid.items() if text != digest(HARMLESS)} == {1}


def always(fault: Fault) -> Callable[[object], Fault]:
    return lambda request: fault


QUOTA = (
    b'{"error": {"message": "You exceeded your current quota, please check your plan and billing '
    b'details.", "code": "insufficient_quota"}}'
)

ALWAYS = [
    # fault, error, whether it waits for the person, at most so many requests, what is told
    (Fault(401, message=ECHO), KeyRefused, True, 1, "key-refused"),
    (
        Fault(403, message="You've run out of credits. Please top up your balance."),
        OutOfCredits,
        True,
        1,
        "out-of-credits.at",
    ),
    (Fault(402), OutOfCredits, True, 1, "out-of-credits.at"),
    (Fault(429, body=QUOTA), OutOfCredits, True, 1, "out-of-credits.at"),
    (
        Fault(404, message=ECHO),
        ModelGone,
        True,
        1,
        "model-gone.named model=alibaba/qwen-text-embedding-v3 others=aimlapi/",
    ),
    (
        Fault(400, message=ECHO),
        RequestRefused,
        True,
        2,
        "request-refused.status status=400 shown=Expected string Received",
    ),
    (Fault(422, message=ECHO), RequestRefused, True, 2, "request-refused.status status=422"),
    (Fault(413, message=ECHO), RequestRefused, True, 9, "request-refused.status status=413"),
    (Fault(429), ProviderBusy, False, 4, "provider-busy"),
    (Fault(500, message=ECHO), ProviderFailed, False, 6, "provider-failed.status status=500"),
    (Fault(502, body=ECHO.encode()), ProviderFailed, False, 6, "provider-failed.status status=502"),
    (Fault(503), ProviderFailed, False, 6, "provider-failed.status status=503"),
    (Fault(504), ProviderFailed, False, 6, "provider-failed.status status=504"),
    (Fault("html"), ReplyWrong, True, 3, "reply-wrong.web-page"),
    (Fault("json"), ReplyWrong, True, 3, "reply-wrong.no-vectors"),
    (Fault("few"), ReplyWrong, True, 3, "reply-wrong.count found=9 expected=10"),
    (Fault("many"), ReplyWrong, True, 3, "reply-wrong.count found=11 expected=10"),
    (Fault("twice"), ReplyWrong, True, 3, "reply-wrong.order"),
    (Fault("index"), ReplyWrong, True, 3, "reply-wrong.order"),
    (Fault("nan"), ReplyWrong, True, 4, "reply-wrong.not-a-number"),
    (Fault("null"), ReplyWrong, True, 4, "reply-wrong.not-a-number"),
    (Fault("zero"), ReplyWrong, True, 4, "reply-wrong.zero"),
    (Fault("none"), ReplyWrong, True, 4, "reply-wrong.empty"),
    (Fault("dimension"), ReplyWrong, True, 3, "reply-wrong.dimensions found=512 expected=1024"),
    (Fault("endless"), ReplyWrong, True, 3, "reply-wrong.too-long"),
    (Fault("cut"), ProviderUnreachable, False, 2, "provider-unreachable.cut"),
    (Fault("reset"), ProviderUnreachable, False, 2, "provider-unreachable.cut"),
    (Fault("hang"), ProviderTimeout, False, 2, "provider-timeout.within"),
    (Fault("drip"), ProviderTimeout, False, 2, "provider-timeout.within"),
]


@pytest.mark.parametrize(
    ("fault", "kind", "pauses", "most", "told"), ALWAYS, ids=[name_of(row[0]) for row in ALWAYS]
)
def test_met_every_time_it_ends_in_the_right_state(
    fault: Fault,
    kind: type[ProviderError],
    pauses: bool,
    most: int,
    told: str,
    gateway: Gateway,
    make: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.rule = always(fault)
    embedder = make(patience=patience_for(fault))
    got, error = collect(embedder)
    assert not got
    assert type(error) is kind
    assert error.pauses is pauses
    assert str(error).startswith(told)
    assert len(gateway.requests) <= most
    assert not gateway.paid
    assert_tells_nothing(error)
    with pytest.raises(ProviderError) as refused:
        embedder.embed_query(TEXTS[0])
    assert type(refused.value) is kind
    assert_tells_nothing(refused.value)
    assert KEY not in caplog.text
    assert "Kestrel" not in caplog.text


# 400, 413 and 422 in the middle are a text's fault, or the size's.
MIDDLE = [row[:2] for row in ALWAYS if row[0].kind not in (400, 413, 422, "hang", "drip")]


@pytest.mark.parametrize(("fault", "kind"), MIDDLE, ids=[name_of(row[0]) for row in MIDDLE])
def test_met_in_the_middle_what_came_before_is_kept(
    fault: Fault, kind: type[ProviderError], gateway: Gateway, make: Make
) -> None:
    gateway.rule = lambda request: fault if request.number >= 3 else None
    got, error = collect(make())
    assert type(error) is kind
    assert 10 <= len(got) <= 30
    assert sum(gateway.paid.values()) == len(got)


@pytest.mark.parametrize("value", ["3600", "date"])
def test_a_long_retry_after_pauses_the_provider(value: str, gateway: Gateway, make: Make) -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3600)
    gateway.script(
        Fault(429, retry_after=email.utils.format_datetime(soon, usegmt=True) if value == "date" else value)
    )
    embedder = make()
    _, error = collect(embedder)
    assert isinstance(error, ProviderBusy)
    assert 3590 < error.retry_after <= 3601
    # Until then nothing is sent, by any model of this provider; a query may still try, once.
    for other in (embedder, make(model="voyage-2")):
        _, error = collect(other)
        assert isinstance(error, ProviderBusy)
        assert 3590 < error.retry_after <= 3600
        assert error.code == "provider-busy.until"
    assert len(gateway.requests) == 1
    gateway.script(Fault(429))
    with pytest.raises(ProviderBusy):
        embedder.embed_query("x")
    assert len(gateway.requests) == 2
    assert embedder.embed_query("x").shape == (1024,)


def test_a_short_retry_after_is_obeyed_by_all(gateway: Gateway, make: Make) -> None:
    gateway.script(None, Fault(429, retry_after="0.25"))
    got, error = collect(make())
    assert error is None
    assert len(got) == 40
    refused = next(r for r in gateway.requests if r.status == 429)
    later = [r.at for r in gateway.requests if r.at > refused.at + 0.1]
    assert later
    assert min(later) - refused.at >= 0.25


def test_a_model_that_is_gone_says_so_and_names_others(gateway: Gateway, make: Make) -> None:
    gateway.rule = always(Fault(404, message="Model BAAI/bge-large-en-v1.5 not found"))
    with pytest.raises(ModelGone) as gone:
        list(make(model="BAAI/bge-large-en-v1.5").embed_documents(["x"]))
    told = gone.value.params
    assert "2026" in str(told["retired"])
    assert {"aimlapi/text-embedding-3-small", "local/all-minilm-l6-v2"} <= set(
        str(told["others"]).split("\n")
    )
    assert told["model"] == "BAAI/bge-large-en-v1.5"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_sends_nothing_to_another_host(status: int, gateway: Gateway, make: Make) -> None:
    with Gateway(key=None) as other:
        gateway.rule = always(
            Fault(status, location=f"{other.url.replace('127.0.0.1', 'localhost')}/embeddings")
        )
        embedder = make()
        got, error = collect(embedder)
        with pytest.raises(RedirectRefused):
            embedder.embed_query("x")
        assert not got
        assert isinstance(error, RedirectRefused)
        assert error.params == {"host": "localhost"}
        assert len(gateway.requests) == 2
        assert not other.requests


@pytest.mark.parametrize(
    "fault", [Fault(500), Fault(503), Fault("reset"), Fault("html"), Fault("few"), Fault("swap")], ids=name_of
)
def test_a_query_survives_a_fault(fault: Fault, gateway: Gateway, make: Make) -> None:
    gateway.script(fault)
    assert np.array_equal(make().embed_query("night train"), vector_of(NAME, "night train", 1024))


@pytest.mark.parametrize("fault", [Fault("hang"), Fault("drip"), Fault(500)], ids=name_of)
def test_a_query_never_takes_longer_than_it_may(fault: Fault, gateway: Gateway, make: Make) -> None:
    gateway.rule = always(fault)
    # But for the limit of a query it would wait, and try again, for ever.
    patient = replace(QUICK, request_seconds=1e6, query_seconds=1.0, attempts_query=10**6)
    with pytest.raises(ProviderError):
        make(patience=patient).embed_query("x")


# Below HTTP


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    pytest.importorskip("cryptography")
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
    )
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
    )
    path = tmp_path / "certificate.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(
        key.private_bytes(*plain)
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_that_nobody_vouches_for(certificate: Path, make: Make) -> None:
    with Gateway(tls=certificate) as server:
        got, error = collect(make(url=server.url))
        assert not server.requests
    assert not got
    assert isinstance(error, ProviderUnreachable)
    assert error.code == "provider-unreachable.certificate"
    assert_tells_nothing(error)


def test_plain_http_where_tls_is_expected(gateway: Gateway, make: Make) -> None:
    _, error = collect(make(url=gateway.url.replace("http://", "https://")))
    assert isinstance(error, ProviderUnreachable)
    assert error.code == "provider-unreachable.encryption"
    assert not gateway.requests


def test_a_name_that_is_not_found(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def lookup(host: object, *rest: object, **named: object) -> object:
        if host in ("gateway.invalid", b"gateway.invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    _, error = collect(make(url="https://gateway.invalid/v1"))
    assert isinstance(error, ProviderUnreachable)
    assert error.code == "provider-unreachable.name"
    assert_tells_nothing(error)


def test_nobody_listens(make: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _, error = collect(make(url=f"http://127.0.0.1:{port}/v1"))
    assert isinstance(error, ProviderUnreachable)
    assert error.code == "provider-unreachable.not-running"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://192.168.1.7:8080/v1",
        "http://127.0.0.1.example.com/v1",
        "http://[fe80::1]/v1",
    ],
)
def test_plain_http_is_refused_for_any_host_but_this_machine(url: str) -> None:
    with pytest.raises(InsecureAddress):
        catalogue.provider("mine", url)
    # Nor where somebody made a provider by hand.
    made = catalogue.Provider(name="mine", title="mine", base_url=url)
    with pytest.raises(InsecureAddress):
        RemoteEmbedder(MODEL, made, lambda _: KEY, lambda _: None).embed_query("x")


def test_a_server_of_ones_own_that_is_too_slow_is_asked_for_less(receipts: list[Receipt]) -> None:
    model = catalogue.own_model(
        "mine", "m", dimensions=8, request_style=catalogue.RequestStyle(items_per_request=32)
    )
    with Gateway(key=None, models={"m": 8}) as server:
        server.rule = lambda request: Fault("hang") if len(request.inputs) > 8 else None
        patience = Patience(request_seconds=0.1, first_delay=0.001)
        embedder = RemoteEmbedder(
            model, catalogue.provider("mine", server.url), lambda _: None, receipts.append, patience=patience
        )
        assert len(vectors_in_order(embedder, [f"note {i}" for i in range(64)])) == 64
        embedder.close()
    assert set(server.paid.values()) == {1}


def test_every_receipt_is_recorded_before_its_vectors(
    gateway: Gateway, make: Make, receipts: list[Receipt]
) -> None:
    seen: queue.SimpleQueue[int] = queue.SimpleQueue()
    for positions, _ in make().embed_documents(TEXTS):
        seen.put(sum(r.texts for r in receipts if r.status == 200) - len(positions))
    assert [seen.get() for _ in range(4)] == sorted({0, 10, 20, 30})
