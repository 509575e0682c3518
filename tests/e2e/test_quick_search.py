"""Quick search as a person meets it: called over another program's window, steered by keys, gone when it is
not wanted."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fill, wait_until
from tests.e2e.bus import FileManager
from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop, Neighbour, Popup, Program, drag_source

from .test_window import EDITOR

QUETZAL = "The quetzal sat on the fence."
NOTES = {
    "Draft #1.md": f"# Draft\n\n{'Rain fell on the empty square until the evening. ' * 60}\n\n## "
    f"Later\n\n{QUETZAL}\n",
    "Bread.md": "# Bread\n\nFlour, water and patience.\n",
    "Temperatures.md": "# Temperatures\n\nThe dough rises at 26 degrees, bread is done at 98.\n",
}


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """Where the editor says what it was started with."""
    out, script = tmp_path / "opened with", tmp_path / "editor.py"
    script.write_text(EDITOR)
    command = shlex.join([sys.executable, str(script), str(out)])
    fill(tmp_path / "data", {"settings.toml": f"editor = '''{command} {{line}} {{path}}'''\n"})
    return out


@pytest.fixture
def program(start: Start, opened: Path, tmp_path: Path) -> Program:
    begun = start(fill(tmp_path / "My nötes", NOTES))
    begun.until(lambda: begun.status.startswith("Up to date"), "the notes are searched")
    return begun


@pytest.fixture
def two_screens(desktop: Desktop) -> Iterator[None]:
    """The screen's halves as screens of their own, as two monitors are."""
    if not shutil.which("xrandr"):
        pytest.skip("not installed: xrandr")
    for name, at, output in (("left", 0, "screen"), ("right", 640, "none")):
        desktop.output("xrandr", "--setmonitor", name, f"640/170x800/210+{at}+0", output)
    wait_until(lambda: "Monitors: 2" in desktop.output("xrandr", "--listmonitors"))
    yield
    for name in ("left", "right"):
        desktop.output("xrandr", "--delmonitor", name)


def test_it_comes_and_goes_and_keeps_the_query(program: Program, neighbour: Neighbour) -> None:
    neighbour.take_focus()
    popup = Popup(program).come_up()
    popup.search("quetzal", "Draft")
    program.key("Escape")
    popup.gone()
    wait_until(lambda: neighbour.active)
    popup.come_up()
    assert popup.query == "quetzal"
    assert popup.titles[:1] == ["Draft"]
    # It is selected, so that typing replaces it.
    popup.search("dough", "Temperatures")
    popup.toggle()
    popup.gone()
    wait_until(lambda: neighbour.active)
    assert neighbour.text == ""
    program.desktop.xdotool("windowactivate", "--sync", program.window)
    program.until(lambda: program.active)
    program.key("alt+Up")
    program.until(lambda: program.query == "dough", "what was asked is in the window's history")


def test_enter_opens_at_the_passage(program: Program, opened: Path, tmp_path: Path) -> None:
    popup = Popup(program).come_up()
    popup.search("quetzal", "Draft")
    program.key("Return")
    program.until(opened.exists, "the editor was started")
    line, path = opened.read_text(encoding="utf-8").split("\n")
    assert path == str(tmp_path / "My nötes" / "Draft #1.md")
    assert 3 < int(line) <= 7, "the passage's line"
    popup.gone()


def test_the_passage_is_copied_and_pasted_elsewhere(program: Program, neighbour: Neighbour) -> None:
    popup = Popup(program).come_up()
    popup.search("quetzal", "Draft")
    program.key("ctrl+c")
    program.until(lambda: program.describe("Quick summary")["description"] == "Passage copied", "it says so")
    assert popup.ready
    neighbour.take_focus()
    popup.gone()
    program.key("ctrl+v")
    wait_until(lambda: QUETZAL in neighbour.text)


def test_it_is_revealed_in_the_file_manager(
    program: Program, file_manager: FileManager, tmp_path: Path
) -> None:
    popup = Popup(program).come_up()
    popup.search("dough", "Temperatures")
    program.key("ctrl+Return")
    addresses, _ = file_manager.called("ShowItems")
    assert addresses == [(tmp_path / "My nötes" / "Temperatures.md").as_uri()]
    popup.gone()


def test_tab_takes_the_query_to_the_window(program: Program) -> None:
    program.desktop.xdotool("windowminimize", program.window)
    program.until(lambda: not program.active)
    popup = Popup(program).come_up()
    popup.search("dough", "Temperatures")
    program.key("Tab")
    popup.gone()
    program.until(lambda: program.active and program.query == "dough", "the window has the query")
    program.until(lambda: program.titles[:1] == ["Temperatures"])
    assert "focused" in program.describe("Search notes")["states"]


def test_keys_steer_the_list(program: Program) -> None:
    popup = Popup(program).come_up()
    popup.search("bread", "Bread")
    program.until(lambda: len(popup.titles) >= 2 and popup.selected == 0)
    program.key("Down")
    program.until(lambda: popup.selected == 1)
    program.key("Up")
    program.until(lambda: popup.selected == 0)
    assert popup.ready
    assert program.unnamed == []


def test_the_preview_comes_and_goes(program: Program) -> None:
    popup = Popup(program).come_up()
    popup.search("quetzal", "Draft")
    window = program.desktop.window("Quick search", program.process.pid)
    places = [row for row in program.shown if row[1] == "Preview"]

    def width() -> int:
        shell = program.desktop.xdotool("getwindowgeometry", "--shell", window)
        return int(dict(line.split("=") for line in shell.split())["WIDTH"])

    narrow = width()
    program.key("ctrl+p")
    program.until(
        lambda: width() > narrow and len([row for row in program.shown if row[1] == "Preview"]) > len(places),
        "the preview is shown",
    )
    program.key("ctrl+p")
    program.until(lambda: width() == narrow, "it is hidden")
    assert popup.ready


def test_another_window_closes_it(program: Program, neighbour: Neighbour) -> None:
    popup = Popup(program).come_up()
    neighbour.take_focus()
    popup.gone()
    program.type("abc")
    wait_until(lambda: neighbour.text == "abc")
    # A click into the other window is the same.
    popup.come_up()
    assert popup.query == ""
    x, y = program.desktop.middle(neighbour.window)
    program.desktop.xdotool("mousemove", x, y, "click", 1)
    popup.gone()
    wait_until(lambda: neighbour.active)


def test_a_text_dropped_on_it_becomes_the_query(program: Program) -> None:
    popup = Popup(program)
    with drag_source(program.desktop, "text:quetzal\n fence") as source:
        window = program.desktop.window("drag source", source.pid)
        popup.come_up()
        with program.desktop.dragging(window, program.desktop.window("Quick search", program.process.pid)):
            program.until(lambda: program.shows("Drop to search for this text"), "it offers to take the text")
        program.until(
            lambda: popup.query == "quetzal fence" and popup.titles[:1] == ["Draft"], "it is searched for"
        )
        popup.up()


def test_a_folder_dropped_on_it_is_added(program: Program, tmp_path: Path) -> None:
    popup = Popup(program)
    dropped = fill(tmp_path / "100% more & #1", {"Übung.md": "# Exercise\n\nThe marimba in the attic.\n"})
    with drag_source(program.desktop, dropped) as source:
        window = program.desktop.window("drag source", source.pid)
        popup.come_up()
        with program.desktop.dragging(window, program.desktop.window("Quick search", program.process.pid)):
            program.until(lambda: program.shows("Drop to search this folder"), "it offers to take the folder")
        program.until(
            lambda: any(row.startswith("100% more & #1, ") for row in program.folders), "the folder is listed"
        )
    popup.gone()
    program.until(lambda: program.active, "the window shows what is asked and done")


def test_a_drag_that_goes_elsewhere_closes_it(program: Program, neighbour: Neighbour) -> None:
    popup = Popup(program)
    with drag_source(program.desktop, "text:quetzal") as source:
        window = program.desktop.window("drag source", source.pid)
        popup.come_up()
        with program.desktop.dragging(window, neighbour.window):
            assert popup.shown
        wait_until(lambda: neighbour.text == "quetzal")
    popup.gone()


def test_the_window_closed_for_good_takes_it_along(program: Program) -> None:
    popup = Popup(program).come_up()
    popup.search("quetzal", "Draft")
    assert program.terminate() == 0


def test_it_comes_on_the_screen_where_the_pointer_is(two_screens: None, program: Program) -> None:
    desktop, popup = program.desktop, Popup(program)
    middles = set()
    for x in (200, 1000, 210):
        desktop.xdotool("mousemove", x, 700)
        popup.come_up()
        at = desktop.middle(desktop.window("Quick search", program.process.pid))[0]
        assert (at > 640) == (x > 640), f"it is at {at} with the pointer at {x}"
        middles.add(at)
        popup.toggle()
        popup.gone()
    assert middles == {320, 960}


def test_a_start_with_toggle_shows_quick_search_alone(start: Start, opened: Path, tmp_path: Path) -> None:
    begun = start("--toggle", up=False)
    popup = Popup(begun).up()
    assert not begun.shows("Search notes")
    begun.key("Escape")
    popup.gone()
    assert begun.terminate() == 0
