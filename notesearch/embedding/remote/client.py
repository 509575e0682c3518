"""The `openai` client, made strict. No other module imports it. It is heavy (0.3 s, 50 MB), so the thread
that sends imports it.

Whatever a version of the client reads from the environment, the transport below decides what is sent: only
our headers, only to the provider's host, without following redirects, and no more of a reply than was asked
for is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast
from urllib.request import getproxies, proxy_bypass

import httpx2
import openai

from notesearch.catalogue import Provider
from notesearch.errors import ProviderError, ProviderTimeout, ProviderUnreachable

CONNECT_SECONDS = 10.0
_OURS = ("host", "content-type", "content-length", "connection")

# The debug messages of these libraries hold addresses and headers, so they never go to the log, whatever
# OPENAI_LOG says.
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(slots=True)
class Exchange:
    """One request, and its reply as far as it has arrived. `status` 0: nothing arrived yet. `complete`: the
    body arrived to its end."""

    key: str | None = field(repr=False)
    most_bytes: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    complete: bool = False
    too_long: bool = False
    error: ProviderError | None = None


_CURRENT: ContextVar[Exchange] = ContextVar("exchange")


class _Guard(httpx2.AsyncBaseTransport):
    """The transport: sends only our headers, and reads a reply up to the length that was asked for."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, agent: str) -> None:
        self._inner = inner
        self._agent = agent

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = _CURRENT.get()
        headers = [(name, value) for name, value in request.headers.items() if name.lower() in _OURS]
        # Without compression: a small compressed reply could unpack to any size.
        headers += [
            ("Accept", "application/json"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", self._agent),
        ]
        if exchange.key:
            headers.append(("Authorization", f"Bearer {exchange.key}"))
        request.headers = httpx2.Headers(headers)
        response = await self._inner.handle_async_request(request)
        exchange.status = response.status_code
        exchange.headers = {name.lower(): value for name, value in response.headers.items()}
        response.stream = _Capped(cast(httpx2.AsyncByteStream, response.stream), exchange)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Capped(httpx2.AsyncByteStream):
    """Keeps what is read in the exchange, and stops where it is too long. The client gets an empty body: it
    needs none, and would copy it twice."""

    def __init__(self, inner: httpx2.AsyncByteStream, exchange: Exchange) -> None:
        self._inner = inner
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange, parts, length = self._exchange, [], 0
        try:
            async for part in self._inner:
                length += len(part)
                if length > exchange.most_bytes:
                    exchange.too_long = True
                    raise httpx2.ReadError("the reply is too long")
                parts.append(part)
            exchange.complete = True
        finally:
            exchange.body = b"".join(parts)
        yield b""

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_client(provider: Provider, agent: str) -> openai.AsyncOpenAI:
    """A client for one provider. It must be used and closed in one event loop."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=30.0)
    # Reading the certificates takes 40 ms. Plain http, of this computer or the user's own network, has none.
    encrypted = provider.base_url.startswith("https:")
    transport = httpx2.AsyncHTTPTransport(verify=encrypted, limits=limits, proxy=_proxy(provider), retries=0)
    http = httpx2.AsyncClient(
        transport=_Guard(transport, agent),
        follow_redirects=False,
        trust_env=False,
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
    )
    client = openai.AsyncOpenAI(
        # The transport puts the real key in, request by request; an empty one would be filled from the
        # environment.
        api_key="none",
        organization="",
        project="",
        base_url=provider.base_url,
        max_retries=0,
        http_client=http,
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
    )
    # From OPENAI_CUSTOM_HEADERS; one that cannot be written as a header would fail before the transport could
    # drop it.
    client._custom_headers = {}  # noqa: SLF001
    return client


def _proxy(provider: Provider) -> str | None:
    """The system's http(s) proxy for https addresses. None for this computer and the user's own network, or
    for a kind of proxy that is not supported."""
    if provider.on_this_machine or provider.plain_http or proxy_bypass(provider.host):
        return None
    proxy = getproxies().get("https", "")
    return proxy if proxy.startswith(("http://", "https://")) else None


async def post(
    client: openai.AsyncOpenAI, path: str, body: bytes, exchange: Exchange, deadline: float
) -> None:
    """Send one request and fill `exchange`. A failure below HTTP becomes its `error`. Takes at most
    `deadline` seconds.

    The error is made outside the except block, so that it does not hold the request, not even as its context.
    """
    _CURRENT.set(exchange)
    failed: BaseException | None = None
    try:
        async with asyncio.timeout(deadline):
            await client.post(path, content=body, cast_to=httpx2.Response)
    except (TimeoutError, openai.OpenAIError, httpx2.HTTPError, OSError, ValueError) as error:
        failed = error
    # A reply with an error status counts even where its body is incomplete. A good one must be complete.
    if exchange.complete or exchange.status >= 300 or exchange.too_long:
        return
    exchange.error = unreachable(failed, deadline)


def unreachable(failed: BaseException | None, deadline: float) -> ProviderUnreachable:
    """The error for a request without a reply."""
    causes = list(_chain(failed))
    if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
        return ProviderUnreachable("provider-unreachable.certificate", retryable=False)
    if any(isinstance(c, ssl.SSLError) for c in causes):
        return ProviderUnreachable("provider-unreachable.encryption", retryable=False)
    if any(isinstance(c, socket.gaierror) for c in causes):
        return ProviderUnreachable("provider-unreachable.name")
    if any(isinstance(c, ConnectionRefusedError) for c in causes):
        return ProviderUnreachable("provider-unreachable.not-running")
    if any(isinstance(c, (TimeoutError, httpx2.TimeoutException, openai.APITimeoutError)) for c in causes):
        seconds = round(deadline) if deadline >= 2 else round(deadline, 1)
        return ProviderTimeout("provider-timeout.within", seconds=seconds)
    return ProviderUnreachable("provider-unreachable.cut")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]


async def close_client(client: openai.AsyncOpenAI) -> None:
    """Close its connections. In the event loop that opened it."""
    with contextlib.suppress(Exception):
        await client.close()
