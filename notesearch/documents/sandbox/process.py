"""The parent's side of extraction: one child process that reads files, and is restarted whenever a file was
too much for it."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from notesearch.config.paths import MODELS, package_root
from notesearch.documents.formats.registry import folders_of_others
from notesearch.documents.sandbox.frames import (
    LARGE_FILE,
    MEMORY_EXIT,
    Extracted,
    FrameKind,
    KeptTitle,
    ReadingPlan,
    pack_request,
    read_frame,
    unpack_error,
    unpack_extracted,
)
from notesearch.errors import ExtractionFailed, FileGone, FileTooLarge, FileTooSlow, NotesearchError

__all__ = ["Extracted", "ExtractionProcess", "KeptTitle", "ReadingPlan", "default_time_limit"]

STARTING_LIMIT = 60.0  # seconds
# Seconds between two looks whether the file that is read is still there.
LOOK_EVERY = 2.0
# Why the child was killed: the error of the file that it read, None where it was not.
Killed = type[NotesearchError] | None
# The most bytes of requests under way. It is less than any system's pipe holds, so that parent and child
# never both wait to write.
MOST_AHEAD = 4096

# The environment variables that an interpreter needs to start. The child gets no others, so it has no keys.
_PASSED_ON = (
    "SYSTEMROOT",
    "WINDIR",
    "TEMP",
    "TMP",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONHOME",
    MODELS,
)

# Windows has no nice(); the child lowers itself elsewhere.
_WINDOWS_FLAGS = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | getattr(
    subprocess, "CREATE_NO_WINDOW", 0
)


def default_time_limit(size: int) -> float:
    """Seconds for a file of `size` bytes: a hundred times what it takes on an idle machine."""
    return 20.0 + size / 200_000


def worker_command(memory_limit: int) -> list[str]:
    """The command that starts the child. A frozen program has no interpreter, so it starts itself with a
    special argument."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--extraction-worker", str(memory_limit)]
    # -P: nothing is imported from the working folder. -X utf8: the same on every system.
    return [
        sys.executable,
        "-P",
        "-X",
        "utf8",
        "-m",
        "notesearch.documents.sandbox.worker",
        str(memory_limit),
    ]


def worker_environment() -> dict[str, str]:
    """The child's whole environment."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join((str(package_root()), *folders_of_others()))
    return {**kept, "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"}


class ExtractionProcess:
    """The child process that reads files. It is started when it is first needed.

    For one thread at a time; any thread may call `close`.
    """

    def __init__(
        self, *, memory_limit: int = 2 << 30, time_limit: Callable[[int], float] = default_time_limit
    ) -> None:
        """`memory_limit` in bytes, of address space; `time_limit` gives seconds for a file of so many
        bytes."""
        self._memory_limit = memory_limit
        self._time_limit = time_limit
        self._exchange = threading.Lock()  # held while the child is started or ended
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._watchdog: _Watchdog | None = None

    def read_all(
        self, requests: Iterable[tuple[Path, ReadingPlan]], kept: Mapping[Path, KeptTitle] | None = None
    ) -> Iterator[tuple[Path, Extracted | NotesearchError]]:
        """Read each file. `kept` are the titles of those that were renamed.

        Answers come in the order of the requests, each as soon as the child has read it: the documents of a
        file, or its error (FileUnreadable or a subclass), which may come after some documents.

        Requests are taken some ahead of the answers, so a source that blocks delays answers. The iteration
        ends early after `close`; the caller may leave it early. Raises RuntimeError where the child cannot be
        started at all.
        """
        titles = kept or {}
        source = ((path, pack_request(path, wanted, titles.get(path))) for path, wanted in requests)
        asked: deque[tuple[Path, bytes]] = deque()
        drawn = next(source, None)
        try:
            while not self._closed:
                while drawn is not None and (not asked or _size(asked) + len(drawn[1]) <= MOST_AHEAD):
                    asked.append(drawn)
                    self._write(drawn[1])
                    drawn = next(source, None)
                if not asked:
                    return
                for answer in self._answers(asked):
                    if answer is None:
                        return
                    yield asked[0][0], answer
                asked.popleft()
        finally:
            if asked:
                self._end_child()  # its remaining answers are not wanted

    def close(self) -> None:
        """End the child at once. A `read_all` in another thread stops; later ones give nothing."""
        self._closed = True
        self._end_child()

    def rest(self) -> None:
        """End the child until there is something to read. Not while a `read_all` is under way."""
        self._end_child()

    def _answers(self, asked: deque[tuple[Path, bytes]]) -> Iterator[Extracted | NotesearchError | None]:
        """The child's answers about the first of the requested files; None after `close`.

        All documents of the file together have the time that a file of its size has; time that the caller
        spends in between does not count. A document is held back until the next one, or the end of the file,
        has come: only then it is known whether it is the last one.
        """
        child = self._child or self._start(asked)
        if child is None:
            yield None
            return
        size = 0
        spent = 0.0
        held: Extracted | None = None
        while True:
            began = time.monotonic()
            frame, killed = self._read(child, max(0.0, self._time_limit(size) - spent), asked[0][0])
            spent += time.monotonic() - began
            if frame is None:
                yield from _unfinished(held)
                yield None if self._closed else self._mourn(killed, size)
                return
            if killed:
                self._end_child()
            head, text = frame
            if head[0] == FrameKind.SIZE:
                size, spent = head[1], 0.0
            elif head[0] == FrameKind.READ:
                yield from _unfinished(held)
                held = unpack_extracted(head, text)
            elif head[0] == FrameKind.FAILED:
                yield from _unfinished(held)
                yield unpack_error(head)
                return
            else:
                if held is not None:
                    yield held
                return
            if killed or self._child is not child:
                # Ended between two parts: in time, but no more is to come.
                yield from _unfinished(held)
                yield None if self._closed else (killed or FileTooSlow)()
                return

    def _read(
        self, child: subprocess.Popen[bytes], seconds: float, path: Path | None = None
    ) -> tuple[tuple[Any, str] | None, Killed]:
        """The next frame, None where the child ended; and why the watchdog has ended it. `path`: the file
        that it reads."""
        watchdog = self._watchdog
        if watchdog is None or child.stdout is None:  # closed meanwhile
            return None, None
        watchdog.expect(child, seconds, path)
        try:
            frame = read_frame(child.stdout)
        except (OSError, ValueError):  # closed by another thread, or not a frame
            frame = None
        return frame, watchdog.relax()

    def _mourn(self, killed: Killed, size: int) -> NotesearchError:
        """The error of the file at which the child ended."""
        code = self._end_child()
        if killed is not None:
            return killed()
        # Native code that runs out of memory aborts. A system without memory kills the largest process.
        out_of_memory = code in (MEMORY_EXIT, -getattr(signal, "SIGABRT", 6)) or (
            code == -9 and size > LARGE_FILE
        )
        return FileTooLarge() if out_of_memory else ExtractionFailed()

    def _start(self, asked: Iterable[tuple[Path, bytes]]) -> subprocess.Popen[bytes] | None:
        """Start a new child and send it every request that is not answered yet; None after `close`."""
        with self._exchange:
            if self._closed:
                return None
            child = self._child = subprocess.Popen(
                worker_command(self._memory_limit),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=worker_environment(),
                creationflags=_WINDOWS_FLAGS,
            )
            if self._watchdog is None:
                self._watchdog = _Watchdog()
        frame, _ = self._read(child, STARTING_LIMIT)
        if frame is None or frame[0] != [FrameKind.READY]:
            code = self._end_child()
            if self._closed:
                return None
            raise RuntimeError(f"the extraction process ended with {code} before it was ready")
        for _, request in asked:
            self._write(request)
        return child

    def _write(self, frame: bytes) -> None:
        """Write to the child, where there is one. A new child is sent everything when it starts."""
        child = self._child
        if child is None or child.stdin is None:
            return
        with contextlib.suppress(OSError, ValueError):  # it has ended: reading from it will tell
            child.stdin.write(frame)
            child.stdin.flush()

    def _end_child(self) -> int | None:
        with self._exchange:
            child, self._child = self._child, None
            watchdog = self._watchdog
            if self._closed:
                self._watchdog = None
        if watchdog is not None and self._closed:
            watchdog.stop()
        if child is None:
            return None
        child.kill()
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code


class _Watchdog:
    """Kills a child that does not answer in time, or whose file has gone. Its thread sleeps while no answer
    is expected."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._child: subprocess.Popen[bytes] | None = None
        self._path: Path | None = None
        self._deadline = math.inf
        self._look_at = math.inf
        self._asleep_until = 0.0  # the thread looks again then, by itself
        self._killed: Killed = None
        self._stopped = False
        threading.Thread(target=self._watch, name="extraction-watchdog", daemon=True).start()

    def expect(self, child: subprocess.Popen[bytes], seconds: float, path: Path | None = None) -> None:
        """Kill `child` unless `relax` is called within `seconds`, and while `path` is there."""
        with self._change:
            now = time.monotonic()
            self._child, self._path, self._killed = child, path, None
            self._deadline = now + seconds
            self._look_at = now + LOOK_EVERY if path is not None else math.inf
            if self._asleep_until > self._next:
                self._change.notify()

    def relax(self) -> Killed:
        """Expect no answer any more. Returns why the child was killed meanwhile, None where it was not."""
        with self._change:
            self._child, self._path, self._deadline, self._look_at = None, None, math.inf, math.inf
            return self._killed

    def stop(self) -> None:
        """End the thread."""
        with self._change:
            self._stopped = True
            self._change.notify()

    @property
    def _next(self) -> float:
        return min(self._deadline, self._look_at)

    def _watch(self) -> None:
        with self._change:
            while not self._stopped:
                now = time.monotonic()
                if now >= self._deadline:
                    self._kill(FileTooSlow)
                elif now >= self._look_at:
                    self._look(now)
                self._asleep_until = self._next
                self._change.wait(None if self._next == math.inf else max(0.0, self._next - now))
                self._asleep_until = 0.0

    def _look(self, now: float) -> None:
        """Kill the child where the file that it reads has gone."""
        child, path = self._child, self._path
        self._look_at = now + LOOK_EVERY
        # A file system may take its time, and nobody is to wait for that.
        self._change.release()
        try:
            there = path is None or os.path.exists(path)
        finally:
            self._change.acquire()
        if not there and child is self._child and path is self._path:
            self._kill(FileGone)

    def _kill(self, why: type[NotesearchError]) -> None:
        if self._child is not None:
            self._killed = why
            self._child.kill()
        self._deadline = self._look_at = math.inf


def _unfinished(held: Extracted | None) -> Iterator[Extracted]:
    """A part that is not the last of its file, where there is one."""
    if held is not None:
        yield replace(held, last=False)


def _size(asked: Iterable[tuple[Path, bytes]]) -> int:
    return sum(len(frame) for _, frame in asked)
