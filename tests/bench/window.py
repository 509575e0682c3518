"""The window: keystroke to painted rows, with the bundled model and with a provider 0.2 s away; the longest
stall of the GUI thread while indexing; start to first paint against a bare Qt window; and from the key that
calls quick search, pressed over another program, to a field that takes letters, with a second start until it
is over (`popup`, on a screen of its own).

Run it on a real or virtual screen (xvfb-run -a .venv/bin/python tests/bench/window.py), or offscreen with
QT_QPA_PLATFORM=offscreen. Aims: keyword rows p95 16 ms, fused rows p95 60 ms after the key that ends the word
pause, stall 50 ms, start 1.5 times a bare Qt window, key press to quick search p95 100 ms, second start 300
ms.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import ROOT, median, notesearch, percentile, scratch, table, til_vault
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest

from notesearch.api import operations
from notesearch.domain import SearchResults, Stage
from notesearch.engine.search.query_vectors import REMOTE_REST
from notesearch.ui.app import make_application
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.search_bridge import SearchBridge
from notesearch.ui.results import search_view
from notesearch.ui.results.results_view import ResultsView
from notesearch.ui.results.search_field import SearchField
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.main_window import MainWindow

QUERIES = (
    "undo the last commit",
    "list tables in postgres",
    "vim replace the word",
    "react hooks effect",
    "docker volume mount",
    "kill process on port",
    "rails migration index",
    "tmux split pane",
    "sort a hash by value",
    "elixir pattern match",
)
STARTS = 11
CALLS, ESCAPE = 40, 9
PROVIDER_SECONDS = 0.2


def wait(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Run the event loop until the condition holds, looking every 2 ms: a busy loop would take the
    interpreter from the other threads."""
    if condition():
        return
    loop = QEventLoop()
    end = time.monotonic() + seconds

    def look() -> None:
        if condition() or time.monotonic() > end:
            loop.quit()

    timer = QTimer()
    timer.setInterval(2)
    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    if not condition():
        sys.exit("waited too long")


class Open:
    """The real window on a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.app = make_application()
        self.bridge = Bridge(data_dir)
        self.window = MainWindow(self.bridge, Theme(self.app))
        self.is_ready = False
        self.bridge.ready.connect(self._ready)
        self.bridge.start()
        self.window.resize(1200, 760)
        self.window.show()
        self.window.complete()
        wait(lambda: self.is_ready)

    def _ready(self) -> None:
        self.is_ready = True

    def close(self) -> None:
        self.window.close()
        self.bridge.close(None)


class TimedResultsView(ResultsView):
    """The list, telling when it has painted."""

    painted: Callable[[], None] | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if TimedResultsView.painted is not None:
            TimedResultsView.painted()


class TimedSearchBridge(SearchBridge):
    """Tells what arrives before the window hears of it, so that it is known when the rows are painted."""

    arrived: Callable[[SearchResults], None] | None = None

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self.results_ready.connect(self._tell)

    def _tell(self, _request: int, results: SearchResults) -> None:
        if TimedSearchBridge.arrived is not None:
            TimedSearchBridge.arrived(results)


search_view.ResultsView = TimedResultsView  # type: ignore[attr-defined]
search_view.SearchBridge = TimedSearchBridge  # type: ignore[attr-defined]


class PaintClock(QObject):
    """When rows of each stage were first painted after the last key."""

    def __init__(self) -> None:
        super().__init__()
        self.pressed = 0.0
        self.last_fused = 0.0
        self.waiting: list[Stage] = []
        self.painted: dict[Stage, float] = {}
        TimedResultsView.painted = self._painted
        TimedSearchBridge.arrived = self._arrived

    def _painted(self) -> None:
        now = (time.perf_counter() - self.pressed) * 1000
        for stage in self.waiting:
            self.painted.setdefault(stage, now)
            # Fused rows come twice where a provider has its part in them.
            self.last_fused = now if stage is Stage.FUSED else self.last_fused
        self.waiting.clear()

    def press(self) -> None:
        self.waiting.clear()
        self.painted.clear()
        self.pressed = time.perf_counter()

    def _arrived(self, results: SearchResults) -> None:
        self.waiting.append(results.stage)


def keystrokes(data_dir: Path) -> None:
    clock = PaintClock()
    opened = Open(data_dir)
    field = opened.window.findChild(SearchField)
    QTest.keyClicks(field, "warm up")  # type: ignore[arg-type]
    wait(lambda: Stage.FUSED in clock.painted)
    keyword, fused = [], []
    for query in QUERIES:
        field.clear()
        for letter in query:
            clock.press()
            QTest.keyClick(field, letter)  # type: ignore[call-overload]
            if letter == " ":
                continue
            wait(lambda: Stage.KEYWORD in clock.painted)
            keyword.append(clock.painted[Stage.KEYWORD])
            wait(lambda: Stage.FUSED in clock.painted)
            fused.append(clock.painted[Stage.FUSED])
    opened.close()
    rows = [
        [name, len(values), f"{median(values):.1f}", f"{percentile(values, 0.95):.1f}", f"{max(values):.1f}"]
        for name, values in (("keyword rows", keyword), ("fused rows", fused))
    ]
    table("key press to painted", ["", "keys", "ms p50", "ms p95", "ms max"], rows)


class Heartbeat(QObject):
    """The longest time between two beats of a timer of the GUI thread, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.last = time.perf_counter()
        self.gaps: list[float] = []
        self.timer = QTimer(self)
        self.timer.setInterval(5)
        self.timer.timeout.connect(self.beat)
        self.timer.start()

    def beat(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self.last) * 1000)
        self.last = now


def stalls() -> None:
    with scratch() as folder:
        opened = Open(folder)
        loop = QEventLoop()
        heart = Heartbeat()
        state = {"begun": False}

        def watch(status: object) -> None:
            state["begun"] = state["begun"] or getattr(status, "documents", 0) > 0
            if state["begun"] and getattr(status, "waiting", 1) == 0:
                loop.quit()

        opened.bridge.status_changed.connect(watch)
        field = opened.window.findChild(SearchField)
        typing = QTimer()
        typing.setInterval(400)
        letters = iter(" ".join(QUERIES * 20))
        typing.timeout.connect(lambda: QTest.keyClick(field, next(letters)))  # type: ignore[call-overload]
        typing.start()
        opened.bridge.call(operations.add_folder, folder=til_vault())
        loop.exec()
        typing.stop()
        heart.timer.stop()
        opened.close()
    gaps = heart.gaps[20:]
    over = sum(g > 50 for g in gaps)
    table(
        "GUI thread while indexing and typing (a beat every 5 ms)",
        ["beats", "ms p50", "ms p99", "ms longest", "over 50 ms"],
        [[len(gaps), f"{median(gaps):.1f}", f"{percentile(gaps, 0.99):.1f}", f"{max(gaps):.1f}", over]],
    )


FIRST_PAINT = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWidgetType() and watched.window().isVisible():
            print(time.time(), flush=True)
            QTimer.singleShot(0, lambda: __import__("os")._exit(0))
        return False
"""
BARE = (
    FIRST_PAINT
    + """
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QVBoxLayout, QWidget
app = QApplication([]); watch = Watch(); app.installEventFilter(watch)
window = QWidget(); layout = QVBoxLayout(window); layout.addWidget(QLineEdit()); layout.addWidget(QListView()); window.resize(1200, 760)
window.show(); app.exec()
"""  # noqa: E501
)
OURS = (
    FIRST_PAINT
    + """
from notesearch.ui import app as ours
make = ours.make_application
def watched_application(*a):
    global watch
    app = make(*a); watch = Watch(); app.installEventFilter(watch); return app
ours.make_application = watched_application
from notesearch.__main__ import main
main(["--data-dir", sys.argv[1]])
"""
)


def first_paint(code: str, *arguments: str) -> float:
    begin = time.time()
    # As anyone's second start: with the bytecode of the first.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        env=environment,
    )
    return (float(done.stdout.split()[0]) - begin) * 1000


def starts(data_dir: Path) -> None:
    bare, ours = [], []
    for _ in range(STARTS):
        bare.append(first_paint(BARE))
        ours.append(first_paint(OURS, str(data_dir)))
    ratio = median([a / b for a, b in zip(ours, bare, strict=True)])
    rows = [
        ["bare Qt window", f"{median(bare):.0f}", "1"],
        ["Notesearch", f"{median(ours):.0f}", f"{ratio:.2f}"],
    ]
    table(f"process start to first paint, medians of {STARTS} pairs", ["", "ms", "ratio"], rows)


def with_provider() -> None:
    """From the last key of a word to painted rows: words at once; meaning after the rest in typing and the
    provider's answer."""
    sys.path.insert(0, str(ROOT))
    from tests.bench.remote import server
    from tests.gateway import KEY

    os.environ["AIMLAPI_API_KEY"] = KEY
    with scratch() as folder, server(PROVIDER_SECONDS) as url:
        notesearch("add", til_vault(), data_dir=folder)
        notesearch(
            "use",
            "aimlapi/text-embedding-3-small",
            "--in",
            til_vault(),
            "--base-url",
            url,
            "--yes",
            data_dir=folder,
        )
        notesearch("index", til_vault(), data_dir=folder)
        clock = PaintClock()
        opened = Open(folder)
        field = opened.window.findChild(SearchField)
        QTest.keyClicks(field, "warm up")  # type: ignore[arg-type]
        wait(lambda: Stage.EXPLAINED in clock.painted)
        words, meaning = [], []
        for query in QUERIES:
            field.clear()
            for letter in query[:-1]:
                QTest.keyClick(field, letter)  # type: ignore[call-overload]
                QTest.qWait(80)
            clock.press()
            QTest.keyClick(field, query[-1])  # type: ignore[call-overload]
            wait(lambda: Stage.EXPLAINED in clock.painted)
            words.append(clock.painted[Stage.KEYWORD])
            meaning.append(clock.last_fused)
        opened.close()
    rows = [
        [name, f"{median(values):.0f}", f"{max(values):.0f}"]
        for name, values in (
            ("keyword rows", words),
            (f"fused rows ({REMOTE_REST:g} s of rest, {PROVIDER_SECONDS:g} s of provider)", meaning),
        )
    ]
    table(
        f"last key of a query to painted, a provider {PROVIDER_SECONDS:g} s away",
        ["", "ms p50", "ms max"],
        rows,
    )


POPUP = """
import sys, time
from notesearch.ui.results.quick_search import QuickSearch
changed, hidden = QuickSearch.changeEvent, QuickSearch.hideEvent
def watch_change(self, event):
    changed(self, event)
    if event.type() == event.Type.ActivationChange and self.isActiveWindow() and self.box.field.hasFocus():
        print(time.time(), flush=True)
def watch_hide(self, event):
    hidden(self, event)
    print("hidden", flush=True)
QuickSearch.changeEvent, QuickSearch.hideEvent = watch_change, watch_hide
from notesearch.__main__ import main
sys.exit(main(["--data-dir", sys.argv[1], "--hidden", *sys.argv[2:]]))
"""


def row_of(name: str, took: list[float]) -> list[object]:
    """A row of the table, for milliseconds."""
    return [name, len(took), f"{median(took):.0f}", f"{percentile(took, 0.95):.0f}", f"{max(took):.0f}"]


def second_starts(data: Path, env: dict[str, str]) -> list[float]:
    """Milliseconds until each of some further starts of the program is over."""
    took = []
    for _ in range(STARTS):
        begin = time.time()
        command = [sys.executable, "-m", "notesearch", "--data-dir", str(data), "--search", "git"]
        subprocess.run(command, env=env, cwd=ROOT)
        took.append((time.time() - begin) * 1000)
    return took


def popup() -> None:
    """A process of its own on a desktop of its own, called by its key while another program's window has the
    keyboard."""
    sys.path.insert(0, str(ROOT))
    from tests.e2e.desktop import Desktop, Neighbour, end, pause
    from tests.e2e.keyboard import CALL, Keyboard

    rows, vault = [], til_vault()
    with scratch() as folder:
        home, runtime = folder / "home", folder / "run"
        home.mkdir()
        runtime.mkdir(mode=0o700)
        desktop = Desktop(home, runtime)
        # As without a screen reader.
        desktop.env.pop("QT_LINUX_ACCESSIBILITY_ALWAYS_ON")
        keyboard, neighbour = Keyboard(desktop), Neighbour(desktop, folder / "neighbour")
        notesearch("index", vault, data_dir=folder / "idle")
        for name, data, arguments in (
            ("engine at rest", folder / "idle", ()),
            ("engine indexing", folder / "busy", (vault,)),
        ):
            command = [sys.executable, "-c", POPUP, str(data), *map(str, arguments)]
            process = subprocess.Popen(command, env=desktop.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            keyboard.wait_until_taken()
            if not arguments:
                pause(4)
            took = []
            for _ in range(CALLS):
                neighbour.take_focus()
                begin = time.time()
                keyboard.press(*CALL)
                took.append((float(process.stdout.readline()) - begin) * 1000)
                keyboard.press(ESCAPE)
                while process.stdout.readline().strip() != "hidden":
                    pass
                pause(0.15)
            rows.append(row_of(f"key press to quick search, {name}", took))
            if not arguments:
                rows.append(row_of("second start, until it is over", second_starts(data, desktop.env)))
            end(process)
        neighbour.close()
        keyboard.close()
        desktop.close()
    table("quick search", ["", "times", "ms p50", "ms p95", "ms max"], rows)


def main() -> None:
    chosen = sys.argv[1:] or ["starts", "keystrokes", "stalls", "provider", "popup"]
    with scratch() as folder:
        if "starts" in chosen or "keystrokes" in chosen:
            notesearch("index", til_vault(), data_dir=folder)
        if "starts" in chosen:
            starts(folder)
        if "keystrokes" in chosen:
            keystrokes(folder)
    if "stalls" in chosen:
        stalls()
    if "provider" in chosen:
        with_provider()
    if "popup" in chosen:
        popup()


if __name__ == "__main__":
    main()
