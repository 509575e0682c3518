"""A real data folder of an earlier version (commit 844d524): it opens, is migrated, and nothing is embedded
again."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.config.paths import prepare_data_dir
from notesearch.config.settings import save_settings
from notesearch.domain import Query
from notesearch.errors import ConsentMissing
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.migrations import MIGRATIONS
from tests.conftest import StartEngine
from tests.gateway import KEY, Gateway
from tests.integration.conftest import SMALL, arrived, settings_for

# Three folders: Home has the local model (with a copy, a rename and a file that is no text), Work a remote
# one (with a private note), Later the local one and a remote one that waits for the user's word.
FIXTURE = Path(__file__).parents[1] / "data" / "library-844d524"


@pytest.fixture
def earlier(tmp_path: Path, gateway: Gateway) -> tuple[Path, Path]:
    """(data folder, folder of the notes) as the earlier version left them."""
    data_dir, notes = tmp_path / "data", tmp_path / "notes"
    shutil.copytree(FIXTURE / "notes", notes)
    prepare_data_dir(data_dir)
    save_settings(data_dir, settings_for(gateway))
    sql = gzip.decompress((FIXTURE / "notes.sql.gz").read_bytes()).decode().replace("@NOTES@", str(notes))
    with closing(sqlite3.connect(data_dir / DATABASE)) as db:
        db.executescript(sql)
        assert db.execute("PRAGMA user_version").fetchone() == (4,)
        assert db.execute("SELECT count(*) FROM pending_chunks").fetchone()[0] > 0
        for table in ("documents", "problems"):
            for path, mtime_ns in db.execute(f"SELECT path, mtime_ns FROM {table}"):
                os.utime(path, ns=(mtime_ns, mtime_ns))
    return data_dir, notes


def test_it_opens_is_migrated_and_nothing_is_embedded_again(
    earlier: tuple[Path, Path],
    gateway: Gateway,
    start_engine: StartEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data_dir, notes = earlier
    monkeypatch.setenv("AIMLAPI_API_KEY", KEY)
    with closing(sqlite3.connect(data_dir / DATABASE)) as db:
        vectors = db.execute("SELECT id, fingerprint, text_hash FROM vectors ORDER BY id").fetchall()
        documents = db.execute("SELECT count(*) FROM documents").fetchone()[0]
    engine = start_engine(data_dir, watch=False, embedders=None)
    engine.indexing.wait_ready()
    done = engine.reconcile([notes / "Home", notes / "Work"])
    assert (done.errors, done.held) == ((), 0)
    summary = done.summary
    assert (summary.embedded, summary.requests, summary.added, summary.moved) == (0,) * 4
    # All is read again, as it is understood better now. What is embedded is the same.
    assert (summary.changed, summary.unchanged, summary.failed) == (11, 0, 1)
    waits = engine.reconcile([notes / "Later"]).errors
    assert [type(error) for error in waits] == [ConsentMissing]
    status = engine.status()
    assert (status.documents, status.failed) == (documents + 1, 1)
    assert [p.path for p in engine.indexing.problems()] == [notes / "Home" / "broken.md"]
    assert engine.search.fused(Query(text="sleeper train Vienna", folder=notes / "Home")).matches[0].path == (
        notes / "Home" / "Travel" / "Night train to Vienna.md"
    )
    assert [m.path.parent.name for m in engine.search.words(Query(text="git", folder=notes / "Work")).matches]
    assert arrived(gateway, SMALL) == {}
    held_note, *_ = engine.models.held_back(notes / "Work")
    assert held_note.path == notes / "Work" / "private.md"
    engine.close()
    with closing(sqlite3.connect(data_dir / DATABASE)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert db.execute("SELECT id, fingerprint, text_hash FROM vectors ORDER BY id").fetchall() == vectors


def test_what_waited_for_the_users_word_is_sent_once(
    earlier: tuple[Path, Path],
    gateway: Gateway,
    start_engine: StartEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The passages cut for the next model are the same ones afterwards."""
    data_dir, notes = earlier
    monkeypatch.setenv("AIMLAPI_API_KEY", KEY)
    with closing(sqlite3.connect(data_dir / DATABASE)) as db:
        waiting = db.execute("SELECT count(DISTINCT text_hash) FROM pending_chunks").fetchone()[0]
    engine = start_engine(data_dir, watch=False, embedders=None)
    engine.models.agree(notes / "Later")
    assert engine.reconcile([notes / "Later"]).errors == ()
    assert sum(arrived(gateway, SMALL).values()) == len(arrived(gateway, SMALL)) == waiting
    engine.close()
