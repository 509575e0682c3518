"""The vector indexes (HNSW) as copies of the store, one for each fingerprint. Each is loaded when it is first
asked for, and follows the store by the ids of vectors, which only rise."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from notesearch.errors import StoreError
from notesearch.storage.local.hnsw_index import VectorIndex, saved_fingerprints
from notesearch.storage.local.index_protocols import NearestIndex
from notesearch.storage.local.position import NEVER_SAVED, Rebuild
from notesearch.storage.local.sqlite.store import Store

log = logging.getLogger(__name__)

# So few vectors at a time that closing does not wait long; a large one takes a millisecond.
VECTORS_AT_ONCE = 256
# The graph is written when this many vectors, and a twentieth of it, are new. Fewer are added again from the
# store on opening.
SAVE_AFTER = 1000
# Unused vectors are kept for an undo: so many seconds, and as long as they are at most this share of all.
UNDO_SECONDS = 30 * 24 * 3600.0
UNUSED_SHARE = 0.2
FORGOTTEN_AT_ONCE = 20_000


class VectorCopies:
    """The vector indexes of all fingerprints. For each fingerprint, one thread follows its index; any thread
    may search."""

    def __init__(
        self, store: Store, folder: Path, dimensions: Callable[[str], int | None], *, read_only: bool
    ) -> None:
        self._store = store
        self._folder = folder
        self._dimensions = dimensions
        self._read_only = read_only
        self._indexes: dict[str, NearestIndex] = {}
        self._lock = threading.Lock()
        self._live_lock = threading.Lock()
        # In a process that only reads: the newest vector and the position of the store at which each index
        # was last brought up to date.
        self._seen: dict[str, tuple[int, int]] = {}
        # Up to which number of the UseLog each index knows which vectors are in use.
        self._uses_seen: dict[str, int] = {}

    def index(self, fingerprint: str) -> NearestIndex:
        """The vector index of a fingerprint, loaded at the first call. Raises StoreError where its model is
        not known."""
        with self._lock:
            index = self._indexes.get(fingerprint)
            if index is None:
                index = self._new(fingerprint)
                decision = index.load(instance=self._store.instance, position=self._store.vectors.newest_id())
                if isinstance(decision, Rebuild) and decision.reason != NEVER_SAVED:
                    log.info("vector index: rebuild, %s", decision.reason)
                self._indexes[fingerprint] = index
                if self._read_only:
                    self._catch_up(fingerprint, index)
            return index

    def _new(self, fingerprint: str) -> NearestIndex:
        dimensions = self._dimensions(fingerprint)
        if dimensions is None:
            raise StoreError("store.vectors-of-unknown-model")
        return VectorIndex(self._folder, fingerprint, dimensions)

    def loaded(self, fingerprint: str) -> NearestIndex | None:
        """The vector index where it is loaded, else None. Never waits."""
        return self._indexes.get(fingerprint)

    def fingerprints(self) -> set[str]:
        """The fingerprints that have a vector index, in memory or on the disk."""
        return {*self._indexes, *saved_fingerprints(self._folder)}

    def drop(self, fingerprint: str) -> None:
        """Remove a vector index from memory and from the disk. No thread may follow it any more. Raises
        StoreError (retryable) where the files cannot be deleted."""
        with self._lock:
            index = self._indexes.pop(fingerprint, None)
            self._uses_seen.pop(fingerprint, None)
        # An index that is not loaded is made for deleting its files only, so its dimensions do not matter.
        (index or VectorIndex(self._folder, fingerprint, 1)).delete()

    def follow(
        self,
        fingerprint: str,
        index: NearestIndex | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Add the vectors that the store has got since."""
        index = self.index(fingerprint) if index is None else index
        while not stopped():
            ids, vectors = self._store.vectors.since(fingerprint, index.position, VECTORS_AT_ONCE)
            if not ids:
                break
            index.add(ids, vectors)

    def tidy(self) -> None:
        """Delete vectors that no note has used for a long time; a bounded number of them."""
        forgotten = self._store.vectors.forget_unused(
            time.time() - UNDO_SECONDS, UNUSED_SHARE, FORGOTTEN_AT_ONCE
        )
        if forgotten:
            log.info("%d vectors that no note used for a month were forgotten", forgotten)

    def mark_live(self, fingerprint: str) -> None:
        """Leave unused vectors out of the answers, and take back those that are used again. Any thread. Calls
        run one after another, so that none undoes a newer one with an older view of the store."""
        index = self.index(fingerprint)
        with self._live_lock:
            seen = self._uses_seen.get(fingerprint)
            number, changed = self._store.vectors.uses.since(seen if seen is not None else -1)
            if (
                seen is None
                or changed is None
                or not index.update_live(changed, self._store.vectors.live_among(fingerprint, changed))
            ):
                index.set_live(self._store.vectors.live_ids(fingerprint))
            self._uses_seen[fingerprint] = number

    def refresh_live(self, fingerprint: str, stopped: Callable[[], bool] = lambda: False) -> None:
        """Leave unused vectors out of the answers. Where the store has deleted most of the graph's vectors,
        build a new graph without them while the old one answers."""
        self.mark_live(fingerprint)
        index = self.index(fingerprint)
        # Vectors that are kept for an undo are in the store, so a new graph would have them too.
        if not index.mostly_dead or self._store.vectors.count_since(fingerprint, 0) * 2 > len(index):
            return
        log.info("vector index: built anew, most of it is no longer used")
        fresh = self._new(fingerprint)
        self.follow(fingerprint, fresh, stopped)
        if not stopped():
            with self._live_lock:
                self._uses_seen[fingerprint] = self._store.vectors.uses.since(0)[0]
                fresh.set_live(self._store.vectors.live_ids(fingerprint))
                with self._lock:
                    self._indexes[fingerprint] = fresh

    def _catch_up(self, fingerprint: str, index: NearestIndex) -> None:
        """In a process that only reads: add the newest vectors, and leave out the unused ones. Later calls
        take back what changed documents use. What such documents no longer use stays in the graph, and is
        skipped among the answers."""
        newest, position = self._store.vectors.newest_id(), self._store.position
        self.follow(fingerprint, index)
        seen = self._seen.get(fingerprint)
        if seen is None:
            index.set_live(self._store.vectors.live_ids(fingerprint))
        else:
            used = self._store.questions.vectors_changed_since(fingerprint, seen[1])
            index.update_live(used, used)
        self._seen[fingerprint] = (newest, position)

    def catch_up(self, *, everything: bool) -> None:
        """In a process that only reads: add what the owner has written since. `everything`: documents have
        changed, too."""
        newest = self._store.vectors.newest_id()
        for fingerprint, index in list(self._indexes.items()):
            if everything or newest != self._seen[fingerprint][0]:
                self._catch_up(fingerprint, index)

    def save(self, *, closing: bool = False) -> None:
        """Write the graphs that have grown enough. When closing, also those whose missing vectors would take
        noticeable time to add again."""
        for index in list(self._indexes.values()):
            enough = SAVE_AFTER // 5 if closing else max(SAVE_AFTER, len(index) // 20)
            if not self._read_only and index.unsaved >= enough:
                index.save(self._store.instance)
