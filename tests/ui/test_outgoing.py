"""What is sent of notes and what stays here, in the real window on the real engine against a strict
server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from notesearch.api import operations
from notesearch.domain import FolderState, Outgoing
from notesearch.ui.dialogs.outgoing import OutgoingDialog, PassagesView
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.main_window import MainWindow
from tests.gateway import Gateway

from .conftest import NOTES, TIMEOUT, ask, at_rest, folder_of
from .models import VOYAGE, count, open_model, press, said

SECRET = "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e"


@pytest.mark.usefixtures("key")
def test_what_looks_like_a_secret_is_shown_held_back_and_let_go(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, notes: Path
) -> None:
    window = remote_window
    secret = notes / "Router.md"
    secret.write_text(f"# Router\n\nThe token of the router is {SECRET} and nobody else has it.\n")
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, VOYAGE)
    assert "Stays here: 1 passage" in said(dialog)
    press(qtbot, dialog, "See what would be sent…")
    shown = next(d for d in dialog.findChildren(OutgoingDialog) if d.isVisible())
    assert shown.chooser is not None
    qtbot.keyClicks(shown.chooser.field, "router")
    qtbot.waitUntil(lambda: shown.title.text() == "Router.md" and shown.allow.isVisible(), timeout=TIMEOUT)
    assert SECRET in shown.view.toPlainText()
    assert "held back: it looks like a secret" in shown.view.toPlainText()
    assert shown.view.isReadOnly()
    assert gateway.requests == []
    shown.reject()
    dialog.consent.agree.click()
    qtbot.waitUntil(lambda: folder_of(window).model == VOYAGE, timeout=TIMEOUT)
    assert SECRET not in str([request.inputs for request in gateway.requests])
    assert "1 passage held back" in window.page.side.folders.rows.items[0].spoken
    # Now from the row of a note, and let it go.
    window.commands.models.open_outgoing(secret)
    shown = next(d for d in window.findChildren(OutgoingDialog) if d.isVisible())
    qtbot.waitUntil(shown.allow.isVisible, timeout=TIMEOUT)
    shown.allow.click()
    box = next(b for b in shown.findChildren(QMessageBox) if b.isVisible())
    assert "Send 1 passage of Router.md as well?" in box.text()
    next(b for b in box.buttons() if b.accessibleName() == "Send these too").click()
    qtbot.waitUntil(lambda: SECRET in str([request.inputs for request in gateway.embedded]), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not shown.allow.isVisible(), timeout=TIMEOUT)


@pytest.mark.usefixtures("key")
def test_the_preview_shows_exactly_what_the_server_gets(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, notes: Path
) -> None:
    window = remote_window
    ask(qtbot, window, operations.prepare_models, folders=(notes,), model=VOYAGE)
    qtbot.waitUntil(lambda: folder_of(window).state is FolderState.CONSENT, timeout=TIMEOUT)
    window.commands.models.open_outgoing(notes / "Kitchen" / "Questions.org")
    shown = next(d for d in window.findChildren(OutgoingDialog) if d.isVisible())
    qtbot.waitUntil(lambda: shown.view.shown > 0, timeout=TIMEOUT)
    texts = [
        text.rstrip("\n") for text in re.split(r"(?m)^Passage \d+ · .*\n", shown.view.toPlainText()) if text
    ]
    assert len(texts) == shown.view.shown
    shown.reject()
    ask(qtbot, window, operations.agree, folder=notes)
    qtbot.waitUntil(lambda: folder_of(window).model == VOYAGE, timeout=TIMEOUT)
    sent = [text for request in gateway.embedded for text in request.inputs]
    assert set(texts) <= set(sent)


def listed(shown: OutgoingDialog) -> list[str]:
    assert shown.chooser is not None
    rows = shown.chooser.list
    return [str(rows.item(i).data(Qt.ItemDataRole.AccessibleTextRole)) for i in range(rows.count())]


@pytest.fixture
def held_notes(remote_window: MainWindow, qtbot: QtBot, notes: Path) -> dict[str, Path]:
    """A note with a secret, a private one, and one that an ignore file names."""
    made = {name: notes / "Kitchen" / f"{name}.md" for name in ("Router", "Diary", "Draft")}
    (notes / ".notesearchignore").write_text("Draft.md\n")
    made["Draft"].write_text("# Draft\n\nNobody reads this.\n")
    made["Router"].write_text(f"# Router\n\nThe token of the router is {SECRET} and nobody else has it.\n")
    made["Diary"].write_text("---\nprivate: true\n---\n# Diary\n\nNothing of this leaves the house.\n")
    qtbot.waitUntil(lambda: at_rest(remote_window, len(NOTES) + 2), timeout=TIMEOUT)
    return made


@pytest.mark.usefixtures("key")
def test_what_stays_here_is_listed_with_the_reason(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, held_notes: dict[str, Path]
) -> None:
    window = remote_window
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, VOYAGE)
    press(qtbot, dialog.consent, "Show…")
    shown = next(d for d in dialog.findChildren(OutgoingDialog) if d.isVisible())
    chooser = shown.chooser
    assert chooser is not None
    qtbot.waitUntil(lambda: chooser.list.count() == 3, timeout=TIMEOUT)
    assert listed(shown) == [
        "Diary, Notes › Kitchen, 1 passage: private",
        "Router, Notes › Kitchen, 1 passage: looks like a secret",
        "Draft.md, Notes › Kitchen, ignored: not read, not sent",
    ]
    qtbot.waitUntil(lambda: "Nothing of this leaves the house" in shown.view.toPlainText(), timeout=TIMEOUT)
    chooser.list.setCurrentRow(2)
    assert "An ignore file names this note" in shown.summary.text()
    assert shown.view.toPlainText() == ""
    assert not shown.allow.isVisible()
    qtbot.keyClicks(chooser.field, "rout")
    qtbot.waitUntil(lambda: SECRET in shown.view.toPlainText(), timeout=TIMEOUT)
    assert len(listed(shown)) == 1
    shown.reject()
    dialog.reject()
    assert gateway.requests == []


@pytest.mark.usefixtures("key")
def test_the_menu_of_a_folder_leads_to_what_stays_here(
    remote_window: MainWindow, qtbot: QtBot, held_notes: dict[str, Path]
) -> None:
    window = remote_window
    ask(qtbot, window, operations.prepare_models, folders=(folder_of(window).path,), model=VOYAGE)
    qtbot.waitUntil(lambda: folder_of(window).state is FolderState.CONSENT, timeout=TIMEOUT)
    window.commands.models.open_folder_outgoing(folder_of(window))
    shown = next(d for d in window.findChildren(OutgoingDialog) if d.isVisible())
    chooser = shown.chooser
    assert chooser is not None
    qtbot.waitUntil(lambda: chooser.list.count() == len(NOTES) + 2, timeout=TIMEOUT)
    chooser.which.setCurrentText("Held back or ignored")
    qtbot.waitUntil(lambda: chooser.list.count() == 3, timeout=TIMEOUT)
    chooser.list.setCurrentRow(1)
    qtbot.waitUntil(shown.allow.isVisible, timeout=TIMEOUT)
    shown.allow.click()
    box = next(b for b in shown.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.accessibleName() == "Send these too").click()
    qtbot.waitUntil(lambda: chooser.list.count() == 2, timeout=TIMEOUT)
    assert not any("Router" in said for said in listed(shown))
    assert shown.title.text() == "Router.md", "what was let go is still looked at"
    chooser.which.setCurrentText("All notes")
    qtbot.waitUntil(lambda: chooser.list.count() == len(NOTES) + 2, timeout=TIMEOUT)
    shown.reject()
    window.commands.models.stop_preparing(folder_of(window))
    qtbot.waitUntil(lambda: not folder_of(window).next_model, timeout=TIMEOUT)


def test_a_long_note_is_shown_piece_by_piece(theme: Theme, qtbot: QtBot) -> None:
    view = PassagesView(theme)
    qtbot.addWidget(view)
    view.show_passages(
        tuple(
            Outgoing(text=f"the  text\n number {i}", line=i + 1, held_back=None, sent=i % 2 == 0)
            for i in range(100)
        )
    )
    assert view.left == 40
    assert "Passage 60 · line 60 · to be sent\nthe  text\n number 59" in view.toPlainText()
    view.show_more()
    assert view.left == 0
    assert view.toPlainText().endswith("the  text\n number 99")
    theme.set_appearance("dark")
    assert view.toPlainText().startswith("Passage 1 · line 1 · sent before")


def test_a_row_of_a_local_folder_has_nothing_to_show(remote_window: MainWindow, qtbot: QtBot) -> None:
    window = remote_window
    qtbot.waitUntil(lambda: window.current is not None, timeout=TIMEOUT)
    assert window.current is not None
    window.commands.show_row_menu(window.current, QPoint(0, 0))
    shown = [action.text() for action in window.commands.row_menu.actions() if action.isVisible()]
    assert "Find similar notes" in shown
    assert "What is sent of this note…" not in shown
    window.commands.row_menu.close()
