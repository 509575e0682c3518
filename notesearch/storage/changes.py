"""Changes of a library, as values: what may happen to folders, documents and problems. `Library.apply` takes
several and does them in order, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.errors import NotesearchError
from notesearch.storage.values import ChunkPlan, Held, NewDocument, Stored

# Folders


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderAdded:
    """Take up a folder (absolute). Its id is in `Applied.folders`, also where it is there already."""

    path: Path
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderRemoved:
    """Forget a folder, its documents and, where nothing else uses them, their vectors."""

    folder_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderAbsorbed:
    """Give a folder's documents to `parent`, the folder around it. They are read anew, for their trail
    differs; their vectors stay."""

    folder_id: int
    parent: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletionsHeld:
    """Whether the deletions of a folder are held, and what the user said. `missing`: how many notes they are;
    None where that stays as it is."""

    folder_id: int
    held: Held
    missing: int | None = None


# The model of a folder


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChosen:
    """Another model from here on, for a folder that has nothing embedded: nothing could answer meanwhile."""

    folder_id: int
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NextModelChosen:
    """Prepare another model beside the one that answers ("" to stop that). What was cut for an earlier choice
    is forgotten, its vectors are kept."""

    folder_id: int
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelAgreed:
    """The user's word for what of a folder may be sent where: all of it, in place of what was agreed."""

    folder_id: int
    consent_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSwitched:
    """Let the next model answer, where nothing of it is missing and the user has not chosen another one
    meanwhile: then the folder is in `Applied.switched`, else nothing changes."""

    folder_id: int
    model: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerModelsForgotten:
    """The folder does not go back to a former model. Their vectors go with `Upkeep.forget_models`."""

    folder_id: int


# Documents. NewDocument is a change too: insert it, or replace what stands at its place.


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRead:
    """A file that holds several documents was read to its end: these parts are in it, of `size` bytes. What
    it held before and holds no more is forgotten, and so is its problem."""

    folder_id: int
    path: Path
    size: int
    parts: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentTouched:
    """Only the file's time changed: the content is the same, and so is the position."""

    document_id: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentCut:
    """Cut a document that is there for its folder's next model too; None forgets what it was cut for, the
    vectors are kept."""

    document_id: int
    plan: ChunkPlan | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PathsRemoved:
    """Forget the documents, of every part, and the problems at these absolute paths. How many documents that
    were is in `Applied.removed`."""

    paths: Sequence[str]


# What could not be read or may not be sent


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFailed:
    """A file that cannot be read becomes a problem. What an earlier version of it held leaves the index: it
    is no longer true."""

    folder_id: int
    path: Path
    error: NotesearchError
    size: int
    mtime_ns: int
    reading: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemsForgotten:
    """Drop these problems (None: all that may be retried), so that the files are read again and what a model
    refused of them is sent again. The paths are in `Applied.to_read`."""

    paths: Sequence[Path] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PassagesAllowed:
    """The user lets what is held back of a document be sent after all, now and when it is cut again. How many
    passages those are is in `Applied.allowed`."""

    document_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TextsRefused:
    """The model does not embed these texts (hashes): they are held back, also when they are cut again, and
    the notes they stand in are among the problems."""

    fingerprint: str
    digests: Sequence[bytes]
    error: NotesearchError


Change = (
    FolderAdded
    | FolderRemoved
    | FolderAbsorbed
    | DeletionsHeld
    | ModelChosen
    | NextModelChosen
    | ModelAgreed
    | ModelSwitched
    | FormerModelsForgotten
    | NewDocument
    | FileRead
    | DocumentTouched
    | DocumentCut
    | PathsRemoved
    | FileFailed
    | ProblemsForgotten
    | PassagesAllowed
    | TextsRefused
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What came of changes, in their order. `documents`: of each NewDocument whose folder is still there.
    `folders`: ids of each FolderAdded; `switched`: folders whose next model answers now. `removed` documents
    and `allowed` passages are counted over all changes."""

    documents: tuple[Stored, ...] = ()
    folders: tuple[int, ...] = ()
    switched: tuple[int, ...] = ()
    to_read: tuple[Path, ...] = ()
    removed: int = 0
    allowed: int = 0
