"""One run over many texts, in the event loop: batches are sent side by side, each reply is checked, and what
failed is tried again, split or given up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from notesearch.catalogue import EmbeddingModel
from notesearch.embedding.embedder import Cancelled, Vectors, never
from notesearch.embedding.remote.asking import Arrivals, Attempt, ask
from notesearch.embedding.remote.batches import Batch, pack, weight
from notesearch.embedding.remote.connection import Connection
from notesearch.embedding.remote.long_texts import CutText, halves
from notesearch.embedding.remote.pacing import Pace, Patience, now
from notesearch.embedding.remote.refusals import NO_HINT_PAUSE, message_of, named_limit, retry_after
from notesearch.embedding.remote.request_limits import Learned
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

# The text of a test request. It tells whether a request failed because of its texts, or because of the body
# or the server.
HARMLESS = "Notesearch"
# Where so many texts are refused, and more than were embedded, the texts are not the reason.
MANY_REFUSED = 8
# A server that fails so often over a single text, and never over another one, fails because of the text.
FAILS_OVER_A_TEXT = 3
# What a reply says of a text that the model makes no vector of.
NO_VECTOR = ("reply-wrong.empty", "reply-wrong.zero", "reply-wrong.not-a-number")
# With these a server may mean the key, though there are others for that.
PERHAPS_FOR_A_KEY = (400, 500)
WATCHED_EVERY = 0.02  # seconds
# Tasks beside those whose requests are in flight. Each sends its next request when its last answer is stored.
MORE_AT_WORK = 2


@dataclass(slots=True)
class _Split:
    """A batch that was cut in two. Where both halves are accepted, it was too large: `limit` is lowered to
    `value`."""

    limit: str
    value: int
    welcome: int = 0


@dataclass(slots=True)
class _Work:
    batch: Batch
    split: _Split | None = None
    started: float = 0.0
    failed: Counter[type] = field(default_factory=Counter)  # attempts by what went wrong
    in_a_row: int = 0  # failures of the server's own


class _OutgrownError(Exception):
    """While a batch waited for its place, its server has shown that it is too large."""


class _Place:
    """A place of the pace, held while a request is in flight. Raises _OutgrownError where `fits` says then
    that the batch is too large."""

    def __init__(self, pace: Pace, waiting: set[asyncio.Task[None] | None], fits: Callable[[], bool]) -> None:
        self._pace = pace
        self._waiting = waiting
        self._fits = fits
        self.entered = 0.0

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            self.entered = await self._pace.enter()
        finally:
            self._waiting.discard(task)
        if not self._fits():
            self._pace.leave()
            raise _OutgrownError

    async def __aexit__(self, *_: object) -> None:
        self._pace.leave()


@dataclass(repr=False)
class Run:
    """A run: embeds `inputs`, to which it adds the halves of texts that are too long. Receipts, vectors and
    refused texts go to `arrivals` as they come. For the event loop's thread.

    Each task sends its next request only when the caller has taken what the last one brought (`took`). So
    what a killed program may have paid for and lost is one request of each task. `another_key`: the caller
    has one that was not tried, so a server that refuses everything is not asked again with this one.
    """

    connection: Connection
    model: EmbeddingModel
    key: str | None
    patience: Patience
    learned: Learned
    inputs: list[str]
    weights: list[int]
    positions: Sequence[int]
    arrivals: Arrivals
    cancelled: Cancelled
    enough: Cancelled = never
    another_key: bool = False
    _task: asyncio.Task[None] | None = None
    _stopped: bool = False
    _failure: ProviderError | None = None
    _work: deque[_Work] = field(default_factory=deque)
    _cut: dict[int, CutText] = field(default_factory=dict)  # by the positions of the halves
    _halves: list[int] = field(default_factory=list)  # that are not packed yet
    _tried_whole: set[int] = field(default_factory=set)
    _delivered: int = 0
    _handed: int = 0  # deliveries
    _taken: int = 0
    _well_at: float = -1.0  # when the last good reply arrived
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
        self._news = asyncio.Event()
        if self._stopped:
            return
        self._batches = pack(self.inputs, self.weights, self.learned.limits, self._whole_ones(self.positions))
        if left := self.connection.pace.pause_left:
            raise busy(left)
        tasks: set[asyncio.Task[None]] = set()
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                # One request until one was accepted, so that a wrong key, model or body is sent once only.
                # Then two more than may be in flight: while their replies are parsed and stored, others are
                # sent.
                certain = self.learned.accepted and (self._delivered or not self._refusing)
                at_once = self.connection.provider.requests_at_once + MORE_AT_WORK if certain else 1
                while (
                    not self._stopping.is_set()
                    and len(tasks) < at_once
                    and (work := self._next()) is not None
                ):
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

    def _whole_ones(self, positions: Sequence[int]) -> list[int]:
        """These positions without those of texts that are too long, which are cut."""
        return [p for p in positions if not self._is_too_long(p) or not self._cut_in_two(p)]

    def _is_too_long(self, position: int) -> bool:
        """Whether a text is to be cut unsent. One that is tried whole stays whole, however often it is asked
        for."""
        tokens = self.weights[position]
        if position in self._tried_whole:
            return False
        if self.learned.is_too_long(tokens):
            return True
        if 0 < self.learned.too_long <= tokens:
            self._tried_whole.add(position)
        return False

    async def _watch(self) -> None:
        """Look at `cancelled` here, and not where the caller takes vectors: storing and indexing them takes
        seconds at times, in which nothing more must be sent."""
        while not self.cancelled():
            if not self._stopping.is_set() and self.enough():
                self._begin_no_more()
            await asyncio.sleep(WATCHED_EVERY)
        self.stop()

    def stop(self) -> None:
        """Give up what is in flight. In the event loop's thread."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def _next(self) -> _Work | None:
        """The next work: batches that were split come first, halves of texts where they fill a request, or
        at the end."""
        if self._work:
            return self._work.popleft()
        many = len(self._halves) >= self.learned.limits.items
        batch = None if many else next(self._batches, None)
        if batch is None and self._halves:
            batch = next(pack(self.inputs, self.weights, self.learned.limits, self._halves))
            self._halves = [position for position in self._halves if position not in batch.positions]
        return None if batch is None else _Work(batch)

    def _fail(self, error: ProviderError) -> None:
        self._failure = self._failure or error
        self._begin_no_more()

    def _begin_no_more(self) -> None:
        """Send nothing more; what is in flight still arrives."""
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

    def took(self) -> None:
        """Note that the caller has stored one more delivery, in the order in which they were made. In the
        event loop's thread."""
        self._taken += 1
        self._news.set()

    async def _until_taken(self) -> None:
        number = self._handed
        while self._taken < number:
            self._news.clear()
            await self._news.wait()

    async def _deal_with(self, work: _Work) -> None:
        """Send a batch until it has arrived and is taken, was split, was refused for good, or is given up."""
        work.started = now()
        while not self._stopping.is_set():
            whole = self._whole_ones(work.batch.positions)
            if len(whole) < len(work.batch):
                work.batch = self._part(whole)
            if not whole:
                return
            if not self._fits(work.batch):
                self._split_up(work.batch, None)
                return
            place = _Place(self.connection.pace, self._waiting, partial(self._fits, work.batch))
            try:
                answer = await self._ask([self.inputs[p] for p in whole], "documents", place)
            except _OutgrownError:
                continue
            if answer.reply is not None:
                self._deliver(work, answer)
                await self._until_taken()
                return
            if await self._settled(work, answer, place.entered):
                return

    @property
    def _seconds(self) -> float:
        """How long a request may take. A server on the user's own computer may need minutes for a batch."""
        return self.patience.request_seconds * (1 if self.connection.provider.needs_key else 3)

    async def _ask(self, inputs: Sequence[str], purpose: str, place: _Place | None = None) -> Attempt:
        answer = await ask(
            self.connection, self.model, self.key, inputs, purpose, self._seconds, self.arrivals, place
        )
        if answer.reply is not None:
            self._well_at = now()
        return answer

    def _fits(self, batch: Batch) -> bool:
        return self.learned.limits.hold(len(batch), batch.characters, batch.tokens)

    def _deliver(self, work: _Work, answer: Attempt) -> None:
        """Hand the vectors of a reply to the caller. A text without a usable one is sent once more by
        itself."""
        batch, reply = work.batch, answer.reply
        assert reply is not None
        self._welcome(work)
        self.connection.pace.succeeded()
        self.learned.met(len(batch), batch.characters, batch.tokens, answer.seconds, self._seconds)
        self.learned.taken(max(self.weights[p] for p in batch.positions))
        good = [row for row in range(len(batch)) if row not in reply.wrong]
        for row in reply.wrong:
            again = _Work(self._part(batch.positions[row : row + 1]))
            again.failed[ReplyWrong] = self.patience.attempts_wrong - 1
            self._work.append(again)
        vectors = reply.vectors if len(good) == len(batch) else reply.vectors[good]
        self._hand([batch.positions[row] for row in good], vectors)

    def _hand(self, positions: list[int], vectors: Vectors) -> None:
        if any(position in self._cut for position in positions):
            positions, vectors = self._whole(positions, vectors)
        self._delivered += len(positions)
        if positions:
            self._handed += 1
            self.arrivals.put((positions, vectors))

    def _whole(self, positions: Sequence[int], vectors: Vectors) -> tuple[list[int], Vectors]:
        """Replace halves of texts by the texts that are complete by now."""
        done: dict[int, Vectors] = {}
        waiting = deque(zip(positions, vectors, strict=True))
        while waiting:
            position, vector = waiting.popleft()
            cut = self._cut.pop(position, None)
            if cut is None:
                done[position] = vector
            else:
                cut.vectors[position] = vector
                if cut.complete:
                    waiting.append((cut.position, cut.joined()))
        return list(done), np.array(list(done.values()), np.float32)

    def _welcome(self, work: _Work) -> None:
        self.learned.accepted = True
        if work.split is not None:
            work.split.welcome += 1
            if work.split.welcome == 2:
                self.learned.lower(work.split.limit, work.split.value)

    async def _settled(self, work: _Work, answer: Attempt, entered: float) -> bool:
        """Handle a failed attempt. Returns False where it is to be tried again now."""
        error, exchange = answer.error, answer.exchange
        assert error is not None
        if await self._wants_another_key(answer):
            self._fail(error)
            return True
        if answer.about_size and len(work.batch) > 1:
            if self._is_about_one(work.batch, answer):
                self._send_longest_alone(work.batch)
            else:
                self._split_up(work.batch, self._split_of(work.batch, answer))
            return True
        if isinstance(error, RequestRefused):
            await self._refuse(work, error, answer)
            return True
        if isinstance(error, ProviderTimeout) and self._may_be_slow and len(work.batch) > 1:
            self.learned.lower("items", len(work.batch) // 2)
            self._split_up(work.batch, None)
            return True
        overloaded = retry_after(exchange.headers) is not None
        if answer.status >= 500 and not overloaded and await self._fails_over_texts(work, entered):
            return True
        delay = self._delay(work, error, exchange, entered)
        if delay is None:
            if error.code not in NO_VECTOR or not await self._no_vector(work):
                self._fail(error)
            return True
        await self._wait(delay)
        return False

    async def _wants_another_key(self, answer: Attempt) -> bool:
        """Whether a server that has accepted nothing so far may refuse the key, or that there is none: some
        answer with another status than the one for that, whatever they are sent."""
        if not self.another_key or self.learned.accepted or answer.status not in PERHAPS_FOR_A_KEY:
            return False
        self.learned.accepted = (await self._harmless()).reply is not None
        return not self.learned.accepted

    def _is_about_one(self, batch: Batch, answer: Attempt) -> bool:
        """Whether the server names the length of one text, and not of all together, and it is not known yet
        what is too long."""
        given, _ = named_limit(answer.exchange.body)
        return 0 < 2 * given < batch.tokens and not self.learned.too_long

    def _send_longest_alone(self, batch: Batch) -> None:
        """Send the longest text of a batch by itself, and the others after it. Its refusal tells what is too
        long for all of them."""
        longest = max(batch.positions, key=lambda position: self.weights[position])
        others = [position for position in batch.positions if position != longest]
        self._work.extendleft((_Work(self._part(others)), _Work(self._part([longest]))))

    def _note_length(self, batch: Batch, answer: Attempt) -> None:
        """Note that a text was too long by itself, and how long it may be, where the server names that."""
        given, most = named_limit(answer.exchange.body)
        tokens = batch.tokens * most // given if given else batch.tokens
        self.learned.refused_as_too_long(max(1, tokens), named=bool(given))

    async def _fails_over_texts(self, work: _Work, entered: float) -> bool:
        """Whether a server's error comes back for these texts while it answers others: then they are sent in
        halves, and a single one is refused."""
        work.in_a_row += 1
        single = len(work.batch) == 1
        if work.in_a_row < (FAILS_OVER_A_TEXT if single else 2):
            return False
        if self._well_at < entered and (await self._harmless()).reply is None:
            work.in_a_row = 0  # the server's own problem
            return False
        self.learned.accepted = True
        if single:
            self._give_up(work.batch, RequestRefused("request-refused.server-failed"))
        else:
            self._split_up(work.batch, _half_as_many(work.batch), in_a_row=1)
        return True

    async def _no_vector(self, work: _Work) -> bool:
        """Whether the server makes a vector of a harmless text, but none of this one, which is then given up.
        Where it is a batch, its texts are sent one by one."""
        if (await self._harmless()).reply is None:
            return False
        if len(work.batch) == 1:
            self._give_up(work.batch, RequestRefused("request-refused.no-vector"))
        else:
            self._split_up(work.batch, None)
        return True

    async def _harmless(self) -> Attempt:
        """Send a text that no server refuses."""
        return await self._ask([HARMLESS], "test")

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
        if kind is ReplyWrong and error.code not in NO_VECTOR and self._well_at >= work.started:
            most = patience.attempts  # others are answered well: what came is no answer of the server's
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

    @staticmethod
    def _split_of(batch: Batch, answer: Attempt) -> _Split:
        """What was too large, in case it was: the characters of the body, else what the message names."""
        if answer.status == 413:
            return _Split("characters", batch.characters // 2 + 1)
        if "token" in message_of(answer.exchange.body).lower():
            return _Split("tokens", batch.tokens // 2 + 1)
        return _half_as_many(batch)

    def _part(self, positions: list[int]) -> Batch:
        return Batch(
            positions,
            sum(len(self.inputs[p]) for p in positions),
            sum(self.weights[p] for p in positions),
        )

    def _split_up(self, batch: Batch, split: _Split | None, *, in_a_row: int = 0) -> None:
        middle = (len(batch) + 1) // 2
        for part in (batch.positions[middle:], batch.positions[:middle]):
            self._work.appendleft(_Work(self._part(part), split, in_a_row=in_a_row))

    async def _refuse(self, work: _Work, error: ProviderError, refusal: Attempt) -> None:
        """Handle a refused request. A refused text is searched for by halves, a text that is too long is cut
        in two, and a refused body ends the run."""
        self._refusing = True
        if not self.learned.accepted:
            answer = await self._harmless()
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
            self._split_up(work.batch, _half_as_many(work.batch))
        elif refusal.about_size and self._cut_in_two(work.batch.positions[0]):
            self._note_length(work.batch, refusal)
        elif refusal.about_size:
            self._give_up(work.batch, RequestRefused("request-refused.too-long"))
        else:
            self._give_up(work.batch, error)

    def _cut_in_two(self, position: int) -> bool:
        """Cut a text that is too long for the server. Returns False where it is too short for that."""
        parts = halves(self.inputs[position], len(self.model.document_instruction))
        if parts is None:
            return False
        cut = CutText(position, {})
        for text in parts:
            number = len(self.inputs)
            self.inputs.append(text)
            self.weights.append(weight(text, self.weights[position] // 2))
            cut.lengths[number] = len(text)
            self._cut[number] = cut
        self._halves += cut.lengths
        return True

    def _give_up(self, batch: Batch, error: ProviderError) -> None:
        """Tell the caller that the model has no vector for a text. A text of which a half is refused is
        refused as a whole. Where many are refused, and more than embedded, the run ends: the texts are not
        the reason."""
        (position,) = batch.positions
        while (cut := self._cut.pop(position, None)) is not None:
            if cut.refused:
                return
            cut.refused = True
            position = cut.position
        self._refused += 1
        if self._refused >= MANY_REFUSED and self._refused > self._delivered:
            self._fail(error)
            return
        self._handed += 1
        self.arrivals.put(([position], error))


def _half_as_many(batch: Batch) -> _Split:
    return _Split("items", (len(batch) + 1) // 2)


def busy(seconds: float) -> ProviderBusy:
    """The error for a provider whose requested pause is not over."""
    until = time.strftime("%H:%M", time.localtime(time.time() + seconds))
    return ProviderBusy("provider-busy.until", time=until, retry_after=seconds or NO_HINT_PAUSE)
