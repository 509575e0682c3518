"""The top bar: search box, filter buttons and menu button. It is painted before anything else is built, so it
imports little."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from notesearch.ui.results.search_field import SearchBox
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.theme import TOP_BAR, Theme
from notesearch.wording.translation import _

NARROW = 560


class TopBar(QFrame):
    """The top bar: `box` with the search field, and the buttons `types`, `tags` and `menu`. Others set the
    menus of these buttons. Main thread."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setFixedHeight(TOP_BAR)
        self._theme = theme
        self.box = SearchBox(theme)
        self.types = _filter_button(_("Any type"), _("Filter by type"))
        self.tags = _filter_button(_("Tags"), _("Filter by tag"))
        self.menu = QToolButton()
        self.menu.setAccessibleName(_("Menu"))
        self.menu.setToolTip(_("Menu"))
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu.setIconSize(QSize(16, 16))
        bar = QHBoxLayout(self)
        bar.setContentsMargins(16, 0, 12, 0)
        bar.setSpacing(12)
        bar.addWidget(self.box, 1)
        for button in (self.types, self.tags, self.menu):
            bar.addWidget(button)
        theme.changed.connect(self._colour)
        self._colour()

    def adapt(self, width: int) -> None:
        """Hide the parts for which a window of this width has no room."""
        self.types.setVisible(width >= NARROW)
        self.tags.setVisible(width >= NARROW)

    def _colour(self) -> None:
        self.menu.setIcon(icons.icon("menu", self._theme.palette.second))


def _filter_button(text: str, name: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("filterButton")
    button.setText(text)
    button.setAccessibleName(name)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button
