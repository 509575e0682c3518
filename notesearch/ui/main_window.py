"""The main window: top bar, messages, pages and status line; keys, menus, drag and drop, and what is kept between starts.

The course of a search is `search_page`'s business; every failure that nothing else shows becomes a message here.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QMainWindow, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from notesearch.domain import Folder, IndexingStatus
from notesearch.ui import icons, wording
from notesearch.ui.banner import Banner, Message
from notesearch.ui.bridge import Bridge, Failure
from notesearch.ui.commands import Commands
from notesearch.ui.first_run import DropOverlay, FailurePage, FirstRun
from notesearch.ui.result_delegate import Row
from notesearch.ui.search_field import SearchBox
from notesearch.ui.search_page import SearchPage
from notesearch.ui.searches import History, Search
from notesearch.ui.status_line import StatusLine
from notesearch.ui.theme import TOP_BAR, Theme

if TYPE_CHECKING:
    from notesearch.settings import Settings

SAVE_STATE_MS = 2000
KEEP_QUERY_MS = 2500


class MainWindow(QMainWindow):
    """The window "Notesearch". Main thread.

    Signals:
        closed: the person closed it; the program ends.
    """

    closed = Signal()

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Notesearch")
        self.setAccessibleName("Notesearch")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAcceptDrops(True)
        self.setMinimumSize(360, 320)
        self.resize(1200, 760)
        self.bridge = bridge
        self.theme = theme
        self.settings: Settings | None = None
        self.history = History()
        self.saved: list[Search] = []
        self.status: IndexingStatus | None = None
        self._ready = False
        self._start_failed = False
        self._painted = False
        self._forwarding = False
        self._known_folders = 0
        self._expected_folders = 0
        self._notices: set[tuple[Path, str]] = set()
        self.box = SearchBox(theme)
        self.banner = Banner()
        self.page = SearchPage(bridge, theme)
        self.first_run = FirstRun(theme)
        self.failure_page = FailurePage()
        self.status_line = StatusLine(theme)
        self.commands = Commands(self)
        self._build()
        self._overlay = DropOverlay(theme, self)
        self._state_timer = QTimer(self, singleShot=True, interval=SAVE_STATE_MS)
        self._state_timer.timeout.connect(self._save_state)
        self._keep_timer = QTimer(self, singleShot=True, interval=KEEP_QUERY_MS)
        self._keep_timer.timeout.connect(self.keep_query)
        self._connect()
        self.page.ask(Search())
        self.box.setFocus()

    # Building

    def _build(self) -> None:
        top = QFrame()
        top.setObjectName("topBar")
        top.setFixedHeight(TOP_BAR)
        bar = QHBoxLayout(top)
        bar.setContentsMargins(16, 0, 12, 0)
        bar.setSpacing(12)
        bar.addWidget(self.box, 1)
        self.types = self._menu_button("Any type", "Filter by type")
        self.types.setMenu(self.commands.types_menu)
        self.tags = self._menu_button("Tags", "Filter by tag")
        self.tags.setMenu(self.commands.tags_menu)
        self.menu_button = QToolButton()
        self.menu_button.setAccessibleName("Menu")
        self.menu_button.setToolTip("Menu")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self.commands.main_menu)
        self.menu_button.setIconSize(QSize(16, 16))
        for button in (self.types, self.tags, self.menu_button):
            bar.addWidget(button)
        self.pages = QStackedWidget()
        for page in (self.page, self.first_run, self.failure_page):
            self.pages.addWidget(page)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((top, 0), (self.banner, 0), (self.pages, 1), (self.status_line, 0)):
            layout.addWidget(widget, stretch)
        self.setCentralWidget(whole)
        self._colour()

    def _menu_button(self, text: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("filterButton")
        button.setText(text)
        button.setAccessibleName(name)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _connect(self) -> None:
        bridge, field, page, side = self.bridge, self.box.field, self.page, self.page.side
        bridge.opened.connect(self._on_opened)
        bridge.ready.connect(self._on_ready)
        bridge.start_failed.connect(self._on_start_failed)
        bridge.show_wanted.connect(self.come_up)
        bridge.status_changed.connect(self._on_status)
        bridge.vocabulary_ready.connect(self.commands.show_vocabulary)
        bridge.problems_ready.connect(self.commands.show_problems)
        bridge.folder_added.connect(self._on_folder_added)
        bridge.dropped.connect(self.commands.on_dropped)
        bridge.open_wanted.connect(self.commands.open_default)
        bridge.settings_changed.connect(self.use_settings)
        bridge.failed.connect(self.show_failure)
        self.box.changed.connect(self._on_search)
        self.box.typed.connect(self.history.leave)
        field.moved.connect(page.results.move_by)
        field.paged.connect(page.results.move_page)
        field.fold_wanted.connect(page.results.toggle_passages)
        field.copy_wanted.connect(self.commands.copy_passage)
        field.escaped.connect(self._on_escape)
        field.older_wanted.connect(self._on_older)
        field.newer_wanted.connect(self._on_newer)
        page.opened.connect(self.commands.open_row)
        page.context_wanted.connect(self.commands.show_row_menu)
        page.search_wanted.connect(self.ask)
        page.link_clicked.connect(self._on_link)
        page.splitter.splitterMoved.connect(self._state_timer.start)
        side.folder_chosen.connect(self._on_folder_chosen)
        side.search_chosen.connect(self.ask)
        side.search_removed.connect(self._on_saved_removed)
        side.add_wanted.connect(self.commands.choose_folder)
        side.reveal_wanted.connect(bridge.reveal)
        side.remove_wanted.connect(self.commands.ask_to_remove)
        self.first_run.choose_wanted.connect(self.commands.choose_folder)
        self.first_run.samples_wanted.connect(bridge.add_samples)
        self.failure_page.retry_wanted.connect(self._on_start_again)
        self.status_line.pause_wanted.connect(bridge.pause)
        self.status_line.resume_wanted.connect(bridge.resume)
        self.status_line.problems_wanted.connect(self.commands.open_problems)
        self.theme.changed.connect(self._colour)

    def _colour(self) -> None:
        self.menu_button.setIcon(icons.icon("menu", self.theme.palette.second))

    # The engine's answers

    def expect_folders(self, number: int) -> None:
        """So many folders are about to be added: no invitation meanwhile."""
        self._expected_folders = number

    def _on_opened(self, settings: Settings, state: Mapping[str, Any]) -> None:
        self.use_settings(settings)
        self._restore(state)
        self._known_folders = int(state.get("folders", 0)) if isinstance(state.get("folders", 0), int) else 0
        self._choose_page()

    def _on_ready(self) -> None:
        self._ready = True
        self._choose_page()
        self.bridge.recent()
        self.bridge.vocabulary()

    def _on_start_failed(self, failure: Failure) -> None:
        self._start_failed = True
        self.failure_page.show_failure(failure)
        self.pages.setCurrentWidget(self.failure_page)
        self.status_line.hide()

    def _on_start_again(self) -> None:
        self._start_failed = False
        self.status_line.show()
        self._choose_page()
        self.bridge.start()

    def _on_status(self, status: IndexingStatus) -> None:
        before, self.status = self.status, status
        self.page.show_status(status)
        self.status_line.show_status(status)
        if len(status.folders) != self._known_folders and self._ready:
            self._known_folders = len(status.folders)
            self._state_timer.start()
        self._choose_page()
        self._tell_held(status)
        self._tell_notices(status)
        if before is not None and before.documents != status.documents and self._ready:
            self.bridge.vocabulary()
        self.commands.on_status(before, status)

    def _choose_page(self) -> None:
        """The invitation while there is no folder; known from the last start until the engine answers."""
        if self._start_failed:
            return
        folders = len(self.status.folders) if self.status is not None and self._ready else self._known_folders
        known = self._ready or self.settings is not None
        self.pages.setCurrentWidget(self.page if folders or self._expected_folders or not known else self.first_run)

    def _on_folder_added(self, folder: Folder) -> None:
        self._known_folders = max(1, self._known_folders)
        self._expected_folders = max(0, self._expected_folders - 1)
        self.pages.setCurrentWidget(self.page)
        self.status_line.tell(f"Added {folder.path.name}")
        self.box.setFocus()

    def _tell_held(self, status: IndexingStatus) -> None:
        """Ask about notes that vanished at once; the question stays until it is answered or no longer arises."""
        keys = {f"held:{held.folder}" for held in status.held}
        for key in self.banner.keys:
            if key.startswith("held:") and key not in keys:
                self.banner.withdraw(key)
        for held in status.held:
            self.banner.tell(
                Message(
                    key=f"held:{held.folder}",
                    title=f"{held.missing:,} of {wording.count(held.of)} in {held.folder.name} are gone",
                    hint="Were they deleted on purpose? Until you say so they stay in the index.",
                    actions=(
                        ("Keep them", partial(self.bridge.answer_held, held.folder, remove=False)),
                        ("Remove them from the index", partial(self.bridge.answer_held, held.folder, remove=True)),
                    ),
                    dismissable=False,
                )
            )

    def _tell_notices(self, status: IndexingStatus) -> None:
        for folder in status.folders:
            if folder.notice and (folder.path, folder.notice) not in self._notices:
                self._notices.add((folder.path, folder.notice))
                self.banner.tell(Message(title=folder.path.name, hint=folder.notice, key=f"notice:{folder.path}:{folder.notice}"))
        if status.error:
            self.banner.tell(Message(title="Indexing stopped", hint=status.error, key="error", actions=(("Try again", self.bridge.retry),)))
        else:
            self.banner.withdraw("error")

    def show_failure(self, failure: Failure) -> None:
        self._expected_folders = 0
        self._choose_page()
        self.banner.tell(Message(title=failure.title, hint=failure.hint, key=f"failure:{failure.title}"))

    def use_settings(self, settings: Settings) -> None:
        self.settings = settings
        self.theme.set_appearance(settings.appearance)
        self.page.set_limit(settings.results_limit)

    # Searching

    def ask(self, search: Search) -> None:
        """Ask something from a saved search, the history or a button."""
        self.box.set_search(search)
        self.box.setFocus()

    def _on_search(self, search: Search) -> None:
        self.page.ask(search)
        self.commands.show_filters(search)
        self._keep_timer.start()

    def keep_query(self) -> None:
        """Put what is asked into the history, because it led somewhere or stood for a while."""
        before = self.history.entries
        self.history.keep(self.box.search)
        if self.history.entries != before:
            self._state_timer.start()

    def save_search(self) -> None:
        search = self.box.search
        if search.empty or any(kept.label == search.label for kept in self.saved):
            return
        self.saved.append(search)
        self.page.side.show_saved(self.saved)
        self.status_line.tell("Search saved")
        self._state_timer.start()

    def _on_saved_removed(self, at: int) -> None:
        del self.saved[at]
        self.page.side.show_saved(self.saved)
        self._state_timer.start()

    def _on_folder_chosen(self, path: Path | None) -> None:
        search = self.box.search
        self.ask(Search(text=search.text, filters=search.filters, folder=path))

    def _on_older(self) -> None:
        found = self.history.older(self.box.search)
        if found is not None:
            self.box.set_search(found)

    def _on_newer(self) -> None:
        found = self.history.newer()
        if found is not None:
            self.box.set_search(found)

    def _on_escape(self) -> None:
        """Back from the preview or from similar notes, then clear, then out of the way."""
        if self.page.preview_in_front:
            self.page.toggle_preview()
        elif self.page.similar_shown:
            self.page.ask(self.box.search)
        elif not self.box.search.empty:
            self.box.clear()
        else:
            self.showMinimized()

    def _on_link(self, target: str, source: Path) -> None:
        url = QUrl(target)
        if url.scheme():
            self.commands.open_web(url)
            return
        path = target.partition("#")[0]
        if path:
            self.page.follow(Path(os.path.normpath(source.parent / path)))

    # Keys that no widget took

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        focused = QGuiApplication.focusObject()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers == Qt.KeyboardModifier.NoModifier:
            if isinstance(focused, QAbstractButton):
                focused.click()
            else:
                self.commands.open_current()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers == Qt.KeyboardModifier.ControlModifier:
            self.commands.reveal_current()
        elif key == Qt.Key.Key_Escape:
            self._on_escape()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.commands.copy_passage()
        elif self._belongs_to_field(event) and not self._forwarding:
            self.box.field.setFocus()
            # What the field does not take either comes back here.
            self._forwarding = True
            QCoreApplication.sendEvent(self.box.field, event)
            self._forwarding = False
        else:
            super().keyPressEvent(event)

    def _belongs_to_field(self, event: QKeyEvent) -> bool:
        steering = (Qt.Key.Key_Backspace, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        chord = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
        if event.key() in steering:
            return True
        return bool(event.text()) and event.text().isprintable() and (not chord or bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    # Drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if any(url.isLocalFile() for url in mime.urls()):
            self._overlay.offer("Drop to search this folder")
        elif mime.hasText() and not mime.hasUrls():
            self._overlay.offer("Drop to search for this text")
        else:
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Only ever a copy: a source that moves would delete what it gave."""
        self._overlay.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.bridge.inspect_drop(paths)
        else:
            self.ask(Search(text=" ".join(event.mimeData().text().split())[:500]))
        self.activateWindow()

    # What is kept

    @property
    def state(self) -> dict[str, Any]:
        """For the window's state file: strings, numbers and lists only."""
        return {
            "geometry": base64.b64encode(self.saveGeometry().data()).decode(),
            "splitter": self.page.column_widths,
            "preview": self.page.preview_wanted,
            "folders": self._known_folders,
            "history": [search.to_state() for search in self.history.entries],
            "saved": [search.to_state() for search in self.saved],
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        geometry = state.get("geometry")
        if isinstance(geometry, str) and geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        sizes = state.get("splitter")
        if isinstance(sizes, list) and len(sizes) == 3 and all(isinstance(size, int) and size > 0 for size in sizes):
            self.page.set_column_widths(sizes)
        self.page.preview_wanted = bool(state.get("preview", True))
        self.history.restore(_searches(state.get("history")))
        self.saved = _searches(state.get("saved"))
        self.page.side.show_saved(self.saved)
        if self.isVisible():
            self.page.adapt()

    def _save_state(self) -> None:
        self.bridge.save_window_state(self.state)

    # The window itself

    def come_up(self, activation: str = "") -> None:
        """To the front with the keyboard in the search field. `activation`: the desktop's leave to do so, from whoever asked."""
        if activation:
            # Qt takes it from there, as it does at a start.
            os.environ["XDG_ACTIVATION_TOKEN"] = activation
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        self.box.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.bridge.painted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._overlay.resize(self.size())
        narrow = self.width() < 560
        self.types.setVisible(not narrow)
        self.tags.setVisible(not narrow)
        if self.isVisible():
            self._state_timer.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and QGuiApplication.focusObject() is None:
            self.box.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.keep_query()
        self.commands.close_dialogs()
        event.accept()
        self.closed.emit()

    @property
    def current(self) -> Row | None:
        return self.page.current


def _searches(entries: object) -> list[Search]:
    found = [Search.from_state(entry) for entry in entries] if isinstance(entries, list) else []
    return [search for search in found if search is not None]
