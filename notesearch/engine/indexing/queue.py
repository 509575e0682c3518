"""What waits for the indexer, how far it is, and who waits for it to end."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from notesearch.domain import IndexingState, IndexSummary, Told
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.errors import NotesearchError

# A path is looked at when nothing was reported about it for QUIET seconds, or PATIENCE seconds after the
# first report.
QUIET = 0.15
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Scan:
    """A folder that is to be compared with the library. `ticket`: who waits for it. `confirmed`: the user
    agreed to forget what is gone."""

    folder: Path
    ticket: Ticket | None = None
    confirmed: bool = False


class WorkQueue:
    """Scans in order, dirty paths debounced: a hundred reports about one path are one piece of work. Any
    thread adds; one takes."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._scans: deque[Scan] = deque()
        self._dirty: dict[Path, tuple[float, float]] = {}
        self._closed = False

    def mark_dirty(self, path: Path) -> None:
        """Something happened at `path`. It is taken out when nothing more happened for QUIET seconds, at the
        latest after PATIENCE. Any thread."""
        now = self._clock.now()
        with self._condition:
            first, _ = self._dirty.get(path, (now, now))
            self._dirty[path] = (first, now)
            self._condition.notify()

    def add_scan(self, scan: Scan) -> None:
        """Put in a folder to compare. One that waits already is not put in twice, unless somebody waits for
        it or confirmed it. Any thread."""
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
        """Work that failed half-way comes first again."""
        with self._condition:
            if isinstance(work, Scan):
                self._scans.appendleft(work)
            else:
                now = self._clock.now()
                self._dirty = {**dict.fromkeys(work, (now, now)), **self._dirty}
            self._condition.notify()

    def next(self) -> Scan | set[Path] | None:
        """The next piece of work, waiting for it; None when closed."""
        with self._condition:
            while not self._closed:
                if self._scans:
                    return self._scans.popleft()
                if not self._dirty:
                    self._clock.wait_on(self._condition, None)
                    continue
                now = self._clock.now()
                # All at once: a burst is one piece of work, so that moves and mass deletions inside it are
                # seen whole.
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

    @property
    def scans_wait(self) -> bool:
        """Whether folders wait to be compared."""
        return bool(self._scans)

    def close(self) -> None:
        """Wake whoever waits for work; nothing more is given out."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()


class Ticket:
    """Counts what one reconcile does and lets a caller wait for its end. `reading_only`: that is when the
    notes are read."""

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
        """Add to the numbers of its summary, by name. Any thread."""
        with self._lock:
            for name, number in numbers.items():
                self._counts[name] = self._counts.get(name, 0) + number

    def reading_ended(self, folder: Path) -> None:
        """One of its folders was read to the end."""
        self._left.discard(folder)

    @property
    def read(self) -> bool:
        """Whether all of its folders were read."""
        return not self._left

    def end(self) -> None:
        """The work is done: wake who waits."""
        self._seconds = self._clock.now() - self._began
        self._ended.set()

    def abandon(self, error: Exception | None = None) -> None:
        """The work cannot be done, because of `error`: wake who waits."""
        if error is not None:
            self.errors.append(error)
        self.end()

    def fail(self, error: NotesearchError) -> None:
        """A folder cannot go on; the same reason is said once."""
        if Told.of(error) not in [Told.of(e) for e in self.errors if isinstance(e, NotesearchError)]:
            self.errors.append(error)

    def wait(self, seconds: float) -> bool:
        """Wait for the end, at most so many seconds; whether it has come."""
        return self._ended.wait(seconds)

    @property
    def summary(self) -> IndexSummary:
        """What was done, in numbers."""
        with self._lock:
            counts = dict(self._counts)
        reused = max(0, counts.get("chunks", 0) - counts.get("embedded", 0))
        return IndexSummary(**{**counts, "reused": reused}, seconds=round(self._seconds, 3))


class Tickets:
    """The tickets that have not ended. Any thread."""

    def __init__(self) -> None:
        self._tickets: list[Ticket] = []
        self._lock = threading.Lock()

    def add(self, ticket: Ticket) -> None:
        """One for several folders counts once."""
        with self._lock:
            if ticket not in self._tickets:
                self._tickets.append(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Nobody waits with this ticket any more."""
        with self._lock:
            if ticket in self._tickets:
                self._tickets.remove(ticket)

    def read(self) -> list[Ticket]:
        """Those whose folders have all been read."""
        with self._lock:
            return [ticket for ticket in self._tickets if ticket.read]

    def count(self, **numbers: int) -> None:
        """Add to the numbers of every ticket that waits."""
        with self._lock:
            for ticket in self._tickets:
                ticket.count(**numbers)

    def abandon(self, error: Exception | None = None) -> None:
        """Nobody waits for what cannot go on."""
        with self._lock:
            for ticket in self._tickets:
                ticket.abandon(error)
            self._tickets.clear()


@dataclass(slots=True)
class WorkProgress:
    """How far the work under way is. Written by the indexer's threads, read by anyone: a value may be a
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
        """A new stage begins: "reading" or "embedding", of `total` notes and `chunks` chunks."""
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
        """One note more is done."""
        self.done += 1
        self.current = path

    def embedded(self, chunks: int) -> None:
        """So many chunks more have a vector."""
        self.chunks_done += chunks

    @property
    def seconds_left(self) -> float | None:
        """From the speed so far; None before there is one."""
        took = self.clock.now() - self.began
        done, total = (
            (self.chunks_done, self.chunks) if self.stage == "embedding" else (self.done, self.total)
        )
        return took / done * max(0, total - done) if done and took > 1 else None
