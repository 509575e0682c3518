"""Ignore rules of a folder, changed while the program runs: notes leave the index and come back at no
cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.config.settings import Settings
from notesearch.engine.engine import Engine
from notesearch.errors import FolderMissing
from tests.conftest import NOTES, StartEngine, at_rest, fill, found, reconcile, wait_until
from tests.embedders import HashingEmbedder


@pytest.fixture
def searched(engine: Engine, notes: Path) -> Engine:
    reconcile(engine, fill(notes, NOTES))
    return engine


def rule(engine: Engine, notes: Path, rules: str, documents: int) -> None:
    """Change the rules of a folder and wait until they hold."""
    engine.settings.update(lambda s: s.with_rules(notes, rules))
    wait_until(lambda: at_rest(engine, documents))


def test_notes_leave_and_come_back_at_no_cost(
    searched: Engine, notes: Path, embedder: HashingEmbedder
) -> None:
    assert found(searched, "tomatoes", "keyword") == ["tomatoes.txt"]
    embedded = len(embedder.texts)
    rule(searched, notes, "Garden/\n", 2)
    assert found(searched, "tomatoes", "keyword") == []
    assert "tomatoes.txt" not in found(searched, "tomatoes in the sun", "meaning")
    assert [note.path.name for note in searched.models.held_back(notes) if note.ignored] == [
        "compost.org",
        "tomatoes.txt",
    ]
    rule(searched, notes, "", 4)
    assert found(searched, "tomatoes", "keyword") == ["tomatoes.txt"]
    assert len(embedder.texts) == embedded
    assert searched.models.held_back(notes) == ()
    assert (notes / "Garden" / "tomatoes.txt").exists()
    assert sorted(p.name for p in notes.iterdir()) == ["Garden", "Travel", "bread.md"], (
        "nothing is put beside the notes"
    )


def test_the_rules_hold_for_single_files_too(start_engine: StartEngine, notes: Path) -> None:
    watching = start_engine()
    watching.folders.add(fill(notes, NOTES))
    watching.settings.update(lambda _: Settings().with_rules(notes, "*.txt"))
    wait_until(lambda: at_rest(watching, 3))
    (notes / "new.txt").write_text("Nobody is to see it.")
    (notes / "new.md").write_text("Everybody may see it.")
    wait_until(lambda: at_rest(watching, 4))
    assert found(watching, "see it", "keyword") == ["new.md"]


def test_they_are_there_after_a_start(start_engine: StartEngine, notes: Path, tmp_path: Path) -> None:
    first = start_engine(watch=False)
    first.settings.update(lambda _: Settings().with_rules(notes, "*.md"))
    assert reconcile(first, fill(notes, NOTES)).added == 3
    first.close()
    assert reconcile(start_engine(watch=False)).unchanged == 3


def test_what_they_would_leave_out_is_counted(searched: Engine, notes: Path) -> None:
    counted = searched.folders.count_ignored(notes, "Garden/\n[ab")
    assert (counted.ignored, counted.notes, [e.line for e in counted.errors]) == (2, 4, [2])
    assert searched.status().documents == 4, "it changes nothing"
    assert searched.folders.count_ignored(notes, "*", lambda: True).more
    with pytest.raises(FolderMissing):
        searched.folders.count_ignored(notes / "nowhere", "*")


def test_a_folder_is_surveyed_before_it_is_added(
    searched: Engine, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert searched.folders.survey(notes / "Garden").covered_by == notes
    assert "already searched" in searched.folders.survey(notes).error
    assert (searched.folders.survey(tmp_path).covers, searched.folders.survey(tmp_path).error) == (
        (notes,),
        "",
    )
    assert searched.folders.survey(notes / "bread.md").is_file
    assert searched.folders.survey(tmp_path / "data").error
    assert searched.folders.survey(tmp_path / "nowhere").error


def test_vaults_are_found(searched: Engine, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(notes))
    monkeypatch.setenv("USERPROFILE", str(notes))
    monkeypatch.delenv("XDG_DOCUMENTS_DIR", raising=False)
    vault = fill(notes / "Travel", {".obsidian/app.json": "{}"})
    (known,) = searched.folders.find_vaults(60.0)
    assert (known.path, known.kind, known.notes, known.searched) == (vault, "obsidian", 1, True)
