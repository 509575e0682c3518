"""The probe: asks a server once what it is like (dimensions, encoding, batch limit, latency) and whether an
instruction helps. It sends built-in texts only."""

from __future__ import annotations

import concurrent.futures
import itertools
import queue
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from notesearch import catalogue
from notesearch.catalogue import Probe, Provider, RequestStyle
from notesearch.embedding.embedder import Cancelled, Vectors, never
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote import payloads
from notesearch.embedding.remote.asking import Arrivals, Attempt, ask
from notesearch.embedding.remote.connection import Connection, connected
from notesearch.errors import (
    KeyMissing,
    ModelGone,
    ProviderError,
    ProviderFailed,
    ProviderTimeout,
    ProviderUnreachable,
    QueryCancelled,
    ReplyWrong,
    RequestRefused,
)

REQUEST_SECONDS = 30.0
_VERSION = re.compile(r"/v\d+[^/]*$")
# (words of English, the tokens that these are at least), longest first. No passage is longer than the first.
CONTEXTS = ((1600, 2048), (800, 1024), (400, 512), (200, 256), (100, 128))
LEAST_CONTEXT = 64
SAME = 0.99999  # the cosine of two texts of which the server read the same part
ENCODINGS = ("base64", "omit", "float")
# The largest that is taken is kept; more in a request brings little on a server of one's own.
BATCHES = (128, 32, 8)
# Instructions that well-known families of models were trained with: before a query, before a document.
INSTRUCTIONS = (
    ("Represent this sentence for searching relevant passages: ", ""),
    ("query: ", "passage: "),
    ("search_query: ", "search_document: "),
    ("Instruct: Given a search query, retrieve relevant passages that answer it\nQuery: ", ""),
)
# An instruction must find as many pairs, and set them further apart from the nearest wrong ones by so much of
# the cosines' deviation. Seen with the bundled model, which was trained without: 7 of 10 right and 0.67
# apart; with any of the instructions at most 7 and 0.46.
HELPS = 0.05

# Each query shares words with another's passage, so that meaning has to tell them apart.
PAIRS = (
    (
        "how to stop bread from going stale",
        "Keep the loaf in a linen bag; in the fridge its crumb hardens within a day.",
    ),
    (
        "why does my dough not rise",
        "Yeast that is too old or water above fifty degrees leaves the bread flat.",
    ),
    ("cheap way to travel at night", "The sleeper leaves at ten and costs less than a bed in a hotel."),
    (
        "what to pack for a week in the mountains",
        "Two pairs of boots, a rain cover, and warm things for evenings above two thousand metres.",
    ),
    (
        "undo the last commit but keep my work",
        "git reset --soft HEAD~1 moves the branch back and leaves the files as they are.",
    ),
    (
        "throw away local changes to a file",
        "git checkout -- path restores it from the index; what was typed since is lost.",
    ),
    (
        "who pays when a tenant breaks a window",
        "Damage through carelessness is settled by the renter, often from the deposit.",
    ),
    ("when is the rent due", "The sum for the flat has to arrive by the third working day of each month."),
    (
        "exercise that helps against back pain",
        "Lying on the floor, lift the hips slowly and hold; ten times every morning.",
    ),
    (
        "signs that somebody sleeps too little",
        "Headaches, a short temper and a craving for sugar in the afternoon.",
    ),
)


def probe(
    provider: Provider,
    name: str,
    key: str | None = None,
    cancelled: Cancelled = never,
    record: Callable[[Receipt], None] = lambda _: None,
) -> Probe:
    """Test a server with some ten requests, within seconds. Not for the GUI thread. Raises the ProviderError
    for the server's reply, or QueryCancelled."""
    if provider.needs_key and not key:
        raise KeyMissing
    refused: ProviderError | None = None
    for place in _places(provider):
        with connected(place) as connection:
            try:
                return _Asking(connection, name, key, cancelled, record).probe()
            except (ModelGone, RequestRefused, ReplyWrong) as error:
                # Nothing of the API may be there; a web page of the server's, perhaps.
                refused = refused or error
    raise refused or ProviderFailed()


def _places(provider: Provider) -> list[Provider]:
    """The provider at its address and, where that does not end in a version, below "/v1", as most servers
    are."""
    if _VERSION.search(provider.base_url):
        return [provider]
    return [provider, replace(provider, base_url=f"{provider.base_url}/v1")]


class _Asking:
    """One run of the probe."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        key: str | None,
        cancelled: Cancelled,
        record: Callable[[Receipt], None],
    ) -> None:
        self._connection = connection
        self._key = key
        self._cancelled = cancelled
        self._record = record
        self._model = replace(
            catalogue.own_model(connection.provider.name, name, dimensions=1, request_style=RequestStyle()),
            dimensions=0,
        )

    def probe(self) -> Probe:
        first = self._first_answer()
        self._model = replace(self._model, dimensions=first.vectors.shape[1])
        batch = self._batch()
        started = time.monotonic()
        self._vectors([PAIRS[0][0]])
        latency = time.monotonic() - started
        context = self._context()
        query, document = self._instruction(batch)
        request_style = self._model.request_style or RequestStyle()
        return Probe(
            provider=self._connection.provider,
            name=self._model.name,
            dimensions=self._model.dimensions,
            encoding=request_style.encoding,
            items_per_request=batch,
            normalised=first.normalised,
            latency=latency,
            query_instruction=query,
            document_instruction=document,
            tokens_reported=first.tokens is not None,
            context=context,
        )

    def _first_answer(self) -> payloads.Reply:
        """The first reply, with the first encoding that the server accepts. A field that it accepts but
        ignores is not used."""
        refused: ProviderError | None = None
        for encoding in ENCODINGS:
            self._model = replace(self._model, request_style=RequestStyle(encoding=encoding))
            answer = self._ask([PAIRS[0][1]])
            if answer.reply is not None:
                if encoding == "base64" and b'"embedding": [' in answer.exchange.body.replace(
                    b'":[', b'": ['
                ):
                    self._model = replace(self._model, request_style=RequestStyle(encoding="omit"))
                return answer.reply
            if not isinstance(answer.error, (RequestRefused, ProviderFailed, ReplyWrong)):
                raise answer.error or ProviderFailed()
            refused = refused or answer.error
        raise refused or ProviderFailed()

    def _batch(self) -> int:
        texts = [f"{PAIRS[0][0]} {number}" for number in range(max(BATCHES))]
        for size in BATCHES:
            answer = self._ask(texts[:size])
            if answer.reply is not None:
                return size
            if isinstance(answer.error, ProviderUnreachable) and not isinstance(
                answer.error, ProviderTimeout
            ):
                raise answer.error
        return 1

    def _context(self) -> int:
        """How many tokens of a text the server reads, by texts that differ in what follows: it refuses one
        that is too long for it, or cuts it without a word."""
        return next((tokens for words, tokens in CONTEXTS if self._reads(words)), LEAST_CONTEXT)

    def _reads(self, words: int) -> bool:
        """Whether the server reads what follows on so many words."""
        told = itertools.cycle(" ".join(passage for _, passage in PAIRS).split())
        beginning = " ".join(itertools.islice(told, words))
        found = []
        for _, passage in (PAIRS[0], PAIRS[7]):
            answer = self._ask([f"{beginning} {passage}"])
            if isinstance(answer.error, ProviderUnreachable) and not isinstance(
                answer.error, ProviderTimeout
            ):
                raise answer.error
            if answer.reply is None:
                return False
            found.append(answer.reply.vectors[0])
        return float(found[0] @ found[1]) < SAME

    def _instruction(self, batch: int) -> tuple[str, str]:
        queries, passages = [q for q, _ in PAIRS], [p for _, p in PAIRS]
        plain = self._many(passages, batch)
        best = _apart(self._many(queries, batch), plain)
        chosen = ("", "")
        for before_query, before_document in INSTRUCTIONS:
            vectors = self._many([before_query + q for q in queries], batch)
            documents = (
                self._many([before_document + p for p in passages], batch) if before_document else plain
            )
            right, margin = _apart(vectors, documents)
            if right >= best[0] and margin > best[1] + HELPS:
                chosen, best = (before_query, before_document), (right, margin)
        return chosen

    def _many(self, texts: Sequence[str], batch: int) -> Vectors:
        return np.concatenate([self._vectors(texts[i : i + batch]) for i in range(0, len(texts), batch)])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        answer = self._ask(texts)
        if answer.reply is None:
            raise answer.error or ProviderFailed()
        return answer.reply.vectors

    def _ask(self, texts: Sequence[str]) -> Attempt:
        """Send one request, and once more where the server has a problem of its own."""
        answer = self._ask_once(texts)
        if isinstance(answer.error, ProviderFailed):
            answer = self._ask_once(texts)
        return answer

    def _ask_once(self, texts: Sequence[str]) -> Attempt:
        arrivals: Arrivals = queue.SimpleQueue()
        future = self._connection.submit(
            ask(
                self._connection,
                self._model,
                self._key,
                texts,
                "test",
                REQUEST_SECONDS,
                arrivals,
                only_built_in=True,
            )
        )
        try:
            while not concurrent.futures.wait((future,), timeout=0.05).done:
                if self._cancelled():
                    raise QueryCancelled("query-cancelled.test")
        finally:
            future.cancel()
            while not arrivals.empty():
                if isinstance(arrived := arrivals.get(), Receipt):
                    self._record(arrived)
        return future.result()


def _apart(queries: Vectors, passages: Vectors) -> tuple[int, float]:
    """How many queries are nearest to their own passage; and how far that one stands above the nearest wrong
    one on average, in standard deviations of all cosines."""
    cosines = queries @ passages.T
    own = np.diagonal(cosines)
    others = np.where(np.eye(len(own), dtype=bool), -np.inf, cosines).max(axis=1)
    return int((own > others).sum()), float((own - others).mean()) / (float(cosines.std()) or 1.0)
