"""The work on the copies of a local library: keep them in step with the store, save them, and delete what is
not needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from notesearch.errors import StoreError
from notesearch.storage.library import Upkeep
from notesearch.storage.local.index_protocols import WordIndex
from notesearch.storage.local.keyword.word_copy import WordCopy
from notesearch.storage.local.room import HeldRoom
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.local.vector_copies import VectorCopies
from notesearch.storage.values import IndexFigures

log = logging.getLogger(__name__)

# Room that is held for answers: bytes for each number of a vector, which goes through SQLite's log, and bytes
# beside them.
BYTES_FOR_A_NUMBER = 8
BYTES_BESIDE = 2_000_000


def _never() -> bool:
    return False


class LocalUpkeep(Upkeep):
    """The upkeep of a local library. Implements Upkeep, where every method is described."""

    def __init__(
        self,
        store: Store,
        word_index: WordIndex,
        word_copy: WordCopy,
        vector_copies: VectorCopies,
        room: HeldRoom,
    ) -> None:
        self._store = store
        self._word_index = word_index
        self._word_copy = word_copy
        self._vector_copies = vector_copies
        self._room = room

    @property
    def unread(self) -> int:
        return self._store.questions.newer_than(self._word_index.position)

    def follow_words(self, stopped: Callable[[], bool] = _never) -> None:
        self._word_copy.follow(stopped)

    def follow_model(self, fingerprint: str, stopped: Callable[[], bool] = _never) -> None:
        self._vector_copies.follow(fingerprint, stopped=stopped)
        self._vector_copies.refresh_live(fingerprint, stopped)

    def refresh_model(self, fingerprint: str, stopped: Callable[[], bool] = _never) -> None:
        self._vector_copies.refresh_live(fingerprint, stopped)

    def ready(self, fingerprint: str, *, wait: bool = False) -> bool:
        if wait:
            self._vector_copies.index(fingerprint)
        return self._vector_copies.loaded(fingerprint) is not None

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        forgotten = self._store.vectors.forget_but(kept)
        for fingerprint in self._vector_copies.fingerprints() - set(chosen):
            if not self._store.vectors.count_since(fingerprint, 0):
                try:
                    self._vector_copies.drop(fingerprint)
                except StoreError as error:
                    log.warning("a vector index stays on the disk: %s", error)
        return forgotten

    def tidy(self) -> None:
        self._room.tidy()
        self._vector_copies.tidy()

    def hold_room(self, fingerprint: str, numbers: int) -> None:
        self._room.hold(fingerprint, numbers * BYTES_FOR_A_NUMBER + BYTES_BESIDE)

    def holds_room(self, fingerprint: str) -> bool:
        return self._room.holds(fingerprint)

    def give_room(self, fingerprint: str) -> None:
        self._room.give(fingerprint)

    @property
    def has_room(self) -> bool:
        return self._room.is_there()

    def save(self, *, closing: bool = False) -> None:
        self._vector_copies.save(closing=closing)

    @property
    def broken(self) -> bool:
        return self._word_index.broken

    def rest(self) -> None:
        self._word_index.rest()
        self._store.database.shrink()

    def shrink(self) -> None:
        self._store.database.shrink()

    def word_figures(self) -> IndexFigures:
        held, there = self._word_index.documents(), self._store.questions.ids()
        return IndexFigures(
            entries=len(self._word_index),
            missing=self.unread,
            opened=self._word_copy.opened,
            # While it is behind, it may lack some and have others that are gone.
            differing=0 if self.unread else len(held ^ there),
            damaged=bool(self._word_index.damaged()),
        )

    def model_figures(self, fingerprint: str) -> IndexFigures:
        index = self._vector_copies.index(fingerprint)
        missing = self._store.vectors.count_since(fingerprint, index.position)
        lacking = self._store.vectors.live_ids(fingerprint) - index.ids()
        return IndexFigures(
            entries=len(index),
            missing=missing,
            # Vectors that the store has forgotten may stay in a graph; they are left out of its answers.
            differing=sum(vector_id <= index.position for vector_id in lacking),
            damaged=index.damaged(),
        )

    def refresh(self) -> None:
        before = self._word_index.position
        self._word_index.refresh()
        self._vector_copies.catch_up(everything=before != self._word_index.position)
