"""The nearest vectors by cosine: an HNSW graph (hnswlib) for each fingerprint. It is a copy of the store's
vectors and can be made again.

The labels of the graph are the ids of the store's vectors. In hnswlib, add_items must not run beside
knn_query, so this class guards the graph with a lock. Vectors are added in small slices, and a query that
waits goes first.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from collections.abc import Collection, Iterator, Sequence, Set
from pathlib import Path

import hnswlib
import numpy as np

from notesearch.config.paths import sync_folder
from notesearch.storage.local.position import CHANGED, Plan, Rebuild, SavedAt, plan, saving
from notesearch.storage.local.written_files import checksum, clear_away
from notesearch.storage.values import Vectors

VERSION = 1
GRAPH = "graph"
# How a file of hnswlib begins: where the levels begin, the room and the number of vectors, the bytes of one
# entry, and where in it its label and its vector begin.
HEAD = struct.Struct("<QQQQQQ")
M = 16
EF_CONSTRUCTION = 200
# Recall@100 against the exact scan on 11,137 real chunks: 0.997 at 200. Where more neighbours are asked for,
# twice their number: of the nearest 50 of 40,000 vectors around 2,000 centres, 250 found 0.92 and 500 0.96.
EF_SEARCH, EF_TIMES = 200, 2
SLICE = 16


def saved_fingerprints(folder: Path) -> set[str]:
    """The fingerprints that have files in `folder`."""
    return {path.stem for path in folder.glob("*") if path.suffix in (".hnsw", ".json")}


class VectorIndex:
    """An HNSW index of the unit vectors of one fingerprint. Any thread may call; one thread at a time
    adds."""

    def __init__(self, folder: Path, fingerprint: str, dimensions: int) -> None:
        self._path = folder / f"{fingerprint}.hnsw"
        self._saved_path = folder / f"{fingerprint}.json"
        self._dimensions = dimensions
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._deleted = False
        self._queries = 0
        self._queries_lock = threading.Lock()
        self._no_query = threading.Event()
        self._no_query.set()
        self._graph = self._empty(1024)
        self._dead: set[int] = set()
        self._marks_known = True
        self.position = 0
        self.unsaved = 0

    def _empty(self, capacity: int) -> hnswlib.Index:
        graph = hnswlib.Index(space="ip", dim=self._dimensions)
        graph.init_index(max_elements=capacity, M=M, ef_construction=EF_CONSTRUCTION, random_seed=1)
        graph.set_ef(EF_SEARCH)
        graph.set_num_threads(1)
        return graph

    def load(self, *, instance: str, position: int) -> Plan:
        """Read the saved graph, and say what it lacks. After Rebuild it is empty and every vector has to be
        added."""
        saved = SavedAt.load(self._saved_path)
        decision = plan(saved, version=VERSION, instance=instance, position=position)
        if saved is not None and not isinstance(decision, Rebuild) and self._is_changed(saved):
            decision = Rebuild(CHANGED)
        if saved is not None and not isinstance(decision, Rebuild):
            graph = hnswlib.Index(space="ip", dim=self._dimensions)
            try:
                graph.load_index(str(self._path), max_elements=max(1024, saved.count * 5 // 4))
                graph.set_ef(EF_SEARCH)
                graph.set_num_threads(1)
                decision = plan(
                    saved,
                    version=VERSION,
                    instance=instance,
                    position=position,
                    count=graph.get_current_count(),
                )
            except RuntimeError:
                decision = Rebuild("the saved graph cannot be read")
            if not isinstance(decision, Rebuild):
                with self._lock:
                    self._graph, self.position, self._marks_known = graph, saved.position, False
        return decision

    def _is_changed(self, saved: SavedAt) -> bool:
        """Whether the saved graph is not the one that was written. hnswlib believes every byte of it."""
        try:
            return bool(saved.files) and checksum(self._path) != saved.files.get(GRAPH)
        except OSError:
            return True

    def damaged(self) -> bool:
        """Whether there is a saved graph that is not as it was written. Reads all of it."""
        saved = SavedAt.load(self._saved_path)
        return saved is not None and self._is_changed(saved)

    def ids(self) -> set[int]:
        """The ids of all vectors that it holds."""
        with self._lock:
            return set(self._graph.get_ids_list())

    def save(self, instance: str) -> None:
        """Write the graph (temporary file, fsync, rename), then its position. After a crash between the two
        the index is rebuilt; it never gives a wrong answer.

        Raises DiskFull or StoreError (retryable) where it cannot be written.
        """
        with saving("store.vectors-not-writable"), self._saving:
            if not self._deleted:
                self._save(instance)

    def delete(self) -> None:
        """Delete the saved files, and save nothing any more. Raises StoreError (retryable) where they cannot
        be deleted."""
        with saving("store.vectors-not-writable"), self._saving:
            self._deleted = True
            for path in (self._saved_path, self._path, self._path.with_suffix(".tmp")):
                clear_away(path)

    def _save(self, instance: str) -> None:
        folder = self._path.parent
        if not folder.is_dir():
            clear_away(folder)
        folder.mkdir(exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        with self._lock:
            self._graph.save_index(str(temporary))
            saved = SavedAt(
                version=VERSION,
                instance=instance,
                position=self.position,
                count=self._graph.get_current_count(),
                files={GRAPH: checksum(temporary)},
            )
            unsaved = self.unsaved
        # Opened for writing although nothing is written: Windows does not flush a file that is open for
        # reading only.
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        clear_away(self._saved_path)
        if self._path.is_dir():
            clear_away(self._path)
        os.replace(temporary, self._path)
        sync_folder(self._path.parent)
        saved.save(self._saved_path)
        self.unsaved -= unsaved

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors (float32 [n, dimensions], unit length) in ascending order of id."""
        labels = np.asarray(ids, np.int64)
        for first in range(0, len(ids), SLICE):
            self._no_query.wait(0.05)
            with self._lock:
                needed = self._graph.get_current_count() + SLICE
                if needed > self._graph.get_max_elements():
                    self._graph.resize_index(max(needed, self._graph.get_max_elements() * 2))
                part = labels[first : first + SLICE]
                self._graph.add_items(vectors[first : first + SLICE], part, num_threads=1)
                self.position = int(part[-1])
                self.unsaved += len(part)

    def set_live(self, live: Collection[int]) -> None:
        """Set which vectors may be in the answers: those that a chunk uses. All others are left out."""
        with self._lock:
            labels = set(self._graph.get_ids_list())
            dead = labels - set(live)
            # A loaded graph keeps the marks of left-out vectors but cannot list them. So the first call sets
            # every label.
            before_dead = labels if not self._marks_known else self._dead
            before_live = labels if not self._marks_known else labels - self._dead
            for label in dead & before_live:
                with contextlib.suppress(RuntimeError):
                    self._graph.mark_deleted(label)
            for label in before_dead - dead:
                with contextlib.suppress(RuntimeError):
                    self._graph.unmark_deleted(label)
            self._dead, self._marks_known = dead, True

    def update_live(self, looked_at: Collection[int], live: Collection[int]) -> bool:
        """For the vectors `looked_at`: leave those that are not `live` out of the answers, and take back the
        others. Returns False, and does nothing, before `set_live` was called."""
        with self._lock:
            if not self._marks_known:
                return False
            for label in looked_at:
                with contextlib.suppress(RuntimeError):
                    if label in live and label in self._dead:
                        self._graph.unmark_deleted(label)
                        self._dead.discard(label)
                    elif label not in live and label not in self._dead:
                        self._graph.mark_deleted(label)
                        self._dead.add(label)
            return True

    @property
    def mostly_dead(self) -> bool:
        """Whether most of the graph's vectors are unused, so that it is worth rebuilding."""
        return len(self._dead) > 1000 and len(self._dead) * 2 > len(self)

    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]:
        """The `k` nearest vectors as (vector id, cosine), nearest first; fewer where there are fewer. With
        `allowed`, only these ids.

        hnswlib searches until it has enough allowed neighbours, so a filter costs no recall (1.00 at a
        twentieth of 11,000 vectors). For a few hundred allowed ids, comparing them one by one is cheaper; the
        caller decides that.
        """
        with self._query():
            live = self._graph.get_current_count() - len(self._dead)
            k = min(k, live if allowed is None else len(allowed - self._dead if self._dead else allowed))
            self._graph.set_ef(max(EF_SEARCH, EF_TIMES * k))
            while k > 0:
                try:
                    labels, distances = self._graph.knn_query(
                        vector, k=k, num_threads=1, filter=None if allowed is None else allowed.__contains__
                    )
                except RuntimeError:
                    # The graph cannot reach so many.
                    k -= max(1, k // 8)
                    continue
                return [
                    (int(label), 1.0 - float(distance))
                    for label, distance in zip(labels[0], distances[0], strict=True)
                ]
        return []

    @contextlib.contextmanager
    def _query(self) -> Iterator[None]:
        """Hold the lock for a query. While a query waits, adding pauses between two slices."""
        with self._queries_lock:
            self._queries += 1
            self._no_query.clear()
        try:
            with self._lock:
                yield
        finally:
            with self._queries_lock:
                self._queries -= 1
                if not self._queries:
                    self._no_query.set()

    def __len__(self) -> int:
        return int(self._graph.get_current_count())


class OldGraph:
    """A saved graph, read for its vectors alone: the database that it copies is damaged."""

    def __init__(self, fingerprint: str, graph: hnswlib.Index) -> None:
        self.fingerprint = fingerprint
        self._graph = graph

    @classmethod
    def opened(cls, folder: Path, fingerprint: str, instance: str) -> OldGraph | None:
        """The graph of a fingerprint; None where it is damaged, or copies another database than
        `instance`."""
        index = VectorIndex(folder, fingerprint, 1)
        path = folder / f"{fingerprint}.hnsw"
        saved = SavedAt.load(path.with_suffix(".json"))
        if saved is None or saved.instance != instance or index.damaged():
            return None
        try:
            with open(path, "rb") as file:
                *_, label, data = HEAD.unpack(file.read(HEAD.size))
            graph = hnswlib.Index(space="ip", dim=(label - data) // 4)
            graph.load_index(str(path), max_elements=max(1, saved.count))
        except (OSError, RuntimeError, ValueError, struct.error):
            return None
        return cls(fingerprint, graph)

    def among(self, vector_ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """See SavedGraph."""
        there = set(self._graph.get_ids_list())
        found = [vector_id for vector_id in vector_ids if vector_id in there]
        for first in range(0, len(found), SLICE):
            part = found[first : first + SLICE]
            vectors = np.asarray(self._graph.get_items(part), np.float32)
            yield from zip(part, (vector.tobytes() for vector in vectors), strict=True)
