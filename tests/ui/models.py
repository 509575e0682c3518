"""What tests of remote models do in the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from notesearch.ui.dialogs.model import ModelDialog
from notesearch.ui.window.main_window import MainWindow

from .conftest import NOTES, TIMEOUT, at_rest, folder_of

VOYAGE = "aimlapi/voyage-2"
LOCAL = "local/all-minilm-l6-v2"


def open_model(qtbot: QtBot, window: MainWindow) -> ModelDialog:
    """The dialog with its list."""
    window.commands.models.open_current()
    dialog = next(d for d in window.findChildren(ModelDialog) if d.isVisible())
    qtbot.waitUntil(lambda: len(dialog.choice.list.rows.choices) > 20, timeout=TIMEOUT)
    return dialog


def count(qtbot: QtBot, dialog: ModelDialog, identifier: str) -> None:
    """Choose with the keys, and wait for the question."""
    dialog.choice.list.choose(identifier)
    qtbot.keyClick(dialog.choice.list, Qt.Key.Key_Return)
    assert dialog.pages.currentWidget() is dialog.counting
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.consent, timeout=TIMEOUT)


def switch(qtbot: QtBot, window: MainWindow, identifier: str = VOYAGE) -> None:
    """Choose, agree, and wait until the new index answers."""
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, identifier)
    dialog.consent.agree.click()
    qtbot.waitUntil(
        lambda: folder_of(window).model == identifier and at_rest(window, len(NOTES)), timeout=TIMEOUT
    )


def press(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Click a button as soon as it is there."""

    def there() -> list[QPushButton]:
        return [b for b in widget.findChildren(QPushButton) if b.text() == text and b.isVisible()]

    qtbot.waitUntil(lambda: bool(there()), timeout=TIMEOUT)
    there()[0].click()


def said(dialog: ModelDialog) -> str:
    return "\n".join(f"{name}: {words}" for name, words in dialog.consent.facts.rows)
