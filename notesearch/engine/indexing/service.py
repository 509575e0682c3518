"""Indexing: bringing folders up to date, watching them, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.config.paths import absolute
from notesearch.config.settings import Settings
from notesearch.domain import FileProblem, IndexingStatus, IndexSummary, Told
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.folders import ignore_preview
from notesearch.engine.indexing.embedding_workers import Trouble
from notesearch.engine.indexing.indexer import Indexer
from notesearch.engine.indexing.queue import Ticket
from notesearch.engine.indexing.watcher import Watcher
from notesearch.engine.status import StatusBoard
from notesearch.errors import IndexingPaused, UsageError, WatchLimited
from notesearch.storage.changes import ProblemsForgotten
from notesearch.storage.library import Library

# Seconds between two looks at whether a reconcile goes on.
LOOK_EVERY = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What one reconcile did. `errors` of folders (a bug among them is no NotesearchError); `held`: how many
    deletions wait for the user's answer."""

    summary: IndexSummary
    errors: tuple[Exception, ...] = ()
    held: int = 0


class IndexingService:
    """The indexer and the watcher of the process that owns the data folder. Any thread but a GUI thread.

    In a process that only reads there is no indexer: everything but `problems` raises UsageError.
    """

    def __init__(self, library: Library, board: StatusBoard, indexer: Indexer | None) -> None:
        self._library = library
        self._board = board
        self.indexer = indexer
        self._watcher: Watcher | None = None
        # Folders of which the system does not watch all, with the reason.
        self.limited: dict[Path, WatchLimited] = {}

    # Life

    def start(self, *, watch: bool, clock: Clock = SYSTEM) -> None:
        """Start the threads. `watch`: every folder is watched, and compared with the store once."""
        indexer = self.required
        if watch:
            self._watcher = Watcher(indexer.mark_dirty, indexer.scan, self._watching_is_limited, clock)
            self._watcher.start()
            for folder in self._library.folders():
                self._watcher.watch(folder.path)
                indexer.scan(folder.path)
        indexer.start()

    def close_watcher(self) -> None:
        """Hear of no more changes. Nothing where there is no watcher."""
        if self._watcher is not None:
            self._watcher.close()

    def close_indexer(self) -> None:
        """End reading and embedding. Nothing where there is no indexer."""
        if self.indexer is not None:
            self.indexer.close()

    @property
    def required(self) -> Indexer:
        """The indexer. Raises UsageError where this process only reads."""
        if self.indexer is None:
            raise UsageError("usage.reads-only")
        return self.indexer

    def wait_ready(self) -> None:
        """Wait until both index copies are in step with the store."""
        self.required.wait_ready()

    # What the user asks

    def reconcile(
        self,
        folders: Sequence[Path],
        *,
        status: Callable[[], IndexingStatus],
        progress: Callable[[IndexingStatus], None] | None = None,
        confirmed: bool = False,
    ) -> Reconciled:
        """Bring these searched folders up to date and wait until they are.

        `progress` is called about ten times a second from the calling thread. `confirmed`: vanished notes are
        forgotten, however many. Raises IndexingPaused when it is, instead of waiting for ever.
        """
        self.refuse_when_paused()
        ticket = Ticket(tuple(folders))
        self.required.retry_providers()
        for folder in folders:
            self.required.scan(folder, ticket, confirmed=confirmed)
        if folders:
            self._await(ticket, status, progress)
        return Reconciled(summary=ticket.summary, errors=tuple(ticket.errors), held=ticket.held)

    def _await(
        self,
        ticket: Ticket,
        status: Callable[[], IndexingStatus] | None = None,
        progress: Callable[[IndexingStatus], None] | None = None,
    ) -> None:
        while not ticket.wait(LOOK_EVERY):
            self.refuse_when_paused()
            if progress is not None and status is not None:
                progress(status())

    def refuse_when_paused(self) -> None:
        """Raise IndexingPaused while it is."""
        if self.required.paused:
            raise IndexingPaused

    def pause(self) -> None:
        """Read and embed nothing until `resume`. Raises UsageError in a process that only reads."""
        self.required.pause()

    def resume(self) -> None:
        """Go on. Raises UsageError in a process that only reads."""
        self.required.resume()

    def retry(self, paths: Sequence[Path] | None = None) -> None:
        """Read files with problems again (None: all that may be retried)."""
        for path in self._library.apply([ProblemsForgotten(paths=paths)]).to_read:
            self.required.mark_dirty(path)
        self._board.changed()

    def problems(self) -> tuple[FileProblem, ...]:
        """Folders that are not watched whole, then files that could not be read."""
        limited = [FileProblem(path=p, what=Told.of(e), retryable=False) for p, e in self.limited.items()]
        return (*limited, *self._library.problems())

    def _watching_is_limited(self, folder: Path, error: WatchLimited | None) -> None:
        if error is None:
            self.limited.pop(folder, None)
        else:
            self.limited[folder] = error
        self._board.changed()

    # What folders and models ask of it: see FolderWork and EmbeddingWork

    def watch(self, folder: Path) -> None:
        """See FolderWork."""
        if self._watcher is not None:
            self._watcher.watch(folder)

    def unwatch(self, folder: Path) -> None:
        """See FolderWork."""
        if self._watcher is not None:
            self._watcher.unwatch(folder)
        self.limited.pop(folder, None)

    def scan(self, folder: Path, *, confirmed: bool = False) -> None:
        """See FolderWork."""
        self.required.scan(folder, confirmed=confirmed)

    def read_for_next_model(self, folder: Path) -> None:
        """Read a folder's notes for its next model, and wait until they are read. Raises what kept them from
        it, or NotesearchError when paused."""
        ticket = Ticket((absolute(folder),), reading_only=True)
        self.required.scan(folder, ticket)
        self._await(ticket)
        if ticket.errors:
            raise ticket.errors[0]

    def reconsider(self, *identifiers: str) -> None:
        """See FolderWork."""
        self.required.reconsider(*identifiers)

    def release_unused(self) -> int:
        """See FolderWork."""
        return self.required.release_unused()

    def embed(self) -> None:
        """See EmbeddingWork."""
        self.required.embed()

    def retry_providers(self) -> None:
        """See EmbeddingWork."""
        self.required.retry_providers()

    def trouble(self, fingerprint: str) -> Trouble | None:
        """See EmbeddingWork."""
        return self.indexer.trouble(fingerprint) if self.indexer is not None else None

    def take_over(self, before: Settings, now: Settings) -> None:
        """The settings changed: folders whose ignore rules differ are compared anew, and providers asked
        again."""
        if self.indexer is None:
            return
        for row in ignore_preview.concerned(before, now, self._library.folders()):
            # What is to stay out from now on is not sent on while the folder is compared.
            self.indexer.scan(row.path)
            self.indexer.reconsider(row.model, row.next_model)
        self.indexer.retry_providers()
