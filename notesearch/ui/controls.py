"""The small parts that dialogs are made of: buttons, hints, a column of facts, a page that scrolls. Main thread."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def button(text: str, slot: object, *, primary: bool = False, name: str = "") -> QPushButton:
    """A button that Enter in a field does not press; its name for a screen reader is its text unless `name` is given."""
    made = QPushButton(text)
    made.setAccessibleName(name or text.replace("&", "").replace(ELLIPSIS, ""))
    made.setAutoDefault(False)
    if primary:
        made.setObjectName("primary")
    made.clicked.connect(slot)
    return made


def label(text: str = "", name: str = "") -> QLabel:
    """Plain words that wrap. `name` is what the style sheet knows them by."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return made


def hint(text: str = "") -> QLabel:
    """A label in the second colour."""
    return label(text, "hintText")


def plain_buttons(box: QDialogButtonBox) -> QDialogButtonBox:
    """The buttons of a box with names and without the style's own icons."""
    for each in box.buttons():
        each.setAccessibleName(each.text().replace("&", ""))
        each.setIcon(type(each.icon())())
    return box


class ComboBox(QComboBox):
    """A list to drop down that looks like our fields, with an arrow of its own."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        # Long names must not keep a dialog from being narrow.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_pen(self.palette().placeholderText().color()))
        x, y = self.width() - 16.0, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])


class CheckBox(QCheckBox):
    """A box with a frame that is seen on every ground."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)).adjusted(0.5, 0.5, -0.5, -0.5)
        colours, painter = self.palette(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(_pen(colours.accent().color() if self.isChecked() or self.hasFocus() else colours.placeholderText().color()))
        painter.setBrush(colours.accent().color() if self.isChecked() else colours.base().color())
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            painter.setPen(_pen(colours.highlightedText().color()))
            at = (QPointF(0.25, 0.5), QPointF(0.45, 0.7), QPointF(0.77, 0.3))
            painter.drawPolyline([QPointF(box.left() + p.x() * box.width(), box.top() + p.y() * box.height()) for p in at])


def _pen(colour: QColor) -> QPen:
    return QPen(colour, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


class Scrolled(QScrollArea):
    """A page that scrolls where the dialog is too small for it; the ground shows through. It is as high as its wrapped words need."""

    def __init__(self, inside: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("scrolled")
        inside.setObjectName("scrolledInside")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inside)
        inside.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        inside = self.widget()
        if inside is not None:
            inside.setMinimumHeight(max(0, inside.heightForWidth(self.viewport().width())))


def fit_height(dialog: QDialog) -> None:
    """Let a dialog without a scrolling page be at least as high as its wrapped words need."""
    layout = dialog.layout()
    if layout is not None:
        dialog.setMinimumHeight(layout.totalHeightForWidth(dialog.width()))


class Form(QGridLayout):
    """Names beside fields, one below the other. A field may be a layout; a row without a name is a remark on the one above."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(0)
        self.setColumnStretch(1, 1)

    def add(self, name: str, field: QWidget | QLayout) -> None:
        row = self.rowCount()
        space = 2 if not name else 12 if self.count() else 0
        if name:
            said = QLabel(name)
            said.setContentsMargins(0, space + (6 if isinstance(field, (QLineEdit, QComboBox, QLayout)) else 0), 0, 0)
            self.addWidget(said, row, 0, Qt.AlignmentFlag.AlignTop)
            if isinstance(field, QWidget):
                said.setBuddy(field)
        if isinstance(field, QLabel):
            field.setContentsMargins(0, space, 0, 2)
            self.addWidget(field, row, 1)
            return
        inside = QVBoxLayout()
        inside.setContentsMargins(0, space, 0, 0)
        if isinstance(field, QWidget):
            inside.addWidget(field)
        else:
            inside.addLayout(field)
        self.addLayout(inside, row, 1)


class Facts(QWidget):
    """What is so, line by line: a name in the second colour, and beside it words that can be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.rows: tuple[tuple[str, str], ...] = ()

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        self.rows = tuple(rows)
        while item := self._grid.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at, (name, said) in enumerate(self.rows):
            left, right = hint(name), label(said)
            left.setWordWrap(False)
            left.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            left.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            right.setAccessibleName(name)
            right.setAccessibleDescription(said)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
            right.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self._grid.addWidget(left, at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(right, at, 1, Qt.AlignmentFlag.AlignTop)
