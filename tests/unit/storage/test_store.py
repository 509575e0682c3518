"""The store: documents, their vectors under the hash of the embedded text, and what readers are told."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from notesearch.catalogue import LOCAL
from notesearch.errors import DiskFull, FileBinary, FileUnreadable, StoreDamaged, StoreError
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.documents import text_hash
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import SEGMENT, WaitingChunk
from tests.unit.storage.conftest import MARK, MakeDocument, unit_vectors


def embed_all(store: Store) -> list[str]:
    """Give every waiting chunk a vector; the texts that needed one."""
    texts = []
    while waiting := store.waiting_chunks(MARK, 100):
        texts += [w.text for w in waiting]
        store.put_vectors(MARK, [w.text_hash for w in waiting], unit_vectors(len(waiting), seed=len(texts)))
    return texts


def vectors_at(store: Store, path: Path) -> list[int | None]:
    row = store.document_at(path)
    assert row is not None
    return [c.vector_id for c in store.chunks_of(row.id)]


def waiting(store: Store, limit: int = 100) -> list[WaitingChunk]:
    return store.waiting_chunks(MARK, limit)


# Putting


def test_a_new_document_waits_until_its_vectors_are_there(
    store: Store, make: MakeDocument, root: Path
) -> None:
    (put,) = store.put_documents([make("a.md", ["one", "two"])])
    assert (put.added, put.chunks, put.reused) == (True, 2, 0)
    (folder,) = store.folders()
    assert (folder.documents, folder.complete, folder.waiting, folder.chunks, folder.embedded) == (
        1,
        0,
        1,
        2,
        0,
    )
    assert embed_all(store) == ["a\none", "a\ntwo"]
    (folder,) = store.folders()
    assert (folder.complete, folder.waiting, folder.embedded) == (1, 0, 2)


def test_an_edit_embeds_only_the_chunks_that_changed_and_an_undo_none(
    store: Store, make: MakeDocument, root: Path
) -> None:
    (first,) = store.put_documents([make("a.md", ["one", "two", "three"])])
    embed_all(store)
    (second,) = store.put_documents([make("a.md", ["one", "TWO", "three"])])
    assert (second.added, second.reused, second.document_id) == (False, 2, first.document_id)
    assert embed_all(store) == ["a\nTWO"]
    (undone,) = store.put_documents([make("a.md", ["one", "two", "three"])])
    assert undone.reused == 3
    assert embed_all(store) == []


def test_a_copy_needs_no_vectors_though_its_title_differs(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make("a.md", ["one", "two"])])
    embed_all(store)
    (put,) = store.put_documents([make("copy.md", ["one", "two"])])
    assert (put.added, put.reused) == (True, 2)
    assert vectors_at(store, root / "copy.md") == vectors_at(store, root / "a.md")
    row = store.document_at(root / "copy.md")
    assert row is not None
    assert row.title == "copy"


def test_a_move_keeps_id_and_vectors(store: Store, make: MakeDocument, root: Path) -> None:
    (put,) = store.put_documents([make("a.md", ["one"])])
    embed_all(store)
    before = vectors_at(store, root / "a.md")
    (moved,) = store.put_documents([make("b.md", ["one"], moved_from="a.md")])
    assert (moved.document_id, moved.reused, moved.added) == (put.document_id, 1, False)
    assert store.document_at(root / "a.md") is None
    assert vectors_at(store, root / "b.md") == before


def test_a_move_onto_another_note_replaces_it(store: Store, make: MakeDocument, root: Path) -> None:
    a, b = store.put_documents([make("a.md", ["one"]), make("b.md", ["two"])])
    position = store.position
    (moved,) = store.put_documents([make("b.md", ["one"], moved_from="a.md")])
    assert moved.document_id == a.document_id
    assert [d for _, d, gone in store.changes_since(position, 10) if gone] == [b.document_id]
    assert store.documents([b.document_id]) == {}


def test_the_same_bytes_in_another_format_are_another_text(
    store: Store, make: MakeDocument, root: Path
) -> None:
    """note.md and note.txt hold the same bytes, but front matter is apart in one and text in the other."""
    store.put_documents([make("note.md", ["body"], prefix="note", content_hash="same", mtime_ns=1)])
    store.put_documents(
        [make("note.txt", ["---\ntitle: x\n---\nbody"], prefix="note", content_hash="same", mtime_ns=2)]
    )
    texts = {w.text_hash: w.text for w in waiting(store)}
    assert texts == {text_hash(text): text for text in ("note\nbody", "note\n---\ntitle: x\n---\nbody")}


def test_a_failed_put_leaves_nothing_behind(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["one"])])
    position = store.position
    broken = make("b.md", ["two"], content_hash=None, language=None)
    with pytest.raises(sqlite3.IntegrityError):
        store.put_documents([make("c.md", ["three"]), broken])
    assert store.document_at(root / "c.md") is None
    assert store.position == position
    store.put_documents([make("c.md", ["three"])])
    assert store.position == position + 1


def test_documents_of_a_folder_that_is_gone_are_left_out(
    store: Store, make: MakeDocument, root: Path
) -> None:
    late = make("a.md", ["one"])
    store.remove_folder(late.folder_id)
    assert store.put_documents([late]) == []
    assert store.document_at(root / "a.md") is None
    store.put_problem(late.folder_id, root / "b.md", FileBinary(), size=1, mtime_ns=1, reading=1)
    assert store.problems() == ()


def test_a_note_read_anew_keeps_the_vectors_of_texts_that_stay(
    store: Store, make: MakeDocument, root: Path
) -> None:
    """The same bytes, but a better reading finds other passages in them: what the lesser one stored is not
    taken for it."""
    store.put_documents([make("a.md", ["one", "#+x two"], content_hash="same", reading=1)])
    embed_all(store)
    (put,) = store.put_documents([make("a.md", ["one", "two"], content_hash="same", reading=2)])
    assert (put.chunks, put.reused) == (2, 1)
    assert embed_all(store) == ["a\ntwo"]
    known = store.known_path(root / "a.md")
    assert known is not None
    assert known.reading == 2


def test_a_renamed_note_is_known_with_the_title_it_was_embedded_under(
    store: Store, make: MakeDocument, root: Path
) -> None:
    parts = ["one", "two", "three"]
    (put,) = store.put_documents([make("old.md", parts)])
    embed_all(store)
    folder = store.folders()[0].id
    assert store.renamed(folder) == {}
    store.put_documents([make("new.md", parts, moved_from="old.md")])
    assert store.renamed(folder) == {root / "new.md": ("new", "old")}
    store.put_documents([make("newer.md", parts, moved_from="new.md")])
    assert store.renamed(folder) == {root / "newer.md": ("newer", "old")}
    assert store.put_documents([make("newer.md", ["one", "TWO", "three"], prefix="old")])[0].reused == 2
    assert store.renamed(folder) == {root / "newer.md": ("newer", "old")}
    store.put_documents([make("newer.md", ["something", "else"], prefix="old")])
    assert store.renamed(folder) == {}
    assert store.document_at(root / "newer.md") == store.documents([put.document_id])[put.document_id]


def test_a_copy_goes_on_under_its_own_title(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("template.md", ["one"])])
    embed_all(store)
    store.put_documents([make("copy.md", ["one"])])
    assert store.renamed(store.folders()[0].id) == {}


def test_a_renamed_note_keeps_its_chunks_as_they_were_cut(
    store: Store, make: MakeDocument, root: Path
) -> None:
    """A longer title leaves less room for text: the same bytes may be cut elsewhere, and a vector belongs to
    its own cut."""
    store.put_documents([make("a.md", ["one two", "three"], content_hash="same")])
    embed_all(store)
    (put,) = store.put_documents(
        [make("much longer.md", ["one", "two three"], content_hash="same", moved_from="a.md")]
    )
    assert put.reused == 2
    chunks = store.chunks_of(put.document_id)
    assert [(c.start, c.end, c.prefix) for c in chunks] == [(0, 7, "a"), (8, 13, "a")]


def test_only_the_time_changed(store: Store, make: MakeDocument, root: Path) -> None:
    (put,) = store.put_documents([make("a.md", ["one"])])
    position = store.position
    store.touch_document(put.document_id, size=3, mtime_ns=77)
    known = store.known_path(root / "a.md")
    assert known is not None
    assert known.mtime_ns == 77
    assert store.position == position


# Vectors


def test_newest_notes_are_embedded_first_and_very_long_ones_last(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents(
        [
            make("old.md", ["old"], mtime_ns=1),
            make("new.md", ["new 1", "new 2"], mtime_ns=3),
            make("long.md", [f"part {i}" for i in range(2001)], mtime_ns=4),
            make("middle.md", ["middle"], mtime_ns=2),
        ]
    )
    assert [w.text.split("\n")[1] for w in waiting(store, 5)] == ["new 1", "new 2", "middle", "old", "part 0"]
    assert len(waiting(store, 3)) == 3


def test_a_text_that_several_notes_hold_is_embedded_once_and_completes_all(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make(f"{name}.md", [name, "shared"], prefix="") for name in "abc"])
    texts = [w.text for w in waiting(store)]
    assert sorted(texts) == ["a", "b", "c", "shared"]
    assert store.put_vectors(MARK, [text_hash("shared")], unit_vectors(1)) == 3
    (folder,) = store.folders()
    assert (folder.embedded, folder.complete) == (3, 0)
    embed_all(store)
    assert store.folders()[0].complete == 3
    assert len({vectors_at(store, root / f"{name}.md")[1] for name in "abc"}) == 1


def test_the_same_text_twice_in_one_note(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["again", "again"])])
    assert embed_all(store) == ["a\nagain"]
    assert store.folders()[0].complete == 1


def test_vectors_of_one_fingerprint_are_not_taken_for_another(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make("a.md", ["one"])])
    embed_all(store)
    (put,) = store.put_documents([make("b.md", ["one"], prefix="a", fingerprint="other", content_hash="x")])
    assert put.reused == 0
    assert set(store.fingerprints()) == {MARK, "other"}
    assert waiting(store) == []
    assert len(store.waiting_chunks("other", 5)) == 1


def test_vectors_come_back_as_they_were_put(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["one", "two", "three"])])
    vectors = unit_vectors(3)
    store.put_vectors(MARK, [w.text_hash for w in waiting(store)], vectors)
    ids, kept = store.vectors_since(MARK, 0, 10)
    assert np.array_equal(kept, vectors)
    assert store.newest_vector_id() == ids[-1]
    assert store.count_vectors_since(MARK, ids[0]) == 2
    assert np.array_equal(store.vectors_by_id([ids[1]])[ids[1]], vectors[1])
    assert store.vectors_since(MARK, ids[-1], 10)[0] == []
    assert store.live_vector_ids(MARK) == set(ids)


def test_ids_of_vectors_are_never_used_twice(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["one"])])
    embed_all(store)
    newest = store.newest_vector_id()
    store.remove_folder(store.folders()[0].id)
    assert store.newest_vector_id() == newest
    assert store.count_vectors_since(MARK, 0) == 0


# Vectors that no chunk uses


def later(seconds: float = 10.0) -> float:
    return time.time() + seconds


def test_vectors_long_unused_are_forgotten_and_an_undo_before_costs_nothing(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make("a.md", ["one", "two", "three"])])
    embed_all(store)
    store.put_documents([make("a.md", ["one", "TWO", "three"])])
    embed_all(store)
    assert store.forget_unused_vectors(time.time() - 60, 0.1, 100) == 0
    assert store.put_documents([make("a.md", ["one", "two", "three"])])[0].reused == 3
    assert store.forget_unused_vectors(later(), 0.1, 100) == 1
    assert embed_all(store) == []
    assert store.put_documents([make("a.md", ["one", "TWO", "three"])])[0].reused == 2


def test_few_unused_vectors_are_kept_and_many_are_forgotten_in_slices(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make(f"{i}.md", [f"part {i}"]) for i in range(10)])
    embed_all(store)
    store.remove_paths([str(root / f"{i}.md") for i in range(4)])
    assert store.forget_unused_vectors(later(), 0.4, 100) == 0
    assert store.forget_unused_vectors(later(), 0.2, 3) == 3
    assert store.count_vectors_since(MARK, 0) == 7


def test_a_vector_that_another_note_uses_is_in_use(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["shared"], prefix=""), make("b.md", ["shared"], prefix="")])
    embed_all(store)
    store.remove_paths([str(root / "a.md")])
    assert store.forget_unused_vectors(later(), 0.0, 100) == 0
    store.remove_paths([str(root / "b.md")])
    assert store.forget_unused_vectors(later(), 0.0, 100) == 1


def test_the_vectors_of_an_earlier_model_are_kept(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["one", "two"])])
    embed_all(store)
    store.put_documents([make("a.md", ["one two"], fingerprint="other")])
    assert store.forget_unused_vectors(later(), 0.0, 100) == 0
    assert store.put_documents([make("a.md", ["one", "two"])])[0].reused == 2


def test_a_vector_whose_note_went_while_it_was_made_is_unused(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make("a.md", ["one"])])
    (late,) = waiting(store)
    store.remove_paths([str(root / "a.md")])
    assert store.put_vectors(MARK, [late.text_hash], unit_vectors(1)) == 0
    assert store.forget_unused_vectors(later(), 0.0, 100) == 1


def test_tombstones_are_forgotten_but_the_position_stays(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make(f"{i}.md", [str(i)]) for i in range(3)])
    store.remove_paths([str(root / f"{i}.md") for i in range(3)])
    position = store.position
    store.forget_tombstones(position - 2)
    assert [p for p, _, _ in store.changes_since(0, 10)] == [position - 1, position]
    store.forget_tombstones(position)
    assert [p for p, _, _ in store.changes_since(0, 10)] == [position]
    assert store.position == position


# Folders


def test_removing_a_folder_keeps_what_others_use(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md", ["one"], prefix="", content_hash="a")])
    store.put_problem(store.folders()[0].id, root / "b.md", FileBinary(), size=1, mtime_ns=1, reading=1)
    other = store.add_folder(Path("/other"), LOCAL.identifier)
    elsewhere = make("x.md", ["one"], prefix="", content_hash="b")
    embed_all(store)
    fields = {name: getattr(elsewhere, name) for name in elsewhere.__slots__}
    store.put_documents([type(elsewhere)(**{**fields, "folder_id": other, "path": Path("/other/x.md")})])
    store.remove_folder(next(f.id for f in store.folders() if f.path == root))
    assert [f.path for f in store.folders()] == [Path("/other")]
    assert store.problems() == ()
    assert store.folders()[0].complete == 1
    assert store.count_vectors_since(MARK, 0) == 1


def test_a_folder_is_added_once(store: Store, root: Path) -> None:
    assert store.add_folder(root, LOCAL.identifier) == store.folders()[0].id


def test_a_folder_taken_up_by_the_one_around_it_keeps_its_vectors(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make("sub/a.md", ["one"])])
    store.put_problem(
        store.folders()[0].id, root / "sub/b.md", FileUnreadable(), size=1, mtime_ns=1, reading=1
    )
    embed_all(store)
    read_anew = make("sub/a.md", ["one"])
    parent = store.add_folder(Path("/"), LOCAL.identifier)
    store.absorb_folder(next(f.id for f in store.folders() if f.path == root), Path("/"))
    (folder,) = store.folders()
    assert (folder.id, folder.documents, folder.complete, folder.failed) == (parent, 2, 1, 1)
    assert {k.reading for k in store.known(parent).values()} == {0}
    fields = {name: getattr(read_anew, name) for name in read_anew.__slots__}
    assert store.put_documents([type(read_anew)(**{**fields, "folder_id": parent})])[0].reused == 1


def test_held_deletions_are_remembered(store: Store, root: Path, tmp_path: Path) -> None:
    store.hold_deletions(store.folders()[0].id, True)  # type: ignore[arg-type]
    assert store.folders()[0].held
    other = Store(tmp_path, read_only=True)
    assert other.folders()[0].held
    other.close()
    store.hold_deletions(store.folders()[0].id, False)  # type: ignore[arg-type]
    assert not store.folders()[0].held


# Paths


def test_paths_under_is_the_subtree_and_nothing_beside_it(
    store: Store, make: MakeDocument, root: Path
) -> None:
    inside = ["sub/a.md", "sub/deep/b.md", "sub/é.md", "sub/日.md"]
    beside = ["sub.md", "sub0.md", "sub-1/a.md", "sub!/b.md", "Sub/a.md", "su.md", "subway/a.md"]
    store.put_documents([make(name, [name]) for name in inside + beside])
    store.put_problem(store.folders()[0].id, root / "sub/bad.md", FileBinary(), size=1, mtime_ns=1, reading=1)
    assert sorted(store.paths_under(root / "sub")) == sorted(str(root / n) for n in [*inside, "sub/bad.md"])
    assert store.paths_under(root / "sub.md") == [str(root / "sub.md")]
    assert store.paths_under(root / "nothing") == []


@pytest.mark.parametrize("odd", ["100%_of.md", "it's.md", 'a"b.md', "new\nline.md", " space .md", "[x]*?.md"])
def test_odd_names(store: Store, make: MakeDocument, root: Path, odd: str) -> None:
    store.put_documents([make(odd, ["one"])])
    row = store.document_at(root / odd)
    assert row is not None
    assert row.path == root / odd
    assert store.remove_paths([str(root / odd)]) == 1
    assert store.document_at(root / odd) is None


def test_removed_paths_leave_a_tombstone(store: Store, make: MakeDocument, root: Path) -> None:
    (put,) = store.put_documents([make("a.md", ["one"], facets=("tag:x",))])
    store.put_problem(store.folders()[0].id, root / "b.md", FileBinary(), size=1, mtime_ns=1, reading=1)
    assert store.remove_paths([str(root / "a.md"), str(root / "b.md"), str(root / "never.md")]) == 1
    assert store.changes_since(0, 10) == [(2, put.document_id, True)]
    assert store.facet_counts("tag") == ()
    assert store.text(put.document_id, 0, 10) == ""


def test_changes_come_in_order_and_in_slices(store: Store, make: MakeDocument, root: Path) -> None:
    puts = store.put_documents([make(f"{i}.md", [str(i)]) for i in range(6)])
    store.remove_paths([str(root / "2.md")])
    store.put_documents([make("0.md", ["changed"])])
    seen, position = [], 0
    while part := store.changes_since(position, 2):
        seen += part
        position = part[-1][0]
    assert [p for p, _, _ in seen] == sorted(p for p, _, _ in seen)
    assert [(d, gone) for _, d, gone in seen][-2:] == [
        (puts[2].document_id, True),
        (puts[0].document_id, False),
    ]
    assert position == store.position
    assert store.newer_than(position - 1) == 1


# Text


def test_text_over_segment_borders_counts_characters(store: Store, make: MakeDocument, root: Path) -> None:
    text = ("🍞é日a" * (SEGMENT // 4 + 1)) * 2 + "\nend\n"
    (put,) = store.put_documents([make("a.md", [text])])
    spans = [
        (0, 5),
        (SEGMENT - 3, SEGMENT + 3),
        (SEGMENT, SEGMENT + 1),
        (SEGMENT - 1, SEGMENT),
        (0, len(text)),
        (len(text) - 2, len(text) + 50),
    ]
    for start, end in spans:
        assert store.text(put.document_id, start, end) == text[start:end]
    assert store.text(put.document_id, len(text) + SEGMENT, len(text) + SEGMENT + 5) == ""
    assert store.text(put.document_id, 3, 3) == ""
    row = store.document_at(root / "a.md")
    assert row is not None
    assert row.length == len(text)
    for end in (0, 5, len(text) - 5, len(text) - 4, len(text)):
        assert store.line_breaks(put.document_id, end) == text.count("\n", 0, end)


# Problems


def test_a_problem_replaces_the_note_and_a_good_reading_the_problem(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make("a.md", ["one"])])
    folder = store.folders()[0].id
    store.put_problem(folder, root / "a.md", FileUnreadable(), size=5, mtime_ns=9, reading=1)
    assert store.document_at(root / "a.md") is None
    (problem,) = store.problems()
    assert (problem.path, problem.title, problem.retryable) == (root / "a.md", FileUnreadable.title, True)
    assert store.known(folder)[str(root / "a.md")][:3] == (None, 5, 9)
    (row,) = store.folders()
    assert (row.documents, row.failed, row.complete, row.waiting) == (1, 1, 0, 0)
    store.put_documents([make("a.md", ["better"])])
    assert store.problems() == ()


def test_problems_to_be_tried_again(store: Store, root: Path) -> None:
    folder = store.folders()[0].id
    store.put_problem(folder, root / "again.md", FileUnreadable(), size=1, mtime_ns=1, reading=1)
    store.put_problem(folder, root / "binary.md", FileBinary(), size=1, mtime_ns=1, reading=1)
    assert store.forget_problems(None) == [root / "again.md"]
    assert [p.path.name for p in store.problems()] == ["binary.md"]
    assert store.forget_problems([root / "binary.md"]) == [root / "binary.md"]
    assert store.problems() == ()


# Questions of search


def test_facets(store: Store, make: MakeDocument, root: Path) -> None:
    a, b, c = store.put_documents(
        [
            make("a.md", ["1"], facets=("tag:x", "type:markdown")),
            make("b.md", ["2"], facets=("tag:x", "tag:y")),
            make("c.md", ["3"], facets=()),
        ]
    )
    assert store.documents_with(["tag:x"]) == {a.document_id, b.document_id}
    assert store.documents_with(["tag:x", "tag:y"]) == {b.document_id}
    assert store.passing([a.document_id, c.document_id], [], ["tag:x"]) == {c.document_id}
    assert store.passing([a.document_id, b.document_id], ["tag:x"], ["tag:y"]) == {a.document_id}
    assert store.documents_with(["tag:x"], ["tag:y"]) == {a.document_id}
    assert store.facet_counts("tag") == (("x", 2), ("y", 1))
    folder = store.folders()[0].id
    assert set(store.facets_of(b.document_id)) == {"tag:x", "tag:y", f"in:{folder}"}


def test_many_ids_are_asked_in_slices(store: Store, make: MakeDocument, root: Path) -> None:
    puts = store.put_documents([make(f"{i}.md", [f"part {i}"]) for i in range(1200)])
    ids = [p.document_id for p in puts]
    assert set(store.documents(ids)) == set(ids)
    digests = [w.text_hash for w in waiting(store, 2000)]
    store.put_vectors(MARK, digests, unit_vectors(len(digests)))
    live = store.live_vector_ids(MARK)
    assert store.vector_ids_of(MARK, set(ids)) == live
    assert store.vector_ids_of("other", set(ids)) == set()
    assert store.vector_ids_of(MARK, {*ids, *range(10_000, 16_000)}) == live


def test_newest_and_languages(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents(
        [
            make("a.md", mtime_ns=5, language="de"),
            make("b.md", mtime_ns=9, language="de"),
            make("c.md", mtime_ns=7),
        ]
    )
    ids, total = store.newest(2), store.count_documents()
    assert [store.documents(ids)[i].path.name for i in ids] == ["b.md", "c.md"]
    assert total == 3
    assert store.languages() == (("de", 2), ("", 1))


# Threads, processes, damage


def test_readers_see_whole_documents_while_another_thread_writes(
    store: Store, make: MakeDocument, root: Path
) -> None:
    rounds = 60
    stop = threading.Event()
    wrong: list[str] = []
    store.put_documents([make("a.md", ["x0"] * 40, prefix="")])

    def look() -> None:
        try:
            while not stop.is_set():
                row = store.document_at(root / "a.md")
                assert row is not None
                words = set(store.text(row.id, 0, row.length).split("\n"))
                if len(words) != 1:
                    wrong.append(f"torn: {words}")
        except Exception as error:
            wrong.append(repr(error))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(rounds):
        store.put_documents([make("a.md", [f"x{i}"] * 40, prefix="")])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_reading_store_never_writes(store: Store, root: Path, tmp_path: Path) -> None:
    reader = Store(tmp_path, read_only=True)
    with pytest.raises(StoreError, match="read-only"):
        reader.add_folder(Path("/b"), "m")
    assert reader.instance == store.instance
    reader.close()


def test_no_index_yet_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no index yet"):
        Store(tmp_path, read_only=True)


@pytest.mark.parametrize("read_only", [False, True])
def test_not_a_database(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / DATABASE).write_bytes(b"something else altogether " * 100)
    with pytest.raises(StoreDamaged) as damaged:
        Store(tmp_path, read_only=read_only)
    assert damaged.value.hint


def damage(path: Path, *, keep: int = 4096) -> None:
    """Overwrite all but the first pages, as a failing disk might."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.seek(keep)
        file.write(os.urandom(size - keep))


def test_pages_damaged_behind_the_first_are_told_as_damage(
    tmp_path: Path, store: Store, make: MakeDocument, root: Path
) -> None:
    store.put_documents([make(f"{i}.md", [f"part {i} " * 50]) for i in range(300)])
    store.close()
    damage(tmp_path / DATABASE)
    with pytest.raises(StoreDamaged):
        Store(tmp_path)


def test_damage_met_in_the_middle_of_an_answer(
    tmp_path: Path, store: Store, make: MakeDocument, root: Path
) -> None:
    """The first rows are read, the page of a later one is not."""
    store.put_documents([make(f"{i:04}.md", [f"part {i} " * 50], mtime_ns=i) for i in range(400)])
    store.close()
    path = tmp_path / DATABASE
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            rows = connection.execute(
                "SELECT pageno FROM dbstat WHERE name = 'documents' AND pagetype = 'leaf' ORDER BY pageno"
            )
            pages = [row[0] for row in rows]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite cannot tell which page is which")
    with open(path, "r+b") as file:
        file.seek((pages[len(pages) // 2] - 1) * 4096)
        file.write(b"\xff" * 4096)
    opened = Store(tmp_path)
    try:
        with pytest.raises(StoreDamaged):
            opened.documents(list(range(1, 401)))
        with pytest.raises(StoreDamaged):
            opened.known(1)
        assert opened.check()
    finally:
        opened.close()


def test_a_whole_database_has_nothing_to_complain_of(store: Store, make: MakeDocument, root: Path) -> None:
    store.put_documents([make("a.md")])
    assert store.check() == []


def test_a_full_disk_is_an_error_that_can_be_tried_again(
    store: Store, make: MakeDocument, root: Path
) -> None:
    writer = store._writer
    assert writer is not None
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFull) as full:
        store.put_documents([make("a.md", ["long " * 20_000])])
    assert full.value.retryable
    assert store.document_at(root / "a.md") is None
    writer.execute("PRAGMA max_page_count = 1000000")
    store.put_documents([make("a.md", ["long " * 20_000])])


def test_threads_that_ended_leave_no_connection_open(store: Store, root: Path) -> None:
    """A request of another process is answered in a thread of its own: after a day of them no file may be
    left open."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files cannot be counted here")

    def burst(number: int) -> int:
        for _ in range(number):
            thread = threading.Thread(target=store.folders)
            thread.start()
            thread.join()
        return len(os.listdir("/proc/self/fd"))

    first = burst(5)
    assert burst(40) <= first + 10
