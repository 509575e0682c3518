"""The work that waits for the reading thread, the progress of the present work, and the callers that wait for
its end."""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from notesearch.domain import IndexingState, IndexSummary, Told
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.errors import NotesearchError

# Debounce: a dirty path is taken when nothing was reported about it for QUIET seconds, or PATIENCE seconds
# after the first report. Both are in seconds.
QUIET = 0.15
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Scan:
    """A folder that is to be compared with the library. `ticket` counts the work for its caller. `confirmed`:
    the user agreed that notes that are gone are forgotten."""

    folder: Path
    ticket: Ticket | None = None
    confirmed: bool = False


class WorkQueue:
    """The scans and the dirty paths that wait, in order. Dirty paths are debounced: a hundred reports about
    one path are one piece of work. Any thread adds; the reading thread takes."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._scans: deque[Scan] = deque()
        self._dirty: dict[Path, tuple[float, float]] = {}
        # Until when reports about a path are held, and which were made meanwhile.
        self._held: dict[Path, float] = {}
        self._later: set[Path] = set()
        self._comparing = False
        self._closed = False

    def mark_dirty(self, path: Path) -> None:
        """Add a path at which something happened. It is given out when nothing was reported about it for
        QUIET seconds, at the latest after PATIENCE seconds. Any thread."""
        now = self._clock.now()
        with self._condition:
            if self._held.get(path, now) > now and os.path.exists(path):
                self._later.add(path)
                self._condition.notify()
                return
            first, _ = self._dirty.get(path, (now, now))
            self._dirty[path] = (first, now)
            self._condition.notify()

    def hold(self, path: Path, seconds: float) -> None:
        """Give out no report about a path for so many seconds, unless it is gone: it was read just now, and
        reading it takes long. Any thread."""
        with self._condition:
            self._held[path] = self._clock.now() + seconds

    def _release(self, now: float) -> None:
        """Take the reports about paths that are held no longer."""
        self._held = {path: until for path, until in self._held.items() if until > now}
        for path in self._later.difference(self._held):
            self._later.discard(path)
            self._dirty.setdefault(path, (now - QUIET, now - QUIET))

    def add_scan(self, scan: Scan) -> None:
        """Add a folder to compare. One that waits already is not added again, unless a ticket counts it or
        the user confirmed it. Any thread."""
        with self._condition:
            if (
                scan.ticket is None
                and not scan.confirmed
                and any(s.folder == scan.folder for s in self._scans)
            ):
                return
            self._scans.append(scan)
            self._condition.notify()

    def put_back(self, work: Scan | set[Path]) -> None:
        """Put work that failed half-way back to the front."""
        with self._condition:
            if isinstance(work, Scan):
                self._scans.appendleft(work)
            else:
                now = self._clock.now()
                self._dirty = {**dict.fromkeys(work, (now, now)), **self._dirty}
            self._condition.notify()

    def next(self) -> Scan | set[Path] | None:
        """Wait for the next piece of work and take it; None after `close`. The reading thread says `done`
        when it has ended."""
        with self._condition:
            while not self._closed:
                if self._scans:
                    self._comparing = True
                    return self._scans.popleft()
                now = self._clock.now()
                self._release(now)
                if not self._dirty:
                    until = min((self._held[path] for path in self._later), default=None)
                    self._clock.wait_on(self._condition, None if until is None else until - now)
                    continue
                # All dirty paths are given out together, so that moves and large deletions among them are
                # seen as a whole.
                due = min(
                    max(last for _, last in self._dirty.values()) + QUIET,
                    min(first for first, _ in self._dirty.values()) + PATIENCE,
                )
                if due <= now:
                    paths = set(self._dirty)
                    self._dirty.clear()
                    return paths
                self._clock.wait_on(self._condition, due - now)
            return None

    def done(self) -> None:
        """Note that the work that `next` gave out has ended, or was put back."""
        with self._condition:
            self._comparing = False

    @property
    def unread(self) -> bool:
        """Whether a folder waits to be compared, or was given out and is not yet done. Any thread."""
        with self._condition:
            return bool(self._scans) or self._comparing

    def close(self) -> None:
        """Wake the thread that waits for work. Nothing is given out any more."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Ticket:
    """Counts the work of one reconcile, and lets its caller wait for the end. With `reading_only` the end is
    reached when the notes are read. Any thread."""

    def __init__(
        self, folders: tuple[Path, ...], *, reading_only: bool = False, clock: Clock = SYSTEM
    ) -> None:
        self._clock = clock
        self.folders = folders
        self.reading_only = reading_only
        self.errors: list[Exception] = []
        self.held = 0
        self._left = set(folders)
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began = clock.now()
        self._seconds = 0.0

    def count(self, **numbers: int) -> None:
        """Add to the numbers of its IndexSummary, by name, or to "refused". Any thread."""
        with self._lock:
            for name, number in numbers.items():
                self._counts[name] = self._counts.get(name, 0) + number

    def reading_ended(self, folder: Path) -> None:
        """Note that one of its folders was read to the end."""
        self._left.discard(folder)

    @property
    def read(self) -> bool:
        """Whether all of its folders were read."""
        return not self._left

    def end(self) -> None:
        """End the ticket: the work is done. Wakes the caller that waits."""
        self._seconds = self._clock.now() - self._began
        self._ended.set()

    def abandon(self, error: Exception | None = None) -> None:
        """End the ticket because the work cannot go on, with the reason `error`. Wakes the caller that
        waits."""
        if error is not None:
            self.errors.append(error)
        self.end()

    def fail(self, error: NotesearchError) -> None:
        """Note that a folder cannot go on. The same reason is kept once."""
        if Told.of(error) not in [Told.of(e) for e in self.errors if isinstance(e, NotesearchError)]:
            self.errors.append(error)

    def wait(self, seconds: float) -> bool:
        """Wait for the end, for at most `seconds`. Returns whether it has come."""
        return self._ended.wait(seconds)

    @property
    def refused(self) -> int:
        """How many passages the models refused."""
        with self._lock:
            return self._counts.get("refused", 0)

    @property
    def summary(self) -> IndexSummary:
        """The numbers of what was done so far."""
        with self._lock:
            counts = dict(self._counts)
        refused = counts.pop("refused", 0)
        reused = max(0, counts.get("chunks", 0) - counts.get("embedded", 0) - refused)
        return IndexSummary(**{**counts, "reused": reused}, seconds=round(self._seconds, 3))


class Tickets:
    """The tickets that have not ended. Any thread."""

    def __init__(self) -> None:
        self._tickets: list[Ticket] = []
        self._lock = threading.Lock()

    def add(self, ticket: Ticket) -> None:
        """Add a ticket. One that covers several folders is kept once."""
        with self._lock:
            if ticket not in self._tickets:
                self._tickets.append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Remove a ticket: its caller does not wait any more."""
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for work to end."""
        return bool(self._tickets)

    def read(self) -> list[Ticket]:
        """The tickets whose folders have all been read."""
        with self._lock:
            return [ticket for ticket in self._tickets if ticket.read]

    def count(self, **numbers: int) -> None:
        """Add to the numbers of every ticket."""
        with self._lock:
            for ticket in self._tickets:
                ticket.count(**numbers)

    def abandon(self, error: Exception | None = None) -> None:
        """End every ticket, because the work cannot go on."""
        with self._lock:
            for ticket in self._tickets:
                ticket.abandon(error)
            self._tickets.clear()


@dataclass(slots=True)
class WorkProgress:
    """The progress of the present work. The indexer's threads write it, any thread reads it; a value may be a
    moment old."""

    clock: Clock = SYSTEM
    state: IndexingState = IndexingState.STARTING
    stage: str = ""
    done: int = 0
    total: int = 0
    current: Path | None = None
    chunks: int = 0
    chunks_done: int = 0
    began: float = 0.0

    def begin(self, state: IndexingState, stage: str = "", total: int = 0, chunks: int = 0) -> None:
        """Begin a stage, "reading" or "embedding", of `total` notes and `chunks` chunks."""
        self.stage, self.done, self.total, self.current, self.chunks, self.chunks_done = (
            stage,
            0,
            total,
            None,
            chunks,
            0,
        )
        self.began = self.clock.now()
        self.state = state

    def step(self, path: Path) -> None:
        """Note that one more note is done."""
        self.done += 1
        self.current = path

    def embedded(self, chunks: int) -> None:
        """Note that so many more chunks have a vector."""
        self.chunks_done += chunks

    @property
    def seconds_left(self) -> float | None:
        """The time that is left, reckoned from the speed so far; None before there is a speed."""
        took = self.clock.now() - self.began
        done, total = (
            (self.chunks_done, self.chunks) if self.stage == "embedding" else (self.done, self.total)
        )
        return took / done * max(0, total - done) if done and took > 1 else None
