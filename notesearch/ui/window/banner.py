"""Messages across the top of the window: failures, notices, and the question about notes that are gone. One
is shown at a time, in the order in which they came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from notesearch.wording.translation import _

Action = tuple[str, Callable[[], object]]
NARROW, VERY_NARROW = 720, 440


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message of the banner. `actions`: texts of buttons and what they do; each closes the message. `key`:
    a message whose key is shown or waits already is left out."""

    title: str
    hint: str = ""
    actions: tuple[Action, ...] = ()
    key: str = ""
    dismissable: bool = True


class Banner(QFrame):
    """Shows the oldest open message; the next one follows when it is closed. Main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAccessibleName(_("Message"))
        self._messages: list[Notice] = []
        self.title = QLabel()
        self.title.setObjectName("bannerTitle")
        self.hint = QLabel()
        self.hint.setObjectName("bannerHint")
        for label in (self.title, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.hint)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(16, 8, 16, 8)
        self._layout.setSpacing(16)
        self._layout.addLayout(words, 1)
        self._layout.addLayout(self._buttons)
        self.hide()

    @property
    def message(self) -> Notice | None:
        """The message that is shown; None for none."""
        return self._messages[0] if self._messages else None

    def tell(self, message: Notice) -> None:
        """Show a message, after those that wait. It is left out where one with its key is there already."""
        if message.key and any(m.key == message.key for m in self._messages):
            return
        self._messages.append(message)
        self._show()

    def withdraw(self, key: str) -> None:
        """Close the message with that key, because it is not true any more."""
        self._messages = [m for m in self._messages if m.key != key]
        self._show()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the messages that are shown or wait."""
        return tuple(m.key for m in self._messages)

    def _show(self) -> None:
        while item := self._buttons.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        message = self.message
        self.setVisible(message is not None)
        if message is None:
            return
        self.title.setText(message.title)
        self.hint.setText(message.hint)
        self.hint.setVisible(bool(message.hint))
        self.setAccessibleDescription(f"{message.title} {message.hint}".strip())
        for i, (label, _act) in enumerate(message.actions):
            self._add_button(label, i)
        if message.dismissable:
            self._add_button(_("Dismiss"), -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window, put the buttons below the text."""
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self._layout.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )
        self._layout.setSpacing(8 if narrow else 16)
        self._buttons.setDirection(
            QBoxLayout.Direction.TopToBottom
            if event.size().width() < VERY_NARROW
            else QBoxLayout.Direction.LeftToRight
        )

    def _add_button(self, label: str, at: int) -> None:
        button = QPushButton(label)
        button.setAccessibleName(label)
        button.setAutoDefault(False)
        button.setProperty("action", at)
        button.clicked.connect(self._on_button)
        self._buttons.addWidget(button)

    def _on_button(self) -> None:
        at = int(self.sender().property("action"))
        message = self._messages.pop(0)
        self._show()
        if at >= 0:
            message.actions[at][1]()
