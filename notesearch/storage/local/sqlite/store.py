"""The SQLite store (WAL): documents, their text, chunks and vectors. All other files of the library are
copies of it. It knows nothing of the keyword index and the vector indexes.

The store consists of parts, each in a file: database.py below all of them, places.py (paths), vectors.py,
document_table.py, folder_table.py (folders, problems), pending.py (a folder's next model, what is held back),
reads.py and filters.py (questions). Triggers keep the counts (migration_counts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from notesearch.storage.changes import (
    Applied,
    Change,
    DeletionsHeld,
    DocumentCut,
    DocumentMoved,
    DocumentTouched,
    FileFailed,
    FileRead,
    FolderAbsorbed,
    FolderAdded,
    FolderRemoved,
    FormerModelsForgotten,
    ModelAgreed,
    ModelChosen,
    ModelSwitched,
    NextModelChosen,
    OthersCounted,
    PassagesAllowed,
    PathsRemoved,
    ProblemsForgotten,
    TextsRefused,
)
from notesearch.storage.local.sqlite.database import Database
from notesearch.storage.local.sqlite.document_table import Documents
from notesearch.storage.local.sqlite.filters import Filtering
from notesearch.storage.local.sqlite.folder_table import Folders
from notesearch.storage.local.sqlite.pending import Pending
from notesearch.storage.local.sqlite.places import Places
from notesearch.storage.local.sqlite.reads import Questions
from notesearch.storage.local.sqlite.vectors import KeptVectors, UseLog
from notesearch.storage.values import NewDocument, Stored


class Store:
    """The SQLite store. Any thread but the GUI thread may read; a lock lets one thread write at a time.

    `read_only` is for a process beside the owner of the data folder; every write raises StoreError then.
    `paths` is the notation of this machine's paths. Opening raises StoreTooNew, StoreDamaged or StoreError; a
    question after `close` raises StoreError. Positions count changes of documents: an index that was saved at
    position N asks for the changes since.
    """

    def __init__(self, data_dir: Path, *, read_only: bool = False, paths: type[PurePath] = Path) -> None:
        uses = UseLog()
        self.database = Database(data_dir, read_only=read_only, ended=uses.publish)
        self.places = Places(self.database, paths)
        self.vectors = KeptVectors(self.database, uses)
        self.documents = Documents(self.database, self.places, self.vectors)
        self.folders = Folders(self.database, self.places, self.documents, self.vectors)
        self.questions = Questions(self.database, self.places)
        self.pending = Pending(self.database, self.places, self.documents, self.vectors, self.questions)
        self.filters = Filtering(self.database)

    @property
    def instance(self) -> str:
        """A random name of this database. An index copy keeps it, to know which database it copies."""
        return self.database.instance

    @property
    def position(self) -> int:
        """The number of the newest change of a document."""
        return self.database.position

    def apply(self, changes: Sequence[Change]) -> Applied:
        """Do these changes, in order and in one transaction."""
        stored: list[Stored] = []
        folders: list[int] = []
        switched: list[int] = []
        to_read: list[Path] = []
        removed = allowed = 0
        with self.database.write():
            for change in changes:
                match change:
                    case NewDocument():
                        stored += self.documents.put([change])
                    case PathsRemoved(paths=paths):
                        removed += self.documents.remove(paths)
                    case FolderAdded(path=path, model=model):
                        folders.append(self.folders.add(path, model))
                    case ModelSwitched(folder_id=folder_id, model=model, fingerprint=fingerprint):
                        if self.pending.switch_model(folder_id, model, fingerprint):
                            switched.append(folder_id)
                    case ProblemsForgotten(paths=of):
                        to_read += self.folders.forget_problems(of)
                    case PassagesAllowed(document_id=document_id):
                        allowed += self.pending.allow(document_id)
                    case _:
                        self._do(change)
        return Applied(
            documents=tuple(stored),
            folders=tuple(folders),
            switched=tuple(switched),
            to_read=tuple(to_read),
            removed=removed,
            allowed=allowed,
        )

    def _do(
        self,
        change: FolderRemoved
        | FolderAbsorbed
        | DeletionsHeld
        | OthersCounted
        | ModelChosen
        | NextModelChosen
        | ModelAgreed
        | FormerModelsForgotten
        | DocumentTouched
        | DocumentMoved
        | DocumentCut
        | FileRead
        | FileFailed
        | TextsRefused,
    ) -> None:
        """Do a change that has no result."""
        match change:
            case FolderRemoved(folder_id=folder_id):
                self.folders.remove(folder_id)
            case FolderAbsorbed(folder_id=folder_id, parent=parent):
                self.folders.absorb(folder_id, parent)
            case DeletionsHeld(folder_id=folder_id, held=held, missing=missing):
                self.folders.hold_deletions(folder_id, held, missing)
            case OthersCounted(folder_id=folder_id, others=others):
                self.folders.count_others(folder_id, others)
            case ModelChosen(folder_id=folder_id, model=model):
                self.pending.set_model(folder_id, model)
            case NextModelChosen(folder_id=folder_id, model=model):
                self.pending.set_next_model(folder_id, model)
            case ModelAgreed(folder_id=folder_id, consent_text=consent_text):
                self.pending.agree(folder_id, consent_text)
            case FormerModelsForgotten(folder_id=folder_id):
                self.pending.forget_former(folder_id)
            case DocumentTouched(document_id=document_id, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns):
                self.documents.touch(document_id, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)
            case DocumentMoved():
                self.documents.move(change)
            case DocumentCut(document_id=document_id, plan=plan):
                self.documents.cut(document_id, plan)
            case FileRead():
                self.documents.finish(change)
            case FileFailed():
                self.folders.put_problem(change)
            case TextsRefused(fingerprint=fingerprint, digests=digests, error=error):
                self.pending.refuse_texts(fingerprint, digests, error)

    def check(self) -> list[str]:
        """SQLite's own integrity check: [] where all is well."""
        return self.database.check()

    def close(self) -> None:
        """Close every connection; questions under way in other threads raise StoreError."""
        self.database.close()
