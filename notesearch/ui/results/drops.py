"""Dropping folders, files or a text on a window from another program. The window shows that it takes them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from notesearch.api.second_start import plain_query
from notesearch.domain.file_names import harmless_name
from notesearch.ui.desktop.file_urls import host_of, path_of
from notesearch.ui.widgets.theme import Theme
from notesearch.wording.translation import N_, _

FOLDER_OFFER, FILE_OFFER, TEXT_OFFER = (
    N_("Drop to search this folder"),
    N_("Drop to search the folder of this file"),
    N_("Drop to search for this text"),
)
# Shown where nothing can be done with what is dragged.
ELSEWHERE = N_("This is on another computer, {host}. Connect it as a folder of this one, and drop that.")


class DropTarget(QObject):
    """Lets a widget take drops. It only ever copies: a source program that moves would delete what it gave.
    Main thread.

    Signals:
        paths_dropped: a list of Path. text_dropped: one line of text. left: what was dragged over the widget
        has gone on.
    """

    paths_dropped = Signal(object)
    text_dropped = Signal(str)
    left = Signal()

    def __init__(self, widget: QWidget, theme: Theme) -> None:
        super().__init__(widget)
        self._widget = widget
        self._theme = theme
        self._overlay: DropOverlay | None = None
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    @property
    def offers(self) -> bool:
        """Whether something that can be dropped is above the widget."""
        return self._overlay is not None and self._overlay.isVisible()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            return self._enter(event)
        if kind == QEvent.Type.DragMove and isinstance(event, QDragMoveEvent):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            return True
        if kind == QEvent.Type.DragLeave:
            self._hide()
            self.left.emit()
        elif kind == QEvent.Type.Drop and isinstance(event, QDropEvent):
            self._drop(event)
            return True
        elif kind == QEvent.Type.Resize and self._overlay is not None:
            self._overlay.resize(self._widget.size())
        return False

    def _enter(self, event: QDragEnterEvent) -> bool:
        # This is a row of our own list, being dragged out.
        offer = "" if event.source() is not None else _offer(event.mimeData())
        if not offer:
            event.ignore()
            return True
        if self._overlay is None:
            self._overlay = DropOverlay(self._theme, self._widget)
        self._overlay.offer(offer)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        return True

    def _drop(self, event: QDropEvent) -> None:
        self._hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        paths = _paths(event.mimeData())
        if paths:
            self.paths_dropped.emit(paths)
        elif text := plain_query(event.mimeData().text()):
            self.text_dropped.emit(text)

    def _hide(self) -> None:
        if self._overlay is not None:
            self._overlay.hide()


def _paths(mime: QMimeData) -> list[Path]:
    return [path_of(url) for url in mime.urls() if url.isLocalFile() and not host_of(url)]


def _offer(mime: QMimeData) -> str:
    """What a drop would do, as a sentence; "" where the data is of no use. Judged by the path alone, since
    the disk is not read while something is dragged."""
    if paths := _paths(mime):
        return _(FILE_OFFER if len(paths) == 1 and paths[0].suffix else FOLDER_OFFER)
    if host := next((host_of(url) for url in mime.urls() if url.isLocalFile()), ""):
        return _(ELSEWHERE, host=harmless_name(host))
    return _(TEXT_OFFER) if mime.hasText() and not mime.hasUrls() else ""


class DropOverlay(QWidget):
    """Covers the window while something that can be dropped is above it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._window = parent
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def offer(self, text: str) -> None:
        """Cover the window and say what a drop will do."""
        self._text = text
        self.setAccessibleName(text)
        self.resize(self._window.size())
        self.show()
        self.raise_()
        self.update()

    def sizeHint(self) -> QSize:
        return self._window.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.palette.panel)
        veil.setAlpha(225)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        painter.setPen(QPen(self._theme.colour("accent"), 2, Qt.PenStyle.DashLine))
        painter.setBrush(self._theme.colour("accent_ground"))
        painter.drawRoundedRect(frame, 12, 12)
        used = self.font()
        used.setPixelSize(20)
        painter.setFont(used)
        painter.setPen(self._theme.colour("accent"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._text)
