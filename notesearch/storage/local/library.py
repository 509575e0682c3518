"""The library of a data folder: the SQLite store holds everything; tantivy and HNSW are copies of it for
finding.

The copies follow by position: what they lack is read from the store. A notification therefore only means that
something changed, and a crash at any moment costs nothing but copying again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from notesearch.domain import FileProblem, HeldNote, Outgoing
from notesearch.errors import DiskFull
from notesearch.storage.changes import Applied, Change
from notesearch.storage.library import Library
from notesearch.storage.local.damage import refuse_lost
from notesearch.storage.local.finding import Finding
from notesearch.storage.local.keyword.tantivy_index import KeywordIndex
from notesearch.storage.local.keyword.word_copy import WordCopy
from notesearch.storage.local.page import page
from notesearch.storage.local.room import HeldRoom
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.local.upkeep import LocalUpkeep
from notesearch.storage.local.vector_copies import VectorCopies
from notesearch.storage.values import (
    DocumentRow,
    Excerpt,
    Files,
    FileState,
    Filters,
    FolderRow,
    KeywordHits,
    Newest,
    Note,
    NoteWanted,
    PassageHit,
    Unsent,
    ValueCount,
    Vectors,
    WaitingChunk,
    WordQuery,
)


def _never() -> bool:
    return False


class LocalLibrary(Library):
    """The library of a data folder. Implements Library, where every method is described.

    `dimensions` gives the length of the vectors of a fingerprint (None: its model is not known). `read_only`
    is for a process beside the owner of the data folder. Opening raises StoreTooNew, StoreDamaged or
    StoreError.
    """

    def __init__(
        self, data_dir: Path, dimensions: Callable[[str], int | None], *, read_only: bool = False
    ) -> None:
        self._data_dir = data_dir
        self._subscribers: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        refuse_lost(data_dir)
        self.store = Store(data_dir, read_only=read_only)
        self._word_index = KeywordIndex(data_dir / "keyword", read_only=read_only, noticed=self._tell)
        self.word_copy = WordCopy(self.store, self._word_index)
        self.vector_copies = VectorCopies(self.store, data_dir / "vectors", dimensions, read_only=read_only)
        self._room = HeldRoom(data_dir, lambda: _largest(data_dir, f"{DATABASE}*"))
        self._upkeep = LocalUpkeep(
            self.store, self._word_index, self.word_copy, self.vector_copies, self._room
        )
        self._finding = Finding(self.store, self._word_index, self.vector_copies.index)
        try:
            self.word_copy.load()
        except BaseException:
            self.close()
            raise

    # Changes, and what waits for a model

    def apply(self, changes: Sequence[Change]) -> Applied:
        applied = self.store.apply(changes)
        self._tell()
        return applied

    def waiting(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        return self.store.questions.waiting(fingerprint, limit, folders)

    def put_vectors(self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors) -> int:
        try:
            completed = self.store.vectors.put(fingerprint, digests, vectors)
        except DiskFull:
            if not self._room.give(fingerprint):
                raise
            completed = self.store.vectors.put(fingerprint, digests, vectors)
        self._tell()
        return completed

    # Hits under filters

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        return self._finding.words(query, filters, limit, among)

    def nearest(
        self, fingerprint: str, vector: Vectors, filters: Filters, limit: int, *, floor: float = -1.0
    ) -> list[PassageHit]:
        return self._finding.nearest(fingerprint, vector, filters, limit, floor=floor)

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        return self._finding.score(fingerprint, vector, document_ids, most_chunks)

    def without_vectors(self, document_ids: Sequence[int]) -> set[int]:
        return self.store.questions.without_vectors(document_ids)

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        return self._finding.near_document(document_id, fingerprint, limit)

    def newest(self, filters: Filters, limit: int, among: Collection[int] | None = None) -> Newest:
        return self._finding.newest(filters, limit, among)

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        return self._finding.fingerprints(filters)

    # What is shown

    def notes(self, wanted: Sequence[NoteWanted], short: int) -> dict[int, Note]:
        return page(self.store, wanted, short)

    def documents_at(self, path: Path) -> tuple[DocumentRow, ...]:
        return self.store.questions.documents_at(path)

    def text(self, document_id: int, start: int, end: int) -> Excerpt:
        return self.store.questions.excerpt(document_id, start, end)

    def facets(self, kind: str) -> tuple[ValueCount, ...]:
        return self.store.questions.facets(kind)

    # Folders and files

    def folders(self) -> tuple[FolderRow, ...]:
        return self.store.folders.rows()

    def known(self, files: Files) -> dict[str, FileState]:
        return self.store.places.known(files)

    def problems(self) -> tuple[FileProblem, ...]:
        return self.store.folders.problems()

    # What may be sent

    def unsent(self, folder_id: int, *, pending: bool) -> Unsent:
        return self.store.pending.count_unsent(folder_id, pending=pending)

    def outgoing(self, document_id: int, *, pending: bool) -> tuple[Outgoing, ...]:
        return self.store.pending.outgoing(document_id, pending=pending)

    def held_back(self, folder_id: int, *, pending: bool, limit: int) -> tuple[HeldNote, ...]:
        return self.store.pending.held_back(folder_id, pending=pending, limit=limit)

    # The library as a whole

    @property
    def position(self) -> int:
        return self.store.position

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        with self._lock:
            self._subscribers.append(changed)

        def unsubscribe() -> None:
            with self._lock:
                if changed in self._subscribers:
                    self._subscribers.remove(changed)

        return unsubscribe

    def _tell(self) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for changed in subscribers:
            changed()

    def bytes_on_disk(self) -> dict[str, int]:
        return {
            "database": _bytes(self._data_dir, f"{DATABASE}*"),
            "keyword": _bytes(self._data_dir / "keyword"),
            "vectors": _bytes(self._data_dir / "vectors"),
        }

    def check(self) -> list[str]:
        return self.store.check()

    @property
    def upkeep(self) -> LocalUpkeep:
        return self._upkeep

    def close(self) -> None:
        try:
            self._finding.close()
            self._word_index.close()
        finally:
            self.store.close()


def _largest(folder: Path, pattern: str) -> int:
    """The size of the largest of these files, in bytes."""
    sizes = [0]
    for file in folder.glob(pattern):
        with contextlib.suppress(OSError):
            sizes.append(file.stat().st_size)
    return max(sizes)


def _bytes(folder: Path, pattern: str = "*") -> int:
    """The size of the files of a folder in bytes. A file that is replaced meanwhile counts as 0."""
    total = 0
    for file in folder.glob(pattern):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:
            continue
    return total
