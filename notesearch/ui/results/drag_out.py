"""Dragging a result row to another program: as the file, as a link to it, or as the passage's text, whichever
the other program takes."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QPixmap

from notesearch.ui.desktop.file_urls import url_of
from notesearch.ui.results.delegate import Row
from notesearch.ui.widgets.theme import ROW_TITLE, Theme, font

WIDTH_AT_MOST, HEIGHT, MARGIN = 320, 34, 12


def mime_of(row: Row, passage: str) -> QMimeData:
    """The data of the drag: the file's address for file managers and mail programs, a named link for programs
    that take HTML, the passage for those that take text."""
    url = url_of(row.match.path)
    mime = QMimeData()
    mime.setUrls([url])
    mime.setText(passage)
    address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
    mime.setHtml(f'<a href="{escape(address)}">{escape(row.match.title)}</a>')
    return mime


def picture(row: Row, theme: Theme, ratio: float) -> QPixmap:
    """The picture at the pointer: the note's title."""
    used = font(ROW_TITLE)
    metrics = QFontMetrics(used)
    title = metrics.elidedText(row.match.title, Qt.TextElideMode.ElideRight, WIDTH_AT_MOST - 2 * MARGIN)
    width = metrics.horizontalAdvance(title) + 2 * MARGIN
    made = QPixmap(round(width * ratio), round(HEIGHT * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.colour("panel"))
    painter.setPen(QPen(theme.colour("accent"), 1))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, HEIGHT - 1), 6, 6)
    painter.setFont(used)
    painter.setPen(theme.colour("text"))
    painter.drawText(QPointF(MARGIN, (HEIGHT + metrics.ascent() - metrics.descent()) / 2), title)
    painter.end()
    return made
