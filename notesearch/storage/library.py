"""The seam between engine and storage: a library of notes, as a protocol that a database can serve by itself.

Changes, filters and queries are values (changes.py, values.py), evaluated inside the library; what comes back
are hits with scores, rows to show and counts. No vector of a note, no position of an index and no type of a
search engine crosses. Vectors come in (`put_vectors`, and a query's), never out. Paths are absolute here;
inside they are (folder, relative POSIX path, part). Ids are those of this library.

Threads: any thread may call anything, several at once, but none that paints. Changes are one transaction
each, and the library lets one run at a time. Errors are NotesearchError: StoreError (closed, read-only,
damaged; `retryable` where waiting helps), DiskFull where nothing of a change was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol

from notesearch.domain import FileProblem, HeldNote, Outgoing
from notesearch.storage.changes import Applied, Change
from notesearch.storage.values import (
    CopyFigures,
    DocumentRow,
    Excerpt,
    Files,
    FileState,
    Filters,
    FolderRow,
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
    """One library: what takes notes in, and what finds them. Every implementation passes the same contract
    tests."""

    # Changes, and what waits for a model

    def apply(self, changes: Sequence[Change]) -> Applied:
        """Do these changes in order, all or none of them; what came of them. A new document's chunks whose
        text has a vector of their model have it at once; documents and failed files of a folder that is gone
        are left out."""
        ...

    def waiting(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        """Texts without a vector of this model that are not held back, each text once: newest documents
        first, those of more than 2,000 chunks last, and those that answer before those of a next model.
        `folders`: only of those (ids), None for all."""
        ...

    def put_vectors(
        self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors, stopped: Stopped = ...
    ) -> int:
        """Keep vectors (float32 [n, dimensions], unit length) under (fingerprint, hash of the text) and
        complete every chunk that waited for them; how many those were. Search finds them on return, unless
        `stopped` turned true."""
        ...

    # Hits under filters

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        """The `limit` best blocks by BM25, best first, with how many hold every word, and the documents that
        hold `query.exact`. `among`: only these documents are scored."""
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

    def newest(self, filters: Filters, limit: int) -> Newest:
        """The newest documents that pass, and how many pass in all."""
        ...

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        """Fingerprints of the models that the documents which pass are embedded with."""
        ...

    # What is shown

    def notes(self, wanted: Sequence[NoteWanted], short: int) -> dict[int, Note]:
        """What the rows of a list are made of, by document id; those that are gone are left out. Of
        documents of at most `short` passages all of them come along, of longer ones those that are wanted."""
        ...

    def documents_at(self, path: Path) -> tuple[DocumentRow, ...]:
        """The documents of the file at an absolute path: mostly one, else in the order in which they
        came."""
        ...

    def text(self, document_id: int, start: int, end: int) -> Excerpt:
        """Characters [start, end) of a document's text; shorter where the text ends."""
        ...

    def facets(self, kind: str) -> tuple[ValueCount, ...]:
        """Values of the facets "kind:value" with the number of documents, most used first. The kind LANGUAGE
        gives the languages of the documents ("" unknown)."""
        ...

    # Folders and files

    def folders(self) -> tuple[FolderRow, ...]:
        """Every folder with its counts and what the user chose for it, by path. Reads kept counts, so it
        costs nothing."""
        ...

    def known(self, files: Files) -> dict[str, FileState]:
        """The state of files as they were read, by absolute path: of those that have documents, and of those
        that failed."""
        ...

    def problems(self) -> tuple[FileProblem, ...]:
        """Files that could not be read, and those with texts that a model refused, by path."""
        ...

    # What may be sent. `pending`: for the folder's next model, else for the one that answers.

    def unsent(self, folder_id: int, *, pending: bool) -> Unsent:
        """What a folder's model has no vector of yet; the same text counts once."""
        ...

    def outgoing(self, document_id: int, *, pending: bool) -> tuple[Outgoing, ...]:
        """The embedded texts of a document's passages, in order, and why each is held back."""
        ...

    def held_back(self, folder_id: int, *, pending: bool, limit: int) -> tuple[HeldNote, ...]:
        """The notes of a folder of which something is held back, by path; at most `limit`."""
        ...

    # The library as a whole

    @property
    def position(self) -> int:
        """The number of the newest change of a document. Rises with each."""
        ...

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after each change, from the thread that made it; it says "look", nothing more.
        Returns the way to unsubscribe."""
        ...

    def bytes_on_disk(self) -> dict[str, int]:
        """Bytes of the database, the keyword index and the vector indexes. Opens none of them."""
        ...

    def check(self) -> list[str]:
        """The library's own check of its integrity: [] where all is well. Reads everything."""
        ...

    def close(self) -> None:
        """Close everything; questions under way in other threads raise StoreError."""
        ...

    @property
    def upkeep(self) -> Upkeep:
        """The work on its copies, where it has any."""
        ...


class Upkeep(Protocol):
    """What a library with copies beside its truth needs from the threads of whoever opened it. One that a
    database keeps has next to nothing to do here, and is always in step."""

    @property
    def unread(self) -> int:
        """How many documents search by words does not know yet."""
        ...

    def follow_words(self, stopped: Stopped = ...) -> None:
        """Bring search by words in step with the documents, in bounded steps. For one thread."""
        ...

    def follow_model(self, fingerprint: str, stopped: Stopped = ...) -> None:
        """Load search by meaning of a model and bring it in step. For one thread per model."""
        ...

    def refresh_model(self, fingerprint: str, stopped: Stopped = ...) -> None:
        """Take passages that no document holds any more out of the answers, and back those that are held
        again."""
        ...

    def ready(self, fingerprint: str, *, wait: bool = ...) -> bool:
        """Whether search by meaning of a model can answer. Returns at once, unless `wait`: then it is loaded
        first, which raises StoreError where nobody knows the model."""
        ...

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        """Forget the vectors of the models that no document has and that are not `kept`, and the indexes of
        those not `chosen` that have none left. Returns how many vectors that were."""
        ...

    def tidy(self) -> None:
        """Forget vectors that no document has used for a month, a bounded number of them."""
        ...

    def save(self, *, closing: bool = ...) -> None:
        """Write copies that have grown enough, so that opening is quick."""
        ...

    def rest(self) -> None:
        """Let go of memory that is quickly there again."""
        ...

    def figures(self, fingerprints: Collection[str] = ()) -> CopyFigures:
        """What search by words, and search by meaning of each model asked for, hold and lack. Loads them.
        Raises StoreError where nobody knows a model."""
        ...

    def refresh(self) -> None:
        """Where another process owns the library: see what it has written since."""
        ...
