"""Reads files in the child process and stores their documents, in batches. What goes wrong with one note
keeps no other one out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from notesearch.documents.formats.registry import reading_of
from notesearch.documents.sandbox.process import Extracted, ExtractionProcess, KeptTitle
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.folders.found_file import FoundFile
from notesearch.engine.indexing.chunk_plan import Cutting
from notesearch.engine.indexing.embedding_workers import Gates
from notesearch.engine.indexing.moved_notes import moves
from notesearch.engine.indexing.queue import Ticket, WorkProgress
from notesearch.engine.indexing.taking_in import TakingIn
from notesearch.errors import ExtractionFailed, FileGone, NotesearchError
from notesearch.storage.changes import Change, FileFailed
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow, InFolder, NewDocument

log = logging.getLogger(__name__)

# The most documents in one transaction, read and moved, and the seconds after which new documents become
# searchable by words.
DOCUMENTS_AT_ONCE, MOVED_AT_ONCE = 64, 500
WORDS_EVERY = 1.0
# The first ones become so sooner.
FIRST_WORDS = 0.2
# Characters of a batch.
MOST_CHARACTERS = 1 << 20

# The changes of files that were read, in order; a file of several documents is there several times.
Batch = list[tuple[Path, list[Change]]]


class NoteReader:
    """Reads and stores notes. `store` is for the reading thread, `rest` for any thread while nothing is read,
    `close` for any thread.

    `changed` is called where the counts may differ, `vectors_unused` where a note is replaced.
    `documents_at_once`: the most documents in one transaction.
    """

    def __init__(
        self,
        library: Library,
        gates: Gates,
        progress: WorkProgress,
        *,
        changed: Callable[[], None],
        vectors_unused: Callable[[], None],
        clock: Clock = SYSTEM,
    ) -> None:
        self._library = library
        self._gates = gates
        self._progress = progress
        self._changed = changed
        self._vectors_unused = vectors_unused
        self._clock = clock
        self._extraction: ExtractionProcess | None = None
        self.documents_at_once = DOCUMENTS_AT_ONCE

    def close(self) -> None:
        """End the child process; a file that it reads is given up."""
        if self._extraction is not None:
            self._extraction.close()

    def rest(self) -> None:
        """End the child process until there is something to read."""
        if self._extraction is not None:
            self._extraction.rest()

    def store(
        self,
        folder: FolderRow,
        cutting: Cutting,
        files: Sequence[FoundFile],
        ticket: Ticket | None,
        gone: Sequence[str],
    ) -> None:
        """Read the files of a folder and store their documents. A file that fails becomes a problem. Ends
        early where the indexer stops.

        `gone` are paths that the store knows and the folder does not have any more: files that are their
        notes, moved, are not read.
        """
        found = {Path(file.path): file for file in files}
        for file in self._moved(folder, cutting, files, gone, ticket):
            del found[Path(file.path)]
        for batch in self._read(folder, cutting, found, ticket):
            try:
                self._put([change for _, changes in batch for change in changes])
            except NotesearchError:
                raise
            except Exception:
                log.exception("a batch of %d notes cannot be stored; one by one they are", len(batch))
                self._put_one_by_one(folder, batch, found, ticket)
            self._changed()

    def _moved(
        self,
        folder: FolderRow,
        cutting: Cutting,
        files: Sequence[FoundFile],
        gone: Sequence[str],
        ticket: Ticket | None,
    ) -> Iterator[FoundFile]:
        """Store which notes were moved, and give their files."""
        moved = moves(self._library, folder, cutting, files, gone)
        while not self._gates.stop.is_set() and (some := list(islice(moved, MOVED_AT_ONCE))):
            self._library.apply([change for _, change in some])
            if ticket is not None:
                ticket.count(moved=len(some))
            for file, _ in some:
                self._progress.step(Path(file.path))
                yield file
            self._changed()

    def _put(self, changes: Sequence[Change]) -> None:
        if any(put.reused for put in self._library.apply(changes).documents):
            # A removed note may be back, so vectors that were unused may be used again.
            self._vectors_unused()

    def _put_one_by_one(
        self, folder: FolderRow, batch: Batch, found: dict[Path, FoundFile], ticket: Ticket | None
    ) -> None:
        by_file: dict[Path, list[Change]] = {}
        for path, changes in batch:
            by_file.setdefault(path, []).extend(changes)
        for path, changes in by_file.items():
            try:
                self._put(changes)
            except NotesearchError:
                raise
            except Exception:
                log.exception("a note cannot be stored: %s", path)
                self._failed(folder, found[path], ExtractionFailed(), ticket)

    def _read(
        self, folder: FolderRow, cutting: Cutting, found: dict[Path, FoundFile], ticket: Ticket | None
    ) -> Iterator[Batch]:
        """Let the child process extract files, and give their changes in batches. A file that fails becomes a
        problem at once."""
        batch: Batch = []
        last = self._clock.now() - WORDS_EVERY + FIRST_WORDS
        taking_in = TakingIn(self._library, folder, cutting, ticket, self._vectors_unused)
        self._extraction = self._extraction or ExtractionProcess()
        renamed = self._library.known(InFolder(folder.id, renamed=True))
        kept = {Path(path): KeptTitle(s.title, s.embedded_title) for path, s in renamed.items()}
        answers = self._extraction.read_all(((path, cutting.wanted) for path in self._unpaused(found)), kept)
        for path, answer in answers:
            if self._gates.stop.is_set():
                break
            self._progress.step(path)
            error = (
                answer
                if isinstance(answer, NotesearchError)
                else self._taken_in(taking_in, batch, path, answer)
            )
            if error is not None:
                # Parts that were read before the file failed are not stored after the failure.
                batch = [one for one in batch if one[0] != path]
                self._failed(folder, found[path], error, ticket)
            if len(batch) >= self.documents_at_once or _characters(batch) > MOST_CHARACTERS:
                yield batch
                batch = []
            if self._clock.now() - last > WORDS_EVERY:
                if batch:
                    yield batch
                    batch = []
                self._library.upkeep.follow_words(self._gates.stop.is_set)
                self._changed()
                last = self._clock.now()
        with contextlib.suppress(AttributeError):
            answers.close()  # type: ignore[attr-defined]
        if batch and not self._gates.stop.is_set():
            yield batch

    @staticmethod
    def _taken_in(taking_in: TakingIn, batch: Batch, path: Path, read: Extracted) -> NotesearchError | None:
        """Add the changes for a document. Returns the error where that fails."""
        try:
            batch.append((path, taking_in.changes(path, read)))
        except NotesearchError:
            raise
        except Exception:
            log.exception("a note cannot be taken in: %s", path)
            return ExtractionFailed()
        return None

    def _unpaused(self, files: Iterable[Path]) -> Iterator[Path]:
        for file in files:
            self._gates.running.wait()
            if self._gates.stop.is_set():
                return
            yield file

    def _failed(
        self, folder: FolderRow, file: FoundFile, error: NotesearchError, ticket: Ticket | None
    ) -> None:
        if isinstance(error, FileGone):
            return
        path = Path(file.path)
        failed = FileFailed(
            folder_id=folder.id,
            path=path,
            error=error,
            size=file.size,
            mtime_ns=file.mtime_ns,
            reading=reading_of(path),
        )
        self._library.apply([failed])
        if ticket is not None:
            ticket.count(failed=1)


def _characters(batch: Batch) -> int:
    changes = (change for _, changes in batch for change in changes)
    return sum(len(change.document.text) for change in changes if isinstance(change, NewDocument))
