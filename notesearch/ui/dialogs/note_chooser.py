"""A list of a folder's notes to choose one from: all of them, found by words, or those that are held back
from a remote model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import HeldNote, Match
from notesearch.domain.file_names import folder_names, harmless_name
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.table import operations
from notesearch.ui.widgets.controls import ComboBox, Index, RowDelegate, hint
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import model_texts as wording_models
from notesearch.wording.signs import count
from notesearch.wording.status_texts import PATH_SEPARATOR
from notesearch.wording.translation import N_, _

PATH_ROLE = int(Qt.ItemDataRole.UserRole)
LINES_ROLE, IGNORED_ROLE = PATH_ROLE + 1, PATH_ROLE + 2
TYPING_RESTS_MS = 150
HELD_SHOWN = 500
LINE = 17
ALL, HELD = N_("All notes"), N_("Held back or ignored")


class NoteDelegate(RowDelegate):
    """Paints a note's title, and below it where the note is and why something of it is held back."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, 36 + LINE * len(index.data(LINES_ROLE) or ()))

    def paint_words(self, painter: QPainter, rect: QRect, index: Index) -> None:
        inner = rect.adjusted(12, 8, -12, -8)
        title, colour = (
            index.data(Qt.ItemDataRole.DisplayRole),
            "second" if index.data(IGNORED_ROLE) else "text",
        )
        self.paint_line(painter, QRect(inner.left(), inner.top(), inner.width(), 18), title, colour, big=True)
        for at, (colour, said) in enumerate(index.data(LINES_ROLE) or ()):
            self.paint_line(
                painter, QRect(inner.left(), inner.top() + 20 + at * LINE, inner.width(), 16), said, colour
            )


class NoteChooser(QWidget):
    """A list of a folder's notes to choose one from. Main thread.

    Signals:
        chosen: the Path of a note. ignored_chosen: that of one that an ignore file names, so that there is
        nothing to show of it.
        emptied: why there is no note to choose from.
    """

    chosen = Signal(object)
    ignored_chosen = Signal(object)
    emptied = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        folder: Path,
        *,
        held: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._folder = folder
        self._asked: Call | None = None
        self._held: tuple[HeldNote, ...] = ()
        self._current: Path | None = None
        self._dismissed: Path | None = None
        self.which = ComboBox(_("Which notes"))
        self.which.addItems([_(ALL), _(HELD)])
        self.which.setCurrentIndex(1 if held else 0)
        self.field = QLineEdit()
        self.field.setAccessibleName(_("Find a note"))
        self.field.setPlaceholderText(_("Find a note"))
        self.field.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setObjectName("noteList")
        self.list.setAccessibleName(_("Notes"))
        self.list.setItemDelegate(NoteDelegate(theme, self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.more = hint()
        self.more.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        for part, stretch in ((self.which, 0), (self.field, 0), (self.list, 1), (self.more, 0)):
            layout.addWidget(part, stretch)
        self._timer = QTimer(self, singleShot=True, interval=TYPING_RESTS_MS)
        self._timer.timeout.connect(self._find)
        self.field.textChanged.connect(self._timer.start)
        self.which.currentIndexChanged.connect(self._on_which)
        self.list.currentItemChanged.connect(self._on_note)
        self._ask()

    @property
    def held(self) -> bool:
        """Whether the notes that are held back are listed."""
        return self.which.currentIndex() == 1

    def _ask(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
        if self.held:
            self._asked = self._bridge.call(
                operations.held_back, self._on_held, folder=self._folder, limit=HELD_SHOWN
            )
        else:
            self._asked = self._bridge.call(
                operations.find_notes, self._on_notes, folder=self._folder, text=self.field.text()
            )

    def _find(self) -> None:
        if self.held:
            self._show_held()
        else:
            self._ask()

    def _on_which(self, *_: int) -> None:
        self._held = ()
        self.more.hide()
        self._ask()

    def leave_out(self, path: Path) -> None:
        """Take a note whose passages were allowed off the list of held-back notes. It stays the chosen
        one."""
        self._dismissed = path
        if self.held:
            self._ask()

    def _on_notes(self, notes: tuple[Match, ...]) -> None:
        self._fill(
            [
                _item(match.title, match.path, [("third", PATH_SEPARATOR.join(match.folder_names))])
                for match in notes
            ]
        )
        if not notes:
            self.emptied.emit(_("No note of this folder has these words."))

    def _on_held(self, notes: tuple[HeldNote, ...]) -> None:
        self._held = notes
        ignored = sum(note.ignored for note in notes)
        full = max(ignored, len(notes) - ignored) >= HELD_SHOWN
        self.more.setText(_("The first {HELD_SHOWN:,} are listed.", HELD_SHOWN=HELD_SHOWN) if full else "")
        self.more.setVisible(full)
        self._show_held()

    def _show_held(self) -> None:
        wanted = self.field.text().casefold().split()
        found = [
            note
            for note in self._held
            if all(word in f"{note.title} {note.path}".casefold() for word in wanted)
        ]
        self._fill([self._held_item(note) for note in found])
        if not self._held:
            self.emptied.emit(_("Nothing is held back, and no ignore file names a note."))
        elif not found:
            self.emptied.emit(_("No note that is held back has these words."))

    def _held_item(self, note: HeldNote) -> QListWidgetItem:
        why = ("third" if note.ignored else "warning", wording_models.why_held(note))
        return _item(
            note.title,
            note.path,
            [("third", PATH_SEPARATOR.join(folder_names(self._folder, note.path))), why],
            ignored=note.ignored,
        )

    def _fill(self, items: Sequence[QListWidgetItem]) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for item in items:
            self.list.addItem(item)
        self.list.setCurrentRow(-1)
        self.list.blockSignals(False)
        self.list.setAccessibleDescription(count(len(items)))
        at = next((i for i, item in enumerate(items) if item.data(PATH_ROLE) == self._current), -1)
        if at < 0 and (self._current is None or self._current != self._dismissed):
            at = 0
        if items:
            self.list.setCurrentRow(at)

    def _on_note(self, item: QListWidgetItem | None, _: object) -> None:
        if item is None:
            return
        self._current = item.data(PATH_ROLE)
        (self.ignored_chosen if item.data(IGNORED_ROLE) else self.chosen).emit(self._current)


def _item(
    title: str, path: Path, lines: Sequence[tuple[str, str]], *, ignored: bool = False
) -> QListWidgetItem:
    """`lines`: (colour, words) below the title."""
    item = QListWidgetItem(title)
    item.setData(PATH_ROLE, path)
    item.setData(LINES_ROLE, tuple(lines))
    item.setData(IGNORED_ROLE, ignored)
    item.setToolTip(harmless_name(path))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join([title, *(said for _, said in lines)]))
    return item
