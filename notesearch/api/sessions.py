"""Sessions: how a front end reaches an engine. It owns the engine, reads beside the owner, or asks the
owner."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from notesearch.api import wire
from notesearch.api.listener import Listener, ask
from notesearch.api.operation import Operation, Progress
from notesearch.api.server import Server
from notesearch.config.credentials import Credentials
from notesearch.engine.engine import Engine
from notesearch.engine.lock import by_file, owner_pid
from notesearch.engine.repair import clear_copies
from notesearch.errors import DataFolderHeld, NotesearchError, StoreDamaged, StoreError

P = ParamSpec("P")
R = TypeVar("R")

# Seconds for the owner of the data folder to answer anything. Longer work sends a sign of life five times a
# second, so an owner that is silent so long is stopped, or hangs.
ANSWER_WITHIN = 8.0
# Seconds that closing waits for the answers to other processes.
REQUESTS_END_WITHIN = 3.0

__all__ = ["HandedOver", "Owner", "Session", "open_session", "owner_pid", "reading"]


class Session(Protocol):
    """What does operations for a front end. Any thread but the GUI thread."""

    def call(self, operation: Operation[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do an operation and wait for its result. Raises the NotesearchError that the operation raises,
        DataFolderHeld where the owner of the data folder does not answer."""
        ...


class Owner:
    """A session in the process that owns the data folder. It has an engine, and takes requests of other
    processes.

    Opening raises what Engine.open raises. `handlers` answer requests of a front end's own, by name
    ("show": a second start of the program).
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        watch: bool = True,
        embed: bool = True,
        credentials: Credentials | None = None,
        handlers: Mapping[str, Callable[[Mapping[str, Any]], object]] | None = None,
    ) -> None:
        self.engine = Engine.open(data_dir, watch=watch, embed=embed, credentials=credentials)
        try:
            self._listener = serve(self.engine, handlers or {})
        except BaseException:
            self.engine.close()
            raise

    def call(self, operation: Operation[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do an operation with this process's own engine."""
        return operation(self.engine, *args, **kwargs)

    @property
    def weak_lock(self) -> StoreError | None:
        """That the file system has no locks, and a file stands for one; None where it has."""
        lock = self.engine.lock
        return by_file(self.engine.data_dir) if lock is not None and lock.by_file else None

    def close(self) -> None:
        """Take no more requests, stop working, answer the requests under way, and close the engine."""
        self._listener.close()
        self.engine.stop_working()
        self._listener.drain(REQUESTS_END_WITHIN)
        self.engine.close()


def serve(
    engine: Engine, handlers: Mapping[str, Callable[[Mapping[str, Any]], object]] | None = None
) -> Listener:
    """Let an engine that owns its data folder take requests of other processes, until the listener is closed.
    `handlers` answer requests of a front end's own, by name."""
    server = Server(engine)
    for name, handler in (handlers or {}).items():
        server.on_request(name, handler)
    listener = Listener(engine.data_dir, server.answer)
    if engine.lock is not None:
        engine.lock.announce(listener.address)
    return listener


class Reader:
    """A session in a process that only reads, beside the owner of the data folder."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def call(self, operation: Operation[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do an operation beside the owner, with what it has written so far. Where it meets a damaged index
        and no process owns the data folder, the index is made again first."""
        try:
            self.engine.search.refresh()
            return operation(self.engine, *args, **kwargs)
        except StoreError:
            if not self.engine.library.upkeep.broken:
                raise
        data_dir = self.engine.data_dir
        self.engine.close()
        _make_again(data_dir)
        self.engine = Engine.open(data_dir, read_only=True)
        return operation(self.engine, *args, **kwargs)

    def close(self) -> None:
        """Close its engine."""
        self.engine.close()


class HandedOver:
    """A session that lets the owner of the data folder do the operations. `timeout`: seconds for the owner to
    answer anything."""

    # The owner tells its own user.
    weak_lock: StoreError | None = None

    def __init__(self, data_dir: Path, timeout: float = ANSWER_WITHIN) -> None:
        self._data_dir = data_dir
        self._timeout = timeout

    def call(self, operation: Operation[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Let the owner do an operation, and wait for it. Raises what it raised there, or OwnerFailed."""
        progress = kwargs.get("progress")
        message = {"operation": operation.name, "parameters": operation.to_message(kwargs)}
        for answer in ask(self._data_dir, message, timeout=self._timeout):
            if answer.get("done"):
                try:
                    return operation.result_from_json(answer.get("result"))
                except ValueError as error:
                    raise DataFolderHeld("data-folder-held.other-version") from error
            if "progress" in answer and callable(progress):
                progress(wire.from_json(Progress, answer["progress"]))
        raise DataFolderHeld("data-folder-held.stopped")


@contextmanager
def open_session(data_dir: Path, *, embed: bool = True) -> Iterator[Owner | HandedOver]:
    """Open a session that may change things: own the data folder, or ask the process that owns it. With
    `embed` False an engine opened here makes no vectors and asks no provider."""
    try:
        owner = Owner(data_dir, watch=False, embed=embed)
    except DataFolderHeld as held:
        if held.code == "data-folder-held.elsewhere":
            raise  # no socket leads to another computer
        yield HandedOver(data_dir)
        return
    with contextlib.closing(owner):
        yield owner


@contextmanager
def reading(data_dir: Path) -> Iterator[Reader]:
    """Open a session for searching. It only reads, so that another process may write meanwhile. Where no
    process owns the data folder and the index copies lack changes, they are brought in step first."""
    with contextlib.closing(Reader(_reading_engine(data_dir))) as reader:
        yield reader


def _reading_engine(data_dir: Path) -> Engine:
    engine: Engine | None = None
    try:
        engine = Engine.open(data_dir, read_only=True)
        if not engine.search.behind:
            return engine
    except StoreError as error:
        if isinstance(error, StoreDamaged) or (
            not error.retryable and data_dir.joinpath("notes.sqlite").exists()
        ):
            raise
    try:
        mender = Engine.open(data_dir, watch=False)
    except DataFolderHeld as held:
        if engine is None:
            raise DataFolderHeld("data-folder-held.preparing") from held
        # The owner is doing it. Read what is there.
        return engine
    if engine is not None:
        engine.close()
    bring_in_step(mender)
    return Engine.open(data_dir, read_only=True)


def bring_in_step(mender: Engine) -> None:
    """Let an engine bring the index copies in step, and close it."""
    with contextlib.closing(mender):
        mender.indexing.pause()
        mender.indexing.wait_ready()


def _make_again(data_dir: Path) -> None:
    """Make damaged index copies again. Raises DataFolderHeld where the owner does it."""
    try:
        clear_copies(data_dir)
        bring_in_step(Engine.open(data_dir, watch=False))
    except DataFolderHeld as held:
        raise DataFolderHeld("data-folder-held.preparing") from held


def owner_answers(data_dir: Path, timeout: float) -> HandedOver | None:
    """A session with the running owner of the data folder; None where there is no owner."""
    return HandedOver(data_dir, timeout) if owner_pid(data_dir) is not None else None


def tell_owner(data_dir: Path, operation: Operation[P, R], /, *args: P.args, **kwargs: P.kwargs) -> None:
    """Let the running owner do an operation. Does nothing where there is no owner."""
    with contextlib.suppress(NotesearchError):
        HandedOver(data_dir).call(operation, *args, **kwargs)
