"""The sidebar: folders with their state, saved searches, and a button to add a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QSize,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QListView,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import Folder, FolderState
from notesearch.domain.file_names import shown_name
from notesearch.ui.results.searches import Search
from notesearch.ui.widgets.theme import CAPS, SIDE_WIDTH, SMALL, SNIPPET, Theme, font
from notesearch.ui.window.folder_menu import Command, FolderMenu
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import _

Index = QModelIndex | QPersistentModelIndex
ITEM_ROLE = int(Qt.ItemDataRole.UserRole)
ROW, FOLDER_ROW, SECOND_LINE = 28, 42, 14


@dataclass(frozen=True, kw_only=True, slots=True)
class SideItem:
    """One row of the sidebar: a folder, or a saved search."""

    title: str
    spoken: str
    folder: Folder | None = None
    search: Search | None = None

    @property
    def height(self) -> int:
        """Its height in pixels."""
        if self.folder is None:
            return ROW
        return FOLDER_ROW + (SECOND_LINE if wording.next_line(self.folder) else 0)


class SideModel(QAbstractListModel):
    """The rows of one list of the sidebar. All are replaced together; the view keeps the selection."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: tuple[SideItem, ...] = ()

    def show(self, items: Sequence[SideItem]) -> None:
        """Replace the rows. Where only counts and states changed, the model is not reset."""
        new = tuple(items)
        if new == self.items:
            return
        if len(new) == len(self.items) and [i.title for i in new] == [i.title for i in self.items]:
            self.items = new
            self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        self.beginResetModel()
        self.items = new
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < len(self.items):
            return None
        item = self.items[index.row()]
        if role == ITEM_ROLE:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return item.spoken
        return None


class SideDelegate(QStyledItemDelegate):
    """Paints a folder (dot, name, model, count) or a saved search (one line)."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name, self._count, self._small = font(SNIPPET), font(SMALL), font(CAPS)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        item = index.data(ITEM_ROLE)
        return QSize(0, item.height if isinstance(item, SideItem) else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ITEM_ROLE)
        if not isinstance(item, SideItem):
            return
        rect, state = option.rect, option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.colour("accent_ground"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, self._theme.colour("hover"))
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(QPen(self._theme.colour("accent"), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        if item.folder is not None:
            self._paint_folder(painter, rect, item.folder)
        else:
            metrics = QFontMetrics(self._name)
            title = metrics.elidedText(item.title, Qt.TextElideMode.ElideRight, rect.width() - 32)
            painter.setFont(self._name)
            painter.setPen(self._theme.colour("text"))
            painter.drawText(rect.adjusted(16, 0, -16, 0), Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()

    def _paint_folder(self, painter: QPainter, rect: QRect, folder: Folder) -> None:
        self._paint_dot(painter, folder, QPointF(rect.left() + 20, rect.top() + FOLDER_ROW / 2))
        number = f"{folder.documents:,}"
        metrics = QFontMetrics(self._count)
        number_width = metrics.horizontalAdvance(number)
        painter.setFont(self._count)
        painter.setPen(self._theme.colour("third"))
        number_rect = QRect(rect.right() - 16 - number_width, rect.top(), number_width + 1, FOLDER_ROW)
        painter.drawText(number_rect, Qt.AlignmentFlag.AlignVCenter, number)
        left, width = rect.left() + 32, rect.width() - 32 - 16 - number_width - 8
        metrics = QFontMetrics(self._name)
        painter.setFont(self._name)
        painter.setPen(self._theme.colour("text"))
        name = metrics.elidedText(shown_name(folder.path), Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(QRect(left, rect.top() + 5, width, 18), Qt.AlignmentFlag.AlignVCenter, name)
        painter.setFont(self._small)
        asks = folder.state in (FolderState.ASKING, FolderState.CONSENT)
        below = wording.next_line(folder)
        lines = [
            (wording.model_line(folder), asks and not below, width),
            (below, asks or folder.state is FolderState.WAITING, rect.width() - 48),
        ]
        for at, (line, warns, room) in enumerate(lines):
            painter.setPen(self._theme.colour("warning" if warns else "third"))
            said = QFontMetrics(self._small).elidedText(line, Qt.TextElideMode.ElideRight, room)
            painter.drawText(
                QRect(left, rect.top() + 23 + SECOND_LINE * at, room, 14), Qt.AlignmentFlag.AlignVCenter, said
            )

    def _paint_dot(self, painter: QPainter, folder: Folder, centre: QPointF) -> None:
        """Paint the dot of a folder. Full: complete. Ring: work under way, or waiting. Grey: cannot be
        reached."""
        busy = (
            folder.state not in (FolderState.READY, FolderState.UNREACHABLE)
            or folder.waiting > 0
            or bool(folder.next_model)
        )
        if folder.state is FolderState.UNREACHABLE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("third"))
            painter.drawEllipse(centre, 4, 4)
        elif busy:
            painter.setPen(QPen(self._theme.colour("warning"), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, 3.2, 3.2)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawEllipse(centre, 4, 4)


class SideList(QListView):
    """A list as tall as its rows, since the sidebar scrolls as a whole. A click, Enter or Space chooses a
    row."""

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.rows = SideModel(self)
        self._heights: list[int] | None = None
        self.setModel(self.rows)
        self.setItemDelegate(SideDelegate(theme, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.viewport().update)

    def show_items(self, items: Sequence[SideItem]) -> None:
        """Show these items in place of what there was."""
        self.rows.show(items)
        if [item.height for item in items] != self._heights:
            self._heights = [item.height for item in items]
            self.scheduleDelayedItemsLayout()
            self.setFixedHeight(sum(self._heights))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave letters to the search field, and do not search in this list with them."""
        if (event.text().isprintable() and event.text() not in ("", " ")) or event.key() == Qt.Key.Key_Escape:
            event.ignore()
        elif (
            event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and self.currentIndex().isValid()
        ):
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def item_at(self, index: Index) -> SideItem | None:
        """The item at an index, None where there is none."""
        item = index.data(ITEM_ROLE) if index.isValid() else None
        return item if isinstance(item, SideItem) else None


class Sidebar(QWidget):
    """Folders, saved searches, and a button to add a folder. Main thread.

    Signals:
        folder_chosen: restrict the search to a folder: its path, or None when the chosen one is clicked
        again.
        search_chosen: a saved Search. search_removed: its position.
        add_wanted, reveal_wanted(Path), remove_wanted(Folder).
        model_wanted, sent_wanted, review_wanted, stop_wanted, back_wanted, forget_wanted: a Folder, its
        model: choose one, see what is sent
        to it, see what waits for the user's consent, stop preparing the next one, go back to the former one,
        drop the former index.
    """

    folder_chosen = Signal(object)
    search_chosen = Signal(object)
    search_removed = Signal(int)
    add_wanted = Signal()
    reveal_wanted = Signal(object)
    remove_wanted = Signal(object)
    model_wanted = Signal(object)
    sent_wanted = Signal(object)
    review_wanted = Signal(object)
    stop_wanted = Signal(object)
    back_wanted = Signal(object)
    forget_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(144)
        self._chosen: Path | None = None
        self._folder_menu: FolderMenu | None = None
        self.folders = SideList(_("Folders"), theme)
        self.saved = SideList(_("Saved searches"), theme)
        self._saved_heading = _heading(_("Saved searches"), spoken=_("Searches you saved"))
        self.add = QPushButton()
        self.add.setObjectName("quiet")
        self.add.setText(_("+ Drop or add a folder"))
        self.add.setAccessibleName(_("Add a folder"))
        self.add.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lay_out()
        self.folders.clicked.connect(self._on_folder)
        self.folders.activated.connect(self._on_folder)
        self.folders.customContextMenuRequested.connect(self._show_folder_menu)
        self.saved.clicked.connect(self._on_saved)
        self.saved.activated.connect(self._on_saved)
        self.saved.customContextMenuRequested.connect(self._saved_menu)
        self.add.clicked.connect(self.add_wanted)
        self.show_saved(())

    def sizeHint(self) -> QSize:
        return QSize(SIDE_WIDTH, 400)

    def show_folders(self, folders: Sequence[Folder]) -> None:
        """Show the searched folders."""
        self.folders.show_items(
            [SideItem(title=shown_name(f.path), spoken=wording.folder_sentence(f), folder=f) for f in folders]
        )
        self._mark_chosen()

    def show_saved(self, searches: Sequence[Search]) -> None:
        """Show the saved searches."""
        self.saved.show_items([SideItem(title=s.label, spoken=s.label, search=s) for s in searches])
        self._saved_heading.setVisible(bool(searches))
        self.saved.setVisible(bool(searches))

    def mark_folder(self, path: Path | None) -> None:
        """Show which folder the search is restricted to."""
        self._chosen = path
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        at = next(
            (
                i
                for i, item in enumerate(self.folders.rows.items)
                if item.folder and item.folder.path == self._chosen
            ),
            -1,
        )
        selection = self.folders.selectionModel()
        if at < 0:
            selection.clearSelection()
        elif not selection.isRowSelected(at):
            selection.select(self.folders.rows.index(at), selection.SelectionFlag.ClearAndSelect)

    def _lay_out(self) -> None:
        contents = QWidget()
        contents.setObjectName("sideContents")
        inner = QVBoxLayout(contents)
        inner.setContentsMargins(0, 20, 0, 12)
        inner.setSpacing(0)
        # Only the list itself has the name "Folders" for screen readers.
        inner.addWidget(_heading(_("Folders"), spoken=_("Searched folders")))
        inner.addSpacing(4)
        inner.addWidget(self.folders)
        inner.addSpacing(20)
        inner.addWidget(self._saved_heading)
        inner.addSpacing(4)
        inner.addWidget(self.saved)
        inner.addSpacing(8)
        inner.addWidget(self.add)
        inner.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(contents)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _on_folder(self, index: Index) -> None:
        item = self.folders.item_at(index)
        if item is not None and item.folder is not None:
            self.folder_chosen.emit(None if item.folder.path == self._chosen else item.folder.path)

    def _on_saved(self, index: Index) -> None:
        item = self.saved.item_at(index)
        self.saved.clearSelection()
        if item is not None and item.search is not None:
            self.search_chosen.emit(item.search)

    def _show_folder_menu(self, point: QPoint) -> None:
        index = self.folders.indexAt(point)
        item = self.folders.item_at(index if index.isValid() else self.folders.currentIndex())
        if item is None or item.folder is None:
            return
        self._folder_menu = FolderMenu(item.folder, chosen=item.folder.path == self._chosen, parent=self)
        self._folder_menu.chosen.connect(self._on_command)
        self._folder_menu.aboutToHide.connect(self._mark_chosen)
        self._folder_menu.popup(self.folders.viewport().mapToGlobal(point))

    def _on_command(self, command: Command, folder: Folder) -> None:
        if command is Command.SEARCH:
            self.folder_chosen.emit(None if folder.path == self._chosen else folder.path)
            return
        signals: dict[Command, SignalInstance] = {
            Command.MODEL: self.model_wanted,
            Command.SENT: self.sent_wanted,
            Command.REVIEW: self.review_wanted,
            Command.STOP: self.stop_wanted,
            Command.BACK: self.back_wanted,
            Command.FORGET: self.forget_wanted,
            Command.REMOVE: self.remove_wanted,
        }
        if command is Command.REVEAL:
            self.reveal_wanted.emit(folder.path)
        else:
            signals[command].emit(folder)

    def _saved_menu(self, point: QPoint) -> None:
        index = self.saved.indexAt(point)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        remove = menu.addAction(_("Remove this saved search"))
        if menu.exec(self.saved.viewport().mapToGlobal(point)) is remove:
            self.search_removed.emit(index.row())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.folders.scheduleDelayedItemsLayout()


def _heading(text: str, *, spoken: str = "") -> QLabel:
    label = QLabel(text.upper())
    label.setObjectName("sideHeading")
    label.setAccessibleName(spoken or text)
    label.setContentsMargins(16, 0, 16, 0)
    label.setFixedHeight(20)
    return label
