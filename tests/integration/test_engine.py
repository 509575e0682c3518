"""The engine from outside: folders, files as they change, what a reconcile did, and that nothing is embedded
twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from notesearch.config.settings import Settings
from notesearch.domain import FolderState, IndexingState, IndexingStatus, told
from notesearch.engine.engine import Engine
from notesearch.errors import FolderMissing, FolderOverlap, NotIndexed, UsageError
from tests.conftest import (
    NOTES,
    StartEngine,
    at_rest,
    fill,
    found,
    long_note,
    numbers,
    reconcile,
    wait_until,
    write,
)
from tests.embedders import HashingEmbedder

# Reconciling


def test_a_new_folder_is_added_read_and_embedded(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
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


def test_an_edit_embeds_only_what_changed_and_an_undo_nothing(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
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


def test_copies_renames_and_moves_are_not_embedded(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
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


def test_a_note_renamed_to_another_format_is_read_anew(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    note = write(notes, "a.org", ":PROPERTIES:\n:hidden: 1\n:END:\nvisible words\n")
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


def test_where_nothing_is_embedded_a_reconcile_ends_when_all_is_read(
    start_engine: StartEngine, notes: Path
) -> None:
    write(notes, "a.md", "The night train.\n")
    engine = start_engine(watch=False, embed=False)
    assert numbers(reconcile(engine, notes)) == {"added": 1}
    assert found(engine, "train", "keyword") == ["a.md"]
    assert engine.status().waiting == 1


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
    fill(
        notes,
        {
            "a.md": "a",
            "b.png": b"\x89PNG",
            "c.pdf": "%PDF-1.7",
            "c.min.js": "x()",
            ".hidden.md": "x",
            ".git/d.md": "x",
            "node_modules/e.md": "x",
            "noname": b"\x00\x01\x02",
        },
    )
    assert numbers(reconcile(engine, notes))["added"] == 1
    assert engine.indexing.problems() == ()


# Folders


def test_a_folder_is_not_searched_twice_by_way_of_a_link(engine: Engine, notes: Path, tmp_path: Path) -> None:
    (notes / "Sub").mkdir()
    engine.folders.add(notes / "Sub")
    for name, target in (("same", notes / "Sub"), ("around", notes), ("own", tmp_path / "data")):
        link = tmp_path / name
        try:
            link.symlink_to(target, target_is_directory=True)
        except OSError:
            pytest.skip("no links here")
        with pytest.raises(FolderOverlap):
            engine.folders.add(link)
    engine.folders.add(notes)
    assert [f.path for f in engine.status().folders] == [notes]


def test_folders_that_cannot_be_added(engine: Engine, notes: Path, tmp_path: Path) -> None:
    engine.folders.add(notes)
    (notes / "Sub").mkdir()
    for path in (notes, notes / "Sub", notes / "Sub" / ".." / "Sub"):
        with pytest.raises(FolderOverlap):
            engine.folders.add(path)
    with pytest.raises(FolderMissing):
        engine.folders.add(tmp_path / "nowhere")
    with pytest.raises(FolderMissing):
        engine.folders.add(write(tmp_path, "file.md"))
    with pytest.raises(FolderOverlap):
        engine.folders.add(tmp_path / "data")
    with pytest.raises(UsageError):
        engine.folders.add(tmp_path, "nobody/nothing")
    with pytest.raises(NotIndexed):
        engine.folders.remove(tmp_path)
    assert [f.path for f in engine.status().folders] == [notes]


def test_a_reconcile_of_a_folder_inside_a_known_one_takes_the_known_one(engine: Engine, notes: Path) -> None:
    fill(notes, NOTES)
    reconcile(engine, notes)
    assert numbers(reconcile(engine, notes / "Garden", notes)) == {"unchanged": 4}
    assert [f.path for f in engine.status().folders] == [notes]


def test_a_folder_around_known_ones_takes_them_up(
    engine: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
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
    engine.folders.remove(notes / "Garden")
    assert [f.path for f in engine.status().folders] == [notes / "Travel"]
    assert set(found(engine, "tomatoes tram compost sun castle")) == {"lisbon.rst"}
    wait_until(lambda: at_rest(engine, 1))
    assert (notes / "Garden/tomatoes.txt").exists()
    with pytest.raises(NotIndexed):
        engine.search.note_text(notes / "Garden/tomatoes.txt")


def test_removing_a_folder_while_it_is_read_harms_nothing(
    engine: Engine, notes: Path, tmp_path: Path
) -> None:
    fill(notes, {f"{i}.md": f"note {i} " * 40 for i in range(400)})
    fill(tmp_path / "Other", {"other.md": "another folder\n"})
    engine.folders.add(notes)
    wait_until(lambda: engine.status().documents)
    engine.folders.remove(notes)
    engine.folders.add(tmp_path / "Other")
    wait_until(lambda: at_rest(engine, 1))
    assert found(engine, "another folder") == ["other.md"]


def test_adding_the_folder_around_one_that_is_being_read(engine: Engine, notes: Path) -> None:
    fill(notes, {f"Sub/{i}.md": f"note {i} " * 40 for i in range(400)} | {"top.md": "above\n"})
    engine.folders.add(notes / "Sub")
    wait_until(lambda: engine.status().documents)
    engine.folders.add(notes)
    wait_until(lambda: at_rest(engine, 401))
    assert [f.path for f in engine.status().folders] == [notes]


def test_the_folder_that_holds_a_path(engine: Engine, notes: Path) -> None:
    engine.folders.add(notes)
    covering = engine.folders.covering(notes / "a/b.md")
    assert covering is not None
    assert covering.path == notes
    assert engine.folders.covering(notes.parent) is None
    assert engine.folders.survey(fill(notes, NOTES)).notes == 4
    assert engine.folders.survey(notes, limit=2).notes == 2


def test_gitignore_files_are_followed_as_soon_as_that_is_chosen(engine: Engine, notes: Path) -> None:
    fill(notes, {"a.md": "alpha\n", "build.md": "beta\n", ".gitignore": "build.md\n"})
    reconcile(engine, notes)
    assert found(engine, "beta") == ["build.md"]
    engine.settings.update(lambda _: Settings(gitignore=True))
    wait_until(lambda: found(engine, "beta", mode="keyword") == [])
    engine.settings.update(lambda _: Settings())
    wait_until(lambda: found(engine, "beta", mode="keyword") == ["build.md"])


# Problems


def test_bad_files_become_problems_and_the_rest_goes_on(engine: Engine, notes: Path) -> None:
    fill(
        notes,
        {
            "good.md": "good words\n",
            "binary.md": bytes(range(256)) * 40,
            "empty.md": "",
            "nul.txt": "with \0 nul words\n",
        },
    )
    summary = reconcile(engine, notes)
    assert summary.failed == 1
    (problem,) = engine.indexing.problems()
    assert problem.path == notes / "binary.md"
    assert problem.what == told("file-binary")
    status = engine.status()
    assert (status.documents, status.failed, status.complete, status.problems) == (4, 1, 3, 1)
    assert found(engine, "good words")[0] == "good.md"
    assert numbers(reconcile(engine)) == {"unchanged": 4} or numbers(reconcile(engine)).get("failed") == 1
    assert len(engine.indexing.problems()) == 1


def test_a_mended_file_is_read_on_retry(engine: Engine, notes: Path) -> None:
    bad = write(notes, "bad.md", bytes(range(256)) * 40)
    reconcile(engine, notes)
    status = bad.stat()
    bad.write_bytes(b"mended words ".ljust(status.st_size))
    os.utime(bad, ns=(status.st_atime_ns, status.st_mtime_ns))
    engine.indexing.retry([bad])
    wait_until(lambda: at_rest(engine, 1))
    assert engine.indexing.problems() == ()
    assert found(engine, "mended words") == ["bad.md"]


def test_retrying_all_leaves_those_that_cannot_be_helped(engine: Engine, notes: Path) -> None:
    write(notes, "bad.md", bytes(range(256)) * 40)
    reconcile(engine, notes)
    engine.indexing.retry()
    assert len(engine.indexing.problems()) == 1


def test_a_good_note_turned_bad_leaves_the_index(engine: Engine, notes: Path) -> None:
    write(notes, "a.md", "zanzibar\n")
    reconcile(engine, notes)
    write(notes, "a.md", bytes(range(256)) * 40)
    assert reconcile(engine).failed == 1
    assert found(engine, "zanzibar", mode="keyword") == []
    assert len(engine.indexing.problems()) == 1
    write(notes, "a.md", "zanzibar again\n")
    reconcile(engine)
    assert engine.indexing.problems() == ()
    assert found(engine, "zanzibar", mode="keyword") == ["a.md"]


ODD_NAMES = [
    "100%_of.md",
    "it's.md",
    'a"b.md',
    "new\nline.md",
    " lead.md",
    "[x]*?.md",
    "e\u0301.md",
    "🍞.md",
    "-dash.md",
    "x" * 240 + ".md",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(engine: Engine, notes: Path, name: str) -> None:
    write(notes, name, "zanzibar\n")
    reconcile(engine, notes)
    assert found(engine, "zanzibar") == [name]
    assert engine.search.note_text(notes / name).text == "zanzibar\n"
    (notes / name).unlink()
    reconcile(engine)
    assert found(engine, "zanzibar") == []
