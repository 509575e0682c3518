"""The list of embedding models: for each its title, what it is for, where it runs, and its price."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractListModel, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyleOptionViewItem, QWidget

from notesearch.domain import ModelChoice
from notesearch.ui.widgets.controls import Index, RowDelegate
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import model_texts as wording_models
from notesearch.wording.signs import DOT
from notesearch.wording.translation import N_, _

CHOICE_ROLE, PRESENT_ROLE = int(Qt.ItemDataRole.UserRole), int(Qt.ItemDataRole.UserRole) + 1
ROW, RETIRED_ROW = 52, 70
IN_USE = N_("in use")
# Pixels: in a narrower list the price is left out in favour of the title.
NARROW = 400


class ModelRows(QAbstractListModel):
    """The rows of the list: the models, and which one the folder has."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choices: tuple[ModelChoice, ...] = ()
        self.present = ""

    def show(self, choices: Sequence[ModelChoice], present: str) -> None:
        """Show these models. `present`: the identifier of the one in use."""
        self.beginResetModel()
        self.choices, self.present = tuple(choices), present
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.choices)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self.choices):
            return None
        choice = self.choices[index.row()]
        present = choice.identifier == self.present
        if role == CHOICE_ROLE:
            return choice
        if role == PRESENT_ROLE:
            return present
        if role == Qt.ItemDataRole.DisplayRole:
            return choice.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return wording_models.choice_sentence(choice, present=present)
        return None


class ModelDelegate(RowDelegate):
    """Paints title and price, below them what the model is for and where it runs, and why it may be gone."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        choice = index.data(CHOICE_ROLE)
        return QSize(0, RETIRED_ROW if isinstance(choice, ModelChoice) and choice.retired else ROW)

    def paint_words(self, painter: QPainter, rect: QRect, index: Index) -> None:
        choice = index.data(CHOICE_ROLE)
        if not isinstance(choice, ModelChoice):
            return
        inner = rect.adjusted(16, 8, -16, -8)
        left, top, room = inner.left(), inner.top(), inner.width()
        small = QFontMetrics(self._small)
        price, line = wording_models.price(choice), wording_models.choice_line(choice)
        if inner.width() < NARROW:
            line = f"{price}{DOT}{line}"
        else:
            width = small.horizontalAdvance(price)
            self.paint_line(painter, QRect(inner.right() - width, top, width + 1, 18), price, "second")
            room -= width + 16
        use = small.horizontalAdvance(_(IN_USE)) if index.data(PRESENT_ROLE) else 0
        if use:
            room -= use + 8
        taken = self.paint_line(
            painter,
            QRect(left, top, room, 18),
            choice.title,
            "text",
            big=True,
            elide=Qt.TextElideMode.ElideMiddle,
        )
        if use:
            self.paint_line(painter, QRect(left + taken + 8, top, use + 1, 18), _(IN_USE), "accent")
        for at, (colour, said) in enumerate((("third", line), ("warning", choice.retired))):
            self.paint_line(painter, QRect(left, top + 20 + at * 18, inner.width(), 16), said, colour)


class ModelList(QListView):
    """Accessible name "Models". Main thread.

    Signals:
        chosen: a ModelChoice, or None. taken: it was double-clicked, or Enter was pressed on it.
    """

    chosen = Signal(object)
    taken = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelList")
        self.setAccessibleName(_("Models"))
        self.rows = ModelRows(self)
        self.setModel(self.rows)
        self.setItemDelegate(ModelDelegate(theme, self))
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.selectionModel().currentChanged.connect(self._on_current)
        self.doubleClicked.connect(self._on_taken)

    def show_choices(self, choices: Sequence[ModelChoice], present: str) -> None:
        """Replace the rows; what was chosen stays chosen."""
        kept = self.choice.identifier if self.choice is not None else ""
        self.rows.show(choices, present)
        self.choose(kept or present)

    def choose(self, identifier: str) -> None:
        """Select a model by its identifier, else the first."""
        at = next((i for i, c in enumerate(self.rows.choices) if c.identifier == identifier), 0)
        if self.rows.choices:
            self.setCurrentIndex(self.rows.index(at))
            self.scrollTo(self.currentIndex())

    @property
    def choice(self) -> ModelChoice | None:
        """The selected model, None for none."""
        at = self.currentIndex().row()
        return self.rows.choices[at] if 0 <= at < len(self.rows.choices) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.choice is not None:
            self.taken.emit()
        else:
            super().keyPressEvent(event)

    def _on_current(self, *_: object) -> None:
        self.chosen.emit(self.choice)

    def _on_taken(self, *_: object) -> None:
        self.taken.emit()
