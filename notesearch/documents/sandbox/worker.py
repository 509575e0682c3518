"""The child process that reads files: `python -m notesearch.documents.sandbox.worker MEMORY_LIMIT`.

process.py is its parent. Files are not trusted, so this process holds no secret, is limited in memory, prints
nothing, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import stat
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from notesearch.catalogue import ChunkRecipe
from notesearch.documents.chunking.splitter import split
from notesearch.documents.chunking.tokens import token_counter
from notesearch.documents.formats.format import Part, Source
from notesearch.documents.formats.registry import read
from notesearch.documents.sandbox.frames import (
    LARGE_FILE,
    MEMORY_EXIT,
    Extracted,
    FrameKind,
    KeptTitle,
    ReadingPlan,
    hash_of,
    pack,
    pack_error,
    pack_extracted,
    read_frame,
    unpack_request,
)
from notesearch.domain import Chunk, Document
from notesearch.domain.file_times import times_of
from notesearch.errors import ExtractionFailed, FileGone, FileTooLarge, FileUnreadable, NotesearchError
from notesearch.text.secrets import find_secrets

NICENESS = 5
_TRIES = 3
# Bytes: a file up to this size is read once and kept in memory; a larger one is read from the disk.
IN_MEMORY = 64 << 20


def read_note(
    path: Path, wanted: ReadingPlan, announce: IO[bytes] | None = None, kept: KeptTitle | None = None
) -> Iterator[Extracted]:
    """Read one regular file and cut its documents into chunks, one after the other. Raises FileUnreadable or
    a subclass, also after some documents.

    `kept`: while the title is the one that a rename gave it, the chunks are cut and prefixed under the former
    title, so that those that did not change keep their vectors.
    """
    source, status = _source(path, announce)
    with source.open() as stream:
        content_hash = hash_of(stream)
    modified, changed = times_of(status)
    for part in read(source):
        document = part.document
        embedded_title = (
            kept.embedded if kept is not None and kept.title == document.title else document.title
        )
        titled = replace(document, title=embedded_title)
        yield Extracted(
            document=document,
            chunks=_chunks(titled, wanted.recipe, part),
            following=_chunks(titled, wanted.following, part) if wanted.following is not None else (),
            secrets=tuple((found.start, found.end) for found in find_secrets(document.text))
            if wanted.secrets
            else (),
            size=status.st_size,
            mtime_ns=modified,
            ctime_ns=changed,
            content_hash=content_hash,
            embedded_title=embedded_title,
            part=part.name,
        )
    if status.st_size > IN_MEMORY and not _is_as_it_was(path, status):
        raise FileUnreadable("file-unreadable.changing")


def _chunks(document: Document, recipe: ChunkRecipe, part: Part) -> tuple[Chunk, ...]:
    """The chunks of a document, each with the place at which it begins where the reader told places."""
    chunks = split(document, recipe, part.outline)
    if not part.places:
        return chunks
    starts = [place.start for place in part.places]
    found = ((chunk, bisect_right(starts, chunk.start)) for chunk in chunks)
    return tuple(replace(c, locator=part.places[n - 1].locator) if n else c for c, n in found)


def _is_as_it_was(path: Path, status: os.stat_result) -> bool:
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (now.st_mtime_ns, now.st_size) == (status.st_mtime_ns, status.st_size)


def _source(path: Path, announce: IO[bytes] | None) -> tuple[Source, os.stat_result]:
    """Open the file. Returns it with the status that its bytes belong to: it is read again where it changed
    meanwhile. A file larger than IN_MEMORY stays on the disk."""
    try:
        for _ in range(_TRIES):
            before = os.stat(path)
            if not stat.S_ISREG(before.st_mode):
                raise FileUnreadable("file-unreadable.not-a-file", retryable=False)
            if announce is not None and before.st_size >= LARGE_FILE:
                _send(announce, pack([FrameKind.SIZE, before.st_size]))
            if before.st_size > IN_MEMORY:
                return Source(path, before.st_size, lambda: _opened(path)), before
            with _opened(path) as file:
                raw = file.read()
            after = os.stat(path)
            if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and len(
                raw
            ) == after.st_size:
                return Source.of_bytes(path, raw), after
    except FileNotFoundError as error:
        raise FileGone from error
    except OSError as error:
        raise FileUnreadable(
            "file-unreadable.because", reason=error.strerror or type(error).__name__
        ) from error
    raise FileUnreadable("file-unreadable.changing")


def _opened(path: Path) -> IO[bytes]:
    """Open a regular file. Raises FileUnreadable for anything else, or OSError."""
    # Without blocking, since a pipe may have taken the file's place meanwhile.
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)
    )
    file = open(os.open(path, flags), "rb")  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileUnreadable("file-unreadable.not-a-file", retryable=False)
    return file


def _answer(request: Any, output: IO[bytes]) -> Iterator[bytes]:
    """The frames about one file: its parts as they are read, and how it ended."""
    try:
        path, wanted, kept = unpack_request(request)
        for extracted in read_note(path, wanted, output, kept):
            yield pack_extracted(extracted)
        yield pack([FrameKind.END])
    except MemoryError:
        yield pack_error(FileTooLarge())
    except NotesearchError as error:
        yield pack_error(error)
    except Exception:  # a bug in one file must not stop the others; it becomes a problem
        yield pack_error(ExtractionFailed())


def _send(output: IO[bytes], frame: bytes) -> None:
    output.write(frame)
    output.flush()


def _read_requests(source: IO[bytes], requests: queue.SimpleQueue[Any]) -> None:
    """Read requests in a thread of its own, so that the end of the parent ends this process also in the
    middle of a file."""
    while (frame := read_frame(source)) is not None:
        requests.put(frame[0])
    os._exit(0)


def _limit(memory: int) -> None:
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which ends this process
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):  # macOS knows the limit but may refuse to set it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    """Answer requests until the parent ends or closes the pipe."""
    _limit(int(arguments[0]))
    output = sys.stdout.buffer
    token_counter("minilm")
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(
        target=_read_requests, args=(sys.stdin.buffer, requests), name="requests", daemon=True
    ).start()
    _send(output, pack([FrameKind.READY]))
    while True:
        for frame in _answer(requests.get(), output):
            _send(output, frame)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except MemoryError:
        os._exit(MEMORY_EXIT)
    except BaseException:
        os._exit(1)  # the parent sees it; nothing is printed
