"""The client of the GlobalShortcuts portal on a real message bus, with a portal that the test plays."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jeepney import Message
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from notesearch.ui.desktop.hotkey import GlobalKey
from notesearch.ui.desktop.hotkey_portal import (
    PATH,
    REGISTRY,
    REQUEST,
    SESSION,
    SHORTCUT,
    SHORTCUTS,
    trigger_of,
)
from notesearch.ui.desktop.hotkey_types import HotkeyState, HotkeyStatus
from notesearch.ui.desktop.identity import APP_ID
from tests.e2e.bus import Answer, Service
from tests.e2e.desktop import end
from tests.secret_service import BUS
from tests.ui.conftest import TIMEOUT

KEYS = "Ctrl+Alt+Space"
SAID = "Press Ctrl+Alt+Space"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("dbus-daemon"),
    reason="not installed: dbus-daemon",
)


class MockPortal(Service):
    """Says yes with `code` 0 and binds to `said`; 1 is the person's no, 2 that something failed."""

    name = "org.freedesktop.portal.Desktop"

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.code, self.said = 0, SAID
        self.sessions: list[str] = []
        self.properties["version"] = ("u", 2)
        self.answers[REGISTRY, "Register"] = lambda *_: ("", ())
        self.answers[SHORTCUTS, "CreateSession"] = self._create
        self.answers[SHORTCUTS, "BindShortcuts"] = self._bind
        self.answers[SESSION, "Close"] = lambda *_: ("", ())

    def press(self, token: str = "", session: str = "", shortcut: str = SHORTCUT) -> None:
        options = {"activation_token": ("s", token)} if token else {}
        self.emit(
            PATH, SHORTCUTS, "Activated", "osta{sv}", (session or self.sessions[-1], shortcut, 12345, options)
        )

    def shortcuts(self, said: str) -> list[Any]:
        return [(SHORTCUT, {"description": ("s", "Open quick search"), "trigger_description": ("s", said)})]

    def _create(self, body: tuple[Any, ...], message: Message) -> Answer:
        (options,) = body
        session = f"{PATH}/session/1/{options['session_handle_token'][1]}"
        if not self.code:
            self.sessions.append(session)
        return self._answer(options, {"session_handle": ("s", session)})

    def _bind(self, body: tuple[Any, ...], message: Message) -> Answer:
        session, _shortcuts, _window, options = body
        assert session == self.sessions[-1]
        return self._answer(options, {"shortcuts": ("a(sa{sv})", self.shortcuts(self.said))})

    def _answer(self, options: dict[str, Any], results: dict[str, Any]) -> Answer:
        """The answer may come before the call has returned: that is what the token is for."""
        handle = f"{PATH}/request/1/{options['handle_token'][1]}"
        self.emit(handle, REQUEST, "Response", "ua{sv}", (self.code, {} if self.code else results))
        return "o", (handle,)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A message bus on which nothing is started by itself."""
    home = Path(tempfile.mkdtemp(prefix="ns-bus-"))
    (home / "bus.conf").write_text(BUS.format(home=home))
    command = ["dbus-daemon", f"--config-file={home}/bus.conf", "--nofork", "--print-address=1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    process.stdout.close()
    end(process)
    shutil.rmtree(home)


@pytest.fixture
def portal(bus: str) -> Iterator[MockPortal]:
    made = MockPortal(bus)
    made.start()
    yield made
    made.close()


@pytest.fixture
def key(qapp: QObject, bus: str) -> Iterator[GlobalKey]:
    made = GlobalKey()
    made.open("wayland")
    yield made
    made.close()


def choose(qtbot: QtBot, key: GlobalKey, keys: str = KEYS, *, may_ask: bool = True) -> HotkeyStatus:
    with qtbot.waitSignal(key.changed, timeout=10_000):
        key.choose(keys, may_ask=may_ask)
    return key.status


def test_the_desktop_is_asked_under_our_name_and_its_key_calls(
    qtbot: QtBot, key: GlobalKey, portal: MockPortal
) -> None:
    assert choose(qtbot, key) == HotkeyStatus(state=HotkeyState.READY, keys=SAID)
    assert portal.members() == ["Register", "CreateSession", "BindShortcuts"]
    assert portal.called("Register") == (APP_ID, {})
    _, shortcuts, _, _ = portal.called("BindShortcuts")
    assert shortcuts == [
        (SHORTCUT, {"description": ("s", "Open quick search"), "preferred_trigger": ("s", "CTRL+ALT+space")})
    ]
    # One connection: the name belongs to it.
    assert len(set(portal.senders)) == 1
    with qtbot.waitSignal(key.pressed, timeout=TIMEOUT) as pressed:
        portal.press(token="token-7")
    assert pressed.args == ["token-7"]
    with qtbot.waitSignal(key.pressed, timeout=TIMEOUT) as pressed:
        portal.press()
    assert pressed.args == [""]


def test_what_concerns_others_is_no_key_of_ours(qtbot: QtBot, key: GlobalKey, portal: MockPortal) -> None:
    choose(qtbot, key)
    heard: list[str] = []
    key.pressed.connect(heard.append)
    portal.press("one", session=f"{PATH}/session/2/other")
    portal.press("two", shortcut="another")
    portal.press("three")
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["three"]


def test_nobody_is_asked_before_the_person_wants_it(qtbot: QtBot, key: GlobalKey, portal: MockPortal) -> None:
    assert choose(qtbot, key, may_ask=False) == HotkeyStatus(state=HotkeyState.UNASKED, keys=KEYS)
    assert "CreateSession" not in portal.members()


@pytest.mark.parametrize("may_ask", [True, False])
def test_without_a_portal_there_is_no_key(may_ask: bool, qtbot: QtBot, key: GlobalKey) -> None:
    assert choose(qtbot, key, may_ask=may_ask) == HotkeyStatus(state=HotkeyState.UNSUPPORTED, keys=KEYS)


def test_without_a_bus_there_is_no_key(qtbot: QtBot, key: GlobalKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    assert choose(qtbot, key).state is HotkeyState.UNSUPPORTED


def test_a_portal_without_shortcuts_has_no_key(qtbot: QtBot, key: GlobalKey, portal: MockPortal) -> None:
    portal.answers.clear()
    assert choose(qtbot, key) == HotkeyStatus(state=HotkeyState.UNSUPPORTED, keys=KEYS)
    assert choose(qtbot, key, may_ask=False) == HotkeyStatus(state=HotkeyState.UNSUPPORTED, keys=KEYS)


def test_a_no_is_told_and_can_be_asked_again(qtbot: QtBot, key: GlobalKey, portal: MockPortal) -> None:
    portal.code = 1
    assert choose(qtbot, key) == HotkeyStatus(state=HotkeyState.REFUSED, keys=KEYS)
    portal.code = 0
    assert choose(qtbot, key) == HotkeyStatus(state=HotkeyState.READY, keys=SAID)
    portal.code = 1
    assert choose(qtbot, key, "Ctrl+Alt+N") == HotkeyStatus(state=HotkeyState.REFUSED, keys="Ctrl+Alt+N")


def test_another_key_is_another_session_and_none_closes_it(
    qtbot: QtBot, key: GlobalKey, portal: MockPortal
) -> None:
    choose(qtbot, key)
    portal.said = "Press Super+N"
    assert choose(qtbot, key, "Meta+N") == HotkeyStatus(state=HotkeyState.READY, keys="Press Super+N")
    assert portal.members()[3:] == ["Close", "CreateSession", "BindShortcuts"]
    first, second = portal.sessions
    assert first != second
    _, ((_, wish),), _, _ = portal.called("BindShortcuts")
    assert wish["preferred_trigger"] == ("s", "LOGO+n")
    heard: list[str] = []
    key.pressed.connect(heard.append)
    portal.press("old", session=first)
    portal.press("new")
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["new"]
    assert choose(qtbot, key, "") == HotkeyStatus()
    qtbot.waitUntil(lambda: portal.members().count("Close") == 2)


def test_what_the_person_changes_in_the_desktops_settings_is_told(
    qtbot: QtBot, key: GlobalKey, portal: MockPortal
) -> None:
    choose(qtbot, key)
    with qtbot.waitSignal(key.changed, timeout=TIMEOUT):
        portal.emit(
            PATH,
            SHORTCUTS,
            "ShortcutsChanged",
            "oa(sa{sv})",
            (portal.sessions[-1], portal.shortcuts("Press F9")),
        )
    assert key.status == HotkeyStatus(state=HotkeyState.READY, keys="Press F9")
    with qtbot.waitSignal(key.changed, timeout=TIMEOUT):
        portal.emit(portal.sessions[-1], SESSION, "Closed", "a{sv}", ({},))
    assert key.status.state is HotkeyState.REFUSED


def test_a_portal_that_is_started_again_knows_the_key(qtbot: QtBot, key: GlobalKey, bus: str) -> None:
    first = MockPortal(bus)
    first.start()
    choose(qtbot, key)
    first.close()
    again = MockPortal(bus)
    with qtbot.waitSignal(key.changed, timeout=10_000):
        again.start()
    again.close()
    assert again.members() == ["Register", "CreateSession", "BindShortcuts"]
    assert key.status.state is HotkeyState.READY


def test_triggers_are_written_as_the_specification_wishes() -> None:
    for keys, trigger in (
        ("Ctrl+Alt+Space", "CTRL+ALT+space"),
        ("Meta+N", "LOGO+n"),
        ("Ctrl+Shift+F5", "CTRL+SHIFT+F5"),
        ("Alt+PgUp", "ALT+Page_Up"),
        ("Ctrl+Alt+7", "CTRL+ALT+7"),
        ("Ctrl++", "CTRL+plus"),
        ("Meta+,", "LOGO+comma"),
        ("", ""),
    ):
        assert trigger_of(keys) == trigger
