"""The life of the process: killed, ended, started twice, without a screen."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch.api.listener import owner_address
from tests.conftest import fill, wait_until
from tests.e2e.conftest import Start
from tests.e2e.desktop import ROOT, Desktop, Popup, Program

NOTES = {
    "Tram.md": "# Tram\n\nThe tram climbs to the castle.\n",
    "Heap.md": "# Heap\n\nTurn the heap in autumn.\n",
}


def command(desktop: Desktop, data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "notesearch", "--data-dir", str(data), *arguments]
    return subprocess.run(line, cwd=ROOT, env=desktop.env, capture_output=True, text=True, timeout=100)


def test_killed_while_indexing_it_goes_on_where_it_was(
    start: Start, desktop: Desktop, tmp_path: Path
) -> None:
    number = 120
    notes = fill(
        tmp_path / "Notes",
        {
            f"note {i}.md": f"# Entry {i}\n\nOn day {i} we saw {i * 7} geese over the marsh.\n"
            for i in range(number)
        },
    )
    program = start(notes)
    # Where it is quicker than we look, it is killed at its end.
    program.until(lambda: "to go" in program.status or "Up to date" in program.status, "it is at work")
    program.kill()
    again = start()
    again.until(lambda: again.status == f"Up to date \N{MIDDLE DOT} {number} notes", "everything is complete")
    again.search("entry 97", "Entry 97")
    status = json.loads(command(desktop, tmp_path / "data", "status", "--json").stdout)
    assert status["documents"] == {"total": number, "complete": number, "waiting": 0, "failed": 0}
    assert status["embedded"] == status["chunks"]


def test_sigterm_ends_it_well_and_the_next_start_looks_the_same(
    start: Start, desktop: Desktop, tmp_path: Path
) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    program = start(notes)
    program.search("castle", "Tram")
    program.key("Escape")
    desktop.xdotool("windowsize", "--sync", program.window, 1010, 610)
    desktop.xdotool("windowmove", program.window, 120, 90)
    program.until(
        lambda: (program.geometry["WIDTH"], program.geometry["HEIGHT"]) == ("1010", "610"), "the new size"
    )
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
    first.until(
        lambda: (
            not first.active and "HIDDEN" in desktop.output("xprop", "-id", first.window, "_NET_WM_STATE")
        ),
        "it is out of sight",
    )
    second = command(desktop, tmp_path / "data", str(more), str(notes))
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    first.until(
        lambda: (
            first.active and "HIDDEN" not in desktop.output("xprop", "-id", first.window, "_NET_WM_STATE")
        ),
        "it is back",
    )
    first.until(
        lambda: (
            [row.split(",")[0] for row in first.folders] == ["More notes", "Notes"] or len(first.folders) == 2
        ),
        "both folders",
    )
    assert not any("already searched" in name for _, name in first.shown)
    first.type("marimba")
    first.until(lambda: first.titles[:1] == ["Marimba"])
    assert first.terminate() == 0


def test_two_starts_at_once_make_one_window(start: Start, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    both = [start(notes, up=False), start(notes, up=False)]
    wait_until(lambda: any(program.process.poll() is not None for program in both))
    (ended,) = (p for p in both if p.process.poll() is not None)
    (stays,) = (p for p in both if p is not ended)
    assert ended.process.returncode == 0
    stays.up().search("castle", "Tram")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a display")
@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":9731"}], ids=["none", "one that is gone"])
def test_without_a_display_it_names_the_commands(display: dict[str, str], tmp_path: Path) -> None:
    line = [sys.executable, "-m", "notesearch", "--data-dir", str(tmp_path / "data")]
    done = subprocess.run(
        line, cwd=ROOT, env={"HOME": str(tmp_path), **display}, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "display" in done.stderr
    assert all(word in done.stderr for word in ("notesearch", "index", "search", "status"))
    assert not (tmp_path / "data").exists()


def test_three_starts_at_once_leave_one_every_time(start: Start, tmp_path: Path) -> None:
    """Three at the same instant, five times over."""
    for round_ in range(5):
        data = tmp_path / f"data {round_}"
        three = [start("--hidden", data=data, up=False) for _ in range(3)]

        def alive(three: list[Program] = three) -> list[Program]:
            return [program for program in three if program.process.poll() is None]

        wait_until(lambda alive=alive: len(alive()) == 1)  # type: ignore[misc]
        (stays,) = alive()
        assert {program.process.returncode for program in three if program is not stays} == {0}
        # It has the folder: the next one is served.
        assert stays.again("--toggle").returncode == 0
        Popup(stays).up()
        assert alive() == [stays]
        assert stays.terminate() == 0


def test_a_killed_one_leaves_nothing_in_the_way_and_its_socket_is_for_the_user_alone(
    start: Start, tmp_path: Path
) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    program = start(notes)
    program.until(lambda: program.status.startswith("Up to date"))
    place = Path(os.fsdecode(owner_address(tmp_path / "data")))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    program.kill()
    assert place.exists()
    # Where the tests themselves ignore it, so would what they start.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    again = start()
    signal.signal(signal.SIGHUP, before)
    done = again.again("--search", "castle")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    again.until(lambda: again.query == "castle" and again.titles[:1] == ["Tram"])
    # As when the terminal is closed that it was started from.
    assert again.terminate(signal.SIGHUP) == 0
    assert not place.exists()


def test_what_a_second_start_asks_for_is_done_in_the_first(
    start: Start, desktop: Desktop, tmp_path: Path
) -> None:
    notes = fill(tmp_path / "Notes", {**NOTES, "Ü.md": "# Umlaut\n\nÜber allen Gipfeln ist Ruh.\n"})
    program = start(notes)
    program.until(lambda: program.status.startswith("Up to date"))
    for arguments, query, title in (
        (("--search", "castle"), "castle", "Tram"),
        (("notesearch://search?q=%C3%BCber",), "über", "Umlaut"),
        (("notesearch://search?q=heap+autumn",), "heap autumn", "Heap"),
    ):
        desktop.xdotool("windowminimize", program.window)
        program.until(lambda: not program.active)
        done = program.again(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        program.until(
            lambda query=query, title=title: program.query == query and program.titles[:1] == [title],  # type: ignore[misc]
            query,
        )
        program.until(lambda: program.active, "the window is in front")
    for wrong in (
        "notesearch://open?path=/etc/passwd",
        "notesearch://search?q=a&x=1",
        "notesearch://search?q=",
        "http://example.org/?q=a",
        "notesearch:search",
        "notesearch://search/x?q=a",
        "notesearch://search?q=a#b",
        "notesearch://user@search?q=a",
        "NOTESEARCH://search?q=a",
        "file:///etc/passwd",
    ):
        done = program.again(wrong)
        assert (done.returncode, done.stdout) == (2, ""), wrong
        assert len(done.stderr.splitlines()) == 1, wrong
    assert program.query == "heap autumn"
    assert len(program.folders) == 1
    assert program.terminate() == 0
