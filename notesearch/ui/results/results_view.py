"""The result list: its model, and the view that keeps the selected row in place when better results arrive.

The rows are painted by ResultDelegate (delegate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QDrag, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QWidget

from notesearch.domain import Address, DocumentState, Match
from notesearch.domain.file_names import harmless_name
from notesearch.ui.results.delegate import ROW_ROLE, ResultDelegate, Row
from notesearch.ui.results.drag_out import mime_of, picture
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import dates, signs
from notesearch.wording import status_texts as wording
from notesearch.wording.told import sentence
from notesearch.wording.translation import _

Index = QModelIndex | QPersistentModelIndex
Key = tuple[Address, int | None]
# Pixels of a row with one line of snippet; and the number of rows for a list without a size yet.
LOWEST_ROW, FEWEST_ROWS = 94, 6
ROW_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsDragEnabled
    | Qt.ItemFlag.ItemNeverHasChildren
)


def key_of(row: Row) -> Key:
    """The key of a row, which stays the same when the row arrives again: its note, and for a further passage
    where that begins."""
    return row.match.address, row.passage.start if row.child else None


def spoken(row: Row, now: datetime) -> str:
    """A row as text for a screen reader: title, folders, why it is there, date and snippet."""
    match, passage = row.match, row.passage
    why = "" if row.plain else wording.found_by(passage.matched_by)
    if row.child:
        parts = [
            _("further passage"),
            " ".join(passage.heading),
            wording.place(passage.place),
            why,
            passage.snippet,
        ]
    else:
        more = (
            f"{signs.count(row.further, 'more passage')}, {'shown' if row.expanded else 'folded'}"
            if row.further
            else ""
        )
        waiting = _("still waiting to be indexed") if match.state is DocumentState.WAITING else ""
        date = dates.short_date(match.modified, now)
        parts = [
            match.title,
            wording.PATH_SEPARATOR.join(match.folder_names),
            why,
            date,
            passage.snippet,
            more,
            waiting,
        ]
    return ". ".join(part for part in parts if part)


class ResultsModel(QAbstractListModel):
    """The rows of the list: one for each note, and one for each further passage of the notes that are folded
    out. Main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._matches: tuple[Match, ...] = ()
        self._expanded: set[Address] = set()
        self._plain = False

    @property
    def matches(self) -> tuple[Match, ...]:
        """The notes of the list, best first."""
        return self._matches

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that are shown: notes, and further passages that are folded out."""
        return self._rows

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.passage.snippet if row.child else row.match.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(row, datetime.now())
        if role == Qt.ItemDataRole.ToolTipRole:
            return harmless_name(row.match.path)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        return ROW_FLAGS

    def group(self, match: Match) -> list[Row]:
        """The present rows of a note."""
        return rows_of(match, expanded=match.address in self._expanded, plain=self._plain)

    def show(self, matches: Sequence[Match], *, plain: bool = False, forget_folds: bool = False) -> None:
        """Replace all rows. `plain`: they were not searched for (recent notes). `forget_folds`: they belong
        to another query, so nothing is folded out."""
        self.beginResetModel()
        if forget_folds:
            self._expanded.clear()
        self._matches = tuple(matches)
        self._plain = plain
        self._rows = [row for match in matches for row in self.group(match)]
        self.endResetModel()

    def position(self, key: Key | None) -> int:
        """The row with that key; -1 for none."""
        return next((i for i, row in enumerate(self._rows) if key_of(row) == key), -1)

    def toggle(self, at: int) -> int:
        """Fold the further passages of the note at row `at` out or in. Returns the row of the note itself."""
        match = self._rows[at].match
        head = self.position((match.address, None))
        if not match.passages:
            return head
        old = self.group(match)
        self._expanded ^= {match.address}
        new = self.group(match)
        if len(new) > len(old):
            self.beginInsertRows(QModelIndex(), head + 1, head + len(new) - 1)
            self._rows[head : head + 1] = new
            self.endInsertRows()
        else:
            self.beginRemoveRows(QModelIndex(), head + 1, head + len(old) - 1)
            self._rows[head : head + len(old)] = new
            self.endRemoveRows()
        self.dataChanged.emit(self.index(head), self.index(head))
        return head


def rows_of(match: Match, *, expanded: bool, plain: bool) -> list[Row]:
    """The row of a note and, where folded out, of its further passages. The row of a file with a problem says
    what that is."""
    if match.problem is not None:
        return [Row(match=match, passage=replace(match.best, snippet=sentence(match.problem)), plain=True)]
    rows = [Row(match=match, passage=match.best, expanded=expanded, plain=plain)]
    if expanded:
        rows += [Row(match=match, passage=passage, child=True) for passage in match.passages]
    return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """Where the selected rows go: `index` among the other notes, and the scroll position in pixels."""

    index: int
    scroll: int


def hold_place(others: Sequence[int], own: int, *, wanted: int, y: int, viewport: int) -> Placement:
    """Find the place nearest to rank `wanted` at which rows of height `own` can stay `y` pixels below the top
    of the viewport.

    `others` are the heights of the other notes' rows in their new order. Where no place keeps the position
    exactly, it is the place that moves the rows least.
    """
    scroll_end = max(0, sum(others) + own - viewport)
    best = Placement(index=wanted, scroll=0)
    cost: tuple[int, int] | None = None
    top = 0
    for index in range(len(others) + 1):
        scroll = min(max(top - y, 0), scroll_end)
        this = (abs(top - scroll - y), abs(index - wanted))
        if cost is None or this < cost:
            best, cost = Placement(index=index, scroll=scroll), this
        if index < len(others):
            top += others[index]
    return best


class ResultsView(QListView):
    """The list of results, accessible name "Results". Main thread.

    Signals:
        row_changed: another row is selected: a Row, or None.
        opened: a row was activated (Enter or double click): a Row.
        context_wanted: the context menu of a Row at a global position.
        dragged: a row that was dragged out has arrived somewhere, or not.

    `text_of` gives the text of a row that is dragged out; `dragging` while one is.
    """

    row_changed = Signal(object)
    opened = Signal(object)
    context_wanted = Signal(object, object)
    dragged = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("results")
        self.setAccessibleName(_("Results"))
        self.results = ResultsModel(self)
        self.setModel(self.results)
        self.delegate = ResultDelegate(theme, self)
        self.setItemDelegate(self.delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(24)
        self.setDragEnabled(True)
        self._theme = theme
        self._moved = False
        # Where the button was pressed on a row that may be dragged from there.
        self._pressed: QPoint | None = None
        self.dragging = False
        self.text_of: Callable[[Row], str] = lambda row: row.passage.snippet
        self._announced: Row | None = None
        theme.changed.connect(self.viewport().update)

    @property
    def current(self) -> Row | None:
        """The selected row, None for none."""
        found = self.currentIndex().data(ROW_ROLE) if self.currentIndex().isValid() else None
        return found if isinstance(found, Row) else None

    @property
    def rows_in_sight(self) -> int:
        """How many rows the list can show at most, and one more that is cut."""
        return max(FEWEST_ROWS, self.viewport().height() // LOWEST_ROW + 2)

    def show_fresh(self, matches: Sequence[Match], *, plain: bool = False, select: bool = True) -> None:
        """Show the first results of another query: from the top, row 1 selected."""
        self._moved = False
        self.results.show(matches, plain=plain, forget_folds=True)
        self.scrollToTop()
        if matches and select:
            self._select(0)
        self._announce()

    def show_better(self, matches: Sequence[Match], *, plain: bool = False, hold: bool = False) -> None:
        """Show better results for the same query. The selected row stays in place. Where the user has not
        chosen a row yet, row 1 is selected.

        `hold`: keep the selected row in any case, since the results changed by themselves.
        """
        before = self.current
        if before is None or not (self._moved or hold):
            self.results.show(matches, plain=plain)
            if matches:
                self._select(0)
                self.scrollToTop()
            self._announce()
            return
        if hold and all(match.address != before.match.address for match in matches):
            self._show_without(matches, plain=plain)
        else:
            self._show_holding(before, matches, plain=plain)
        self._announce()

    def _show_without(self, matches: Sequence[Match], *, plain: bool) -> None:
        """Show results without the selected note, which is not found any more (renamed, edited, gone). The
        row in its place is selected, and nothing scrolls."""
        at, scroll = self.currentIndex().row(), self.verticalScrollBar().value()
        self.results.show(matches, plain=plain)
        self.doItemsLayout()
        if self.results.rowCount():
            self._select(min(at, self.results.rowCount() - 1), scroll=False)
        self.verticalScrollBar().setValue(scroll)

    def _show_holding(self, before: Row, matches: Sequence[Match], *, plain: bool) -> None:
        key = key_of(before)
        head = self.results.position((before.match.address, None))
        y = self.visualRect(self.results.index(head)).top()
        wanted = next((i for i, match in enumerate(matches) if match.address == before.match.address), None)
        kept = before.match if wanted is None else matches[wanted]
        others = [match for match in matches if match.address != before.match.address]
        self.results.show(matches, plain=plain)
        heights = [self._height(match) for match in others]
        place = hold_place(
            heights,
            self._height(kept),
            wanted=len(others) if wanted is None else wanted,
            y=y,
            viewport=self.viewport().height(),
        )
        if place.index != wanted:
            self.results.show([*others[: place.index], kept, *others[place.index :]], plain=plain)
        self.doItemsLayout()
        at = self.results.position(key)
        self._select(at if at >= 0 else self.results.position((kept.address, None)), scroll=False)
        self.verticalScrollBar().setValue(place.scroll)

    def move_by(self, step: int) -> None:
        """Select the row `step` further down (negative: up), without taking the focus."""
        if not self.results.rowCount():
            return
        self._moved = True
        at = self.currentIndex().row()
        self._select(min(max(at + step, 0), self.results.rowCount() - 1))

    def move_page(self, direction: int) -> None:
        """Select the row a page further: the last one whose distance is still within the viewport's
        height."""
        at = max(0, self.currentIndex().row())
        room = self.viewport().height() - self.visualRect(self.results.index(at)).height()
        step = 0
        while 0 <= at + step + direction < self.results.rowCount() and room > 0:
            step += direction
            room -= self.visualRect(self.results.index(at + step)).height()
        self.move_by(step or direction)

    def toggle_passages(self, at: int | None = None) -> bool:
        """Fold the further passages of a note out or in: of the one at row `at`, else of the selected one.
        Returns False where it has none."""
        at = self.currentIndex().row() if at is None else at
        if at < 0 or not self.results.rows[at].match.passages:
            return False
        self._moved = True
        current = self.current
        head = self.results.toggle(at)
        position = self.results.position(key_of(current)) if current else head
        self._select(position if position >= 0 else head)
        return True

    def height_of_rows(self, width: int, at_most: int) -> int:
        """The height in pixels of the first rows at that width: of as many whole rows as fit into `at_most`
        pixels."""
        total = 0
        for row in self.results.rows:
            height = self.delegate.height(row, width)
            if total and total + height > at_most:
                break
            total += height
        return min(total, at_most)

    def _height(self, match: Match) -> int:
        width = self.viewport().width()
        return sum(self.delegate.height(row, width) for row in self.results.group(match))

    def _select(self, at: int, *, scroll: bool = True) -> None:
        index = self.results.index(at)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if scroll:
            self.scrollTo(index)

    def _announce(self) -> None:
        now = self.current
        if now != self._announced:
            self._announced = now
            self.row_changed.emit(now)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self._announce()

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the selected row to another program. The note itself stays where it is."""
        row = self.current
        if row is None:
            return
        drag = QDrag(self)
        drag.setMimeData(mime_of(row, self.text_of(row)))
        drag.setPixmap(picture(row, self._theme, self.devicePixelRatioF()))
        self.dragging = True
        try:
            drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.LinkAction, Qt.DropAction.CopyAction)
        finally:
            self.dragging = False
            self.dragged.emit()

    # The mouse and the keys that reach the list itself

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        self._pressed = None
        if index.isValid():
            self._moved = True
            if self.delegate.on_more(index, self.visualRect(index), event.position().toPoint()):
                self.toggle_passages(index.row())
                return
            if event.button() == Qt.MouseButton.LeftButton:
                self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            # Qt forgets the pressed row when better results replace the list meanwhile.
            moved = event.position().toPoint() - self._pressed
            if moved.manhattanLength() >= QApplication.startDragDistance():
                self._pressed = None
                self.startDrag(self.model().supportedDragActions())
            return
        index = self.indexAt(event.position().toPoint())
        over = index.isValid() and self.delegate.on_more(
            index, self.visualRect(index), event.position().toPoint()
        )
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.indexAt(event.position().toPoint()).data(ROW_ROLE)
        if isinstance(row, Row) and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(row)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = (
            self.indexAt(event.pos())
            if event.reason() == QContextMenuEvent.Reason.Mouse
            else self.currentIndex()
        )
        row = index.data(ROW_ROLE) if index.isValid() else None
        if isinstance(row, Row):
            at = (
                event.pos()
                if event.reason() == QContextMenuEvent.Reason.Mouse
                else self.visualRect(index).center()
            )
            self.context_wanted.emit(row, self.viewport().mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and key in steps:
            self.move_by(steps[key])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.move_page(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.move_by(self.results.rowCount() * (1 if key == Qt.Key.Key_End else -1))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.toggle_passages()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()
        super().changeEvent(event)
