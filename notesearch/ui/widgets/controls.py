"""Small parts of dialogs: buttons, hints, a column of facts, a page that scrolls, rows of a list. Main
thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from notesearch.ui.widgets.theme import ROW_TITLE, SMALL, Theme, font

Index = QModelIndex | QPersistentModelIndex
Buttons = TypeVar("Buttons", QDialogButtonBox, QMessageBox)

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
SPACING = 8
NARROW = 400
NARROW_WORDS = 240
LEAST_WORDS = 120


def button(text: str, slot: object, *, primary: bool = False, name: str = "") -> QPushButton:
    """A button that Enter in a field does not press. Its name for a screen reader is its text, unless `name`
    is given."""
    made = QPushButton(text)
    made.setAccessibleName(name or text.replace("&", "").replace(ELLIPSIS, ""))
    made.setAutoDefault(False)
    if primary:
        made.setObjectName("primary")
    made.clicked.connect(slot)
    return made


def label(text: str = "", name: str = "") -> QLabel:
    """A label of plain text that wraps. `name` is its name in the style sheet."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return made


def hint(text: str = "") -> QLabel:
    """A label in the secondary colour."""
    return label(text, "hintText")


def plain_buttons(box: Buttons) -> Buttons:
    """Give the buttons of a box names for screen readers, and remove the style's icons."""
    for each in box.buttons():
        each.setAccessibleName(each.text().replace("&", ""))
        each.setIcon(type(each.icon())())
    return box


class Question(QMessageBox):
    """Asks the user before something that cannot be undone. `does` is the text of the button that does it;
    Enter presses Cancel. `accepted` is emitted when that button is pressed."""

    def __init__(self, title: str, text: str, meaning: str, does: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setText(text)
        self.setInformativeText(meaning)
        self.addButton(does, QMessageBox.ButtonRole.AcceptRole)
        self._cancel = self.addButton(QMessageBox.StandardButton.Cancel)
        plain_buttons(self)
        self.setDefaultButton(self._cancel)

    def event(self, event: QEvent) -> bool:
        """Keep Cancel the default button: Qt makes it the first button when the appearance changes."""
        done = super().event(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.LayoutRequest):
            # Not the box's `setDefaultButton`, which also moves the focus.
            self._cancel.setDefault(True)
        return done


class Choice(QMessageBox):
    """Asks the user to choose between two harmless actions. Enter does the first, Esc does neither.

    Signals:
        chosen: whether it is the first.
    """

    chosen = Signal(bool)

    def __init__(self, title: str, text: str, meaning: str, first: str, second: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setText(text)
        self.setInformativeText(meaning)
        self._first = self.addButton(first, QMessageBox.ButtonRole.AcceptRole)
        self._second = self.addButton(second, QMessageBox.ButtonRole.DestructiveRole)
        # For Esc: without this button the box would ignore it.
        self._neither = self.addButton(QMessageBox.StandardButton.Cancel)
        self.setEscapeButton(self._neither)
        plain_buttons(self)
        self.setDefaultButton(self._first)
        self.finished.connect(self._on_finished)

    def _on_finished(self) -> None:
        if self.clickedButton() in (self._first, self._second):
            self.chosen.emit(self.clickedButton() is self._first)


class ComboBox(QComboBox):
    """A drop-down list in the style of our fields, with an arrow of its own."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        # On X11 and Wayland, Qt names such a list for screen readers by what is chosen in it.
        self.setAccessibleDescription(name)
        # Long entries must not make a dialog wide.
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
    """A check box with a frame that is visible on every background."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._words = text
        self.setAccessibleName(text)

    def set_narrow(self, *, narrow: bool) -> None:
        """Break the text into lines for a narrow dialog; Qt's own box does not."""
        lines, metrics = [""], self.fontMetrics()
        for word in self._words.split():
            longer = f"{lines[-1]} {word}".strip()
            if narrow and lines[-1] and metrics.horizontalAdvance(longer) > NARROW_WORDS:
                lines.append(word)
            else:
                lines[-1] = longer
        self.setText("\n".join(lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(
            self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        ).adjusted(0.5, 0.5, -0.5, -0.5)
        colours, painter = self.palette(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(
            _pen(
                colours.accent().color()
                if self.isChecked() or self.hasFocus()
                else colours.placeholderText().color()
            )
        )
        painter.setBrush(colours.accent().color() if self.isChecked() else colours.base().color())
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            painter.setPen(_pen(colours.highlightedText().color()))
            at = (QPointF(0.25, 0.5), QPointF(0.45, 0.7), QPointF(0.77, 0.3))
            painter.drawPolyline(
                [QPointF(box.left() + p.x() * box.width(), box.top() + p.y() * box.height()) for p in at]
            )


def _pen(colour: QColor) -> QPen:
    return QPen(colour, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


class Scrolled(QScrollArea):
    """A page that scrolls where the dialog is too small for it. It is as high as its wrapped text needs, and
    its background is transparent."""

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
        for form in self.findChildren(Form):
            form.set_narrow(narrow=self.viewport().width() < NARROW)
        inside = self.widget()
        if inside is not None:
            inside.setMinimumHeight(max(0, inside.heightForWidth(self.viewport().width())))


def fit_height(dialog: QDialog) -> None:
    """Make a dialog without a scrolling page at least as high as its wrapped text needs."""
    layout = dialog.layout()
    if layout is not None:
        dialog.setMinimumHeight(layout.totalHeightForWidth(dialog.width()))


class ControlRow(QWidget):
    """Parts side by side, or one below the other where the width is too small. `gap`: parts after this many
    are at the right edge. The part `wide` takes the remaining width."""

    def __init__(self, parts: Sequence[QWidget], *, gap: int = -1, wide: int = -1) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._gap, self._wide = gap, wide
        for part in self._parts:
            part.setParent(self)
        # Laid out here, and not by a layout of Qt, which would decide the row's height itself.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def minimumSizeHint(self) -> QSize:
        least = (
            part.minimumSizeHint().width() if isinstance(part, ControlRow) else _least(part)
            for part in self._shown
        )
        return QSize(max(least, default=0), self.heightForWidth(self.width()))

    def sizeHint(self) -> QSize:
        return QSize(self._needed(), self.heightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        shown, room = self._shown, width - self._needed()
        if room >= 0:
            return max((_height(part, room + _least(part)) for part in shown), default=0)
        return sum(_height(part, width) for part in shown) + SPACING * max(0, len(shown) - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
            self.updateGeometry()
        return super().event(event)

    def _arrange(self) -> None:
        room = self.width() - self._needed()
        x = y = 0
        for at, part in enumerate(self._parts):
            if part not in self._shown:
                continue
            if room < 0:
                height = _height(part, self.width())
                part.setGeometry(0, y, self.width(), height)
                y += height + SPACING
                continue
            width = _least(part) + (room if at == self._wide else 0)
            height = _height(part, width)
            x += room if at == self._gap else 0
            part.setGeometry(x, (self.height() - height) // 2, width, height)
            x += width + SPACING

    def _needed(self) -> int:
        return sum(_least(part) for part in self._shown) + SPACING * max(0, len(self._shown) - 1)

    @property
    def _shown(self) -> list[QWidget]:
        """The parts that are not hidden explicitly. Before a dialog is shown, those count as visible, too."""
        explicit = Qt.WidgetAttribute.WA_WState_ExplicitShowHide
        return [part for part in self._parts if not (part.isHidden() and part.testAttribute(explicit))]


def _least(part: QWidget) -> int:
    """The least width of a part. Wrapping text needs little."""
    return LEAST_WORDS if isinstance(part, QLabel) and part.wordWrap() else part.sizeHint().width()


def _height(part: QWidget, width: int) -> int:
    return part.heightForWidth(width) if part.hasHeightForWidth() else part.sizeHint().height()


class Form(QWidget):
    """Labels beside fields, one below the other. In a narrow dialog the labels are above their fields."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[QLabel | None, QWidget]] = []
        self._narrow: bool | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)

    def add(self, name: str, field: QWidget) -> None:
        """Add a row. Without a name it is a remark on the row above."""
        said = None
        if name:
            said = QLabel(name, self)
            said.setBuddy(field)
        self._rows.append((said, field))
        self._narrow = None
        self.set_narrow(narrow=False)

    def set_narrow(self, *, narrow: bool) -> None:
        """Put each label above its field (narrow), or beside it."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        while self._grid.takeAt(0):
            pass
        for at, (said, field) in enumerate(self._rows):
            space = (12 if at else 0) if said is not None else 2
            if said is not None:
                tall = not isinstance(field, (QLabel, QCheckBox))
                said.setContentsMargins(0, space + (6 if tall and not narrow else 0), 0, 4 if narrow else 0)
                self._grid.addWidget(said, 2 * at, 0, 1, 2 if narrow else 1, Qt.AlignmentFlag.AlignTop)
            if isinstance(field, CheckBox):
                field.set_narrow(narrow=narrow)
            inside = QVBoxLayout()
            inside.setContentsMargins(0, 0 if narrow and said is not None else space, 0, 0)
            inside.addWidget(field)
            self._grid.addLayout(inside, 2 * at + int(narrow), 0 if narrow else 1, 1, 2 if narrow else 1)


class Facts(QWidget):
    """A table of facts: a name in the secondary colour on each line, and beside it text that can be
    selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.rows: tuple[tuple[str, str], ...] = ()

    def show_rows(self, rows: Sequence[tuple[str, str]], more: Mapping[str, QWidget] | None = None) -> None:
        """Show these rows of (name, text). `more`: a widget beside the text of a name; it is deleted with its
        row."""
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
            right.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            right.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            extra = more.get(name) if more is not None else None
            self._grid.addWidget(
                left, at, 0, Qt.AlignmentFlag.AlignTop if extra is None else Qt.AlignmentFlag.AlignVCenter
            )
            if extra is None:
                self._grid.addWidget(right, at, 1, Qt.AlignmentFlag.AlignTop)
            else:
                self._grid.addWidget(ControlRow((right, extra), wide=0), at, 1, Qt.AlignmentFlag.AlignTop)


class RowDelegate(QStyledItemDelegate):
    """Paints list rows of a title and small lines below it. This class paints the background, which shows the
    selected row; a subclass paints the text."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title, self._small = font(ROW_TITLE), font(SMALL)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, state = option.rect, option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.colour("accent_ground"))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), self._theme.colour("accent"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, self._theme.colour("hover"))
        painter.setPen(QPen(self._theme.colour("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        self.paint_words(painter, rect, index)
        painter.restore()

    def paint_words(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Paint the text of a row into `rect`. Each subclass has its own."""
        raise NotImplementedError

    def paint_line(
        self,
        painter: QPainter,
        rect: QRect,
        said: str,
        colour: str,
        *,
        big: bool = False,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> int:
        """Paint one line, cut to the rectangle. `big`: as a title. Returns the width of the text."""
        chosen = self._title if big else self._small
        metrics = QFontMetrics(chosen)
        shown = metrics.elidedText(said, elide, rect.width())
        painter.setFont(chosen)
        painter.setPen(self._theme.colour(colour))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)
        return metrics.horizontalAdvance(shown)
