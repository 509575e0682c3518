"""Folders in the store, and the files in them that could not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.domain import told
from notesearch.errors import FileBinary, FileUnreadable
from notesearch.storage.local.sqlite.database import Database
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import Held, InFolder
from tests.unit.storage.conftest import (
    FINGERPRINT,
    MakeDocument,
    embed_all,
    fail,
)

# Folders


def test_removing_a_folder_keeps_what_others_use(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["one"], prefix="", content_hash="a")])
    fail(store, store.folders.rows()[0].id, root / "b.md", FileBinary())
    other = store.folders.add(Path("/other"), LOCAL.identifier)
    elsewhere = make("x.md", ["one"], prefix="", content_hash="b")
    embed_all(store)
    fields = {name: getattr(elsewhere, name) for name in elsewhere.__slots__}
    store.documents.put([type(elsewhere)(**{**fields, "folder_id": other, "path": Path("/other/x.md")})])
    store.folders.remove(next(f.id for f in store.folders.rows() if f.path == root))
    assert [f.path for f in store.folders.rows()] == [Path("/other")]
    assert store.folders.problems() == ()
    assert store.folders.rows()[0].complete == 1
    assert store.vectors.count_since(FINGERPRINT, 0) == 1


def test_folders_are_read_again_only_after_a_commit(
    store: Store, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Database(tmp_path, read_only=True)
    before = store.folders.rows()
    asked: list[str] = []
    read = Database.read
    monkeypatch.setattr(
        Database, "read", lambda self, sql, *more: asked.append(sql) or read(self, sql, *more)
    )
    assert store.folders.rows() is before
    assert asked == []
    assert other.unchanged("paths", lambda: other.read("SELECT path FROM folders")) == [(str(root),)]
    with store.database.write() as w:
        w.execute("UPDATE folders SET model = 'own/m'")
        assert [row.model for row in store.folders.rows()] == ["own/m"]  # in the transaction itself
    assert [row.model for row in store.folders.rows()] == ["own/m"]
    store.folders.add(Path("/other"), LOCAL.identifier)
    assert len(store.folders.rows()) == 2
    paths = other.unchanged("paths", lambda: other.read("SELECT path FROM folders ORDER BY 1"))
    assert paths == sorted([("/other",), (str(root),)])
    other.close()


def test_a_folder_is_added_once(store: Store, root: Path) -> None:
    assert store.folders.add(root, LOCAL.identifier) == store.folders.rows()[0].id


def test_a_folder_taken_up_by_the_one_around_it_keeps_its_vectors(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make("sub/a.md", ["one"])])
    fail(store, store.folders.rows()[0].id, root / "sub/b.md", FileUnreadable())
    embed_all(store)
    read_anew = make("sub/a.md", ["one"])
    parent = store.folders.add(Path("/"), LOCAL.identifier)
    store.folders.absorb(next(f.id for f in store.folders.rows() if f.path == root), Path("/"))
    (folder,) = store.folders.rows()
    assert (folder.id, folder.documents, folder.complete, folder.failed) == (parent, 2, 1, 1)
    assert {k.reading for k in store.places.known(InFolder(parent)).values()} == {0}
    fields = {name: getattr(read_anew, name) for name in read_anew.__slots__}
    assert store.documents.put([type(read_anew)(**{**fields, "folder_id": parent})])[0].reused == 1


def test_held_deletions_are_remembered(store: Store, root: Path, tmp_path: Path) -> None:
    store.folders.hold_deletions(store.folders.rows()[0].id, Held.ASKING, 30)
    assert (store.folders.rows()[0].held, store.folders.rows()[0].missing) == (Held.ASKING, 30)
    other = Store(tmp_path, read_only=True)
    assert other.folders.rows()[0].held
    other.close()
    store.folders.hold_deletions(store.folders.rows()[0].id, Held.NO, None)
    assert not store.folders.rows()[0].held


# Problems


def test_a_problem_replaces_the_note_and_a_good_reading_the_problem(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make("a.md", ["one"])])
    folder = store.folders.rows()[0].id
    fail(store, folder, root / "a.md", FileUnreadable(), size=5, mtime_ns=9)
    assert store.questions.document_at(root / "a.md") is None
    (problem,) = store.folders.problems()
    assert (problem.path, problem.what, problem.retryable) == (root / "a.md", told("file-unreadable"), True)
    assert store.places.known(InFolder(folder))[str(root / "a.md")][:3] == (None, 5, 9)
    (row,) = store.folders.rows()
    assert (row.documents, row.failed, row.complete, row.waiting) == (1, 1, 0, 0)
    store.documents.put([make("a.md", ["better"])])
    assert store.folders.problems() == ()


def test_problems_to_be_tried_again(store: Store, root: Path) -> None:
    folder = store.folders.rows()[0].id
    fail(store, folder, root / "again.md", FileUnreadable())
    fail(store, folder, root / "binary.md", FileBinary())
    assert store.folders.forget_problems(None) == [root / "again.md"]
    assert [p.path.name for p in store.folders.problems()] == ["binary.md"]
    assert store.folders.forget_problems([root / "binary.md"]) == [root / "binary.md"]
    assert store.folders.problems() == ()
