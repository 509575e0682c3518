"""The engine while it pauses, ends, fails and is asked by many."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.domain import IndexingState, IndexingStatus, Query, told
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.engine.engine import Engine
from notesearch.engine.folders import scanner
from notesearch.engine.indexing.service import Reconciled
from notesearch.engine.lock import owner_pid
from notesearch.errors import DiskFull, FolderUnreadable, IndexingPaused, StoreError
from notesearch.storage.changes import ModelChosen
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.vectors import KeptVectors
from notesearch.storage.local.upkeep import LocalUpkeep
from notesearch.storage.values import FolderRow
from tests.conftest import NOTES, StartEngine, at_rest, fill, found, numbers, reconcile, wait_until, write
from tests.embedders import HashingEmbedder

# Pausing, ending, errors


def test_pause_and_resume(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, {f"{i}.md": f"note {i}\n" for i in range(30)})
    embedder.gate.clear()
    engine.folders.add(notes)
    assert embedder.waiting.wait(100)
    engine.indexing.pause()
    assert engine.status().state is IndexingState.PAUSED
    embedder.gate.set()
    wait_until(lambda: engine.status().documents == 30)
    assert engine.status().waiting
    assert found(engine, "note 7", mode="keyword")
    engine.indexing.resume()
    wait_until(lambda: at_rest(engine, 30))
    assert len(embedder.texts) == 30


def test_counts_from_before_the_work_are_never_shown_as_the_end(
    engine: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work ends between the reading of the counts and the rest of the snapshot."""
    engine.indexing.pause()
    fill(notes, NOTES)
    engine.folders.add(notes)
    counted = LocalLibrary.folders

    def late(library: LocalLibrary) -> tuple[FolderRow, ...]:
        rows = counted(library)
        monkeypatch.setattr(LocalLibrary, "folders", counted)
        engine.indexing.resume()
        wait_until(lambda: at_rest(engine, len(NOTES)))
        return rows

    monkeypatch.setattr(LocalLibrary, "folders", late)
    status = engine.status()
    assert status.documents == 0
    assert status.state is not IndexingState.IDLE


def test_closing_while_indexing_loses_nothing(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(120)})
    first = start_engine(watch=False)
    first.folders.add(notes)
    wait_until(lambda: first.status().embedded)
    first.close()
    second = start_engine(watch=False)
    reconcile(second)
    assert second.status().complete == 120
    assert len(embedder.texts) == 120
    assert found(second, "word77", mode="keyword") == ["77.md"]


def test_closing_while_reading_loses_nothing(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(300)})
    first = start_engine(watch=False)
    first.folders.add(notes)
    wait_until(lambda: first.status().documents)
    first.close()
    second = start_engine(watch=False)
    reconcile(second)
    assert second.status().complete == 300
    assert len(embedder.texts) == len(set(embedder.texts)) == 300


def test_closing_ends_a_reconcile_that_waits(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, NOTES)
    embedder.gate.clear()
    engine = start_engine(watch=False)
    ended = threading.Event()

    def run() -> None:
        engine.reconcile([notes])
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    assert embedder.waiting.wait(100)
    engine.close()
    assert ended.wait(100)


def test_a_model_that_is_missing_leaves_words_and_ends_the_reconcile(
    start_engine: StartEngine, notes: Path
) -> None:
    from notesearch.errors import ModelMissing

    fill(notes, NOTES)
    engine = start_engine(watch=False, embedders=(HashingEmbedder(error=ModelMissing),))
    results: list[Reconciled] = []
    thread = threading.Thread(target=lambda: results.append(engine.reconcile([notes])), daemon=True)
    thread.start()
    thread.join(100)
    assert results, "reconcile does not end"
    assert results[0].summary.added == 4
    assert any(isinstance(error, ModelMissing) for error in results[0].errors)
    from notesearch.domain import Query

    answer = engine.search.fused(Query(text="overnight"))
    assert [m.path.name for m in answer.matches] == ["bread.md"]
    assert answer.notices == (told("search.words-only", cause=ModelMissing()),)
    assert engine.status().waiting == 4
    assert engine.status().state is not IndexingState.IDLE


def test_a_reconcile_after_a_bug_says_so_instead_of_waiting(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)

    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(scanner, "scan", bug)
    results: list[Reconciled] = []

    def twice() -> None:
        results.append(engine.reconcile([notes]))
        results.append(engine.reconcile([notes]))

    thread = threading.Thread(target=twice, daemon=True)
    thread.start()
    thread.join(100)
    assert len(results) == 2, "reconcile does not end"
    assert all(isinstance(done.errors[0], ZeroDivisionError) for done in results)
    status = engine.status()
    assert status.state is IndexingState.FAILED
    assert status.error == told("indexing.bug")


def test_statuses_are_published(engine: Engine, notes: Path) -> None:
    seen: list[IndexingStatus] = []
    stop = engine.subscribe(seen.append)
    fill(notes, NOTES)
    reconcile(engine, notes)
    wait_until(lambda: seen and seen[-1].complete == 4 and seen[-1].state is IndexingState.IDLE)
    stop()
    number = len(seen)
    write(notes, "new.md", "new\n")
    reconcile(engine)
    assert len(seen) <= number + 1


def test_the_index_is_for_the_user_alone_and_nothing_is_put_beside_the_notes(
    engine: Engine, notes: Path, tmp_path: Path
) -> None:
    fill(notes, NOTES)
    before = {p: p.stat().st_mtime_ns for p in notes.rglob("*")}
    reconcile(engine, notes)
    assert {p: p.stat().st_mtime_ns for p in notes.rglob("*")} == before
    if os.name == "posix":
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_damaged_copies_are_rebuilt_with_no_vector_made(
    start_engine: StartEngine, notes: Path, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(300)})
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    engine.close()
    asked = len(embedder.texts)
    for path in [*(tmp_path / "data/keyword").iterdir(), *(tmp_path / "data/vectors").iterdir()]:
        path.write_bytes(b"damaged")
    again = start_engine(watch=False)
    again.indexing.wait_ready()
    assert found(again, "word42", mode="keyword") == ["42.md"]
    assert found(again, "word42 note", mode="meaning")[0] == "42.md"
    assert len(embedder.texts) == asked


def test_a_saved_graph_with_vectors_of_edited_notes_opens_again(
    start_engine: StartEngine, notes: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(300)})
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    write(notes, "7.md", "# Note\n\nchanged\n")
    reconcile(engine)
    engine.close()
    again = start_engine(watch=False)
    assert numbers(reconcile(again)) == {"unchanged": 300}
    write(notes, "7.md", "# Note 7\n\nword7\n")
    reconcile(again)
    assert found(again, "word7 note", mode="meaning")[0] == "7.md"
    again.close()
    third = start_engine(watch=False)
    reconcile(third)
    assert found(third, "word7 note", mode="meaning")[0] == "7.md"
    assert third.status().error is None


Check = Callable[[], None]


def test_the_diagnosis_of_a_sound_index(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes)
    assert all(check.well for check in engine.diagnosis())
    assert engine.bytes_on_disk()["database"] > 0
    assert engine.memory_bytes() > 1_000_000
    shutil.rmtree(notes)
    assert [check.what for check in engine.diagnosis() if not check.well] == [
        told("check.folder", folder=str(notes))
    ]


def test_the_diagnosis_goes_on_where_the_keyword_index_cannot_be_read(
    engine: Engine, start_engine: StartEngine, notes: Path
) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes)
    reader = start_engine(read_only=True)
    reader.library.upkeep.rest()
    (reader.data_dir / "keyword" / "meta.json").unlink()
    found_well = {check.what: check.well for check in reader.diagnosis()}
    assert not found_well[told("check.words")]
    assert found_well[told("check.vectors", model=LOCAL.identifier)]


def test_a_folder_without_permission_stops_nothing(
    engine: Engine, notes: Path, lock_away: Callable[[Path], None]
) -> None:
    fill(notes, {"a.md": "alpha\n", "Locked/b.md": "beta\n"})
    reconcile(engine, notes)
    lock_away(notes / "Locked")
    write(notes, "c.md", "gamma\n")
    assert numbers(reconcile(engine)) == {"added": 1, "unchanged": 1, "embedded": 1}
    assert engine.status().error is None
    assert found(engine, "beta", mode="keyword") == ["b.md"]
    with pytest.raises(FolderUnreadable):
        engine.folders.add(notes.parent / "Notes" / "Locked" / "Deep")
    assert engine.diagnosis()


# Pausing beside a reconcile


def test_a_reconcile_says_that_indexing_is_paused(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    engine.indexing.pause()
    with pytest.raises(IndexingPaused) as refused:
        engine.reconcile([notes])
    assert refused.value.retryable
    assert engine.status().folders == ()
    engine.indexing.resume()
    assert reconcile(engine, notes).added == 4


def test_a_reconcile_under_way_ends_when_indexing_is_paused(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    fill(notes, NOTES)
    embedder.gate.clear()
    with pytest.raises(IndexingPaused):
        engine.reconcile([notes], progress=lambda _: engine.indexing.pause())
    embedder.gate.set()
    engine.indexing.resume()
    wait_until(lambda: at_rest(engine, 4))
    assert numbers(reconcile(engine)) == {"unchanged": 4}


# Closing


def test_closing_goes_on_where_a_part_cannot_be_saved(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(notes, NOTES)
    engine = start_engine()
    reconcile(engine, notes)

    def refuse(*_: object, **__: object) -> None:
        raise DiskFull

    monkeypatch.setattr(LocalUpkeep, "save", refuse)
    engine.close()
    monkeypatch.undo()
    assert owner_pid(tmp_path / "data") is None
    with pytest.raises(StoreError, match=r"store\.closed"):
        engine.search.words(Query(text="sour"))
    again = start_engine(watch=False)
    assert found(again, "overnight")[0] == "bread.md"


def test_closing_beside_searches(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\npython garden word{i}\n" for i in range(50)})
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    ended: list[BaseException] = []
    searched = threading.Barrier(5, timeout=100)

    def search() -> None:
        try:
            engine.search.words(Query(text="python garden -tea"))
            searched.wait()
            while True:
                engine.search.words(Query(text="python garden -tea"))
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=search, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    searched.wait()
    engine.close()
    for thread in threads:
        thread.join(100)
    assert [type(error) for error in ended] == [StoreError] * 4


# A graph built anew


def test_a_graph_that_is_mostly_of_no_use_is_built_anew_aside(tmp_path: Path) -> None:
    library = LocalLibrary(tmp_path, lambda _: LOCAL.dimensions)
    copies = library.vector_copies
    fingerprint = fingerprint_of(LOCAL)
    old = copies.index(fingerprint)
    drawn = np.random.default_rng(1).standard_normal((1200, LOCAL.dimensions)).astype(np.float32)
    old.add(range(1, 1201), drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    copies.refresh_live(fingerprint, lambda: True)
    assert copies.index(fingerprint) is old
    copies.refresh_live(fingerprint)
    assert len(copies.index(fingerprint)) == 0
    assert len(old) == 1200
    library.close()


def test_a_reader_looks_for_vectors_in_use_only_when_something_changed(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = start_engine(watch=False)
    other = fill(notes.parent / "Other", {"z.md": "zeta\n"})
    fill(notes, NOTES)
    reconcile(owner, notes, other)
    owner.folders.remove(other)
    wait_until(lambda: at_rest(owner, 4))
    reader = start_engine(read_only=True)
    assert found(reader, "overnight")[0] == "bread.md"
    asked: list[str] = []
    real = KeptVectors.live_ids

    def live_ids(vectors: KeptVectors, fingerprint: str) -> object:
        if (
            threading.current_thread() is threading.main_thread()
        ):  # The owner asks too, from a thread of its own.
            asked.append(fingerprint)
        return real(vectors, fingerprint)

    def refreshes_without_asking() -> bool:
        asked.clear()
        reader.search.refresh()
        return asked == []

    monkeypatch.setattr(KeptVectors, "live_ids", live_ids)
    wait_until(refreshes_without_asking)
    write(notes, "new.md", "zanzibar\n")
    reconcile(owner)
    reader.search.refresh()
    assert found(reader, "zanzibar", mode="meaning")[0] == "new.md"


def test_the_models_of_an_engine_are_let_go_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[OnnxEmbedder] = []
    real = OnnxEmbedder.close

    def close(embedder: OnnxEmbedder) -> None:
        assert embedder.loaded
        real(embedder)
        closed.append(embedder)

    monkeypatch.setattr(OnnxEmbedder, "close", close)
    engine = Engine.open(tmp_path / "data", watch=False)
    engine.reconcile([fill(tmp_path / "Notes", {"a.md": "alpha\n"})])
    engine.close()
    assert [embedder.loaded for embedder in closed] == [False]


def test_a_folder_whose_model_nobody_knows_stops_no_other(engine: Engine, notes: Path) -> None:
    """Its own server was taken out of the settings file: what changes there waits, what changes elsewhere is
    read."""
    one, other = (fill(notes.parent / name, {"a.md": "alpha\n"}) for name in ("One", "Other"))
    reconcile(engine, one, other)
    folder_id = next(row.id for row in engine.library.folders() if row.path == one)
    engine.library.apply([ModelChosen(folder_id=folder_id, model="gone/model")])
    changed = [write(root, "b.md", f"quail{root.name}\n") for root in (one, other)]
    engine.indexing.retry(changed)
    wait_until(lambda: found(engine, "quailOther", mode="keyword") == ["b.md"])
    assert engine.status().error is None
