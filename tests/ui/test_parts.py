"""A file of several notes in the window: each is a row of its own, and shows its own text."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from notesearch.ui.window.main_window import MainWindow
from tests.index_cards import box

from .conftest import TIMEOUT, at_rest, titles


def shows(window: MainWindow, title: str) -> bool:
    return window.page.preview.title.text() == title


@pytest.mark.usefixtures("cards")
def test_the_preview_follows_the_parts_of_a_file(
    start_window: Callable[..., MainWindow], qtbot: QtBot, tmp_path: Path
) -> None:
    path = box(tmp_path / "Notes", "plums", "quinces", "medlars")
    window = start_window(path.parent)
    qtbot.waitUntil(lambda: at_rest(window, 3), timeout=TIMEOUT)
    qtbot.keyClicks(window.box.field, "type:cards")
    qtbot.waitUntil(lambda: window.page.settled, timeout=TIMEOUT)
    assert sorted(titles(window)) == ["medlars", "plums", "quinces"]
    preview = window.page.preview
    for title in titles(window):
        assert window.current is not None
        assert window.current.match.title == title
        qtbot.waitUntil(partial(shows, window, title), timeout=TIMEOUT)
        assert preview.view.toPlainText().strip().endswith(f"All about {title}.")
        assert window.page.passage_text(window.current).endswith(f"All about {title}.")
        qtbot.keyClick(window.box.field, Qt.Key.Key_Down)
    window.page.find_similar(window.page.results.results.rows[1].match)
    qtbot.waitUntil(lambda: len(titles(window)) == 2, timeout=TIMEOUT)
    assert "Near to" in window.page.summary.text()
