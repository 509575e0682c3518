"""The parts of a page that invites or explains: labels, buttons, and a centred column. Main thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from notesearch.ui.widgets.controls import Scrolled


def page_label(name: str, text: str = "", *, centred: bool = True) -> QLabel:
    """A label of a page: plain text that wraps. `name`: its name in the style sheet."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if centred:
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    return label


def page_button(text: str, *, primary: bool = False) -> QPushButton:
    """A button of a page. `primary`: the one that the page is for."""
    button = QPushButton(text)
    button.setAccessibleName(text.replace("\N{HORIZONTAL ELLIPSIS}", ""))
    if primary:
        button.setObjectName("primary")
    return button


def centre(page: QWidget, content: QWidget) -> None:
    """Put `content` a little above the middle of the page. In a small window its margins shrink first, then
    the page scrolls."""
    across = QHBoxLayout()
    across.addStretch(1)
    across.addWidget(content, 8)
    across.addStretch(1)
    inside = QWidget()
    down = QVBoxLayout(inside)
    down.setContentsMargins(24, 24, 24, 24)
    down.addStretch(2)
    down.addLayout(across)
    down.addStretch(3)
    whole = QVBoxLayout(page)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(Scrolled(inside))
