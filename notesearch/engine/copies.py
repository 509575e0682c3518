"""Keeps the two index copies in step with the store: compares positions, copies the difference, says what is
missing. Level-triggered: a notification only means "look"; what to copy is read from the store, so a crash at
any moment costs nothing but the copying."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from notesearch.engine.models.registry import Models
from notesearch.errors import StoreError
from notesearch.storage.local.position import Plan, Rebuild
from notesearch.storage.opening import Storage
from notesearch.storage.protocols import NearestIndex
from notesearch.storage.values import Block, ChunkRow, DocumentRow

log = logging.getLogger(__name__)

# A block of the keyword index: about a thousand tokens.
BLOCK_CHARACTERS = 4000
# A phrase that runs over the end of a block is found in the first of the two.
BLOCK_OVERHANG = 200
CHANGES_AT_ONCE = 1000
# Few enough that closing does not wait long for them: a large one takes a millisecond.
VECTORS_AT_ONCE = 256
# The graph is written when this many vectors, and a twentieth of it, are new; fewer are replayed from the
# store on opening.
SAVE_AFTER = 1000
# Vectors that no note uses are kept for an undo, so long, and as long as they are at most this share of all.
UNDO_SECONDS = 30 * 24 * 3600.0
UNUSED_SHARE = 0.2
FORGOTTEN_AT_ONCE = 20_000


class Indexes:
    """The keyword index and one vector index per fingerprint, as copies of one store.

    `sync_keyword` is for the reading thread, `sync_vectors` for the thread of that model's lane; looking at
    them is for any thread.
    """

    def __init__(self, storage: Storage, models: Models, *, read_only: bool = False) -> None:
        self._store = storage.store
        self._models = models
        self._read_only = read_only
        self.keyword = storage.keyword
        self._open_vectors = storage.vectors
        self._saved_vectors = storage.saved_vectors
        self._vectors: dict[str, NearestIndex] = {}
        self._vectors_lock = threading.Lock()
        self._live_lock = threading.Lock()
        # For a reader: newest vector and position of the store when each index was last brought up to date.
        self._seen: dict[str, tuple[int, int]] = {}
        # How far each index has followed which vectors are in use (see UseLog).
        self._uses_seen: dict[str, int] = {}
        self.keyword_plan: Plan | None = None
        self.finding = storage.finding(self.vectors)

    def load_keyword(self) -> Plan:
        decision = self.keyword.load(instance=self._store.instance, position=self._store.position)
        self.keyword_plan = decision
        if isinstance(decision, Rebuild):
            log.info("keyword index: rebuild, %s", decision.reason)
        return decision

    def sync_keyword(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Copy what changed into the keyword index, in bounded commits."""
        while not stopped():
            changes = self._store.changes_since(self.keyword.position, CHANGES_AT_ONCE)
            if not changes:
                break
            gone = [document_id for _, document_id, removed in changes if removed]
            rows = self._store.documents([document_id for _, document_id, removed in changes if not removed])
            blocks = [block for row in rows.values() for block in self._blocks(row)]
            self.keyword.apply(blocks, gone, changes[-1][0], self._store.instance)

    def _blocks(self, document: DocumentRow) -> list[Block]:
        chunks = self._store.chunks_of(document.id)
        facets = self._store.facets_of(document.id)
        titles = (document.title, *document.aliases)
        if not chunks:
            empty = Block(
                document_id=document.id,
                first=0,
                last=0,
                title=document.title,
                titles=titles,
                text="",
                language=document.language,
                facets=facets,
            )
            return [empty]
        text = self._store.text(document.id, 0, document.length)
        return [
            Block(
                document_id=document.id,
                first=group[0].ordinal,
                last=group[-1].ordinal,
                language=document.language,
                facets=facets,
                title=" ".join((*titles, *group[0].heading)),
                titles=titles,
                text=text[group[0].start : group[-1].end + BLOCK_OVERHANG],
            )
            for group in _groups(chunks)
        ]

    def vectors(self, mark: str) -> NearestIndex:
        """The vector index of a fingerprint, loaded and brought up to date the first time."""
        with self._vectors_lock:
            index = self._vectors.get(mark)
            if index is None:
                index = self._new_index(mark)
                decision = index.load(instance=self._store.instance, position=self._store.newest_vector_id())
                if isinstance(decision, Rebuild) and decision.reason != "no saved position":
                    log.info("vector index: rebuild, %s", decision.reason)
                self._vectors[mark] = index
                if self._read_only:
                    self._catch_up(mark, index)
            return index

    def vector_marks(self) -> set[str]:
        """The fingerprints that have a vector index, in memory or on the disk."""
        return {*self._vectors, *self._saved_vectors()}

    def drop_vectors(self, mark: str) -> None:
        """Let go of a vector index: out of memory, off the disk. Its lane has ended."""
        with self._vectors_lock:
            index = self._vectors.pop(mark, None)
            self._uses_seen.pop(mark, None)
        # One that is not loaded has no dimensions that matter here.
        (index or self._open_vectors(mark, 1)).delete()

    def loaded(self, mark: str) -> NearestIndex | None:
        """The vector index if it is loaded already; never waits."""
        return self._vectors.get(mark)

    def sync_vectors(
        self, mark: str, index: NearestIndex | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        index = self.vectors(mark) if index is None else index
        while not stopped():
            ids, vectors = self._store.vectors_since(mark, index.position, VECTORS_AT_ONCE)
            if not ids:
                break
            index.add(ids, vectors)

    def tidy_words(self) -> None:
        """Forget what the keyword index has taken in of notes that are gone."""
        self._store.forget_tombstones(self.keyword.position)

    def tidy_vectors(self) -> None:
        """Forget vectors that no note has used for a long time, a bounded number of them."""
        forgotten = self._store.forget_unused_vectors(
            time.time() - UNDO_SECONDS, UNUSED_SHARE, FORGOTTEN_AT_ONCE
        )
        if forgotten:
            log.info("%d vectors that no note used for a month were forgotten", forgotten)

    def mark_live(self, mark: str) -> None:
        """Leave out of the answers what no note uses, and take back what is used again. Any thread; one after
        another, so that none undoes with an older look at the store what a newer one did."""
        index = self.vectors(mark)
        with self._live_lock:
            seen = self._uses_seen.get(mark)
            number, changed = self._store.uses.since(seen if seen is not None else -1)
            if (
                seen is None
                or changed is None
                or not index.update_live(changed, self._store.live_among(mark, changed))
            ):
                index.set_live(self._store.live_vector_ids(mark))
            self._uses_seen[mark] = number

    def refresh_live(self, mark: str, stopped: Callable[[], bool] = lambda: False) -> None:
        """Take vectors that no note uses any more out of the answers. Where the store has forgotten most of
        them, build a graph without them aside, and search the old one meanwhile."""
        self.mark_live(mark)
        index = self.vectors(mark)
        # Those kept for an undo are in the store: they would be in the new graph again.
        if not index.mostly_dead or self._store.count_vectors_since(mark, 0) * 2 > len(index):
            return
        log.info("vector index: built anew, most of it is no longer used")
        fresh = self._new_index(mark)
        self.sync_vectors(mark, fresh, stopped)
        if not stopped():
            with self._live_lock:
                self._uses_seen[mark] = self._store.uses.since(0)[0]
                fresh.set_live(self._store.live_vector_ids(mark))
                with self._vectors_lock:
                    self._vectors[mark] = fresh

    def _new_index(self, mark: str) -> NearestIndex:
        model = self._models.by_mark(mark)
        if model is None:
            raise StoreError(
                "The index has vectors of a model that is not known any more",
                hint="Choose another model for the folder.",
            )
        return self._open_vectors(mark, model.dimensions)

    def _catch_up(self, mark: str, index: NearestIndex) -> None:
        """For a reader: take in the newest vectors, and leave out those in no use. Later looks take back what
        documents that changed use; what they left stays among the answers and is passed over."""
        newest, position = self._store.newest_vector_id(), self._store.position
        self.sync_vectors(mark, index)
        seen = self._seen.get(mark)
        if seen is None:
            index.set_live(self._store.live_vector_ids(mark))
        else:
            used = self._store.vectors_changed_since(mark, seen[1])
            index.update_live(used, used)
        self._seen[mark] = (newest, position)

    def refresh(self) -> None:
        """For a reader: take in what the owner has written since."""
        before = self.keyword.position
        self.keyword.refresh()
        newest = self._store.newest_vector_id()
        for mark, index in list(self._vectors.items()):
            if newest != self._seen[mark][0] or before != self.keyword.position:
                self._catch_up(mark, index)

    def save_vectors(self, *, all_of_them: bool = False) -> None:
        """Write the graphs that have grown enough; with `all_of_them` (on closing) those where replaying
        would take noticeable time."""
        for index in list(self._vectors.values()):
            enough = SAVE_AFTER // 5 if all_of_them else max(SAVE_AFTER, len(index) // 20)
            if not self._read_only and index.unsaved >= enough:
                index.save(self._store.instance)

    def behind(self, mark: str) -> int:
        """How many vectors of the store the index does not hold yet."""
        return self._store.count_vectors_since(mark, self.vectors(mark).position)

    def close(self) -> None:
        self.keyword.close()


def _groups(chunks: list[ChunkRow]) -> list[list[ChunkRow]]:
    """Consecutive chunks of about BLOCK_CHARACTERS together."""
    groups: list[list[ChunkRow]] = [[]]
    for chunk in chunks:
        if groups[-1] and chunk.end - groups[-1][0].start > BLOCK_CHARACTERS:
            groups.append([])
        groups[-1].append(chunk)
    return groups
