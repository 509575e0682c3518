"""The schema of the database, as numbered migrations. Each runs once, in order, in its own transaction;
`user_version` is the number of those that have run."""

from __future__ import annotations

import sqlite3

from notesearch.errors import StoreDamaged, StoreError, StoreTooNew
from notesearch.storage.local.sqlite.migration_codes import CODES
from notesearch.storage.local.sqlite.migration_counts import COUNTS
from notesearch.storage.local.sqlite.migration_places import PLACES

MIGRATIONS: tuple[str, ...] = (
    # 1: folders, documents with their text in segments, chunks, and the cache of vectors beside the chunks.
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO meta VALUES ('instance', lower(hex(randomblob(16))));

    CREATE TABLE folders (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE,
        model TEXT NOT NULL,
        held INTEGER NOT NULL DEFAULT 0
    );

    CREATE TABLE documents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder_id INTEGER NOT NULL REFERENCES folders (id),
        path TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        content_hash TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        format TEXT NOT NULL,
        title TEXT NOT NULL,
        first_line INTEGER NOT NULL,
        length INTEGER NOT NULL,
        language TEXT NOT NULL,
        tags TEXT NOT NULL,
        aliases TEXT NOT NULL,
        created TEXT NOT NULL,
        updated TEXT NOT NULL,
        private INTEGER NOT NULL,
        expected INTEGER NOT NULL,
        embedded INTEGER NOT NULL,
        position INTEGER NOT NULL
    );
    -- Covering: counting 50,000 notes reads this index alone.
    CREATE INDEX documents_folder ON documents (folder_id, expected, embedded);
    CREATE INDEX documents_language ON documents (language);
    CREATE INDEX documents_hash ON documents (content_hash);
    CREATE INDEX documents_position ON documents (position);
    CREATE INDEX documents_newest ON documents (mtime_ns);
    CREATE INDEX documents_waiting ON documents (expected > 2000, mtime_ns DESC) WHERE embedded < expected;

    -- Documents that left the index, so that a copy which lags behind learns of it.
    CREATE TABLE tombstones (position INTEGER PRIMARY KEY, document_id INTEGER NOT NULL);

    -- The text in segments: a snippet from a note of 50 MB reads one segment, not the note.
    CREATE TABLE texts (
        document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        segment INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (document_id, segment)
    ) WITHOUT ROWID;

    CREATE TABLE facets (
        facet TEXT NOT NULL,
        document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        PRIMARY KEY (facet, document_id)
    ) WITHOUT ROWID;
    CREATE INDEX facets_document ON facets (document_id);

    CREATE TABLE vectors (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        vector BLOB NOT NULL,
        UNIQUE (fingerprint, text_hash)
    );

    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        line INTEGER NOT NULL,
        heading TEXT NOT NULL,
        prefix TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        text_hash BLOB NOT NULL,
        vector_id INTEGER REFERENCES vectors (id)
    );
    CREATE INDEX chunks_document ON chunks (document_id, ordinal);
    CREATE INDEX chunks_vector ON chunks (vector_id) WHERE vector_id IS NOT NULL;
    CREATE INDEX chunks_waiting ON chunks (text_hash) WHERE vector_id IS NULL;

    CREATE TABLE problems (
        path TEXT PRIMARY KEY,
        folder_id INTEGER NOT NULL REFERENCES folders (id),
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        title TEXT NOT NULL,
        hint TEXT NOT NULL,
        retryable INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    # 2: how well each note was read (0: by a version that did not count it), so that notes are read again
    # after an improvement; the title with which the prefixes of a note's chunks begin, which is kept after a
    # rename; since when a vector is unused, in seconds since the epoch. There was one model only, so every
    # vector without a chunk was left over from an edit or a removal.
    """
    ALTER TABLE documents ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE problems ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE vectors ADD COLUMN unused_since INTEGER;
    ALTER TABLE documents ADD COLUMN embedded_title TEXT NOT NULL DEFAULT '';
    UPDATE documents SET embedded_title = title;
    CREATE INDEX documents_renamed ON documents (folder_id) WHERE embedded_title <> title;
    CREATE INDEX vectors_unused ON vectors (unused_since) WHERE unused_since IS NOT NULL;
    UPDATE vectors SET unused_since = CAST(strftime('%s', 'now') AS INTEGER)
        WHERE NOT EXISTS (SELECT 1 FROM chunks WHERE vector_id = vectors.id);
    """,
    # 3: a folder's next and former model, and what the user agreed to; the passages of the next model beside
    # those that answer, counted in their note's row in the same way; passages that are not sent to a remote
    # model (0: sent; see document_table.HELD), and texts that the user allowed.
    """
    ALTER TABLE folders ADD COLUMN next_model TEXT NOT NULL DEFAULT '';
    ALTER TABLE folders ADD COLUMN previous_model TEXT NOT NULL DEFAULT '';
    ALTER TABLE folders ADD COLUMN agreed TEXT NOT NULL DEFAULT '';
    ALTER TABLE documents ADD COLUMN pending_fingerprint TEXT NOT NULL DEFAULT '';
    ALTER TABLE documents ADD COLUMN pending_expected INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE documents ADD COLUMN pending_embedded INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE documents ADD COLUMN held_back INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE documents ADD COLUMN pending_held_back INTEGER NOT NULL DEFAULT 0;
    DROP INDEX documents_folder;
    CREATE INDEX documents_folder ON documents
        (folder_id, expected, embedded, pending_expected, pending_embedded, held_back, pending_held_back);
    CREATE INDEX documents_pending ON documents (pending_fingerprint, mtime_ns DESC) WHERE pending_embedded < pending_expected;
    ALTER TABLE chunks ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

    CREATE TABLE pending_chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        line INTEGER NOT NULL,
        heading TEXT NOT NULL,
        prefix TEXT NOT NULL,
        tokens INTEGER NOT NULL,
        text_hash BLOB NOT NULL,
        vector_id INTEGER REFERENCES vectors (id),
        held INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX pending_document ON pending_chunks (document_id, ordinal);
    CREATE INDEX pending_vector ON pending_chunks (vector_id) WHERE vector_id IS NOT NULL;
    CREATE INDEX pending_waiting ON pending_chunks (text_hash) WHERE vector_id IS NULL;

    CREATE TABLE allowed (text_hash BLOB PRIMARY KEY) WITHOUT ROWID;
    """,  # noqa: E501
    # 4: every model that a folder had or began to prepare, with the fingerprint of its vectors ('' for models
    # of before this migration); texts that a model refused, so that an edit elsewhere in the note does not
    # send them again.
    """
    CREATE TABLE former_models (
        folder_id INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
        model TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        PRIMARY KEY (folder_id, model, fingerprint)
    ) WITHOUT ROWID;
    INSERT INTO former_models SELECT id, previous_model, '' FROM folders WHERE previous_model <> '';

    CREATE TABLE refused (
        fingerprint TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        title TEXT NOT NULL,
        hint TEXT NOT NULL,
        PRIMARY KEY (fingerprint, text_hash)
    ) WITHOUT ROWID;
    INSERT OR IGNORE INTO refused SELECT d.fingerprint, c.text_hash, p.title, p.hint
        FROM chunks c JOIN documents d ON d.id = c.document_id JOIN problems p ON p.path = d.path WHERE c.held = 3;
    INSERT OR IGNORE INTO refused SELECT d.pending_fingerprint, c.text_hash, p.title, p.hint
        FROM pending_chunks c JOIN documents d ON d.id = c.document_id JOIN problems p ON p.path = d.path WHERE c.held = 3;
    UPDATE problems SET retryable = 1 WHERE path IN (SELECT path FROM documents);
    """,  # noqa: E501
    COUNTS,
    # 6: one table of chunks. `generation` tells those that answer (0) from those that are prepared for a
    # folder's next model (1).
    """
    ALTER TABLE chunks ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
    DROP INDEX chunks_document;
    CREATE INDEX chunks_document ON chunks (document_id, generation, ordinal);
    INSERT INTO chunks (document_id, ordinal, start, end, line, heading, prefix, tokens, text_hash, vector_id,
        held, generation)
        SELECT document_id, ordinal, start, end, line, heading, prefix, tokens, text_hash, vector_id, held, 1
        FROM pending_chunks ORDER BY id;
    DROP TABLE pending_chunks;
    """,
    PLACES,
    CODES,
    # 9: where a passage is in its file, as JSON ('' where its line says so).
    "ALTER TABLE chunks ADD COLUMN locator TEXT NOT NULL DEFAULT ''",
    # 10: how many notes of a folder are gone from the disk and held, so that no status has to look for them.
    "ALTER TABLE folders ADD COLUMN missing INTEGER NOT NULL DEFAULT 0",
    # 11: what a note says about itself, as a JSON list of "key: value". A note of before is read again, since
    # its format has another number of reading.
    "ALTER TABLE documents ADD COLUMN properties TEXT NOT NULL DEFAULT '[]'",
    # 12: how many files of a folder are of other kinds, as the last scan counted them.
    "ALTER TABLE folders ADD COLUMN others INTEGER NOT NULL DEFAULT 0",
    # 13: whether the user's consents are from when only notes of the first four kinds were read.
    """
    ALTER TABLE folders ADD COLUMN first_kinds INTEGER NOT NULL DEFAULT 0;
    UPDATE folders SET first_kinds = 1 WHERE agreed <> '';
    """,
    # 14: when the system changed anything of a document's file; 0 for one that an earlier version read.
    "ALTER TABLE documents ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0",
)


# Tables that the database has in every version.
OWN_TABLES = frozenset(("meta", "folders", "documents", "vectors"))


def refuse_newer(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Raise StoreTooNew for a schema that this version does not know. Changes nothing."""
    if connection.execute("PRAGMA user_version").fetchone()[0] > len(migrations):
        raise StoreTooNew


def refuse_foreign(connection: sqlite3.Connection) -> None:
    """Raise StoreDamaged for a database that another program made. One without tables is none yet."""
    names = table_names(connection)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    ours = {"meta"} if version > len(MIGRATIONS) else OWN_TABLES
    if names and not ours <= names:
        raise StoreDamaged("store-damaged.foreign")


def table_names(connection: sqlite3.Connection) -> set[str]:
    """The names of all tables."""
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def refuse_older(connection: sqlite3.Connection) -> None:
    """Raise StoreError (retryable) for a schema that has to be migrated first, which a process that only
    reads may not do. Changes nothing."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < len(MIGRATIONS):
        raise StoreError("store.older", retryable=True)


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Run the migrations that are missing. Raises StoreTooNew, and changes nothing, for a schema that this
    version does not know."""
    refuse_newer(connection, migrations)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    # Off, so that building a table anew does not delete the rows that refer to it. SQLite allows that only
    # outside a transaction.
    (enforced,) = connection.execute("PRAGMA foreign_keys").fetchone()
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        _run(connection, migrations, version)
    finally:
        connection.execute(f"PRAGMA foreign_keys = {enforced}")


def _run(connection: sqlite3.Connection, migrations: tuple[str, ...], version: int) -> None:
    for number in range(version, len(migrations)):
        # executescript first ends an open transaction, so the script begins and ends its own.
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {migrations[number]}; PRAGMA user_version = {number + 1}; COMMIT;"
            )
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise
