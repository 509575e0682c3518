"""The status that everybody sees: a snapshot of the store and the indexer, and the board that tells whoever
subscribed that it changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from notesearch.domain import Folder, FolderState, HeldDeletions, IndexingState, IndexingStatus
from notesearch.engine.indexing.indexer import Indexer, is_gone
from notesearch.engine.models.choices import Choices
from notesearch.errors import NotesearchError, WatchLimited
from notesearch.storage.protocols import DocumentStore
from notesearch.storage.values import FolderRow, Held

log = logging.getLogger(__name__)

AT_MOST_EVERY = 0.1
UNREACHABLE = "The folder cannot be reached. Its notes stay searchable."
KEPT = "Most of its files are gone. Their notes were kept in the index."
BUG = "Indexing stopped because of a bug. Start Notesearch again."


def snapshot(
    store: DocumentStore, indexer: Indexer | None, choices: Choices, limited: Mapping[Path, WatchLimited]
) -> IndexingStatus:
    """Everything that is shown. `indexer` None: this process only reads; `limited`: folders that are not
    watched whole."""
    rows = store.folders()
    waiting = sum(row.waiting for row in rows)
    failed = sum(row.failed for row in rows)
    state, stage, done, total = _work(indexer, waiting)
    folders = tuple(
        _folder(
            row,
            choices,
            limited.get(row.path),
            unreachable=indexer is not None and row.path in indexer.unreachable,
        )
        for row in rows
    )
    if state is IndexingState.INDEXING and stage != "reading" and _only_waits(rows, folders):
        state = IndexingState.OFFLINE
    error = indexer.error if indexer is not None else None
    return IndexingStatus(
        state=state,
        stage=stage,
        done=done,
        total=total,
        current=indexer.progress.current if indexer is not None else None,
        seconds_left=indexer.progress.seconds_left if indexer is not None else None,
        documents=sum(row.documents for row in rows),
        complete=sum(row.complete for row in rows),
        waiting=waiting,
        failed=failed,
        chunks=sum(row.chunks for row in rows),
        embedded=sum(row.embedded for row in rows),
        folders=folders,
        troubles=choices.troubles(),
        problems=failed + len(limited),
        held=tuple(_held(store, row) for row in rows if row.held is Held.ASKING),
        error=str(error) if isinstance(error, NotesearchError) else BUG if error else "",
    )


def _work(indexer: Indexer | None, waiting: int) -> tuple[IndexingState, str, int, int]:
    """(state, stage, done, total) of the work under way: notes read, or notes that have all their vectors."""
    if indexer is None:
        return IndexingState.IDLE, "", 0, 0
    progress = indexer.progress
    # "Idle" is never said while something waits.
    state = IndexingState.INDEXING if indexer.state is IndexingState.IDLE and waiting else indexer.state
    if progress.stage == "reading":
        return state, progress.stage, progress.done, progress.total
    stage = progress.stage or ("embedding" if waiting else "")
    return state, stage, max(0, progress.total - waiting), max(progress.total, waiting)


def _only_waits(rows: Sequence[FolderRow], folders: Sequence[Folder]) -> bool:
    """Whether all that is unfinished waits for a provider or for the person's word."""
    unfinished = [folder for row, folder in zip(rows, folders, strict=True) if row.waiting or row.next_model]
    return bool(unfinished) and all(
        folder.state in (FolderState.WAITING, FolderState.CONSENT) for folder in unfinished
    )


def _folder(row: FolderRow, choices: Choices, limited: WatchLimited | None, *, unreachable: bool) -> Folder:
    state, notice = FolderState.READY, limited.title if limited else ""
    if row.waiting or row.next_model:
        state = FolderState.INDEXING
    of_model, said, agreed = choices.state_of(row)
    state, notice = of_model or state, said or notice
    if row.held is Held.ASKING:
        state = FolderState.ASKING
    if row.held is Held.KEPT:
        notice = KEPT
    if unreachable:
        state, notice = FolderState.UNREACHABLE, UNREACHABLE
    return Folder(
        path=row.path,
        model=row.model,
        state=state,
        documents=row.documents,
        complete=row.complete,
        waiting=row.waiting,
        failed=row.failed,
        notice=notice,
        next_model=row.next_model,
        next_done=row.pending_embedded,
        next_total=row.pending_chunks,
        previous_model=row.previous_model,
        former_models=row.former_models,
        held_back=row.held_back,
        agreed=agreed,
    )


def _held(store: DocumentStore, row: FolderRow) -> HeldDeletions:
    known = [path for path, k in store.known(row.id).items() if k.document_id is not None]
    return HeldDeletions(folder=row.path, missing=sum(is_gone(p) for p in known), of=len(known))


class StatusBoard:
    """Publishes whole snapshots, at most ten a second, and nothing at all while nothing happens.

    `changed` may be called from any thread and returns at once; subscribers are called from the board's own
    thread.
    """

    def __init__(self, snapshot: Callable[[], IndexingStatus]) -> None:
        self._snapshot = snapshot
        self._subscribers: list[Callable[[IndexingStatus], None]] = []
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="status", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._dirty.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def changed(self) -> None:
        self._dirty.set()

    def subscribe(self, callback: Callable[[IndexingStatus], None]) -> Callable[[], None]:
        """Returns the way to unsubscribe."""
        with self._lock:
            self._subscribers.append(callback)
        self._dirty.set()

        def unsubscribe() -> None:
            with self._lock:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)

        return unsubscribe

    def _publish(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait()
            self._dirty.clear()
            with self._lock:
                subscribers = list(self._subscribers)
            if subscribers and not self._stop.is_set():
                self._tell(subscribers)
            self._stop.wait(AT_MOST_EVERY)

    def _tell(self, subscribers: Sequence[Callable[[IndexingStatus], None]]) -> None:
        """One snapshot to all. What fails is logged: it must not silence the board for the rest of the
        day."""
        try:
            status = self._snapshot()
        except NotesearchError as error:
            if not self._stop.is_set():
                log.warning("no status: %s", error.title)
            return
        except Exception:
            log.exception("a bug kept the status from being read")
            return
        for callback in subscribers:
            try:
                callback(status)
            except Exception:
                log.exception("a subscriber failed")
