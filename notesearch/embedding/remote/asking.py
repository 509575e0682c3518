"""One request to a provider and what its reply says: checked vectors, or the error. For the event loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notesearch.catalogue import EmbeddingModel
from notesearch.embedding.embedder import Delivered
from notesearch.embedding.receipts import Receipt, receipt
from notesearch.embedding.remote import payloads
from notesearch.embedding.remote.connection import Connection
from notesearch.embedding.remote.refusals import error_of, is_about_size, told_status
from notesearch.errors import ProviderError, ReplyWrong

if TYPE_CHECKING:
    from notesearch.embedding.remote.client import Exchange

# A longer reply is parsed in a thread of its own, so that it does not delay the reply to a query.
LONG_REPLY = 100_000
MOST_DIMENSIONS = 8192

Arrivals = queue.SimpleQueue[Receipt | Delivered | None]  # None: nothing more comes


@dataclass(slots=True)
class Attempt:
    """The result of one request: its checked reply, or the error. `status`: that of HTTP, or the one that the
    body of a good reply tells. `about_size`: the server may accept the same texts in smaller requests.
    `seconds`: how long the reply took."""

    reply: payloads.Reply | None
    error: ProviderError | None
    exchange: Exchange
    status: int
    about_size: bool = False
    seconds: float = 0.0


async def ask(
    connection: Connection,
    model: EmbeddingModel,
    key: str | None,
    inputs: Sequence[str] | str,
    purpose: str,
    deadline: float,
    arrivals: Arrivals,
    place: AbstractAsyncContextManager[object] | None = None,
    *,
    only_built_in: bool = False,
) -> Attempt:
    """Send one request within `place`. Its receipt goes to `arrivals`. For a model of 0 dimensions any number
    is accepted. `only_built_in`: the server got no text of the user's, so that its message is shown whole.
    Raises nothing but cancellation."""
    sent = [inputs] if isinstance(inputs, str) else inputs
    body = payloads.written(payloads.request_body(model, inputs, query=purpose == "query"))
    most = payloads.most_bytes(len(sent), model.dimensions or MOST_DIMENSIONS)
    loop = asyncio.get_running_loop()
    async with place or nullcontext():
        begun = loop.time()
        exchange = await connection.exchange(body, key, deadline=deadline, most_bytes=most)
        seconds = loop.time() - begun
    reply, error, status = None, exchange.error, exchange.status
    if exchange.too_long:
        error = ReplyWrong("reply-wrong.too-long")
    elif error is None and 200 <= status < 300:
        reply, error = await _read(connection, exchange, len(sent), model)
        if reply is None:
            status = told_status(exchange.body) or status
    about_size = False
    if not exchange.too_long and exchange.error is None and not 200 <= status < 300:
        about_size = is_about_size(status, exchange.body)
        error = error_of(
            status,
            exchange.headers,
            exchange.body,
            provider=connection.provider,
            model=model,
            sent=None if only_built_in else sent,
        )
        if key and key.lower() in str(error).lower():
            # A redirect's host, for example, is shown to the user, and a server might put the key into it.
            error = type(error)()
    if exchange.status:
        arrivals.put(
            receipt(
                connection.provider,
                model,
                purpose=purpose,
                texts=len(sent),
                characters=sum(map(len, sent)),
                tokens=reply.tokens if reply else None,
                status=status,
                headers=exchange.headers,
            )
        )
    return Attempt(reply, error, exchange, status, about_size, seconds)


async def _read(
    connection: Connection, exchange: Exchange, count: int, model: EmbeddingModel
) -> tuple[payloads.Reply | None, ProviderError | None]:
    try:
        if len(exchange.body) <= LONG_REPLY:
            return payloads.read_reply(exchange.body, count, model.dimensions or None), None
        async with connection.reading:
            return await asyncio.to_thread(
                payloads.read_reply, exchange.body, count, model.dimensions or None
            ), None
    except ReplyWrong as error:
        return None, error
