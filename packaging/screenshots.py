"""Pictures of the real window and of quick search on the sample notes, in light and dark:
`python packaging/screenshots.py FOLDER [--query TEXT] [--settings] [--models]`.

Uses the display there is (QT_QPA_PLATFORM=offscreen works too). The data folder is a temporary one.
`--settings`: also the settings and some questions. `--models`: also every dialog about remote models, with
the server of the tests in the provider's place.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from notesearch.api import operations
from notesearch.api.second_start import StartRequest
from notesearch.config.paths import resource
from notesearch.config.settings import Settings, save_settings
from notesearch.domain import IndexingState, Survey
from notesearch.ui.app import make_application
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.results.drops import FOLDER_OFFER, DropOverlay
from notesearch.ui.results.searches import Search
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.main_window import MainWindow
from notesearch.ui.window.tray_controller import TrayController

QUERY = "rye bread that turned sour in the fridge"
PATIENCE = 60.0


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Let the window live until `holds`; ends the program with a sentence where it does not within a
    minute."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"Gave up waiting for {what}.")
        pause(30)


def pause(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def indexed(window: MainWindow) -> bool:
    status = window.status
    return (
        status is not None
        and status.state is IndexingState.IDLE
        and status.documents > 0
        and status.complete == status.documents
    )


def explained(window: MainWindow) -> bool:
    return window.page.settled and window.page.preview.note is not None


class Studio:
    """The real window on a data folder of its own, and a camera: each picture is taken in light and in
    dark."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder, self.taken = folder, []
        self.theme = Theme(make_application())
        self.bridge = Bridge(data)
        self.window = MainWindow(self.bridge, self.theme)
        self.presence = TrayController(self.bridge, self.theme, self.window, StartRequest())
        self.window.show()
        self.window.complete()
        self.bridge.start()

    def picture(self, name: str, widget: QWidget | None = None) -> None:
        for appearance in ("light", "dark"):
            self.theme.set_appearance(appearance)
            pause(200)
            path = self.folder / f"{name}-{appearance}.png"
            (widget or self.window).grab().save(str(path))
            self.taken.append(path)

    def samples(self) -> None:
        self.bridge.call(operations.add_samples)
        wait_until(lambda: indexed(self.window), "the sample notes")

    @property
    def newest(self) -> Any:
        """The dialog that was opened last."""
        return self.window.commands.dialogs.open[-1]


@contextmanager
def studio(folder: Path, settings: Settings | None = None) -> Iterator[Studio]:
    with tempfile.TemporaryDirectory() as data:
        if settings is not None:
            save_settings(Path(data), settings)
        made = Studio(folder, Path(data))
        yield made
        made.presence.close()
        made.window.leave()
        made.bridge.close()


def take(folder: Path, query: str) -> list[Path]:
    """The first page, the window, and quick search. The pictures' paths."""
    with studio(folder) as at:
        window = at.window
        wait_until(window.first_run.isVisible, "the first page")
        at.picture("first-run")
        at.samples()
        window.ask(Search(text=query))
        wait_until(lambda: explained(window), "the results")
        pause(300)
        wait_until(lambda: not window.status_line.telling, "what is said in passing")
        at.picture("window")
        take_quick_search(at, query)
        return at.taken


def take_quick_search(at: Studio, query: str) -> None:
    """The popup, without and with its preview, and with something dragged over it."""
    at.presence.toggle_quick()
    quick = at.presence.quick
    assert quick is not None
    quick.box.set_search(Search(text=query))
    wait_until(lambda: quick.settled, "quick search's results")
    at.picture("quick-search", quick)
    QTest.keyClick(quick.box.field, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: quick.preview.note is not None, "the preview")
    at.picture("quick-search-preview", quick)
    QTest.keyClick(quick.box.field, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    DropOverlay(at.theme, quick).offer(FOLDER_OFFER)
    at.picture("quick-search-drop", quick)
    quick.hide()


def take_settings(folder: Path) -> list[Path]:
    """The pages of the settings window, and the questions about closing and about large folders."""
    with studio(folder) as at:
        at.samples()
        at.window.commands.open_settings()
        settings = at.newest
        for page in ("general", "folders", "search", "editor"):
            settings.show_page(getattr(settings, page))
            if page == "folders":
                settings.folders.rules.setPlainText("Travel/\n*.log\n")
                wait_until(lambda: "Leaves out" in settings.folders.count.text(), "the count")
            at.picture(f"settings-{page}", settings)
        settings.reject()
        at.window.commands.ask_to_stay("Ctrl+Alt+Space")
        at.picture("closing", at.newest)
        at.newest.reject()
        at.window.commands.offers.offer(Survey(path=Path("/home/ada"), notes=20_000, more=True, whole="home"))
        at.picture("whole-home", at.newest)
        return at.taken


def take_models(folder: Path) -> list[Path]:
    """The dialogs about models, keys and money; nothing leaves this computer."""
    from tests.gateway import KEY, Gateway

    model = "aimlapi/voyage-2"
    with (
        Gateway(key=None, models={"tiny": 64}) as gateway,
        studio(folder, Settings().with_provider("aimlapi", base_url=gateway.url)) as at,
    ):
        at.samples()
        window, models = at.window, at.window.commands.models
        providers: list[object] = []
        models.known.providers_changed.connect(providers.append)
        models.open_current()
        dialog = at.newest
        wait_until(lambda: bool(dialog.choice.list.rows.choices and providers), "the models")
        dialog.choice.list.choose(model)
        at.picture("models", dialog)
        dialog.choice.own.click()
        for field, text in (
            (dialog.own.name, "home"),
            (dialog.own.address, gateway.url),
            (dialog.own.model, "tiny"),
        ):
            field.setText(text)
        dialog.own.test.click()
        wait_until(dialog.own.use.isEnabled, "the test of a server")
        at.picture("own-server", dialog)
        dialog.prepare(model)
        wait_until(lambda: dialog.pages.currentWidget() is dialog.consent, "the count")
        at.picture("consent", dialog)
        dialog.consent.preview.click()
        sent = at.newest
        wait_until(lambda: sent.view.shown > 0, "what is sent")
        at.picture("what-is-sent", sent)
        sent.reject()
        models.set_key("aimlapi")
        at.picture("key", at.newest)
        at.newest.reject()
        at.bridge.call(operations.set_key, provider="aimlapi", key=KEY)
        dialog.consent.agree.click()
        wait_until(
            lambda: window.status is not None and window.status.folders[0].model == model, "the new index"
        )
        at.picture("switched")
        models.open_settings()
        settings = at.newest
        settings.show_providers("aimlapi")
        wait_until(lambda: settings.providers.info is not None, "the providers")
        at.picture("providers", settings)
        models.open_ledger()
        wait_until(lambda: at.newest.table.rowCount() > 0, "the ledger")
        at.picture("ledger", at.newest)
        return at.taken


def main() -> int:
    parser = argparse.ArgumentParser(description="Pictures of the real window on the sample notes.")
    parser.add_argument("folder", type=Path, help="where the PNG files go")
    parser.add_argument("--query", default=QUERY, help="what is typed")
    parser.add_argument("--settings", action="store_true", help="also the settings and questions")
    parser.add_argument("--models", action="store_true", help="also the dialogs about remote models")
    arguments = parser.parse_args()
    if not resource("sample-notes").is_dir():
        sys.exit("There are no sample notes in resources/.")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    taken = take(arguments.folder, arguments.query)
    taken += take_settings(arguments.folder) if arguments.settings else []
    taken += take_models(arguments.folder) if arguments.models else []
    for path in taken:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
