"""The only truth: documents, their text, chunks and vectors in SQLite (WAL). Knows nothing of the keyword and
vector indexes.

Each part of the subject has a file: folder_table.py (folders, problems), pending.py (a folder's next model),
documents.py, vectors.py, places.py (paths), filters.py, reads.py; database.py is what they stand on.
Triggers keep the counts (migration_counts.py).
"""

from __future__ import annotations

from notesearch.storage.local.sqlite.documents import Documents
from notesearch.storage.local.sqlite.filters import Filtering
from notesearch.storage.local.sqlite.folder_table import Folders
from notesearch.storage.local.sqlite.pending import Pending
from notesearch.storage.local.sqlite.reads import Questions
from notesearch.storage.local.sqlite.vectors import KeptVectors


class Store(Pending, Folders, Documents, KeptVectors, Questions, Filtering):
    """The SQLite store. Any thread may read; writes are serialised by a lock. Not for a GUI thread.

    `read_only`: for a process that works beside the owner of the data folder; every write raises then.
    Raises StoreTooNew, StoreDamaged or StoreError on opening, and StoreError when asked after `close`.
    Positions count changes of documents: an index that was saved at position N asks for what changed since.
    """
