"""Migration 5: counts that triggers keep, so that no search, no change and no status has to count a table.

`counts` has a row per (folder, fingerprint): documents, those that are complete, and their chunks.
`facet_counts`, `language_counts` and `problem_counts` count documents per facet, documents per language, and
unreadable files per folder. A trigger runs in the transaction of the change that it counts, so the numbers
are right at every commit. `texts.lines` counts the line breaks before a segment.
"""

from __future__ import annotations

DOCUMENT_TRIGGERS = """
    CREATE TRIGGER documents_come AFTER INSERT ON documents BEGIN
        INSERT INTO counts VALUES (
            NEW.folder_id, NEW.fingerprint, 1, NEW.embedded >= NEW.expected, NEW.expected, NEW.embedded,
            NEW.pending_expected, NEW.pending_embedded, NEW.held_back, NEW.pending_held_back
        ) ON CONFLICT (folder_id, fingerprint) DO UPDATE SET
            documents = documents + excluded.documents,
            complete = complete + excluded.complete,
            chunks = chunks + excluded.chunks,
            embedded = embedded + excluded.embedded,
            pending_chunks = pending_chunks + excluded.pending_chunks,
            pending_embedded = pending_embedded + excluded.pending_embedded,
            held_back = held_back + excluded.held_back,
            pending_held_back = pending_held_back + excluded.pending_held_back;
    END;
    CREATE TRIGGER documents_go AFTER DELETE ON documents BEGIN
        UPDATE counts SET
            documents = documents - 1,
            complete = complete - (OLD.embedded >= OLD.expected),
            chunks = chunks - OLD.expected,
            embedded = embedded - OLD.embedded,
            pending_chunks = pending_chunks - OLD.pending_expected,
            pending_embedded = pending_embedded - OLD.pending_embedded,
            held_back = held_back - OLD.held_back,
            pending_held_back = pending_held_back - OLD.pending_held_back
        WHERE folder_id = OLD.folder_id AND fingerprint = OLD.fingerprint;
        DELETE FROM counts
            WHERE folder_id = OLD.folder_id AND fingerprint = OLD.fingerprint AND documents <= 0;
    END;
    CREATE TRIGGER documents_change AFTER UPDATE OF folder_id, fingerprint, expected, embedded,
        pending_expected, pending_embedded, held_back, pending_held_back ON documents BEGIN
        UPDATE counts SET
            documents = documents - 1,
            complete = complete - (OLD.embedded >= OLD.expected),
            chunks = chunks - OLD.expected,
            embedded = embedded - OLD.embedded,
            pending_chunks = pending_chunks - OLD.pending_expected,
            pending_embedded = pending_embedded - OLD.pending_embedded,
            held_back = held_back - OLD.held_back,
            pending_held_back = pending_held_back - OLD.pending_held_back
        WHERE folder_id = OLD.folder_id AND fingerprint = OLD.fingerprint;
        DELETE FROM counts
            WHERE folder_id = OLD.folder_id AND fingerprint = OLD.fingerprint AND documents <= 0;
        INSERT INTO counts VALUES (
            NEW.folder_id, NEW.fingerprint, 1, NEW.embedded >= NEW.expected, NEW.expected, NEW.embedded,
            NEW.pending_expected, NEW.pending_embedded, NEW.held_back, NEW.pending_held_back
        ) ON CONFLICT (folder_id, fingerprint) DO UPDATE SET
            documents = documents + excluded.documents,
            complete = complete + excluded.complete,
            chunks = chunks + excluded.chunks,
            embedded = embedded + excluded.embedded,
            pending_chunks = pending_chunks + excluded.pending_chunks,
            pending_embedded = pending_embedded + excluded.pending_embedded,
            held_back = held_back + excluded.held_back,
            pending_held_back = pending_held_back + excluded.pending_held_back;
    END;
"""
LANGUAGE_TRIGGERS = """
    CREATE TRIGGER languages_come AFTER INSERT ON documents BEGIN
        INSERT INTO language_counts VALUES (NEW.language, 1)
            ON CONFLICT (language) DO UPDATE SET documents = documents + 1;
    END;
    CREATE TRIGGER languages_go AFTER DELETE ON documents BEGIN
        UPDATE language_counts SET documents = documents - 1 WHERE language = OLD.language;
    END;
    CREATE TRIGGER languages_change AFTER UPDATE OF language ON documents BEGIN
        UPDATE language_counts SET documents = documents - 1 WHERE language = OLD.language;
        INSERT INTO language_counts VALUES (NEW.language, 1)
            ON CONFLICT (language) DO UPDATE SET documents = documents + 1;
    END;
"""
PROBLEM_TRIGGERS = """
    CREATE TRIGGER problems_come AFTER INSERT ON problems BEGIN
        INSERT INTO problem_counts VALUES (NEW.folder_id, NEW.refused = 0)
            ON CONFLICT (folder_id) DO UPDATE SET failed = failed + excluded.failed;
    END;
    CREATE TRIGGER problems_go AFTER DELETE ON problems BEGIN
        UPDATE problem_counts SET failed = failed - (OLD.refused = 0) WHERE folder_id = OLD.folder_id;
    END;
    CREATE TRIGGER problems_change AFTER UPDATE OF folder_id, refused ON problems BEGIN
        UPDATE problem_counts SET failed = failed - (OLD.refused = 0) WHERE folder_id = OLD.folder_id;
        INSERT INTO problem_counts VALUES (NEW.folder_id, NEW.refused = 0)
            ON CONFLICT (folder_id) DO UPDATE SET failed = failed + excluded.failed;
    END;
"""
COUNTS = f"""
    CREATE TABLE counts (
        folder_id INTEGER NOT NULL,
        fingerprint TEXT NOT NULL,
        documents INTEGER NOT NULL,
        complete INTEGER NOT NULL,
        chunks INTEGER NOT NULL,
        embedded INTEGER NOT NULL,
        pending_chunks INTEGER NOT NULL,
        pending_embedded INTEGER NOT NULL,
        held_back INTEGER NOT NULL,
        pending_held_back INTEGER NOT NULL,
        PRIMARY KEY (folder_id, fingerprint)
    ) WITHOUT ROWID;
    INSERT INTO counts SELECT folder_id, fingerprint, count(*), sum(embedded >= expected), sum(expected),
        sum(embedded), sum(pending_expected), sum(pending_embedded), sum(held_back), sum(pending_held_back)
        FROM documents GROUP BY folder_id, fingerprint;
    {DOCUMENT_TRIGGERS}
    CREATE TABLE language_counts (language TEXT PRIMARY KEY, documents INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO language_counts SELECT language, count(*) FROM documents GROUP BY language;
    {LANGUAGE_TRIGGERS}
    CREATE TABLE facet_counts (facet TEXT PRIMARY KEY, documents INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO facet_counts SELECT facet, count(*) FROM facets GROUP BY facet;
    CREATE TRIGGER facets_come AFTER INSERT ON facets BEGIN
        INSERT INTO facet_counts VALUES (NEW.facet, 1)
            ON CONFLICT (facet) DO UPDATE SET documents = documents + 1;
    END;
    CREATE TRIGGER facets_go AFTER DELETE ON facets BEGIN
        UPDATE facet_counts SET documents = documents - 1 WHERE facet = OLD.facet;
        DELETE FROM facet_counts WHERE facet = OLD.facet AND documents <= 0;
    END;

    -- Whether the file is read and only some passages were refused by a model: such a note has not failed.
    ALTER TABLE problems ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
    UPDATE problems SET refused = 1 WHERE path IN (SELECT path FROM documents);
    CREATE TABLE problem_counts (folder_id INTEGER PRIMARY KEY, failed INTEGER NOT NULL);
    INSERT INTO problem_counts SELECT folder_id, sum(refused = 0) FROM problems GROUP BY folder_id;
    {PROBLEM_TRIGGERS}
    ALTER TABLE texts ADD COLUMN lines INTEGER NOT NULL DEFAULT 0;
    UPDATE texts SET lines = (SELECT coalesce(sum(length(b.text) - length(replace(b.text, char(10), ''))), 0)
        FROM texts b WHERE b.document_id = texts.document_id AND b.segment < texts.segment) WHERE segment > 0;

    -- What waits is asked for by folder and model, so that what another model waits for is never read over.
    DROP INDEX documents_waiting;
    CREATE INDEX documents_waiting ON documents (folder_id, fingerprint, expected > 2000, mtime_ns DESC)
        WHERE embedded < expected;
    DROP INDEX documents_pending;
    CREATE INDEX documents_pending ON documents (folder_id, pending_fingerprint, mtime_ns DESC)
        WHERE pending_embedded < pending_expected;
    DROP INDEX documents_newest;
    CREATE INDEX documents_newest ON documents (mtime_ns DESC, id);
    DROP INDEX documents_language;
    DROP INDEX documents_folder;
    CREATE INDEX documents_folder ON documents (folder_id, pending_fingerprint);
"""

# What the tables of counts say, and the same counted anew: (table, question, question).
COUNTED = (
    (
        "counts",
        "SELECT folder_id, fingerprint, documents, complete, chunks, embedded, pending_chunks, "
        "pending_embedded, held_back, pending_held_back FROM counts",
        "SELECT folder_id, fingerprint, count(*), sum(embedded >= expected), sum(expected), sum(embedded), "
        "sum(pending_expected), sum(pending_embedded), sum(held_back), sum(pending_held_back) FROM documents "
        "GROUP BY folder_id, fingerprint",
    ),
    (
        "language_counts",
        "SELECT language, documents FROM language_counts WHERE documents <> 0",
        "SELECT language, count(*) FROM documents GROUP BY language",
    ),
    (
        "facet_counts",
        "SELECT facet, documents FROM facet_counts",
        "SELECT facet, count(*) FROM facets GROUP BY facet",
    ),
    (
        "problem_counts",
        "SELECT folder_id, failed FROM problem_counts WHERE failed <> 0",
        "SELECT folder_id, sum(refused = 0) FROM problems GROUP BY folder_id HAVING sum(refused = 0) <> 0",
    ),
)
