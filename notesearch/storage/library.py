"""The seam between engine and storage: a library of notes, as a protocol that a database can serve by itself.

Filters and queries are values, evaluated inside the library; what comes back are hits with scores, rows to
show and counts. No vector of a note, no position of an index and no type of a search engine crosses. Vectors
come in (`put_vectors`, and a query's), never out. Paths are absolute here; inside they are (folder, relative
POSIX path, part).

Threads: any thread may call anything, several at once, but none that paints. Changes are one transaction
each, and the library lets one run at a time. Errors are NotesearchError: StoreError (closed, read-only,
damaged; `retryable` where waiting helps), DiskFull where nothing of a change was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from notesearch.storage.protocols import DocumentStore
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

Stopped = Callable[[], bool]


class Searching(Protocol):
    """Hits under filters. Ids are those of documents and chunks of this library."""

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        """The `limit` best blocks by BM25, best first, with how many hold every word. `among`: only these
        documents are scored."""
        ...

    def holding(self, phrase: str, *, title: bool, filters: Filters, limit: int) -> set[int]:
        """At most `limit` documents that hold a phrase as it stands (`title`: in a title or alias), those
        among them that pass the filter."""
        ...

    def nearest(
        self, fingerprint: str, vector: Vectors, filters: Filters, limit: int, *, floor: float = ...
    ) -> list[PassageHit]:
        """Passages by the cosine of their vector of this model and `vector` (float32 [dimensions], unit
        length), nearest first: those of about the `limit` nearest vectors that pass the filter and reach
        `floor`."""
        ...

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        """The cosine of every embedded passage of those documents that have at most `most_chunks`."""
        ...

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        """Passages of other documents near the mean vector of a document's first 64; None where it has no
        vector yet."""
        ...

    def passing(self, filters: Filters, ids: Collection[int]) -> set[int]:
        """Those of these documents that pass the filter."""
        ...

    def newest(self, filters: Filters, limit: int) -> tuple[list[int], int]:
        """Ids of the newest documents that pass, newest first, and how many pass in all."""
        ...

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        """Fingerprints of the models that the documents which pass are embedded with."""
        ...


class Reading(Protocol):
    """What is shown of documents."""

    def page(self, wanted: Sequence[Wanted], short: int) -> dict[int, Note]:
        """What the rows of a list are made of, by document id; those that are gone are left out. Of
        documents of at most `short` passages all of them come along, of longer ones those that are wanted."""
        ...

    def documents(self, ids: Sequence[int]) -> dict[int, DocumentRow]: ...

    def document_at(self, path: Path) -> DocumentRow | None:
        """The document of the file at an absolute path; of several parts the first."""
        ...

    def titles(self, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Title and aliases by document id."""
        ...

    def text(self, document_id: int, start: int, end: int) -> str:
        """Characters [start, end) of a document's text; shorter where the text ends."""
        ...

    def facet_counts(self, kind: str) -> tuple[tuple[str, int], ...]:
        """Values of the facets "kind:value" with the number of documents, most used first."""
        ...

    def languages(self) -> tuple[tuple[str, int], ...]:
        """Languages of the documents ("" unknown) with their numbers, most used first."""
        ...


class TakingIn(Protocol):
    """Changes, and what waits for a model."""

    def add_folder(self, path: Path, model: str) -> int:
        """Take up a folder (absolute); its id, also where it is there already."""
        ...

    def remove_folder(self, folder_id: int) -> None:
        """Forget a folder, its documents and, where nothing else uses them, their vectors."""
        ...

    def folders(self) -> tuple[FolderRow, ...]:
        """Every folder with its counts, by path. Reads kept counts, so it costs nothing."""
        ...

    def known(self, folder_id: int) -> dict[str, FileState]:
        """The state of every file of a folder as it was read, by absolute path. Reads all of them."""
        ...

    def known_path(self, path: Path) -> FileState | None:
        """The state of one file as it was read."""
        ...

    def put_documents(self, documents: Sequence[NewDocument]) -> list[Stored]:
        """Insert or replace documents in one transaction. Chunks whose text has a vector of their model
        already have it at once; those of a folder that was removed meanwhile are left out."""
        ...

    def remove_paths(self, paths: Sequence[str]) -> int:
        """Forget what there is at these absolute paths. Returns how many documents that were."""
        ...

    def waiting_chunks(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        """Texts without a vector of this model, newest documents first, each text once. `folders`: only of
        those (ids), None for all."""
        ...

    def put_vectors(
        self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors, stopped: Stopped = ...
    ) -> int:
        """Keep vectors (float32 [n, dimensions], unit length) under (fingerprint, hash of the text) and
        complete every chunk that waited for them; how many those were. Search finds them on return, unless
        `stopped` turned true."""
        ...


class Keeping(Protocol):
    """What a library does with its copies beside the truth. One that a database keeps has nothing to do in
    most of these."""

    @property
    def position(self) -> int:
        """The number of the newest change of a document. Rises with each."""
        ...

    @property
    def unread(self) -> int:
        """How many documents search by words does not know yet."""
        ...

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after each change, from the thread that made it; it says "look", nothing more.
        Returns the way to unsubscribe."""
        ...

    def open_words(self) -> str:
        """Open search by words; what was found ("UpToDate", "Replay", "Rebuild")."""
        ...

    def follow_words(self, stopped: Stopped = ...) -> None:
        """Bring search by words in step with the documents, in bounded steps. For one thread."""
        ...

    def tidy_words(self) -> None:
        """Forget what search by words has taken in of documents that are gone."""
        ...

    def follow_model(self, fingerprint: str, stopped: Stopped = ...) -> None:
        """Load search by meaning of a model and bring it in step. For one thread per model."""
        ...

    def refresh_model(self, fingerprint: str, stopped: Stopped = ...) -> None:
        """Take passages that no document holds any more out of the answers, and back those that are held
        again."""
        ...

    def is_ready(self, fingerprint: str) -> bool:
        """Whether search by meaning of a model can answer. Never waits."""
        ...

    def make_ready(self, fingerprint: str) -> None:
        """Load search by meaning of a model, waiting for it. Raises StoreError where nobody knows it."""
        ...

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        """Forget the vectors of the models that no document has and that are not `kept`, and the indexes of
        those not `chosen` that have none left. Returns how many vectors that were."""
        ...

    def tidy_vectors(self) -> None:
        """Forget vectors that no document has used for a month, a bounded number of them."""
        ...

    def save(self, *, closing: bool = ...) -> None:
        """Write copies that have grown enough, so that opening is quick."""
        ...

    def rest(self) -> None:
        """Let go of memory that is quickly there again."""
        ...

    def refresh(self) -> None:
        """Where another process owns the library: see what it has written since."""
        ...

    def figures(self, fingerprint: str) -> IndexFigures:
        """The size of search by meaning of a model, and what it lacks. Loads it."""
        ...

    def word_figures(self) -> IndexFigures:
        """The size of search by words, and what it lacks."""
        ...

    def check(self) -> list[str]:
        """The library's own check of its integrity: [] where all is well. Reads everything."""
        ...

    def bytes_on_disk(self) -> dict[str, int]:
        """Bytes of the database, the keyword index and the vector indexes."""
        ...

    def close(self) -> None:
        """Close everything; questions under way in other threads raise StoreError."""
        ...


class Library(Searching, Reading, TakingIn, Keeping, Protocol):
    """One library: what search needs, and what takes notes in. Every implementation passes the same contract
    tests."""


class OwnLibrary(Library, Protocol):
    """The library of a data folder, with what its folders have chosen: `store` keeps next and former models,
    what the user agreed to, passages that are held back, problems."""

    @property
    def store(self) -> DocumentStore: ...
