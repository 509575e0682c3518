"""The watcher: it turns what watchdog reports into dirty paths. What happened to a path, the reading thread
finds out by looking.

On Linux, watchdog 7 does not report some things, so this module finds them out itself: the limit of watches
in the kernel (watchdog raises only the failure of the root), an overflow of the event queue (watchdog writes
only a log line), a watched root that was deleted or replaced, and a thread of its own that has died. It also
loses track of folders that were moved away or exchanged. So all watches are made anew once folders were moved
or deleted and it is calm again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.folders.found_file import LinkedFiles
from notesearch.engine.folders.mounts import Mount, mounts_below, read_mounts, remote_of
from notesearch.engine.indexing.linked_notes import LinkedNotes
from notesearch.engine.indexing.observation import FolderHandler, Handler, LinkedHandler, Observation, Watch
from notesearch.errors import WatchLimited

log = logging.getLogger(__name__)

# Seconds between two checks that the roots are the same folders, between two scans of a folder that is not
# watched completely, and between two scans of every folder.
CHECK_ROOTS = 5.0
POLL = 60.0
RESCAN = 3600.0
# The code of a folder that is compared every minute because of its file system. Nothing is wrong with it.
POLLED = "watch-limited.polled"
# Seconds without a moved folder after which all watches are made anew, and the most that this is put off.
CALM, MOST_MOVING = 2.0, 30.0


class _Linked(NamedTuple):
    link: str
    real: str
    identity: tuple[int, int] | None
    handler: Handler
    watch: Watch | None


class _Overflow(logging.Handler):
    """Recognises watchdog's log line about an overflow of the event queue, which is all that it says of lost
    events."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._lost()


class Watcher:
    """Watches folders for changes. It calls `dirty` and `rescan` from its own threads; both must return at
    once.

    `dirty(path)` reports a path at which something happened. `rescan(folder)` asks for a full comparison of a
    folder: events were lost, it is not watched completely, or its root came back. `limited(folder, error)`
    tells whether a folder is watched completely (error None) or not.
    """

    def __init__(
        self,
        dirty: Callable[[Path], None],
        rescan: Callable[[Path], None],
        limited: Callable[[Path, WatchLimited | None], None],
        clock: Clock = SYSTEM,
        mounts: Callable[[], Sequence[Mount]] = read_mounts,
    ) -> None:
        self._clock = clock
        self._mounts = mounts
        # What is mounted inside each folder. The watches of a folder do not reach into what is mounted later.
        self._inside: dict[Path, tuple[Mount, ...]] = {}
        self._dirty = dirty
        self._handler = FolderHandler(dirty, self._folder_moved)
        self._rescan = rescan
        self._limited = limited
        self._lock = threading.RLock()
        self._watches: dict[Path, tuple[Watch | None, tuple[int, int] | None]] = {}
        self._linked: dict[Path, list[_Linked]] = {}
        self._linked_notes = LinkedNotes()
        self._incomplete: set[Path] = set()
        self._unchecked: set[Path] = set()
        # Folders of which the kernel did not watch all when it was last asked. watchdog may still be at it.
        self._doubted: set[Path] = set()
        self._stop = threading.Event()
        self._observation: Observation | None = None
        # When a folder was moved first and last since the watches were made.
        self._moving: tuple[float, float] | None = None
        self._overflow = _Overflow(self._lost)
        self._thread = threading.Thread(target=self._look_after, name="watcher", daemon=True)

    def start(self) -> None:
        """Start the threads that report changes, and the one that checks the roots. Where the system gives no
        means to watch, folders are compared every minute, and it is asked again."""
        logging.getLogger("watchdog.observers").addHandler(self._overflow)
        self._observe()
        self._thread.start()

    def _observe(self) -> None:
        try:
            self._observation = Observation()
        except OSError as error:
            log.warning("nothing can be watched: errno %s", error.errno)

    def close(self) -> None:
        """Stop both threads and wait for them."""
        self._stop.set()
        logging.getLogger("watchdog.observers").removeHandler(self._overflow)
        with self._lock:
            observation, self._observation = self._observation, None
        if observation is not None:
            observation.stop()
        if self._thread.is_alive():
            self._thread.join(5)

    def watch(self, folder: Path) -> None:
        """Watch a folder. Where it is missing or cannot be watched, this is tried again later."""
        with self._lock:
            identity = _identity(folder)
            watch = self._watch_of(self._handler, str(folder)) if identity is not None else None
            self._watches[folder] = (watch, identity)
            self._inside[folder] = mounts_below(str(folder), self._mounts())
            self._unchecked.add(folder)

    def _watch_of(self, handler: Handler, path: str) -> Watch | None:
        if self._observation is None:
            return None
        try:
            return self._observation.watch(handler, path)
        except OSError as error:
            log.warning("a folder cannot be watched: errno %s", error.errno)
            return None

    def watch_linked(self, folder: Path, links: Mapping[str, str], notes: LinkedFiles | None = None) -> None:
        """Watch what links in a watched folder lead to, in place of what they led to before. `links` are the
        real folders by the path of the link, `notes` the linked notes; changes are reported under the path of
        the link. Notes are compared every few seconds; None leaves those that are."""
        with self._lock:
            if folder in self._watches and notes is not None:
                self._linked_notes.follow(folder, notes)
            before = self._linked.get(folder, [])
            if folder not in self._watches or {had.link: had.real for had in before} == links:
                return
            self._unwatch_linked(folder)
            self._linked[folder] = [self._watched(link, real) for link, real in links.items()]
            self._unchecked.add(folder)

    def _watched(self, link: str, real: str) -> _Linked:
        handler = LinkedHandler(self._dirty, link, real)
        return _Linked(link, real, _identity(Path(real)), handler, self._watch_of(handler, real))

    def _unwatch_linked(self, folder: Path) -> None:
        gone = self._linked.pop(folder, [])
        # Links in several folders may lead to one folder, which the system then watches once.
        used = {had.watch for others in self._linked.values() for had in others}
        for _, _, _, handler, watch in gone:
            if watch is not None and self._observation is not None:
                self._observation.remove(handler, watch)
                if watch not in used:
                    self._observation.unwatch(watch)

    def unwatch(self, folder: Path) -> None:
        """Report no more changes in a folder."""
        with self._lock:
            self._unwatch_linked(folder)
            self._linked_notes.drop(folder)
            watch, _ = self._watches.pop(folder, (None, None))
            self._inside.pop(folder, None)
            self._incomplete.discard(folder)
            self._doubted.discard(folder)
            if watch is not None and self._observation is not None:
                self._observation.unwatch(watch)

    def _report(self, folder: Path) -> None:
        """Tell whether the folder is watched completely, by the kernel's own count where there is one. A
        count that is too small must be met twice, since watches are added in threads of watchdog's."""
        if folder not in self._watches:
            return
        remote = remote_of(str(folder), self._mounts())
        watched = self._watches[folder][0] is not None and remote is None
        complete = watched and _kernel_holds(self._all_watched())
        with self._lock:
            if watched and not complete and folder not in self._doubted:
                self._doubted.add(folder)
                return
            self._doubted.discard(folder)
            self._unchecked.discard(folder)
            changed = complete == (folder in self._incomplete)
            (self._incomplete.discard if complete else self._incomplete.add)(folder)
        if changed:
            none_left = self._observation is None
            error = watch_limited(folder, none_left=none_left, remote=remote)
            self._limited(folder, None if complete else error)

    def _all_watched(self) -> list[Path]:
        with self._lock:
            linked = {Path(had.real) for links in self._linked.values() for had in links}
            return [*self._watches, *linked]

    def _lost(self) -> None:
        for folder in list(self._watches):
            self._rescan(folder)

    def _folder_moved(self) -> None:
        if sys.platform != "linux":
            return
        now = self._clock.now()
        first, _ = self._moving or (now, now)
        self._moving = (first, now)

    def _renew(self) -> None:
        """Make all watches anew, and compare every folder: what happened meanwhile was not reported."""
        with self._lock:
            if self._stop.is_set():
                # Nobody would end the new threads.
                return
            observation, self._observation, self._moving = self._observation, None, None
            folders, linked = list(self._watches), dict(self._linked)
            self._linked.clear()
            if observation is not None:
                observation.stop()
            self._observe()
            for folder in folders:
                self.watch(folder)
            for folder, links in linked.items():
                self.watch_linked(folder, {had.link: had.real for had in links})
        self._lost()

    def _check_observation(self, now: float) -> None:
        if self._observation is not None and not self._observation.alive:
            log.error("watching had stopped; it begins anew, and every folder is compared")
            self._renew()
        elif self._moving is not None:
            first, last = self._moving
            if now - last >= CALM or now - first >= MOST_MOVING:
                self._renew()

    def _look_after(self) -> None:
        """Notice roots that came back or were replaced and threads that died, scan folders that are not
        watched completely, and scan every folder once in a while."""
        polled = compared = self._clock.now()
        while not self._clock.wait(self._stop, CHECK_ROOTS):
            now = self._clock.now()
            try:
                self._check_roots()
                self._check_observation(now)
                if now - polled >= POLL:
                    polled = now
                    if self._observation is None:
                        self._renew()
                    for folder in list(self._incomplete):
                        self._rescan(folder)
                        self._report(folder)
                if now - compared >= RESCAN:
                    compared = now
                    self._lost()
            except Exception:
                # Any error: the next look may succeed. Without this thread nothing would be noticed any more.
                log.exception("looking after the watched folders failed")

    def _check_roots(self) -> None:
        mounted = self._mounts()
        for folder, (_, identity) in list(self._watches.items()):
            if _identity(folder) != identity or mounts_below(str(folder), mounted) != self._inside[folder]:
                told = folder in self._incomplete
                self.unwatch(folder)
                self.watch(folder)
                if told:
                    # What was told is taken back by the next report.
                    self._incomplete.add(folder)
                self._rescan(folder)
        for folder, links in list(self._linked.items()):
            if any(_identity(Path(had.real)) != had.identity for had in links):
                with self._lock:
                    self._unwatch_linked(folder)
                self._rescan(folder)
        for link in self._linked_notes.changed():
            self._dirty(link)
        for folder in list(self._unchecked):
            self._report(folder)


def with_faults(limited: Mapping[Path, WatchLimited]) -> dict[Path, WatchLimited]:
    """Of the folders that are not watched completely, those with which something is wrong."""
    return {folder: error for folder, error in limited.items() if error.code != POLLED}


def watch_limited(folder: Path, *, none_left: bool = False, remote: Mount | None = None) -> WatchLimited:
    """The error for a folder that is not watched completely. On Linux a setting of the kernel can change
    that. `none_left`: nothing can be watched at all. `remote`: others may write to this file system
    unnoticed."""
    if not os.path.isdir(folder):
        return WatchLimited("watch-limited.missing", folder=str(folder))
    if remote is not None:
        return WatchLimited("watch-limited.polled", folder=str(folder), kind=remote.kind)
    if sys.platform == "linux" and none_left:
        return WatchLimited("watch-limited.instances", folder=str(folder))
    if sys.platform == "linux":
        return WatchLimited("watch-limited.kernel", folder=str(folder))
    return WatchLimited("watch-limited.part", folder=str(folder))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        stat = os.stat(folder)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def watches_held() -> int | None:
    """How many folders the kernel watches for this process; None where it cannot be asked."""
    if sys.platform != "linux":
        return None
    held = 0
    try:
        for name in os.listdir("/proc/self/fdinfo"):
            with contextlib.suppress(OSError), open(f"/proc/self/fdinfo/{name}") as file:
                held += sum(line.startswith("inotify wd") for line in file)
    except OSError:
        return None
    return held


def _kernel_holds(folders: list[Path]) -> bool:
    """Whether the kernel holds a watch for every folder that can be read; True where it cannot be asked."""
    held = watches_held()
    if held is None:
        return True
    # The kernel watches a folder once, by whatever names it is reached. Links are not followed.
    wanted = {_identity(folder) for folder in folders}
    for folder in folders:
        for at, names, _ in os.walk(folder):
            below = (Path(at, name) for name in names)
            wanted.update(_identity(p) for p in below if not p.is_symlink() and os.access(p, os.R_OK))
    return held >= len(wanted - {None})
