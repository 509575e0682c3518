"""Many files gone at once is a question, not an order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.domain import FolderState
from notesearch.engine.engine import Engine
from notesearch.errors import FolderMissing
from notesearch.storage.values import AtPaths
from tests.conftest import StartEngine, at_rest, fill, found, numbers, reconcile, wait_until, write
from tests.embedders import HashingEmbedder


@pytest.fixture
def many(engine: Engine, notes: Path) -> Path:
    fill(notes, {f"Sub/{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(40)} | {"stay.md": "stays\n"})
    reconcile(engine, notes)
    return notes


def vanish(notes: Path, number: int = 30) -> None:
    for i in range(number):
        (notes / f"Sub/{i}.md").unlink()


def test_most_of_a_folder_gone_is_asked_about(engine: Engine, many: Path) -> None:
    vanish(many)
    done = engine.reconcile([])
    summary, errors, held = done.summary, done.errors, done.held
    assert (summary.removed, errors, held) == (0, (), 30)
    status = engine.status()
    assert [(h.folder, h.missing, h.of) for h in status.held] == [(many, 30, 41)]
    assert status.folders[0].state is FolderState.ASKING
    assert status.documents == 41
    assert found(engine, "word7", mode="keyword") == ["7.md"]


def test_the_answer_remove(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    engine.folders.answer_held(many, remove=True)
    wait_until(lambda: at_rest(engine, 11))
    assert not engine.status().held
    assert found(engine, "word7", mode="keyword") == []


def test_the_answer_keep(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    engine.folders.answer_held(many, remove=False)
    assert not engine.status().held
    assert engine.status().documents == 41
    assert found(engine, "word7", mode="keyword") == ["7.md"]


def test_a_confirmed_reconcile_forgets_them(engine: Engine, many: Path) -> None:
    vanish(many)
    assert numbers(reconcile(engine, confirmed=True)) == {"removed": 30, "unchanged": 11}
    assert not engine.status().held


def test_notes_that_come_back_end_the_question(engine: Engine, many: Path, embedder: HashingEmbedder) -> None:
    vanish(many)
    reconcile(engine)
    asked = len(embedder.texts)
    fill(many, {f"Sub/{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(30)})
    reconcile(engine)
    assert not engine.status().held
    assert len(embedder.texts) == asked
    assert engine.status().complete == 41


def test_a_few_gone_are_simply_gone(engine: Engine, many: Path) -> None:
    vanish(many, 15)
    assert numbers(reconcile(engine)) == {"removed": 15, "unchanged": 26}


def test_a_folder_renamed_is_no_question(engine: Engine, many: Path, embedder: HashingEmbedder) -> None:
    asked = len(embedder.texts)
    (many / "Sub").rename(many / "Renamed")
    assert numbers(reconcile(engine)) == {"moved": 40, "unchanged": 1}
    assert len(embedder.texts) == asked
    assert not engine.status().held


def test_notes_that_are_ignored_from_now_on_leave_without_a_question(engine: Engine, many: Path) -> None:
    write(many, ".notesearchignore", "Sub/\n")
    reconcile(engine)
    assert not engine.status().held
    assert engine.status().documents == 1
    (many / ".notesearchignore").unlink()
    assert numbers(reconcile(engine)) == {"added": 40, "unchanged": 1}


def test_an_unreachable_root_loses_nothing_and_comes_back(
    engine: Engine, many: Path, embedder: HashingEmbedder
) -> None:
    away = many.with_name("Away")
    many.rename(away)
    done = engine.reconcile([])
    summary, errors, held = done.summary, done.errors, done.held
    assert len(errors) == 1
    assert isinstance(errors[0], FolderMissing)
    assert (summary.removed, held) == (0, 0)
    status = engine.status()
    assert status.folders[0].state is FolderState.UNREACHABLE
    assert status.folders[0].notice
    assert found(engine, "word7", mode="keyword") == ["7.md"]
    away.rename(many)
    asked = len(embedder.texts)
    assert numbers(reconcile(engine)) == {"unchanged": 41}
    assert engine.status().folders[0].state is FolderState.READY
    assert len(embedder.texts) == asked


def test_held_deletions_of_several_folders_are_counted_together(engine: Engine, notes: Path) -> None:
    folders = [
        fill(notes.parent / name, {f"{i}.md": f"{name} {i}\n" for i in range(30)}) for name in ("One", "Two")
    ]
    reconcile(engine, *folders)
    for folder in folders:
        for i in range(25):
            (folder / f"{i}.md").unlink()
    assert engine.reconcile([]).held == 50


def test_the_question_outlives_a_change_of_another_note(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    engine.indexing.required.mark_dirty(write(many, "stay.md", "stays, and is longer now\n"))
    wait_until(lambda: found(engine, "longer", mode="keyword") == ["stay.md"])
    assert [(h.missing, h.of) for h in engine.status().held] == [(30, 41)]
    assert found(engine, "word7", mode="keyword") == ["7.md"]


def test_notes_that_come_back_are_counted_out(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    fill(many, {f"Sub/{i}.md": f"# Note {i}\n\nword{i} again\n" for i in range(5)})
    for i in range(5):
        engine.indexing.required.mark_dirty(many / f"Sub/{i}.md")
    wait_until(lambda: [h.missing for h in engine.status().held] == [25])
    assert found(engine, "word7", mode="keyword") == ["7.md"]


def test_what_is_kept_stays_when_another_note_goes(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    engine.folders.answer_held(many, remove=False)
    (many / "stay.md").unlink()
    engine.indexing.required.mark_dirty(many / "stay.md")
    wait_until(lambda: found(engine, "stays", mode="keyword") == [])
    assert not engine.status().held
    assert engine.status().documents == 40
    assert found(engine, "word7", mode="keyword") == ["7.md"]


def test_what_is_missing_is_known_after_a_restart(
    start_engine: StartEngine, engine: Engine, many: Path
) -> None:
    vanish(many)
    reconcile(engine)
    engine.close()
    again = start_engine(watch=False)
    assert [(h.missing, h.of) for h in again.status().held] == [(30, 41)]


def test_a_status_looks_for_no_note(engine: Engine, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vanish(many)
    reconcile(engine)
    looked: list[object] = []
    monkeypatch.setattr(os, "lstat", looked.append)
    monkeypatch.setattr(os, "stat", looked.append)
    assert [h.missing for h in engine.status().held] == [30]
    assert not looked


def test_a_folder_that_is_renamed_twice_counts_as_no_deletion(
    start_engine: StartEngine, notes: Path, tmp_path: Path
) -> None:
    """One note that is deleted afterwards is one note."""
    fill(notes, {f"a/{i}.md": f"note {i} of many\n" for i in range(30)} | {"x.md": "single\n"})
    engine = start_engine(tmp_path / "data", embedders=(HashingEmbedder(),))
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine) and engine.status().complete == 31)
    for source, target in (("a", "b"), ("b", "c")):
        (notes / source).rename(notes / target)
        wait_until(lambda target=target: at_rest(engine) and moved(engine, notes / target) == 30)  # type: ignore[misc]
    (notes / "c" / "3.md").unlink()
    wait_until(lambda: engine.status().documents == 30)
    assert engine.status().held == ()


def moved(engine: Engine, folder: Path) -> int:
    """How many notes the library has below a folder."""
    return len(engine.library.known(AtPaths([str(folder)], below=True)))
