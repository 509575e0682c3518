"""Migration 7: a document is identified by (folder, relative POSIX path, part); so is a problem.

SQLite cannot change what is unique in a table, so the tables are built anew. Ids, chunks and vectors stay the
same, and nothing is embedded again. A document whose path is not in its folder (there should be none) is
removed; the next comparison with the disk finds it again.
"""

from __future__ import annotations

from notesearch.storage.local.sqlite.migration_counts import (
    DOCUMENT_TRIGGERS,
    LANGUAGE_TRIGGERS,
    PROBLEM_TRIGGERS,
)

_WINDOWS = "(f.path LIKE '_:\\%' OR f.path LIKE '\\\\%')"
_BEGINNING = f"(length(f.path) + 2 - (f.path LIKE '%/' OR ({_WINDOWS} AND f.path LIKE '%\\')))"


def _relative(table: str) -> str:
    rest = f"substr({table}.path, {_BEGINNING})"
    return f"CASE WHEN {_WINDOWS} THEN replace({rest}, '\\', '/') ELSE {rest} END"


def _inside(table: str) -> str:
    return f"folders f ON f.id = {table}.folder_id AND substr({table}.path, 1, length(f.path)) = f.path"


_KEPT = (
    "size, mtime_ns, content_hash, fingerprint, format, title, first_line, length, language, tags, aliases, "
    "created, updated, private, expected, embedded, position, reading, embedded_title, pending_fingerprint, "
    "pending_expected, pending_embedded, held_back, pending_held_back"
)
_KEPT_OF = ", ".join(f"d.{name}" for name in _KEPT.split(", "))

PLACES = f"""
    CREATE TABLE documents_new (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        folder_id INTEGER NOT NULL REFERENCES folders (id),
        relative_path TEXT NOT NULL,
        part TEXT NOT NULL DEFAULT '',
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
        position INTEGER NOT NULL,
        reading INTEGER NOT NULL DEFAULT 0,
        embedded_title TEXT NOT NULL DEFAULT '',
        pending_fingerprint TEXT NOT NULL DEFAULT '',
        pending_expected INTEGER NOT NULL DEFAULT 0,
        pending_embedded INTEGER NOT NULL DEFAULT 0,
        held_back INTEGER NOT NULL DEFAULT 0,
        pending_held_back INTEGER NOT NULL DEFAULT 0,
        UNIQUE (folder_id, relative_path, part)
    );
    INSERT OR IGNORE INTO documents_new (id, folder_id, relative_path, {_KEPT})
        SELECT d.id, d.folder_id, {_relative("d")}, {_KEPT_OF} FROM documents d JOIN {_inside("d")};
    -- Ids are never used twice, also those of documents that are gone.
    DELETE FROM sqlite_sequence WHERE name = 'documents_new';
    INSERT INTO sqlite_sequence SELECT 'documents_new', seq FROM sqlite_sequence WHERE name = 'documents';
    INSERT OR IGNORE INTO tombstones
        SELECT position, id FROM documents WHERE id NOT IN (SELECT id FROM documents_new);
    DROP TABLE documents;
    ALTER TABLE documents_new RENAME TO documents;
    DELETE FROM chunks WHERE document_id NOT IN (SELECT id FROM documents);
    DELETE FROM texts WHERE document_id NOT IN (SELECT id FROM documents);
    DELETE FROM facets WHERE document_id NOT IN (SELECT id FROM documents);
    CREATE INDEX documents_hash ON documents (content_hash);
    CREATE INDEX documents_position ON documents (position);
    CREATE INDEX documents_newest ON documents (mtime_ns DESC, id);
    CREATE INDEX documents_renamed ON documents (folder_id) WHERE embedded_title <> title;
    CREATE INDEX documents_waiting ON documents (folder_id, fingerprint, expected > 2000, mtime_ns DESC)
        WHERE embedded < expected;
    CREATE INDEX documents_pending ON documents (folder_id, pending_fingerprint, mtime_ns DESC)
        WHERE pending_embedded < pending_expected;
    CREATE INDEX documents_folder ON documents (folder_id, pending_fingerprint);
    {DOCUMENT_TRIGGERS}
    {LANGUAGE_TRIGGERS}
    DELETE FROM counts;
    INSERT INTO counts SELECT folder_id, fingerprint, count(*), sum(embedded >= expected), sum(expected),
        sum(embedded), sum(pending_expected), sum(pending_embedded), sum(held_back), sum(pending_held_back)
        FROM documents GROUP BY folder_id, fingerprint;
    DELETE FROM language_counts;
    INSERT INTO language_counts SELECT language, count(*) FROM documents GROUP BY language;

    -- In which folders a document is, by the folder's number and the path from there.
    DELETE FROM facets WHERE facet >= 'in:' AND facet < 'in;';
    WITH RECURSIVE place (document_id, folder_id, rest, done) AS (
        SELECT id, folder_id, relative_path, '' FROM documents
        UNION ALL
        SELECT document_id, folder_id, substr(rest, instr(rest, '/') + 1),
            done || '/' || substr(rest, 1, instr(rest, '/') - 1)
        FROM place WHERE instr(rest, '/') > 0
    )
    INSERT INTO facets SELECT 'in:' || folder_id || done, document_id FROM place;

    CREATE TABLE problems_new (
        folder_id INTEGER NOT NULL REFERENCES folders (id),
        relative_path TEXT NOT NULL,
        part TEXT NOT NULL DEFAULT '',
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        title TEXT NOT NULL,
        hint TEXT NOT NULL,
        retryable INTEGER NOT NULL,
        reading INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (folder_id, relative_path, part)
    ) WITHOUT ROWID;
    INSERT OR IGNORE INTO problems_new
        SELECT p.folder_id, {_relative("p")}, '', p.size, p.mtime_ns, p.title, p.hint, p.retryable, p.reading,
            p.refused
        FROM problems p JOIN {_inside("p")};
    DROP TABLE problems;
    ALTER TABLE problems_new RENAME TO problems;
    {PROBLEM_TRIGGERS}
    DELETE FROM problem_counts;
    INSERT INTO problem_counts SELECT folder_id, sum(refused = 0) FROM problems GROUP BY folder_id;

    UPDATE folders AS f SET path = replace(path, '\\', '/') WHERE {_WINDOWS};
"""
