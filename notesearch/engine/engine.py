"""The one door to everything below: what fronts (window, command line, later others) may ask. Pure Python
values in and out, no Qt.

Methods block and may be called from any thread but one that paints. An Engine either owns the data folder (it
indexes and watches) or only reads beside the owner.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from notesearch import catalogue
from notesearch.api.ownership import Listener, Ownership
from notesearch.api.requests import Requests
from notesearch.config import settings as files
from notesearch.config.credentials import Credentials
from notesearch.config.paths import prepare_data_dir
from notesearch.domain import (
    Estimate,
    FileProblem,
    Folder,
    HeldNote,
    IgnoredCount,
    IndexingStatus,
    IndexSummary,
    LedgerEntry,
    Match,
    ModelChoice,
    NoteText,
    Outgoing,
    ProviderInfo,
    Query,
    SearchResults,
    Survey,
    Vault,
)
from notesearch.embedding.embedder import Embedder
from notesearch.embedding.local.onnx import return_memory
from notesearch.embedding.receipts import Receipt
from notesearch.engine.copies import Indexes
from notesearch.engine.folders import ignore_preview as ignoring
from notesearch.engine.folders import survey, vaults
from notesearch.engine.folders.admission import refuse_unfit
from notesearch.engine.idle_timer import IDLE, IdleTimer
from notesearch.engine.indexing.indexer import Indexer
from notesearch.engine.indexing.queue import Ticket
from notesearch.engine.indexing.watcher import Watcher
from notesearch.engine.logs import close_log, open_log
from notesearch.engine.models.choices import Choices
from notesearch.engine.models.consent import Consents
from notesearch.engine.models.ledger import Ledger
from notesearch.engine.models.registry import Models
from notesearch.engine.search.pipeline import KEYWORD_ROWS, Search
from notesearch.engine.search.query import WRITTEN_TAG, trail
from notesearch.engine.search.rows import Candidate, Rows
from notesearch.engine.search.snippets import Highlighter
from notesearch.engine.status import StatusBoard, snapshot
from notesearch.errors import NotesearchError, NotIndexed, UsageError, WatchLimited
from notesearch.storage.opening import open_storage
from notesearch.storage.values import FolderRow, Held

log = logging.getLogger(__name__)

# Characters: laying out a rendered note is the window's longest single piece of work, half a millisecond for
# a thousand.
PREVIEW = 24_000
# Seconds that closing waits for the answers to other processes.
REQUESTS_END_WITHIN = 3.0


class Engine:
    """See the module. `read_only`: work beside the owner: searching and reading status, nothing else.

    `watch=False`: no watcher (the command line reconciles and leaves). `embed=False`: no vector is made and
    nobody is asked. `idle`: seconds of quiet after which memory is given back. `start` raises DataFolderHeld,
    StoreTooNew, StoreDamaged.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        read_only: bool = False,
        watch: bool = True,
        embed: bool = True,
        embedders: Sequence[Embedder] | None = None,
        credentials: Credentials | None = None,
        idle: float = IDLE,
    ) -> None:
        self.data_dir = data_dir
        self._read_only = read_only
        self._watch = watch
        self._embed = embed
        self._ledger = Ledger(data_dir)
        # Embedders that were given may be in use elsewhere.
        self._models = Models(files.Settings(), credentials or Credentials(), self._record, embedders)
        self._ownership: Ownership | None = None
        self._listener: Listener | None = None
        self._watcher: Watcher | None = None
        self._indexer: Indexer | None = None
        self._limited: dict[Path, WatchLimited] = {}
        self._log: logging.Handler | None = None
        self._requests = Requests(self)
        self._folder_lock = threading.Lock()
        self.status_board = StatusBoard(self.status)
        self._rest = IdleTimer(self._go_to_rest, idle)

    # Life

    def start(self) -> None:
        """Open everything. Returns when searching by words works; vectors are loaded behind."""
        prepare_data_dir(self.data_dir)
        if not self._read_only:
            self._ownership = Ownership(self.data_dir)
            self._log = open_log(self.data_dir)
        try:
            self._storage = open_storage(self.data_dir, read_only=self._read_only)
            self._store = self._storage.store
            self._indexes = Indexes(self._storage, self._models, read_only=self._read_only)
            self._indexes.load_keyword()
            self._rows = Rows(self._store)
            settings = files.load_settings(self.data_dir)[0]
            self._models.use(settings)
            self._consents = Consents(self._store, self._models, self._ledger, settings)
            self._search = Search(
                self._store,
                self._indexes,
                self._consents,
                waits_for_index=self._read_only or not self._watch,
                changed=self.status_board.changed,
            )
            if not self._read_only:
                self._indexer = Indexer(
                    self._store, self._indexes, self._consents, self._work_changed, embed=self._embed
                )
            self._choices = Choices(self._store, self._consents, self._indexer)
            if self._indexer is not None:
                self._start_indexing(self._indexer)
        except BaseException:
            self.close()
            raise

    def _start_indexing(self, indexer: Indexer) -> None:
        self.status_board.start()
        if self._watch:
            self._rest.touch()
            self._watcher = Watcher(indexer.mark_dirty, indexer.scan, self._watching_is_limited)
            self._watcher.start()
            for folder in self._store.folders():
                self._watcher.watch(folder.path)
                indexer.scan(folder.path)
        indexer.start()
        self._listener = Listener(self.data_dir, self._requests.answer)
        if self._ownership is not None:
            self._ownership.announce(self._listener.address)

    def _work_changed(self) -> None:
        self._rest.touch()
        self.status_board.changed()

    def _go_to_rest(self) -> None:
        self._indexes.keyword.rest()
        self._required_indexer().rest()
        return_memory()

    def wait_ready(self) -> None:
        """Wait until both index copies are in step with the store."""
        self._required_indexer().wait_ready()

    @property
    def behind(self) -> bool:
        """Whether the keyword index lacks changes that the store has (for a reader: only the owner can mend
        it)."""
        return self._store.newer_than(self._indexes.keyword.position) > 0

    def close(self) -> None:
        """Stop everything; nothing is lost. One part that fails (a full disk, say) does not keep the others
        from closing: it is logged."""
        for part, step in self._closing_steps():
            try:
                step()
            except Exception as error:
                expected = error.title if isinstance(error, NotesearchError) else ""
                log.warning("closing failed (%s): %s", part, expected or "a bug", exc_info=not expected)
        if self._log is not None:
            close_log(self._log)
            self._log = None
        if self._ownership is not None:
            self._ownership.close()

    def _closing_steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What is open, in the order of closing: whoever asks first, the store last."""
        yield "rest", self._rest.close
        if self._listener is not None:
            yield "listener", self._listener.close
        if self._watcher is not None:
            yield "watcher", self._watcher.close
        if self._indexer is not None:
            yield "indexer", self._indexer.close
        if self._listener is not None:
            yield "requests", lambda listener=self._listener: listener.drain(REQUESTS_END_WITHIN)  # type: ignore[misc]
        yield "status", self.status_board.close
        if hasattr(self, "_indexes"):
            yield "vectors", lambda: self._indexes.save_vectors(all_of_them=True)
            yield "keyword index", self._indexes.close
        if hasattr(self, "_store"):
            yield "store", self._store.close
        yield "models", self._models.close

    def subscribe(self, callback: Callable[[IndexingStatus], None]) -> Callable[[], None]:
        """Call `callback` with a snapshot when something changed, at most ten times a second, from a thread
        of the engine."""
        return self.status_board.subscribe(callback)

    # Folders

    def add_folder(self, path: Path, model: str = catalogue.LOCAL.identifier) -> Folder:
        """Watch and index a folder. Raises FolderMissing, FolderUnreadable, FolderOverlap, UsageError
        (unknown model)."""
        folder = absolute(path)
        self._register(folder, model)
        self._required_indexer().scan(folder)
        self.status_board.changed()
        return next(f for f in self.status().folders if f.path == folder)

    def _register(self, folder: Path, model: str = catalogue.LOCAL.identifier) -> None:
        """Take the folder up and watch it. Folders inside it become part of it; their notes keep their
        vectors."""
        self._models.model(model)
        with self._folder_lock:
            refuse_unfit(folder, self.data_dir, self._store.roots().values())
            self._store.add_folder(folder, model)
            for child in [f for f in self._store.folders() if folder in f.path.parents]:
                if self._watcher is not None:
                    self._watcher.unwatch(child.path)
                self._store.absorb_folder(child.id, folder)
        if self._watcher is not None:
            self._watcher.watch(folder)

    def remove_folder(self, path: Path) -> None:
        """Forget a folder; the notes themselves are untouched. Raises NotIndexed."""
        folder = absolute(path)
        with self._folder_lock:
            row = self._row(folder)
            if self._watcher is not None:
                self._watcher.unwatch(folder)
            self._limited.pop(folder, None)
            self._store.remove_folder(row.id)
        self._required_indexer().reconsider(row.model, row.next_model)
        self._required_indexer().release_unused()
        self._required_indexer().scan(folder)
        self.status_board.changed()

    def survey(self, path: Path, limit: int = 20_000, seconds: float = 2.0) -> Survey:
        """What the person should know of a folder, or of the folder of a file, before it is added. Never
        raises for what is on the disk."""
        settings, searched = self._consents.settings, self._store.roots().values()
        return survey.survey(absolute(path), searched, self.data_dir, settings, limit=limit, seconds=seconds)

    def find_vaults(self, seconds: float = 3.0) -> tuple[Vault, ...]:
        """The folders of Obsidian, Logseq, Joplin (exports) and Zettelkasten on this computer, those with
        most notes first."""
        return vaults.find(self._store.roots().values(), self._consents.settings, seconds)

    def count_ignored(
        self, path: Path, rules: str, stopped: Callable[[], bool] = lambda: False
    ) -> IgnoredCount:
        """What ignore rules would leave out of a folder, for a count while they are typed; `stopped` turning
        true ends it. Raises FolderError."""
        return ignoring.count_ignored(absolute(path), rules, self._consents.settings, stopped)

    def answer_held(self, folder: Path, *, remove: bool) -> None:
        """The person's word on vanished notes: forget them, or keep them in the index."""
        row = self._row(folder)
        if remove:
            self._required_indexer().scan(folder, confirmed=True)
        else:
            self._store.hold_deletions(row.id, Held.KEPT)
            self.status_board.changed()

    def _row(self, folder: Path) -> FolderRow:
        for row in self._store.folders():
            if row.path == folder:
                return row
        raise NotIndexed(f"{folder} is not a searched folder")

    def covering(self, path: Path) -> Folder | None:
        """The searched folder that `path` is or lies in."""
        folder = absolute(path)
        return next((f for f in self.status().folders if f.path == folder or f.path in folder.parents), None)

    # Indexing

    def reconcile(
        self,
        folders: Sequence[Path] = (),
        *,
        progress: Callable[[IndexingStatus], None] | None = None,
        confirmed: bool = False,
    ) -> tuple[IndexSummary, tuple[Exception, ...], int]:
        """Bring folders (all of them by default; unknown ones are added) up to date and wait.

        Returns what was done, the errors of folders, and how many deletions are held for the person to
        confirm. `progress` is called about ten times a second from the calling thread. Raises a
        NotesearchError when indexing is paused, instead of waiting for ever.
        """
        self._refuse_when_paused()
        wanted = [absolute(f) for f in folders] or [f.path for f in self._store.folders()]
        known = {f.path for f in self._store.folders()}
        roots: list[Path] = []
        for folder in wanted:
            if folder not in known:
                covering = next((k for k in known if k in folder.parents), None)
                if covering is None:
                    self._register(folder)
                    known.add(folder)
                else:
                    folder = covering
            if folder not in roots:
                roots.append(folder)
        ticket = Ticket(tuple(roots))
        self._required_indexer().retry_providers()
        for folder in roots:
            self._required_indexer().scan(folder, ticket, confirmed=confirmed)
        if roots:
            self._await(ticket, progress)
        return ticket.summary, tuple(ticket.errors), ticket.held

    def _await(self, ticket: Ticket, progress: Callable[[IndexingStatus], None] | None = None) -> None:
        while not ticket.wait(0.1):
            self._refuse_when_paused()
            if progress is not None:
                progress(self.status())

    def _refuse_when_paused(self) -> None:
        if self._required_indexer().paused:
            raise NotesearchError(
                "Indexing is paused",
                hint="Resume it in the window of Notesearch, then try again.",
                retryable=True,
            )

    def pause(self) -> None:
        self._required_indexer().pause()

    def resume(self) -> None:
        self._required_indexer().resume()

    def retry(self, paths: Sequence[Path] | None = None) -> None:
        """Read files with problems again (None: all that may be retried)."""
        for path in self._store.forget_problems(paths):
            self._required_indexer().mark_dirty(path)
        self.status_board.changed()

    def problems(self) -> tuple[FileProblem, ...]:
        limited = [
            FileProblem(path=p, title=e.title, hint=e.hint, retryable=False) for p, e in self._limited.items()
        ]
        return (*limited, *self._store.problems())

    def _watching_is_limited(self, folder: Path, error: WatchLimited | None) -> None:
        if error is None:
            self._limited.pop(folder, None)
        else:
            self._limited[folder] = error
        self.status_board.changed()

    def _required_indexer(self) -> Indexer:
        if self._indexer is None:
            raise UsageError("This Notesearch only reads")
        return self._indexer

    def status(self) -> IndexingStatus:
        """A snapshot of everything the status line and `notesearch status` show."""
        return snapshot(self._store, self._indexer, self._choices, self._limited)

    # Models, and what is sent to whom

    def model_choices(self) -> tuple[ModelChoice, ...]:
        """Every model that can be chosen, the one on this computer first."""
        return self._choices.models()

    def prepare_model(self, path: Path, identifier: str) -> Estimate:
        """Choose a folder's next model, read its notes for it, and count what it would be sent. Sends
        nothing; a model on this computer begins at once. Raises NotIndexed, UsageError (unknown model),
        NotesearchError when paused."""
        folder = absolute(path)
        row = self._row(folder)
        if identifier != row.model:
            self._refuse_when_paused()
        if self._choices.prepare(row, identifier):
            ticket = Ticket((folder,), reading_only=True)
            self._required_indexer().scan(folder, ticket)
            try:
                self._await(ticket)
                if ticket.errors:
                    raise ticket.errors[0]
            except BaseException:
                # What cannot be counted is not half begun.
                if identifier != row.next_model:
                    self.cancel_model(folder)
                raise
        self.status_board.changed()
        return self._choices.estimate(self._row(folder))

    def estimate(self, path: Path) -> Estimate:
        """What a folder's (next) model has still to be sent, by counting."""
        return self._choices.estimate(self._row(absolute(path)))

    def agree(self, path: Path) -> None:
        """The person agrees to what `prepare_model` counted: it is sent from here on, and so are later
        changes of the notes."""
        self._choices.agree(self._row(absolute(path)))
        self.status_board.changed()

    def cancel_model(self, path: Path) -> None:
        """The person does not agree: the folder keeps the model that answers."""
        folder = absolute(path)
        row = self._row(folder)
        self._choices.cancel(row)
        self._required_indexer().reconsider(row.next_model or row.model)
        self._required_indexer().scan(folder)
        self.status_board.changed()

    def forget_previous(self, path: Path) -> int:
        """Drop what all former models of a folder have left. Returns how many vectors that were. Raises
        NotIndexed."""
        dropped = self._choices.forget_previous(self._row(absolute(path)))
        self.status_board.changed()
        return dropped

    def outgoing(self, path: Path) -> tuple[Outgoing, ...]:
        """The exact texts of a note for its folder's (next) model, and what is held back. Raises
        NotIndexed."""
        return self._choices.outgoing(absolute(path))

    def held_back(self, path: Path, limit: int = 500) -> tuple[HeldNote, ...]:
        """The notes of a folder of which something is not sent, and those that ignore files name; at most
        `limit` of each."""
        return self._choices.held_back(self._row(absolute(path)), limit)

    def allow(self, path: Path) -> int:
        """Let go what is held back of a note. Returns how many passages that are. Raises NotIndexed."""
        return self._choices.allow(absolute(path))

    def providers(self) -> tuple[ProviderInfo, ...]:
        """Asks the keyring, so it may wait for the person to unlock it."""
        return self._choices.providers()

    def set_key(self, provider: str, key: str) -> str:
        """Store a key: "stored", or "session-only" where no keyring takes it. Raises KeyInvalid, UsageError
        (unknown provider)."""
        return self._choices.set_key(provider, key)

    def forget_key(self, provider: str) -> None:
        self._choices.forget_key(provider)

    def retry_providers(self) -> None:
        """The person acted: whoever waits for a provider asks it again now."""
        self._required_indexer().retry_providers()

    def make_known(self, provider: str, model: str, base_url: str = "") -> None:
        """Keep a provider's address, and see that the model is known: one that is not is tested, with texts
        of ours. Raises UsageError, InsecureAddress, or a ProviderError."""
        plain, sign, number = model.rpartition("#")
        name = plain if sign and number.isdecimal() else model
        known = any(m.identifier == f"{provider}/{name}" for m in self._models.known)
        if not known and all(m.provider != provider for m in catalogue.MODELS):
            self.test_provider(provider, name, base_url)
        # Raises where there is no such model, or none of so many dimensions, before anything is kept.
        self._models.model(f"{provider}/{model}")
        if base_url and (address := catalogue.provider(provider, base_url).base_url) != self._models.address(
            provider
        ):
            self.save_settings(self._consents.settings.with_provider(provider, base_url=address))

    def model_to_test(self, provider: str) -> str:
        """The name of the model by which a provider is tested: one that a folder uses, where there is one.
        Raises UsageError where none is known."""
        return self._choices.model_to_test(provider)

    def test_provider(self, provider: str, model: str, base_url: str = "", *, keep: bool = True) -> object:
        """Ask a server once what it is like, with texts of ours. `keep`: the address, and a model that was
        not known, go into the settings. An embedding.probe.Probe. Raises a ProviderError."""
        found, settings = self._choices.test(provider, model, base_url, self._record)
        if keep and settings != self._consents.settings:
            self.save_settings(settings)
        return found

    def ledger(self, limit: int = 200) -> tuple[LedgerEntry, ...]:
        """The newest requests that providers answered, newest first."""
        return self._choices.ledger(limit)

    @property
    def ledger_folder(self) -> Path:
        return self._ledger.folder

    def _record(self, receipt: Receipt) -> None:
        try:
            self._ledger.record(receipt)
        except OSError as error:
            log.warning("the ledger could not be written: %s", error.strerror)
        if self._indexer is not None:
            self._indexer.count_request(receipt)

    # Searching

    def keyword_search(self, query: Query, rows: int = KEYWORD_ROWS) -> SearchResults:
        """Rows by words alone, in milliseconds. `rows`: at most so many."""
        self._rest.touch()
        return self._search.keyword(query, rows)

    def search(
        self,
        query: Query,
        *,
        remote: bool = True,
        cancelled: Callable[[], bool] | None = None,
        rows: int | None = None,
    ) -> SearchResults:
        """Rows by words and meaning. `remote` False: no provider is asked. `cancelled`: the person may type
        on, so a provider is asked after a short rest, and no longer when it turns true. Raises QueryCancelled
        then. `rows`: only so many at first, `complete` has the rest."""
        self._rest.touch()
        return self._search.fused(query, remote=remote, cancelled=cancelled, rows=rows)

    def complete(self, results: SearchResults) -> SearchResults:
        """Results of `search` with all their rows."""
        return self._search.completed(results)

    @property
    def asks_providers(self) -> bool:
        """Whether a search by meaning asks a provider."""
        return self._search.asks_providers

    def explain(self, results: SearchResults) -> SearchResults:
        """The same rows with the most telling sentence of those found by meaning."""
        return self._search.explained(results)

    def similar(self, path: Path, limit: int = 20) -> SearchResults:
        """Notes near in meaning to a note. Raises NotIndexed."""
        return self._search.similar(absolute(path), limit)

    def refresh(self) -> None:
        """For a reader: see what the owner has written since."""
        self._indexes.refresh()

    def recent(self, limit: int = 30) -> tuple[Match, ...]:
        """The newest notes, each with its beginning."""
        newest, _ = self._store.newest_among(None, limit)
        return self._rows.build(
            [Candidate(document_id, 0.0, by_words=True) for document_id in newest], Highlighter(())
        )

    def note_text(self, path: Path, start: int = 0) -> NoteText:
        """The text of a note around character `start`, for the preview. Raises NotIndexed."""
        note = absolute(path)
        document = self._store.document_at(note)
        if document is None:
            raise NotIndexed(f"{note.name} is not in the index")
        root = self._store.roots()[document.folder_id]
        offset = (
            0 if document.length <= PREVIEW else max(0, min(start - PREVIEW // 3, document.length - PREVIEW))
        )
        text = self._store.text(document.id, offset, offset + PREVIEW)
        if offset:
            # Begin at the beginning of a line.
            cut = text.find("\n") + 1
            offset, text = offset + cut, text[cut:]
        line = document.first_line + self._store.line_breaks(document.id, offset)
        return NoteText(
            path=note,
            title=document.title,
            trail=trail(root, note),
            format=document.format,
            modified=document.mtime_ns / 1e9,
            text=text,
            offset=offset,
            line=line,
            truncated=len(text) < document.length,
            tags=document.tags,
        )

    def tags(self) -> tuple[tuple[str, int], ...]:
        return self._store.facet_counts(WRITTEN_TAG)

    def formats(self) -> tuple[tuple[str, int], ...]:
        return self._store.facet_counts("type")

    # Settings and figures

    def settings(self) -> files.Settings:
        return files.load_settings(self.data_dir)[0]

    def settings_problems(self) -> tuple[NotesearchError, ...]:
        return files.load_settings(self.data_dir)[1]

    def save_settings(self, chosen: files.Settings) -> None:
        """Write the settings and let them hold from now on."""
        files.save_settings(self.data_dir, chosen)
        before, self._consents.settings = self._consents.settings, chosen
        self._models.use(chosen)
        if self._indexer is not None:
            for row in ignoring.concerned(before, chosen, self._store.folder_choices()):
                # What is to stay out from now on is not sent on while the folder is compared.
                self._indexer.scan(row.path)
                self._indexer.reconsider(row.model, row.next_model)
            self._indexer.retry_providers()

    def window_state(self) -> dict[str, Any]:
        return files.load_window_state(self.data_dir)

    def save_window_state(self, state: Mapping[str, Any]) -> None:
        files.save_window_state(self.data_dir, state)

    def bytes_on_disk(self) -> dict[str, int]:
        """Bytes of the database, the keyword index and the vector indexes."""
        return self._storage.bytes_on_disk()

    def diagnosis(self) -> list[tuple[str, str, bool]]:
        """(what was checked, what was found, whether it is well) for `notesearch doctor`."""
        faults = self._store.check()
        plan = self._indexes.keyword_plan
        lines = [
            ("Database", "; ".join(faults) or "whole", not faults),
            (
                "Keyword index",
                f"{len(self._indexes.keyword)} blocks; on opening: {type(plan).__name__}",
                True,
            ),
        ]
        for mark in sorted(self._consents.marks()):
            lines += self._diagnosis_of(mark)
        for folder in self._store.folders():
            there = os.path.isdir(folder.path)
            lines.append(
                (f"Folder {folder.path}", f"{folder.documents} notes" if there else "not reachable", there)
            )
        return lines

    def _diagnosis_of(self, mark: str) -> Iterator[tuple[str, str, bool]]:
        """A model's index, and whether the model answers: a remote one is sent the word "test"."""
        model = self._models.by_mark(mark)
        if model is None:
            return
        index = self._indexes.vectors(mark)
        yield (
            f"Vectors of {model.identifier}",
            f"{len(index)} in the index, {self._indexes.behind(mark)} to be added",
            True,
        )
        try:
            if (embedder := self._models.embedder(mark)) is not None and self._consents.may_ask(mark):
                embedder.embed_query("test")
                yield f"Model {model.identifier}", "answers", True
        except NotesearchError as error:
            yield f"Model {model.identifier}", str(error), False

    @staticmethod
    def memory_bytes() -> int:
        """Resident memory of this process."""
        return int(psutil.Process().memory_info().rss)

    # Requests of other processes

    def answer(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What another process would be answered: fronts with an engine of their own ask in the same way."""
        return self._requests.answer(request)

    def on_request(self, name: str, handler: Callable[[Mapping[str, Any]], object]) -> None:
        """Let a front answer a request of its own ("show", say). Called from a thread of the engine."""
        self._requests.add(name, handler)


def absolute(path: Path) -> Path:
    """Absolute and without "..", links left as they are."""
    return Path(os.path.abspath(path.expanduser()))
