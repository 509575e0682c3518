"""The search page of the window: sidebar, list and preview in three columns."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from notesearch.domain import IndexingStatus
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.results.search_view import SearchView
from notesearch.ui.results.searches import Search
from notesearch.ui.widgets.theme import LIST_WIDTH, PREVIEW_BREAKPOINT, SIDE_BREAKPOINT, SIDE_WIDTH, Theme
from notesearch.ui.window.sidebar import Sidebar


class SearchPage(SearchView):
    """The three columns, or as many as there is room for. Main thread."""

    def __init__(self, bridge: Bridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(bridge, theme, parent)
        self._narrow_preview = False
        self.preview_wanted = True
        self.wide_sizes = [SIDE_WIDTH, LIST_WIDTH, 556]
        self.side = Sidebar(theme)
        self._lay_out()
        self._begin()

    def _lay_out(self) -> None:
        panel = QWidget()
        panel.setObjectName("listPanel")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        panel.setMinimumWidth(240)
        inner = QVBoxLayout(panel)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self.summary)
        inner.addWidget(self.body, 1)
        self.list_panel = panel
        self.preview.setMinimumWidth(200)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for i, (widget, stretch) in enumerate(((self.side, 0), (panel, 0), (self.preview, 1))):
            self.splitter.addWidget(widget)
            self.splitter.setStretchFactor(i, stretch)
        self.splitter.setSizes(self.wide_sizes)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)
        self.splitter.splitterMoved.connect(self._fit_summary)

    def ask(self, search: Search) -> None:
        super().ask(search)
        self.side.mark_folder(search.folder)

    def show_status(self, status: IndexingStatus) -> None:
        """Show a status, with the counts and states of the folders."""
        self.side.show_folders(status.folders)
        super().show_status(status)

    # Columns

    @property
    def preview_in_front(self) -> bool:
        """Whether a narrow window shows the preview instead of the list."""
        return self._narrow_preview and self.width() < PREVIEW_BREAKPOINT

    @property
    def column_widths(self) -> list[int]:
        """The widths of the columns in pixels: the present ones, or the last ones with which all three were
        visible."""
        return self.splitter.sizes() if all(self.splitter.sizes()) else self.wide_sizes

    def set_column_widths(self, widths: list[int]) -> None:
        """Give the columns these widths in pixels."""
        self.wide_sizes = widths
        self.splitter.setSizes(widths)

    def toggle_preview(self) -> None:
        """Show or hide the preview. In a narrow window it replaces the list."""
        if self.width() < PREVIEW_BREAKPOINT:
            self._narrow_preview = not self._narrow_preview
        else:
            self.preview_wanted = not self.preview_wanted
        self.adapt()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.adapt()
        QTimer.singleShot(0, self, self._fit_summary)

    def adapt(self) -> None:
        """Show the columns that there is room for."""
        wide = self.width() >= PREVIEW_BREAKPOINT
        if wide:
            self._narrow_preview = False
        shown = self.preview_wanted if wide else self._narrow_preview
        was_shown = self.preview.isVisibleTo(self)
        if was_shown and wide:
            self.wide_sizes = self.splitter.sizes()
        self.preview.setVisible(shown)
        self.splitter.setStretchFactor(1, 0 if shown else 1)
        if shown != was_shown:
            side = self.wide_sizes[0]
            self.splitter.setSizes(
                self.wide_sizes if wide and shown else [side, self.width() - side, self.width() - side]
            )
        self.list_panel.setVisible(wide or not self._narrow_preview)
        self.side.setVisible(self.width() >= SIDE_BREAKPOINT)
        if shown and not was_shown:
            self._load_preview()
