"""The real window on the real engine, with a handful of notes."""

from __future__ import annotations

import gc
import os
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, QThread
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from notesearch.api.operation import Operation
from notesearch.api.second_start import StartRequest
from notesearch.config import credentials, system_keyring
from notesearch.config.paths import resource
from notesearch.config.settings import Settings, save_settings
from notesearch.domain import Folder, IndexingState, Match, MatchedBy, Passage
from notesearch.ui.app import make_application
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.first_run import FirstRun
from notesearch.ui.window.main_window import MainWindow
from notesearch.ui.window.tray_controller import TrayController
from tests.gateway import KEY, Gateway

P = ParamSpec("P")
R = TypeVar("R")

TIMEOUT = 100_000

NOTES = {
    "Kitchen/Baking/Bread with long fermentation.md": """\
# Bread with long fermentation

Flour, water and patience; a starter from the day before.

## Second day

Take the dough out an hour before shaping. It will feel firm and smell of apples.

Leave the dough in the cold overnight: the slow rise gives the sour taste
and the crumb holds its water for days.

## Baking

- Heat the pot to 250 degrees
- Core temperature 98, see [temperatures](../Temperatures.md) or [a page](https://example.org/bread)

![crust](https://example.org/crust.png) <script>alert(1)</script>
"""
    + "\n".join(
        f"\n## Attempt {i}\n\nThe loaf number {i} was weighed, cut and written down with its crumb and "
        "crust.\n"
        for i in range(40)
    ),
    "Kitchen/Temperatures.md": "# Temperatures\n\nBread is done at 98 degrees in the middle, a cake at 95.\n",
    "Kitchen/Questions.org": "#+TITLE: Why does my sourdough stay flat?\n\n* Observations\nThe sour starter "
    "was too young. Feed it twice.\n",
    "Garden/Tomatoes.txt": "Tomatoes want sun and a string to climb.\nWater them in the morning, never on "
    "the leaves.\n",
    "Garden/Compost.md": "---\ntags: [soil, autumn]\n---\n# Compost\n\nTurn the heap in autumn; worms do the "
    "rest.\n",
    "Travel/Lisbon.rst": "Lisbon\n======\n\nThe tram climbs to the castle. Custard tarts near the river.\n",
}


class Answer(QObject):
    """Keeps what a call of the bridge answers, and in which thread it came."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[Any] = []
        self.failures: list[Failure] = []
        self.threads: set[QThread] = set()

    @property
    def came(self) -> bool:
        return bool(self.results or self.failures)

    def take(self, result: object) -> None:
        self.results.append(result)
        self.threads.add(QThread.currentThread())

    def fail(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.threads.add(QThread.currentThread())


def ask(qtbot: QtBot, window: MainWindow, operation: Operation[P, R], *args: P.args, **how: P.kwargs) -> R:
    """Do an operation through the window's bridge, and wait for its result."""
    answer = Answer()
    window.bridge.call(operation, answer.take, answer.fail, *args, **how)
    qtbot.waitUntil(lambda: answer.came, timeout=TIMEOUT)
    assert answer.failures == []
    result: R = answer.results[0]
    return result


@pytest.fixture(scope="module", autouse=True)
def one_model(kept_model: None) -> None:
    """Every window here has the same notes and the same model."""


@pytest.fixture(scope="session", autouse=True)
def frozen() -> Iterator[None]:
    """What is imported stays: the collection after each window need not look at it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Qt's offscreen platform cannot do is no fault of the window."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


def tray_of(window: MainWindow) -> TrayController:
    """Who keeps the program of this window in the tray."""
    assert isinstance(window.presence, TrayController)
    return window.presence


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture
def app(qapp: QApplication) -> QApplication:
    return make_application()


@pytest.fixture
def theme(app: QApplication) -> Iterator[Theme]:
    made = Theme(app)
    made.set_appearance("light")
    yield made
    made.deleteLater()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    root = tmp_path / "Notes"
    for name, text in NOTES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def start_window(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    """Starts the window on a data folder of the test; afterwards no thread and no window may be left."""
    opened: list[tuple[MainWindow, Bridge]] = []
    before = set(threading.enumerate())

    def start(
        *folders: Path, data_dir: Path | None = None, ready: bool = True, hidden: bool = False, **tray: int
    ) -> MainWindow:
        bridge = Bridge(data_dir or tmp_path / "data")
        window = MainWindow(bridge, theme)
        presence = TrayController(bridge, theme, window, StartRequest(hidden=hidden), **tray)
        opened.append((window, bridge))
        if not presence.starts_hidden:
            window.show()
        window.complete()
        if ready:
            with qtbot.waitSignal(bridge.ready, timeout=TIMEOUT):
                bridge.start(StartRequest(folders=folders))
        else:
            bridge.start(StartRequest(folders=folders))
        return window

    yield start
    for window, bridge in opened:
        close(window, bridge)
    # What is left of the window goes here, not in a thread of a later test.
    gc.collect()
    # A timer that was cancelled takes a moment to end. The children that read files are kept.
    qtbot.waitUntil(
        lambda: {t.name for t in set(threading.enumerate()) - before} <= {"extraction-watchdog"},
        timeout=TIMEOUT,
    )


def close(window: MainWindow, bridge: Bridge) -> None:
    """As the program ends: the window goes, its state is kept, the engine stops."""
    if bridge.closed:
        return
    window.leave()
    if window.presence is not None:
        tray_of(window).close()
    bridge.close(window.state)
    window.deleteLater()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete


@pytest.fixture
def window(start_window: Callable[..., MainWindow], notes: Path, qtbot: QtBot) -> MainWindow:
    """The window with all notes of `notes` searched, meaning included."""
    made = start_window(notes)
    qtbot.waitUntil(lambda: at_rest(made, len(NOTES)), timeout=TIMEOUT)
    return made


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without a keyring and without keys in the environment."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    for module in ("Windows", "macOS"):
        monkeypatch.setattr(
            system_keyring, "BACKENDS", tuple(b for b in system_keyring.BACKENDS if module not in b[0])
        )
    for name in credentials.KEY_VARIABLES:  # type: ignore[attr-defined]
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def key(no_keyring: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The key that the server takes, in the environment."""
    monkeypatch.setenv("AIMLAPI_API_KEY", KEY)
    return KEY


@pytest.fixture
def remote_window(
    start_window: Callable[..., MainWindow],
    notes: Path,
    gateway: Gateway,
    no_keyring: None,
    tmp_path: Path,
    qtbot: QtBot,
) -> MainWindow:
    """The window with all notes on the local model, and the AI/ML API at the test's server."""
    data = tmp_path / "data"
    data.mkdir()
    save_settings(data, Settings(appearance="light").with_provider("aimlapi", base_url=gateway.url))
    made = start_window(notes)
    qtbot.waitUntil(lambda: at_rest(made, len(NOTES)), timeout=TIMEOUT)
    return made


def folder_of(window: MainWindow) -> Folder:
    assert window.status is not None
    return window.status.folders[0]


def at_rest(window: MainWindow, documents: int) -> bool:
    status = window.status
    return status is not None and status.state is IndexingState.IDLE and status.complete == documents


def vault_buttons(page: FirstRun) -> list[QPushButton]:
    """The buttons that search the folders of other programs."""
    return [b for b in page.findChildren(QPushButton) if b.text() == "Search it" and b.isVisible()]


def titles(window: MainWindow) -> list[str]:
    return [row.match.title for row in window.page.results.results.rows if not row.child]


def make_passage(
    start: int = 0, snippet: str = "Leave the dough in the cold overnight", **changes: object
) -> Passage:
    plain: dict[str, object] = {
        "start": start,
        "end": start + len(snippet),
        "line": 1,
        "heading": (),
        "snippet": snippet,
        "highlights": (),
        "matched_by": MatchedBy.KEYWORD,
        "score": 1.0,
    }
    return Passage(**{**plain, **changes})  # type: ignore[arg-type]


def make_match(name: str, *, passages: int = 0, best: Passage | None = None, rank: int = 1) -> Match:
    return Match(
        document_id=abs(hash(name)),
        path=Path(f"/notes/{name}.md"),
        title=name,
        folder_names=("Notes", "Kitchen"),
        format="markdown",
        modified=1_700_000_000.0,
        rank=rank,
        score=1.0,
        best=best or make_passage(snippet=f"{name} is the one"),
        passages=tuple(
            make_passage(start=100 * (i + 1), snippet=f"further passage {i} of {name}")
            for i in range(passages)
        ),
        more_passages=passages,
    )


EDITOR = """\
import os, sys
with open(sys.argv[1] + ".part", "w") as out:
    out.write("|".join(sys.argv[2:]))
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


@pytest.fixture
def editor(tmp_path: Path) -> Callable[[Path], str]:
    """An editor that writes what it was given into a file: its command, for that file."""
    script = tmp_path / "editor.py"
    script.write_text(EDITOR)
    return lambda out: (
        f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {shlex.quote(str(out))} {{line}} {{path}}"
    )


@pytest.fixture
def samples() -> Path:
    """The bundled sample notes."""
    folder = resource("sample-notes")
    if not folder.is_dir():
        pytest.skip("the sample notes are not in resources/ yet")
    return folder
