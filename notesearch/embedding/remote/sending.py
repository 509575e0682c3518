"""One run over many texts, in the event loop: batches are sent side by side, each reply is checked, and what
failed is tried again, split or given up."""

from __future__ import annotations

import asyncio
import queue
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notesearch.catalogue import EmbeddingModel
from notesearch.embedding.embedder import Cancelled, Delivered
from notesearch.embedding.receipts import Receipt, receipt
from notesearch.embedding.remote import payloads
from notesearch.embedding.remote.batches import Batch, Limits, pack
from notesearch.embedding.remote.connection import Connection
from notesearch.embedding.remote.pacing import Pace, Patience, now
from notesearch.embedding.remote.refusals import (
    NO_HINT_PAUSE,
    error_of,
    is_about_size,
    message_of,
    retry_after,
)
from notesearch.errors import (
    ProviderBusy,
    ProviderError,
    ProviderFailed,
    ProviderTimeout,
    ProviderUnreachable,
    ReplyWrong,
    RequestRefused,
)

if TYPE_CHECKING:
    from notesearch.embedding.remote.client import Exchange

# The text of a test request. It is sent where a body is refused and none was accepted before: it tells
# whether the body is wrong, or a text is refused.
HARMLESS = "Notesearch"
# Where so many texts are refused, and more than were embedded, the texts are not the reason.
MANY_REFUSED = 8
# A longer reply is parsed in a thread of its own, so that it does not delay the reply to a query.
LONG_REPLY = 100_000
MOST_DIMENSIONS = 8192
WATCHED_EVERY = 0.02  # seconds
MOST_UNDELIVERED = 32_000_000  # bytes of vectors

Arrivals = queue.SimpleQueue[Receipt | Delivered | None]  # None: nothing more comes


@dataclass(slots=True)
class Learned:
    """What the replies of a model's server have shown since the start: the limits of a request, and whether
    the body is right."""

    limits: Limits
    accepted: bool = False


@dataclass(slots=True)
class _Split:
    """A batch that was cut in two. Where both halves are accepted, it was too large."""

    half: int
    welcome: int = 0


@dataclass(slots=True)
class _Work:
    batch: Batch
    split: _Split | None = None
    started: float = 0.0
    failed: Counter[type] = field(default_factory=Counter)  # attempts by what went wrong


class _Place:
    """A place of the pace, held while a request is in flight."""

    def __init__(self, pace: Pace, waiting: set[asyncio.Task[None] | None]) -> None:
        self._pace = pace
        self._waiting = waiting
        self.entered = 0.0

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            self.entered = await self._pace.enter()
        finally:
            self._waiting.discard(task)

    async def __aexit__(self, *_: object) -> None:
        self._pace.leave()


@dataclass(slots=True)
class Attempt:
    """The result of one request: its checked reply, or the error."""

    reply: payloads.Reply | None
    error: ProviderError | None
    exchange: Exchange


async def ask(
    connection: Connection,
    model: EmbeddingModel,
    key: str | None,
    inputs: Sequence[str] | str,
    purpose: str,
    deadline: float,
    arrivals: Arrivals,
    place: AbstractAsyncContextManager[object] | None = None,
) -> Attempt:
    """Send one request within `place`. Its receipt goes to `arrivals`. For a model of 0 dimensions any number
    is accepted. Raises nothing but cancellation."""
    sent = [inputs] if isinstance(inputs, str) else inputs
    body = payloads.written(payloads.request_body(model, inputs, query=purpose == "query"))
    most = payloads.most_bytes(len(sent), model.dimensions or MOST_DIMENSIONS)
    async with place or nullcontext():
        exchange = await connection.exchange(body, key, deadline=deadline, most_bytes=most)
    reply, error = None, exchange.error
    if exchange.too_long:
        error = ReplyWrong("reply-wrong.too-long")
    elif error is None and 200 <= exchange.status < 300:
        if len(exchange.body) > LONG_REPLY:
            async with connection.reading:
                reply, error = await asyncio.to_thread(_read, exchange, len(sent), model)
        else:
            reply, error = _read(exchange, len(sent), model)
    elif error is None:
        error = error_of(
            exchange.status,
            exchange.headers,
            exchange.body,
            provider=connection.provider,
            model=model,
            sent=sent,
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
                status=exchange.status,
                headers=exchange.headers,
            )
        )
    return Attempt(reply, error, exchange)


def _read(
    exchange: Exchange, count: int, model: EmbeddingModel
) -> tuple[payloads.Reply | None, ProviderError | None]:
    try:
        return payloads.read_reply(exchange.body, count, model.dimensions or None), None
    except ReplyWrong as error:
        return None, error


@dataclass(repr=False)
class Run:
    """A run: embeds `inputs`. Receipts, vectors and refused texts go to `arrivals` as they come. For the
    event loop's thread."""

    connection: Connection
    model: EmbeddingModel
    key: str | None
    patience: Patience
    learned: Learned
    inputs: Sequence[str]
    weights: Sequence[int]
    positions: Sequence[int]
    arrivals: Arrivals
    cancelled: Cancelled
    taken: int = 0  # texts whose vectors the caller has; counted up by the caller
    _task: asyncio.Task[None] | None = None
    _stopped: bool = False
    _failure: ProviderError | None = None
    _work: deque[_Work] = field(default_factory=deque)
    _delivered: int = 0
    _refused: int = 0
    _refusing: bool = False
    _waiting: set[asyncio.Task[None] | None] = field(
        default_factory=set
    )  # for a place: nothing of theirs is sent yet

    async def go(self) -> None:
        """Run until everything is done. Raises the ProviderError that ended the run, after what was in flight
        has arrived."""
        self._task = asyncio.current_task()
        self._stopping = asyncio.Event()
        if self._stopped:
            return
        self._batches = pack(self.inputs, self.weights, self.learned.limits, self.positions)
        if left := self.connection.pace.pause_left:
            raise busy(left)
        tasks: set[asyncio.Task[None]] = set()
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                # One request until one was accepted, so that a wrong key, model or body is sent once only.
                # Then some more than may be in flight: while their replies are parsed, others are sent.
                certain = self.learned.accepted and (self._delivered or not self._refusing)
                at_once = self.connection.provider.requests_at_once + 2 if certain else 1
                while self._failure is None and len(tasks) < at_once and (work := self._next()) is not None:
                    tasks.add(asyncio.create_task(self._deal_with(work)))
                if not tasks:
                    break
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if not task.cancelled():
                        task.result()
        finally:
            watching.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    async def _watch(self) -> None:
        """Look at `cancelled` here, and not where the caller takes vectors: storing and indexing them takes
        seconds at times, in which nothing more must be sent."""
        while not self.cancelled():
            await asyncio.sleep(WATCHED_EVERY)
        self.stop()

    def stop(self) -> None:
        """Give up what is in flight. In the event loop's thread."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def _next(self) -> _Work | None:
        """The next work: batches that were split come first."""
        if self._work:
            return self._work.popleft()
        batch = next(self._batches, None)
        return None if batch is None else _Work(batch)

    def _fail(self, error: ProviderError) -> None:
        self._failure = self._failure or error
        self._stopping.set()
        for task in self._waiting:
            if task is not None:
                task.cancel()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def _deal_with(self, work: _Work) -> None:
        """Send a batch until it has arrived, was split, was refused for good, or is given up."""
        work.started = now()
        while self._failure is None:
            if not self._fits(work.batch):
                self._split_up(work.batch, None)
                return
            # What arrives faster than the caller takes it waits in memory, so it is limited.
            while (
                self._delivered - self.taken
            ) * self.model.dimensions * 4 > MOST_UNDELIVERED and self._failure is None:
                await asyncio.sleep(0.01)
            place = _Place(self.connection.pace, self._waiting)
            answer = await self._ask([self.inputs[p] for p in work.batch.positions], "documents", place)
            if answer.reply is not None:
                self._deliver(work, answer.reply)
                return
            if await self._settled(work, answer, place.entered):
                return

    async def _ask(self, inputs: Sequence[str], purpose: str, place: _Place | None = None) -> Attempt:
        # A server on the user's own computer may need minutes for a batch.
        seconds = self.patience.request_seconds * (1 if self.connection.provider.needs_key else 3)
        return await ask(
            self.connection, self.model, self.key, inputs, purpose, seconds, self.arrivals, place
        )

    def _fits(self, batch: Batch) -> bool:
        return self.learned.limits.hold(len(batch), batch.characters, batch.tokens)

    def _deliver(self, work: _Work, reply: payloads.Reply) -> None:
        self._welcome(work)
        self._delivered += len(work.batch)
        self.connection.pace.succeeded()
        self.arrivals.put((work.batch.positions, reply.vectors))

    def _welcome(self, work: _Work) -> None:
        self.learned.accepted = True
        if work.split is not None:
            work.split.welcome += 1
            if work.split.welcome == 2:
                self.learned.limits.items = min(self.learned.limits.items, work.split.half)

    async def _settled(self, work: _Work, answer: Attempt, entered: float) -> bool:
        """Handle a failed attempt. Returns False where it is to be tried again now."""
        error, exchange = answer.error, answer.exchange
        assert error is not None
        if len(work.batch) > 1 and is_about_size(exchange.status, exchange.body):
            self._learn(work.batch, exchange)
            self._split_up(work.batch, None)
            return True
        if isinstance(error, RequestRefused):
            await self._refuse(work, error)
            return True
        if isinstance(error, ProviderTimeout) and self._may_be_slow and len(work.batch) > 1:
            self.learned.limits.items = max(1, len(work.batch) // 2)
            self._split_up(work.batch, None)
            return True
        delay = self._delay(work, error, exchange, entered)
        if delay is None:
            self._fail(error)
            return True
        await self._wait(delay)
        return False

    @property
    def _may_be_slow(self) -> bool:
        """Whether the server may answer in time with fewer texts: one on the user's own computer that did
        not."""
        return not self.connection.provider.needs_key

    def _delay(self, work: _Work, error: ProviderError, exchange: Exchange, entered: float) -> float | None:
        """Seconds until the next attempt; None where there is none."""
        patience, pace = self.patience, self.connection.pace
        attempts: dict[type, int] = {
            ProviderBusy: patience.attempts,
            ProviderFailed: patience.attempts,
            ProviderUnreachable: patience.attempts_unreachable,
            ReplyWrong: patience.attempts_wrong,
        }
        kind = ProviderUnreachable if isinstance(error, ProviderUnreachable) else type(error)
        most = attempts.get(kind, 0)
        work.failed[kind] += 1
        made = work.failed[kind]
        delay = patience.delay(work.failed.total() - 1)
        if isinstance(error, ProviderBusy) or exchange.status == 503:
            asked = retry_after(exchange.headers)
            delay = delay if asked is None else asked + patience.delay(0)
            if asked is not None and asked > patience.longest_wait:
                pace.pause(asked)
                return None
            pace.busy(entered, delay)
        if not error.retryable or made >= most or now() - work.started + delay > patience.retry_seconds:
            if isinstance(error, ProviderBusy):
                pace.pause(error.retry_after)
            return None
        return delay

    # Too large, or refused

    def _learn(self, batch: Batch, exchange: Exchange) -> None:
        """Halve a limit after a refusal: of characters where the body was too large, else of what the message
        names."""
        limits = self.learned.limits
        if exchange.status == 413:
            limits.characters = max(1, batch.characters // 2 + 1)
        elif "token" in message_of(exchange.body).lower():
            limits.tokens = max(1, batch.tokens // 2 + 1)
        else:
            limits.items = max(1, (len(batch) + 1) // 2)

    def _split_up(self, batch: Batch, split: _Split | None) -> None:
        middle = (len(batch) + 1) // 2
        for part in (batch.positions[middle:], batch.positions[:middle]):
            half = Batch(part, sum(len(self.inputs[p]) for p in part), sum(self.weights[p] for p in part))
            self._work.appendleft(_Work(half, split))

    async def _refuse(self, work: _Work, error: RequestRefused) -> None:
        """Handle a refused request. A refused text is searched for by halves; a refused body ends the run."""
        self._refusing = True
        if not self.learned.accepted:
            answer = await self._ask([HARMLESS], "test")
            if answer.reply is None:
                self._fail(
                    answer.error
                    if isinstance(answer.error, ProviderError) and not isinstance(answer.error, ReplyWrong)
                    else error
                )
                return
            self.learned.accepted = True
            self.connection.pace.succeeded()
        if len(work.batch) > 1:
            self._split_up(work.batch, _Split((len(work.batch) + 1) // 2))
            return
        self._refused += 1
        if self._refused >= MANY_REFUSED and self._refused > self._delivered:
            self._fail(error)
            return
        self.arrivals.put((work.batch.positions, error))


def busy(seconds: float) -> ProviderBusy:
    """The error for a provider whose requested pause is not over."""
    until = time.strftime("%H:%M", time.localtime(time.time() + seconds))
    return ProviderBusy("provider-busy.until", time=until, retry_after=seconds or NO_HINT_PAUSE)
