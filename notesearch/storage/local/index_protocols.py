"""The two kinds of copies that a local library has beside its store, an index of words and one of nearest
vectors, and what passes between them and the store.

Details and threads stand with the implementations: tantivy_index.py and hnsw_index.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from notesearch.storage.local.position import Plan
from notesearch.storage.values import KeywordHits, Vectors


@dataclass(frozen=True, kw_only=True, slots=True)
class WordBlock:
    """A unit of the keyword index: chunks `first`..`last` (ordinals) of a document with the title, aliases
    and headings that count with them."""

    document_id: int
    first: int
    last: int
    title: str
    titles: Sequence[str]
    text: str
    language: str
    facets: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeywordQuery:
    """What the keyword index is asked. `words` as typed; `runs` of scripts without spaces; `prefix`: the last
    word is the beginning of one.

    `facets` and `without_facets` are filters; `filtered` says that an allow list comes along, so that a query
    without words lists all of it. `languages`: the stemmers worth asking, those that the notes are written
    in.
    """

    words: Sequence[str] = ()
    runs: Sequence[str] = ()
    phrases: Sequence[str] = ()
    prefix: bool = False
    facets: Sequence[str] = ()
    without_facets: Sequence[str] = ()
    filtered: bool = False
    languages: Sequence[str] = ()


class WordIndex(Protocol):
    """The keyword index: a copy of the store's text for finding exact words."""

    @property
    def position(self) -> int: ...
    def load(self, *, instance: str, position: int) -> Plan: ...
    def apply(
        self, blocks: Sequence[WordBlock], removed: Collection[int], position: int, instance: str
    ) -> None: ...
    def refresh(self) -> None: ...
    def search(
        self,
        query: KeywordQuery,
        limit: int,
        among: Collection[int] | None = None,
        without: Collection[int] = (),
    ) -> KeywordHits: ...
    def count(self, query: KeywordQuery, without: Collection[int] = ()) -> int: ...
    def documents_with_phrase(self, phrase: str, *, title: bool = False, limit: int = ...) -> set[int]: ...
    def rest(self) -> None:
        """Let go of what is quickly there again; the next call that needs it takes it up."""
        ...

    def close(self) -> None: ...
    def __len__(self) -> int: ...


class NearestIndex(Protocol):
    """A vector index: a copy of the store's vectors of one fingerprint for finding the nearest."""

    @property
    def position(self) -> int: ...
    @property
    def unsaved(self) -> int: ...
    @property
    def mostly_dead(self) -> bool: ...
    def load(self, *, instance: str, position: int) -> Plan: ...
    def save(self, instance: str) -> None: ...
    def delete(self) -> None: ...
    def add(self, ids: Sequence[int], vectors: Vectors) -> None: ...
    def set_live(self, live: Collection[int]) -> None: ...
    def update_live(self, looked_at: Collection[int], live: Collection[int]) -> bool: ...
    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]: ...
    def __len__(self) -> int: ...
