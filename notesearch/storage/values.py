"""The values that pass between the engine and a library: what is stored, what is asked, and what comes back.
Changes stand in changes.py."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notesearch.domain import Chunk, Document, HeldBack, Locator

Vectors = NDArray[np.float32]


def text_hash(embedded_text: str) -> bytes:
    """16 bytes over the exact text that is embedded: with the fingerprint, the key a vector is kept under."""
    return hashlib.blake2b(embedded_text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Held(IntEnum):
    """Whether the deletions of a folder are held. KEPT: the user was asked and keeps the notes in the
    index."""

    NO = 0
    ASKING = 1
    KEPT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderRow:
    """A folder and its counts: `documents` includes the `failed` ones; `complete` have a vector for every
    chunk that is not held back.

    `next_model` is prepared beside `model` ("" for none): `pending_embedded` of `pending_chunks` are
    embedded. `agreed`: what the user agreed to send where. `held_back` chunks, of the next model where
    there is one. `former_models`: those whose vectors were not dropped, the `previous_model` among them.
    `missing`: notes that are gone from the disk and held in the index.
    """

    id: int
    path: Path
    model: str
    held: Held
    documents: int
    complete: int
    failed: int
    chunks: int
    embedded: int
    next_model: str = ""
    previous_model: str = ""
    agreed: str = ""
    pending_chunks: int = 0
    pending_embedded: int = 0
    held_back: int = 0
    former_models: tuple[str, ...] = ()
    missing: int = 0

    @property
    def waiting(self) -> int:
        """How many notes wait for vectors."""
        return self.documents - self.complete - self.failed

    @property
    def chunks_waiting(self) -> int:
        """How many chunks wait for a vector, of the model that answers and of the next one."""
        return self.chunks - self.embedded + self.pending_chunks - self.pending_embedded


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsent:
    """What a model has no vector of yet, each text once: notes, chunks, tokens and characters; `embedded`
    chunks have one, `held_back` wait for the user's word."""

    documents: int
    chunks: int
    tokens: int
    characters: int
    embedded: int
    held_back: int


# The size of a file of which not all documents are stored yet: no file has it, so the file is read again.
UNFINISHED = -1


class FileState(NamedTuple):
    """What the library knows of a document's file, to tell whether it changed. `document_id` None: the file
    failed, and there is no fingerprint.

    `pending`: the fingerprint of the next model that it is cut for ("" for none). `reading`: by which reading
    of the program it was read (see documents/extract.py). After a rename the note may go on under its former
    title: `title` is its own, `embedded_title` the one that its prefixes begin with ("" where it is its own).

    `documents`: how many the file holds; the other values are those of one of them, `part`. Where they are
    not of one reading, `size` is UNFINISHED.
    """

    document_id: int | None
    size: int
    mtime_ns: int
    content_hash: str
    fingerprint: str
    reading: int
    pending: str = ""
    title: str = ""
    embedded_title: str = ""
    part: str = ""
    documents: int = 1

    def beside(self, other: FileState) -> FileState:
        """The state of a file that holds another document too."""
        alike = (self[1:4], self.fingerprint, self.reading, self.pending) == (
            other[1:4],
            other.fingerprint,
            other.reading,
            other.pending,
        )
        return self._replace(documents=self.documents + 1, size=self.size if alike else UNFINISHED)


@dataclass(frozen=True, slots=True)
class InFolder:
    """Every file of a folder. Reads all of them. `renamed`: those alone that were embedded under another
    title than they have."""

    folder_id: int
    renamed: bool = False


@dataclass(frozen=True, slots=True)
class AtPaths:
    """The files at these absolute paths. `below`: and everything below them, where they were folders."""

    paths: Sequence[str]
    below: bool = False


@dataclass(frozen=True, slots=True)
class WithContent:
    """The files of documents with this content, embedded under this fingerprint: to tell a move from a
    copy."""

    content_hash: str
    fingerprint: str


Files = InFolder | AtPaths | WithContent


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkPlan:
    """A document cut for a model: its chunks, the exact texts that are embedded for them, and why each is
    held back (None: it is not)."""

    fingerprint: str
    chunks: Sequence[Chunk]
    embedded_texts: Sequence[str]
    held: Sequence[HeldBack | None] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDocument:
    """A document to be stored, with its chunks, the exact texts that are embedded for them, and its facets
    ("tag:x", "folder:y", "type:z").

    `path` is absolute and in the folder; `part` names the document inside the file ("": the file is one). Of
    a file with several, `size` is UNFINISHED until a FileRead says that all are there.
    `embedded_title`: what the prefixes of the chunks begin with. `held`: why each chunk is held back, ()
    where none is. `pending`: the document cut for the folder's next model.
    """

    folder_id: int
    path: Path
    size: int
    mtime_ns: int
    content_hash: str
    fingerprint: str
    reading: int
    embedded_title: str
    document: Document
    chunks: Sequence[Chunk]
    embedded_texts: Sequence[str]
    facets: Sequence[str]
    moved_from: Path | None = None
    held: Sequence[HeldBack | None] = ()
    pending: ChunkPlan | None = None
    part: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What came of a document that was put into the library: its id, whether it is new, how many chunks it
    has, and how many of them had a vector already."""

    document_id: int
    added: bool
    chunks: int
    reused: int


class WaitingChunk(NamedTuple):
    """A text that has no vector yet; `tokens` as the chunk's recipe counts."""

    document_id: int
    text_hash: bytes
    text: str
    tokens: int


class DocumentRow(NamedTuple):
    """A document as it is stored. `mtime_ns`: of its file; `first_line`: of its text in the file; `length` in
    characters; `expected` chunks of which `embedded` have a vector; `position`: of its newest change."""

    id: int
    folder_id: int
    path: Path
    format: str
    title: str
    mtime_ns: int
    first_line: int
    length: int
    language: str
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    expected: int
    embedded: int
    fingerprint: str
    position: int
    part: str = ""


class ChunkRow(NamedTuple):
    """A chunk as it is stored; see domain.Chunk. `vector_id`: None where its vector is still to come."""

    id: int
    document_id: int
    ordinal: int
    start: int
    end: int
    line: int
    heading: tuple[str, ...]
    prefix: str
    tokens: int
    locator: Locator | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which documents a search is limited to, as values that a library evaluates by itself.

    `facets` ("tag:x", "folder:a/b", "type:markdown") must all hold, `without_facets` none. `phrases` must
    stand in the text or a title, `titles` in a title or alias; no document may hold one of `without` (words
    and phrases) or have one of `without_titles`. `folder`: a watched folder or one inside it (absolute)
    that holds the document. The default is no filter.
    """

    facets: tuple[str, ...] = ()
    without_facets: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_titles: tuple[str, ...] = ()
    folder: Path | None = None


EVERYTHING = Filters()


@dataclass(frozen=True, kw_only=True, slots=True)
class WordQuery:
    """What is asked by words. `words` as typed; `runs` of scripts without spaces; `phrases` that rank (they
    filter by `Filters`); `prefix`: the last word is the beginning of one. `languages`: the stemmers worth
    asking, those that the notes are written in. `exact`: also find the documents with a title or alias that
    holds this as it stands, and, where `exact_phrase`, those that hold it in their text; at most
    `exact_limit` each."""

    words: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    prefix: bool = False
    languages: tuple[str, ...] = ()
    exact: str = ""
    exact_phrase: bool = False
    exact_limit: int = 100


class PassageHit(NamedTuple):
    """A passage near in meaning: `score` is the cosine of its vector and the query's, -1..1."""

    document_id: int
    chunk_id: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteWanted:
    """A document to show. Of a long one the passages with these ids, and those whose numbers lie in `spans`
    (first, last)."""

    document_id: int
    chunk_ids: Sequence[int] = ()
    spans: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A document with passages, as rows are made of it. `root` is its folder. `whole` is its text where that
    is not long; else `texts` has the text of each of `chunks`."""

    document: DocumentRow
    root: Path
    chunks: tuple[ChunkRow, ...]
    whole: str | None
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexFigures:
    """An index in numbers: what it holds, what it lacks, and how it was found on opening ("": not told)."""

    entries: int
    missing: int
    opened: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyFigures:
    """Search in numbers: by words, and by meaning of each model that was asked for."""

    words: IndexFigures
    models: Mapping[str, IndexFigures]


class BlockHit(NamedTuple):
    """Chunks `first`..`last` of a document, found by words; `score` is BM25."""

    document_id: int
    first: int
    last: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class KeywordHits:
    """`total` counts the blocks (of most notes there is one) that hold all the words, or any of them where
    none holds all; `complete` are documents, the best of them, that hold all.

    Of `WordQuery.exact`: `titled` has what the documents are called (title, aliases, names of the file) that
    pass the filters and hold all its words there; `phrased` are documents that hold it in their text,
    whatever the filters.
    """

    hits: tuple[BlockHit, ...] = ()
    total: int = 0
    complete: frozenset[int] = frozenset()
    titled: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    phrased: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Newest:
    """Ids of the newest documents that pass a filter, newest first, and how many pass in all."""

    ids: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a document's text, and how many line breaks stand before it."""

    text: str
    lines_before: int


class ValueCount(NamedTuple):
    """A value of a facet, and how many documents have it."""

    value: str
    documents: int


# The kind of facet that is the language of a document; the others are written into `NewDocument.facets`.
LANGUAGE = "language"
