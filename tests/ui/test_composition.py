"""Input methods: what is being composed is no query until it is committed, and the keys meanwhile belong to
the composition."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from notesearch.ui.results.search_view import SearchView
from notesearch.ui.window.main_window import MainWindow

from .conftest import TIMEOUT, tray_of

Look = Callable[[MainWindow], SearchView]
KEYS = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Right,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Escape,
)


def of_window(window: MainWindow) -> SearchView:
    return window.page


def of_quick_search(window: MainWindow) -> SearchView:
    assert window.presence is not None
    tray_of(window).toggle_quick()
    assert tray_of(window).quick is not None
    return tray_of(window).quick  # type: ignore[return-value]


def compose(field: object, preedit: str = "", commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QApplication.sendEvent(field, event)  # type: ignore[arg-type]


@pytest.mark.parametrize("look", [of_window, of_quick_search])
def test_a_composition_is_no_query_until_it_is_committed(
    look: Look, window: MainWindow, qtbot: QtBot
) -> None:
    view = look(window)
    box = window.box if view is window.page else tray_of(window).quick.box
    top = view.window()
    top.activateWindow()
    qtbot.waitUntil(top.isActiveWindow, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: view.results.results.rowCount() > 0, timeout=TIMEOUT)
    asked: list[str] = []
    opened: list[object] = []
    box.changed.connect(lambda search: asked.append(search.text))
    view.opened.connect(opened.append)
    before = view.results.currentIndex().row()
    for preedit in ("t", "to", "トマ"):
        compose(box.field, preedit)
        for key in KEYS:
            QTest.keyClick(box.field, key)
    assert asked == []
    assert opened == []
    assert view.results.currentIndex().row() == before
    assert top.isVisible()
    assert top.focusWidget() is box.field
    compose(box.field, commit="tomatoes")
    assert asked == ["tomatoes"]
    qtbot.waitUntil(
        lambda: view.current is not None and view.current.match.title == "Tomatoes", timeout=TIMEOUT
    )
    # And now they are ours again.
    QTest.keyClick(box.field, Qt.Key.Key_Escape)
    assert (box.field.text() == "") == (view is window.page)  # type: ignore[attr-defined]
    assert top.isVisible() == (view is window.page)


def test_a_composition_given_up_leaves_the_query_as_it_was(window: MainWindow, qtbot: QtBot) -> None:
    field = window.box.field
    qtbot.keyClicks(field, "bread")
    compose(field, "にほ")
    compose(field)
    assert window.box.search.text == field.text() == "bread"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
