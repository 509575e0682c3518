"""What another process may ask of the one that owns the data folder, and how it is answered: a few words back
and forth, see ownership.py."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from notesearch import catalogue
from notesearch.domain import Estimate, IndexingStatus, IndexSummary
from notesearch.errors import NotesearchError, UsageError

if TYPE_CHECKING:
    from notesearch.engine.engine import Engine

PROBLEMS_TOLD = 20
PROBE_TOLD = ("name", "dimensions", "encoding", "items_per_request", "normalised", "latency")

Answers = Iterator[dict[str, Any]]
T = TypeVar("T")


class Requests:
    """Answers requests by the engine's own methods. Called from threads of the listener, several at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._of_fronts: dict[str, Callable[[Mapping[str, Any]], object]] = {}

    def add(self, name: str, handler: Callable[[Mapping[str, Any]], object]) -> None:
        """Let a front answer a request of its own."""
        self._of_fronts[name] = handler

    def answer(self, request: Mapping[str, Any]) -> Answers:
        """The answers in order, the last one ends it. Raises NotesearchError, UsageError for a request that
        is not known."""
        name = request.get("request")
        paths = [Path(p) for p in request.get("folders", ())]
        if name == "index":
            yield from self._index(paths, bool(request.get("confirmed")))
            return
        if name == "status":
            yield {"state": str(self._engine.status().state), "memory_bytes": self._engine.memory_bytes()}
            return
        if name == "folders":
            yield {"folders": [str(f.path) for f in self._engine.status().folders], "done": True}
            return
        if name == "prepare-model":
            yield from self._prepare_model(paths, str(request.get("model")))
            return
        if name == "forget-former":
            yield {"forgotten": sum(self._engine.forget_previous(path) for path in paths), "done": True}
            return
        if name == "test-provider":
            provider = str(request.get("provider"))
            found: Any = self._engine.test_provider(
                provider, str(request.get("model") or self._engine.model_to_test(provider))
            )
            yield {"probe": {key: getattr(found, key) for key in PROBE_TOLD}, "done": True}
            return
        of_folders = {
            "remove": self._engine.remove_folder,
            "agree": self._engine.agree,
            "cancel-model": self._engine.cancel_model,
        }
        if name == "add":
            for path in paths:
                self._engine.add_folder(path, request.get("model") or catalogue.LOCAL.identifier)
        elif name in of_folders:
            for path in paths:
                of_folders[name](path)
        elif name == "model-known":
            self._engine.make_known(
                *(str(request.get(key) or "") for key in ("provider", "model", "base_url"))
            )
        elif name == "retry-providers":
            self._engine.retry_providers()
        elif name in self._of_fronts:
            self._of_fronts[name](request)
        else:
            raise UsageError(
                f"The running Notesearch does not know {name!r}",
                hint="Is it an older version? Start it again.",
            )
        yield {"done": True}

    def _prepare_model(self, paths: Sequence[Path], model: str) -> Answers:
        result: list[list[Estimate]] = []
        yield from _meanwhile(lambda: self._prepared(paths, model), result, [])
        yield {"estimates": [{**asdict(e), "folder": str(e.folder)} for e in result[0]], "done": True}

    def _prepared(self, paths: Sequence[Path], model: str) -> list[Estimate]:
        """Of all of them, or none: what was prepared before one failed is taken back."""
        done: list[Estimate] = []
        try:
            for path in paths:
                done.append(self._engine.prepare_model(path, model))
        except NotesearchError:
            for estimate in done:
                if not estimate.agreed or not estimate.remote:
                    self._engine.cancel_model(estimate.folder)
            raise
        return done

    def _index(self, paths: Sequence[Path], confirmed: bool) -> Answers:
        latest: list[IndexingStatus] = []
        result: list[tuple[IndexSummary, tuple[Exception, ...], int]] = []

        def reconcile() -> tuple[IndexSummary, tuple[Exception, ...], int]:
            return self._engine.reconcile(
                paths, progress=lambda s: latest.__setitem__(slice(None), [s]), confirmed=confirmed
            )

        yield from _meanwhile(reconcile, result, latest)
        summary, errors, held = result[0]
        problems = (
            [f"{p.path}: {p.title}. {p.hint}" for p in self._engine.problems()[:PROBLEMS_TOLD]]
            if summary.failed
            else []
        )
        yield {
            "summary": asdict(summary),
            "errors": [str(e) for e in errors],
            "held": held,
            "problems": problems,
        }


def _meanwhile(work: Callable[[], T], result: list[T], latest: list[IndexingStatus]) -> Answers:
    """Do something that takes long, saying every moment that it goes on and how far it is. Its result is put
    into `result`; its NotesearchError is raised here."""
    errors: list[NotesearchError] = []

    def run() -> None:
        try:
            result.append(work())
        except NotesearchError as error:
            errors.append(error)

    worker = threading.Thread(target=run, name="request", daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(0.2)
        # Said in any case: it tells that the owner is alive, and finds out whether anybody still listens.
        yield {"progress": [latest[-1].stage, latest[-1].done, latest[-1].total] if latest else ["", 0, 0]}
    if not result:
        raise errors[0] if errors else NotesearchError("The running Notesearch stopped")
