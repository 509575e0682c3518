"""Starts the window: application, theme, bridge, window, event loop. Nothing heavy is imported before the
first paint."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from notesearch.api.second_start import StartRequest
from notesearch.config.paths import resource
from notesearch.errors import NoDisplay
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.desktop.identity import APP_ID
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.main_window import MainWindow
from notesearch.ui.window.tray_controller import TrayController

SHOW_AT_LATEST_MS = 150
# Seconds between two switches of Python threads. With the usual 5 ms, a busy worker thread would delay each
# event of the window by that.
SWITCH_INTERVAL = 0.001


class Opening(QObject):
    """Shows the window once its place on the screen is known, or after a moment without it. Main thread."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.bridge.opened.connect(self._show)
        QTimer.singleShot(SHOW_AT_LATEST_MS, self._show)

    def _show(self) -> None:
        if not self._window.isVisible() and not self._window.isMinimized():
            self._window.show()
            QTimer.singleShot(0, self._dress)

    def _dress(self) -> None:
        """Set the icon, which can wait until the window is visible."""
        self._window.setWindowIcon(program_icon())


def require_display() -> None:
    """Raise NoDisplay where a window cannot be shown. Without this check Qt would end the process."""
    if (
        sys.platform.startswith("linux")
        and not os.environ.get("QT_QPA_PLATFORM")
        and not os.environ.get("WAYLAND_DISPLAY")
    ):
        if not _answers(os.environ.get("DISPLAY", "")):
            raise NoDisplay


def _answers(display: str) -> bool:
    """Whether an X server of this machine answers: the variable DISPLAY may be left over from an ended
    session. For another machine the answer is yes without a check."""
    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdecimal() or host not in ("", "unix"):
        return bool(display)
    path = f"/tmp/.X11-unix/X{number}"
    places: list[tuple[int, str | tuple[str, int]]] = [
        (socket.AF_UNIX, f"\0{path}"),
        (socket.AF_UNIX, path),
        (socket.AF_INET, ("localhost", 6000 + int(number))),
    ]
    for family, place in places:
        with socket.socket(family) as probe:
            probe.settimeout(2)
            if probe.connect_ex(place) == 0:
                return True
    return False


def make_application(arguments: Sequence[str] = ("notesearch",)) -> QApplication:
    """The QApplication with the program's names, icon and style. In a test, the one that exists already."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication(list(arguments))
    app.setApplicationName("notesearch")
    app.setApplicationDisplayName("Notesearch")
    app.setDesktopFileName(APP_ID)
    app.setStyle("fusion")
    icons.load(resource("icons"))
    return app


def program_icon() -> QIcon:
    """The program's icon at the sizes that desktops ask for."""
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(icons.pixmap("notesearch", "#2A6659", size))
    return made


def run(data_dir: Path, request: StartRequest) -> int:
    """Run until the user quits; the exit code. Raises NoDisplay."""
    require_display()
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = make_application()
    app.setQuitOnLastWindowClosed(False)
    theme = Theme(app)
    bridge = Bridge(data_dir)
    window = MainWindow(bridge, theme)
    presence = TrayController(bridge, theme, window, request)
    if presence.starts_hidden:
        window.complete()
    else:
        Opening(window)
    bridge.handed_over.connect(window.leave)
    # Not `quit`, which would ask each window once more whether it may close.
    window.closed.connect(partial(app.exit, 0))
    interrupts = _quit_on_signals(window)
    window.expect_folders(len(request.folders))
    bridge.start(request)
    code = app.exec()
    presence.close()
    bridge.close(window.state)
    del interrupts
    return code


def _quit_on_signals(window: MainWindow) -> QSocketNotifier | None:
    """Quit on Ctrl+C, SIGTERM and, unless it is ignored, SIGHUP (the terminal was closed), so that everything
    is closed in order. None where the platform has no such way."""
    if os.name != "posix":
        return None
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    for number in (signal.SIGINT, signal.SIGTERM, *(() if ignored else (signal.SIGHUP,))):
        signal.signal(number, lambda *_: None)
    notifier = QSocketNotifier(reader, QSocketNotifier.Type.Read, window)
    notifier.activated.connect(window.leave)
    return notifier
