"""The key from anywhere on X11: pressed while another program has the keyboard, with any locks and layout,
and never in anybody's way."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from notesearch.ui.desktop.hotkey import GlobalKey
from notesearch.ui.desktop.hotkey_types import HotkeyState, HotkeyStatus
from notesearch.ui.desktop.hotkey_x11 import LOOK_EVERY
from tests.conftest import fill, wait_until
from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop, Neighbour, Popup, Program, pause
from tests.e2e.keyboard import ALT, CALL, CAPS_LOCK, CTRL, KEY_N, KEY_Y, KEY_Z, NUM_LOCK, SPACE, Keyboard

# Seconds between Esc and the next call, as a person's hand takes.
HAND = 0.4
# Milliseconds: only what hangs reaches it.
TIMEOUT = 100_000
NOTES = {
    "Draft.md": "# Draft\n\nThe quetzal sat on the fence.\n",
    "Bread.md": "# Bread\n\nFlour, water and patience.\n",
}


@pytest.fixture
def keyboard(desktop: Desktop) -> Iterator[Keyboard]:
    made = Keyboard(desktop)
    yield made
    made.close()


@pytest.fixture
def program(start: Start, keyboard: Keyboard, tmp_path: Path) -> Program:
    """With the key in its hand, and quick search built."""
    begun = start(fill(tmp_path / "Notes", NOTES))
    begun.until(lambda: begun.status.startswith("Up to date"), "the notes are searched")
    begun.until(keyboard.taken, "it has the key")
    Popup(begun).come_up()
    begun.key("Escape")
    Popup(begun).gone()
    return begun


def test_it_is_called_over_another_program_which_does_not_see_the_key(
    program: Program, neighbour: Neighbour, keyboard: Keyboard
) -> None:
    neighbour.take_focus()
    popup = Popup(program)
    for _ in range(2):
        keyboard.press(*CALL)
        popup.up()
        # A second press that follows at once counts as a repeat of the first.
        pause(HAND)
        keyboard.press(*CALL)
        popup.gone()
        wait_until(lambda: neighbour.active)
    program.type("abc")
    wait_until(lambda: neighbour.text == "abc")
    assert neighbour.keys == 3


def test_letters_typed_before_it_is_there_are_its_own(program: Program, neighbour: Neighbour) -> None:
    popup = Popup(program)
    for text in ("quetzal fence", "the bread is done", "abcdefghijklmnopqrstuvwxyz"):
        neighbour.take_focus()
        pause(HAND)
        program.desktop.xdotool("key", "--delay", 0, "ctrl+alt+space", "type", "--delay", 1, text)
        wait_until(lambda text=text: text == popup.query or neighbour.text)  # type: ignore[misc]
        assert (popup.query, neighbour.text) == (text, "")
        program.key("Escape")
        popup.gone()
    assert (neighbour.keys, neighbour.text) == (0, "")


@pytest.mark.parametrize(
    "locks", [(NUM_LOCK,), (CAPS_LOCK,), (NUM_LOCK, CAPS_LOCK)], ids=["NumLock", "CapsLock", "both"]
)
def test_locks_make_no_difference(
    locks: tuple[int, ...], program: Program, neighbour: Neighbour, keyboard: Keyboard
) -> None:
    neighbour.take_focus()
    for lock in locks:
        keyboard.lock(lock)
    keyboard.press(*CALL)
    Popup(program).up()
    assert neighbour.keys == 0


@pytest.mark.parametrize(
    ("layout", "group"), [(("us", "ru"), 1), (("ru",), 0), (("de", "gr"), 1)], ids=["us,ru", "ru", "de,gr"]
)
def test_layouts_make_no_difference(
    layout: tuple[str, ...],
    group: int,
    start: Start,
    neighbour: Neighbour,
    keyboard: Keyboard,
    tmp_path: Path,
) -> None:
    keyboard.layout(*layout, group=group)
    fill(tmp_path / "data", {"settings.toml": 'key = "Ctrl+Alt+N"\n'})
    program = start("--hidden", up=False)
    program.until(lambda: keyboard.taken(KEY_N), "it has the key")
    neighbour.take_focus()
    keyboard.press(CTRL, ALT, KEY_N)
    Popup(program).up()
    assert neighbour.keys == 0


def test_the_key_moves_with_the_layout(
    start: Start, neighbour: Neighbour, keyboard: Keyboard, tmp_path: Path
) -> None:
    fill(tmp_path / "data", {"settings.toml": 'key = "Ctrl+Alt+Y"\n'})
    program = start("--hidden", up=False)
    program.until(lambda: keyboard.taken(KEY_Y), "it has the key")
    keyboard.layout("de")
    program.until(lambda: keyboard.taken(KEY_Z) and not keyboard.taken(KEY_Y), "it has the key's new place")
    neighbour.take_focus()
    keyboard.press(CTRL, ALT, KEY_Z)
    Popup(program).up()


def test_held_down_it_calls_once(program: Program, neighbour: Neighbour, keyboard: Keyboard) -> None:
    neighbour.take_focus()
    begun = time.monotonic()
    # The X server of the tests repeats keys by itself, as a desktop's does.
    with keyboard.held(SPACE):
        wait_until(lambda: len(neighbour.text) >= 12)
    before, took = neighbour.keys, time.monotonic() - begun
    popup = Popup(program)
    with keyboard.held(*CALL):
        popup.up()
        pause(took)
        assert popup.ready
    assert neighbour.keys == before
    # A person's finger takes longer to come back.
    pause(2 * LOOK_EVERY)
    keyboard.press(*CALL)
    popup.gone()


def test_a_key_that_another_program_has_is_told_and_can_be_taken_later(
    desktop: Desktop, keyboard: Keyboard, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", desktop.env["DISPLAY"])
    keyboard.take()
    key = GlobalKey()
    key.open("xcb")
    try:
        key.choose("Ctrl+Alt+Space")
        qtbot.waitUntil(
            lambda: key.status == HotkeyStatus(state=HotkeyState.TAKEN, keys="Ctrl+Alt+Space"),
            timeout=TIMEOUT,
        )
        key.choose("Ctrl+Alt+N")
        qtbot.waitUntil(lambda: key.status.state is HotkeyState.READY, timeout=TIMEOUT)
        assert keyboard.taken(KEY_N)
        keyboard.give_back()
        key.choose("Ctrl+Alt+Space")
        qtbot.waitUntil(
            lambda: key.status == HotkeyStatus(state=HotkeyState.READY, keys="Ctrl+Alt+Space"),
            timeout=TIMEOUT,
        )
        assert keyboard.taken()
        assert not keyboard.taken(KEY_N)
        key.choose("Ctrl+Alt+\N{EURO SIGN}")
        qtbot.waitUntil(lambda: key.status.state is HotkeyState.ABSENT, timeout=TIMEOUT)
        key.choose("")
        qtbot.waitUntil(lambda: key.status == HotkeyStatus(), timeout=TIMEOUT)
        assert not keyboard.taken()
        with qtbot.waitSignal(key.pressed, timeout=TIMEOUT):
            key.choose("Ctrl+Alt+Space")
            qtbot.waitUntil(lambda: key.status.state is HotkeyState.READY, timeout=TIMEOUT)
            keyboard.press(*CALL)
        key.arrived()
    finally:
        key.close()
    # The X server gives it back when it hears that the connection is gone.
    wait_until(lambda: not keyboard.taken())


# The X library leaves the sockets open on which nobody answered.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_an_x_server_there_is_no_key(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":9731")
    key = GlobalKey()
    key.open("xcb")
    key.choose("Ctrl+Alt+Space")
    qtbot.waitUntil(lambda: key.status.state is HotkeyState.UNSUPPORTED, timeout=TIMEOUT)
    key.choose("Ctrl+Alt+N")
    key.close()


def test_a_window_that_never_comes_gives_the_keyboard_back(
    desktop: Desktop, neighbour: Neighbour, keyboard: Keyboard, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", desktop.env["DISPLAY"])
    key = GlobalKey()
    key.open("xcb")
    try:
        key.choose("Ctrl+Alt+Space")
        qtbot.waitUntil(lambda: key.status.state is HotkeyState.READY, timeout=TIMEOUT)
        neighbour.take_focus()
        desktop.xdotool("key", "--delay", 0, "ctrl+alt+space", "type", "--delay", 1, "abc")
        wait_until(lambda: neighbour.text == "abc")
    finally:
        key.close()


def test_killed_while_it_holds_the_keyboard(
    program: Program, neighbour: Neighbour, keyboard: Keyboard
) -> None:
    neighbour.take_focus()
    program.process.send_signal(signal.SIGSTOP)
    keyboard.press(*CALL)
    program.type("abc")
    program.kill()
    wait_until(lambda: neighbour.text == "abc")
    assert not keyboard.taken()
