"""The values that pass between the engine and a library: what is stored, what is asked, and what comes back.
The changes are in changes.py."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notesearch.domain import Chunk, Document, HeldBack, Locator

Vectors = NDArray[np.float32]


def text_hash(embedded_text: str) -> bytes:
    """The hash of an embedded text, 16 bytes. A vector is stored under the model's fingerprint and this
    hash."""
    return hashlib.blake2b(embedded_text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Held(IntEnum):
    """Whether the deletions of a folder are held. KEPT: the user was asked, and keeps the notes in the
    index."""

    NO = 0
    ASKING = 1
    KEPT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderRow:
    """A folder with its counts. `documents` includes the `failed` ones. `complete` documents have a vector
    for every chunk that is not held back.

    `next_model` is prepared beside `model` ("" for none): `pending_embedded` of `pending_chunks` are
    embedded. `agreed` holds the user's consents, one on each line. `held_back` counts chunks, of the next
    model where there is one. `former_models` are those whose vectors were not deleted; `previous_model` is
    one of them. `missing` counts notes that are gone from the disk and held in the index, `others` files of
    other kinds, which are not read. `first_kinds`: the user agreed when only notes of the first kinds were
    read, so that passages of other kinds are held back.
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
    others: int = 0
    first_kinds: bool = False

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
    """Counts of what a model has no vector of yet, each text once: notes, chunks, tokens and characters.
    Besides: `embedded` chunks have a vector, `held_back` ones are not sent before the user allows it."""

    documents: int
    chunks: int
    tokens: int
    characters: int
    embedded: int
    held_back: int


# The size of a file of which not all documents are stored yet. No file has this size, so it is read again.
UNFINISHED = -1


class FileState(NamedTuple):
    """What the library knows of a document's file, to tell whether the file changed. Where the file failed,
    `document_id` is None and there is no fingerprint.

    `pending` is the fingerprint of the next model that it is cut for ("" for none). `reading` is the number
    of the reading by which it was read (see documents/formats/format.py). After a rename a note may go on
    under its former title: `title` is its own, `embedded_title` the one with which its prefixes begin (""
    where it is its own).

    `documents` is the number of documents in the file; the other values are those of one of them, `part`.
    Where the documents were not all read at the same state of the file, `size` is UNFINISHED. `again`: the
    file failed for a reason that may have gone, such as its permissions. `ctime_ns`: 0 where it is not known.
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
    again: bool = False
    ctime_ns: int = 0

    def beside(self, other: FileState) -> FileState:
        """The state of the file with one more document."""
        alike = (self[1:4], self.fingerprint, self.reading, self.pending) == (
            other[1:4],
            other.fingerprint,
            other.reading,
            other.pending,
        )
        return self._replace(documents=self.documents + 1, size=self.size if alike else UNFINISHED)


@dataclass(frozen=True, slots=True)
class InFolder:
    """Asks for every file of a folder, and reads all of them. `renamed`: only those that were embedded under
    another title than they have."""

    folder_id: int
    renamed: bool = False


@dataclass(frozen=True, slots=True)
class AtPaths:
    """Asks for the files at these absolute paths. `below`: also for everything below them, if they were
    folders."""

    paths: Sequence[str]
    below: bool = False


@dataclass(frozen=True, slots=True)
class WithContent:
    """Asks for the files of documents with this content, embedded under this fingerprint. This tells a move
    from a copy."""

    content_hash: str
    fingerprint: str


Files = InFolder | AtPaths | WithContent


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkPlan:
    """A document cut for a model: its chunks, the embedded text of each, and why each is held back (None: it
    is not)."""

    fingerprint: str
    chunks: Sequence[Chunk]
    embedded_texts: Sequence[str]
    held: Sequence[HeldBack | None] = ()
    ctime_ns: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDocument:
    """A document to be stored, with its chunks and its facets ("tag:x", "folder:y", "type:z").

    `path` is absolute and inside the folder. `part` names the document in the file; "" where the file is one
    document. In a file with several, `size` is UNFINISHED until a FileRead says that all are stored.
    `embedded_title` is the title with which the prefixes of the chunks begin. `held` says why each chunk is
    held back; () where none is. `pending` is the document cut for the folder's next model.
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
    ctime_ns: int = 0
    held: Sequence[HeldBack | None] = ()
    pending: ChunkPlan | None = None
    part: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """The result of storing a document: its id, whether it is new, the number of its chunks, and how many of
    them had a vector already."""

    document_id: int
    added: bool
    chunks: int
    reused: int


class WaitingChunk(NamedTuple):
    """A text that has no vector yet. `tokens` is counted by the tokenizer of the chunk's recipe."""

    document_id: int
    text_hash: bytes
    text: str
    tokens: int


class DocumentRow(NamedTuple):
    """A document as it is stored. `mtime_ns`: the file's time in nanoseconds since the epoch. `first_line`:
    the line of the file where the text begins. `length`: of the text, in characters. Of `expected` chunks,
    `embedded` have a vector. `position`: of its newest change. `properties`: see domain.Document."""

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
    properties: tuple[str, ...] = ()


class ChunkRow(NamedTuple):
    """A chunk as it is stored (see domain.Chunk). `vector_id` is None where it has no vector yet."""

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


@dataclass(frozen=True, slots=True)
class Holds:
    """A condition: the text holds a word in any form. `begun`: the word may be the beginning of one."""

    word: str
    begun: bool = False


@dataclass(frozen=True, slots=True)
class HoldsPhrase:
    """A condition: the text, a title, an alias or the path holds a phrase exactly."""

    phrase: str


@dataclass(frozen=True, slots=True)
class IsCalled:
    """A condition: a title, an alias or the path holds a phrase. Where it ends in `*`, its last word may be
    the beginning of one."""

    title: str


@dataclass(frozen=True, slots=True)
class LiesAt:
    """A condition: the path of the file holds a phrase. Where it ends in `*`, its last word may be the
    beginning of one."""

    path: str


@dataclass(frozen=True, slots=True)
class HasFacet:
    """A condition: the document has a facet."""

    facet: str


@dataclass(frozen=True, slots=True)
class IsDated:
    """A condition: the document's date, its own or else that of its file, is from `after` on, and earlier
    than `before`."""

    after: date | None
    before: date | None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of some conditions; at least one."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One or more of some conditions; at least one."""

    conditions: tuple[Condition, ...]


# What one side of an OR, or a group in brackets, asks of a document.
Simple = Holds | HoldsPhrase | IsCalled | LiesAt | HasFacet | IsDated
Condition = Simple | Not | AllOf | AnyOf


def fits(condition: Condition, holds: Callable[[Simple], bool]) -> bool:
    """Whether a document fits a condition. `holds` tells whether it fits one that is made of no others."""
    match condition:
        case Not(one):
            return not fits(one, holds)
        case AllOf(conditions):
            return all(fits(one, holds) for one in conditions)
        case AnyOf(conditions):
            return any(fits(one, holds) for one in conditions)
        case _:
            return holds(condition)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """The filters of a search, as values that a library evaluates. The default lets every document pass.

    A document must have all of `facets` ("tag:x", "folder:a/b", "type:markdown") and none of
    `without_facets`. It must hold `phrases` in its text or a title, and `titles` in a title or alias. It must
    not hold any of `without` (words and phrases) or have any of `without_titles`. `paths` must be in the path
    of its file, `without_paths` must not. Of what ends in `*` the last word may be the beginning of one. It
    must fit all of `conditions`, whose words have stems in `languages` (all, where none is named). Its date,
    its own or else that of its file, must be from `after` on, and earlier than `before`. `folder` is an
    absolute path, of a watched folder or one inside it: the document must lie below it.
    """

    facets: tuple[str, ...] = ()
    without_facets: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_titles: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    without_paths: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    languages: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    folder: Path | None = None


EVERYTHING = Filters()


@dataclass(frozen=True, kw_only=True, slots=True)
class WordQuery:
    """A query by words.

    `words` are as typed; `runs` are of scripts without spaces; `phrases` count for the ranking (as filters
    they are in `Filters`). `prefix`: the last word is the beginning of one, and so is each of `beginnings`.
    `languages` are those in which the notes are written, and choose the stemmers; `common_languages` those of
    many notes, commonest first. `exact`: also find documents with a title or alias that holds this text; with
    `exact_phrase`, also documents whose text holds it, which then counts no more for the score; at most
    `exact_limit` of each. `optional`: documents that pass the filters and hold none of the words are found
    too, after the others.
    """

    words: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    prefix: bool = False
    languages: tuple[str, ...] = ()
    common_languages: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    exact: str = ""
    exact_phrase: bool = False
    exact_limit: int = 100
    optional: bool = False


class PassageHit(NamedTuple):
    """A passage found by meaning. `score` is the cosine of its vector and the query's, -1..1."""

    document_id: int
    chunk_id: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteWanted:
    """Asks for a document to show. Of a long one it asks for the passages with these ids, and for those whose
    ordinals lie in `spans` (first, last)."""

    document_id: int
    chunk_ids: Sequence[int] = ()
    spans: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """A document with passages, for building its row. `root` is its folder. Where the text is not long it is
    `whole`; else `texts` holds the text of each of `chunks`."""

    document: DocumentRow
    root: Path
    chunks: tuple[ChunkRow, ...]
    whole: str | None
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexFigures:
    """An index in numbers: what it holds, what it lacks, and how it was found on opening ("" where that is
    not known). `differing`: how many documents or vectors it has and should not have, or lacks although it
    says that it has everything. `damaged`: whether its files are not as they were written."""

    entries: int
    missing: int
    opened: str = ""
    differing: int = 0
    damaged: bool = False


class BlockHit(NamedTuple):
    """A block found by words: the chunks `first`..`last` of a document, with their BM25 as `score`."""

    document_id: int
    first: int
    last: int
    score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class KeywordHits:
    """The result of a query by words.


    `total` counts the blocks that hold all the words, or any of them where none holds all; most notes have
    one block. `complete` are the best documents that hold all the words.

    For `WordQuery.exact`, of the documents that pass the filters: `titled` has what those are called (title,
    aliases, names of the file) that hold all its words there. `phrased` hold it in their text. `exact` has
    the blocks by which both were found, best first; their scores are of no use beside those of `hits`.
    `forgiven`: for each word that no note has, the words that stand for it, nearest first.
    """

    hits: tuple[BlockHit, ...] = ()
    total: int = 0
    complete: frozenset[int] = frozenset()
    titled: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    phrased: frozenset[int] = frozenset()
    exact: tuple[BlockHit, ...] = ()
    forgiven: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Newest:
    """Ids of the newest documents that pass a filter, newest first, and how many pass in all."""

    ids: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a document's text, with the number of line breaks before it."""

    text: str
    lines_before: int


class ValueCount(NamedTuple):
    """A value of a facet, and how many documents have it."""

    value: str
    documents: int


# The kind of facet that is the language of a document. All other kinds are stored in `NewDocument.facets`.
LANGUAGE = "language"
# The kind of the facet with a note's own date: "date:2024-05-09".
DATE = "date"
# The kind of facet that holds the names of the folders around a note.
FOLDER = "folder"


@dataclass(frozen=True, kw_only=True, slots=True)
class Salvaged:
    """What was taken from a damaged database into a new one. `kept` is the damaged file, None where there was
    none. What was lost is None where it cannot be told. `consents_lost`: folders were found, but not what the
    user had agreed to for them."""

    kept: Path | None
    folders: int
    documents: int
    vectors: int
    documents_lost: int | None
    vectors_lost: int | None
    consents_lost: bool
