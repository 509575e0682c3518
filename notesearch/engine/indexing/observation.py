"""One life of watchdog: its observer, and whether all of its threads still run. An exception in one of them
ends that thread alone, and nothing is reported any more; then the watcher begins another life."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchdog import events
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import ObservedWatch
from watchdog.utils import BaseThread

log = logging.getLogger(__name__)

# Permissions that change are events of their own from watchdog 7 on.
_PERMISSIONS = [
    getattr(events, name) for name in ("FileAttribEvent", "DirAttribEvent") if hasattr(events, name)
]
# Without "opened" and "closed without writing": reading a note would report itself.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
    *_PERMISSIONS,
]
# Seconds that a thread has to end.
PATIENCE = 5.0


Handler = FileSystemEventHandler
Watch = ObservedWatch


class FolderHandler(FileSystemEventHandler):
    """Reports what happens in a folder: `dirty` with each path, `moved` where a folder was moved or deleted,
    or has other permissions."""

    def __init__(self, dirty: Callable[[Path], None], moved: Callable[[], None]) -> None:
        self._dirty = dirty
        self._moved = moved

    def on_any_event(self, event: FileSystemEvent) -> None:
        # What is moved out of the folder is reported as deleted.
        if event.is_directory and isinstance(event, (DirMovedEvent, DirDeletedEvent, *_PERMISSIONS)):
            self._moved()
        # A move makes two paths dirty: the source, which is gone, and the target. An atomic save is a move
        # onto the note.
        for path in (event.src_path, event.dest_path):
            if path:
                self._dirty(Path(os.fsdecode(path)))


class LinkedHandler(FileSystemEventHandler):
    """Reports what happens in a folder that a link leads to, under the path of the link."""

    def __init__(self, dirty: Callable[[Path], None], link: str, real: str) -> None:
        self._dirty = dirty
        self._link = Path(link)
        self._real = Path(real)

    def on_any_event(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            at = Path(os.fsdecode(path)) if path else None
            if at is not None and at.is_relative_to(self._real):
                self._dirty(self._link / at.relative_to(self._real))


class Observation:
    """Runs from the moment it is made until `stop`. Calls handlers from threads of its own. Raises OSError
    where the system has no inotify instance left."""

    def __init__(self) -> None:
        before = set(threading.enumerate())
        self._observer = Observer()
        # On Linux the thread that reads from the kernel runs already.
        self._threads = [
            thread
            for thread in threading.enumerate()
            if thread not in before and isinstance(thread, BaseThread)
        ]
        self._observer.start()
        self._threads.append(self._observer)

    @property
    def alive(self) -> bool:
        """Whether every thread runs that has to. The one of a folder that is gone has ended."""
        return all(thread.is_alive() for thread in self._threads) and all(
            emitter.is_alive() or not os.path.isdir(emitter.watch.path)
            for emitter in list(self._observer.emitters)
        )

    def watch(self, handler: Handler, path: str) -> Watch:
        """Report what happens in a folder and below it. Raises OSError."""
        return self._observer.schedule(handler, path, recursive=True, event_filter=_EVENTS)

    def unwatch(self, watch: Watch) -> None:
        """Report nothing of a folder any more."""
        with contextlib.suppress(KeyError, OSError):
            self._observer.unschedule(watch)

    def remove(self, handler: Handler, watch: Watch) -> None:
        """Report nothing of a folder to this handler any more."""
        with contextlib.suppress(KeyError, OSError):
            self._observer.remove_handler_for_watch(handler, watch)

    def stop(self) -> None:
        """Stop, and wait for the threads; not for ever, whatever state watchdog is in."""
        ending = threading.Thread(target=self._end, name="watching ends", daemon=True)
        ending.start()
        ending.join(PATIENCE)
        if ending.is_alive():
            log.error("watching cannot be ended; its threads are left behind")

    def _end(self) -> None:
        for thread in reversed(self._threads):
            # Its own records may be what is wrong.
            with contextlib.suppress(KeyError, OSError, RuntimeError, AssertionError):
                thread.stop()
            thread.join()


def _mend_inotify() -> None:
    """Let watchdog 7.1 forget a descriptor whose path belongs to another one by now, or to none. It raises
    KeyError instead, which ends the thread that reads for all folders (after a folder was moved away, made
    again, and both were deleted), and one that waits for ever when it is stopped."""
    try:
        from watchdog.observers.inotify import InotifyWatchGroup
    except ImportError:
        # Another version, which keeps its records otherwise.
        return

    def forget(group: InotifyWatchGroup, descriptor: Any) -> None:
        by_watch, by_path = group._active_callbacks_by_watch, group._active_callbacks_by_path  # noqa: SLF001
        path = by_watch.pop(descriptor, None)
        if path is not None and by_path.get(path) == descriptor:
            del by_path[path]

    if hasattr(InotifyWatchGroup, "_remove_watch_internally"):
        InotifyWatchGroup._remove_watch_internally = forget  # type: ignore # noqa: SLF001


if sys.platform == "linux":
    _mend_inotify()
