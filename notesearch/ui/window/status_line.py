"""The line at the bottom: what the indexer does, how far it is, pause and resume, and a button for the
problems."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from notesearch.domain import IndexingState, IndexingStatus
from notesearch.ui.bridge.status_model import StatusModel
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.theme import STATUS_LINE, Theme
from notesearch.wording import signs
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import N_, _

BAR_FROM, DETAIL_FROM, MODEL_FROM = 700, 440, 900
LOCAL = N_("Everything stays on this computer")
WORKING = (IndexingState.INDEXING, IndexingState.SCANNING, IndexingState.PAUSED)


class ProgressLine(QWidget):
    """A thin bar: how much of the work under way is done."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._part = 0.0
        self.setFixedSize(140, 16)
        theme.changed.connect(self.update)

    def show_part(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        self._part = min(1.0, done / total) if total else 0.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = (self.height() - 4) / 2
        for colour, part in (("line", 1.0), ("accent", self._part)):
            painter.setBrush(self._theme.colour(colour))
            painter.drawRoundedRect(QRectF(0, top, self.width() * part, 4), 2, 2)


class StatusLine(QFrame):
    """Shows an IndexingStatus. Accessible name "Indexing status", its description says the same as the line.
    Main thread.

    Signals:
        pause_wanted, resume_wanted, problems_wanted.
    """

    pause_wanted = Signal()
    resume_wanted = Signal()
    problems_wanted = Signal()

    def __init__(self, theme: Theme, statuses: StatusModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.setAccessibleName(_("Indexing status"))
        self.setFixedHeight(STATUS_LINE)
        self._theme = theme
        self._paused = False
        self._working = False
        self.lead = QLabel()
        self.detail = QLabel()
        self.bar = ProgressLine(theme)
        self.pause = _button(_("Pause indexing"))
        self.pause.setObjectName("pauseButton")
        self.pause.setIconSize(QSize(14, 14))
        self.problems = _button(_("Problems"))
        self.problems.setObjectName("problemsButton")
        self.model = QLabel()
        self.model.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.model.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._told = QTimer(self, singleShot=True, interval=3000)
        self._told.timeout.connect(self._show_models)
        self._models = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 16, 0)
        layout.setSpacing(0)
        for widget, space in (
            (self.lead, 16),
            (self.bar, 16),
            (self.detail, 0),
            (self.problems, 8),
            (self.pause, 8),
        ):
            layout.addWidget(widget)
            layout.addSpacing(space)
        layout.addWidget(self.model, 1)
        layout.addStretch(0)
        self.pause.clicked.connect(self._on_pause)
        self.problems.clicked.connect(self.problems_wanted)
        theme.changed.connect(self._colour)
        self.show_status(IndexingStatus(state=IndexingState.STARTING))
        statuses.follow(self.show_status)

    def show_status(self, status: IndexingStatus) -> None:
        """Say what the indexer does."""
        lead, detail = wording.status_lead(status), wording.status_detail(status)
        problems = signs.count(status.problems, "problem") if status.problems else ""
        self.lead.setText(lead)
        self.detail.setText(detail)
        self.problems.setText(f"{signs.DOT.strip()} {problems}" if detail else problems)
        self.problems.setVisible(bool(problems))
        self.problems.setAccessibleName(
            _("Show {problems}", problems=problems) if problems else _("Show problems")
        )
        done, total = wording.progress(status)
        self._working = status.state in WORKING and total > 0
        self._make_room()
        self.bar.show_part(done, total)
        self.pause.setVisible(status.state in WORKING)
        self._models = _models(status) or _(LOCAL)
        if not self._told.isActive():
            self._show_models()
        spoken = signs.DOT.join(filter(None, [lead, detail, problems]))
        if spoken != self.accessibleDescription():
            self.setAccessibleDescription(spoken)
        if self._paused != (status.state is IndexingState.PAUSED) or self.pause.icon().isNull():
            self._paused = status.state is IndexingState.PAUSED
            self._colour()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """In a narrow window hide parts: first the bar, then the time that is left. The buttons stay."""
        self.bar.setVisible(self._working and self.width() >= BAR_FROM)
        self.detail.setVisible(bool(self.detail.text()) and self.width() >= DETAIL_FROM)
        self.model.setVisible(self._told.isActive() or self.width() >= MODEL_FROM)

    def tell(self, said: str) -> None:
        """Show a text at the right end of the line for three seconds."""
        self._told.start()
        self.model.setText(said)
        self._make_room()

    @property
    def telling(self) -> bool:
        """Whether something is being said in passing."""
        return self._told.isActive()

    def _show_models(self) -> None:
        self.model.setText(self._models)
        self._make_room()

    def _colour(self) -> None:
        said = _("Resume indexing") if self._paused else _("Pause indexing")
        self.pause.setIcon(icons.icon("play" if self._paused else "pause", self._theme.palette.second, 14))
        self.pause.setAccessibleName(said)
        self.pause.setToolTip(said)

    def _on_pause(self) -> None:
        (self.resume_wanted if self._paused else self.pause_wanted).emit()


def _models(status: IndexingStatus) -> str:
    """The remote models that are being sent texts, as text; "" for none."""
    agreed = {
        m for folder in status.folders for m in (folder.model, folder.next_model if folder.agreed else "")
    }
    return ", ".join(
        sorted(model.rpartition("/")[2] for model in agreed if model and not model.startswith("local/"))
    )


def _button(name: str) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(name)
    button.setAutoRaise(True)
    return button
