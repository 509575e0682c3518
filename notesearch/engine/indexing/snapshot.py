"""Makes the status as one value, from what the store counts, what the indexer does, and what folders wait
for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.domain import Folder, FolderState, HeldDeletions, IndexingState, IndexingStatus, Told
from notesearch.engine.indexing.indexer import Indexer
from notesearch.engine.indexing.watcher import with_faults
from notesearch.engine.models.service import ModelService
from notesearch.errors import NotesearchError, WatchLimited
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow, Held

UNREACHABLE = Told(code="folder.unreachable")
KEPT = Told(code="folder.kept")
BUG = Told(code="indexing.bug")


def snapshot(
    library: Library, indexer: Indexer | None, models: ModelService, limited: Mapping[Path, WatchLimited]
) -> IndexingStatus:
    """Take a snapshot of the whole status. `indexer` is None where this process only reads. `limited` are
    folders that are not watched completely. Not for the GUI thread."""
    # First what is done at present, then the counts: "at rest" is then true of these counts. The other way
    # round the counts could be from before the last note, and half an index would look whole.
    work = _Work.of(indexer)
    rows = library.folders()
    waiting = sum(row.waiting for row in rows)
    failed = sum(row.failed for row in rows)
    state, stage, done, total = work.beside(waiting)
    folders = tuple(
        _folder(
            row,
            models,
            limited.get(row.path),
            unreachable=indexer is not None and row.path in indexer.unreachable,
            unread_links=len(indexer.unread_links([row.path])) if indexer is not None else 0,
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
        troubles=models.troubles(),
        position=library.position,
        slowed=indexer.slowed if indexer is not None else None,
        problems=failed + len(with_faults(limited)),
        held=tuple(
            HeldDeletions(folder=row.path, missing=row.missing, of=row.documents - row.failed)
            for row in rows
            if row.held is Held.ASKING
        ),
        error=Told.of(error) if isinstance(error, NotesearchError) else BUG if error else None,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """What the indexer did at one moment. None of its numbers for a process that only reads."""

    state: IndexingState = IndexingState.IDLE
    stage: str = ""
    done: int = 0
    total: int = 0
    reads_only: bool = True

    @classmethod
    def of(cls, indexer: Indexer | None) -> _Work:
        """Look at the indexer's progress."""
        if indexer is None:
            return cls()
        progress = indexer.progress
        return cls(indexer.state, progress.stage, progress.done, progress.total, reads_only=False)

    def beside(self, waiting: int) -> tuple[IndexingState, str, int, int]:
        """(state, stage, done, total) where so many notes wait: notes that are read, or notes that have all
        their vectors."""
        if self.reads_only:
            return self.state, self.stage, self.done, self.total
        # The state is never "idle" while something waits.
        state = IndexingState.INDEXING if self.state is IndexingState.IDLE and waiting else self.state
        if self.stage == "reading":
            return state, self.stage, self.done, self.total
        stage = self.stage or ("embedding" if waiting else "")
        return state, stage, max(0, self.total - waiting), max(self.total, waiting)


def _only_waits(rows: Sequence[FolderRow], folders: Sequence[Folder]) -> bool:
    """Whether all unfinished folders wait for a provider or for the user's consent."""
    unfinished = [folder for row, folder in zip(rows, folders, strict=True) if row.waiting or row.next_model]
    return bool(unfinished) and all(
        folder.state in (FolderState.WAITING, FolderState.CONSENT) for folder in unfinished
    )


def _folder(
    row: FolderRow,
    models: ModelService,
    limited: WatchLimited | None,
    *,
    unreachable: bool,
    unread_links: int,
) -> Folder:
    state, notice = FolderState.READY, Told.of(limited) if limited else None
    if row.waiting or row.next_model:
        state = FolderState.INDEXING
    of_model, said, agreed = models.state_of(row)
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
        others=row.others,
        unread_links=unread_links,
    )
