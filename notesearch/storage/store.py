"""The only truth: documents, their text, chunks and vectors in SQLite (WAL). Knows nothing of the keyword and
vector indexes.

Each part of the subject has a file: folders.py, pending.py, documents.py, vectors.py, questions.py;
database.py is what they stand on.
"""

from __future__ import annotations

from notesearch.storage.documents import Documents
from notesearch.storage.folders import Folders
from notesearch.storage.pending import Pending
from notesearch.storage.questions import Questions
from notesearch.storage.vectors import KeptVectors


class Store(Pending, Folders, Documents, KeptVectors, Questions):
    """The SQLite store. Any thread may read; writes are serialised by a lock. Not for a GUI thread.

    `read_only`: for a process that works beside the owner of the data folder; every write raises then.
    Raises StoreTooNew, StoreDamaged or StoreError on opening, and StoreError when asked after `close`.
    Positions count changes of documents: an index that was saved at position N asks for what changed since.
    """
