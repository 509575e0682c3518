"""The pages that stand in for the list: the invitation while no folder is searched, a failure to start, an empty list, and the drop overlay."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from notesearch.ui import icons
from notesearch.ui.bridge import Failure
from notesearch.ui.searches import Search
from notesearch.ui.theme import Theme

PROMISE = "Then type what you mean, and the passage you meant is there: exact words at once, meaning a moment later."
FORMATS = "Markdown, plain text, Org and reStructuredText. Your notes are only read, and nothing leaves this computer."


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
        choose_wanted, samples_wanted.
    """

    choose_wanted = Signal()
    samples_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("firstRun")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.choose = _button("Choose a folder\N{HORIZONTAL ELLIPSIS}", primary=True)
        self.samples = _button("Try the sample notes")
        self.choose.clicked.connect(self.choose_wanted)
        self.samples.clicked.connect(self.samples_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addStretch(1)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.samples)
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
        inner.addWidget(_label("hintText", FORMATS))
        zone.setMaximumWidth(560)
        zone.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        _centre(self, zone)
        theme.changed.connect(self._colour)
        self._colour()

    def _colour(self) -> None:
        self._icon.setPixmap(icons.pixmap("notesearch", self._theme.palette.accent, 72, self.devicePixelRatioF()))


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
    """Stands where the rows would be: what was searched, what is still to come, and wider searches one click away. Main thread.

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
        layout.setContentsMargins(24, 64, 24, 24)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addSpacing(12)
        layout.addLayout(self._buttons)
        layout.addStretch(1)

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


class DropOverlay(QWidget):
    """Covers the window while something that can be dropped is above it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._window = parent
        self._text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def offer(self, text: str) -> None:
        self._text = text
        self.setAccessibleName(text)
        self.resize(self._window.size())
        self.show()
        self.raise_()
        self.update()

    def sizeHint(self) -> QSize:
        return self._window.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.palette.panel)
        veil.setAlpha(225)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        painter.setPen(QPen(self._theme.colour("accent"), 2, Qt.PenStyle.DashLine))
        painter.setBrush(self._theme.colour("accent_ground"))
        painter.drawRoundedRect(frame, 12, 12)
        used = self.font()
        used.setPixelSize(20)
        painter.setFont(used)
        painter.setPen(self._theme.colour("accent"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._text)


def _centre(page: QWidget, content: QWidget) -> None:
    """Put `content` in the middle, a little above the half, with its margins giving way first."""
    across = QHBoxLayout()
    across.addStretch(1)
    across.addWidget(content, 8)
    across.addStretch(1)
    down = QVBoxLayout(page)
    down.setContentsMargins(24, 24, 24, 24)
    down.addStretch(2)
    down.addLayout(across)
    down.addStretch(3)
