"""Answers what other processes ask of the owner's engine, from the table of operations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from notesearch.api import wire
from notesearch.api.operation import Operation, Progress
from notesearch.api.operations import OPERATIONS
from notesearch.engine.engine import Engine
from notesearch.errors import OwnerFailed, UsageError

Answers = Iterator[dict[str, Any]]
# Seconds between two signs of life while an operation runs. They tell that the owner is alive, and show
# whether the other process still listens.
SAY_EVERY = 0.2


class Server:
    """Answers requests with the engine. Called from threads of the listener, several at once.

    A request is {"operation": NAME, "parameters": {...}}; its answers are any number of {"progress": {...}},
    then {"result": ..., "done": true}. {"request": NAME, ...} goes to a front end that asked for it: see
    `on_request`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._of_fronts: dict[str, Callable[[Mapping[str, Any]], object]] = {}

    def on_request(self, name: str, handler: Callable[[Mapping[str, Any]], object]) -> None:
        """Let a front end answer a request of its own ("show", for example). `handler` is called from a
        thread of the listener."""
        self._of_fronts[name] = handler

    def answer(self, request: Mapping[str, Any]) -> Answers:
        """The answers to a request in order; the last one ends it. Raises NotesearchError, or UsageError for
        an unknown request or wrong parameters."""
        handler = self._of_fronts.get(str(request.get("request")))
        if handler is not None:
            handler(request)
            yield {"done": True}
            return
        operation = OPERATIONS.get(str(request.get("operation")))
        if operation is None:
            raise UsageError("usage.operation-unknown", operation=str(request.get("operation")))
        parameters = request.get("parameters", {})
        yield from self._run(operation, operation.from_message(parameters))

    def _run(self, operation: Operation[..., Any], parameters: dict[str, Any]) -> Answers:
        """Run an operation in a thread of its own. Meanwhile report its progress, and a sign of life every
        moment."""
        latest = [Progress()]
        results: list[Any] = []
        errors: list[BaseException] = []
        if operation.streams:
            parameters["progress"] = lambda progress: latest.__setitem__(0, progress)
        gone = threading.Event()
        if operation.stoppable:
            parameters["stopped"] = gone.is_set

        def run() -> None:
            try:
                results.append(operation(self._engine, **parameters))
            except BaseException as error:
                errors.append(error)

        worker = threading.Thread(target=run, name=f"request {operation.name}", daemon=True)
        worker.start()
        try:
            while not _ended(worker):
                yield {"progress": wire.to_json(latest[0])}
        except GeneratorExit:
            # The other process does not listen any more.
            gone.set()
            raise
        if errors:
            raise errors[0]
        if not results:
            raise OwnerFailed("owner-failed.stopped")
        yield {"result": wire.to_json(results[0]), "done": True}


def _ended(worker: threading.Thread) -> bool:
    worker.join(SAY_EVERY)
    return not worker.is_alive()
