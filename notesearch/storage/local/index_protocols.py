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
    and headings that count with them. `name`: its file's path from the watched folder's name down."""

    document_id: int
    first: int
    last: int
    title: str
    titles: Sequence[str]
    text: str
    language: str
    facets: Sequence[str]
    name: str = ""


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
    def position(self) -> int:
        """The position of the store that it has taken in."""
        ...

    def load(self, *, instance: str, position: int) -> Plan:
        """Open what is saved and say what is missing. After Rebuild it is empty."""
        ...

    def apply(
        self, blocks: Sequence[WordBlock], removed: Collection[int], position: int, instance: str
    ) -> None:
        """Take in the blocks of changed documents and forget removed ones, as one commit that reaches
        `position`."""
        ...

    def refresh(self) -> None:
        """See what the owner has committed since."""
        ...

    def search(
        self,
        query: KeywordQuery,
        limit: int,
        among: Collection[int] | None = None,
        without: Collection[int] = (),
    ) -> KeywordHits:
        """The best blocks by BM25, best first. `among`: only of these documents; `without`: of none."""
        ...

    def count(self, query: KeywordQuery, without: Collection[int] = ()) -> int:
        """How many blocks pass the filters of the query."""
        ...

    def documents_titled(self, query: KeywordQuery, limit: int) -> set[int]:
        """At most `limit` documents that hold every word of the query in a title, an alias or their path."""
        ...

    def documents_with_phrase(self, phrase: str, *, title: bool = False, limit: int = ...) -> set[int]:
        """At most `limit` documents that hold a phrase as it stands; with `title`, in a title or alias."""
        ...

    def rest(self) -> None:
        """Let go of what is quickly there again; the next call that needs it takes it up."""
        ...

    def close(self) -> None:
        """Close it. Nothing can be asked any more."""
        ...

    def __len__(self) -> int: ...


class NearestIndex(Protocol):
    """A vector index: a copy of the store's vectors of one fingerprint for finding the nearest."""

    @property
    def position(self) -> int:
        """The newest vector that it has taken in, by the number of the store."""
        ...

    @property
    def unsaved(self) -> int:
        """How many vectors were added since it was saved."""
        ...

    @property
    def mostly_dead(self) -> bool:
        """Whether so many of its vectors are out of use that it should be built anew."""
        ...

    def load(self, *, instance: str, position: int) -> Plan:
        """Open what is saved and say what is missing. After Rebuild it is empty."""
        ...

    def save(self, instance: str) -> None:
        """Write it, with its position and the name of the store that it copies."""
        ...

    def delete(self) -> None:
        """Remove it from the disk."""
        ...

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Take in vectors (float32 [n, dimensions], unit length) under their ids."""
        ...

    def set_live(self, live: Collection[int]) -> None:
        """Say which vectors may be in the answers: these."""
        ...

    def update_live(self, looked_at: Collection[int], live: Collection[int]) -> bool:
        """Of the vectors `looked_at` those that are `live` may be in answers. Whether anything changed."""
        ...

    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]:
        """The ids of the `k` nearest vectors with their cosines, nearest first. `allowed`: only these ids."""
        ...

    def __len__(self) -> int: ...
