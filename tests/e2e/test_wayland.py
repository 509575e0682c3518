"""The program on a Wayland compositor without a screen: headless weston."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fill, wait_until
from tests.e2e.conftest import Start
from tests.e2e.desktop import PATIENCE, Desktop, Popup, end

NOTES = {"Tram.md": "# Tram\n\nThe tram climbs to the castle.\n"}
SOCKET = "wayland-test"


@pytest.fixture
def wayland(desktop: Desktop) -> Iterator[dict[str, str]]:
    """The environment of a program on it."""
    if not shutil.which("weston"):
        pytest.skip("not installed: weston")
    env = {k: v for k, v in desktop.env.items() if k != "DISPLAY"}
    command = ["weston", "--backend=headless-backend.so", f"--socket={SOCKET}", "--idle-time=0"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: (desktop.runtime / SOCKET).exists() or process.poll() is not None)
    assert process.poll() is None, "weston does not start"
    yield {**env, "WAYLAND_DISPLAY": SOCKET, "QT_QPA_PLATFORM": "wayland"}
    end(process)


def test_window_and_quick_search_on_wayland(start: Start, wayland: dict[str, str], tmp_path: Path) -> None:
    program = start(fill(tmp_path / "Notes", NOTES), up=False, env=wayland)
    program.until(
        lambda: program.status.startswith("Up to date"), "the window is there, and the note is searched"
    )
    assert program.shows("Search notes")
    popup = Popup(program)
    popup.toggle()
    program.until(lambda: popup.shown, "quick search is shown")
    popup.toggle()
    popup.gone()
    assert program.again("--search", "castle").returncode == 0
    program.until(
        lambda: program.query == "castle" and program.titles[:1] == ["Tram"], "a second start searches"
    )
    assert program.terminate() == 0
    said = program.output.read_text()
    assert "Traceback" not in said, said


def test_a_start_that_is_asked_for_quick_search_alone(start: Start, wayland: dict[str, str]) -> None:
    program = start("--toggle", up=False, env=wayland)
    program.until(lambda: Popup(program).shown, "quick search is shown")
    assert program.terminate() == 0
    assert program.process.wait(PATIENCE) == 0
