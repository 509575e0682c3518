"""What is dropped on the window or on quick search, what is dragged out of the list, and the questions before
a folder is added."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from notesearch.api import operations
from notesearch.ui.results.drag_out import mime_of, picture
from notesearch.ui.results.drops import DropOverlay, DropTarget
from notesearch.ui.window.main_window import MainWindow

from .conftest import NOTES, TIMEOUT, ask, at_rest, tray_of, vault_buttons
from .models import press

Start = Callable[..., MainWindow]


@pytest.fixture
def more(tmp_path: Path) -> Path:
    folder = tmp_path / "My Nötes #1 100%"
    folder.mkdir()
    (folder / "Zebra.md").write_text("# Zebra\n\nStripes.\n")
    return folder


def drop(widget: QWidget, *paths: Path, text: str = "") -> None:
    """As another program does: over the widget, then let go; it would like to move."""
    mime = QMimeData()
    if paths:
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    else:
        mime.setText(text)
    target = widget.findChild(DropTarget)
    every = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    at, button, none = QPointF(300, 300), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(at.toPoint(), every, mime, button, none))
    assert target.offers
    event = QDropEvent(at, every, mime, button, none)
    event.setDropAction(Qt.DropAction.MoveAction)
    QApplication.sendEvent(widget, event)
    assert event.dropAction() == Qt.DropAction.CopyAction
    assert not target.offers


def question(window: MainWindow) -> QMessageBox:
    return next(box for box in window.findChildren(QMessageBox) if box.isVisible())


def asked(window: MainWindow) -> bool:
    return any(box.isVisible() for box in window.findChildren(QMessageBox))


def folders(window: MainWindow) -> set[str]:
    return {item.title for item in window.page.side.folders.rows.items}


def test_a_folder_is_added(window: MainWindow, qtbot: QtBot, more: Path) -> None:
    drop(window, more)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    assert folders(window) == {"Notes", more.name}


def test_linked_folders_that_are_left_out_can_be_read(
    window: MainWindow, qtbot: QtBot, more: Path, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.bridge.settings_changed, timeout=TIMEOUT):
        window.bridge.update_settings(lambda settings: replace(settings, follow_links=False))
    away = tmp_path / "Elsewhere"
    away.mkdir()
    (away / "Lion.md").write_text("# Lion\n\nA mane.\n")
    (more / "link").symlink_to(away)
    drop(window, more)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    qtbot.waitUntil(window.banner.isVisible, timeout=TIMEOUT)
    assert window.banner.title.text() == "1 linked folder is not read"
    press(qtbot, window.banner, "Read linked folders")
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 2), timeout=TIMEOUT)
    assert not window.banner.isVisible()


def test_for_a_file_its_folder_is_offered(window: MainWindow, qtbot: QtBot, more: Path) -> None:
    drop(window, more / "Zebra.md")
    qtbot.waitUntil(window.banner.isVisible, timeout=TIMEOUT)
    assert window.banner.title.text() == f"Search the whole folder {more.name}?"
    assert "Folder with 1 note." in window.banner.hint.text()
    press(qtbot, window.banner, f"Add {more.name}")
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)


def test_a_text_becomes_the_query(window: MainWindow) -> None:
    drop(window, text="  stripes \n of\x00 it ")
    assert window.box.field.text() == "stripes of it"


def test_inside_a_searched_folder_it_says_so(window: MainWindow, qtbot: QtBot, notes: Path) -> None:
    drop(window, notes / "Kitchen")
    qtbot.waitUntil(window.banner.isVisible, timeout=TIMEOUT)
    assert window.banner.title.text() == "Kitchen is searched already, as part of Notes"
    press(qtbot, window.banner, "Search only Kitchen")
    assert window.box.search.folder == notes / "Kitchen"
    assert folders(window) == {"Notes"}


def test_a_large_folder_is_counted_before_it_is_read(window: MainWindow, qtbot: QtBot, more: Path) -> None:
    window.commands.offers.large = 1
    drop(window, more)
    qtbot.waitUntil(lambda: asked(window), timeout=TIMEOUT)
    assert "Folder with 1 note." in question(window).informativeText()
    assert folders(window) == {"Notes"}
    question(window).reject()
    assert folders(window) == {"Notes"}
    drop(window, more)
    qtbot.waitUntil(lambda: asked(window), timeout=TIMEOUT)
    press(qtbot, question(window), "Add")
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)


@pytest.mark.parametrize(("path", "said"), [("/", "a whole disk"), ("home", "your whole home folder")])
def test_the_whole_disk_or_home_warns(
    path: str, said: str, start_window: Start, qtbot: QtBot, more: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(more))
    window = start_window()
    drop(window, more if path == "home" else Path(path))
    qtbot.waitUntil(lambda: asked(window), timeout=TIMEOUT)
    assert said in question(window).text()
    assert question(window).defaultButton().text().replace("&", "") == "Cancel"
    question(window).reject()
    assert not folders(window)


def test_a_folder_that_is_gone_is_named(window: MainWindow, qtbot: QtBot, more: Path) -> None:
    drop(window, more / "nothing here")
    qtbot.waitUntil(window.banner.isVisible, timeout=TIMEOUT)
    assert "is not there" in window.banner.title.text()


def test_what_is_dropped_on_quick_search(window: MainWindow, qtbot: QtBot, more: Path) -> None:
    assert window.presence is not None
    tray_of(window).toggle_quick()
    quick = tray_of(window).quick
    assert quick is not None
    drop(quick, text="the tram")
    assert quick.box.search.text == "the tram"
    qtbot.waitUntil(lambda: quick.results.results.rowCount() > 0, timeout=TIMEOUT)
    drop(quick, more)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    assert not quick.isVisible()


def test_a_row_is_dragged_as_file_link_and_text(window: MainWindow, qtbot: QtBot, notes: Path) -> None:
    qtbot.keyClicks(window.box.field, "tomatoes")
    qtbot.waitUntil(
        lambda: window.current is not None and window.current.match.title == "Tomatoes", timeout=TIMEOUT
    )
    row = window.current
    assert row is not None
    qtbot.waitUntil(
        lambda: window.page.preview.note is not None and window.page.preview.passage is not None,
        timeout=TIMEOUT,
    )
    mime = mime_of(row, window.page.results.text_of(row))
    assert [url.toLocalFile() for url in mime.urls()] == [str(notes / "Garden/Tomatoes.txt")]
    assert (
        mime.html()
        == f'<a href="{mime.urls()[0].toString(QUrl.ComponentFormattingOption.FullyEncoded)}">Tomatoes</a>'
    )
    assert "climb" in mime.text()
    assert not picture(row, window.theme, 2.0).isNull()


def test_our_own_rows_are_nothing_to_drop_here(window: MainWindow) -> None:
    class Own(QDragEnterEvent):
        def source(self) -> QWidget:
            return window.page.results

    mime = QMimeData()
    mime.setText("a passage")
    event = Own(
        QPointF(9, 9).toPoint(),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, event)
    assert not event.isAccepted()
    assert not window.drops.offers


# First run


def test_other_programs_folders_are_offered_at_the_first_start(
    start_window: Start, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    vault = home / "Documents" / "Second brain"
    for name, text in {
        "Tram.md": "# Tram\n\nIt climbs.\n",
        ".obsidian/app.md": "settings",
        ".trash/old.md": "# Old\n",
        "a/b.md": "# B\n",
    }.items():
        (vault / name).parent.mkdir(parents=True, exist_ok=True)
        (vault / name).write_text(text)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    window = start_window()
    page = window.first_run
    qtbot.waitUntil(lambda: bool(vault_buttons(page)), timeout=TIMEOUT)
    (row,) = vault_buttons(page)
    assert (
        row.accessibleName()
        == "Search Second brain, Obsidian vault \N{MIDDLE DOT} 2 notes \N{MIDDLE DOT} ~/Documents"
    )
    row.click()
    qtbot.waitUntil(lambda: at_rest(window, 2), timeout=TIMEOUT)
    assert window.pages.currentWidget() is window.page


def test_first_results_are_there_while_the_rest_is_read(
    start_window: Start, qtbot: QtBot, tmp_path: Path
) -> None:
    vault = tmp_path / "Large"
    vault.mkdir()
    for i in range(1200):
        (vault / f"{i}.md").write_text(
            f"# Entry {i}\n\nOn day {i} we saw geese over the marsh, and the tram was late again.\n"
        )
    window = start_window()
    ask(qtbot, window, operations.add_folder, folder=vault)
    qtbot.waitUntil(lambda: window.page.results.results.rowCount() > 0, timeout=TIMEOUT)
    assert window.status is not None
    assert window.status.complete < 1200
    qtbot.keyClicks(window.box.field, "geese")
    qtbot.waitUntil(lambda: "geese" in window.page.results.results.rows[0].passage.snippet, timeout=TIMEOUT)
    assert window.status.complete < 1200, "found by words long before all of it is embedded"


def test_a_drag_begins_although_better_results_replace_the_list_meanwhile(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = window.page.results
    qtbot.keyClicks(window.box.field, "tomatoes")
    qtbot.waitUntil(
        lambda: view.current is not None and view.current.match.title == "Tomatoes", timeout=TIMEOUT
    )
    begun: list[str] = []

    def begin(actions: Qt.DropAction) -> None:
        assert view.current is not None
        begun.append(view.current.match.title)

    monkeypatch.setattr(view, "startDrag", begin)
    press = view.visualRect(view.results.index(0)).center()
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=press)
    view.show_better([row.match for row in view.results.rows if not row.child])
    far = press + QPoint(60, 40)
    for at in (press + QPoint(1, 0), far, far + QPoint(5, 5)):
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(at),
            QPointF(view.viewport().mapToGlobal(at)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(view.viewport(), event)
    assert begun == ["Tomatoes"]
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=far)


def over(widget: QWidget, *addresses: str) -> tuple[DropTarget, QMimeData]:
    mime = QMimeData()
    mime.setData("text/uri-list", "\r\n".join(addresses).encode())
    at, every = QPointF(300, 300).toPoint(), Qt.DropAction.CopyAction
    event = QDragEnterEvent(at, every, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)
    target = widget.findChild(DropTarget)
    assert target is not None
    return target, mime


def dropped_at(widget: QWidget, mime: QMimeData) -> None:
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none)
    QApplication.sendEvent(widget, event)


@pytest.mark.skipif(os.name != "posix", reason="on Windows such an address is a path")
def test_an_address_with_the_name_of_this_computer_is_a_path(
    window: MainWindow, qtbot: QtBot, more: Path
) -> None:
    address = more.as_uri().replace("file:///", f"file://{socket.gethostname()}/")
    target, mime = over(window, address)
    assert target.offers
    dropped_at(window, mime)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)


@pytest.mark.skipif(os.name != "posix", reason="on Windows such an address is a path")
def test_an_address_on_another_computer_says_so(window: MainWindow) -> None:
    target, mime = over(window, "file://nas.example/share/Notes")
    assert target.offers
    said = [o.accessibleName() for o in window.findChildren(DropOverlay) if o.isVisible()]
    assert said == [
        "This is on another computer, nas.example. Connect it as a folder of this one, and drop that."
    ]
    dropped_at(window, mime)
    assert not target.offers
    assert window.status is not None
    assert len(window.status.folders) == 1
