"""The pages that stand in for the list: the invitation while no folder is searched, a failure to start, and
an empty list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import Vault
from notesearch.ui.bridge.bridge import Failure
from notesearch.ui.bridge.formats import formats
from notesearch.ui.results.searches import Search
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.controls import Scrolled
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.wording import indexing as wording

PROMISE = (
    "Then type what you mean, and the passage you meant is there: exact words at once, meaning a "
    "moment later."
)
VAULTS_SHOWN = 4
# A window in which the two buttons do not stand side by side.
NARROW = 480


def _label(name: str, text: str = "", *, centred: bool = True) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if centred:
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    return label


def _button(text: str, *, primary: bool = False) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text.replace("\N{HORIZONTAL ELLIPSIS}", ""))
    if primary:
        button.setObjectName("primary")
    return button


class FirstRun(QWidget):
    """Invites to drop or choose a folder, or to try the sample notes. Main thread.

    Signals:
        choose_wanted, samples_wanted. vaults_asked: the page is in sight, other programs' folders may be
        looked for.
        vault_wanted: search this folder, a Path.
    """

    choose_wanted = Signal()
    samples_wanted = Signal()
    vaults_asked = Signal()
    vault_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("firstRun")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._asked = False
        self._vaults: tuple[Vault, ...] = ()
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.choose = _button("Choose a folder\N{HORIZONTAL ELLIPSIS}", primary=True)
        self.samples = _button("Try the sample notes")
        self.choose.clicked.connect(self.choose_wanted)
        self.samples.clicked.connect(self.samples_wanted)
        self._pair = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._pair.setSpacing(12)
        self._pair.addWidget(self.choose)
        self._pair.addWidget(self.samples)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addLayout(self._pair)
        buttons.addStretch(1)
        zone = QFrame()
        zone.setObjectName("dropZone")
        inner = QVBoxLayout(zone)
        inner.setContentsMargins(32, 32, 32, 32)
        inner.setSpacing(0)
        inner.addWidget(self._icon)
        inner.addSpacing(16)
        inner.addWidget(_label("pageTitle", "Drop your notes folder here"))
        inner.addSpacing(8)
        inner.addWidget(_label("pageText", PROMISE))
        inner.addSpacing(24)
        inner.addLayout(buttons)
        inner.addSpacing(24)
        inner.addWidget(_label("hintText", wording.formats_read(formats())))
        self._found = QWidget()
        self._rows = QVBoxLayout(self._found)
        self._rows.setContentsMargins(0, 24, 0, 0)
        self._rows.setSpacing(8)
        self._found.hide()
        inner.addWidget(self._found)
        zone.setMaximumWidth(560)
        zone.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        _centre(self, zone)
        theme.changed.connect(self._colour)
        self._colour()

    def show_vaults(self, vaults: tuple[Vault, ...]) -> None:
        """Offer the folders of other notes programs that are not searched yet, those with most notes."""
        offered = tuple(vault for vault in vaults if not vault.searched)[:VAULTS_SHOWN]
        if offered == self._vaults:
            return
        self._vaults = offered
        while item := self._rows.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if offered:
            self._rows.addWidget(_label("sectionTitle", "Found on this computer", centred=False))
        for vault in offered:
            self._rows.addWidget(self._row(vault))
        self._found.setVisible(bool(offered))

    def _row(self, vault: Vault) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(0)
        name = _label("", vault.path.name, centred=False)
        detail = _label("hintText", wording.vault_line(vault), centred=False)
        detail.setToolTip(str(vault.path))
        words.addWidget(name)
        words.addWidget(detail)
        add = _button("Search it")
        add.setAccessibleName(f"Search {vault.path.name}, {wording.vault_line(vault)}")
        add.clicked.connect(partial(self.vault_wanted.emit, vault.path))
        layout.addLayout(words, 1)
        layout.addWidget(add, 0, Qt.AlignmentFlag.AlignVCenter)
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self._pair.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._asked:
            self._asked = True
            self.vaults_asked.emit()

    def _colour(self) -> None:
        self._icon.setPixmap(
            icons.pixmap("notesearch", self._theme.palette.accent, 72, self.devicePixelRatioF())
        )


class FailurePage(QWidget):
    """Why Notesearch could not start, and what to do. Main thread.

    Signals:
        retry_wanted.
    """

    retry_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failurePage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = _label("pageTitle")
        self.hint = _label("pageText")
        self.retry = _button("Try again", primary=True)
        self.retry.clicked.connect(self.retry_wanted)
        box = QWidget()
        inner = QVBoxLayout(box)
        inner.setSpacing(12)
        inner.addWidget(self.title)
        inner.addWidget(self.hint)
        inner.addSpacing(8)
        inner.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        box.setMaximumWidth(520)
        _centre(self, box)

    def show_failure(self, failure: Failure) -> None:
        self.title.setText(failure.title)
        self.hint.setText(failure.hint)
        self.retry.setVisible(failure.retryable)


class EmptyState(QWidget):
    """Stands where the rows would be: what was searched, what is still to come, and wider searches one click
    away. Main thread.

    Signals:
        search_wanted: a wider Search.
    """

    search_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyState")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = _label("emptyTitle")
        self.text = _label("emptyText")
        self._searches: tuple[Search, ...] = ()
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addSpacing(12)
        layout.addLayout(self._buttons)
        layout.addStretch(1)
        self.set_margins(64)

    def set_margins(self, top: int) -> None:
        self.setContentsMargins(24, top, 24, 24)

    def say(self, title: str, text: str = "", looser: Sequence[tuple[str, Search]] = ()) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        searches = tuple(search for _, search in looser)
        if searches == self._searches:
            return
        self._searches = searches
        while item := self._buttons.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for i, (label, _) in enumerate(looser):
            button = _button(label)
            button.setProperty("at", i)
            button.clicked.connect(self._on_button)
            self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def _on_button(self) -> None:
        self.search_wanted.emit(self._searches[int(self.sender().property("at"))])


def _centre(page: QWidget, content: QWidget) -> None:
    """Put `content` in the middle, a little above the half, with its margins giving way first; what has no
    room is scrolled to."""
    across = QHBoxLayout()
    across.addStretch(1)
    across.addWidget(content, 8)
    across.addStretch(1)
    inside = QWidget()
    down = QVBoxLayout(inside)
    down.setContentsMargins(24, 24, 24, 24)
    down.addStretch(2)
    down.addLayout(across)
    down.addStretch(3)
    whole = QVBoxLayout(page)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(Scrolled(inside))
