"""The indexer: its reading thread turns dirty paths and scans into stored documents. embedding_workers.py
makes their vectors; settling.py ends the reconciles that wait.

Words come first: nothing is embedded while notes are read, so that a folder can be searched by words after
seconds. What there is to do is always read from the disk and the store, never remembered. After a crash the
same work is found again.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from notesearch.catalogue import fingerprint_of
from notesearch.domain import IndexingState, Slowed
from notesearch.embedding.local.onnx import lower_thread_priority
from notesearch.embedding.receipts import Receipt
from notesearch.engine.clock import SYSTEM, Clock
from notesearch.engine.effort import Effort
from notesearch.engine.folders import scanner
from notesearch.engine.folders.admission import is_gone
from notesearch.engine.folders.found_file import FoundFile, LinkedFiles
from notesearch.engine.folders.links import Links
from notesearch.engine.indexing.chunk_plan import Cutting
from notesearch.engine.indexing.embedding_workers import EmbeddingWorkers, Gates, Trouble
from notesearch.engine.indexing.note_reader import NoteReader
from notesearch.engine.indexing.queue import Scan, Ticket, Tickets, WorkProgress, WorkQueue
from notesearch.engine.indexing.settling import Settling
from notesearch.engine.indexing.vanished import Vanished
from notesearch.engine.models.consent import Consents
from notesearch.errors import DiskFull, FolderError, NotesearchError, UsageError
from notesearch.storage.changes import OthersCounted, PathsRemoved
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, FolderRow, InFolder

log = logging.getLogger(__name__)

# For more dirty paths than this, a scan of the folder is cheaper.
MANY_DIRTY = 2000
# So many files of a folder that change at once are no edits of the user's.
MANY_AT_ONCE = 3
RETRY_AFTER = 30.0
# A larger file (in bytes) that changes again soon after it was read, such as a log, waits for seconds by its
# size.
OFTEN = 1_000_000
HELD_FOR_A_BYTE = 3e-6
HELD_MOST = 30.0
# Seconds between two looks for room, where the disk is full.
LOOK_FOR_ROOM = 2.0


class Indexer:
    """Owns the reading thread and the embedding workers. Any thread may call its public methods. They return
    at once unless they say that they wait.

    With `embed` False nothing is embedded. `changed` is called from the indexer's threads whenever the
    progress or the counts may differ.
    """

    def __init__(
        self,
        library: Library,
        consents: Consents,
        changed: Callable[[], None],
        *,
        embed: bool = True,
        clock: Clock = SYSTEM,
    ) -> None:
        self._clock = clock
        self._library = library
        self._consents = consents
        self._changed = changed
        self._queue = WorkQueue(clock)
        self._gates = Gates()
        self._words_ready = threading.Event()
        self._tickets = Tickets()
        self._effort = Effort(lambda: self._tickets.waiting or not consents.settings.gentle, clock)
        self._broken: Exception | None = None
        self._vanished = Vanished(library, clock.now)
        self.progress = WorkProgress(clock=clock)
        self.unreachable: set[Path] = set()
        # The links in each folder, as the last scan of it met them. `linked` is called with the folder when
        # they may be others: with its linked folders, and its linked notes, by the path of the link.
        self.links: dict[Path, Links] = {}
        self.linked: Callable[[Path, Mapping[str, str], LinkedFiles], None] = lambda *links: None
        self.error: NotesearchError | Exception | None = None
        # Held while notes are read and cut: a folder does not change its model meanwhile.
        self._at_work = threading.Lock()
        self._reading = threading.Thread(
            target=self._guarded, args=(self._read_loop,), name="reading", daemon=True
        )
        self._workers = EmbeddingWorkers(
            library,
            consents,
            self._gates,
            self.progress,
            changed=changed,
            embedded=lambda chunks: self._tickets.count(embedded=chunks),
            refused=lambda texts: self._tickets.count(refused=texts),
            settled=lambda: self._settling.settle(),
            guarded=self._guarded,
            closed=not embed,
            effort=self._effort,
            clock=clock,
        )
        self.notes = NoteReader(
            library,
            self._gates,
            self.progress,
            changed=changed,
            vectors_unused=self._workers.vectors_unused,
            clock=clock,
        )
        self._settling = Settling(
            library, consents, self._workers, self._tickets, self._queue, at_work=self._at_work
        )

    # What others may ask

    def start(self) -> None:
        """Start the reading thread and the embedding workers."""
        self._reading.start()
        self._workers.start()

    def close(self) -> None:
        """Stop every thread and wait for them. What is not stored yet is found again at the next start."""
        self._gates.stop.set()
        self._gates.running.set()
        self._gates.not_reading.set()
        self._queue.close()
        self.notes.close()
        if self._reading.is_alive():
            self._reading.join(10)
        self._workers.join(10)
        self._tickets.abandon()

    def wait_ready(self) -> None:
        """Wait until the keyword index and the vector indexes are in step with the store, or the indexer
        stops."""
        for ready in (self._words_ready.wait, self._workers.wait_loaded):
            while not ready(0.1) and not self._gates.stop.is_set() and self.error is None:
                pass

    def mark_dirty(self, path: Path) -> None:
        """Look at `path` soon: something happened there. The reading thread finds out what."""
        self._queue.mark_dirty(path)

    def scan(self, folder: Path, ticket: Ticket | None = None, *, confirmed: bool = False) -> None:
        """Let the reading thread compare a folder with the store soon. `ticket` counts the work. `confirmed`:
        the user agreed that notes that are gone are forgotten."""
        if ticket is not None:
            self._tickets.add(ticket)
            if self._broken is not None:
                ticket.abandon(self._broken)
        self._queue.add_scan(Scan(folder, ticket, confirmed))

    def embed(self) -> None:
        """Wake the embedding workers: the user agreed, chose a model, or allowed a passage to be sent."""
        self._workers.wake()

    def retry_providers(self) -> None:
        """Let every worker that waits for a provider ask it again now."""
        self._consents.models.forget_query_troubles()
        self._workers.retry()

    def reconsider(self, *identifiers: str) -> None:
        """Check again what may be sent to these models: a folder was removed or a consent withdrawn. Texts
        under way are not sent any more."""
        for model in map(self._consents.known, identifiers):
            if model is not None and model.remote:
                self._workers.reconsider(fingerprint_of(model))

    def release_unused(self) -> int:
        """Drop the models that no folder has or may go back to: their vectors, and their indexes in memory
        and on the disk. Returns how many vectors that were. Waits a moment for work under way. An index that
        cannot be removed from the disk is logged."""
        self._workers.retire_unused()
        return self._library.upkeep.forget_models(
            self._consents.fingerprints_kept(), self._consents.fingerprints_chosen()
        )

    def rest(self) -> None:
        """End the extraction process until there is something to read. Does nothing while notes are read."""
        if self._at_work.acquire(blocking=False):
            try:
                self.notes.rest()
            finally:
                self._at_work.release()

    def unread_links(self, folders: Iterable[Path]) -> tuple[Path, ...]:
        """The linked folders in these folders that are not read, as the last scan met them."""
        met = (self.links[folder].unread for folder in folders if folder in self.links)
        return tuple(Path(link) for links in met for link in links)

    def trouble(self, fingerprint: str) -> Trouble | None:
        """Why nothing is embedded for a model at present; None where nothing is wrong."""
        return self._workers.trouble(fingerprint)

    @property
    def sending(self) -> bool:
        """Whether a model is embedding texts of notes."""
        return self._workers.busy

    @property
    def slowed(self) -> Slowed | None:
        """Why models on this computer embed slower than they could; None where they do not."""
        return self._effort.slowed

    def count_request(self, receipt: Receipt) -> None:
        """Add a request that a provider answered to the counts of every reconcile that waits."""
        if receipt.purpose == "documents":
            self._tickets.count(requests=1, tokens=receipt.tokens or 0)

    def pause(self) -> None:
        """Read and embed nothing until `resume`."""
        self._gates.running.clear()
        self._changed()

    def resume(self) -> None:
        """Read and embed again."""
        self._gates.running.set()
        self._changed()

    @property
    def paused(self) -> bool:
        """Whether the user has paused it."""
        return not self._gates.running.is_set()

    @property
    def state(self) -> IndexingState:
        """What the indexer does at present."""
        if self.error is not None:
            return IndexingState.FAILED
        if self.paused:
            return IndexingState.PAUSED
        if self.progress.state is IndexingState.IDLE and self._queue.unread:
            return IndexingState.SCANNING
        return self.progress.state

    # Threads

    def _guarded(self, loop: Callable[[], None]) -> None:
        """Run the loop of a thread. An error that the user can mend is shown, and the loop is tried again; a
        bug is shown and ends the thread."""
        lower_thread_priority()
        while not self._gates.stop.is_set():
            try:
                loop()
                return
            except NotesearchError as error:
                log.warning("indexing waits: %s", error)
                self.error = error
                self._tickets.abandon(error)
                self._changed()
                self._wait_after(error)
                # Another thread may have met an error of its own meanwhile: that one is shown on.
                if self.error is error:
                    self.error = None
                self._changed()
            except Exception as error:
                if self._gates.stop.is_set():
                    return
                log.exception("a bug stopped the indexer")
                self.error = self._broken = error
                self._gates.not_reading.set()
                self._tickets.abandon(error)
                self._changed()
                return

    def _wait_after(self, error: NotesearchError) -> None:
        """Wait until what raised `error` may work again: where the disk was full, until there is room."""
        if not isinstance(error, DiskFull):
            self._clock.wait(self._gates.stop, RETRY_AFTER)
            return
        while not self._clock.wait(self._gates.stop, LOOK_FOR_ROOM) and not self._library.upkeep.has_room:
            pass

    def _read_loop(self) -> None:
        self.progress.begin(IndexingState.STARTING)
        self._library.upkeep.follow_words(self._gates.stop.is_set)
        self._words_ready.set()
        self._set_idle()
        while not self._gates.stop.is_set():
            work = self._queue.next()
            self._gates.running.wait()
            if work is None or self._gates.stop.is_set():
                continue
            self._gates.not_reading.clear()
            try:
                with self._at_work:
                    if isinstance(work, Scan):
                        self._do_scan(work)
                    else:
                        self._do_paths(work)
                self._library.upkeep.follow_words(self._gates.stop.is_set)
            except BaseException:
                # The work is found again by comparing, once the user has mended the cause.
                self._queue.put_back(work)
                raise
            finally:
                self._queue.done()
                self._gates.not_reading.set()
            if isinstance(work, Scan) and work.ticket is not None:
                work.ticket.reading_ended(work.folder)
            self._set_idle()
            self._workers.wake()

    def _set_idle(self) -> None:
        self.progress.begin(IndexingState.IDLE)
        self._changed()

    # Reading

    def _do_scan(self, work: Scan) -> None:
        folder = self._folder_row(work.folder)
        if folder is None:
            # The folder was removed, perhaps just now: its vectors may be unused, and links in other folders
            # may lead to it.
            self._workers.vectors_unused()
            if self.links.pop(work.folder, None) is not None:
                self._scan_again(path for path, links in self.links.items() if links.met)
            return
        self.progress.begin(IndexingState.SCANNING)
        self._changed()
        try:
            cutting = self._cutting(folder)
            others = scanner.OtherFiles()
            links = self._new_links(folder.path)
            found = scanner.scan(
                folder.path,
                gitignore=self._gitignore,
                kept=self._kept,
                links=links,
                stopped=self._gates.stop.is_set,
                others=others,
            )
            comparison = scanner.compare(
                found, self._library.known(InFolder(folder.id)), cutting.fingerprint, cutting.next_fingerprint
            )
        except UsageError as error:
            # The folder has a model of the user's own that was removed from the settings. What was read and
            # embedded stays.
            if work.ticket is not None:
                work.ticket.errors.append(error)
            return
        except FolderError as error:
            # A folder that cannot be reached is not deleted: its notes stay searchable until it is back or
            # the user removes it.
            self.unreachable.add(folder.path)
            if work.ticket is not None:
                work.ticket.errors.append(error)
            return
        self.unreachable.discard(folder.path)
        if self._gates.stop.is_set():
            return
        if others.count != folder.others:
            self._library.apply([OthersCounted(folder_id=folder.id, others=others.count)])
        if folder.path not in self.links:
            # What other folders read of it by a link, they do not read any more.
            self._scan_again(path for path, other in self.links.items() if other.leads_to(folder.path))
        self.links[folder.path] = links
        self.linked(folder.path, links.read, links.notes)
        if work.ticket is not None:
            work.ticket.count(unchanged=comparison.unchanged, failed=comparison.failed)
        self._apply(
            folder,
            cutting,
            comparison.changed,
            comparison.gone,
            work.ticket,
            whole=True,
            confirmed=work.confirmed,
        )

    def _do_paths(self, paths: set[Path]) -> None:
        """Look at each dirty path. What is there now decides what happened to it."""
        folders = self._library.folders()
        by_folder: dict[int, list[Path]] = {}
        rows = {f.id: f for f in folders}
        for path in paths:
            folder = next((f for f in folders if path == f.path or f.path in path.parents), None)
            if folder is not None:
                by_folder.setdefault(folder.id, []).append(path)
        for folder_id, dirty in by_folder.items():
            folder = rows[folder_id]
            if (
                len(dirty) > MANY_DIRTY
                or folder.path in dirty
                or any(p.name in scanner.ignore_files(self._gitignore) for p in dirty)
            ):
                self._queue.add_scan(Scan(folder.path))
                continue
            try:
                cutting, links = self._cutting(folder), self._links_of(folder.path)
            except (UsageError, FolderError):
                # The folder's model was removed from the settings, or it cannot be reached, as in a scan:
                # this folder waits, the others do not.
                continue
            changed: dict[str, FoundFile] = {}
            gone: set[str] = set()
            linked_notes = len(links.notes)
            for path in dirty:
                self._look(folder, cutting, path, links, changed, gone)
            if len(links.notes) > linked_notes:
                self.linked(folder.path, links.read, links.notes)
            if links.outdated or any(str(path) in links.read or _is_linked_folder(path) for path in dirty):
                # Which links are read is decided for all of them together.
                self._queue.add_scan(Scan(folder.path))
            self._apply(folder, cutting, _few_at_once_first(changed.values()), sorted(gone), None)
            for file in changed.values():
                if file.size > OFTEN:
                    self._queue.hold(Path(file.path), min(HELD_MOST, file.size * HELD_FOR_A_BYTE))

    def _look(
        self,
        folder: FolderRow,
        cutting: Cutting,
        path: Path,
        links: Links,
        changed: dict[str, FoundFile],
        gone: set[str],
    ) -> None:
        known = self._library.known(AtPaths([str(path)], below=True))
        left = set(known)
        found: Iterable[FoundFile] = ()
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode) and not os.path.islink(path):
                found = list(
                    scanner.scan(
                        folder.path, below=path, gitignore=self._gitignore, kept=self._kept, links=links
                    )
                )
            elif stat.S_ISREG(status.st_mode) and scanner.is_wanted(
                folder.path, path, self._gitignore, self._kept, links
            ):
                found = [FoundFile.of(str(path), status)]
                if os.path.islink(path):
                    links.notes[str(path)] = found[0]
        except (OSError, FolderError):
            found = ()
        for file in found:
            left.discard(file.path)
            before = known.get(file.path)
            # A report about a file is a reason to read it, whatever its size and time say: some programs keep
            # both, and the content decides. Of a folder's files, size and time tell.
            itself = file.path == str(path)
            following = cutting.next_fingerprint
            if (
                itself
                or before is None
                or not scanner.is_as_known(file, before, cutting.fingerprint, following)
            ):
                changed[file.path] = file
        # An event about one path says nothing about a whole folder that cannot be reached.
        if os.path.isdir(folder.path):
            gone |= left

    def _apply(
        self,
        folder: FolderRow,
        cutting: Cutting,
        changed: Sequence[FoundFile],
        gone: Sequence[str],
        ticket: Ticket | None,
        *,
        whole: bool = False,
        confirmed: bool = False,
    ) -> None:
        """Read what changed, then forget what is gone. In this order a moved note keeps its vectors.

        `whole`: the whole folder was compared. `confirmed`: the user agreed that notes that are gone are
        forgotten.
        """
        if changed:
            self.progress.begin(IndexingState.INDEXING, "reading", total=len(changed))
            self.notes.store(folder, cutting, changed, ticket, gone)
        if self._gates.stop.is_set():
            return
        vanished = [path for path in gone if is_gone(path)]
        # The file is still there but left out now: an ignore file names it.
        still = set(gone).difference(vanished)
        links = self.links.get(folder.path)
        leaving = [
            path
            for path in still
            if not scanner.is_wanted(folder.path, Path(path), self._gitignore, self._kept, links)
        ]
        verdict = self._vanished.judge(folder, vanished, whole=whole, confirmed=confirmed)
        leaving += verdict.forgotten
        if ticket is not None:
            ticket.held += len(verdict.held)
        removed = self._library.apply([PathsRemoved(paths=leaving)]).removed if leaving else 0
        if ticket is not None:
            ticket.count(removed=removed)
        if removed:
            self._workers.vectors_unused()
            self._library.upkeep.follow_words(self._gates.stop.is_set)
            self._workers.wake()
        self._changed()

    def _folder_row(self, path: Path) -> FolderRow | None:
        return next((f for f in self._library.folders() if f.path == path), None)

    def _cutting(self, folder: FolderRow) -> Cutting:
        """How the folder's notes are cut. Raises UsageError where its model was removed from the settings."""
        models = self._consents.models
        following = models.model(folder.next_model) if folder.next_model else None
        return Cutting(models.model(folder.model), following, first_kinds=folder.first_kinds)

    def _scan_again(self, folders: Iterable[Path]) -> None:
        for folder in folders:
            self._queue.add_scan(Scan(folder))

    def _links_of(self, folder: Path) -> Links:
        """The links of a folder. Where no scan has met them yet, the folder is walked for them; the library
        is not asked. Raises FolderError."""
        if folder not in self.links:
            links = self._new_links(folder)
            for _ in scanner.scan(folder, gitignore=self._gitignore, kept=self._kept, links=links):
                pass
            self.links[folder] = links
        return self.links[folder]

    def _new_links(self, folder: Path) -> Links:
        others = (row.path for row in self._library.folders())
        return Links(folder, follow=self._consents.settings.follow_links, others=others)

    @property
    def _gitignore(self) -> bool:
        return self._consents.settings.gitignore

    @property
    def _kept(self) -> Mapping[str, str]:
        return self._consents.settings.ignore


def _few_at_once_first(files: Iterable[FoundFile]) -> list[FoundFile]:
    """Files that changed, in the order in which they are read. Those of folders in which MANY_AT_ONCE have
    changed come last: another program has written them, and the user's own edit does not wait for that."""
    ordered = sorted(files, key=scanner.reading_order)
    number = Counter(os.path.dirname(file.path) for file in ordered)
    return sorted(ordered, key=lambda file: number[os.path.dirname(file.path)] >= MANY_AT_ONCE)


def _is_linked_folder(path: Path) -> bool:
    return os.path.islink(path) and os.path.isdir(path)
