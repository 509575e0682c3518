"""Where documents are: relative POSIX paths in the database, whatever system it was written on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from notesearch.catalogue import LOCAL
from notesearch.errors import FileBinary
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.migrations import MIGRATIONS, migrate
from notesearch.storage.local.sqlite.places import absolute_text, in_facets, relative_to
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import AtPaths, InFolder, WithContent
from tests.unit.storage.conftest import FINGERPRINT, MakeDocument, fail, state_of

WINDOWS = PureWindowsPath("C:\\Users\\me\\Notes")
POSIX = PurePosixPath("/home/me/Notes")


@pytest.fixture(params=[WINDOWS, POSIX], ids=["windows", "posix"])
def place(request: pytest.FixtureRequest) -> PurePath:
    """A folder of one system or the other."""
    path: PurePath = request.param
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, place: PurePath) -> Iterator[Store]:
    """A store as it would be on that system."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    store = Store(folder, paths=type(place))
    store.folders.add(place, LOCAL.identifier)  # type: ignore[arg-type]
    yield store
    store.close()


Put = Callable[..., int]


@pytest.fixture
def put(elsewhere: Store, place: PurePath, make: MakeDocument) -> Put:
    """Puts a note of that system into its store; its id."""

    def new(name: str, **about: object) -> int:
        document = make(name.replace("/", "-"), [name], **about)
        made = replace(document, folder_id=elsewhere.folders.rows()[0].id, path=place / name)  # type: ignore[arg-type]
        return elsewhere.documents.put([made])[0].document_id

    return new


@pytest.mark.parametrize(
    ("root", "path", "relative"),
    [
        (WINDOWS, WINDOWS / "sub" / "a.md", "sub/a.md"),
        (WINDOWS, PureWindowsPath("c:\\users\\ME\\notes\\Sub\\a.md"), "Sub/a.md"),
        (WINDOWS, WINDOWS, ""),
        (WINDOWS, PureWindowsPath("C:\\Users\\me\\Notes2\\a.md"), None),
        (WINDOWS, PureWindowsPath("D:\\Users\\me\\Notes\\a.md"), None),
        (PureWindowsPath("C:\\"), PureWindowsPath("C:\\a.md"), "a.md"),
        (PureWindowsPath("\\\\host\\share"), PureWindowsPath("\\\\host\\share\\x\\a.md"), "x/a.md"),
        (POSIX, POSIX / "sub" / "a\\b.md", "sub/a\\b.md"),
        (POSIX, PurePosixPath("/home/me/Notes2/a.md"), None),
        (PurePosixPath("/"), PurePosixPath("/a.md"), "a.md"),
    ],
)
def test_a_path_and_back(root: PurePath, path: PurePath, relative: str | None) -> None:
    assert relative_to(root, path) == relative
    if relative is not None:
        assert type(path)(absolute_text(root, relative)) == path


def test_the_folders_a_document_is_in() -> None:
    assert in_facets(3, "") == ["in:3"]
    assert in_facets(3, "a/b c") == ["in:3", "in:3/a", "in:3/a/b c"]


def test_a_vanished_folder_is_found_whatever_the_separator(
    elsewhere: Store, place: PurePath, put: Put
) -> None:
    inside = ["sub/a.md", "sub/deep/b.md"]
    for name in (*inside, "sub.md", "sub0/c.md", "subway/d.md", "e.md"):
        put(name)
    folder = elsewhere.folders.rows()[0].id
    bad = place / "sub" / "bad.md"
    fail(elsewhere, folder, bad, FileBinary())

    def under(path: PurePath) -> list[str]:
        return sorted(elsewhere.places.known(AtPaths([str(path)], below=True)))

    assert under(place / "sub") == sorted(str(place / name) for name in (*inside, "sub/bad.md"))
    assert under(place / "sub.md") == [str(place / "sub.md")]
    assert len(under(place)) == len(under(place.parent)) == 7
    assert under(place / "nothing") == []
    assert elsewhere.documents.remove(under(place / "sub")) == 2
    assert sorted(elsewhere.places.known(InFolder(folder))) == sorted(
        str(place / name) for name in ("sub.md", "sub0/c.md", "subway/d.md", "e.md")
    )


def test_paths_come_out_as_they_went_in(elsewhere: Store, place: PurePath, put: Put) -> None:
    number = put("sub/a b.md")
    path = place / "sub" / "a b.md"
    row = elsewhere.questions.document_at(path)  # type: ignore[arg-type]
    assert row is not None
    assert (row.id, row.path, str(row.path)) == (number, path, str(path))
    assert elsewhere.folders.rows()[0].path == place
    assert elsewhere.places.roots() == {row.folder_id: place}
    known = state_of(elsewhere, path)
    assert known is not None
    assert known.document_id == number
    both = AtPaths([str(path), str(place / "no.md")])
    assert list(elsewhere.places.known(both)) == [str(path)]
    assert list(elsewhere.places.known(WithContent(known.content_hash, FINGERPRINT))) == [str(path)]
    assert elsewhere.places.known(WithContent(known.content_hash, "other")) == {}


def test_the_database_holds_no_separator_of_windows(tmp_path: Path, make: MakeDocument) -> None:
    store = Store(tmp_path, paths=PureWindowsPath)
    folder = store.folders.add(WINDOWS, LOCAL.identifier)  # type: ignore[arg-type]
    path = WINDOWS / "sub" / "a.md"
    store.documents.put([replace(make("a.md"), folder_id=folder, path=path)])  # type: ignore[arg-type]
    fail(store, folder, WINDOWS / "x" / "b.md", FileBinary())
    store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as db:
        for table, columns in (
            ("folders", "path"),
            ("documents", "relative_path"),
            ("problems", "relative_path"),
            ("facets", "facet"),
        ):
            values = [row[0] for row in db.execute(f"SELECT {columns} FROM {table}")]
            assert values
            assert not any("\\" in value for value in values), table


def test_a_file_may_hold_several_documents(store: Store, make: MakeDocument, root: Path) -> None:
    first, second = make("mail.mbox", ["one"]), replace(make("mail.mbox", ["two"]), part="2")
    one, two = store.documents.put([first, second])
    assert one.document_id != two.document_id
    assert store.questions.documents([two.document_id])[two.document_id].part == "2"
    assert store.documents.put([second])[0].document_id == two.document_id
    assert list(store.places.known(AtPaths([str(root / "mail.mbox")], below=True))) == [
        str(root / "mail.mbox")
    ]
    assert store.documents.remove([str(root / "mail.mbox")]) == 2


def test_the_folder_that_a_search_is_limited_to(store: Store, make: MakeDocument, root: Path) -> None:
    a, b, c = store.documents.put([make(name, [name]) for name in ("a.md", "x/b.md", "x/y/c.md")])

    def inside(path: Path) -> set[int]:
        return store.filters.documents_with([store.places.folder_facet(path)])

    assert inside(root) == {a.document_id, b.document_id, c.document_id}
    assert inside(root / "x") == {b.document_id, c.document_id}
    assert inside(root / "x" / "y") == {c.document_id}
    assert inside(root / "xy") == inside(Path("/elsewhere")) == set()
    store.documents.put([make("z/c.md", ["x/y/c.md"], moved_from="x/y/c.md")])
    assert (inside(root / "x"), inside(root / "z")) == ({b.document_id}, {c.document_id})
    parent = store.folders.add(root.parent, LOCAL.identifier)
    store.folders.absorb(store.folders.rows()[1].id, root.parent)
    assert inside(root.parent) == inside(root) == {a.document_id, b.document_id, c.document_id}
    assert inside(root / "z") == {c.document_id}
    assert [f.id for f in store.folders.rows()] == [parent]
    assert store.questions.document_at(root / "z" / "c.md") is not None


# Migration


@pytest.mark.parametrize(
    ("root", "path", "relative"),
    [
        ("/home/me/Notes", "/home/me/Notes/sub/a.md", "sub/a.md"),
        ("/home/me/Notes", "/home/me/Notes/a\\b.md", "a\\b.md"),
        ("/", "/a/b.md", "a/b.md"),
        ("C:\\Notes", "C:\\Notes\\sub\\a.md", "sub/a.md"),
        ("D:\\", "D:\\sub\\a.md", "sub/a.md"),
        ("\\\\host\\share", "\\\\host\\share\\x\\a.md", "x/a.md"),
    ],
)
def test_earlier_paths_become_relative(tmp_path: Path, root: str, path: str, relative: str) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as db:
        migrate(db, MIGRATIONS[:4])
        db.execute("INSERT INTO folders (id, path, model) VALUES (7, ?, 'm')", (root,))
        names = (
            "folder_id, path, size, mtime_ns, content_hash, fingerprint, format, title, first_line, length,"
        )
        names += " language, tags, aliases, created, updated, private, expected, embedded, position"
        db.execute(
            f"INSERT INTO documents (id, {names}) VALUES (9, 7, ?, 1, 1, 'h', 'f', 'md', 't', 1, 1, 'en',"
            " '[]', '[]', '', '', 0, 1, 1, 3)",
            (path,),
        )
        db.execute("INSERT INTO facets VALUES (?, 9), ('type:md', 9)", (f"in:{root}",))
        db.execute("INSERT INTO problems VALUES (?, 7, 1, 1, 'no', '', 1, 1)", (f"{path}x",))
        db.execute("INSERT INTO vectors VALUES (1, 'f', x'01', x'02', NULL)")
        db.execute("INSERT INTO chunks VALUES (1, 9, 0, 0, 1, 1, '[]', '', 1, x'01', 1, 0)")
        db.execute("INSERT INTO pending_chunks VALUES (1, 9, 0, 0, 1, 1, '[]', '', 1, x'03', NULL, 0)")
        db.execute("UPDATE sqlite_sequence SET seq = 12 WHERE name = 'documents'")
        migrate(db)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT id, folder_id, relative_path, part FROM documents").fetchall() == [
            (9, 7, relative, "")
        ]
        assert db.execute("SELECT relative_path, part, refused FROM problems").fetchall() == [
            (f"{relative}x", "", 0)
        ]
        assert db.execute("SELECT path FROM folders").fetchone() == (root.replace("\\", "/"),)
        sub = relative.rpartition("/")[0]
        facets = {row[0] for row in db.execute("SELECT facet FROM facets")}
        assert facets == {"type:md", *in_facets(7, sub)}
        assert db.execute("SELECT generation, vector_id FROM chunks ORDER BY id").fetchall() == [
            (0, 1),
            (1, None),
        ]
        assert db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'documents'").fetchall() == [(12,)]
        assert db.execute("SELECT documents, complete, chunks FROM counts").fetchall() == [(1, 1, 1)]
