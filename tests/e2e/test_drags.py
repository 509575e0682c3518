"""What other programs drop on us, and what is dragged out to them: real drags between real processes."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch.ui.results.drops import FILE_OFFER, FOLDER_OFFER, TEXT_OFFER
from tests.conftest import fill, wait_until
from tests.e2e.conftest import Start
from tests.e2e.desktop import HERE, Desktop, Popup, Program, drag_source, end

AWKWARD = "My Nötes #1, 100% of %20 & é"
NOTES = {
    "Garden/Tömätoes #2.md": "# Tömatoes\n\nTomatoes climb a string & a <pole>.\n",
    "Tram.md": "# Tram\n\nThe tram climbs to the castle.\n",
}
OFFERS = (FOLDER_OFFER, FILE_OFFER, TEXT_OFFER)


class Drag:
    """The button is down, and something hangs at the pointer."""

    def __init__(self, desktop: Desktop, at: tuple[int, int]) -> None:
        self._desktop, self._at = desktop, at

    def to(self, x: int, y: int) -> None:
        (from_x, from_y), steps = self._at, 12
        for step in range(1, steps + 1):
            self._desktop.xdotool(
                "mousemove", from_x + (x - from_x) * step // steps, from_y + (y - from_y) * step // steps
            )
        self._at = (x, y)

    def over(self, place: tuple[int, int], seen: Callable[[], bool]) -> Callable[[], bool]:
        """A condition to wait for: the pointer is there, and `seen` holds. Each look moves the pointer a
        little, since a program that is slow to begin the drag sees only what comes after that."""
        offsets = itertools.cycle((0, 3))

        def looked() -> bool:
            self.to(place[0] + next(offsets), place[1])
            return seen()

        return looked


@contextlib.contextmanager
def drag(desktop: Desktop, at: tuple[int, int]) -> Iterator[Drag]:
    """Press there; let go at the end of the block."""
    desktop.xdotool("mousemove", *at, "mousedown", 1)
    try:
        yield Drag(desktop, at)
    finally:
        desktop.xdotool("mouseup", 1)


class Target:
    """Another program's window that takes what is dropped on it."""

    def __init__(self, desktop: Desktop, got: Path) -> None:
        self.desktop, self._got = desktop, got
        env = {k: v for k, v in desktop.env.items() if k != "QT_LINUX_ACCESSIBILITY_ALWAYS_ON"}
        self.process = subprocess.Popen([sys.executable, str(HERE / "drop_target.py"), str(got)], env=env)
        self.window = desktop.window("drop target", self.process.pid)

    def reached_by(self, held: Drag) -> None:
        """It hangs above, and may be dropped."""
        above = self._got.with_name(f"{self._got.name}.over")
        wait_until(held.over(self.desktop.middle(self.window), above.exists))

    def got(self) -> dict[str, Any]:
        """Waits for a drop."""
        wait_until(self._got.exists)
        return dict(json.loads(self._got.read_text(encoding="utf-8")))


@pytest.fixture
def target(program: Program, desktop: Desktop, tmp_path: Path) -> Iterator[Target]:
    """Its window has come and gone from the focus before the test begins."""
    made = Target(desktop, tmp_path / "got.json")
    wait_until(lambda: desktop.xdotool("getactivewindow").strip() == made.window)
    program.up()
    yield made
    end(made.process)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return fill(tmp_path / "Notes", NOTES)


@pytest.fixture
def program(start: Start, notes: Path) -> Program:
    begun = start(notes)
    begun.until(lambda: begun.status.startswith("Up to date"), "the notes are searched")
    return begun


@contextlib.contextmanager
def dropped(program: Program, *what: Path | str, offer: str) -> Iterator[None]:
    """Drag these from another program over the window, see the offer, let go. The other program lives as long
    as the block: it is asked for what was dropped. Never a move: that would let it delete the notes."""
    desktop = program.desktop
    with drag_source(desktop, *what) as source:
        with drag(desktop, desktop.middle(desktop.window("drag source", source.pid))) as held:
            shown = held.over(desktop.middle(program.window), lambda: program.shows(offer))
            program.until(shown, "the offer is shown")
        program.until(lambda: not program.shows(offer), "the offer is gone")
        assert source.stdout is not None
        assert source.stdout.readline().strip() == "CopyAction"
        yield


def listed(program: Program, name: str) -> bool:
    return any(row.startswith(f"{name}, ") for row in program.folders)


# On the window


def test_folders_with_awkward_names_are_added(program: Program, tmp_path: Path) -> None:
    one = fill(tmp_path / AWKWARD, {"Übung.md": "# Exercise\n\nThe marimba in the attic.\n"})
    two = fill(tmp_path / "second %41 folder", {"Zebra.md": "# Zebra\n\nStripes.\n"})
    with dropped(program, one, two, offer=FOLDER_OFFER):
        program.until(lambda: listed(program, AWKWARD) and listed(program, two.name), "both are listed")
    program.search("marimba", "Exercise")
    program.search("stripes", "Zebra")
    assert (one / "Übung.md").exists()


def test_for_a_file_its_folder_is_offered(program: Program, tmp_path: Path) -> None:
    folder = fill(tmp_path / AWKWARD, {"Übung 50%.md": "# Exercise\n\nThe marimba in the attic.\n"})
    with dropped(program, folder / "Übung 50%.md", offer=FILE_OFFER):
        program.until(lambda: program.shows(f"Search the whole folder {AWKWARD}?"), "it asks")
    assert not listed(program, AWKWARD)
    assert program.unnamed == []
    program.act(f"Add {AWKWARD}")
    program.until(lambda: listed(program, AWKWARD), "the folder is listed")
    program.search("marimba", "Exercise")


def test_inside_a_searched_folder_it_says_so(program: Program, notes: Path) -> None:
    with dropped(program, notes / "Garden", offer=FOLDER_OFFER):
        program.until(lambda: program.shows("Garden is searched already, as part of Notes"), "it says so")
    program.act("Search only Garden")
    program.until(lambda: program.shows("Remove filter folder: Garden"), "the search is narrowed")
    assert len(program.folders) == 1


def test_a_text_becomes_the_query(program: Program) -> None:
    with dropped(program, "text:tram\n the  castle", offer=TEXT_OFFER):
        program.until(
            lambda: program.query == "tram the castle" and program.titles[:1] == ["Tram"],
            "it is searched for",
        )


def test_a_drag_that_goes_on_leaves_nothing(program: Program, tmp_path: Path) -> None:
    folder = fill(tmp_path / AWKWARD, {"Zebra.md": "# Zebra\n\nStripes.\n"})
    desktop = program.desktop
    with drag_source(desktop, folder) as source:
        at = desktop.middle(desktop.window("drag source", source.pid))
        with drag(desktop, at) as held:
            shown = held.over(desktop.middle(program.window), lambda: program.shows(FOLDER_OFFER))
            program.until(shown, "the offer is shown")
            held.to(*at)
            program.until(lambda: not program.shows(FOLDER_OFFER), "the offer is gone")
        assert source.stdout is not None
        assert source.stdout.readline().strip() == "IgnoreAction"
    assert not listed(program, AWKWARD)


# On quick search, for which the button was pressed in another window


@pytest.mark.parametrize("kind", ["folder", "file", "text"])
def test_quick_search_waits_for_what_is_on_its_way(kind: str, program: Program, tmp_path: Path) -> None:
    folder = fill(tmp_path / AWKWARD, {"Zebra.md": "# Zebra\n\nStripes.\n"})
    what, offer = {
        "folder": (folder, FOLDER_OFFER),
        "file": (folder / "Zebra.md", FILE_OFFER),
        "text": ("text:tram", TEXT_OFFER),
    }[kind]
    popup, desktop = Popup(program), program.desktop
    with drag_source(desktop, what) as source:  # type: ignore[arg-type]
        window = desktop.window("drag source", source.pid)
        popup.come_up()
        quick = desktop.window("Quick search", program.process.pid)
        with drag(desktop, desktop.middle(window)) as held:
            program.until(
                lambda: desktop.xdotool("getactivewindow").strip() == window, "the other window has the focus"
            )
            shown = held.over(desktop.middle(quick), lambda: program.shows(offer))
            program.until(shown, "the offer is shown")
            assert popup.shown
        assert source.stdout is not None
        assert source.stdout.readline().strip() == "CopyAction"
        if kind == "text":
            program.until(
                lambda: popup.query == "tram" and popup.titles[:1] == ["Tram"], "it is searched for"
            )
            popup.up()
            return
        popup.gone()
        program.until(lambda: program.active, "the window comes up")
        if kind == "file":
            program.until(lambda: program.shows(f"Search the whole folder {AWKWARD}?"), "it asks")
        else:
            program.until(lambda: listed(program, AWKWARD), "the folder is listed")


# Out of ours


def check(got: dict[str, Any], note: Path) -> None:
    """The file, a link to it and the passage; the note is where it was, and a move was not on offer."""
    assert got["paths"] == [str(note)]
    assert "T%C3%B6m%C3%A4toes%20%232.md" in got["html"]
    assert ">Tömatoes</a>" in got["html"]
    assert "Tomatoes climb a string & a <pole>." in got["text"]
    assert not got["move"]
    assert note.exists()


def corner(program: Program, listed_in: str) -> tuple[int, int]:
    """A point in the first row."""
    x, y, *_ = program.desktop.read(program.process.pid, "place", name=listed_in)
    return x + 60, y + 24


def test_a_row_is_dragged_out_of_the_window(program: Program, target: Target, notes: Path) -> None:
    program.search("tomatoes", "Tömatoes")
    with drag(program.desktop, corner(program, "Results")) as held:
        held.to(*program.desktop.middle(program.window))
        # Nothing to drop on ourselves.
        assert not any(program.shows(offer) for offer in OFFERS)
        target.reached_by(held)
    check(target.got(), notes / "Garden/Tömätoes #2.md")


def test_a_row_is_dragged_out_of_quick_search(program: Program, target: Target, notes: Path) -> None:
    popup = Popup(program).come_up()
    popup.search("tomatoes", "Tömatoes")
    with drag(program.desktop, corner(program, "Quick results")) as held:
        target.reached_by(held)
    check(target.got(), notes / "Garden/Tömätoes #2.md")
    program.until(lambda: popup.ready)


def test_quick_search_goes_when_the_other_program_took_the_focus(
    program: Program, target: Target, notes: Path
) -> None:
    popup, desktop = Popup(program).come_up(), program.desktop
    popup.search("tomatoes", "Tömatoes")
    with drag(desktop, corner(program, "Quick results")) as held:
        target.reached_by(held)
        desktop.xdotool("windowactivate", "--sync", target.window)
        program.until(
            lambda: "focused" not in program.describe("Quick search", role="text")["states"],
            "it has lost the focus",
        )
        assert popup.shown
    check(target.got(), notes / "Garden/Tömätoes #2.md")
    popup.gone()
    assert desktop.xdotool("getactivewindow").strip() == target.window
