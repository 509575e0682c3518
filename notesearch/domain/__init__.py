"""The vocabulary: frozen values that travel between the layers. No behaviour beyond small derived properties,
no input or output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

# Given on from here, where everything else looks for them.
from notesearch.domain.costs import Estimate as Estimate
from notesearch.domain.costs import LedgerEntry as LedgerEntry
from notesearch.domain.costs import Spent as Spent
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

# What a parameter of something that is told may be: what JSON has, without anything inside.
Param = str | int | float | bool | None


class Coded(Protocol):
    """What can be told as it is: every error of ours."""

    @property
    def code(self) -> str:
        """Which sentence: see errors.py."""
        ...

    @property
    def params(self) -> Mapping[str, Param]:
        """What is put into the sentence, by name."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """Something for the user to know, as a code with parameters (name and value, by name). The sentence is
    made of it by `notesearch.wording`, in the user's language. Never the text of a note or a secret. `cause`:
    what it came of, told in the same sentence."""

    code: str
    params: tuple[tuple[str, Param], ...] = ()
    cause: Told | None = None

    @classmethod
    def of(cls, error: Coded) -> Told:
        """What an error tells."""
        return cls(code=error.code, params=tuple(sorted(error.params.items())))


def told(code: str, /, *, cause: Coded | None = None, **params: Param) -> Told:
    """The code with these parameters, and the error it came of."""
    of = Told.of(cause) if cause is not None else None
    return Told(code=code, params=tuple(sorted(params.items())), cause=of)


class Mode(StrEnum):
    """Which halves of the search take part."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    MEANING = "meaning"


class MatchedBy(StrEnum):
    """Why a row is in the list."""

    KEYWORD = "keyword"
    MEANING = "meaning"
    BOTH = "both"


class Stage(StrEnum):
    """How far a search has come: words only; both halves as far as this computer finds them, while a provider
    is asked; both halves; or both with the best sentences found."""

    KEYWORD = "keyword"
    LOCAL = "local"
    FUSED = "fused"
    EXPLAINED = "explained"


class IndexingState(StrEnum):
    """What the indexer is doing. OFFLINE: waiting for a provider."""

    STARTING = "starting"
    IDLE = "idle"
    SCANNING = "scanning"
    INDEXING = "indexing"
    PAUSED = "paused"
    OFFLINE = "offline"
    FAILED = "failed"


class FolderState(StrEnum):
    """READY: all its notes are complete. ASKING: deletions are held until the user answers. CONSENT:
    nothing is sent to its remote model before the user agrees. WAITING: for a provider; `Folder.notice`
    tells why."""

    READY = "ready"
    SCANNING = "scanning"
    INDEXING = "indexing"
    UNREACHABLE = "unreachable"
    ASKING = "asking"
    CONSENT = "consent"
    WAITING = "waiting"


class DocumentState(StrEnum):
    """COMPLETE: every chunk has its vector. WAITING: searchable by words, vectors to come. FAILED: not
    readable."""

    COMPLETE = "complete"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What was read from one file.

    `text` is the extracted text: newlines are `\\n`, front matter and property drawers are apart, and line k
    of `text` (from 0) is line `first_line + k` of the file. `tags` are lower case without `#`. `created` and
    `updated` are ISO dates from the front matter or "". `language` is an ISO 639-1 code or "" where it could
    not be told.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A passage of a document: characters [start, end) of `Document.text`, the headings above it, and its
    first line in the file (from 1).

    `prefix` is the title and headings put before the passage when it is embedded; `tokens` counts prefix
    and passage together. `locator`: where it is in the file; None: its line says so.
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
    """Exactly what is embedded for a chunk: what is hashed, sent and shown must be the same."""
    return f"{prefix}\n{passage}" if prefix else passage


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What the user asked. `text` in the query language; `folder`: only notes at or under it; `limit` rows,
    one per note.

    `prefix`: the last word is still being typed and counts as the beginning of a word.
    """

    text: str
    limit: int = 50
    mode: Mode = Mode.HYBRID
    folder: Path | None = None
    prefix: bool = False


Span = tuple[int, int]
# A note: its file, and its part where the file holds several.
Address = tuple[Path, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """One matching passage of a note. `locator`: where it is in the file; None: at `line`. `start`, `end`
    count characters of the extracted text; `highlights` (words found) and `best_sentence` (the one that is
    nearest in meaning) count characters of `snippet`, a one-line extract. `words` are the found words as they
    stand in the whole passage."""

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
        """Where to open the note for this passage."""
        return self.locator or Line(number=self.line)


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """One row of the result list: a note, its best passage, and up to three further ones.

    `folder_names` are those from the watched folder down ("Notes", "Kitchen", "Baking").
    `modified` is seconds since the epoch. `rank` counts from 1. `state` tells whether the note is searchable
    as a whole. `part` names the note among several in one file, "" where the file is one.
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

    @property
    def address(self) -> Address:
        """Which note it is, whatever was changed in it."""
        return self.path, self.part

    @property
    def matched_by(self) -> MatchedBy:
        """Why the row is in the list: what its best passage was found by."""
        return self.best.matched_by


@dataclass(frozen=True, kw_only=True, slots=True)
class Elapsed:
    """Milliseconds spent in each part of a search."""

    keyword: float = 0.0
    embed: float = 0.0
    vector: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResults:
    """The answer to a query at one stage.

    `searched` of `of` notes were searchable as a whole for this stage; `waiting` and `failed` are the rest.
    `total` counts the notes that hold a word of the query (keyword stage), or the rows of the fused list.
    `notices` tell what took no part.
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
    """A watched notes folder with its counts. `complete + waiting + failed == documents`. `model` is
    "provider/name".

    `next_model`: the one that is being prepared beside it ("" for none), with `next_done` of `next_total`
    passages embedded; `previous_model`: the last one whose index is kept so that going back costs nothing;
    `former_models`: all of them. `held_back` passages stay on this computer. `agreed`: whether the user has
    agreed to what the model (the next one, where there is one) is sent.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class FileProblem:
    """A file that could not be indexed, or a folder that cannot be watched: what happened, and whether
    retrying may help."""

    path: Path
    what: Told
    retryable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldDeletions:
    """Many notes of a folder vanished at once: nothing is removed from the index until the user says so."""

    folder: Path
    missing: int
    of: int


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexingStatus:
    """A snapshot of the indexer, published at most ten times a second.

    `done` of `total` notes of the work under way; `stage` is "reading" or "embedding" ("" when idle);
    `seconds_left` is an estimate or None. `documents`, `complete`, `waiting`, `failed` count notes over all
    folders; `chunks` and `embedded` count chunks. `error` tells what stopped the indexer. `position` counts
    changes of documents: answers may differ when it does.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderTrouble:
    """A model that cannot be used at present: whose, and what happened. `waits_for_person`: it goes
    on only after the user has acted, else by itself. `remedy`: where that is done, "key", "model" or
    "settings"; "" where there is nothing but to try again."""

    provider: str
    model: str
    what: Told
    waits_for_person: bool
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexSummary:
    """What one reconcile did. `reused` chunks had a vector already; `requests` and `tokens` are of remote
    models."""

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
    """The extracted text of a note for the preview: characters [offset, offset + len(text)) of the whole,
    starting at line `line` of the file. `truncated` says that the note is longer; `part` as of a Match."""

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


class HeldBack(StrEnum):
    """Why a passage is not sent to a remote model."""

    PRIVATE = "private"
    SECRET = "secret"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldNote:
    """A note of which something is not sent: `passages` of it, for these reasons. `ignored`: an ignore file
    names it, so it is not even read."""

    path: Path
    title: str
    passages: int = 0
    reasons: tuple[HeldBack, ...] = ()
    ignored: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """One passage as a remote model would be sent it: the exact text, and why it is held back (None: it is
    sent)."""

    text: str
    line: int
    held_back: HeldBack | None
    sent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """A model that can be chosen for a folder. `price`: US dollars per million tokens, None where it is not
    known. `least_dimensions`, `most_dimensions`: how many can be asked for by `identifier#dimensions`; 0
    where there is no choice."""

    identifier: str
    title: str
    provider: str
    provider_title: str
    host: str
    remote: bool
    dimensions: int
    context: int
    price: float | None
    best_for: str = ""
    retired: str = ""
    least_dimensions: int = 0
    most_dimensions: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderInfo:
    """A provider as the settings show it. `key_state`: "stored", "locked", "absent" or "session-only";
    `key_source`: "keyring", "memory", "environment" or ""; `has_keyring`: whether there is a keyring
    here at all. Budgets: 0 for none. `folders` use it."""

    name: str
    title: str
    base_url: str
    needs_key: bool
    key_variable: str
    page: str
    key_state: str
    key_source: str
    has_keyring: bool
    budget: float
    token_budget: int
    spent: Spent
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """A folder looked at before it is added; for a file (`is_file`) the one it is in. Nothing was opened.

    `notes` that would be searched; `more`: counting stopped early, there are at least so many. `covered_by`:
    the searched folder that it is or lies in; `covers`: searched folders inside it. `whole`: "home" (the home
    folder or one above it), "disk" (all of a disk), or "". `kind`: as of a Vault, or "". `refusal`: why it
    cannot be added, None where it can.
    """

    path: Path
    is_file: bool = False
    notes: int = 0
    more: bool = False
    covered_by: Path | None = None
    covers: tuple[Path, ...] = ()
    whole: str = ""
    kind: str = ""
    refusal: Told | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Vault:
    """A folder that another notes program keeps. `kind`: "obsidian", "logseq", "joplin" (an export) or
    "zettelkasten". `notes`, `more`: as in a Survey. `searched`: it is, or lies in, a searched folder."""

    path: Path
    kind: str
    notes: int
    more: bool
    searched: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleError:
    """A line (from 1) of ignore rules that is no valid pattern, and what is wrong with it."""

    line: int
    text: str
    what: Told


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoredCount:
    """What rules would leave out: `ignored` of `notes`, the first of them in `paths`. `errors`: lines that
    rule nothing. `more`: counting was stopped early."""

    ignored: int
    notes: int
    paths: tuple[Path, ...] = ()
    errors: tuple[RuleError, ...] = ()
    more: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of `notesearch doctor`: what was checked, what was found, and whether it is well."""

    what: Told
    found: Told
    well: bool
