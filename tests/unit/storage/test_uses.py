"""Vectors come into use and fall out of it: an index follows these alone, and never looks at all of them for
one change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.catalogue import LOCAL
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.local.sqlite.vectors import USES_KEPT, UseLog
from tests.embedders import bag_of_words
from tests.unit.storage.test_library_contract import MARK, ROOT, embed, note

NAMES = ("a.md", "b.md", "c.md")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[LocalLibrary]:
    library = LocalLibrary(tmp_path, lambda _: LOCAL.dimensions)
    library.open_words()
    library.put_documents([note(library, name, (f"text of {name}",)) for name in NAMES])
    embed(library)
    library.follow_model(MARK)
    yield library
    library.close()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The looks at all vectors of a model."""
    asked: list[str] = []
    real = Store.live_vector_ids

    def live_vector_ids(store: Store, fingerprint: str) -> set[int]:
        asked.append(fingerprint)
        return real(store, fingerprint)

    monkeypatch.setattr(Store, "live_vector_ids", live_vector_ids)
    return asked


def answers(library: LocalLibrary) -> set[int]:
    """The vectors that the index itself answers with."""
    index = library.vector_copies.index(MARK)
    return {vector for vector, _ in index.search(bag_of_words("text of a.md"), 9)}


def test_what_a_change_left_leaves_the_answers_and_comes_back_with_an_undo(
    library: LocalLibrary, looks: list[str]
) -> None:
    assert answers(library) == {1, 2, 3}
    library.remove_paths([str(ROOT / "a.md")])
    library.refresh_model(MARK)
    assert answers(library) == {2, 3}
    library.put_documents([note(library, "b.md", ("another text",))])
    library.refresh_model(MARK)
    assert answers(library) == {3}
    library.put_documents([note(library, name, (f"text of {name}",)) for name in ("a.md", "b.md")])
    library.refresh_model(MARK)
    assert answers(library) == {1, 2, 3}
    assert looks == [], "only what changed was looked at"


def test_a_vector_that_another_note_has_stays(library: LocalLibrary, looks: list[str]) -> None:
    library.put_documents([note(library, "copy.md", ("text of a.md",))])
    library.remove_paths([str(ROOT / "a.md")])
    library.refresh_model(MARK)
    assert answers(library) == {1, 2, 3}
    assert looks == []


def test_a_removed_folder_is_looked_at_whole(library: LocalLibrary, looks: list[str]) -> None:
    library.remove_folder(library.folders()[0].id)
    library.refresh_model(MARK)
    assert answers(library) == set()
    assert looks == [MARK]


def test_uses_are_told_when_the_transaction_has_ended(library: LocalLibrary) -> None:
    """Told before, a follower would look at what is not there yet, and not look again."""
    store = library.store
    number, _ = store.uses.since(0)
    with store._write() as w:
        store._note_use(w, left=[1])
        assert store.uses.since(number) == (number, [])
    assert store.uses.since(number) == (number + 1, [1])


def test_a_failed_change_is_looked_at_and_nothing_is_lost(library: LocalLibrary) -> None:
    broken = note(library, "x.md", ("x",), language=None)
    object.__setattr__(broken.document, "language", None)
    with pytest.raises(sqlite3.IntegrityError):
        library.put_documents([note(library, "a.md", ("edited",)), broken])
    library.refresh_model(MARK)
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
