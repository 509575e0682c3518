"""Nearest vectors: as the exact scan says, under filters, while adding, and after a crash at any moment of
saving."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from notesearch.errors import DiskFull, StoreError
from notesearch.storage.local.hnsw_index import VectorIndex
from notesearch.storage.local.position import Rebuild, Replay, SavedAt, UpToDate
from tests.unit.storage.conftest import unit_vectors

DIMENSIONS = 32
INSTANCE = "this store"


def filled(folder: Path, number: int = 300) -> tuple[VectorIndex, np.ndarray]:
    """Ids 1..number, and their vectors with row 0 for id 1."""
    index = VectorIndex(folder, "mark", DIMENSIONS)
    vectors = unit_vectors(number, DIMENSIONS)
    index.add(range(1, number + 1), vectors)
    return index, vectors


def exact(vectors: np.ndarray, query: np.ndarray, k: int, among: set[int] | None = None) -> list[int]:
    order = [int(i) + 1 for i in np.argsort(-(vectors @ query), kind="stable")]
    return [i for i in order if among is None or i in among][:k]


def ids(found: list[tuple[int, float]]) -> list[int]:
    return [i for i, _ in found]


QUERY = unit_vectors(1, DIMENSIONS, seed=9)[0]


def test_nearest_first_with_their_cosines(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path)
    near = index.search(QUERY, 10)
    assert ids(near) == exact(vectors, QUERY, 10)
    for i, cosine in near:
        assert cosine == pytest.approx(float(vectors[i - 1] @ QUERY), abs=1e-5)
    assert len(index) == 300


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "mark", DIMENSIONS)
    assert index.search(QUERY, 10) == []
    assert index.search(QUERY, 10, {1, 2}) == []
    index.add([], np.zeros((0, DIMENSIONS), np.float32))
    assert len(index) == 0


def test_no_more_than_there_are(tmp_path: Path) -> None:
    index, _ = filled(tmp_path, 5)
    assert sorted(ids(index.search(QUERY, 50))) == [1, 2, 3, 4, 5]


def test_allowed_ids_alone(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path)
    allowed = {3, 50, 120, 299, 5000}
    assert ids(index.search(QUERY, 3, allowed)) == exact(vectors, QUERY, 3, allowed)
    assert index.search(QUERY, 3, set()) == []


@pytest.mark.parametrize("share", [2, 20])
def test_allowed_ids_alone_among_many(tmp_path: Path, share: int) -> None:
    index, vectors = filled(tmp_path, 600)
    allowed = set(range(1, 601, share))
    near = index.search(QUERY, 10, allowed)
    assert set(ids(near)) <= allowed
    assert len(set(ids(near)) & set(exact(vectors, QUERY, 10, allowed))) >= 9


def test_ids_with_gaps(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "mark", DIMENSIONS)
    vectors = unit_vectors(3, DIMENSIONS)
    index.add([2, 40, 41], vectors)
    assert index.position == 41
    assert ids(index.search(QUERY, 5, {1, 2, 3, 40, 41})) == [
        [2, 40, 41][i] for i in np.argsort(-(vectors @ QUERY))
    ]


def test_it_grows_as_needed(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path, 1300)
    assert len(index) == 1300
    assert ids(index.search(QUERY, 1)) == exact(vectors, QUERY, 1)


def test_vectors_no_note_uses_are_left_out_and_taken_back(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path)
    best = exact(vectors, QUERY, 5)
    index.set_live(set(range(1, 301)) - set(best[:2]))
    assert ids(index.search(QUERY, 3)) == best[2:]
    assert set(ids(index.search(QUERY, 5, set(best)))) <= set(best[2:])
    index.set_live(set(range(1, 301)))
    assert ids(index.search(QUERY, 5)) == best
    index.set_live(set())
    assert index.search(QUERY, 5) == []


def test_mostly_dead(tmp_path: Path) -> None:
    index, _ = filled(tmp_path, 1200)
    assert not index.mostly_dead
    index.set_live({1})
    assert index.mostly_dead
    assert ids(index.search(QUERY, 5)) == [1]


# Saving


def load(folder: Path, position: int = 300, instance: str = INSTANCE) -> tuple[VectorIndex, object]:
    index = VectorIndex(folder, "mark", DIMENSIONS)
    return index, index.load(instance=instance, position=position)


def test_saved_and_loaded(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path)
    index.save(INSTANCE)
    assert index.unsaved == 0
    assert (tmp_path / "mark.hnsw").stat().st_size > 300 * DIMENSIONS * 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mark.hnsw", "mark.json"]
    other, plan = load(tmp_path)
    assert plan == UpToDate()
    assert ids(other.search(QUERY, 10)) == exact(vectors, QUERY, 10)
    other.add([301], unit_vectors(1, DIMENSIONS, seed=3))
    assert load(tmp_path, position=305)[1] == Replay(300)
    assert isinstance(load(tmp_path, instance="another")[1], Rebuild)
    assert isinstance(load(tmp_path, position=200)[1], Rebuild)


def test_an_index_saved_with_dead_vectors_knows_them_again_after_set_live(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path)
    best = exact(vectors, QUERY, 3)
    live = set(range(1, 301)) - {best[0]}
    index.set_live(live)
    index.save(INSTANCE)
    other, plan = load(tmp_path)
    assert plan == UpToDate()
    other.set_live(live)
    assert ids(other.search(QUERY, 2)) == best[1:]
    other.set_live(set(range(1, 301)))
    assert ids(other.search(QUERY, 3)) == best


def test_nothing_saved_yet(tmp_path: Path) -> None:
    index, plan = load(tmp_path)
    assert isinstance(plan, Rebuild)
    assert len(index) == 0


@pytest.mark.parametrize("moment", ["fsync", "replace", "position"])
def test_a_crash_while_saving_never_leads_to_a_wrong_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    index, vectors = filled(tmp_path)
    index.save(INSTANCE)
    index.add(range(301, 321), unit_vectors(20, DIMENSIONS, seed=4))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    if moment == "position":
        monkeypatch.setattr(SavedAt, "save", crash)
    else:
        monkeypatch.setattr(os, moment, crash)
    with pytest.raises(KeyboardInterrupt):
        index.save(INSTANCE)
    monkeypatch.undo()
    other, plan = load(tmp_path, position=320)
    if isinstance(plan, Rebuild):
        assert len(other) == 0
        assert other.position == 0
    else:
        assert plan == Replay(300)
        assert ids(other.search(QUERY, 5)) == exact(vectors, QUERY, 5)
    index.save(INSTANCE)
    assert load(tmp_path, position=320)[1] == UpToDate()


@pytest.mark.parametrize("keep", [0, 10, 96, 5000])
def test_a_truncated_graph_is_rebuilt(tmp_path: Path, keep: int) -> None:
    index, _ = filled(tmp_path)
    index.save(INSTANCE)
    path = tmp_path / "mark.hnsw"
    path.write_bytes(path.read_bytes()[:keep])
    other, plan = load(tmp_path)
    assert isinstance(plan, Rebuild)
    assert len(other) == 0
    other.add(range(1, 11), unit_vectors(10, DIMENSIONS))
    assert len(other.search(QUERY, 20)) == 10


def test_a_missing_graph_is_rebuilt(tmp_path: Path) -> None:
    index, _ = filled(tmp_path)
    index.save(INSTANCE)
    (tmp_path / "mark.hnsw").unlink()
    assert isinstance(load(tmp_path)[1], Rebuild)


# Threads


def test_queries_while_adding(tmp_path: Path) -> None:
    index, vectors = filled(tmp_path, 200)
    more = unit_vectors(300, DIMENSIONS, seed=5)
    answers: list[list[tuple[int, float]]] = []
    wrong: list[BaseException] = []

    def query() -> None:
        try:
            for _ in range(100):
                answers.append(index.search(QUERY, 10))
                answers.append(index.search(QUERY, 5, set(range(1, 100))))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=query) for _ in range(2)]
    for thread in threads:
        thread.start()
    index.add(range(201, 501), more)
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(answers) == 400
    assert all(answers)
    everything = np.concatenate([vectors, more])
    assert len(set(ids(index.search(QUERY, 10))) & set(exact(everything, QUERY, 10))) >= 9


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(28, "No space left on device"), DiskFull),
        (PermissionError(13, "Permission denied"), StoreError),
    ],
)
def test_what_could_not_be_saved_is_saved_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, kind: type[StoreError]
) -> None:
    index, _ = filled(tmp_path, 20)

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError) as told:
        index.save("a")
    assert (type(told.value), told.value.retryable) == (kind, True)
    assert index.unsaved == 20
    monkeypatch.undo()
    index.save("a")
    assert index.unsaved == 0
    again = VectorIndex(tmp_path, "mark", DIMENSIONS)
    assert not isinstance(again.load(instance="a", position=index.position), Rebuild)


def test_a_graph_is_flushed_through_a_file_open_for_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows flushes no file that is open for reading alone."""
    fcntl = pytest.importorskip("fcntl")
    index, _ = filled(tmp_path, 5)
    modes: list[int] = []
    real = os.fsync

    def look(descriptor: int) -> None:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    index.save("a")
    assert os.O_RDONLY not in modes


# Files that are not those that were written


def test_a_graph_that_was_exchanged_for_one_of_like_size_is_rebuilt(tmp_path: Path) -> None:
    """As after a copy of the wrong file: the same number of vectors, other ones."""
    filled(tmp_path)[0].save(INSTANCE)
    other = VectorIndex(tmp_path / "other", "mark", DIMENSIONS)
    other.add(range(1, 301), unit_vectors(300, DIMENSIONS, seed=5))
    other.save(INSTANCE)
    os.replace(tmp_path / "other" / "mark.hnsw", tmp_path / "mark.hnsw")
    index, plan = load(tmp_path)
    assert isinstance(plan, Rebuild)
    assert index.damaged()
    assert len(index) == 0


def test_a_graph_with_one_other_byte_is_rebuilt(tmp_path: Path) -> None:
    filled(tmp_path)[0].save(INSTANCE)
    content = bytearray((tmp_path / "mark.hnsw").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "mark.hnsw").write_bytes(content)
    assert isinstance(load(tmp_path)[1], Rebuild)


def test_a_graph_of_an_earlier_version_has_no_checksum_and_is_used(tmp_path: Path) -> None:
    filled(tmp_path)[0].save(INSTANCE)
    saved = SavedAt.load(tmp_path / "mark.json")
    assert saved is not None
    assert saved.files
    (tmp_path / "mark.json").write_text(
        f'{{"version": {saved.version}, "instance": "{INSTANCE}", "position": 300, "count": 300}}'
    )
    index, plan = load(tmp_path)
    assert plan == UpToDate()
    assert len(index) == 300


@pytest.mark.parametrize(
    "saved",
    [
        '{"version": 1, "instance": "this store", "position": "300", "count": 300}',
        '{"version": 1, "instance": "this store", "position": 300, "count": null}',
        '{"version": 1, "instance": "this store", "position": 300, "count": 300, "files": 3}',
        '{"version": true, "instance": [], "position": -1, "count": 300}',
        "[1, 2]",
    ],
)
def test_a_position_of_wrong_types_is_none(tmp_path: Path, saved: str) -> None:
    filled(tmp_path)[0].save(INSTANCE)
    (tmp_path / "mark.json").write_text(saved)
    assert isinstance(load(tmp_path)[1], Rebuild)


@pytest.mark.parametrize("name", ["mark.hnsw", "mark.json"])
def test_a_folder_in_place_of_a_file_is_no_obstacle(tmp_path: Path, name: str) -> None:
    index, _ = filled(tmp_path)
    (tmp_path / name).mkdir()
    (tmp_path / name / "inside").write_text("x")
    assert isinstance(load(tmp_path)[1], Rebuild)
    index.save(INSTANCE)
    assert load(tmp_path)[1] == UpToDate()
