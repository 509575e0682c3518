"""The life of the process: killed, ended, started twice, without a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import fill, wait_until
from tests.e2e.conftest import Start
from tests.e2e.desktop import PATIENCE, ROOT, Desktop

NOTES = {"Tram.md": "# Tram\n\nThe tram climbs to the castle.\n", "Heap.md": "# Heap\n\nTurn the heap in autumn.\n"}


def command(desktop: Desktop, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "notesearch", "--data-dir", str(data), *arguments]
    return subprocess.run(line, cwd=ROOT, env=desktop.env, capture_output=True, text=True, timeout=60)


def test_killed_while_indexing_it_goes_on_where_it_was(start: Start, desktop: Desktop, tmp_path: Path) -> None:
    number = 120
    notes = fill(tmp_path / "Notes", {f"note {i}.md": f"# Entry {i}\n\nOn day {i} we saw {i * 7} geese over the marsh.\n" for i in range(number)})
    program = start(notes)
    program.until(lambda: "to go" in program.status, "it is at work")
    program.kill()
    again = start()
    again.until(lambda: again.status == f"Up to date \N{MIDDLE DOT} {number} notes", "everything is complete")
    again.search("entry 97", "Entry 97")
    status = json.loads(command(desktop, tmp_path / "data", "status", "--json").stdout)
    assert status["documents"] == {"total": number, "complete": number, "waiting": 0, "failed": 0}
    assert status["embedded"] == status["chunks"]


def test_sigterm_ends_it_well_and_the_next_start_looks_the_same(start: Start, desktop: Desktop, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    program = start(notes)
    program.search("castle", "Tram")
    program.key("Escape")
    desktop.xdotool("windowsize", "--sync", program.window, 1010, 610)
    desktop.xdotool("windowmove", program.window, 120, 90)
    program.until(lambda: (program.geometry["WIDTH"], program.geometry["HEIGHT"]) == ("1010", "610"), "the new size")
    program.search("heap", "Heap")
    before = program.geometry
    assert program.terminate() == 0
    again = start()
    again.until(lambda: again.geometry == before, f"the window is where it was, at {before}")
    again.until(lambda: again.rows, "the notes are there")
    again.key("alt+Up")
    again.until(lambda: again.query == "heap", "the last query comes back")


def test_a_second_start_brings_the_first_to_the_front(start: Start, desktop: Desktop, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    more = fill(tmp_path / "More notes", {"Marimba.md": "# Marimba\n\nIt stands in the attic.\n"})
    first = start(notes)
    first.until(lambda: first.status.startswith("Up to date"))
    desktop.xdotool("windowminimize", first.window)
    first.until(lambda: not first.active and "HIDDEN" in desktop.output("xprop", "-id", first.window, "_NET_WM_STATE"), "it is out of sight")
    second = command(desktop, tmp_path / "data", str(more), str(notes))
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    first.until(lambda: first.active and "HIDDEN" not in desktop.output("xprop", "-id", first.window, "_NET_WM_STATE"), "it is back")
    first.until(lambda: [row.split(",")[0] for row in first.folders] == ["More notes", "Notes"] or len(first.folders) == 2, "both folders")
    assert not any("already searched" in name for _, name in first.shown)
    first.type("marimba")
    first.until(lambda: first.titles[:1] == ["Marimba"])
    assert first.terminate() == 0


def test_two_starts_at_once_make_one_window(start: Start, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    both = [start(notes, up=False), start(notes, up=False)]
    wait_until(lambda: any(program.process.poll() is not None for program in both), PATIENCE)
    (ended,) = (p for p in both if p.process.poll() is not None)
    (stays,) = (p for p in both if p is not ended)
    assert ended.process.returncode == 0
    stays.up().search("castle", "Tram")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":9731"}], ids=["none", "one that is gone"])
def test_without_a_display_it_names_the_commands(display: dict[str, str], tmp_path: Path) -> None:
    line = [sys.executable, "-m", "notesearch", "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(line, cwd=ROOT, env={"HOME": str(tmp_path), **display}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "display" in done.stderr
    assert all(word in done.stderr for word in ("notesearch", "index", "search", "status"))
    assert not (tmp_path / "data").exists()
