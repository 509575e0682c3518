"""The vectors of the store, under the hash of the embedded text: shared, kept for an undo, and forgotten."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import text_hash
from tests.unit.storage.conftest import (
    FINGERPRINT,
    MakeDocument,
    embed_all,
    unit_vectors,
    vectors_at,
    waiting,
)

# Vectors


def test_newest_notes_are_embedded_first_and_very_long_ones_last(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put(
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
    store.documents.put([make(f"{name}.md", [name, "shared"], prefix="") for name in "abc"])
    texts = [w.text for w in waiting(store)]
    assert sorted(texts) == ["a", "b", "c", "shared"]
    assert store.vectors.put(FINGERPRINT, [text_hash("shared")], unit_vectors(1)) == 3
    (folder,) = store.folders.rows()
    assert (folder.embedded, folder.complete) == (3, 0)
    embed_all(store)
    assert store.folders.rows()[0].complete == 3
    assert len({vectors_at(store, root / f"{name}.md")[1] for name in "abc"}) == 1


def test_the_same_text_twice_in_one_note(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["again", "again"])])
    assert embed_all(store) == ["a\nagain"]
    assert store.folders.rows()[0].complete == 1


def test_vectors_of_one_fingerprint_are_not_taken_for_another(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make("a.md", ["one"])])
    embed_all(store)
    (put,) = store.documents.put([make("b.md", ["one"], prefix="a", fingerprint="other", content_hash="x")])
    assert put.reused == 0
    assert set(store.vectors.fingerprints()) == {FINGERPRINT, "other"}
    assert waiting(store) == []
    assert len(store.questions.waiting("other", 5)) == 1


def test_vectors_come_back_as_they_were_put(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["one", "two", "three"])])
    vectors = unit_vectors(3)
    store.vectors.put(FINGERPRINT, [w.text_hash for w in waiting(store)], vectors)
    ids, kept = store.vectors.since(FINGERPRINT, 0, 10)
    assert np.array_equal(kept, vectors)
    assert store.vectors.newest_id() == ids[-1]
    assert store.vectors.count_since(FINGERPRINT, ids[0]) == 2
    assert np.array_equal(store.vectors.by_id([ids[1]])[ids[1]], vectors[1])
    assert store.vectors.since(FINGERPRINT, ids[-1], 10)[0] == []
    assert store.vectors.live_ids(FINGERPRINT) == set(ids)


def test_ids_of_vectors_are_never_used_twice(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["one"])])
    embed_all(store)
    newest = store.vectors.newest_id()
    store.folders.remove(store.folders.rows()[0].id)
    assert store.vectors.newest_id() == newest
    assert store.vectors.count_since(FINGERPRINT, 0) == 0


# Vectors that no chunk uses


def later(seconds: float = 10.0) -> float:
    return time.time() + seconds


def test_vectors_long_unused_are_forgotten_and_an_undo_before_costs_nothing(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make("a.md", ["one", "two", "three"])])
    embed_all(store)
    store.documents.put([make("a.md", ["one", "TWO", "three"])])
    embed_all(store)
    assert store.vectors.forget_unused(time.time() - 60, 0.1, 100) == 0
    assert store.documents.put([make("a.md", ["one", "two", "three"])])[0].reused == 3
    assert store.vectors.forget_unused(later(), 0.1, 100) == 1
    assert embed_all(store) == []
    assert store.documents.put([make("a.md", ["one", "TWO", "three"])])[0].reused == 2


def test_few_unused_vectors_are_kept_and_many_are_forgotten_in_slices(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make(f"{i}.md", [f"part {i}"]) for i in range(10)])
    embed_all(store)
    store.documents.remove([str(root / f"{i}.md") for i in range(4)])
    assert store.vectors.forget_unused(later(), 0.4, 100) == 0
    assert store.vectors.forget_unused(later(), 0.2, 3) == 3
    assert store.vectors.count_since(FINGERPRINT, 0) == 7


def test_a_vector_that_another_note_uses_is_in_use(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["shared"], prefix=""), make("b.md", ["shared"], prefix="")])
    embed_all(store)
    store.documents.remove([str(root / "a.md")])
    assert store.vectors.forget_unused(later(), 0.0, 100) == 0
    store.documents.remove([str(root / "b.md")])
    assert store.vectors.forget_unused(later(), 0.0, 100) == 1


def test_the_vectors_of_an_earlier_model_are_kept(store: Store, make: MakeDocument, root: Path) -> None:
    store.documents.put([make("a.md", ["one", "two"])])
    embed_all(store)
    store.documents.put([make("a.md", ["one two"], fingerprint="other")])
    assert store.vectors.forget_unused(later(), 0.0, 100) == 0
    assert store.documents.put([make("a.md", ["one", "two"])])[0].reused == 2


def test_a_vector_whose_note_went_while_it_was_made_is_unused(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make("a.md", ["one"])])
    (late,) = waiting(store)
    store.documents.remove([str(root / "a.md")])
    assert store.vectors.put(FINGERPRINT, [late.text_hash], unit_vectors(1)) == 0
    assert store.vectors.forget_unused(later(), 0.0, 100) == 1


def test_tombstones_are_forgotten_but_the_position_stays(
    store: Store, make: MakeDocument, root: Path
) -> None:
    store.documents.put([make(f"{i}.md", [str(i)]) for i in range(3)])
    store.documents.remove([str(root / f"{i}.md") for i in range(3)])
    position = store.position
    store.documents.forget_tombstones(position - 2)
    assert [p for p, _, _ in store.questions.changes_since(0, 10)] == [position - 1, position]
    store.documents.forget_tombstones(position)
    assert [p for p, _, _ in store.questions.changes_since(0, 10)] == [position]
    assert store.position == position
