"""The main window: top bar, banner, pages and status line; keys, menus, drag and drop; and what is saved
between starts.

The top bar is painted first and accepts typing. The rest is imported and built right after that first paint
(`complete`). SearchPage runs the searches. A failure that nothing else shows becomes a message of the banner.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.results.searches import History, Search
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.top_bar import TopBar
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.config.settings import Settings
    from notesearch.domain import Folder, IndexingStatus
    from notesearch.ui.desktop.hotkey import GlobalKey
    from notesearch.ui.results.delegate import Row
    from notesearch.ui.window.banner import Notice
    from notesearch.ui.window.search_page import SearchPage
    from notesearch.ui.window.shell import TrayRole

# Milliseconds. A window that starts minimised is never painted; it is completed after this time.
COMPLETE_AFTER_MS = 500
SAVE_STATE_MS = 2000
KEEP_QUERY_MS = 2500


class MainWindow(QMainWindow):
    """The window "Notesearch". Main thread.

    Signals:
        closed: the user closed it, or quit; the program ends. hidden: it is out of sight, and the program
        goes on.
    """

    closed = Signal()
    hidden = Signal()

    def __init__(self, bridge: Bridge, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("Notesearch")
        self.setAccessibleName("Notesearch")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumSize(360, 320)
        self.resize(1200, 760)
        self.bridge = bridge
        self.theme = theme
        self.presence: TrayRole | None = None
        self.settings: Settings | None = None
        # Whether the user was asked about starting at login.
        self.login_offered = False
        self.history = History()
        self.saved: list[Search] = []
        self._state: Mapping[str, Any] | None = None
        self._completed = False
        self._ready = False
        self._start_failed = False
        self._painted = False
        self._forwarding = False
        self._leaving = False
        self._known_folders = 0
        self._expected_folders = 0
        self.top = TopBar(theme)
        self.box = self.top.box
        self._state_timer = QTimer(self, singleShot=True, interval=SAVE_STATE_MS)
        self._state_timer.timeout.connect(self._save_state)
        self._keep_timer = QTimer(self, singleShot=True, interval=KEEP_QUERY_MS)
        self._keep_timer.timeout.connect(self.keep_query)
        whole = QWidget()
        self._layout = QVBoxLayout(whole)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(self.top)
        self._layout.addStretch(1)
        self.setCentralWidget(whole)
        self.box.setFocus()
        bridge.hold()
        bridge.opened.connect(self._on_opened)
        QTimer.singleShot(COMPLETE_AFTER_MS, self.complete)

    # Building

    def complete(self) -> None:
        """Build everything below the top bar, show what was read meanwhile, and let the engine start. A
        second call does nothing."""
        if self._completed:
            return
        self._completed = True
        from notesearch.ui.results.drops import DropTarget
        from notesearch.ui.window.actions import Actions
        from notesearch.ui.window.banner import Banner
        from notesearch.ui.window.first_run import FailurePage, FirstRun
        from notesearch.ui.window.notices import Notices
        from notesearch.ui.window.search_page import SearchPage
        from notesearch.ui.window.status_line import StatusLine

        self.banner = Banner()
        self.page = SearchPage(self.bridge, self.theme)
        self.first_run = FirstRun(self.bridge, self.theme)
        self.failure_page = FailurePage()
        self.drops = DropTarget(self, self.theme)
        self.status_line = StatusLine(self.theme, self.bridge.statuses)
        self.commands = Actions(self)
        self.notices = Notices(self.banner, self.bridge, self.commands.models)
        self._build()
        self._connect()
        self.page.ask(Search())
        if self._state is not None:
            self._show_opened()
        self.bridge.release()
        if not self.box.search.empty:
            self._on_search(self.box.search)

    def _build(self) -> None:
        self.top.types.setMenu(self.commands.types_menu)
        self.top.tags.setMenu(self.commands.tags_menu)
        self.top.menu.setMenu(self.commands.main_menu)
        self.pages = QStackedWidget()
        for page in (self.page, self.first_run, self.failure_page):
            self.pages.addWidget(page)
        self._layout.takeAt(1)
        for widget, stretch in ((self.banner, 0), (self.pages, 1), (self.status_line, 0)):
            self._layout.addWidget(widget, stretch)

    def _connect(self) -> None:
        self.drops.paths_dropped.connect(self._on_paths_dropped)
        self.drops.text_dropped.connect(self._on_text_dropped)
        bridge, field, page, side = self.bridge, self.box.field, self.page, self.page.side
        bridge.ready.connect(self._on_ready)
        bridge.start_failed.connect(self._on_start_failed)
        bridge.statuses.follow(self._on_status)
        self.commands.offers.added.connect(self._on_folder_added)
        bridge.open_wanted.connect(self.commands.open_default)
        bridge.link_wanted.connect(self.commands.open_link)
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
        models = self.commands.models
        side.model_wanted.connect(models.open)
        side.sent_wanted.connect(models.open_folder_outgoing)
        side.review_wanted.connect(models.review)
        side.stop_wanted.connect(models.stop_preparing)
        side.back_wanted.connect(models.go_back)
        side.forget_wanted.connect(models.forget_previous)
        self.first_run.choose_wanted.connect(self.commands.choose_folder)
        self.first_run.samples_wanted.connect(self.commands.offers.add_samples)
        self.first_run.vault_wanted.connect(self.commands.offers.add)
        self.failure_page.retry_wanted.connect(self._on_start_again)
        self.failure_page.repair_wanted.connect(self._on_repair)
        self.status_line.pause_wanted.connect(self.commands.pause)
        self.status_line.resume_wanted.connect(self.commands.resume)
        self.status_line.problems_wanted.connect(self.commands.open_problems)

    # The engine's answers

    def expect_folders(self, number: int) -> None:
        """So many folders are about to be added: do not show the first page meanwhile."""
        self._expected_folders = number

    def _on_opened(self, settings: Settings, state: Mapping[str, Any]) -> None:
        """Use what the first paint needs of settings and window state. The rest is used in `complete`."""
        self.settings, self._state = settings, state
        self.theme.set_appearance(settings.appearance)
        geometry = state.get("geometry")
        if isinstance(geometry, str) and geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        if self._completed:
            self._show_opened()

    def _show_opened(self) -> None:
        if self.settings is not None and self._state is not None:
            self.use_settings(self.settings)
            self._restore(self._state)
            self._choose_page()

    def _on_ready(self) -> None:
        self._ready = True
        self._choose_page()
        self.page.ask_recent()
        self.commands.ask_vocabulary()

    def _on_start_failed(self, failure: Failure) -> None:
        self._start_failed = True
        self.failure_page.show_failure(failure)
        self.pages.setCurrentWidget(self.failure_page)
        self.status_line.hide()

    def _on_start_again(self) -> None:
        self._show_starting()
        self.bridge.start()

    def _on_repair(self) -> None:
        self._show_starting()
        self.bridge.repair()

    def _show_starting(self) -> None:
        self._start_failed = False
        self.status_line.show()
        self._choose_page()

    def _on_status(self, status: IndexingStatus) -> None:
        before = self.bridge.statuses.before
        if status.folders:
            self._expected_folders = 0
        if len(status.folders) != self._known_folders and self._ready:
            self._known_folders = len(status.folders)
            self._state_timer.start()
        self._choose_page()
        if before is not None and before.documents != status.documents and self._ready:
            self.commands.ask_vocabulary()

    def _choose_page(self) -> None:
        """Show the first page while there is no folder. Until the engine answers, the last start's state
        decides."""
        if self._start_failed:
            return
        folders = len(self.status.folders) if self.status is not None and self._ready else self._known_folders
        known = self._ready or self.settings is not None
        self.pages.setCurrentWidget(
            self.page if folders or self._expected_folders or not known else self.first_run
        )

    def _on_folder_added(self, folder: Folder) -> None:
        self._known_folders = max(1, self._known_folders)
        # A status that was sent before may not have the folder yet.
        self._expected_folders = max(1, self._expected_folders)
        self.pages.setCurrentWidget(self.page)
        self.status_line.tell(_("Added {path}", path=folder.path.name))
        self.box.setFocus()

    def show_failure(self, failure: Failure) -> None:
        """See Shell."""
        self._expected_folders = 0
        self._choose_page()
        self.notices.show_failure(failure)

    def use_settings(self, settings: Settings) -> None:
        """Take over what was chosen in the settings."""
        self.settings = settings
        self.theme.set_appearance(settings.appearance)
        self.page.set_limit(settings.results_limit)

    # Searching

    def ask(self, search: Search) -> None:
        """Set the search, from a saved search, the history or a button."""
        self.box.set_search(search)
        self.box.setFocus()

    def _on_search(self, search: Search) -> None:
        self.page.ask(search)
        self.commands.show_filters(search)
        self._keep_timer.start()

    def keep_query(self) -> None:
        """Put the present search into the history, because it led to something or was shown for some time."""
        self.keep_search(self.box.search)

    def keep_search(self, search: Search) -> None:
        """Put another search into the history."""
        before = self.history.entries
        self.history.keep(search)
        if self.history.entries != before:
            self._state_timer.start()

    def ask_text(self, text: str) -> None:
        """Search for plain words that came from outside the window."""
        self.ask(Search(text=text))

    def save_search(self) -> None:
        """See Shell."""
        search = self.box.search
        if search.empty or any(kept.label == search.label for kept in self.saved):
            return
        self.saved.append(search)
        self.page.side.show_saved(self.saved)
        self.status_line.tell(_("Search saved"))
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
        """Esc: leave the preview or the similar notes, else clear the search, else hide the window."""
        if self.page.preview_in_front:
            self.page.toggle_preview()
        elif self.page.similar_shown:
            self.page.ask(self.box.search)
        elif not self.box.search.empty:
            self.box.clear()
        else:
            self.hide_away()

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
        self.complete()
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        focused = QGuiApplication.focusObject()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers == Qt.KeyboardModifier.NoModifier:
            if isinstance(focused, QAbstractButton):
                focused.click()
            else:
                self.commands.open_current()
        elif (
            key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers == Qt.KeyboardModifier.ControlModifier
        ):
            self.commands.reveal_current()
        elif key == Qt.Key.Key_Escape:
            self._on_escape()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.commands.copy_passage()
        elif self._belongs_to_field(event) and not self._forwarding:
            self.box.field.setFocus()
            # Keys that the search field does not use either come back here.
            self._forwarding = True
            QCoreApplication.sendEvent(self.box.field, event)
            self._forwarding = False
        else:
            super().keyPressEvent(event)

    def _belongs_to_field(self, event: QKeyEvent) -> bool:
        steering = (
            Qt.Key.Key_Backspace,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_PageUp,
            Qt.Key.Key_PageDown,
        )
        chord = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
        if event.key() in steering:
            return True
        return (
            bool(event.text())
            and event.text().isprintable()
            and (not chord or bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
        )

    # Drag and drop

    def _on_paths_dropped(self, paths: list[Path]) -> None:
        self.commands.offers.look_at(paths)
        self.activateWindow()

    def _on_text_dropped(self, text: str) -> None:
        self.ask_text(text)
        self.activateWindow()

    # What is kept

    @property
    def state(self) -> dict[str, Any] | None:
        """The state for window.toml: strings, numbers and lists only. None as long as nothing can have
        changed."""
        if not self._completed:
            return None
        return {
            "geometry": base64.b64encode(self.saveGeometry().data()).decode(),
            "splitter": self.page.column_widths,
            "preview": self.page.preview_wanted,
            "folders": self._known_folders,
            "history": [search.to_state() for search in self.history.entries],
            "saved": [search.to_state() for search in self.saved],
            "login_offered": self.login_offered,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        folders = state.get("folders", 0)
        self._known_folders = folders if isinstance(folders, int) else 0
        sizes = state.get("splitter")
        if (
            isinstance(sizes, list)
            and len(sizes) == 3
            and all(isinstance(size, int) and size > 0 for size in sizes)
        ):
            self.page.set_column_widths(sizes)
        self.page.preview_wanted = bool(state.get("preview", True))
        self.login_offered = bool(state.get("login_offered", False))
        self.history.restore(_searches(state.get("history")))
        self.saved = _searches(state.get("saved"))
        self.page.side.show_saved(self.saved)
        if self.isVisible():
            self.page.adapt()

    def _save_state(self) -> None:
        if self.state is not None:
            self.bridge.save_window_state(self.state)

    # The window itself

    def come_up(self, activation: str = "") -> None:
        """Show the window in front of others, with the keyboard in the search field. `activation`: the token
        by which the desktop allows that."""
        if activation:
            # Qt reads the token from here, as it does at a start.
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
            QTimer.singleShot(0, self.complete)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.top.adapt(self.width())
        if self._completed and self.isVisible():
            self._state_timer.start()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if (
            event.type() == QEvent.Type.ActivationChange
            and self.isActiveWindow()
            and QGuiApplication.focusObject() is None
        ):
            self.box.setFocus()

    def hide_away(self) -> None:
        """Hide the window: in the tray where there is one, else in the task bar."""
        if self.presence is not None and self.presence.way_back:
            self._save_state()
            self.hide()
            self.hidden.emit()
        else:
            self.showMinimized()

    def leave(self) -> None:
        """Quit, whatever the setting for closing is."""
        self._leaving = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._leaving and self.presence is not None and self.presence.stays():
            event.ignore()
            return
        self.keep_query()
        if self._completed:
            self.commands.dialogs.close_all()
        event.accept()
        self.closed.emit()

    # What its parts may ask: see Shell

    @property
    def status(self) -> IndexingStatus | None:
        """See Shell."""
        return self.bridge.statuses.status

    @property
    def widget(self) -> QWidget:
        """See Shell."""
        return self

    @property
    def search(self) -> Search:
        """See Shell."""
        return self.box.search

    @property
    def view(self) -> SearchPage:
        """See Shell."""
        return self.page

    @property
    def current(self) -> Row | None:
        """See Shell."""
        return self.page.current

    @property
    def key(self) -> GlobalKey | None:
        """See Shell."""
        return self.presence.key if self.presence is not None else None

    def tell(self, text: str) -> None:
        """See Shell."""
        self.status_line.tell(text)

    def offer(self, message: Notice) -> None:
        """See Shell."""
        self.banner.tell(message)

    def toggle_quick(self) -> None:
        """See Shell."""
        if self.presence is not None:
            self.presence.toggle_quick()

    def focus_field(self) -> None:
        """See Shell."""
        self.box.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.box.field.selectAll()


def _searches(entries: object) -> list[Search]:
    found = [Search.from_state(entry) for entry in entries] if isinstance(entries, list) else []
    return [search for search in found if search is not None]
