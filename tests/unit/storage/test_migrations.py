"""Migrations: from every earlier version to the newest with the rows kept, newer schemas refused, failures
rolled back."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.domain import Told, told
from notesearch.errors import StoreError, StoreTooNew
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.migrations import MIGRATIONS, migrate
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import AtPaths, InFolder


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        yield connection


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def schema_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return sorted(connection.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall())


def fill(connection: sqlite3.Connection) -> dict[str, int]:
    """A row in every table, whatever columns the schema of this version has. Returns the number of rows by
    table."""
    connection.execute("PRAGMA foreign_keys = OFF")
    tables = [
        row[0]
        for row in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    for table in tables:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        values = [
            1 if "INT" in kind else b"0123456789abcdef" if kind == "BLOB" else "[]"
            for _, _, kind, *_ in columns
        ]
        connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(values))})", values)
    return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.mark.parametrize("earlier", range(len(MIGRATIONS) + 1))
def test_every_earlier_version_comes_to_the_newest_schema(
    database: sqlite3.Connection, tmp_path: Path, earlier: int
) -> None:
    migrate(database, MIGRATIONS[:earlier])
    assert version_of(database) == earlier
    rows = fill(database)
    migrate(database)
    assert version_of(database) == len(MIGRATIONS)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh)
        assert schema_of(database) == schema_of(fresh)
    for table, number in rows.items():
        if database.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone():
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= number
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    store = Store(tmp_path)
    assert store.instance
    assert len(store.folders.rows()) <= 1
    store.close()


def test_from_version_1_notes_count_as_read_less_well_and_orphans_begin_to_age(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    migrate(database, MIGRATIONS[:1])
    fill(database)
    used, orphan = 1, 2
    database.execute("INSERT INTO vectors VALUES (?, 'm', x'00', x'00')", (orphan,))
    database.close()
    before = time.time() - 1
    with closing(Store(tmp_path)) as store:
        (known,) = [k for k in store.places.known(InFolder(1)).values() if k.document_id is not None]
        assert known.reading == 0
        assert store.vectors.forget_unused(before, 0.0, 10) == 0
        assert store.vectors.forget_unused(before + 3600, 0.0, 10) == 1
        assert set(store.vectors.by_id([used, orphan])) == {used}


def test_from_version_3_the_former_model_and_what_was_refused_are_known(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    migrate(database, MIGRATIONS[:3])
    database.execute("INSERT INTO folders (id, path, model, previous_model) VALUES (1, '/n', 'a/b', 'c/d')")
    database.execute(
        "INSERT INTO documents (id, folder_id, path, size, mtime_ns, content_hash, fingerprint, format, "
        "title, first_line, length, language, tags,"
        " aliases, created, updated, private, expected, embedded, position) VALUES (1, 1, '/n/a.md', 1, 1, "
        "'h', 'm', 'md', 't', 1, 1, '', '[]', '[]',"
        " '', '', 0, 0, 0, 1)"
    )
    database.execute("INSERT INTO chunks VALUES (1, 1, 0, 0, 1, 1, '[]', '', 1, x'01', NULL, 3)")
    database.execute("INSERT INTO problems VALUES ('/n/a.md', 1, 1, 1, 'Not wanted', '', 0, 0)")
    database.close()
    with closing(Store(tmp_path)) as store:
        assert store.folders.rows()[0].former_models == ("c/d",)
        assert store.database.read("SELECT fingerprint, text_hash, code, params FROM refused") == [
            ("m", b"\x01", "problem-before", '{"title":"Not wanted","hint":""}')
        ]
        assert [p.retryable for p in store.folders.problems()] == [True]


def test_a_reader_leaves_an_earlier_schema_to_the_owner(database: sqlite3.Connection, tmp_path: Path) -> None:
    migrate(database, MIGRATIONS[:-1])
    database.close()
    with pytest.raises(StoreError, match=r"store\.older") as refused:
        Store(tmp_path, read_only=True)
    assert refused.value.retryable


def test_the_newest_version_is_left_alone(database: sqlite3.Connection) -> None:
    migrate(database)
    before = database.total_changes
    migrate(database)
    assert database.total_changes == before


def test_a_newer_schema_is_refused_and_not_a_byte_changes(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    migrate(database)
    fill(database)
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreTooNew) as refused:
        Store(tmp_path)
    assert refused.value.code == "store-too-new"
    assert (tmp_path / DATABASE).read_bytes() == before


def test_a_reader_refuses_a_newer_schema_too(database: sqlite3.Connection, tmp_path: Path) -> None:
    database.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    with pytest.raises(StoreTooNew):
        Store(tmp_path, read_only=True)


def test_a_failing_migration_changes_nothing_and_can_be_repeated(database: sqlite3.Connection) -> None:
    migrate(database)
    fill(database)
    before = (version_of(database), schema_of(database), list(database.iterdump()))
    broken = (*MIGRATIONS, "CREATE TABLE extra (x); DELETE FROM folders; INSERT INTO nowhere VALUES (1)")
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, broken)
    assert not database.in_transaction
    assert (version_of(database), schema_of(database), list(database.iterdump())) == before
    migrate(database, (*MIGRATIONS, "CREATE TABLE extra (x)"))
    assert version_of(database) == len(MIGRATIONS) + 1


def test_migrations_before_a_failing_one_stay(database: sqlite3.Connection) -> None:
    steps = ("CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE b (y)")
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, steps)
    assert version_of(database) == 2
    assert [name for name, _ in schema_of(database)] == ["a", "b"]


@pytest.mark.parametrize("earlier", [1, 2])
def test_notes_of_an_earlier_version_are_complete_and_nothing_is_held_back(
    database: sqlite3.Connection, tmp_path: Path, earlier: int
) -> None:
    migrate(database, MIGRATIONS[:earlier])
    database.execute("INSERT INTO folders (path, model) VALUES ('/n', 'local/all-minilm-l6-v2')")
    for number in (1, 2):
        names = (
            "path, folder_id, size, mtime_ns, content_hash, fingerprint, format, title, first_line, "
            "length, language, tags, aliases, created,"
        )
        of_the_file = (f"/n/{number}.md", 1, 9, number, str(number))
        of_the_text = ("aa", "md", "t", 1, 4, "en", "[]", "[]", "", "", 0)
        values = (*of_the_file, *of_the_text, 2, 3 - number, number)
        marks = ", ".join("?" * len(values))
        database.execute(
            f"INSERT INTO documents ({names} updated, private, expected, embedded, position) VALUES "
            f"({marks})",
            values,
        )
        database.execute(
            "INSERT INTO vectors (fingerprint, text_hash, vector) VALUES ('aa', ?, ?)",
            (bytes([number]), b"\0" * 8),
        )
        for ordinal, vector in ((0, number), (1, 1 if number == 1 else None)):
            database.execute(
                "INSERT INTO chunks (document_id, ordinal, start, end, line, heading, prefix, tokens, "
                "text_hash, vector_id)"
                " VALUES (?, ?, 0, 4, 1, '[]', '', 3, ?, ?)",
                (number, ordinal, bytes([number, ordinal]), vector),
            )
    database.close()
    store = Store(tmp_path)
    (row,) = store.folders.rows()
    assert (row.documents, row.complete, row.waiting, row.chunks, row.embedded) == (2, 1, 1, 4, 3)
    assert (
        row.next_model,
        row.previous_model,
        row.agreed,
        row.pending_chunks,
        row.pending_embedded,
        row.held_back,
    ) == ("", "", "", 0, 0, 0)
    assert len(store.questions.waiting("aa", 10)) == 1
    assert store.folders.rows()[0].model == "local/all-minilm-l6-v2"
    assert store.places.known(AtPaths(["/n/1.md"]))
    store.close()


BEFORE_CODES = [
    # title, hint, what it is told as now
    ("Not a text file", "It holds binary data, so it was left out.", told("file-binary")),
    ("The file's name is not valid text", "Rename the file.", told("file-unreadable.name")),
    (
        "The file cannot be read: Permission denied",
        "Check that you are allowed to open it.",
        told("file-unreadable.because", reason="Permission denied"),
    ),
    (
        "This kind of file is not read",
        "Notes are Markdown, Plain text, Org or reStructuredText files.",
        told("extraction-failed.kind", formats="Markdown\nPlain text\nOrg\nreStructuredText"),
    ),
    (
        "The provider did not accept the request (422)",
        "Test the model in the settings, or choose another one. It said: input too long",
        told("request-refused.status", status=422, shown="input too long"),
    ),
    (
        "The provider did not accept the request (400)",
        "Test the model in the settings, or choose another one.",
        told("request-refused.status", status=400, shown=""),
    ),
    ('Nobody\'s "own" title', "", told("problem-before", title='Nobody\'s "own" title', hint="")),
]


@pytest.mark.parametrize(
    ("title", "hint", "what"), BEFORE_CODES, ids=[what.code for _, _, what in BEFORE_CODES]
)
def test_from_version_7_problems_and_refusals_become_codes(
    database: sqlite3.Connection, tmp_path: Path, title: str, hint: str, what: Told
) -> None:
    migrate(database, MIGRATIONS[:7])
    database.execute("INSERT INTO folders (id, path, model) VALUES (1, '/n', 'a/b')")
    database.execute("INSERT INTO problems VALUES (1, 'a.md', '', 1, 1, ?, ?, 1, 2, 0)", (title, hint))
    database.execute("INSERT INTO refused VALUES ('m', x'01', ?, ?)", (title, hint))
    database.close()
    with closing(Store(tmp_path)) as store:
        (problem,) = store.folders.problems()
        assert (problem.path, problem.what, problem.retryable) == (Path("/n/a.md"), what, True)
        assert store.folders.rows()[0].failed == 1
    again = sqlite3.connect(tmp_path / DATABASE)
    ((code, params),) = again.execute("SELECT code, params FROM refused").fetchall()
    again.close()
    assert told(code, **json.loads(params)) == what
