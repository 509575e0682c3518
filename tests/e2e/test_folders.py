"""Folders beside the running window: what changes on the disk, and what another program drops."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import fill, write
from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop, drag_source


def test_the_rows_follow_what_happens_on_the_disk(start: Start, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", {"Tram.txt": "The tram climbs to the castle."})
    program = start(notes)
    program.search('"castle"', "Tram")
    created = write(notes, "Hill.txt", "A ruined castle on the hill.")
    program.until(lambda: sorted(program.titles) == ["Hill", "Tram"], "the created note is found")
    created.write_text("Only a hut is left.")
    program.until(lambda: program.titles == ["Tram"], "the edited note is not found by its old words")
    os.replace(write(notes, ".Tram.txt.new", "The tram passes a castle of sand."), notes / "Tram.txt")
    program.until(lambda: "castle of sand" in program.rows[0], "the replaced note is found by its new words")
    (notes / "Tram.txt").rename(notes / "Funicular.txt")
    program.until(lambda: program.titles == ["Funicular"], "the renamed note has its new name")
    (notes / "Funicular.txt").unlink()
    program.until(lambda: program.rows == [] and program.shows("Nothing found"), "the deleted note is gone")


def test_a_folder_dropped_from_another_program_is_added(
    start: Start, desktop: Desktop, tmp_path: Path
) -> None:
    dropped = fill(tmp_path / "My Nötes #1", {"Übung.md": "# Exercise\n\nThe marimba in the attic.\n"})
    program = start()
    with drag_source(desktop, dropped) as source:
        with desktop.dragging(desktop.window("drag source", source.pid), program.window):
            program.until(lambda: program.shows("Drop to search this folder"), "the window offers to take it")
        assert source.stdout is not None
        # Never a move: that would let the source delete the notes.
        assert source.stdout.readline().strip() == "CopyAction"
        # The source has to live until the window has fetched what was dropped.
        program.until(
            lambda: any(row.startswith("My Nötes #1, ") for row in program.folders), "the folder is listed"
        )
    program.search("marimba", "Exercise")
    assert (dropped / "Übung.md").exists()
