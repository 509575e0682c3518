"""By keyboard alone: every control is reached by Tab, and shows that it has the focus."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from notesearch.api.operations import Vocabulary
from notesearch.domain import FileProblem, told
from notesearch.ui.dialogs.problems import ProblemsDialog
from notesearch.ui.settings.dialog import SettingsDialog
from notesearch.ui.window.banner import Notice
from notesearch.ui.window.main_window import MainWindow
from tests.conftest import fill

from .conftest import TIMEOUT, tray_of, vault_buttons

CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QPlainTextEdit, QTextEdit, QTabBar)
# A key does what they do, wherever the focus is.
BY_KEY = {"Clear search"}
MOST = 80


@pytest.fixture(autouse=True)
def steady_cursor(app: QApplication) -> Iterator[None]:
    """A cursor that does not blink is in every picture."""
    before = app.cursorFlashTime()
    app.setCursorFlashTime(0)
    yield
    app.setCursorFlashTime(before)


def named(widget: QWidget) -> str:
    return widget.accessibleName() or widget.objectName() or type(widget).__name__


def controls(top: QWidget) -> list[QWidget]:
    """What a person can use in that window."""
    inside = [
        w
        for w in top.findChildren(QWidget)
        if isinstance(w, CONTROLS) and w.window() is top and w.isVisible() and w.isEnabled()
    ]
    # Parts of Qt's own controls, what a stack keeps out of sight, and the heads of a table that is not
    # sorted.
    shown = [w for w in inside if not isinstance(w, QHeaderView) and not w.visibleRegion().isEmpty()]
    return [w for w in shown if not w.objectName().startswith("qt_") and named(w) not in BY_KEY]


def round_by_tab(top: QWidget, qtbot: QtBot) -> list[QWidget]:
    """What has the focus, one after the other, until the first has it again."""
    QApplication.processEvents()
    top.activateWindow()
    qtbot.waitUntil(top.isActiveWindow, timeout=TIMEOUT)
    first = top.focusWidget()
    assert first is not None, "something has the focus"
    reached = [first]
    while (now := press_tab(top)) is not first:
        reached.append(now)
        if len(reached) > MOST:
            pytest.fail(f"no way round: {[named(w) for w in reached]}")
    return reached


def picture(widget: QWidget) -> QImage:
    """The widget and a little around it, where frames of focus are."""
    top = widget.window()
    place = QRect(widget.mapTo(top, QPoint(0, 0)), widget.size()).adjusted(-4, -4, 4, 4)
    return top.grab(place & top.rect()).toImage()


def press_tab(top: QWidget) -> QWidget:
    """On to the next control, where there is one; within a text, Tab goes from link to link first."""
    before = top.focusWidget()
    for _ in range(MOST):
        QTest.keyClick(top.focusWidget(), Qt.Key.Key_Tab)
        if top.focusWidget() is not before:
            break
    return top.focusWidget()


def without_focus_sign(top: QWidget, reached: list[QWidget]) -> list[str]:
    """What looks with the focus as it does without."""
    plain = []
    for widget in reached[1:] + reached[:1]:
        QApplication.processEvents()
        before = picture(widget)
        assert press_tab(top) is widget
        QApplication.processEvents()
        if picture(widget) == before:
            plain.append(named(widget))
    return plain


def check(top: QWidget, qtbot: QtBot) -> None:
    reached = round_by_tab(top, qtbot)
    missed = [
        named(w)
        for w in controls(top)
        if w not in reached and not any(r.focusProxy() is w or w.focusProxy() is r for r in reached)
    ]
    assert missed == []
    if len(reached) > 1:
        assert without_focus_sign(top, reached) == []


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_the_window(appearance: str, window: MainWindow, qtbot: QtBot) -> None:
    window.theme.set_appearance(appearance)
    window.resize(1200, 760)
    qtbot.keyClicks(window.box.field, "bread")
    qtbot.waitUntil(lambda: window.page.preview.note is not None, timeout=TIMEOUT)
    window.save_search()
    window.commands.show_vocabulary(Vocabulary(tags=(("soil", 1),), formats=(("markdown", 4),)))
    window.ask(window.box.search.with_filter("type:markdown"))
    window.banner.tell(Notice(title="Something", hint="to answer", actions=(("Do it", window.box.setFocus),)))
    qtbot.waitUntil(lambda: window.page.settled and window.current is not None, timeout=TIMEOUT)
    check(window, qtbot)


def test_the_first_page(
    start_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(
        tmp_path / "home/Documents/Second brain",
        {".obsidian/app.md": "settings", "Tram.md": "# Tram\n\nIt climbs.\n"},
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    window = start_window()
    qtbot.waitUntil(
        lambda: bool(vault_buttons(window.first_run)),
        timeout=TIMEOUT,
    )
    check(window, qtbot)


@pytest.mark.parametrize("page", ["general", "folders", "search", "editor", "providers"])
def test_the_settings(page: str, window: MainWindow, qtbot: QtBot) -> None:
    window.commands.open_settings()
    dialog = next(d for d in window.findChildren(SettingsDialog) if d.isVisible())
    dialog.resize(620, 700)
    dialog.show_page(getattr(dialog, page))
    if page == "general":
        qtbot.waitUntil(dialog.general.login.isEnabled, timeout=TIMEOUT)
    check(dialog, qtbot)


def test_dialogs(window: MainWindow, qtbot: QtBot) -> None:
    commands = window.commands
    problems = ProblemsDialog(window)
    problems.show_problems((FileProblem(path=Path("/notes/a.md"), what=told("file-binary"), retryable=True),))
    commands.dialogs.show(problems)
    check(problems, qtbot)
    commands.dialogs.close_all()
    for opens in (
        commands.models.open_ledger,
        commands.open_keys,
        commands.open_about,
        commands.models.open_current,
    ):
        opens()
        dialog = commands.dialogs.open[-1]
        assert isinstance(dialog, QDialog)
        check(dialog, qtbot)
        commands.dialogs.close_all()


def test_the_questions(window: MainWindow, qtbot: QtBot) -> None:
    window.commands.ask_to_stay("Ctrl+Alt+Space")
    check(window.commands.dialogs.open[-1], qtbot)
    window.commands.dialogs.close_all()
    assert window.status is not None
    window.commands.ask_to_remove(window.status.folders[0])
    check(window.commands.dialogs.open[-1], qtbot)


def test_quick_search_keeps_its_letters(window: MainWindow, qtbot: QtBot) -> None:
    """Tab is taken there: the list, the preview and the field are steered without moving the focus."""
    assert window.presence is not None
    tray_of(window).toggle_quick()
    quick = tray_of(window).quick
    assert quick is not None
    qtbot.waitUntil(quick.isActiveWindow, timeout=TIMEOUT)
    qtbot.keyClicks(quick.box.field, "bread")
    qtbot.waitUntil(lambda: quick.results.results.rowCount() >= 2, timeout=TIMEOUT)
    before = picture(quick.results)
    QTest.keyClick(quick.box.field, Qt.Key.Key_Down)
    QApplication.processEvents()
    assert picture(quick.results) != before, "the chosen row is seen"
    QTest.keyClick(quick.box.field, Qt.Key.Key_Up)
    QTest.keyClick(quick.box.field, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert quick.preview.isVisible()
    QTest.mouseClick(
        quick.results.viewport(),
        Qt.MouseButton.LeftButton,
        pos=quick.results.visualRect(quick.results.results.index(1)).center(),
    )
    assert quick.focusWidget() is quick.box.field, "a click takes no letters from the field"
    QTest.keyClick(quick.box.field, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert quick.box.field.selectedText() == "bread"
    QTest.keyClick(quick.box.field, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert quick.focusWidget() is quick.box.field
