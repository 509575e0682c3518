"""The search field: the text that is typed, and the filters beside it as chips, which a click removes."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from notesearch.ui.results.searches import Search
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.theme import Theme
from notesearch.wording.translation import N_, _

PLACEHOLDER = N_("Search by words or by meaning")
CHIP_ROOM = 180
# Keys by which an input method chooses a candidate, accepts it or gives up.
COMPOSING_KEYS = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Backspace,
)


class SearchField(QLineEdit):
    """The line for typing. Its keys move in the list while the keyboard stays in the line. Main thread.

    Signals:
        moved: rows to move in the list; paged: pages to move.
        fold_wanted: Right was pressed at the end of the text.
        copy_wanted: Ctrl+C with nothing selected.
        escaped: Esc. older_wanted, newer_wanted: the history. chip_wanted: Backspace at the very beginning.
        focus_changed: whether the field has the focus.
    """

    moved = Signal(int)
    paged = Signal(int)
    fold_wanted = Signal()
    copy_wanted = Signal()
    escaped = Signal()
    older_wanted = Signal()
    newer_wanted = Signal()
    chip_wanted = Signal()
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, name: str = N_("Search notes")) -> None:
        super().__init__(parent)
        self.setObjectName("searchField")
        self.setAccessibleName(_(name))
        self.setAccessibleDescription(
            _("Type words or a meaning; Up and Down move in the results, Enter opens")
        )
        self.setPlaceholderText(_(PLACEHOLDER))
        self._composing = False
        self.setFrame(False)
        self.setAcceptDrops(False)
        self.setAttribute(Qt.WidgetAttribute.WA_MacShowFocusRect, False)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._composing and event.key() in COMPOSING_KEYS:
            event.accept()
        elif not self._steers(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """While an input method composes text, Tab belongs to it, as the other keys do."""
        return self._composing or super().focusNextPrevChild(forward)

    def _steers(self, event: QKeyEvent) -> bool:
        key, modifiers = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        back = modifiers in (Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier)
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and (plain or back):
            up = key == Qt.Key.Key_Up
            if plain:
                self.moved.emit(-1 if up else 1)
            else:
                (self.older_wanted if up else self.newer_wanted).emit()
        elif plain and key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.paged.emit(1 if key == Qt.Key.Key_PageDown else -1)
        elif (
            plain
            and key == Qt.Key.Key_Right
            and self.cursorPosition() == len(self.text())
            and not self.hasSelectedText()
        ):
            self.fold_wanted.emit()
        elif plain and key == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif (
            plain
            and key == Qt.Key.Key_Backspace
            and self.cursorPosition() == 0
            and not self.hasSelectedText()
        ):
            self.chip_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Copy) and not self.hasSelectedText():
            self.copy_wanted.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        else:
            return False
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)


class SearchBox(QFrame):
    """Field, chips and icon in one frame. It holds the present Search. Main thread.

    Signals:
        changed: another Search is asked, by typing or by a chip.
        typed: the user typed, as against a search put there by the program.
    """

    changed = Signal(object)
    typed = Signal()

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, name: str = N_("Search notes")
    ) -> None:
        super().__init__(parent)
        self.setObjectName("searchBox")
        self.setFixedHeight(36)
        self._theme = theme
        self._search = Search()
        self._chips: list[QToolButton] = []
        self.field = SearchField(self, name=name)
        self.setFocusProxy(self.field)
        self._icon = QLabel(self)
        self._icon.setFixedWidth(16)
        self._clear = QToolButton(self)
        self._clear.setAccessibleName(_("Clear search"))
        self._clear.setToolTip(_("Clear (Esc)"))
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.setIconSize(QSize(14, 14))
        self._clear.hide()
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 0, 8, 0)
        self._layout.setSpacing(8)
        self._layout.addWidget(self._icon)
        self._layout.addWidget(self.field, 1)
        self._layout.addWidget(self._clear)
        self.field.textChanged.connect(self._on_text)
        self.field.textEdited.connect(self.typed)
        self.field.focus_changed.connect(self._on_focus)
        self.field.chip_wanted.connect(self._remove_last)
        self._clear.clicked.connect(self.clear)
        theme.changed.connect(self._colour)
        self._colour()

    @property
    def search(self) -> Search:
        """The present search: text, filters and folder."""
        return self._search

    def set_search(self, search: Search) -> None:
        """Set the search. Text and chips follow, and `changed` is emitted once."""
        if search == self._search:
            return
        self._search = search
        if self.field.text() != search.text:
            self.field.blockSignals(True)
            self.field.setText(search.text)
            self.field.blockSignals(False)
        self._show_chips()
        self.changed.emit(search)

    def clear(self) -> None:
        """Clear text and filters, and put the keyboard into the field."""
        self.set_search(Search())
        self.field.setFocus()

    def _on_text(self, text: str) -> None:
        self.set_search(replace(self._search, text=text))

    def _on_focus(self, focused: bool) -> None:
        self.setProperty("active", focused)
        self.style().unpolish(self)
        self.style().polish(self)

    def _remove_last(self) -> None:
        if self._search.filters:
            self.set_search(replace(self._search, filters=self._search.filters[:-1]))
        elif self._search.folder is not None:
            self.set_search(replace(self._search, folder=None))

    def _show_chips(self) -> None:
        self._clear.setVisible(not self._search.empty)
        wanted = [_("folder: {folder}", folder=self._search.folder.name)] if self._search.folder else []
        wanted += [f.replace(":", ": ", 1).replace('"', "") for f in self._search.filters]
        if wanted == [str(chip.property("said")) for chip in self._chips]:
            return
        for chip in self._chips:
            self._layout.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = [self._chip(said) for said in wanted]
        before: QWidget = self.field
        for i, chip in enumerate(self._chips):
            self._layout.insertWidget(2 + i, chip)
            # A chip is made after the other widgets, so it would else come last in the order of Tab.
            QWidget.setTabOrder(before, chip)
            before = chip

    def _chip(self, said: str) -> QToolButton:
        chip = QToolButton(self)
        chip.setObjectName("chip")
        chip.setProperty("said", said)
        short = chip.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, CHIP_ROOM)
        chip.setText(f"{short} \N{MULTIPLICATION SIGN}".replace("&", "&&"))
        chip.setAccessibleName(_("Remove filter {said}", said=said))
        chip.setToolTip(_("Remove the filter {said}", said=said))
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.clicked.connect(self._on_chip)
        return chip

    def _on_chip(self) -> None:
        at = self._chips.index(self.sender())  # type: ignore[arg-type]
        if self._search.folder is not None:
            at -= 1
        if at < 0:
            self.set_search(replace(self._search, folder=None))
        else:
            self.set_search(self._search.without_filter(self._search.filters[at]))
        self.field.setFocus()

    def _colour(self) -> None:
        self._icon.setPixmap(icons.pixmap("search", self._theme.palette.second, 16, self.devicePixelRatioF()))
        self._clear.setIcon(icons.icon("clear", self._theme.palette.third, 14))
