"""The service for indexing: bring folders up to date, watch them, and tell which files could not be read."""

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
from notesearch.engine.indexing.watcher import Watcher, with_faults
from notesearch.engine.status import StatusBoard
from notesearch.errors import IndexingPaused, UsageError, WatchLimited
from notesearch.storage.changes import ProblemsForgotten
from notesearch.storage.library import Library

# Seconds between two looks at whether a reconcile is still going on.
LOOK_EVERY = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """The result of one reconcile. `errors` concern whole folders; one that is no NotesearchError is a bug.
    `held` counts deletions that wait for the user's answer, `refused` passages that the models refused.
    `unread_links` are linked folders that are not read."""

    summary: IndexSummary
    errors: tuple[Exception, ...] = ()
    held: int = 0
    refused: int = 0
    unread_links: tuple[Path, ...] = ()


class IndexingService:
    """Owns the indexer and the watcher in the process that owns the data folder. Any thread but the GUI
    thread.

    A process that only reads has no indexer and no watcher. There `problems` works, `trouble` finds nothing,
    and methods that need the indexer raise UsageError.
    """

    def __init__(self, library: Library, board: StatusBoard, indexer: Indexer | None) -> None:
        self._library = library
        self._board = board
        self.indexer = indexer
        self._watcher: Watcher | None = None
        # Folders that the system does not watch completely, with the reason.
        self.limited: dict[Path, WatchLimited] = {}

    # Starting and closing

    def start(self, *, watch: bool, clock: Clock = SYSTEM) -> None:
        """Start the indexer's threads. With `watch`, every folder is watched and compared with the store
        once."""
        indexer = self.required
        if watch:
            self._watcher = Watcher(indexer.mark_dirty, indexer.scan, self._watching_is_limited, clock)
            self._watcher.start()
            indexer.linked = self._watcher.watch_linked
            for folder in self._library.folders():
                self._watcher.watch(folder.path)
                indexer.scan(folder.path)
        indexer.start()

    def close_watcher(self) -> None:
        """Stop watching. Does nothing where there is no watcher."""
        if self._watcher is not None:
            self._watcher.close()

    def close_indexer(self) -> None:
        """Stop reading and embedding. Does nothing where there is no indexer."""
        if self.indexer is not None:
            self.indexer.close()

    @property
    def required(self) -> Indexer:
        """The indexer. Raises UsageError where this process only reads."""
        if self.indexer is None:
            raise UsageError("usage.reads-only")
        return self.indexer

    def wait_ready(self) -> None:
        """Wait until the keyword index and the vector indexes are in step with the store."""
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
        """Bring these searched folders up to date, and wait until they are.

        `progress` is called about ten times a second, in the calling thread. `confirmed`: notes that are gone
        are forgotten, however many they are. Raises IndexingPaused while indexing is paused, instead of
        waiting without end.
        """
        self.refuse_when_paused()
        ticket = Ticket(tuple(folders))
        self.required.retry_providers()
        for folder in folders:
            self.required.scan(folder, ticket, confirmed=confirmed)
        if folders:
            self._await(ticket, status, progress)
        return Reconciled(
            summary=ticket.summary,
            errors=tuple(ticket.errors),
            held=ticket.held,
            refused=ticket.refused,
            unread_links=self.required.unread_links(folders),
        )

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
        """Raise IndexingPaused while indexing is paused."""
        if self.required.paused:
            raise IndexingPaused

    def pause(self) -> None:
        """Read and embed nothing until `resume`. Raises UsageError in a process that only reads."""
        self.required.pause()

    def resume(self) -> None:
        """Read and embed again. Raises UsageError in a process that only reads."""
        self.required.resume()

    def retry(self, paths: Sequence[Path] | None = None) -> None:
        """Read files with problems again: those at `paths`, or (None) all for which trying again may help."""
        indexer = self.required
        for path in self._library.apply([ProblemsForgotten(paths=paths)]).to_read:
            indexer.mark_dirty(path)
        self._board.changed()

    def problems(self) -> tuple[FileProblem, ...]:
        """The problems: folders that are not watched completely, then files that could not be read."""
        limited = [
            FileProblem(path=p, what=Told.of(e), retryable=False)
            for p, e in with_faults(self.limited).items()
        ]
        return (*limited, *self._library.problems())

    def _watching_is_limited(self, folder: Path, error: WatchLimited | None) -> None:
        if error is None:
            self.limited.pop(folder, None)
        else:
            self.limited[folder] = error
        self._board.changed()

    # The methods by which FolderService and ModelService use the indexer: see FolderWork and EmbeddingWork.

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
        """Read a folder's notes for its next model, and wait until they are read. Raises the error that kept
        them from being read, or NotesearchError while indexing is paused."""
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
        """Act on changed settings: compare the folders whose ignore rules differ, and ask the providers
        again."""
        if self.indexer is None:
            return
        for row in ignore_preview.concerned(before, now, self._library.folders()):
            # Notes that are left out from now on must not be sent while the folder is compared.
            self.indexer.scan(row.path)
            self.indexer.reconsider(row.model, row.next_model)
        self.indexer.retry_providers()
