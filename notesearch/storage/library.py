"""The seam between engine and storage: a library of notes, as a protocol that a database can implement by
itself.

Changes, filters and queries are values (changes.py, values.py). The library evaluates them, and returns hits
with scores, rows to show, and counts. Vectors go in (`put_vectors`, and those of queries) and never come out.
Neither does a position inside an index, nor a type of a search engine. Paths are absolute here; a library
stores them as (folder, relative POSIX path, part). Ids are valid in this library only.

Threads: any thread but the GUI thread may call any method, several at once. Each list of changes is one
transaction, and transactions run one after another. Errors are NotesearchErrors: StoreError (closed,
read-only, damaged; `retryable` where waiting helps), or DiskFull, where nothing of a change was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from notesearch.domain import FileProblem, HeldNote, Outgoing
from notesearch.storage.changes import Applied, Change
from notesearch.storage.values import (
    DocumentRow,
    Excerpt,
    Files,
    FileState,
    Filters,
    FolderRow,
    IndexFigures,
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

Stopped = Callable[[], bool]


class Library(Protocol):
    """A library of notes: it stores them and finds them. Every implementation passes the same contract
    tests."""

    # Changes, and what waits for a model

    def apply(self, changes: Sequence[Change]) -> Applied:
        """Do these changes in order, all or none of them, and return their results.

        A chunk of a new document is complete at once where the library has a vector of its model for its
        text. Documents and failed files of a folder that is gone are left out.
        """
        ...

    def waiting(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        """Texts that have no vector of this model and are not held back; each text once, at most `limit`.

        Texts of the newest documents come first, those of documents with more than 2,000 chunks last; chunks
        that answer come before chunks of a next model. `folders` limits it to folders with these ids; None is
        all.
        """
        ...

    def put_vectors(self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors) -> int:
        """Store vectors (float32 [n, dimensions], unit length) under (fingerprint, hash of the text), and
        complete every chunk that waited for one. Returns the number of these chunks. A killed program has
        them when this has returned. Search finds them after the next `Upkeep.follow_model`. Where the disk is
        full, the room that `Upkeep.hold_room` took up is used."""
        ...

    # Hits under filters

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        """The `limit` best blocks by BM25, best first; the number of blocks with every word; and the
        documents that hold `query.exact`. With `among`, the blocks of these documents alone, and nothing
        else is found out."""
        ...

    def nearest(
        self, fingerprint: str, vector: Vectors, filters: Filters, limit: int, *, floor: float = ...
    ) -> list[PassageHit]:
        """Passages near a query: by the cosine of `vector` (float32 [dimensions], unit length) and their own
        vectors of this model, nearest first. Of about the `limit` nearest vectors, it gives those that pass
        the filters and reach the cosine `floor`."""
        ...

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        """The cosine of every embedded passage, for those of these documents that have at most `most_chunks`
        chunks."""
        ...

    def without_vectors(self, document_ids: Sequence[int]) -> set[int]:
        """Those of these documents that have passages without a vector."""
        ...

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        """Passages of other documents near a document: near the mean of its first 64 vectors. None where it
        has no vector yet."""
        ...

    def newest(self, filters: Filters, limit: int, among: Collection[int] | None = None) -> Newest:
        """The newest documents that pass the filters, by the time of their file, and how many pass in all.
        With `among`, only of these, by their own date where they have one."""
        ...

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        """Fingerprints of the models by which the documents that pass the filters are embedded."""
        ...

    # What is shown

    def notes(self, wanted: Sequence[NoteWanted], short: int) -> dict[int, Note]:
        """What the rows of a list are made of, by document id. Documents that are gone are left out. A
        document of at most `short` passages comes with all of them, a longer one with those that are
        wanted."""
        ...

    def documents_at(self, path: Path) -> tuple[DocumentRow, ...]:
        """The documents of the file at an absolute path, in the order in which they were read. Most files
        have one."""
        ...

    def text(self, document_id: int, start: int, end: int) -> Excerpt:
        """Characters [start, end) of a document's text; shorter where the text ends."""
        ...

    def facets(self, kind: str) -> tuple[ValueCount, ...]:
        """The values of the facets "kind:value", each with its number of documents, most used first. The kind
        LANGUAGE gives the languages of the documents ("" for unknown)."""
        ...

    # Folders and files

    def folders(self) -> tuple[FolderRow, ...]:
        """Every folder, by path, with its counts and what the user chose for it. Fast: it reads counts that
        are kept."""
        ...

    def known(self, files: Files) -> dict[str, FileState]:
        """The state of files as they were last read, by absolute path: those that have documents, and those
        that failed."""
        ...

    def problems(self) -> tuple[FileProblem, ...]:
        """The files that could not be read, and those with texts that a model refused, by path."""
        ...

    # What may be sent. With `pending` the question is about the folder's next model, else about the one that
    # answers.

    def unsent(self, folder_id: int, *, pending: bool) -> Unsent:
        """Count what a folder's model has no vector of yet. The same text counts once."""
        ...

    def outgoing(self, document_id: int, *, pending: bool) -> tuple[Outgoing, ...]:
        """The embedded texts of a document's passages in order, each with the reason why it is held back."""
        ...

    def held_back(self, folder_id: int, *, pending: bool, limit: int) -> tuple[HeldNote, ...]:
        """The notes of a folder with passages that are held back, by path; at most `limit`."""
        ...

    # The library as a whole

    @property
    def position(self) -> int:
        """The number of the newest change of a document. It rises with each change."""
        ...

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after each change, in the thread that made the change. The call says only that
        something changed. Returns a function that unsubscribes."""
        ...

    def bytes_on_disk(self) -> dict[str, int]:
        """The size of the database, the keyword index and the vector indexes, in bytes each. Opens none of
        them."""
        ...

    def check(self) -> list[str]:
        """Check the integrity of the library: a list of what is wrong, [] where all is well. Reads
        everything."""
        ...

    def close(self) -> None:
        """Close everything. Questions under way in other threads raise StoreError."""
        ...

    @property
    def upkeep(self) -> Upkeep:
        """The work on the library's copies."""
        ...


class Upkeep(Protocol):
    """The work on a library's copies, done in threads of the engine. A library that keeps no copies is always
    in step and has almost nothing to do here."""

    @property
    def unread(self) -> int:
        """How many documents the keyword search does not know yet."""
        ...

    @property
    def broken(self) -> bool:
        """Whether the keyword search met damage and makes itself anew at the next `follow_words`."""
        ...

    def follow_words(self, stopped: Stopped = ...) -> None:
        """Bring the keyword search in step with the documents, in bounded steps. For one thread, the reading
        thread."""
        ...

    def follow_model(self, fingerprint: str, stopped: Stopped = ...) -> None:
        """Load the search by meaning of a model, and bring it in step. For one thread per model at a time:
        its embedding worker at its start, then the thread of its VectorFollower."""
        ...

    def refresh_model(self, fingerprint: str, stopped: Stopped = ...) -> None:
        """Leave passages that no document has any more out of the answers of a model, and take back those
        that are used again."""
        ...

    def ready(self, fingerprint: str, *, wait: bool = ...) -> bool:
        """Whether the search by meaning of a model is ready. Returns at once, unless `wait`: then it is
        loaded first, which raises StoreError where the model is not known."""
        ...

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        """Delete the vectors of models that no document has and that are not `kept`; and the indexes of
        models that are not `chosen` and have no vectors left. Returns how many vectors were deleted."""
        ...

    def tidy(self) -> None:
        """Delete vectors that no document has used for a month; a bounded number of them."""
        ...

    def hold_room(self, fingerprint: str, numbers: int) -> None:
        """Take up room on the disk for vectors of so many numbers of a model, before a provider is asked for
        them. Raises DiskFull where it is not there."""
        ...

    def holds_room(self, fingerprint: str) -> bool:
        """Whether that room is still there: False where it had to be used."""
        ...

    def give_room(self, fingerprint: str) -> None:
        """Give that room back."""
        ...

    @property
    def has_room(self) -> bool:
        """Whether there is room again, after the disk was full."""
        ...

    def save(self, *, closing: bool = ...) -> None:
        """Write those copies to the disk that have grown enough, so that opening them is quick."""
        ...

    def rest(self) -> None:
        """Give back memory that can be loaded again quickly."""
        ...

    def shrink(self) -> None:
        """Give back memory that much reading and writing has filled. Everything stays open."""
        ...

    def word_figures(self) -> IndexFigures:
        """What the search by words holds and lacks, in numbers. Loads and reads all of it."""
        ...

    def model_figures(self, fingerprint: str) -> IndexFigures:
        """What the search by meaning of a model holds and lacks, in numbers. Loads and reads all of it.
        Raises StoreError where the model is not known."""
        ...

    def refresh(self) -> None:
        """In a process that only reads: take in what the owner has written since."""
        ...
