"""The changes of a library, as values: what may happen to folders, documents and problems. `Library.apply`
does several of them in order, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.errors import NotesearchError
from notesearch.storage.values import ChunkPlan, Held, NewDocument, Stored

# Folders


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderAdded:
    """Add a folder (absolute). Its id is in `Applied.folders`, also where the library has it already."""

    path: Path
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderRemoved:
    """Remove a folder and its documents, and their vectors where nothing else uses those."""

    folder_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderAbsorbed:
    """Give a folder's documents to `parent`, the folder around it. They keep their vectors, but are read
    again, since their folder names differ."""

    folder_id: int
    parent: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletionsHeld:
    """Set whether the deletions of a folder are held, and what the user answered. `missing` is the number of
    notes that are held; None leaves it as it is."""

    folder_id: int
    held: Held
    missing: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OthersCounted:
    """Set how many files of a folder are of other kinds and are not read."""

    folder_id: int
    others: int


# The model of a folder


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChosen:
    """Change the model of a folder that has nothing embedded. No next model is prepared, since no vector
    could answer meanwhile."""

    folder_id: int
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NextModelChosen:
    """Prepare a next model beside the one that answers; "" stops that. Chunks cut for an earlier next model
    are deleted, their vectors are kept."""

    folder_id: int
    model: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelAgreed:
    """Store the user's consents for a folder: which model at which address may be sent its passages. The text
    replaces all earlier consents."""

    folder_id: int
    consent_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSwitched:
    """Let the next model answer, where it is complete and still the one that the user chose. Then the folder
    is in `Applied.switched`; else nothing changes."""

    folder_id: int
    model: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerModelsForgotten:
    """Forget the former models of a folder: it will not go back to them. Their vectors are deleted by
    `Upkeep.forget_models`."""

    folder_id: int


# Documents. NewDocument (in values.py) is a change too: it is inserted, or replaces the document at its
# place.


@dataclass(frozen=True, kw_only=True, slots=True)
class FileRead:
    """A file with several documents was read to its end: it holds these parts and is `size` bytes long.
    Documents of the file that are not among the parts are removed, and so is its problem."""

    folder_id: int
    path: Path
    size: int
    parts: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentTouched:
    """Only the times of a document's file changed. The content is the same, and so is the position."""

    document_id: int
    size: int
    mtime_ns: int
    ctime_ns: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentMoved:
    """The file of a document is at another place, with the same name and content. The document has a new
    position, since its place is searched too. `path` is absolute and inside the folder; `folders` are the
    facets "folder:..." of that place."""

    document_id: int
    folder_id: int
    path: Path
    folders: Sequence[str]
    size: int
    mtime_ns: int
    ctime_ns: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentCut:
    """Cut a stored document for its folder's next model too. None deletes what it was cut for; the vectors
    are kept."""

    document_id: int
    plan: ChunkPlan | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PathsRemoved:
    """Remove the documents (of every part) and the problems at these absolute paths. The number of documents
    is in `Applied.removed`."""

    paths: Sequence[str]


# What could not be read or may not be sent


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFailed:
    """A file could not be read: it becomes a problem. An earlier version of its documents is removed, since
    it is not true any more."""

    folder_id: int
    path: Path
    error: NotesearchError
    size: int
    mtime_ns: int
    reading: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ProblemsForgotten:
    """Remove these problems (None: all for which trying again may help). Their files are read again, and
    passages that a model refused are sent again. The paths are in `Applied.to_read`."""

    paths: Sequence[Path] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PassagesAllowed:
    """The user allows the passages of a document that are held back to be sent, now and whenever it is cut
    again. Their number is in `Applied.allowed`."""

    document_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TextsRefused:
    """A model refused these texts (given by their hashes). They are held back from now on, also when they are
    cut again, and their notes are listed as problems."""

    fingerprint: str
    digests: Sequence[bytes]
    error: NotesearchError


Change = (
    FolderAdded
    | FolderRemoved
    | FolderAbsorbed
    | DeletionsHeld
    | OthersCounted
    | ModelChosen
    | NextModelChosen
    | ModelAgreed
    | ModelSwitched
    | FormerModelsForgotten
    | NewDocument
    | FileRead
    | DocumentTouched
    | DocumentMoved
    | DocumentCut
    | PathsRemoved
    | FileFailed
    | ProblemsForgotten
    | PassagesAllowed
    | TextsRefused
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """The results of several changes, in their order.

    `documents` has an entry for each NewDocument whose folder still exists. `folders` has an id for each
    FolderAdded. `switched` are the folders whose next model answers now. `removed` documents and `allowed`
    passages are counted over all changes. `to_read` are the paths of ProblemsForgotten.
    """

    documents: tuple[Stored, ...] = ()
    folders: tuple[int, ...] = ()
    switched: tuple[int, ...] = ()
    to_read: tuple[Path, ...] = ()
    removed: int = 0
    allowed: int = 0
