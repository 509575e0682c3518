"""The parts that dialogs are made of: nothing is cut off where there is little room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from notesearch.ui.widgets.controls import CheckBox, ControlRow, Form, Question, Scrolled, button, hint
from notesearch.ui.widgets.theme import Theme
from tests.ui.conftest import TIMEOUT


def nothing() -> None:
    pass


def shown(qtbot: QtBot, inside: QWidget, width: int) -> QDialog:
    dialog = QDialog()
    qtbot.addWidget(dialog)
    layout = QVBoxLayout(dialog)
    layout.addWidget(inside)
    layout.addStretch(1)
    dialog.resize(width, 300)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def test_buttons_stand_below_each_other_where_there_is_no_room(qtbot: QtBot, theme: Theme) -> None:
    parts = [button(text, nothing) for text in ("A server of your own", "Close", "Next")]
    row = ControlRow(parts, gap=1)
    dialog = shown(qtbot, row, 600)
    assert len({part.y() for part in parts}) == 1
    assert parts[2].geometry().right() == row.width() - 1
    dialog.resize(200, 300)
    qtbot.waitUntil(lambda: [part.y() for part in parts] == sorted({part.y() for part in parts}))
    qtbot.waitUntil(lambda: row.height() >= parts[2].geometry().bottom())
    assert all(part.width() >= part.sizeHint().width() for part in parts)
    parts[1].hide()
    qtbot.waitUntil(lambda: parts[2].y() < 2 * parts[0].height())


def test_words_beside_a_button_wrap(qtbot: QtBot, theme: Theme) -> None:
    words, press = (
        hint("Kept until Notesearch is quit, and never stored anywhere on this computer"),
        button("Set", nothing),
    )
    row = ControlRow((words, press), wide=0)
    dialog = shown(qtbot, row, 300)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: words.height() >= words.heightForWidth(words.width()))
    assert press.x() > words.geometry().right()


def test_names_stand_above_their_fields_in_a_narrow_form(qtbot: QtBot, theme: Theme) -> None:
    form, field = Form(), QLineEdit()
    form.add("Base URL", field)
    form.add(
        "",
        hint(
            "A remark on the address above, which is rather long and wraps where there is little room for it"
        ),
    )
    dialog = shown(qtbot, Scrolled(form), 600)
    assert field.x() > 40
    dialog.resize(300, 300)
    qtbot.waitUntil(lambda: field.x() == 0 and field.y() > 10)


def test_a_box_is_ticked_by_the_keyboard(qtbot: QtBot, theme: Theme) -> None:
    box = CheckBox("Leave out what .gitignore files name")
    dialog = shown(qtbot, box, 400)
    assert dialog.isVisible()
    plain = box.grab().toImage()
    qtbot.keyClick(box, " ")
    assert box.isChecked()
    assert box.grab().toImage() != plain


def test_enter_never_presses_what_cannot_be_undone(theme: Theme, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    box = Question("Remove", "Remove it?", "It is gone then.", "Remove", window)
    box.open()
    for appearance in ("light", "dark", "light"):
        theme.set_appearance(appearance)
        qtbot.waitUntil(
            lambda: (
                [
                    b.text().replace("&", "")
                    for b in box.buttons()
                    if isinstance(b, QPushButton) and b.isDefault()
                ]
                == ["Cancel"]
            )
        )
    with qtbot.waitSignal(box.rejected, timeout=TIMEOUT):
        qtbot.keyClick(box, Qt.Key.Key_Return)
