"""How much one request may hold: the limits of the catalogue, and what a server's replies have shown."""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field

from notesearch.catalogue import RequestStyle

# The texts of a first request. Later ones hold more, where that pays.
FIRST_ITEMS = 64
# A size is given up for the half of it when so many requests have shown that it is not worth it.
TIMED = 3
# A request of double the size must embed so many times as many texts a second. Less is not worth it: what is
# in flight when the program is killed is paid for again.
WORTH = 1.25
# So many full requests in a row must go well before a limit that a server showed is doubled again. After each
# further refusal it takes twice as many.
FIRST_WAIT = 16
# Of the time that a request may take, the share that a double one may be expected to take.
SHARE_OF_TIME = 0.5
NAMES = ("items", "characters", "tokens")
# So many texts must be too long before others are cut without having been sent, unless the server names its
# limit.
TOO_LONG = 4
# Of the texts that would be cut unsent, one of so many is sent whole: the limit may be another one by now.
TRIED_AGAIN = 64


@dataclass(slots=True)
class Limits:
    """The most that one request may hold; 0 for no limit."""

    items: int
    characters: int
    tokens: int

    @classmethod
    def of(cls, request_style: RequestStyle) -> Limits:
        """The limits in the catalogue for a model."""
        return cls(
            max(1, request_style.items_per_request),
            request_style.characters_per_request,
            request_style.tokens_per_request,
        )

    def hold(self, items: int, characters: int, tokens: int) -> bool:
        """Whether so much fits into a request. One text always fits, since a request cannot hold less."""
        return items <= 1 or (
            items <= self.items
            and (not self.characters or characters <= self.characters)
            and (not self.tokens or tokens <= self.tokens)
        )

    def fullness(self, items: int, characters: int, tokens: int) -> float:
        """The largest share of a limit that is used."""
        shares = [items / self.items]
        if self.characters:
            shares.append(characters / self.characters)
        if self.tokens:
            shares.append(tokens / self.tokens)
        return max(shares)


@dataclass(slots=True)
class Learned:
    """What the replies of a model's server have shown since the start: the present `limits` of a request, and
    whether a body was `accepted`. For the event loop's thread; other threads may read `most`.

    A request begins with FIRST_ITEMS texts and grows while that pays. A limit that a server shows is obeyed,
    and tried again after many requests: it may have been another one's load, or a smaller server.
    """

    most: Limits
    accepted: bool = False
    limits: Limits = field(init=False)
    _growing: bool = True
    _seconds: list[float] = field(default_factory=list)
    _rate: float = 0.0
    _lowered: set[str] = field(default_factory=set)
    _went_well: int = 0
    _wait: int = FIRST_WAIT
    _too_long: deque[int] = field(default_factory=lambda: deque(maxlen=TOO_LONG))
    _named: bool = False
    _spared: int = 0

    def __post_init__(self) -> None:
        most = self.most
        self.limits = Limits(min(FIRST_ITEMS, most.items), most.characters, most.tokens)

    def refused_as_too_long(self, tokens: int, *, named: bool = False) -> None:
        """Note that a text of about so many tokens is too long by itself. `named`: the server has named its
        limit, so that one such text says enough."""
        self._named |= named
        self._too_long.append(tokens)

    @property
    def too_long(self) -> int:
        """About how many tokens are too many for one text; 0 where that is not known."""
        return min(self._too_long) if self._too_long and (self._named or self._enough) else 0

    @property
    def _enough(self) -> bool:
        return len(self._too_long) == TOO_LONG

    def is_too_long(self, tokens: int) -> bool:
        """Whether a text of about so many tokens is to be cut without having been sent. Once in a while one
        is sent all the same."""
        if not self.too_long or tokens < self.too_long:
            return False
        self._spared += 1
        return self._spared % TRIED_AGAIN != 0

    def taken(self, tokens: int) -> None:
        """Note that a text of about so many tokens was embedded. Where that was thought to be too long, what
        is too long is learned anew."""
        if 0 < self.too_long <= tokens:
            self._too_long.clear()
            self._named = False

    def lower(self, name: str, value: int) -> None:
        """Obey a limit that a reply has shown: `name` of NAMES. A value above the present one says nothing
        new."""
        value = max(1, value)
        if 0 < getattr(self.limits, name) <= value:
            return
        setattr(self.limits, name, value)
        self._growing = False
        if name in self._lowered:
            self._wait *= 2
        self._lowered.add(name)
        self._went_well = 0

    def met(self, items: int, characters: int, tokens: int, seconds: float, allowed: float) -> None:
        """Note a good reply to a request of this size, after so many of the `allowed` seconds."""
        if self.limits.fullness(items, characters, tokens) < 0.9:
            return
        if self._growing and items == self.limits.items:
            self._grow(seconds, allowed)
        elif self._lowered:
            self._went_well += 1
            if self._went_well >= self._wait and seconds * 2 < allowed * SHARE_OF_TIME:
                self._raise()

    def _grow(self, seconds: float, allowed: float) -> None:
        self._seconds.append(seconds)
        rate = self.limits.items / max(statistics.median(self._seconds), 1e-6)
        if self._rate and rate < WORTH * self._rate:
            if len(self._seconds) >= TIMED:
                self.limits.items = max(1, self.limits.items // 2)
                self._growing = False
            return
        if seconds * 2 >= allowed * SHARE_OF_TIME:
            # A slow server: a double request might not be answered in time.
            self._growing = False
            return
        self._seconds.clear()
        self._rate = rate
        self._growing = self.limits.items < self.most.items
        self.limits.items = min(2 * self.limits.items, self.most.items)

    def _raise(self) -> None:
        """Double every limit that a server showed, up to the catalogue's."""
        self._went_well = 0
        for name in NAMES:
            most, now = getattr(self.most, name), getattr(self.limits, name)
            if name in self._lowered:
                setattr(self.limits, name, min(2 * now, most) if most else 2 * now)
