"""A damaged or lost database, in the window: it is said, and the repair is one press of a button away."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from notesearch.errors import StoreDamaged
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.window.main_window import MainWindow

from .conftest import NOTES, TIMEOUT, at_rest, close, titles
from .test_window import buttons, type_text

pytestmark = pytest.mark.words


def damage(data_dir: Path, harm: Callable[[bytearray], None]) -> None:
    """Change the bytes of the database behind its first page."""
    path = data_dir / DATABASE
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    harm(content)
    path.write_bytes(content)


def test_a_damaged_database_is_a_page_that_offers_the_repair(
    window: MainWindow, start_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    close(window, window.bridge)

    def cut_in_half(content: bytearray) -> None:
        del content[len(content) // 2 :]

    damage(window.bridge.data_dir, cut_in_half)
    window = start_window(ready=False)
    qtbot.waitUntil(window.failure_page.isVisible, timeout=TIMEOUT)
    assert "damaged" in window.failure_page.title.text()
    assert window.failure_page.repair.isVisible()
    with qtbot.waitSignal(window.bridge.ready, timeout=TIMEOUT):
        qtbot.mouseClick(window.failure_page.repair, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES)), timeout=TIMEOUT)
    assert window.page.isVisible()
    message = window.banner.message
    assert message is not None
    assert (message.title, message.key) == ("The data folder was repaired", "mended")
    assert "kept as notes.damaged-" in message.hint
    assert "1 folder is known" in message.hint
    type_text(qtbot, window, "tomatoes")
    assert titles(window)[0] == "Tomatoes"


def test_a_lost_database_is_asked_about_and_nothing_is_begun(
    window: MainWindow, start_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    close(window, window.bridge)
    database = window.bridge.data_dir / DATABASE
    kept = database.rename(window.bridge.data_dir.with_name("backup"))
    window = start_window(ready=False)
    qtbot.waitUntil(window.failure_page.isVisible, timeout=TIMEOUT)
    assert "The database is gone" in window.failure_page.title.text()
    assert not database.exists()
    # Put back from a backup.
    kept.rename(database)
    with qtbot.waitSignal(window.bridge.ready, timeout=TIMEOUT):
        qtbot.mouseClick(window.failure_page.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES)), timeout=TIMEOUT)


def test_damage_that_is_met_while_the_program_runs_offers_the_repair(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.show_failure(Failure.of(StoreDamaged()))
    message = window.banner.message
    assert message is not None
    assert [label for label, _ in message.actions] == ["Repair"]
    with qtbot.waitSignals([window.bridge.mended, window.bridge.ready], timeout=TIMEOUT):
        qtbot.waitUntil(lambda: bool(buttons(window.banner, "Repair")), timeout=TIMEOUT)
        qtbot.mouseClick(buttons(window.banner, "Repair")[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES)), timeout=TIMEOUT)
    assert [key for key in window.banner.keys if key.startswith("failure")] == []
    type_text(qtbot, window, "tomatoes")
    assert titles(window)[0] == "Tomatoes"


def test_a_data_folder_of_another_user_is_told(
    start_window: Callable[..., MainWindow],
    tmp_path: Path,
    lock_away: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    lock_away(tmp_path / "data")
    window = start_window(ready=False)
    qtbot.waitUntil(window.failure_page.isVisible, timeout=TIMEOUT)
    assert "data folder" in window.failure_page.title.text()
    assert "Permission denied" in window.failure_page.hint.text()
