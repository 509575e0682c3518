"""The tray icon, which shows what the program is doing, and its menu. It comes back by itself when a tray
appears after the program's start.

Qt notices a late tray of the X kind. It does not notice a late StatusNotifier host, so the icon is made anew
when one takes its name on the bus.
"""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Signal
from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher
from PySide6.QtGui import QAction, QGuiApplication, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from notesearch.domain import FolderState, IndexingState, IndexingStatus
from notesearch.ui.widgets import icons
from notesearch.wording import signs
from notesearch.wording import status_texts as wording
from notesearch.wording.told import title
from notesearch.wording.translation import _

HOST = "org.kde.StatusNotifierWatcher"
# Platforms of Qt without a screen: they have no tray, and Qt warns.
TRAYLESS = ("offscreen", "minimal")
SIZES = (16, 22, 24, 32, 48, 64)


class TrayState(StrEnum):
    """What the icon shows. WAITING: for a provider; it goes on by itself. NO_PROVIDER: a provider cannot be
    used before the user has acted."""

    IDLE = "idle"
    INDEXING = "indexing"
    PAUSED = "paused"
    WAITING = "waiting"
    PROBLEM = "problem"
    NO_PROVIDER = "no-provider"


def tray_state(status: IndexingStatus | None) -> TrayState:
    """The state that the icon shows. What the user has to act on comes before what goes on by itself."""
    if status is None or status.state is IndexingState.STARTING:
        return TrayState.INDEXING
    if status.error or status.held or any(f.state is FolderState.UNREACHABLE for f in status.folders):
        return TrayState.PROBLEM
    if any(trouble.waits_for_person for trouble in status.troubles):
        return TrayState.NO_PROVIDER
    if status.state is IndexingState.PAUSED:
        return TrayState.PAUSED
    if status.state in (IndexingState.INDEXING, IndexingState.SCANNING):
        return TrayState.INDEXING
    if status.troubles:
        return TrayState.WAITING
    return TrayState.PROBLEM if status.problems else TrayState.IDLE


def tray_words(status: IndexingStatus | None) -> str:
    """The state in words, for the tooltip and the menu's line."""
    if status is None:
        return _("Starting")
    if trouble := next((t for t in status.troubles if t.waits_for_person), next(iter(status.troubles), None)):
        return title(trouble.what)
    lead, detail = wording.status_lead(status), wording.status_detail(status)
    return signs.DOT.join(filter(None, [lead, detail]))


class Tray(QObject):
    """The icon and its menu. Main thread.

    Signals:
        open_wanted, search_wanted, problems_wanted, pause_wanted, resume_wanted, settings_wanted,
        quit_wanted: from the menu.
        clicked: the icon itself was clicked. host_changed: a tray has come or gone.
    """

    open_wanted = Signal()
    search_wanted = Signal()
    problems_wanted = Signal()
    pause_wanted = Signal()
    resume_wanted = Signal()
    settings_wanted = Signal()
    quit_wanted = Signal()
    clicked = Signal()
    host_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._status: IndexingStatus | None = None
        self._icon: QSystemTrayIcon | None = None
        self._state: TrayState | None = None
        self.menu = QMenu()
        self._build_menu()
        self._watcher = QDBusServiceWatcher(
            HOST, QDBusConnection.sessionBus(), QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange, self
        )
        self._watcher.serviceRegistered.connect(self._on_host)
        self._watcher.serviceUnregistered.connect(self._on_host_gone)
        self._make_icon()

    @property
    def available(self) -> bool:
        """Whether there is a tray to be seen in, at present."""
        return self._icon is not None and QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def state(self) -> TrayState:
        """The state that the icon shows."""
        return tray_state(self._status)

    @property
    def words(self) -> str:
        """The text of its tooltip."""
        return tray_words(self._status)

    def show_status(self, status: IndexingStatus) -> None:
        """Show the icon and the words that belong to a status."""
        self._status = status
        self._show()

    def show_key(self, keys: str) -> None:
        """The key that calls quick search, "" for none, beside its line of the menu."""
        self._search.setText(_("Quick search\t{keys}", keys=keys) if keys else _("Quick search"))

    def close(self) -> None:
        """Remove the icon from the tray."""
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
        self.menu.deleteLater()

    def _build_menu(self) -> None:
        add = self.menu.addAction
        add(_("Open Notesearch")).triggered.connect(self.open_wanted)
        self._search: QAction = add(_("Quick search"))
        self._search.triggered.connect(self.search_wanted)
        self.menu.addSeparator()
        self._line: QAction = add("")
        self._line.setEnabled(False)
        self._problems: QAction = add("")
        self._problems.triggered.connect(self.problems_wanted)
        self._pause: QAction = add("")
        self._pause.triggered.connect(self._on_pause)
        self.menu.addSeparator()
        add(_("Settings…")).triggered.connect(self.settings_wanted)
        add(_("Quit")).triggered.connect(self.quit_wanted)

    def _make_icon(self) -> None:
        if self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None
        if QGuiApplication.platformName() in TRAYLESS:
            return
        self._state = None
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._on_activated)
        self._show()
        self._icon.show()

    def _show(self) -> None:
        if self._icon is None:
            return
        words, paused = self.words, self._status is not None and self._status.state is IndexingState.PAUSED
        if self.state is not self._state:
            self._state = self.state
            self._icon.setIcon(tray_icon(self._state))
        said = _("Notesearch: {words}", words=words)
        if self._icon.toolTip() != said:
            self._icon.setToolTip(said)
        problems = self._status.problems if self._status is not None else 0
        for action, said in (
            (self._line, words.replace("&", "&&")),
            (self._problems, _("Problems ({problems:,})", problems=problems)),
            (self._pause, _("Resume") if paused else _("Pause")),
        ):
            if action.text() != said:
                action.setText(said)
        self._problems.setEnabled(problems > 0)
        self._pause.setEnabled(self._status is not None and self._status.state is not IndexingState.STARTING)

    def _on_pause(self) -> None:
        paused = self._status is not None and self._status.state is IndexingState.PAUSED
        (self.resume_wanted if paused else self.pause_wanted).emit()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.clicked.emit()
        elif reason == QSystemTrayIcon.ActivationReason.MiddleClick:
            self.search_wanted.emit()

    def _on_host(self) -> None:
        self._make_icon()
        self.host_changed.emit()

    def _on_host_gone(self) -> None:
        self.host_changed.emit()


def tray_icon(state: TrayState) -> QIcon:
    """The icon of a state. It has a background of its own, so that it can be seen on light and dark
    panels."""
    made = QIcon()
    for size in SIZES:
        made.addPixmap(icons.pixmap(f"tray-{state}", "", size))
    return made
