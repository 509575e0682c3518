"""A remote model as an Embedder: lets any thread use the event loop that sends."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from notesearch.catalogue import EmbeddingModel, Provider, RequestStyle
from notesearch.embedding.embedder import Cancelled, Delivered, Vectors, never
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote import payloads
from notesearch.embedding.remote.asking import Arrivals, ask
from notesearch.embedding.remote.batches import weight
from notesearch.embedding.remote.connection import Connection, connect, connected, disconnect
from notesearch.embedding.remote.pacing import Patience, now
from notesearch.embedding.remote.request_limits import Learned, Limits
from notesearch.embedding.remote.sending import MORE_AT_WORK, Run
from notesearch.errors import (
    EmbeddingError,
    KeyMissing,
    KeyRefused,
    ProviderError,
    ProviderFailed,
    ProviderUnreachable,
    QueryCancelled,
    ReplyWrong,
    RequestRefused,
)

POLL_SECONDS = 0.05
MOST_WAITING = 8192

# Called with whether the keyring may be asked.
Key = Callable[[bool], str | None]
Record = Callable[[Receipt], None]


class RemoteEmbedder:
    """The embedder of a remote model at a provider. Any thread but the GUI thread may call, several at once.

    `key` returns the key or None. It is called once or twice for each call, in the caller's thread; it may
    block, and may raise a ProviderError. For a server that needs no key the keyring is not asked, until the
    server has refused a request without one. `record` is called in the caller's thread once for each request
    that was answered, before its vectors are given.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        provider: Provider,
        key: Key,
        record: Record,
        *,
        patience: Patience | None = None,
    ) -> None:
        self._model = model
        self._provider = provider
        self._key = key
        self._record = record
        self._patience = patience or Patience()
        self._learned = Learned(Limits.of(model.request_style or RequestStyle()))
        self._lock = threading.Lock()
        self._kept: Connection | None = None
        self._closed = threading.Event()
        self._ask_keyring = provider.needs_key
        # Whether a query was answered.
        self._answered = False

    @property
    def model(self) -> EmbeddingModel:
        """The row of the catalogue that it asks for."""
        return self._model

    @property
    def provider(self) -> Provider:
        """The server that it asks."""
        return self._provider

    @property
    def window(self) -> int:
        """See Embedder. It is several rounds of full requests, since the last round is partly empty, within
        the memory that they may take."""
        limits = self._learned.most
        each = limits.items
        if limits.tokens:
            each = min(each, limits.tokens // self._model.recipe.target)
        each = max(1, each)
        return (
            self._provider.requests_at_once
            * each
            * max(2, min(8, MOST_WAITING // (self._provider.requests_at_once * each)))
        )

    @property
    def under_way(self) -> int:
        """See Embedder."""
        return (self._provider.requests_at_once + MORE_AT_WORK) * self._learned.most.items

    def embed_documents(
        self,
        texts: Sequence[str],
        tokens: Sequence[int] = (),
        cancelled: Cancelled = never,
        enough: Cancelled = never,
    ) -> Iterator[Delivered]:
        """See Embedder. Raises a ProviderError: KeyMissing, KeyRefused, OutOfCredits, ModelGone,
        ProviderBusy, ProviderUnreachable, ProviderFailed, RequestRefused, ReplyWrong, RedirectRefused or
        InsecureAddress."""
        blank = [i for i, text in enumerate(texts) if not text.strip()]
        if blank:
            yield blank, EmbeddingError("embedding-failed.empty-text", retryable=False)
        positions = [i for i, text in enumerate(texts) if text.strip()]
        if not positions or cancelled() or self._closed.is_set():
            return
        left = dict.fromkeys(positions)
        key = self._usable_key()
        another = self._may_want_key
        while True:
            try:
                for delivered in self._embed(
                    texts, tokens, list(left), key, cancelled, enough, another_key=another
                ):
                    for position in delivered[0]:
                        del left[position]
                    yield delivered
                return
            except KeyRefused:
                key = self._another_key(key)
                if key is None:
                    raise
            except (RequestRefused, ProviderFailed) as error:
                if not another or self._accepted:
                    self._raise_told(error)
                another = False
                key = self._another_key(key) or key

    def _embed(
        self,
        texts: Sequence[str],
        tokens: Sequence[int],
        positions: Sequence[int],
        key: str | None,
        cancelled: Cancelled,
        enough: Cancelled,
        *,
        another_key: bool,
    ) -> Iterator[Delivered]:
        """One run over these positions, with one key."""
        inputs = [payloads.document_input(self._model, text) for text in texts]
        weights = [weight(text, tokens[i] if i < len(tokens) else 0) for i, text in enumerate(inputs)]
        arrivals: Arrivals = queue.SimpleQueue()

        def stopped() -> bool:
            return cancelled() or self._closed.is_set()

        with self._connection() as connection:
            run = Run(
                connection,
                self._model,
                key,
                self._patience,
                self._learned,
                inputs,
                weights,
                positions,
                arrivals,
                stopped,
                enough,
                another_key,
            )
            future = connection.submit(run.go())
            future.add_done_callback(lambda _: arrivals.put(None))
            try:
                for delivered in self._arriving(arrivals):
                    yield delivered
                    # The caller is back, so it has stored this.
                    connection.call(run.took)
                if not future.cancelled():
                    future.result()
            finally:
                connection.call(run.stop)
                self._finish(future, arrivals)

    def embed_query(self, text: str, cancelled: Cancelled = never) -> Vectors:
        """See Embedder. It goes before all documents and takes at most a few seconds. Raises a ProviderError
        or QueryCancelled."""
        if not text.strip():
            raise EmbeddingError("embedding-failed.empty-query", retryable=False)
        key = self._usable_key()
        try:
            return self._embed_query(text, key, cancelled)
        except (KeyRefused, RequestRefused, ProviderFailed) as error:
            if not (isinstance(error, KeyRefused) or self._may_want_key):
                self._raise_told(error)
            key = self._another_key(key)
            if key is None:
                self._raise_told(error)
        return self._embed_query(text, key, cancelled)

    def _embed_query(self, text: str, key: str | None, cancelled: Cancelled) -> Vectors:
        arrivals: Arrivals = queue.SimpleQueue()
        with self._connection() as connection:
            future = connection.submit(
                self._query(connection, key, payloads.query_input(self._model, text), arrivals)
            )
            try:
                while not future.done():
                    if cancelled() or self._closed.is_set():
                        raise QueryCancelled
                    concurrent.futures.wait((future,), timeout=POLL_SECONDS)
            finally:
                future.cancel()
                self._finish(future, arrivals)
            vector: Vectors = future.result()
            self._answered = True
            return vector

    def unload(self) -> None:
        """Close the connection as soon as nobody uses it; the next call opens it again."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None:
            disconnect(kept)

    def close(self) -> None:
        """End what is under way, within 0.2 s, and the connection. Nothing can be embedded afterwards."""
        self._closed.set()
        self.unload()

    # In the caller's thread

    def _usable_key(self) -> str | None:
        key = self._key(self._ask_keyring) or None
        if key is None and self._provider.needs_key:
            raise KeyMissing(
                "key-missing.of-provider",
                title=self._provider.title,
                provider=self._provider.name,
                variable=self._provider.key_variable,
            )
        return key

    @property
    def _accepted(self) -> bool:
        """Whether the server has accepted anything so far."""
        return self._learned.accepted or self._answered

    @property
    def _may_want_key(self) -> bool:
        """Whether the keyring may hold a key that was not tried, for a server that has accepted nothing so
        far."""
        return not self._ask_keyring and not self._accepted

    def _raise_told(self, error: ProviderError) -> NoReturn:
        """Raise an error. For a server of the user's own that has accepted nothing so far it says that the
        server may want a key."""
        if self._provider.needs_key or self._accepted or not error.code.endswith(".status"):
            raise error
        code = f"{error.code.partition('.')[0]}.nothing-accepted"
        status, shown = error.params.get("status"), error.params.get("shown")
        raise type(error)(code, status=status, shown=shown) from error

    def _another_key(self, refused: str | None) -> str | None:
        """The key of the keyring, which was not asked before, for a server that turned out to need one; None
        where it has no other one. It is asked from now on."""
        if self._ask_keyring:
            return None
        self._ask_keyring = True
        key = self._key(True) or None
        return None if key == refused else key

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        """The connection for one call. The embedder keeps it open until `unload`."""
        with connected(self._provider) as connection:
            with self._lock:
                if self._kept is None and not self._closed.is_set():
                    self._kept = connect(self._provider)
            yield connection

    def _arriving(self, arrivals: Arrivals) -> Iterator[Delivered]:
        """What arrives until the run has ended. A run that is stopped still gives what arrived before, since
        that is paid for."""
        while (arrived := arrivals.get()) is not None:
            if isinstance(arrived, Receipt):
                self._record(arrived)
            else:
                yield arrived

    def _finish(self, future: concurrent.futures.Future[Any], arrivals: Arrivals) -> None:
        """End the run with its call, and record every receipt."""
        concurrent.futures.wait((future,), timeout=1.0)
        with contextlib.suppress(queue.Empty):
            while True:
                if isinstance(arrived := arrivals.get_nowait(), Receipt):
                    self._record(arrived)

    # In the event loop's thread

    async def _query(self, connection: Connection, key: str | None, text: str, arrivals: Arrivals) -> Vectors:
        patience = self._patience
        deadline = now() + patience.query_seconds
        error: ProviderError | None = None
        async with connection.queries:
            for attempt in range(patience.attempts_query):
                left = deadline - now()
                answer = await ask(connection, self._model, key, text, "query", max(0.1, left), arrivals)
                if answer.reply is not None:
                    vector: Vectors = answer.reply.vectors[0]
                    return vector
                error = answer.error
                assert error is not None
                delay = patience.delay(attempt)
                last = attempt + 1 == patience.attempts_query or now() + delay + 0.2 > deadline
                hopeless = (
                    not error.retryable
                    or (error.pauses and not isinstance(error, ReplyWrong))
                    or answer.exchange.status == 429
                )
                if last or hopeless:
                    break
                await asyncio.sleep(delay)
        raise error or ProviderUnreachable()
