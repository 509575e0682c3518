"""What is shown in place of rows: why there are none, and wider searches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from notesearch.ui.results.searches import Search
from notesearch.ui.widgets.page_parts import page_button, page_label


class EmptyState(QWidget):
    """Shown in place of rows: what was searched, what is still to come, and wider searches, each one click
    away. Main thread.

    Signals:
        search_wanted: a wider Search.
    """

    search_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyState")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = page_label("emptyTitle")
        self.text = page_label("emptyText")
        self._searches: tuple[Search, ...] = ()
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addSpacing(12)
        layout.addLayout(self._buttons)
        layout.addStretch(1)
        self.set_margins(64)

    def set_margins(self, top: int) -> None:
        """Set the empty space above the text, in pixels."""
        self.setContentsMargins(24, top, 24, 24)

    def say(self, title: str, text: str = "", looser: Sequence[tuple[str, Search]] = ()) -> None:
        """Say why there are no rows. `looser`: searches that may find some, as buttons with these labels."""
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        searches = tuple(search for _, search in looser)
        if searches == self._searches:
            return
        self._searches = searches
        while item := self._buttons.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for i, (label, _) in enumerate(looser):
            button = page_button(label)
            button.setProperty("at", i)
            button.clicked.connect(self._on_button)
            self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def _on_button(self) -> None:
        self.search_wanted.emit(self._searches[int(self.sender().property("at"))])
