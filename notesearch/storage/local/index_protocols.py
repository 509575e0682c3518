"""Protocols of the two copies that a local library keeps beside its store, an index of words and an index of
nearest vectors; and the values that pass between them and the store.

The implementations are tantivy_index.py and hnsw_index.py. Their details and threads are described there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from notesearch.storage.local.position import Plan
from notesearch.storage.values import BlockHit, KeywordHits, Vectors


@dataclass(frozen=True, kw_only=True, slots=True)
class WordBlock:
    """One entry of the keyword index: the chunks `first`..`last` (ordinals) of a document, with the title,
    aliases and headings that count with them. `name` is the path of its file, from the watched folder's name
    down. `properties` are the values of what the note says about itself ("Jane Doe" of "author: Jane Doe");
    the first block of a document has them. `language` is "" where it is unknown."""

    document_id: int
    first: int
    last: int
    title: str
    titles: Sequence[str]
    text: str
    language: str
    facets: Sequence[str]
    name: str = ""
    properties: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class KeywordQuery:
    """A question to the keyword index.

    `words` are as typed; `runs` are of scripts without spaces; `prefix` says that the last word is the
    beginning of one, and so is each of `beginnings`. `facets` and `without_facets` are filters. `filtered`
    says that a set of allowed documents comes along, so that a query without words lists all of these.
    `without_words`: documents that pass count even if they hold none of the words. `languages` are those in
    which notes are written, and choose the stemmers (all, where none is named);
    `common_languages` those of many notes, commonest first. `side_by_side`: the words score more where they
    stand side by side.
    """

    words: Sequence[str] = ()
    runs: Sequence[str] = ()
    phrases: Sequence[str] = ()
    prefix: bool = False
    facets: Sequence[str] = ()
    without_facets: Sequence[str] = ()
    filtered: bool = False
    without_words: bool = False
    languages: Sequence[str] = ()
    common_languages: Sequence[str] = ()
    beginnings: Sequence[str] = ()
    side_by_side: bool = True


class Where(Enum):
    """Where a phrase is looked for: in texts (with titles), in what notes are called (titles, aliases,
    paths), or in paths of files alone."""

    TEXT = "text"
    CALLED = "called"
    PATH = "path"


class WordIndex(Protocol):
    """The keyword index: a copy of the store's text, for finding words by BM25."""

    @property
    def position(self) -> int:
        """The position of the store up to which it has copied."""
        ...

    @property
    def broken(self) -> bool:
        """Whether a question met a damaged file, so that it has to be made again."""
        ...

    def begin_anew(self, instance: str) -> None:
        """Make it empty, as a copy of the store `instance`."""
        ...

    def damaged(self) -> Sequence[str]:
        """The names of files that are not as they were written. Reads all of them."""
        ...

    def documents(self) -> set[int]:
        """The ids of all documents that it holds."""
        ...

    def load(self, *, instance: str, position: int) -> Plan:
        """Open the saved index, and say what it lacks. After Rebuild it is empty."""
        ...

    def apply(
        self, blocks: Sequence[WordBlock], removed: Collection[int], position: int, instance: str
    ) -> None:
        """Add the blocks of changed documents and delete removed ones, in one commit that reaches
        `position`."""
        ...

    def refresh(self) -> None:
        """In a process that only reads: take in what the owner has committed since."""
        ...

    def search(
        self,
        query: KeywordQuery,
        limit: int,
        among: Collection[int] | None = None,
        without: Collection[int] = (),
        *,
        counted: bool = True,
    ) -> KeywordHits:
        """The best blocks by BM25, best first. `among`: only of these documents; `without`: of none of
        these. `counted`: also the number of blocks that hold all words, and the documents that do."""
        ...

    def count(self, query: KeywordQuery, without: Collection[int] = ()) -> int:
        """How many blocks pass the filters of the query."""
        ...

    def called(self, phrase: str, query: KeywordQuery, limit: int) -> list[BlockHit]:
        """The best blocks of documents that hold a phrase, or every word of the query, in a title, an alias
        or their path."""
        ...

    def holding(self, phrase: str, limit: int, *, begun: bool = False) -> list[BlockHit]:
        """The best blocks that hold a phrase exactly. `begun`: its last word may be the beginning of one."""
        ...

    def documents_with_phrase(self, phrase: str, *, where: Where = ..., limit: int = ...) -> set[int]:
        """At most `limit` documents that hold a phrase exactly."""
        ...

    def documents_holding(self, query: KeywordQuery, limit: int = ...) -> set[int]:
        """At most `limit` documents with a block that holds every word of a query in some form."""
        ...

    def rest(self) -> None:
        """Give back memory and files; the next call that needs them opens them again."""
        ...

    def close(self) -> None:
        """Close it. Nothing can be asked any more."""
        ...

    def __len__(self) -> int: ...


class NearestIndex(Protocol):
    """A vector index: a copy of the store's vectors of one fingerprint, for finding the nearest."""

    @property
    def position(self) -> int:
        """The id of the newest vector that it has copied."""
        ...

    @property
    def unsaved(self) -> int:
        """How many vectors were added since it was saved."""
        ...

    @property
    def mostly_dead(self) -> bool:
        """Whether so many of its vectors are unused that it should be rebuilt."""
        ...

    def load(self, *, instance: str, position: int) -> Plan:
        """Read the saved index, and say what it lacks. After Rebuild it is empty."""
        ...

    def save(self, instance: str) -> None:
        """Write it to the disk, with its position and the store's `instance`."""
        ...

    def delete(self) -> None:
        """Delete it from the disk."""
        ...

    def damaged(self) -> bool:
        """Whether there is a saved index that is not as it was written. Reads all of it."""
        ...

    def ids(self) -> set[int]:
        """The ids of all vectors that it holds."""
        ...

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        """Add vectors (float32 [n, dimensions], unit length) under their ids."""
        ...

    def set_live(self, live: Collection[int]) -> None:
        """Set which vectors may be in the answers."""
        ...

    def update_live(self, looked_at: Collection[int], live: Collection[int]) -> bool:
        """For the vectors `looked_at`: those that are `live` may be in the answers, the others may not.
        Returns False, and does nothing, before `set_live` was called."""
        ...

    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]:
        """The ids of the `k` nearest vectors with their cosines, nearest first. `allowed`: only these ids."""
        ...

    def __len__(self) -> int: ...
