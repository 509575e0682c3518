"""Vectors come into use and fall out of it: an index follows these alone, and never looks at all of them for
one change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.storage.changes import FolderRemoved
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.vectors import USES_KEPT, KeptVectors, UseLog
from tests.embedders import bag_of_words
from tests.unit.storage.libraries import FINGERPRINT, embed, note, put, remove

NAMES = ("a.md", "b.md", "c.md")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[LocalLibrary]:
    library = LocalLibrary(tmp_path, lambda _: LOCAL.dimensions)
    put(library, *(note(library, name, (f"text of {name}",)) for name in NAMES))
    embed(library)
    library.upkeep.follow_model(FINGERPRINT)
    yield library
    library.close()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The looks at all vectors of a model."""
    asked: list[str] = []
    real = KeptVectors.live_ids

    def live_ids(vectors: KeptVectors, fingerprint: str) -> set[int]:
        asked.append(fingerprint)
        return real(vectors, fingerprint)

    monkeypatch.setattr(KeptVectors, "live_ids", live_ids)
    return asked


def answers(library: LocalLibrary) -> set[int]:
    """The vectors that the index itself answers with."""
    index = library.vector_copies.index(FINGERPRINT)
    return {vector for vector, _ in index.search(bag_of_words("text of a.md"), 9)}


def test_what_a_change_left_leaves_the_answers_and_comes_back_with_an_undo(
    library: LocalLibrary, looks: list[str]
) -> None:
    assert answers(library) == {1, 2, 3}
    remove(library, "a.md")
    library.upkeep.refresh_model(FINGERPRINT)
    assert answers(library) == {2, 3}
    put(library, note(library, "b.md", ("another text",)))
    library.upkeep.refresh_model(FINGERPRINT)
    assert answers(library) == {3}
    put(library, *(note(library, name, (f"text of {name}",)) for name in ("a.md", "b.md")))
    library.upkeep.refresh_model(FINGERPRINT)
    assert answers(library) == {1, 2, 3}
    assert looks == [], "only what changed was looked at"


def test_a_vector_that_another_note_has_stays(library: LocalLibrary, looks: list[str]) -> None:
    put(library, note(library, "copy.md", ("text of a.md",)))
    remove(library, "a.md")
    library.upkeep.refresh_model(FINGERPRINT)
    assert answers(library) == {1, 2, 3}
    assert looks == []


def test_a_removed_folder_is_looked_at_whole(library: LocalLibrary, looks: list[str]) -> None:
    library.apply([FolderRemoved(folder_id=library.folders()[0].id)])
    library.upkeep.refresh_model(FINGERPRINT)
    assert answers(library) == set()
    assert looks == [FINGERPRINT]


def test_uses_are_told_when_the_transaction_has_ended(library: LocalLibrary) -> None:
    """Told before, a follower would look at what is not there yet, and not look again."""
    store, vectors = library.store, library.store.vectors
    number, _ = vectors.uses.since(0)
    with store.database.write() as w:
        vectors.note_use(w, left=[1])
        assert vectors.uses.since(number) == (number, [])
    assert vectors.uses.since(number) == (number + 1, [1])


def test_a_failed_change_is_looked_at_and_nothing_is_lost(library: LocalLibrary) -> None:
    broken = note(library, "x.md", ("x",), language=None)
    object.__setattr__(broken.document, "language", None)
    with pytest.raises(sqlite3.IntegrityError):
        put(library, note(library, "a.md", ("edited",)), broken)
    library.upkeep.refresh_model(FINGERPRINT)
    assert answers(library) == {1, 2, 3}


def test_a_follower_hears_each_change_once_and_of_too_many_that_all_may_have_changed() -> None:
    log = UseLog()
    assert log.since(0) == (0, [])
    log.note([1, 2])
    log.publish()
    log.note([2, 3])
    log.publish()
    log.publish()
    assert (log.since(0)[0], sorted(log.since(0)[1] or [])) == (2, [1, 2, 3])
    assert (log.since(1)[0], sorted(log.since(1)[1] or [])) == (2, [2, 3])
    assert log.since(2) == (2, [])
    log.note(range(USES_KEPT + 1))
    log.publish()
    assert log.since(2) == (3, None)
    assert log.since(3) == (3, [])
    log.note_all()
    log.publish()
    assert log.since(3) == (4, None)
