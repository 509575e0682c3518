"""Connections to providers: one event loop in a thread for all of them, and one client and one pace for each.
They are begun at the first use and ended with the last user, so that they cost nothing where no remote model
is used."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from notesearch.catalogue import Provider, checked_url
from notesearch.embedding.remote.pacing import Pace

if TYPE_CHECKING:
    import openai

    from notesearch.embedding.remote.client import Exchange

AGENT = "Notesearch"
QUERIES_AT_ONCE = 4
T = TypeVar("T")

_lock = threading.Lock()
_connections: dict[tuple[str, str, int], Connection] = {}
_loop: _LoopThread | None = None


class _LoopThread:
    """An event loop that runs until `stop`."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="providers", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self.loop.run_until_complete(asyncio.wait(tasks, timeout=1.0))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()

    def stop(self) -> None:
        """End the loop and wait for its thread, at most 3 s."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(3.0)


class Connection:
    """A connection to one provider, shared by its models. `pace`, `queries` and `reading` may be used in the
    event loop's thread only."""

    def __init__(self, provider: Provider, loop: asyncio.AbstractEventLoop) -> None:
        self.provider = provider
        self.users = 0
        self.pace = Pace(provider.requests_at_once)
        self.queries = asyncio.Semaphore(QUERIES_AT_ONCE)
        self.reading = (
            asyncio.Lock()
        )  # one long reply is parsed at a time; several would only take more memory
        self._loop = loop
        self._client: openai.AsyncOpenAI | None = None

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run `work` in the event loop; any thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, function: Callable[[], object]) -> None:
        """Have `function` called in the event loop's thread soon; any thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    async def exchange(self, body: bytes, key: str | None, *, deadline: float, most_bytes: int) -> Exchange:
        """POST to /embeddings. Raises nothing but cancellation: a failure is in the exchange."""
        from notesearch.embedding.remote.client import Exchange, open_client, post

        if self._client is None:
            self._client = open_client(self.provider, AGENT)
        exchange = Exchange(key=key, most_bytes=most_bytes)
        await post(self._client, "/embeddings", body, exchange, deadline)
        return exchange

    async def close(self) -> None:
        """Close the client. In the event loop's thread."""
        client, self._client = self._client, None
        if client is not None:
            from notesearch.embedding.remote.client import close_client

            await close_client(client)


def connect(provider: Provider) -> Connection:
    """Get the connection to a provider. It must be given back with `disconnect`. Any thread. Raises
    InsecureAddress or UsageError for its address."""
    global _loop
    checked_url(provider.base_url, plain_http=provider.host if provider.plain_http else "")
    name = (provider.name, provider.base_url, provider.requests_at_once)
    with _lock:
        if _loop is None:
            _loop = _LoopThread()
        connection = _connections.get(name)
        if connection is None:
            connection = _connections[name] = Connection(provider, _loop.loop)
        connection.users += 1
        return connection


def disconnect(connection: Connection) -> None:
    """Give a connection back. Its last user ends it, and the last user of all ends the thread."""
    global _loop
    with _lock:
        connection.users -= 1
        if connection.users:
            return
        for name in [n for n, c in _connections.items() if c is connection]:
            del _connections[name]
    with contextlib.suppress(Exception):
        connection.submit(connection.close()).result(1.0)
    with _lock:
        if not _connections and _loop is not None:
            ended, _loop = _loop, None
            ended.stop()


@contextmanager
def connected(provider: Provider) -> Iterator[Connection]:
    """The connection to `provider` for as long as the block lasts. See `connect`."""
    connection = connect(provider)
    try:
        yield connection
    finally:
        disconnect(connection)
