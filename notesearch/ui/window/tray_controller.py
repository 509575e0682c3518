"""Controls what of the program is visible: window, quick search, tray icon, and the global key. The window is
never hidden where the user could not bring it back."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from notesearch.api.second_start import StartRequest
from notesearch.ui.desktop.hotkey import GlobalKey
from notesearch.ui.desktop.hotkey_types import HotkeyState
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.config.settings import Settings
    from notesearch.domain import IndexingStatus
    from notesearch.ui.bridge.bridge import Bridge
    from notesearch.ui.bridge.desktop_bridge import DesktopFacts
    from notesearch.ui.bridge.failure import Failure
    from notesearch.ui.desktop.tray import Tray
    from notesearch.ui.results.quick_search import QuickSearch
    from notesearch.ui.results.searches import Search
    from notesearch.ui.widgets.theme import Theme
    from notesearch.ui.window.main_window import MainWindow

# Milliseconds after the start until quick search is built, so that its first call is as quick as the others.
PREPARE_AFTER_MS = 1500
# A start at login may come before the tray: it is waited for so long. Without a tray, the window is shown, so
# that the user can reach the program.
TRAY_WITHIN_MS = 20_000
LOOK_FOR_TRAY_MS = 1000
WAY_BACK_MS = 15_000
# Platforms of Qt on which windows are always blended with what is behind them.
BLENDED = ("wayland", "windows", "cocoa")


class TrayController(QObject):
    """Controls window, quick search, tray icon and global key. Made before the window is shown; `close` is
    called when the event loop has ended. Main thread.

    `look_ms`, `within_ms`: how often, and for how long, a hidden start looks for a tray, in milliseconds.
    """

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        window: MainWindow,
        request: StartRequest,
        *,
        look_ms: int = LOOK_FOR_TRAY_MS,
        within_ms: int = TRAY_WITHIN_MS,
    ) -> None:
        super().__init__(window)
        self._bridge = bridge
        self._theme = theme
        self._window = window
        self._request = request
        self._waited = 0
        self._within = within_ms
        self.tray: Tray | None = None
        self.quick: QuickSearch | None = None
        self.key = GlobalKey(self)
        self._composited = QGuiApplication.platformName() in BLENDED
        self._chosen = ("", False)
        self._look = QTimer(self, interval=look_ms)
        self._look.timeout.connect(self._look_for_tray)
        self._guard = QTimer(self, interval=WAY_BACK_MS)
        self._guard.timeout.connect(self._keep_way_back)
        window.presence = self
        window.hidden.connect(self._guard.start)
        bridge.ready.connect(self._on_ready)
        bridge.start_failed.connect(self._on_start_failed)
        bridge.summoned.connect(self.summon)
        bridge.statuses.changed.connect(self._on_status)
        bridge.settings_changed.connect(self._on_settings)
        self.key.pressed.connect(self._on_key)
        self.key.changed.connect(self._on_key_changed)
        self.key.composited.connect(self._on_composited)
        self.key.buttons_up.connect(self._on_buttons_up)

    @property
    def starts_hidden(self) -> bool:
        """Whether the window stays away at first."""
        return self._request.hidden or self._request.toggle

    @property
    def way_back(self) -> bool:
        """Whether the user can bring back a hidden window, by something visible or by the global key."""
        return (self.tray is not None and self.tray.available) or self.key.status.state is HotkeyState.READY

    @property
    def key_in_use(self) -> str:
        """The global key in use; "" for none."""
        return self.key.status.keys if self.key.status.state is HotkeyState.READY else ""

    # Starting

    def _on_ready(self) -> None:
        from notesearch.ui.desktop.tray import Tray

        self.tray = Tray(self)
        self._connect_tray(self.tray)
        self._bridge.statuses.follow(self.tray.show_status)
        settings = self._window.settings
        if settings is not None:
            self._choose_key(settings)
        if self._request.search:
            self._window.ask_text(self._request.search)
        if self._request.toggle:
            self.toggle_quick(self._request.activation)
        if self.starts_hidden and not self.way_back:
            self._look.start()
        QTimer.singleShot(PREPARE_AFTER_MS, self, self._prepare)

    def _connect_tray(self, tray: Tray) -> None:
        tray.clicked.connect(self._on_tray_clicked)
        tray.open_wanted.connect(self._window.come_up)
        tray.search_wanted.connect(self.toggle_quick)
        tray.problems_wanted.connect(self._on_problems_wanted)
        tray.settings_wanted.connect(self._on_settings_wanted)
        tray.pause_wanted.connect(self._window.commands.pause)
        tray.resume_wanted.connect(self._window.commands.resume)
        tray.quit_wanted.connect(self._window.leave)
        tray.host_changed.connect(self._keep_way_back)

    def _on_start_failed(self, _failure: Failure) -> None:
        self._window.come_up()

    def _prepare(self) -> None:
        if not self._bridge.closed:
            self._made_quick()

    def _made_quick(self) -> QuickSearch:
        if self.quick is None:
            from notesearch.ui.results.quick_search import QuickSearch

            self.quick = QuickSearch(self._bridge, self._theme, self._window.commands)
            self.quick.window_wanted.connect(self._on_window_wanted)
            self.quick.settings_wanted.connect(self._on_settings_wanted)
            self.quick.has_keyboard.connect(self.key.arrived)
            self.quick.buttons_asked.connect(self.key.await_buttons)
            self.quick.set_composited(self._composited)
            if self._window.settings is not None:
                self.quick.use_settings(self._window.settings)
        return self.quick

    def _look_for_tray(self) -> None:
        """After a hidden start, wait for the tray, which may come later than the program."""
        self._waited += self._look.interval()
        if self.way_back or self._window.isVisible():
            self._look.stop()
        elif self._waited >= self._within:
            self._look.stop()
            self._window.showMinimized()

    # Requests from outside

    def summon(self, request: StartRequest) -> None:
        """Do what another start of the program asks for."""
        if request.toggle:
            self.toggle_quick(request.activation)
        elif request.search:
            self._window.ask_text(request.search)
            self._window.come_up(request.activation)
        elif not request.hidden:
            self._window.come_up(request.activation)

    def toggle_quick(self, activation: str = "") -> None:
        """Show quick search, or hide it where it is shown."""
        quick = self._made_quick()
        if quick.wanted:
            quick.put_away()
            return
        if activation:
            os.environ["XDG_ACTIVATION_TOKEN"] = activation
        quick.come_up()
        self.key.shown(int(quick.winId()))

    def _on_key(self, activation: str) -> None:
        self.toggle_quick(activation)
        if self.quick is None or not self.quick.wanted or self.quick.isActiveWindow():
            self.key.arrived()

    def _on_composited(self, composited: bool) -> None:
        self._composited = composited
        if self.quick is not None:
            self.quick.set_composited(composited)

    def _on_buttons_up(self) -> None:
        if self.quick is not None:
            self.quick.on_buttons_up()

    def _on_key_changed(self) -> None:
        if self.tray is not None:
            self.tray.show_key(self.key_in_use)

    def _on_tray_clicked(self) -> None:
        if self._window.isVisible() and self._window.isActiveWindow():
            self._window.hide_away()
        else:
            self._window.come_up()

    def _on_window_wanted(self, search: Search | None) -> None:
        if search is not None:
            self._window.ask(search)
        self._window.come_up()

    def _on_problems_wanted(self) -> None:
        self._window.come_up()
        self._window.commands.open_problems()

    def _on_settings_wanted(self) -> None:
        self._window.come_up()
        self._window.commands.open_settings()

    # Reactions to changes

    def _on_status(self, status: IndexingStatus) -> None:
        from notesearch.domain import IndexingState

        done = status.state is IndexingState.IDLE and status.complete > 0 and not status.waiting
        if done and self.tray is not None and self.tray.available and not self._window.login_offered:
            self._offer_login()

    def _offer_login(self) -> None:
        """Offer start at login, once, when the first notes are complete."""
        self._window.login_offered = True
        self._window.commands.models.desktop.facts(self._on_facts)

    def _on_facts(self, facts: DesktopFacts) -> None:
        from notesearch.ui.window.banner import Notice

        if facts.starts_at_login:
            return
        desktop = self._window.commands.models.desktop
        offer = Notice(
            title=_("Start Notesearch when you log in?"),
            hint=_("It waits in the tray, hidden, and follows your notes. The settings can change it."),
            actions=(
                (_("Start at login"), partial(desktop.set_start_at_login, True)),
                (_("No"), self._window.box.setFocus),
            ),
            key="login",
        )
        self._window.banner.tell(offer)

    def _on_settings(self, settings: Settings) -> None:
        if self.quick is not None:
            self.quick.use_settings(settings)
        if (settings.key, settings.key_asked) != self._chosen:
            self._choose_key(settings)

    def _choose_key(self, settings: Settings) -> None:
        self._chosen = (settings.key, settings.key_asked)
        self.key.choose(settings.key, may_ask=settings.key_asked)

    # Closing

    def stays(self) -> bool:
        """Whether the program goes on when the window is closed. Asks the user the first time."""
        settings, application = self._window.settings, QGuiApplication.instance()
        if isinstance(application, QGuiApplication) and application.isSavingSession():
            # The session ends, so the user cannot be asked.
            return False
        if settings is None or not self.way_back or settings.when_closed == "quit":
            return False
        if settings.when_closed == "ask":
            self._window.commands.ask_to_stay(self.key_in_use)
        else:
            self._window.hide_away()
        return True

    def _keep_way_back(self) -> None:
        """Show the window in the task bar: the tray is gone, and there is no global key."""
        if self._window.isVisible():
            self._guard.stop()
        elif not self.way_back and not self._look.isActive():
            self._guard.stop()
            self._window.showMinimized()

    def close(self) -> None:
        """Release the global key and remove the tray icon."""
        self.key.close()
        if self.tray is not None:
            self.tray.close()
        if self.quick is not None:
            self.quick.close_down()
