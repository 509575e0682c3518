"""The engine from outside: folders, files as they change, what a reconcile did, and that nothing is embedded twice."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from notesearch.catalogue import LOCAL, fingerprint
from notesearch.domain import FolderState, IndexingState, IndexingStatus, IndexSummary, Query
from notesearch.embedding.local import LocalEmbedder
from notesearch.engine.engine import Engine
from notesearch.engine.indexes import Indexes
from notesearch.engine.ownership import owner_pid
from notesearch.errors import DiskFull, FolderMissing, FolderOverlap, FolderUnreadable, NotesearchError, NotIndexed, StoreError, UsageError
from notesearch.storage.opening import open_storage
from notesearch.storage.store import Store
from tests.conftest import StartEngine, at_rest, fill, found, wait_until, write
from tests.embedders import HashingEmbedder

PASSAGE = "The starter wants flour and water, twice a day, and a warm place. "


def long_note(*sections: str) -> str:
    """A note whose sections are chunks of their own."""
    return "\n\n".join(f"# {name}\n\n" + f"{name}: {PASSAGE}" * 12 for name in sections) + "\n"


NOTES = {
    "bread.md": "# Bread\n\nThe sour dough rests overnight in the cold.\n",
    "Garden/tomatoes.txt": "Tomatoes want sun and a string to climb.\n",
    "Garden/compost.org": "#+TITLE: Compost heap\n\n* Autumn\nWorms do the rest.\n",
    "Travel/lisbon.rst": "Lisbon\n======\n\nThe tram climbs to the castle.\n",
}


def reconcile(engine: Engine, *folders: Path, confirmed: bool = False) -> IndexSummary:
    summary, errors, _ = engine.reconcile(folders, confirmed=confirmed)
    assert errors == ()
    return summary


def numbers(summary: IndexSummary) -> dict[str, int]:
    """What is not zero, without the seconds."""
    names = ("added", "changed", "moved", "removed", "unchanged", "failed", "embedded", "requests", "tokens")
    return {name: getattr(summary, name) for name in names if getattr(summary, name)}


# Reconciling


def test_a_new_folder_is_added_read_and_embedded(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, NOTES)
    summary = reconcile(engine, notes)
    assert numbers(summary) == {"added": 4, "embedded": 4}
    assert summary.chunks == 4
    assert summary.seconds > 0
    status = engine.status()
    assert (status.state, status.documents, status.complete, status.waiting) == (IndexingState.IDLE, 4, 4, 0)
    (folder,) = status.folders
    assert (folder.path, folder.state, folder.documents) == (notes, FolderState.READY, 4)
    assert found(engine, "overnight")[0] == "bread.md"
    assert found(engine, "worms compost")[0] == "compost.org"


def test_unchanged_costs_nothing(start_engine: StartEngine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    asked = len(embedder.texts)
    assert numbers(reconcile(engine)) == {"unchanged": 4}
    engine.close()
    again = start_engine(watch=False)
    assert numbers(reconcile(again)) == {"unchanged": 4}
    assert len(embedder.texts) == asked
    assert found(again, "overnight")[0] == "bread.md"


def test_an_edit_embeds_only_what_changed_and_an_undo_nothing(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    before = long_note("One", "Two", "Three")
    note = write(notes, "a.md", before)
    first = reconcile(engine, notes)
    assert first.chunks >= 3
    asked = len(embedder.texts)
    write(notes, "a.md", before.replace("Two: The starter wants flour", "Two: The starter wants rye", 1))
    edited = reconcile(engine)
    assert numbers(edited)["changed"] == 1
    assert 1 <= len(embedder.texts) - asked < first.chunks
    assert edited.embedded == len(embedder.texts) - asked
    assert edited.reused == edited.chunks - edited.embedded
    asked = len(embedder.texts)
    note.write_text(before)
    assert numbers(reconcile(engine)) == {"changed": 1}
    assert len(embedder.texts) == asked


def test_words_that_were_edited_away_are_found_no_more(engine: Engine, notes: Path) -> None:
    write(notes, "a.md", "# Note\n\nzanzibar and more\n")
    write(notes, "b.md", "# Other\n\nanother text\n")
    reconcile(engine, notes)
    assert found(engine, "zanzibar", mode="keyword") == ["a.md"]
    write(notes, "a.md", "# Note\n\nmadagascar and more\n")
    reconcile(engine)
    assert found(engine, "zanzibar", mode="keyword") == []
    assert found(engine, '"zanzibar"') == []
    assert found(engine, "note -zanzibar")[0] == "a.md"
    assert found(engine, "madagascar", mode="keyword") == ["a.md"]


def test_copies_renames_and_moves_are_not_embedded(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    note = write(notes, "untitled one.md", "Only a passage without a heading.\n")
    write(notes, "Sub/b.md", "# B\n\nAnother.\n")
    reconcile(engine, notes)
    asked = len(embedder.texts)
    shutil.copy(note, notes / "copy.md")
    copied = reconcile(engine)
    assert numbers(copied) == {"added": 1, "unchanged": 2}
    assert copied.reused == copied.chunks == 1
    note.rename(notes / "renamed.md")
    assert numbers(reconcile(engine)) == {"moved": 1, "unchanged": 2}
    (notes / "Sub").rename(notes / "Elsewhere")
    assert numbers(reconcile(engine)) == {"moved": 1, "unchanged": 2}
    assert len(embedder.texts) == asked
    assert set(found(engine, "passage heading")[:2]) == {"copy.md", "renamed.md"}
    assert found(engine, "folder:elsewhere") == ["b.md"]
    assert found(engine, "folder:sub") == []


def test_a_note_renamed_to_another_format_is_read_anew(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    note = write(notes, "a.org", ":PROPERTIES:\n:ID: hidden\n:END:\nvisible words\n")
    reconcile(engine, notes)
    assert found(engine, "hidden", mode="keyword") == []
    note.rename(notes / "a.txt")
    reconcile(engine)
    assert found(engine, "hidden", mode="keyword") == ["a.txt"]
    assert "hidden" in embedder.texts[-1]


def test_only_the_time_changed(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    note = write(notes, "a.md", "text\n")
    reconcile(engine, notes)
    os.utime(note, ns=(1, 1))
    assert numbers(reconcile(engine)) == {"unchanged": 1}
    assert numbers(reconcile(engine)) == {"unchanged": 1}


def test_removed_and_added_again_is_free(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    note = write(notes, "a.md", "some words\n")
    write(notes, "b.md", "other words\n")
    reconcile(engine, notes)
    text = note.read_bytes()
    note.unlink()
    assert numbers(reconcile(engine)) == {"removed": 1, "unchanged": 1}
    assert "a.md" not in found(engine, "some words")
    note.write_bytes(text)
    assert numbers(reconcile(engine)) == {"added": 1, "unchanged": 1}
    assert len(embedder.texts) == 2


def test_progress_is_reported_while_it_waits(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, NOTES)
    embedder.gate.clear()
    seen: list[IndexingStatus] = []

    def look(status: IndexingStatus) -> None:
        seen.append(status)
        if status.stage == "embedding" and status.documents == 4:
            embedder.gate.set()

    engine.reconcile([notes], progress=look)
    assert any(s.stage == "embedding" and s.waiting for s in seen)
    assert all(s.state is not IndexingState.IDLE for s in seen if s.waiting)


def test_many_notes_at_once(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, {f"Sub {i % 7}/note {i}.md": f"# Note {i}\n\nword{i} and some text\n" for i in range(500)})
    assert numbers(reconcile(engine, notes)) == {"added": 500, "embedded": 500}
    assert found(engine, "word377", mode="keyword") == ["note 377.md"]
    assert found(engine, '"word42" folder:"sub 0"') == ["note 42.md"]


def test_files_that_are_no_notes_are_left_alone(engine: Engine, notes: Path) -> None:
    fill(notes, {"a.md": "a", "b.png": b"\x89PNG", "c.py": "print()", ".hidden.md": "x", ".git/d.md": "x", "node_modules/e.md": "x", "noname": "x"})
    assert numbers(reconcile(engine, notes))["added"] == 1
    assert engine.problems() == ()


# Folders


def test_a_folder_is_not_searched_twice_by_way_of_a_link(engine: Engine, notes: Path, tmp_path: Path) -> None:
    (notes / "Sub").mkdir()
    engine.add_folder(notes / "Sub")
    for name, target in (("same", notes / "Sub"), ("around", notes), ("own", tmp_path / "data")):
        link = tmp_path / name
        try:
            link.symlink_to(target, target_is_directory=True)
        except OSError:
            pytest.skip("no links here")
        with pytest.raises(FolderOverlap):
            engine.add_folder(link)
    engine.add_folder(notes)
    assert [f.path for f in engine.status().folders] == [notes]


def test_folders_that_cannot_be_added(engine: Engine, notes: Path, tmp_path: Path) -> None:
    engine.add_folder(notes)
    (notes / "Sub").mkdir()
    for path in (notes, notes / "Sub", notes / "Sub" / ".." / "Sub"):
        with pytest.raises(FolderOverlap):
            engine.add_folder(path)
    with pytest.raises(FolderMissing):
        engine.add_folder(tmp_path / "nowhere")
    with pytest.raises(FolderMissing):
        engine.add_folder(write(tmp_path, "file.md"))
    with pytest.raises(FolderOverlap):
        engine.add_folder(tmp_path / "data")
    with pytest.raises(UsageError):
        engine.add_folder(tmp_path, "nobody/nothing")
    with pytest.raises(NotIndexed):
        engine.remove_folder(tmp_path)
    assert [f.path for f in engine.status().folders] == [notes]


def test_a_reconcile_of_a_folder_inside_a_known_one_takes_the_known_one(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes)
    assert numbers(reconcile(engine, notes / "Garden", notes)) == {"unchanged": 4}
    assert [f.path for f in engine.status().folders] == [notes]


def test_a_folder_around_known_ones_takes_them_up(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes / "Garden", notes / "Travel")
    assert len(engine.status().folders) == 2
    asked = len(embedder.texts)
    reconcile(engine, notes)
    assert [f.path for f in engine.status().folders] == [notes]
    assert len(embedder.texts) == asked + 1
    assert engine.status().complete == 4
    assert found(engine, "folder:notes/garden tomatoes")[0] == "tomatoes.txt"


def test_a_removed_folder_is_found_no_more_and_its_notes_stay(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes / "Garden", notes / "Travel")
    engine.remove_folder(notes / "Garden")
    assert [f.path for f in engine.status().folders] == [notes / "Travel"]
    assert set(found(engine, "tomatoes tram compost sun castle")) == {"lisbon.rst"}
    wait_until(lambda: at_rest(engine, 1))
    assert (notes / "Garden/tomatoes.txt").exists()
    with pytest.raises(NotIndexed):
        engine.note_text(notes / "Garden/tomatoes.txt")


def test_removing_a_folder_while_it_is_read_harms_nothing(engine: Engine, notes: Path, tmp_path: Path) -> None:
    fill(notes, {f"{i}.md": f"note {i} " * 40 for i in range(400)})
    fill(tmp_path / "Other", {"other.md": "another folder\n"})
    engine.add_folder(notes)
    wait_until(lambda: engine.status().documents)
    engine.remove_folder(notes)
    engine.add_folder(tmp_path / "Other")
    wait_until(lambda: at_rest(engine, 1))
    assert found(engine, "another folder") == ["other.md"]


def test_adding_the_folder_around_one_that_is_being_read(engine: Engine, notes: Path) -> None:
    fill(notes, {f"Sub/{i}.md": f"note {i} " * 40 for i in range(400)} | {"top.md": "above\n"})
    engine.add_folder(notes / "Sub")
    wait_until(lambda: engine.status().documents)
    engine.add_folder(notes)
    wait_until(lambda: at_rest(engine, 401), 60)
    assert [f.path for f in engine.status().folders] == [notes]


def test_the_folder_that_holds_a_path(engine: Engine, notes: Path) -> None:
    engine.add_folder(notes)
    covering = engine.covering(notes / "a/b.md")
    assert covering is not None
    assert covering.path == notes
    assert engine.covering(notes.parent) is None
    assert engine.count_notes(fill(notes, NOTES)) == 4
    assert engine.count_notes(notes, limit=2) == 2


# Many gone at once


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
    summary, errors, held = engine.reconcile([])
    assert (summary.removed, errors, held) == (0, (), 30)
    status = engine.status()
    assert [(h.folder, h.missing, h.of) for h in status.held] == [(many, 30, 41)]
    assert status.folders[0].state is FolderState.ASKING
    assert status.documents == 41
    assert found(engine, "word7", mode="keyword") == ["7.md"]


def test_the_answer_remove(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    engine.answer_held(many, remove=True)
    wait_until(lambda: at_rest(engine, 11))
    assert not engine.status().held
    assert found(engine, "word7", mode="keyword") == []


def test_the_answer_keep(engine: Engine, many: Path) -> None:
    vanish(many)
    reconcile(engine)
    engine.answer_held(many, remove=False)
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


def test_an_unreachable_root_loses_nothing_and_comes_back(engine: Engine, many: Path, embedder: HashingEmbedder) -> None:
    away = many.with_name("Away")
    many.rename(away)
    summary, errors, held = engine.reconcile([])
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


# Problems


def test_bad_files_become_problems_and_the_rest_goes_on(engine: Engine, notes: Path) -> None:
    fill(notes, {"good.md": "good words\n", "binary.md": bytes(range(256)) * 40, "empty.md": "", "nul.txt": "with \0 nul words\n"})
    summary = reconcile(engine, notes)
    assert summary.failed == 1
    (problem,) = engine.problems()
    assert problem.path == notes / "binary.md"
    assert problem.title
    assert problem.hint
    status = engine.status()
    assert (status.documents, status.failed, status.complete, status.problems) == (4, 1, 3, 1)
    assert found(engine, "good words")[0] == "good.md"
    assert numbers(reconcile(engine)) == {"unchanged": 4} or numbers(reconcile(engine)).get("failed") == 1
    assert len(engine.problems()) == 1


def test_a_mended_file_is_read_on_retry(engine: Engine, notes: Path) -> None:
    bad = write(notes, "bad.md", bytes(range(256)) * 40)
    reconcile(engine, notes)
    status = bad.stat()
    bad.write_bytes(b"mended words ".ljust(status.st_size))
    os.utime(bad, ns=(status.st_atime_ns, status.st_mtime_ns))
    engine.retry([bad])
    wait_until(lambda: at_rest(engine, 1))
    assert engine.problems() == ()
    assert found(engine, "mended words") == ["bad.md"]


def test_retrying_all_leaves_those_that_cannot_be_helped(engine: Engine, notes: Path) -> None:
    write(notes, "bad.md", bytes(range(256)) * 40)
    reconcile(engine, notes)
    engine.retry()
    assert len(engine.problems()) == 1


def test_a_good_note_turned_bad_leaves_the_index(engine: Engine, notes: Path) -> None:
    write(notes, "a.md", "zanzibar\n")
    reconcile(engine, notes)
    write(notes, "a.md", bytes(range(256)) * 40)
    assert reconcile(engine).failed == 1
    assert found(engine, "zanzibar", mode="keyword") == []
    assert len(engine.problems()) == 1
    write(notes, "a.md", "zanzibar again\n")
    reconcile(engine)
    assert engine.problems() == ()
    assert found(engine, "zanzibar", mode="keyword") == ["a.md"]


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_name_that_is_not_text_is_one_problem_that_stays(engine: Engine, notes: Path) -> None:
    write(notes, "good.md", "good words\n")
    (notes / os.fsdecode(b"b\xffd.md")).write_text("words\n")
    (notes / os.fsdecode(b"f\xfflder")).mkdir()
    (notes / os.fsdecode(b"f\xfflder/a.md")).write_text("words\n")
    for _ in range(3):
        reconcile(engine, notes)
        assert len(engine.problems()) == 2
        assert engine.status().error == ""
    assert found(engine, "good words") == ["good.md"]


ODD_NAMES = ["100%_of.md", "it's.md", 'a"b.md', "new\nline.md", " lead.md", "[x]*?.md", "e\u0301.md", "🍞.md", "-dash.md", "x" * 240 + ".md"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(engine: Engine, notes: Path, name: str) -> None:
    write(notes, name, "zanzibar\n")
    reconcile(engine, notes)
    assert found(engine, "zanzibar") == [name]
    assert engine.note_text(notes / name).text == "zanzibar\n"
    (notes / name).unlink()
    reconcile(engine)
    assert found(engine, "zanzibar") == []


# Pausing, ending, errors


def test_pause_and_resume(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, {f"{i}.md": f"note {i}\n" for i in range(30)})
    embedder.gate.clear()
    engine.add_folder(notes)
    assert embedder.waiting.wait(20)
    engine.pause()
    assert engine.status().state is IndexingState.PAUSED
    embedder.gate.set()
    wait_until(lambda: engine.status().documents == 30)
    assert engine.status().waiting
    assert found(engine, "note 7", mode="keyword")
    engine.resume()
    wait_until(lambda: at_rest(engine, 30))
    assert len(embedder.texts) == 30


def test_closing_while_indexing_loses_nothing(start_engine: StartEngine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(120)})
    first = start_engine(watch=False)
    first.add_folder(notes)
    wait_until(lambda: first.status().embedded)
    first.close()
    second = start_engine(watch=False)
    reconcile(second)
    assert second.status().complete == 120
    assert len(embedder.texts) == 120
    assert found(second, "word77", mode="keyword") == ["77.md"]


def test_closing_while_reading_loses_nothing(start_engine: StartEngine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(300)})
    first = start_engine(watch=False)
    first.add_folder(notes)
    wait_until(lambda: first.status().documents)
    first.close()
    second = start_engine(watch=False)
    reconcile(second)
    assert second.status().complete == 300
    assert len(embedder.texts) == len(set(embedder.texts)) == 300


def test_closing_ends_a_reconcile_that_waits(start_engine: StartEngine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, NOTES)
    embedder.gate.clear()
    engine = start_engine(watch=False)
    ended = threading.Event()

    def run() -> None:
        engine.reconcile([notes])
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    assert embedder.waiting.wait(20)
    engine.close()
    assert ended.wait(20)


def test_a_model_that_is_missing_leaves_words_and_ends_the_reconcile(start_engine: StartEngine, notes: Path) -> None:
    from notesearch.errors import ModelMissing

    fill(notes, NOTES)
    engine = start_engine(watch=False, embedders=(HashingEmbedder(error=ModelMissing),))
    results: list[tuple[IndexSummary, tuple[Exception, ...], int]] = []
    thread = threading.Thread(target=lambda: results.append(engine.reconcile([notes])), daemon=True)
    thread.start()
    thread.join(20)
    assert results, "reconcile does not end"
    summary, errors, _ = results[0]
    assert summary.added == 4
    assert any(isinstance(error, ModelMissing) for error in errors)
    from notesearch.domain import Query

    answer = engine.search(Query(text="overnight"))
    assert [m.path.name for m in answer.matches] == ["bread.md"]
    assert "words only" in answer.notice
    assert engine.status().waiting == 4
    assert engine.status().state is not IndexingState.IDLE


def test_a_reconcile_after_a_bug_says_so_instead_of_waiting(start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)

    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(engine._indexer, "_do_scan", bug)
    results: list[tuple[IndexSummary, tuple[Exception, ...], int]] = []

    def twice() -> None:
        results.append(engine.reconcile([notes]))
        results.append(engine.reconcile([notes]))

    thread = threading.Thread(target=twice, daemon=True)
    thread.start()
    thread.join(20)
    assert len(results) == 2, "reconcile does not end"
    assert all(isinstance(errors[0], ZeroDivisionError) for _, errors, _ in results)
    status = engine.status()
    assert status.state is IndexingState.FAILED
    assert "bug" in status.error
    assert "ZeroDivision" not in status.error


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


def test_the_index_is_for_the_user_alone_and_nothing_is_put_beside_the_notes(engine: Engine, notes: Path, tmp_path: Path) -> None:
    fill(notes, NOTES)
    before = {p: p.stat().st_mtime_ns for p in notes.rglob("*")}
    reconcile(engine, notes)
    assert {p: p.stat().st_mtime_ns for p in notes.rglob("*")} == before
    if os.name == "posix":
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_damaged_copies_are_rebuilt_with_no_vector_made(start_engine: StartEngine, notes: Path, tmp_path: Path, embedder: HashingEmbedder) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\nword{i}\n" for i in range(300)})
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    engine.close()
    asked = len(embedder.texts)
    for path in [*(tmp_path / "data/keyword").iterdir(), *(tmp_path / "data/vectors").iterdir()]:
        path.write_bytes(b"damaged")
    again = start_engine(watch=False)
    again.wait_ready()
    assert found(again, "word42", mode="keyword") == ["42.md"]
    assert found(again, "word42 note", mode="meaning")[0] == "42.md"
    assert len(embedder.texts) == asked


def test_a_saved_graph_with_vectors_of_edited_notes_opens_again(start_engine: StartEngine, notes: Path, embedder: HashingEmbedder) -> None:
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
    assert third.status().error == ""


Check = Callable[[], None]


def test_the_diagnosis_of_a_sound_index(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes)
    assert all(well for _, _, well in engine.diagnosis())
    assert engine.bytes_on_disk()["database"] > 0
    assert engine.memory_bytes() > 1_000_000
    shutil.rmtree(notes)
    assert [what for what, _, well in engine.diagnosis() if not well] == [f"Folder {notes}"]


def test_a_folder_without_permission_stops_nothing(engine: Engine, notes: Path, lock_away: Callable[[Path], None]) -> None:
    fill(notes, {"a.md": "alpha\n", "Locked/b.md": "beta\n"})
    reconcile(engine, notes)
    lock_away(notes / "Locked")
    write(notes, "c.md", "gamma\n")
    assert numbers(reconcile(engine)) == {"added": 1, "unchanged": 1, "embedded": 1}
    assert engine.status().error == ""
    assert found(engine, "beta", mode="keyword") == ["b.md"]
    with pytest.raises(FolderUnreadable):
        engine.add_folder(notes.parent / "Notes" / "Locked" / "Deep")
    assert engine.diagnosis()


# Pausing beside a reconcile


def test_a_reconcile_says_that_indexing_is_paused(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    engine.pause()
    with pytest.raises(NotesearchError, match="paused") as refused:
        engine.reconcile([notes])
    assert refused.value.retryable
    assert engine.status().folders == ()
    engine.resume()
    assert reconcile(engine, notes).added == 4


def test_a_reconcile_under_way_ends_when_indexing_is_paused(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    fill(notes, NOTES)
    embedder.gate.clear()
    with pytest.raises(NotesearchError, match="paused"):
        engine.reconcile([notes], progress=lambda _: engine.pause())
    embedder.gate.set()
    engine.resume()
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

    monkeypatch.setattr(Indexes, "save_vectors", refuse)
    engine.close()
    monkeypatch.undo()
    assert owner_pid(tmp_path / "data") is None
    with pytest.raises(StoreError, match="closed"):
        engine.keyword_search(Query(text="sour"))
    again = start_engine(watch=False)
    assert found(again, "overnight")[0] == "bread.md"


def test_closing_beside_searches(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, {f"{i}.md": f"# Note {i}\n\npython garden word{i}\n" for i in range(50)})
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    ended: list[BaseException] = []
    searched = threading.Barrier(5, timeout=20)

    def search() -> None:
        try:
            engine.keyword_search(Query(text="python garden -tea"))
            searched.wait()
            while True:
                engine.keyword_search(Query(text="python garden -tea"))
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=search, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    searched.wait()
    engine.close()
    for thread in threads:
        thread.join(20)
    assert [type(error) for error in ended] == [StoreError] * 4


# A graph built anew


def test_a_graph_that_is_mostly_of_no_use_is_built_anew_aside(tmp_path: Path) -> None:
    storage = open_storage(tmp_path)
    indexes = Indexes(storage)
    mark = fingerprint(LOCAL)
    old = indexes.vectors(mark)
    drawn = np.random.default_rng(1).standard_normal((1200, LOCAL.dimensions)).astype(np.float32)
    old.add(range(1, 1201), drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
    indexes.refresh_live(mark, lambda: True)
    assert indexes.vectors(mark) is old
    indexes.refresh_live(mark)
    assert len(indexes.vectors(mark)) == 0
    assert len(old) == 1200
    storage.store.close()


def test_a_reader_looks_for_vectors_in_use_only_when_something_changed(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = start_engine(watch=False)
    other = fill(notes.parent / "Other", {"z.md": "zeta\n"})
    fill(notes, NOTES)
    reconcile(owner, notes, other)
    owner.remove_folder(other)
    wait_until(lambda: at_rest(owner, 4))
    reader = start_engine(read_only=True)
    assert found(reader, "overnight")[0] == "bread.md"
    asked: list[str] = []
    real = Store.live_vector_ids

    def live_vector_ids(store: Store, mark: str) -> object:
        if threading.current_thread() is threading.main_thread():  # The owner asks too, from a thread of its own.
            asked.append(mark)
        return real(store, mark)

    def refreshes_without_asking() -> bool:
        asked.clear()
        reader.refresh()
        return asked == []

    monkeypatch.setattr(Store, "live_vector_ids", live_vector_ids)
    wait_until(refreshes_without_asking)
    write(notes, "new.md", "zanzibar\n")
    reconcile(owner)
    reader.refresh()
    assert found(reader, "zanzibar", mode="meaning")[0] == "new.md"


def test_held_deletions_of_several_folders_are_counted_together(engine: Engine, notes: Path) -> None:
    folders = [fill(notes.parent / name, {f"{i}.md": f"{name} {i}\n" for i in range(30)}) for name in ("One", "Two")]
    reconcile(engine, *folders)
    for folder in folders:
        for i in range(25):
            (folder / f"{i}.md").unlink()
    assert engine.reconcile([])[2] == 50


def test_the_models_of_an_engine_are_let_go_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unloaded: list[object] = []
    monkeypatch.setattr(LocalEmbedder, "unload", lambda embedder: unloaded.append(embedder))
    engine = Engine(tmp_path / "data", watch=False)
    engine.start()
    engine.close()
    assert len(unloaded) == 1
