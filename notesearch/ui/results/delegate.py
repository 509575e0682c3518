"""Paints the rows of the result list: title and date, folders, two lines of snippet, why the row is
there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextLine,
    QTextOption,
)
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from notesearch.domain import DocumentState, Match, MatchedBy, Passage, Span
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.text_positions import QtPositions
from notesearch.ui.widgets.theme import ROW_TITLE, SMALL, SNIPPET, Theme, font
from notesearch.wording import dates, signs
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import _

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
PADDING = 16
CHILD_INDENT = 16
VERTICAL = 10
BAR = 3
ICON = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row of the list: a note with its best passage, or (`child`) a further passage of it. `plain`: the
    row was not searched for, so no reason is shown."""

    match: Match
    passage: Passage
    child: bool = False
    expanded: bool = False
    plain: bool = False

    @property
    def further(self) -> int:
        """How many passages there are besides the best one."""
        return 0 if self.child or self.plain else max(self.match.more_passages, len(self.match.passages))


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """The part of a snippet that is shown. Its spans count characters of `text`."""

    text: str
    highlights: tuple[Span, ...]
    best_sentence: Span | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RowLine:
    """One painted line of an extract: its text, the position in the extract where it begins, and how much of
    that is shown."""

    text: str
    start: int
    length: int


def visible_extract(passage: Passage, capacity: int) -> Extract:
    """The extract to show of a passage: the snippet, begun later where its important part would not be within
    the first `capacity` characters."""
    spans = [*([passage.best_sentence] if passage.best_sentence else []), *passage.highlights]
    text = passage.snippet
    first = min((start for start, _ in spans), default=0)
    last = passage.best_sentence[1] if passage.best_sentence else first
    if len(text) <= capacity or last <= capacity:
        return Extract(text=text, highlights=passage.highlights, best_sentence=passage.best_sentence)
    cut = max(0, min(first - capacity // 8, len(text) - capacity))
    if cut:
        # Begin at a word, in scripts with spaces between words.
        space = text.find(" ", cut, cut + capacity // 8)
        cut = cut if space < 0 else space + 1
    lead = "\N{HORIZONTAL ELLIPSIS}" if cut else ""
    shift = len(lead) - cut
    moved = tuple(
        (max(a + shift, len(lead)), b + shift) for a, b in passage.highlights if b + shift > len(lead)
    )
    best_sentence = (
        (max(passage.best_sentence[0] + shift, len(lead)), passage.best_sentence[1] + shift)
        if passage.best_sentence
        else None
    )
    return Extract(text=lead + text[cut:], highlights=moved, best_sentence=best_sentence)


class ResultDelegate(QStyledItemDelegate):
    """Paints the rows of the list on the 4 px grid of the type scale. The height of a row depends only on the
    row and the width. Main thread."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title, self._snippet, self._small = font(ROW_TITLE), font(SNIPPET), font(SMALL)
        self._snippet_metrics = QFontMetrics(self._snippet)
        self._small_metrics = QFontMetrics(self._small)
        self._title_metrics = QFontMetrics(self._title)
        self._title_line = max(ROW_TITLE.line, self._title_metrics.height())
        self._snippet_line = max(SNIPPET.line, self._snippet_metrics.height())
        self._small_line = max(SMALL.line, self._small_metrics.height())
        self._lines = lru_cache(maxsize=256)(self._break)
        self._line_count = lru_cache(maxsize=1024)(self._count_lines)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row = index.data(ROW_ROLE)
        view = self.parent()
        width = view.viewport().width() if isinstance(view, QAbstractItemView) else option.rect.width()
        return QSize(width, self.height(row, width) if isinstance(row, Row) else 0)

    def height(self, row: Row, width: int) -> int:
        """The height of a row in a list `width` pixels wide."""
        lines = self._line_count(row.passage, self._text_width(row, width))
        text = 3 + lines * self._snippet_line if lines else 0
        if row.child:
            return VERTICAL + self._small_line + text + VERTICAL
        why = 0 if row.plain else 3 + self._small_line
        return VERTICAL + self._title_line + 2 + self._small_line + text + why + VERTICAL

    def _text_width(self, row: Row, width: int) -> int:
        return max(40, width - 2 * PADDING - (CHILD_INDENT if row.child else 0))

    def _extract(self, passage: Passage, width: int) -> Extract:
        return visible_extract(passage, 2 * width // max(1, self._snippet_metrics.averageCharWidth()))

    def _count_lines(self, passage: Passage, width: int) -> int:
        """How many lines `_break` makes, without laying them out: the height of every row is needed, but few
        rows are painted."""
        text = self._extract(passage, width).text
        if not text:
            return 0
        # Measuring every row's text would take a third of a keystroke's time here, and most texts are far too
        # long for one line.
        if len(text) * self._snippet_metrics.averageCharWidth() > 2 * width:
            return 2
        return 1 if self._snippet_metrics.horizontalAdvance(text) <= width else 2

    def _break(self, passage: Passage, width: int) -> tuple[Extract, tuple[RowLine, ...]]:
        """Break the snippet into at most two lines; the second is elided."""
        extract = self._extract(passage, width)
        text = extract.text
        lines = self._line_count(passage, width)
        if lines == 0:
            return extract, ()
        if lines == 1:
            return extract, (RowLine(text=text, start=0, length=len(text)),)
        layout = QTextLayout(text, self._snippet)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(width)
        first = QtPositions(text).from_qt(line.textLength())
        layout.endLayout()
        rest = text[first:]
        elided = self._snippet_metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)
        shown = len(rest) if elided == rest else len(elided) - 1
        return extract, (
            RowLine(text=text[:first], start=0, length=first),
            RowLine(text=elided, start=first, length=shown),
        )

    # Painting

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.colour("accent_ground"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), self._theme.colour("line"))
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(QRect(rect.left(), rect.top(), BAR, rect.height()), self._theme.colour("accent"))
        if state & QStyle.StateFlag.State_HasFocus:
            # The keyboard is in the list itself, not in the search field.
            painter.setPen(QPen(self._theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -1.5))
        left = rect.left() + PADDING + (CHILD_INDENT if row.child else 0)
        width = self._text_width(row, rect.width())
        top = rect.top() + VERTICAL
        top = (
            self._paint_child_head(painter, row, left, top, width)
            if row.child
            else self._paint_head(painter, row, left, top, width)
        )
        top = self._paint_snippet(painter, row, left, top + 3, width)
        if not row.child and not row.plain:
            self._paint_why(painter, row, left, top + 3)
        painter.restore()

    def _paint_head(self, painter: QPainter, row: Row, left: int, top: int, width: int) -> int:
        date = dates.short_date(row.match.modified, datetime.now())
        date_width = self._small_metrics.horizontalAdvance(date)
        baseline = (
            top + (self._title_line + self._title_metrics.ascent() - self._title_metrics.descent()) // 2
        )
        title = self._title_metrics.elidedText(
            row.match.title, Qt.TextElideMode.ElideRight, width - date_width - 12
        )
        self._text(painter, self._title, "text", left, baseline, title)
        self._text(painter, self._small, "third", left + width - date_width, baseline, date)
        top += self._title_line + 2
        folder_names = wording.PATH_SEPARATOR.join(row.match.folder_names)
        self._small_text(
            painter,
            left,
            top,
            self._small_metrics.elidedText(folder_names, Qt.TextElideMode.ElideMiddle, width),
        )
        return top + self._small_line

    def _paint_child_head(self, painter: QPainter, row: Row, left: int, top: int, width: int) -> int:
        where = signs.DOT.join(
            [
                *filter(None, [wording.PATH_SEPARATOR.join(row.passage.heading)]),
                wording.place(row.passage.place),
            ]
        )
        kinds = [kind for kind, _ in self._reasons(row)]
        right = left + width - len(kinds) * (ICON + 4)
        self._small_text(
            painter,
            left,
            top,
            self._small_metrics.elidedText(where, Qt.TextElideMode.ElideMiddle, right - left - 8),
        )
        for i, kind in enumerate(kinds):
            self._icon(painter, kind, right + 4 + i * (ICON + 4), top)
        return top + self._small_line

    def _paint_snippet(self, painter: QPainter, row: Row, left: int, top: int, width: int) -> int:
        extract, lines = self._lines(row.passage, width)
        for line in lines:
            self._paint_line(painter, extract, line, left, top)
            top += self._snippet_line
        return top

    def _paint_line(self, painter: QPainter, extract: Extract, line: RowLine, left: int, top: int) -> None:
        layout = QTextLayout(line.text, self._snippet)
        count = QtPositions(line.text)
        found = [
            span for span in (_within(span, line, count) for span in extract.highlights) if span[0] < span[1]
        ]
        best_sentence = [_within(extract.best_sentence, line, count)] if extract.best_sentence else []
        ink = self._theme.colour("text")
        layout.setFormats([_format_range(a, b - a, ink) for a, b in (*found, *best_sentence) if a < b])
        layout.beginLayout()
        text_line = layout.createLine()
        text_line.setNumColumns(count.to_qt(len(line.text)))
        layout.endLayout()
        offset = (self._snippet_line - text_line.height()) / 2
        if found:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("found"))
        for span in found:
            for x, span_width in _extents(text_line, span):
                painter.drawRoundedRect(
                    QRectF(left + x - 1, top + 1, span_width + 2, self._snippet_line - 2), 2, 2
                )
        painter.setPen(self._theme.colour("second"))
        layout.draw(painter, QPointF(left, top + offset))
        for span in best_sentence:
            y = round(top + offset + text_line.ascent() + 2)
            for x, span_width in _extents(text_line, span):
                painter.fillRect(QRectF(left + x, y, span_width, 1), self._theme.colour("accent"))

    def _paint_why(self, painter: QPainter, row: Row, left: int, top: int) -> None:
        for kind, word in self._reasons(row):
            self._icon(painter, kind, left, top)
            left += ICON + 4
            left = self._small_text(painter, left, top, word, "accent") + 8
        more = self._more(row)
        if more:
            left = self._small_text(painter, left, top, more, "second")
        if row.match.state is DocumentState.WAITING:
            self._small_text(
                painter,
                left + (4 if more else 0),
                top,
                f"{signs.DOT.strip()} {_('meaning still to come')}",
                "third",
            )

    def _reasons(self, row: Row) -> tuple[tuple[str, str], ...]:
        by = row.passage.matched_by
        reasons = () if by is MatchedBy.KEYWORD else (("meaning", _("meaning")),)
        return reasons if by is MatchedBy.MEANING else (*reasons, ("words", _("words")))

    def _more(self, row: Row) -> str:
        if not row.further:
            return ""
        said = (
            _("hide {count}", count=signs.count(row.further, "passage"))
            if row.expanded
            else signs.count(row.further, "more passage")
        )
        return f"{signs.DOT.strip()} {said}"

    def on_more(self, index: QModelIndex | QPersistentModelIndex, rect: QRect, point: QPoint) -> bool:
        """Whether `point` is on the words "2 more passages" of the row at `index`, which lies at `rect`."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row) or not row.match.passages or not row.further:
            return False
        left = rect.left() + PADDING
        for _icon, word in self._reasons(row):
            left += ICON + 4 + self._small_metrics.horizontalAdvance(word) + 8
        width = self._small_metrics.horizontalAdvance(self._more(row))
        top = rect.bottom() - VERTICAL - self._small_line
        return QRect(left, top - 4, width, self._small_line + 8).contains(point)

    def _icon(self, painter: QPainter, name: str, left: int, top: int) -> None:
        ratio = painter.device().devicePixelRatioF()
        picture = icons.pixmap(name, self._theme.palette.accent, ICON, ratio)
        painter.drawPixmap(QPointF(left, top + (self._small_line - ICON) / 2), picture)

    def _small_text(self, painter: QPainter, left: int, top: int, text: str, colour: str = "third") -> int:
        """Draw a line of small text and return where it ends."""
        baseline = (
            top + (self._small_line + self._small_metrics.ascent() - self._small_metrics.descent()) // 2
        )
        self._text(painter, self._small, colour, left, baseline, text)
        return left + self._small_metrics.horizontalAdvance(text)

    def _text(self, painter: QPainter, used: QFont, colour: str, left: int, baseline: int, text: str) -> None:
        painter.setFont(used)
        painter.setPen(self._theme.colour(colour))
        painter.drawText(QPointF(left, baseline), text)


def _within(span: Span, line: RowLine, count: QtPositions) -> Span:
    """The part of `span` that is on `line`, in positions of the line's text as Qt counts them."""
    start, end = max(span[0] - line.start, 0), min(span[1] - line.start, line.length)
    if end <= start:
        return 0, 0
    visible = len(line.text[:end].rstrip())
    return count.to_qt(start), count.to_qt(max(0, min(end, visible)))


def _extents(text_line: QTextLine, span: Span) -> tuple[tuple[float, float], ...]:
    """The (x, width) of a span on a laid-out line; an empty one for a span outside it."""
    if span[0] >= span[1]:
        return ()
    numbers = [_x(text_line.cursorToX(position)) for position in span]
    return ((min(numbers), abs(numbers[1] - numbers[0])),)


def _x(found: object) -> float:
    """The x that `cursorToX` found: some versions of PySide return it alone, others (x, position)."""
    return float(found[0] if isinstance(found, tuple) else found)  # type: ignore[arg-type]


def _format_range(start: int, length: int, colour: QColor) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length = start, length
    shape = QTextCharFormat()
    shape.setForeground(colour)
    made.format = shape
    return made
