"""The dialog that shows what a remote model is sent of a note: the exact texts, passage by passage, and what
is held back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QResizeEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QSplitter,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import Outgoing
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.table import operations
from notesearch.ui.dialogs.note_chooser import NoteChooser
from notesearch.ui.widgets.controls import ControlRow, Question, button, hint, label
from notesearch.ui.widgets.theme import SMALL, Theme, font
from notesearch.wording import model_texts as wording_models
from notesearch.wording.signs import count
from notesearch.wording.translation import _

NARROW = 560
# Laying out a passage takes about a millisecond, so further ones are added when the user asks for them.
SHOWN_AT_ONCE = 60


class PassagesView(QTextEdit):
    """The texts as they are sent, to read and to copy. Accessible name "What is sent"."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._passages: tuple[Outgoing, ...] = ()
        self.shown = 0
        self.setReadOnly(True)
        self.setAccessibleName(_("What is sent"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(16)
        theme.changed.connect(self._again)

    def show_passages(self, passages: tuple[Outgoing, ...]) -> None:
        """Show the first of these passages from the top."""
        self._passages, self.shown = passages, 0
        self.clear()
        self.show_more()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def show_more(self) -> None:
        """Append the next passages."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        end = min(len(self._passages), self.shown + SHOWN_AT_ONCE)
        for at in range(self.shown, end):
            self._append(cursor, at + 1, self._passages[at])
        cursor.endEditBlock()
        self.shown = end

    @property
    def left(self) -> int:
        """How many passages are not shown yet."""
        return len(self._passages) - self.shown

    def _append(self, cursor: QTextCursor, number: int, passage: Outgoing) -> None:
        heading, exact = QTextCharFormat(), QTextCharFormat()
        heading.setFont(font(SMALL))
        heading.setForeground(self._theme.colour("warning" if passage.held_back is not None else "third"))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPixelSize(SMALL.size)
        exact.setFont(fixed)
        exact.setForeground(self._theme.colour("second" if passage.held_back is not None else "text"))
        above, plain = QTextBlockFormat(), QTextBlockFormat()
        above.setTopMargin(20 if number > 1 else 0)
        above.setBottomMargin(4)
        if number == 1:
            cursor.setBlockFormat(above)
        else:
            cursor.insertBlock(above)
        cursor.insertText(wording_models.outgoing_heading(number, passage), heading)
        cursor.insertBlock(plain)
        cursor.insertText(passage.text, exact)

    def _again(self) -> None:
        if self._passages:
            self.show_passages(self._passages)


class OutgoingDialog(QDialog):
    """Shows what a remote model is sent of one note, or of a folder's notes with a list to choose from.
    `held`: the list begins with the notes that are held back. Accessible name "What is sent". Main thread.

    Signals:
        allowed: (a note's Path, how many passages of it were allowed).
    """

    allowed = Signal(object, int)

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        to: str,
        *,
        folder: Path | None = None,
        held: bool = False,
        note: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._asked: Call | None = None
        self._to = to
        self._note = note
        self._passages: tuple[Outgoing, ...] = ()
        self.setWindowTitle(_("What is sent"))
        self.setAccessibleName(_("What is sent"))
        self.resize(860 if folder is not None else 640, 560)
        self.setMinimumSize(340, 300)
        self.chooser = NoteChooser(bridge, theme, folder, held=held) if folder is not None else None
        self.title = label("", "sectionTitle")
        self.summary = hint()
        self.view = PassagesView(theme)
        self.more = button(_("Show more"), self._on_more)
        self.allow = button(_("Send these too…"), self._on_allow)
        self.close_button = button(_("Close"), self.reject)
        self._lay_out()
        self._show(())
        if self.chooser is not None and folder is not None:
            self.chooser.chosen.connect(self._ask)
            self.chooser.ignored_chosen.connect(self._on_ignored)
            self.chooser.emptied.connect(self._on_emptied)
            self.title.setText(folder.name)
            self.summary.setText(_("Choose a note."))
            self.chooser.field.setFocus()
        elif note is not None:
            self._ask(note)
            self.view.setFocus()

    def _lay_out(self) -> None:
        right = QWidget()
        inner = self._inner = QVBoxLayout(right)
        inner.setContentsMargins(8 if self.chooser is not None else 0, 0, 0, 0)
        inner.setSpacing(8)
        inner.addWidget(self.title)
        inner.addWidget(self.summary)
        inner.addWidget(self.view, 1)
        splitter = self._splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        if self.chooser is not None:
            splitter.addWidget(self.chooser)
        splitter.addWidget(right)
        splitter.setStretchFactor(splitter.count() - 1, 1)
        splitter.setSizes([280, 560] if self.chooser is not None else [600])
        splitter.setHandleWidth(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(16)
        layout.addWidget(splitter, 1)
        layout.addWidget(ControlRow((self.allow, self.more, self.close_button), gap=2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow dialog, put the list above the texts."""
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        if self.chooser is not None:
            gap = (0, 8) if narrow else (8, 0)
            self.chooser.layout().setContentsMargins(0, 0, *gap)  # type: ignore[union-attr]
            self._inner.setContentsMargins(*gap, 0, 0)
        self._splitter.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)

    # The note

    def _on_ignored(self, note: Path) -> None:
        self._forget()
        self._note = note
        self.title.setText(note.name)
        self.summary.setText(wording_models.ignored())
        self._show(())

    def _on_emptied(self, why: str) -> None:
        self._forget()
        self.summary.setText(why)
        self._show(())

    def _ask(self, note: Path) -> None:
        self._forget()
        self._note = note
        self.title.setText(note.name)
        self._asked = self._bridge.call(operations.outgoing, self._on_outgoing, self._on_failed, path=note)

    def _forget(self) -> None:
        """Cancel what was asked about the former note: another one is chosen."""
        if self._asked is not None:
            self._asked.cancel()

    # Its passages

    def _on_outgoing(self, passages: tuple[Outgoing, ...]) -> None:
        self.summary.setText(wording_models.outgoing_summary(passages, self._to))
        self._show(passages)

    def _on_failed(self, failure: Failure) -> None:
        self.summary.setText(failure.sentence)
        self._show(())

    def _show(self, passages: tuple[Outgoing, ...]) -> None:
        self._passages = passages
        self.view.show_passages(passages)
        self.allow.setVisible(any(passage.held_back is not None for passage in passages))
        self._offer_more()

    def _on_more(self) -> None:
        self.view.show_more()
        self._offer_more()

    def _offer_more(self) -> None:
        self.more.setVisible(self.view.left > 0)
        self.more.setText(_("Show more of {count}", count=count(len(self._passages), "passage")))

    def _on_allow(self) -> None:
        if self._note is None:
            return
        title, meaning = wording_models.allow_question(
            self._note.name, self._to or _("the folder's model"), self._passages
        )
        box = Question(_("Send these too"), title, meaning, _("Send these too"), self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.accepted.connect(partial(self._allow, self._note))
        box.open()

    def _allow(self, note: Path) -> None:
        self._bridge.call(
            operations.allow,
            partial(self._on_allowed, note),
            partial(self._on_not_allowed, note),
            path=note,
        )

    def _on_allowed(self, note: Path, passages: int) -> None:
        self.allowed.emit(note, passages)
        if self.chooser is not None:
            self.chooser.leave_out(note)
        if note == self._note:
            self._ask(note)

    def _on_not_allowed(self, note: Path, failure: Failure) -> None:
        if note == self._note:
            self._on_failed(failure)
