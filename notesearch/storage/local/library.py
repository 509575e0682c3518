"""The library of a data folder: SQLite is the truth, tantivy and HNSW are copies of it for finding.

The copies follow by position: what is missing is read from the store, so a notification only means "look" and
a crash at any moment costs nothing but the copying.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from notesearch.errors import StoreError
from notesearch.storage.local.finding import Finding
from notesearch.storage.local.page import page
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.local.tantivy_index import KeywordIndex
from notesearch.storage.local.vector_copies import VectorCopies
from notesearch.storage.local.word_copy import WordCopy
from notesearch.storage.values import (
    DocumentRow,
    FileState,
    Filters,
    FolderRow,
    IndexFigures,
    KeywordHits,
    NewDocument,
    Note,
    PassageHit,
    Stored,
    Vectors,
    WaitingChunk,
    Wanted,
    WordQuery,
)

log = logging.getLogger(__name__)


def _never() -> bool:
    return False


class LocalLibrary:
    """Implements Library (see there for every method). `dimensions` tells how long the vectors of a
    fingerprint are (None: nobody knows the model). `read_only`: beside the process that owns the data folder.

    Raises StoreTooNew, StoreDamaged, StoreError on opening.
    """

    def __init__(
        self, data_dir: Path, dimensions: Callable[[str], int | None], *, read_only: bool = False
    ) -> None:
        self._data_dir = data_dir
        self._read_only = read_only
        self.store = Store(data_dir, read_only=read_only)
        self._word_index = KeywordIndex(data_dir / "keyword", read_only=read_only)
        self.word_copy = WordCopy(self.store, self._word_index)
        self.vector_copies = VectorCopies(self.store, data_dir / "vectors", dimensions, read_only=read_only)
        self._finding = Finding(self.store, self._word_index, self.vector_copies.index)
        self._subscribers: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    # Searching

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        return self._finding.words(query, filters, limit, among)

    def holding(self, phrase: str, *, title: bool, filters: Filters, limit: int) -> set[int]:
        return self._finding.holding(phrase, title=title, filters=filters, limit=limit)

    def nearest(
        self, fingerprint: str, vector: Vectors, filters: Filters, limit: int, *, floor: float = -1.0
    ) -> list[PassageHit]:
        return self._finding.nearest(fingerprint, vector, filters, limit, floor=floor)

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        return self._finding.score(fingerprint, vector, document_ids, most_chunks)

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        return self._finding.near_document(document_id, fingerprint, limit)

    def passing(self, filters: Filters, ids: Collection[int]) -> set[int]:
        return self._finding.passing(filters, ids)

    def newest(self, filters: Filters, limit: int) -> tuple[list[int], int]:
        return self._finding.newest(filters, limit)

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        return self._finding.fingerprints(filters)

    # Reading

    def page(self, wanted: Sequence[Wanted], short: int) -> dict[int, Note]:
        return page(self.store, wanted, short)

    def documents(self, ids: Sequence[int]) -> dict[int, DocumentRow]:
        return self.store.documents(ids)

    def document_at(self, path: Path) -> DocumentRow | None:
        return self.store.document_at(path)

    def titles(self, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        return self.store.titles(document_ids)

    def text(self, document_id: int, start: int, end: int) -> str:
        return self.store.text(document_id, start, end)

    def facet_counts(self, kind: str) -> tuple[tuple[str, int], ...]:
        return self.store.facet_counts(kind)

    def languages(self) -> tuple[tuple[str, int], ...]:
        return self.store.languages()

    # Taking in

    def add_folder(self, path: Path, model: str) -> int:
        folder_id = self.store.add_folder(path, model)
        self._tell()
        return folder_id

    def remove_folder(self, folder_id: int) -> None:
        self.store.remove_folder(folder_id)
        self._tell()

    def folders(self) -> tuple[FolderRow, ...]:
        return self.store.folders()

    def known(self, folder_id: int) -> dict[str, FileState]:
        return self.store.known(folder_id)

    def known_path(self, path: Path) -> FileState | None:
        return self.store.known_path(path)

    def put_documents(self, documents: Sequence[NewDocument]) -> list[Stored]:
        stored = self.store.put_documents(documents)
        self._tell()
        return stored

    def remove_paths(self, paths: Sequence[str]) -> int:
        removed = self.store.remove_paths(paths)
        self._tell()
        return removed

    def waiting_chunks(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        return self.store.waiting_chunks(fingerprint, limit, folders)

    def put_vectors(
        self,
        fingerprint: str,
        digests: Sequence[bytes],
        vectors: Vectors,
        stopped: Callable[[], bool] = _never,
    ) -> int:
        completed = self.store.put_vectors(fingerprint, digests, vectors)
        self.vector_copies.follow(fingerprint, stopped=stopped)
        self._tell()
        return completed

    # Keeping

    @property
    def position(self) -> int:
        return self.store.position

    @property
    def unread(self) -> int:
        return self.store.newer_than(self._word_index.position)

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

    def open_words(self) -> str:
        return self.word_copy.load()

    def follow_words(self, stopped: Callable[[], bool] = _never) -> None:
        self.word_copy.follow(stopped)

    def tidy_words(self) -> None:
        self.store.forget_tombstones(self._word_index.position)

    def follow_model(self, fingerprint: str, stopped: Callable[[], bool] = _never) -> None:
        self.vector_copies.follow(fingerprint, stopped=stopped)
        self.vector_copies.refresh_live(fingerprint, stopped)

    def refresh_model(self, fingerprint: str, stopped: Callable[[], bool] = _never) -> None:
        self.vector_copies.refresh_live(fingerprint, stopped)

    def is_ready(self, fingerprint: str) -> bool:
        return self.vector_copies.loaded(fingerprint) is not None

    def make_ready(self, fingerprint: str) -> None:
        self.vector_copies.index(fingerprint)

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        forgotten = self.store.forget_vectors_but(kept)
        for fingerprint in self.vector_copies.fingerprints() - set(chosen):
            if not self.store.count_vectors_since(fingerprint, 0):
                try:
                    self.vector_copies.drop(fingerprint)
                except StoreError as error:
                    log.warning("a vector index stays on the disk: %s", error)
        return forgotten

    def tidy_vectors(self) -> None:
        self.vector_copies.tidy()

    def save(self, *, closing: bool = False) -> None:
        self.vector_copies.save(closing=closing)

    def rest(self) -> None:
        self._word_index.rest()

    def refresh(self) -> None:
        before = self._word_index.position
        self._word_index.refresh()
        self.vector_copies.catch_up(everything=before != self._word_index.position)

    def figures(self, fingerprint: str) -> IndexFigures:
        index = self.vector_copies.index(fingerprint)
        missing = self.store.count_vectors_since(fingerprint, index.position)
        return IndexFigures(entries=len(index), missing=missing)

    def word_figures(self) -> IndexFigures:
        return IndexFigures(entries=len(self._word_index), missing=self.unread, opened=self.word_copy.opened)

    def check(self) -> list[str]:
        return self.store.check()

    def bytes_on_disk(self) -> dict[str, int]:
        return {
            "database": _bytes(self._data_dir, f"{DATABASE}*"),
            "keyword": _bytes(self._data_dir / "keyword"),
            "vectors": _bytes(self._data_dir / "vectors"),
        }

    def close(self) -> None:
        try:
            self._word_index.close()
        finally:
            self.store.close()


def _bytes(folder: Path, pattern: str = "*") -> int:
    """What the files of a folder take. One that is replaced meanwhile counts nothing."""
    total = 0
    for file in folder.glob(pattern):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except FileNotFoundError:
            continue
    return total
