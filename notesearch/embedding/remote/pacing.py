"""How fast a provider is asked: requests in flight (additive increase, multiplicative decrease), pauses, and
delays between attempts.

Everything that is sent goes by the time of the event loop. A test gives it a loop whose time it moves.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

# What a good reply adds near the number of requests that was too many last: one more is tried after some 20
# rounds.
SLOW = 0.05


def now() -> float:
    """Seconds by the clock of the running event loop. In its thread only."""
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """Limits for waiting, in seconds and numbers of attempts. Delays double from `first_delay` up to
    `longest_delay`, with full jitter.

    `longest_wait`: where Retry-After asks for more, the run ends and does not wait. `query_seconds`: the most
    that a query may take. `request_seconds`: for a request with its reply. `retry_seconds`: so long after the
    first attempt nothing is tried again.
    """

    attempts: int = 8
    attempts_unreachable: int = 4
    attempts_wrong: int = 3
    attempts_query: int = 3
    first_delay: float = 0.25
    longest_delay: float = 20.0
    longest_wait: float = 30.0
    request_seconds: float = 60.0
    retry_seconds: float = 90.0
    query_seconds: float = 5.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait after attempt number `attempt` (from 0): anything up to the limit, so that not all
        come back at once."""
        return random.uniform(0.0, min(self.longest_delay, self.first_delay * 2.0**attempt))


class Pace:
    """Limits the requests in flight to one provider. For the event loop's thread only.

    It begins with one request: its reply tells whether key, model and body are right. The first good reply
    raises the limit to `most`. A server that is too busy halves it and stops new requests for some time. Good
    replies then raise it quickly to just below the number that was too many, and slowly beyond.
    """

    def __init__(self, most: int) -> None:
        self.most = max(1, most)
        self.limit = 1.0
        self.in_flight = 0
        self.paused_until = 0.0  # by `now`; set where a provider asks to wait longer than a run does
        self._opened = False
        self._not_before = 0.0
        self._decreased = 0.0
        self._ceiling = float(self.most)  # where a server was too busy last
        self._changed = asyncio.Event()

    async def enter(self) -> float:
        """Wait for a free place. Returns the time at which it was given, for `busy`. Each call must be
        followed by `leave`."""
        while True:
            wait = self._not_before - now()
            if wait <= 0 and self.in_flight < int(self.limit):
                self.in_flight += 1
                return now()
            changed = self._changed
            try:
                async with asyncio.timeout(wait if wait > 0 else None):
                    await changed.wait()
            except TimeoutError:
                pass

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._notify()

    def succeeded(self) -> None:
        """A request got a good reply: raise the limit."""
        if not self._opened:
            self._opened, self.limit = True, float(self.most)
        elif self.limit + 1.0 < self._ceiling:
            self.limit += 1.0 / 2.0  # back to where it went well
        else:
            self.limit += SLOW / self.limit  # and beyond, to see whether more is allowed by now
        self.limit = min(self.limit, float(self.most))
        self._notify()

    def busy(self, entered: float, delay: float) -> None:
        """A request that entered at `entered` met a server that is too busy: lower the limit, and begin no
        request for `delay` seconds. Requests that were under way together count once."""
        if entered >= self._decreased:
            self._ceiling = float(int(self.limit))
            self.limit = max(1.0, self.limit / 2.0)
            self._decreased = now()
        self._not_before = max(self._not_before, now() + delay)

    def pause(self, seconds: float) -> None:
        """Send nothing in later runs for `seconds`: the provider asked for a longer pause than a run
        waits."""
        self.paused_until = max(self.paused_until, now() + seconds)

    @property
    def pause_left(self) -> float:
        """Seconds of that pause that are left, 0 for none."""
        return max(0.0, self.paused_until - now())

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
