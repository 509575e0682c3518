"""The tray icon on real hosts of both kinds: there when a host is, never the only way back when none is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fill, wait_until
from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop, Popup, Program
from tests.e2e.trays import NotifierHost, Trayer

NOTES = {"Tram.md": "# Tram\n\nThe tram climbs to the castle.\n", "broken.md": b"\x00\x01\x02\xff" * 400}
KEYLESS = 'key = ""\n'
CLOSING = "Keep Notesearch running without its window?"


@pytest.fixture
def host(desktop: Desktop) -> Iterator[NotifierHost]:
    """Not there before `start`."""
    made = NotifierHost(desktop.env["DBUS_SESSION_BUS_ADDRESS"])
    yield made
    made.close()


@pytest.fixture
def trayer(desktop: Desktop) -> Iterator[Trayer]:
    if not shutil.which("trayer"):
        pytest.skip("not installed: trayer")
    made = Trayer(desktop)
    yield made
    made.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Without a key, so that the tray is the only way back."""
    fill(tmp_path / "data", {"settings.toml": KEYLESS})
    return fill(tmp_path / "Notes", NOTES)  # type: ignore[arg-type]


def hidden(program: Program) -> bool:
    """Whether no window of the program is on the screen or in the task bar."""
    return program.process.pid not in in_task_bar(program.desktop)


def in_task_bar(desktop: Desktop) -> list[int]:
    """The processes of the windows that the window manager lists."""
    windows = desktop.output("xprop", "-root", "_NET_CLIENT_LIST").partition("#")[2].replace(",", " ").split()
    told = [
        desktop.output("xprop", "-id", window, "_NET_WM_PID").rpartition("=")[2].strip() for window in windows
    ]
    return [int(pid) for pid in told if pid.isdecimal()]


def minimised(program: Program) -> bool:
    found = program.desktop.xdotool(
        "search", "--all", "--pid", program.process.pid, "--name", "^Notesearch$"
    ).split()
    return any("Iconic" in program.desktop.output("xprop", "-id", window, "WM_STATE") for window in found)


def close_window(program: Program) -> None:
    program.desktop.xdotool("windowactivate", "--sync", program.window)
    program.key("alt+F4")


def test_a_click_brings_the_window_and_takes_it_away(start: Start, notes: Path, trayer: Trayer) -> None:
    program = start("--hidden", notes, up=False)
    trayer.wait()
    assert hidden(program)
    trayer.click()
    program.up()
    trayer.click()
    program.until(lambda: hidden(program), "it is hidden again")
    trayer.click()
    program.up()
    trayer.click(2)
    Popup(program).up()
    assert program.terminate() == 0
    wait_until(lambda: not trayer.icons())


def test_the_menu_does_what_it_says(start: Start, notes: Path, host: NotifierHost) -> None:
    host.start()
    program = start("--hidden", notes, up=False)
    host.wait()
    program.until(lambda: "Problems (1)" in host.menu, "the broken note is counted")
    program.until(lambda: "Up to date" in host.words, "the state in words")
    assert host.words.startswith("Notesearch: ")
    assert list(host.menu) == [
        "Open Notesearch",
        "Quick search",
        f"[{host.words.removeprefix('Notesearch: ')}]",
        "Problems (1)",
        "Pause",
        "Settings\N{HORIZONTAL ELLIPSIS}",
        "Quit",
    ]
    assert hidden(program)
    host.choose("Quick search")
    popup = Popup(program).up()
    program.key("Escape")
    popup.gone()
    host.choose("Pause")
    program.until(lambda: "Resume" in host.menu and "Paused" in host.words, "it is paused")
    host.choose("Resume")
    program.until(lambda: "Pause" in host.menu and "Up to date" in host.words, "it goes on")
    host.choose("Open Notesearch")
    program.up()
    host.choose("Problems (1)")
    program.until(
        lambda: any(row["name"].startswith("broken.md") for row in program.items("Problems", role="list")),
        "the list of problems",
    )
    program.key("Escape")
    host.choose("Settings\N{HORIZONTAL ELLIPSIS}")
    program.until(lambda: program.shows("Settings"), "the settings")
    program.key("Escape")
    host.choose("Quit")
    assert program.wait() == 0


def test_the_icon_changes_with_the_state(start: Start, notes: Path, host: NotifierHost) -> None:
    host.start()
    program = start("--hidden", notes, up=False)
    host.wait()
    at_rest = None

    def settled() -> bool:
        """The words before and after say that the icon is of a program at rest."""
        nonlocal at_rest
        before, at_rest = "Up to date" in host.words, host.item("IconPixmap")
        return before and "Up to date" in host.words

    program.until(settled, "it is at rest")
    host.choose("Pause")
    program.until(lambda: "Paused" in host.words)
    program.until(lambda: host.item("IconPixmap") != at_rest, "another icon")
    host.choose("Resume")
    program.until(lambda: host.item("IconPixmap") == at_rest, "the first icon")


def test_a_click_on_a_notifier_host(start: Start, notes: Path, host: NotifierHost) -> None:
    host.start()
    program = start("--hidden", notes, up=False)
    host.wait()
    host.click()
    program.up()
    host.click()
    program.until(lambda: hidden(program), "it is hidden")


def test_hosts_that_come_after_the_program(
    start: Start, notes: Path, host: NotifierHost, desktop: Desktop
) -> None:
    program = start(notes)
    host.start()
    host.wait()
    host.click()
    program.until(lambda: hidden(program), "the icon of the late host works")


def test_a_tray_of_the_old_kind_that_comes_late(
    start: Start, notes: Path, request: pytest.FixtureRequest
) -> None:
    program = start(notes)
    trayer = request.getfixturevalue("trayer")
    trayer.click()
    program.until(lambda: hidden(program), "the icon of the late tray works")


def test_a_host_that_goes_leaves_the_window_in_the_task_bar(
    start: Start, notes: Path, host: NotifierHost
) -> None:
    host.start()
    program = start("--hidden", notes, up=False)
    host.wait()
    host.click()
    program.up()
    host.click()
    program.until(lambda: hidden(program), "it is hidden")
    host.close()
    program.until(lambda: minimised(program) and not hidden(program), "it is in the task bar")
    program.again()
    program.up()


def test_closing_asks_once_and_keeps_running(start: Start, notes: Path, host: NotifierHost) -> None:
    host.start()
    program = start(notes)
    host.wait()
    close_window(program)
    program.until(lambda: program.shows(CLOSING), "it asks")
    program.act("Keep running")
    program.until(lambda: hidden(program), "it is out of sight")
    host.click()
    program.up()
    program.until(
        lambda: 'when_closed = "stay"' in (program.data / "settings.toml").read_text(), "the answer is kept"
    )
    close_window(program)
    program.until(lambda: hidden(program), "it does not ask again")
    assert not program.shows(CLOSING)
    host.choose("Quit")
    assert program.wait() == 0


def test_closing_can_quit_and_without_a_tray_always_does(
    start: Start, notes: Path, host: NotifierHost
) -> None:
    host.start()
    program = start(notes)
    host.wait()
    close_window(program)
    program.until(lambda: program.shows(CLOSING), "it asks")
    program.act("Quit", role="push button")
    assert program.wait() == 0
    host.close()
    fill(program.data, {"settings.toml": KEYLESS})
    again = start(notes)
    close_window(again)
    assert again.wait() == 0


def test_start_at_login_is_offered_once(start: Start, notes: Path, trayer: Trayer, desktop: Desktop) -> None:
    entry = desktop.home / ".config" / "autostart" / "org.notesearch.Notesearch.desktop"
    program = start(notes)
    program.until(lambda: program.shows("Start Notesearch when you log in?"), "the offer")
    assert not entry.exists(), "off by default"
    program.click("Start at login")
    program.until(entry.exists, "the desktop's own file")
    assert "--hidden" in entry.read_text()
    entry.unlink()
    assert program.terminate() == 0
    again = start()
    again.until(lambda: again.status.startswith("Up to date"), "it is at rest")
    assert not again.shows("Start Notesearch when you log in?")
    again.search("castle", "Tram")
    assert not again.shows("Start Notesearch when you log in?")
