"""The store: documents as they are put, moved and removed, and what readers are told of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from notesearch.errors import FileBinary
from notesearch.storage.local.sqlite.database import SEGMENT
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import LANGUAGE, AtPaths, InFolder, text_hash
from tests.unit.storage.conftest import (
    FINGERPRINT,
    MakeDocument,
    embed_all,
    fail,
    state_of,
    unit_vectors,
    vectors_at,
    waiting,
)


def renamed(store: Store) -> dict[str, tuple[str, str]]:
    """(title, title it was embedded under) of the notes of the only folder for which they differ."""
    (folder,) = store.folders.rows()
    states = store.places.known(InFolder(folder.id, renamed=True))
    return {path: (state.title, state.embedded_title) for path, state in states.items()}


# Putting


def test_a_new_document_waits_until_its_vectors_are_there(
    store: Store, make: MakeDocument, root: Path
) -> None:
    (put,) = store.documents.put([make("a.md", ["one", "two"])])
    assert (put.added, put.chunks, put.reused) == (True, 2, 0)
    (folder,) = store.folders.rows()
    assert (folder.documents, folder.complete, folder.waiting, folder.chunks, folder.embedded) == (
        1,
        0,
        1,
        2,
        0,
    )
    assert embed_all(store) == ["a\none", "a\ntwo"]
    (folder,) = store.folders.rows()
    assert (folder.complete, folder.waiting, folder.embedded) == (1, 0, 2)


def test_an_edit_embeds_only_the_chunks_that_changed_and_an_undo_none(
    store: Store, make: MakeDocument, root: Path
) -> None:
    (first,) = store.documents.put([make("a.md", ["one", "two", "three"])])
    embed_all(store)
    (second,) = store.documents.put([make("a.md", ["one", "TWO", "three"])])
    assert (second.added, second.reused, second.document_id) == (False, 2, first.document_id)
    assert embed_all(store) == ["a\nTWO"]
    (undone,) = store.documents.put([make("a.md", ["one", "two", "three"])])
    assert undone.reused == 3
    assert embed_all(store) == []


def test_a_copy_needs_no_vectors_though_its_title_differs(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make("a.md", ["one", "two"])])
    embed_all(store)
    (put,) = store.documents.put([make("copy.md", ["one", "two"])])
    assert (put.added, put.reused) == (True, 2)
    assert vectors_at(store, root / "copy.md") == vectors_at(store, root / "a.md")
    row = store.questions.document_at(root / "copy.md")
    assert row is not None
    assert row.title == "copy"


def test_a_move_keeps_id_and_vectors(store: Store, make: MakeDocument, root: Path) -> None:
    (put,) = store.documents.put([make("a.md", ["one"])])
    embed_all(store)
    before = vectors_at(store, root / "a.md")
    (moved,) = store.documents.put([make("b.md", ["one"], moved_from="a.md")])
    assert (moved.document_id, moved.reused, moved.added) == (put.document_id, 1, False)
    assert store.questions.document_at(root / "a.md") is None
    assert vectors_at(store, root / "b.md") == before


def test_a_move_onto_another_note_replaces_it(store: Store, make: MakeDocument, root: Path) -> None:
    a, b = store.documents.put([make("a.md", ["one"]), make("b.md", ["two"])])
    position = store.position
    (moved,) = store.documents.put([make("b.md", ["one"], moved_from="a.md")])
    assert moved.document_id == a.document_id
    assert [d for _, d, gone in store.questions.changes_since(position, 10) if gone] == [b.document_id]
    assert store.questions.documents([b.document_id]) == {}


def test_the_same_bytes_in_another_format_are_another_text(
    store: Store, make: MakeDocument, root: Path
) -> None:
    """note.md and note.txt hold the same bytes, but front matter is apart in one and text in the other."""
    store.documents.put([make("note.md", ["body"], prefix="note", content_hash="same", mtime_ns=1)])
    store.documents.put(
        [make("note.txt", ["---\ntitle: x\n---\nbody"], prefix="note", content_hash="same", mtime_ns=2)]
    )
    texts = {w.text_hash: w.text for w in waiting(store)}
    assert texts == {text_hash(text): text for text in ("note\nbody", "note\n---\ntitle: x\n---\nbody")}


def test_a_failed_put_leaves_nothing_behind(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["one"])])
    position = store.position
    broken = make("b.md", ["two"], content_hash=None, language=None)
    with pytest.raises(sqlite3.IntegrityError):
        store.documents.put([make("c.md", ["three"]), broken])
    assert store.questions.document_at(root / "c.md") is None
    assert store.position == position
    store.documents.put([make("c.md", ["three"])])
    assert store.position == position + 1


def test_documents_of_a_folder_that_is_gone_are_left_out(
    store: Store, make: MakeDocument, root: Path
) -> None:
    late = make("a.md", ["one"])
    store.folders.remove(late.folder_id)
    assert store.documents.put([late]) == []
    assert store.questions.document_at(root / "a.md") is None
    fail(store, late.folder_id, root / "b.md", FileBinary())
    assert store.folders.problems() == ()


def test_a_note_read_anew_keeps_the_vectors_of_texts_that_stay(
    store: Store, make: MakeDocument, root: Path
) -> None:
    """The same bytes, but a better reading finds other passages in them: what the lesser one stored is not
    taken for it."""
    store.documents.put([make("a.md", ["one", "#+x two"], content_hash="same", reading=1)])
    embed_all(store)
    (put,) = store.documents.put([make("a.md", ["one", "two"], content_hash="same", reading=2)])
    assert (put.chunks, put.reused) == (2, 1)
    assert embed_all(store) == ["a\ntwo"]
    known = state_of(store, root / "a.md")
    assert known is not None
    assert known.reading == 2


def test_a_renamed_note_is_known_with_the_title_it_was_embedded_under(
    store: Store, make: MakeDocument, root: Path
) -> None:
    parts = ["one", "two", "three"]
    (put,) = store.documents.put([make("old.md", parts)])
    embed_all(store)
    assert renamed(store) == {}
    store.documents.put([make("new.md", parts, moved_from="old.md")])
    assert renamed(store) == {str(root / "new.md"): ("new", "old")}
    store.documents.put([make("newer.md", parts, moved_from="new.md")])
    assert renamed(store) == {str(root / "newer.md"): ("newer", "old")}
    assert store.documents.put([make("newer.md", ["one", "TWO", "three"], prefix="old")])[0].reused == 2
    assert renamed(store) == {str(root / "newer.md"): ("newer", "old")}
    store.documents.put([make("newer.md", ["something", "else"], prefix="old")])
    assert renamed(store) == {}
    assert (
        store.questions.document_at(root / "newer.md")
        == store.questions.documents([put.document_id])[put.document_id]
    )


def test_a_copy_goes_on_under_its_own_title(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("template.md", ["one"])])
    embed_all(store)
    store.documents.put([make("copy.md", ["one"])])
    assert renamed(store) == {}


def test_a_renamed_note_keeps_its_chunks_as_they_were_cut(
    store: Store, make: MakeDocument, root: Path
) -> None:
    """A longer title leaves less room for text: the same bytes may be cut elsewhere, and a vector belongs to
    its own cut."""
    store.documents.put([make("a.md", ["one two", "three"], content_hash="same")])
    embed_all(store)
    (put,) = store.documents.put(
        [make("much longer.md", ["one", "two three"], content_hash="same", moved_from="a.md")]
    )
    assert put.reused == 2
    chunks = store.questions.chunks_of(put.document_id)
    assert [(c.start, c.end, c.prefix) for c in chunks] == [(0, 7, "a"), (8, 13, "a")]


def test_only_the_time_changed(store: Store, make: MakeDocument, root: Path) -> None:
    (put,) = store.documents.put([make("a.md", ["one"])])
    position = store.position
    store.documents.touch(put.document_id, size=3, mtime_ns=77, ctime_ns=0)
    known = state_of(store, root / "a.md")
    assert known is not None
    assert known.mtime_ns == 77
    assert store.position == position


# Paths


def test_paths_under_is_the_subtree_and_nothing_beside_it(
    store: Store, make: MakeDocument, root: Path
) -> None:
    inside = ["sub/a.md", "sub/deep/b.md", "sub/é.md", "sub/日.md"]
    beside = ["sub.md", "sub0.md", "sub-1/a.md", "sub!/b.md", "Sub/a.md", "su.md", "subway/a.md"]
    store.documents.put([make(name, [name]) for name in inside + beside])
    fail(store, store.folders.rows()[0].id, root / "sub/bad.md", FileBinary())

    def under(path: Path) -> list[str]:
        return sorted(store.places.known(AtPaths([str(path)], below=True)))

    assert under(root / "sub") == sorted(str(root / n) for n in [*inside, "sub/bad.md"])
    assert under(root / "sub.md") == [str(root / "sub.md")]
    assert under(root / "nothing") == []


@pytest.mark.parametrize("odd", ["100%_of.md", "it's.md", 'a"b.md', "new\nline.md", " space .md", "[x]*?.md"])
def test_odd_names(store: Store, make: MakeDocument, root: Path, odd: str) -> None:
    store.documents.put([make(odd, ["one"])])
    row = store.questions.document_at(root / odd)
    assert row is not None
    assert row.path == root / odd
    assert store.documents.remove([str(root / odd)]) == 1
    assert store.questions.document_at(root / odd) is None


def test_removed_paths_leave_a_tombstone(store: Store, make: MakeDocument, root: Path) -> None:
    (put,) = store.documents.put([make("a.md", ["one"], facets=("tag:x",))])
    fail(store, store.folders.rows()[0].id, root / "b.md", FileBinary())
    assert store.documents.remove([str(root / "a.md"), str(root / "b.md"), str(root / "never.md")]) == 1
    assert store.questions.changes_since(0, 10) == [(2, put.document_id, True)]
    assert store.questions.facets("tag") == ()
    assert store.questions.text(put.document_id, 0, 10) == ""


def test_changes_come_in_order_and_in_slices(store: Store, make: MakeDocument, root: Path) -> None:
    puts = store.documents.put([make(f"{i}.md", [str(i)]) for i in range(6)])
    store.documents.remove([str(root / "2.md")])
    store.documents.put([make("0.md", ["changed"])])
    seen, position = [], 0
    while part := store.questions.changes_since(position, 2):
        seen += part
        position = part[-1][0]
    assert [p for p, _, _ in seen] == sorted(p for p, _, _ in seen)
    assert [(d, gone) for _, d, gone in seen][-2:] == [
        (puts[2].document_id, True),
        (puts[0].document_id, False),
    ]
    assert position == store.position
    assert store.questions.newer_than(position - 1) == 1


# Text


def test_text_over_segment_borders_counts_characters(store: Store, make: MakeDocument, root: Path) -> None:
    text = ("🍞é日a" * (SEGMENT // 4 + 1)) * 2 + "\nend\n"
    (put,) = store.documents.put([make("a.md", [text])])
    spans = [
        (0, 5),
        (SEGMENT - 3, SEGMENT + 3),
        (SEGMENT, SEGMENT + 1),
        (SEGMENT - 1, SEGMENT),
        (0, len(text)),
        (len(text) - 2, len(text) + 50),
    ]
    for start, end in spans:
        assert store.questions.text(put.document_id, start, end) == text[start:end]
        assert store.questions.excerpt(put.document_id, start, end).text == text[start:end]
    assert store.questions.text(put.document_id, len(text) + SEGMENT, len(text) + SEGMENT + 5) == ""
    assert store.questions.text(put.document_id, 3, 3) == ""
    row = store.questions.document_at(root / "a.md")
    assert row is not None
    assert row.length == len(text)
    for end in (0, 5, SEGMENT - 1, SEGMENT, len(text) - 5, len(text) - 4, len(text)):
        assert store.questions.excerpt(put.document_id, end, end + 1).lines_before == text.count("\n", 0, end)


# Questions of search


def test_facets(store: Store, make: MakeDocument, root: Path) -> None:
    a, b, c = store.documents.put(
        [
            make("a.md", ["1"], facets=("tag:x", "type:markdown")),
            make("b.md", ["2"], facets=("tag:x", "tag:y")),
            make("c.md", ["3"], facets=()),
        ]
    )
    assert store.filters.documents_with(["tag:x"]) == {a.document_id, b.document_id}
    assert store.filters.documents_with(["tag:x", "tag:y"]) == {b.document_id}
    assert store.filters.passing([a.document_id, c.document_id], [], ["tag:x"]) == {c.document_id}
    assert store.filters.passing([a.document_id, b.document_id], ["tag:x"], ["tag:y"]) == {a.document_id}
    assert store.filters.documents_with(["tag:x"], ["tag:y"]) == {a.document_id}
    assert store.questions.facets("tag") == (("x", 2), ("y", 1))
    folder = store.folders.rows()[0].id
    assert set(store.questions.facets_of(b.document_id)) == {"tag:x", "tag:y", f"in:{folder}"}


def test_many_ids_are_asked_in_slices(store: Store, make: MakeDocument, root: Path) -> None:
    puts = store.documents.put([make(f"{i}.md", [f"part {i}"]) for i in range(1200)])
    ids = [p.document_id for p in puts]
    assert set(store.questions.documents(ids)) == set(ids)
    digests = [w.text_hash for w in waiting(store, 2000)]
    store.vectors.put(FINGERPRINT, digests, unit_vectors(len(digests)))
    live = store.vectors.live_ids(FINGERPRINT)
    assert store.questions.vector_ids_of(FINGERPRINT, set(ids)) == live
    assert store.questions.vector_ids_of("other", set(ids)) == set()
    assert store.questions.vector_ids_of(FINGERPRINT, {*ids, *range(10_000, 16_000)}) == live


def test_newest_and_languages(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put(
        [
            make("a.md", mtime_ns=5, language="de"),
            make("b.md", mtime_ns=9, language="de"),
            make("c.md", mtime_ns=7),
        ]
    )
    ids, total = store.filters.newest(2), store.filters.count_documents()
    assert [store.questions.documents(ids)[i].path.name for i in ids] == ["b.md", "c.md"]
    assert total == 3
    assert store.questions.facets(LANGUAGE) == (("de", 2), ("", 1))
