"""The vocabulary of the program: frozen dataclasses and enumerations that every room passes to the others.

They hold values and small derived properties. They read and write nothing, so any thread may use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol

# These names are defined in note_formats.py and provider_values.py. Other modules import them from here.
from notesearch.domain.note_formats import Line as Line
from notesearch.domain.note_formats import Locator as Locator
from notesearch.domain.note_formats import Message as Message
from notesearch.domain.note_formats import NoteFormat as NoteFormat
from notesearch.domain.note_formats import Page as Page
from notesearch.domain.note_formats import Section as Section
from notesearch.domain.note_formats import Sheet as Sheet
from notesearch.domain.note_formats import Slide as Slide
from notesearch.domain.note_formats import locator_from_text as locator_from_text
from notesearch.domain.note_formats import locator_to_text as locator_to_text
from notesearch.domain.provider_values import Estimate as Estimate
from notesearch.domain.provider_values import HeldBack as HeldBack
from notesearch.domain.provider_values import HeldNote as HeldNote
from notesearch.domain.provider_values import LedgerEntry as LedgerEntry
from notesearch.domain.provider_values import ModelChoice as ModelChoice
from notesearch.domain.provider_values import Outgoing as Outgoing
from notesearch.domain.provider_values import ProviderInfo as ProviderInfo
from notesearch.domain.provider_values import Spent as Spent

# The types that a parameter of a Told may have: the simple values of JSON.
Param = str | int | float | bool | None


class Coded(Protocol):
    """Anything that has a code and parameters, so that a Told can be made of it. Every error in errors.py is
    one."""

    @property
    def code(self) -> str:
        """Names the sentence: see errors.py."""
        ...

    @property
    def params(self) -> Mapping[str, Param]:
        """The values that are put into the sentence, by name."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A message for the user, as a code with parameters. It holds no sentence: `notesearch.wording` makes one
    of it, in the user's language.

    `params` are pairs of a name and a value, sorted by name. `cause` is the error that led to this message;
    the sentence tells it too. A Told never holds the text of a note or a secret.
    """

    code: str
    params: tuple[tuple[str, Param], ...] = ()
    cause: Told | None = None

    @classmethod
    def of(cls, error: Coded) -> Told:
        """Make a Told of an error: its code and its parameters."""
        return cls(code=error.code, params=tuple(sorted(error.params.items())))


def told(code: str, /, *, cause: Coded | None = None, **params: Param) -> Told:
    """Make a Told of a code, its parameters, and the error that led to it."""
    of = Told.of(cause) if cause is not None else None
    return Told(code=code, params=tuple(sorted(params.items())), cause=of)


@dataclass(frozen=True, slots=True)
class Within:
    """The least and the greatest value that a number may have."""

    least: int
    most: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.least <= number <= self.most


# How many of something are asked for. An index makes room for all of them before it looks.
Limit = Annotated[int, Within(0, 100_000)]


class Mode(StrEnum):
    """Which half of the search finds notes: HYBRID both, KEYWORD words only, MEANING vectors only."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    MEANING = "meaning"


class MatchedBy(StrEnum):
    """Which half of the search found a row of the result list."""

    KEYWORD = "keyword"
    MEANING = "meaning"
    BOTH = "both"


class Stage(StrEnum):
    """How far a search has come.

    KEYWORD: found by words only. LOCAL: by words and by the models on this computer, while a provider may
    still be asked. FUSED: by words and all models. EXPLAINED: as FUSED, and the best sentences are marked.
    """

    KEYWORD = "keyword"
    LOCAL = "local"
    FUSED = "fused"
    EXPLAINED = "explained"


class IndexingState(StrEnum):
    """What the indexer is doing. OFFLINE: it waits for a provider."""

    STARTING = "starting"
    IDLE = "idle"
    SCANNING = "scanning"
    INDEXING = "indexing"
    PAUSED = "paused"
    OFFLINE = "offline"
    FAILED = "failed"


class Slowed(StrEnum):
    """Why models on this computer work slower than they could."""

    BATTERY = "battery"
    BUSY = "busy"


class FolderState(StrEnum):
    """What a watched folder is doing or waiting for.

    READY: all its notes are complete. UNREACHABLE: it is not there or cannot be read. ASKING: many of its
    notes are gone, and their deletions are held until the user answers. CONSENT: nothing is sent to its
    remote model before the user agrees. WAITING: for a provider; `Folder.notice` tells why.
    """

    READY = "ready"
    SCANNING = "scanning"
    INDEXING = "indexing"
    UNREACHABLE = "unreachable"
    ASKING = "asking"
    CONSENT = "consent"
    WAITING = "waiting"


class DocumentState(StrEnum):
    """How far a note is indexed. COMPLETE: every chunk has its vector. WAITING: found by words; vectors are
    missing. FAILED: the file could not be read."""

    COMPLETE = "complete"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    r"""A note as its format read it from a file: the text, and what the note says about itself.

    `text` has `\n` for newlines. Front matter and property drawers are taken out of it. Line k of `text`
    (from 0) is line `first_line + k` of the file. `tags` are lower case without `#`. `created` and `updated`
    are ISO dates from the front matter, or "". `language` is an ISO 639-1 code, or "" where it could not be
    told. `properties` are the values of all keys of front matter and drawers, each as "author: Jane Doe":
    they are found by words, and never embedded.
    """

    text: str
    title: str
    format: str
    first_line: int = 1
    encoding: str = "utf-8"
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    created: str = ""
    updated: str = ""
    language: str = ""
    private: bool = False
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A chunk of a document: characters [start, end) of `Document.text`, the headings above it, and its first
    line in the file (from 1).

    `prefix` is the title and the headings that are put before the passage when it is embedded. `tokens`
    counts prefix and passage together. `locator` says where the chunk is in the file; None where its line
    says so.
    """

    ordinal: int
    start: int
    end: int
    line: int
    heading: tuple[str, ...] = ()
    prefix: str = ""
    tokens: int = 0
    locator: Locator | None = None


def prefixed(prefix: str, passage: str) -> str:
    """The embedded text of a chunk: prefix, newline, passage. The same text is hashed, sent to the model and
    shown."""
    return f"{prefix}\n{passage}" if prefix else passage


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What the user asked for.

    `text` is written in the query language (engine/search/query.py). `folder` limits the search to notes at
    or under that absolute path. `limit` is the number of rows; each note has one row. `prefix` says that the
    user is still typing the last word, so it counts as the beginning of a word.
    """

    text: str
    limit: Limit = 50
    mode: Mode = Mode.HYBRID
    folder: Path | None = None
    prefix: bool = False


Span = tuple[int, int]
# A note: its file, and its part where the file holds several.
Address = tuple[Path, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """One passage of a note that the search found.

    `locator` says where it is in the file; None where `line` says so. `start` and `end` count characters of
    the extracted text. `snippet` is an extract on one line. `highlights` (the words that were found) and
    `best_sentence` (the sentence nearest in meaning) count characters of `snippet`. `words` are the found
    words as the whole passage spells them.
    """

    start: int
    end: int
    line: int
    heading: tuple[str, ...]
    snippet: str
    highlights: tuple[Span, ...]
    matched_by: MatchedBy
    score: float
    best_sentence: Span | None = None
    words: tuple[str, ...] = ()
    chunk_id: int = 0
    locator: Locator | None = None

    @property
    def place(self) -> Locator:
        """The place at which a viewer opens the note to show this passage."""
        return self.locator or Line(number=self.line)


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """One row of the result list: a note, its best passage, and up to three further ones.

    `folder_names` go from the watched folder down ("Notes", "Kitchen", "Baking"). `modified` is in seconds
    since the epoch. `rank` counts from 1. `state` tells how far the note is indexed. `part` names the note
    among several in one file; it is "" where the file holds one note. `problem`: why the file could not be
    read, or not be sent whole; only a search for such files tells it.
    """

    document_id: int
    path: Path
    title: str
    folder_names: tuple[str, ...]
    format: str
    modified: float
    rank: int
    score: float
    best: Passage
    passages: tuple[Passage, ...] = ()
    more_passages: int = 0
    state: DocumentState = DocumentState.COMPLETE
    part: str = ""
    problem: Told | None = None

    @property
    def address(self) -> Address:
        """Which note it is, whatever was changed in it."""
        return self.path, self.part

    @property
    def matched_by(self) -> MatchedBy:
        """Which half of the search found the best passage of the row."""
        return self.best.matched_by


@dataclass(frozen=True, kw_only=True, slots=True)
class Elapsed:
    """The time that each part of a search took, in milliseconds."""

    keyword: float = 0.0
    embed: float = 0.0
    vector: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResults:
    """The answer to a query at one stage.

    At this stage, `searched` of `of` notes could be searched as a whole. `waiting` and `failed` count the
    others. `total` counts the notes that hold a word of the query (keyword stage) or the rows of the fused
    list. `notices` tell which folders or models took no part, and why.
    """

    query: Query
    stage: Stage
    matches: tuple[Match, ...]
    total: int
    searched: int
    of: int
    waiting: int = 0
    failed: int = 0
    elapsed: Elapsed = field(default_factory=Elapsed)
    notices: tuple[Told, ...] = ()

    @property
    def preliminary(self) -> bool:
        """Whether a later stage may still bring other rows."""
        return self.stage in (Stage.KEYWORD, Stage.LOCAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """A watched folder with its counts and its models. `complete + waiting + failed == documents`.

    `model` is the identifier "provider/name" of the model that answers. `next_model` is prepared beside it
    ("" for none): `next_done` of `next_total` passages are embedded. `previous_model` is the last model
    before this one whose vectors are kept, so that going back costs nothing; `former_models` are all such
    models. `held_back` counts passages that are not sent to a remote model. `agreed` says whether the user
    has agreed to what the model is sent (the next model, where there is one). `others` are files of other
    kinds, which are not read. `unread_links` counts linked folders inside that are not read, neither by the
    link nor elsewhere.
    """

    path: Path
    model: str
    state: FolderState
    documents: int
    complete: int
    waiting: int
    failed: int
    notice: Told | None = None
    next_model: str = ""
    next_done: int = 0
    next_total: int = 0
    previous_model: str = ""
    former_models: tuple[str, ...] = ()
    held_back: int = 0
    agreed: bool = True
    others: int = 0
    unread_links: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class FileProblem:
    """A file that could not be indexed, or a folder that cannot be watched. It tells what happened, and
    whether trying again may help. `modified` is the time of the file, in seconds since the epoch; 0 for a
    folder."""

    path: Path
    what: Told
    retryable: bool
    modified: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldDeletions:
    """Many notes of a folder were gone at once. They stay in the index until the user says that they are to
    be removed."""

    folder: Path
    missing: int
    of: int


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexingStatus:
    """A snapshot of the indexer and of all folders. It is published at most ten times a second.

    `done` of `total` notes of the present work are finished. `stage` is "reading", "embedding", or "" when
    idle. `seconds_left` is an estimate, or None. `documents`, `complete`, `waiting` and `failed` count notes
    over all folders; `chunks` and `embedded` count chunks. `error` tells what stopped the indexer. `position`
    is the number of the newest change of a document: when it differs, a search may find other notes.
    `slowed` tells why embedding is slower than it could be; None where it is not.
    """

    state: IndexingState
    stage: str = ""
    done: int = 0
    total: int = 0
    current: Path | None = None
    seconds_left: float | None = None
    documents: int = 0
    complete: int = 0
    waiting: int = 0
    failed: int = 0
    chunks: int = 0
    embedded: int = 0
    folders: tuple[Folder, ...] = ()
    problems: int = 0
    held: tuple[HeldDeletions, ...] = ()
    error: Told | None = None
    troubles: tuple[ProviderTrouble, ...] = ()
    position: int = 0
    slowed: Slowed | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderTrouble:
    """A model that cannot be used at present, with its provider and the reason.

    `waits_for_person` says that only the user can mend it; else it is tried again by itself. `remedy` names
    the place where the user mends it: "key", "model" or "settings". It is "" where trying again is all that
    is left.
    """

    provider: str
    model: str
    what: Told
    waits_for_person: bool
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSummary:
    """What one reconcile did, in numbers.

    The first six count notes. `chunks` were cut; `embedded` got a vector now, `reused` had one already.
    `requests` and `tokens` count what remote models were asked. `seconds` is the time that it took.
    """

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    failed: int = 0
    chunks: int = 0
    embedded: int = 0
    reused: int = 0
    requests: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteText:
    """The extracted text of a note for the preview: characters [offset, offset + len(text)) of the whole.

    It starts at line `line` of the file. `truncated` says that the note is longer. `modified` is in seconds
    since the epoch. `part` as of a Match.
    """

    path: Path
    title: str
    folder_names: tuple[str, ...]
    format: str
    modified: float
    text: str
    offset: int
    line: int
    truncated: bool
    tags: tuple[str, ...] = ()
    part: str = ""

    @property
    def address(self) -> Address:
        """As of a Match."""
        return self.path, self.part


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """A description of a folder before it is added. No note in it was opened. For a file (`is_file`) it
    describes the folder that the file is in.

    `notes` would be searched; with `more`, counting stopped early and there are at least so many. `others`
    are files of other kinds, which would not be read. `unread_links` is the number of linked folders that
    would not be read because the user has switched that off.
    `covered_by` is the searched folder that it is or lies in. `covers` are searched folders inside it.
    `whole` is "home" for the home folder or one above it, "disk" for all of a disk, else "". `kind` is as in
    a Vault, or "". `refusal` tells why the folder cannot be added; None where it can.
    """

    path: Path
    is_file: bool = False
    notes: int = 0
    more: bool = False
    others: int = 0
    unread_links: int = 0
    covered_by: Path | None = None
    covers: tuple[Path, ...] = ()
    whole: str = ""
    kind: str = ""
    refusal: Told | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Vault:
    """A folder that another notes program keeps.

    `kind` is "obsidian", "logseq", "joplin" (an export) or "zettelkasten". `notes` and `more` are as in a
    Survey. `searched` says that it is a searched folder, or lies in one.
    """

    path: Path
    kind: str
    notes: int
    more: bool
    searched: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleError:
    """A line of ignore rules that is no valid pattern: its number (from 1), and what is wrong with it."""

    line: int
    text: str
    what: Told


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredCount:
    """How many notes some ignore rules would leave out: `ignored` of `notes`. `paths` are the first of them.
    `errors` are the lines that are no valid patterns. `more`: counting was stopped early."""

    ignored: int
    notes: int
    paths: tuple[Path, ...] = ()
    errors: tuple[RuleError, ...] = ()
    more: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of `notesearch doctor`: what was checked, what was found, and whether that is well."""

    what: Told
    found: Told
    well: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Mended:
    """One line of a repair: what was repaired, and what was done, or what was lost."""

    what: Told
    done: Told
