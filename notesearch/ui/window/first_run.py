"""The pages in place of the search page: the first page, while no folder is searched, and the page for a
failed start."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import Vault
from notesearch.domain.file_names import harmless_name
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.format_list import formats
from notesearch.ui.bridge.table import operations
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.page_parts import centre, page_button, page_label
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import N_, _

PROMISE = N_(
    "Then type what you mean, and the passage you meant is there: exact words at once, meaning a "
    "moment later."
)
VAULTS_SHOWN = 4
# Pixels: in a narrower window the two buttons are one below the other.
NARROW = 480


class FirstRun(QWidget):
    """The first page: invites the user to drop or choose a folder, or to try the sample notes. Main thread.

    Signals:
        choose_wanted, samples_wanted. vault_wanted: search this folder, a Path.
    """

    choose_wanted = Signal()
    samples_wanted = Signal()
    vault_wanted = Signal(object)

    def __init__(self, bridge: Bridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.setObjectName("firstRun")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._asked = False
        self._vaults: tuple[Vault, ...] = ()
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.choose = page_button(_("Choose a folder\N{HORIZONTAL ELLIPSIS}"), primary=True)
        self.samples = page_button(_("Try the sample notes"))
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
        inner.addWidget(page_label("pageTitle", _("Drop your notes folder here")))
        inner.addSpacing(8)
        inner.addWidget(page_label("pageText", _(PROMISE)))
        inner.addSpacing(24)
        inner.addLayout(buttons)
        inner.addSpacing(24)
        inner.addWidget(page_label("hintText", wording.formats_read(formats())))
        self._found = QWidget()
        self._rows = QVBoxLayout(self._found)
        self._rows.setContentsMargins(0, 24, 0, 0)
        self._rows.setSpacing(8)
        self._found.hide()
        inner.addWidget(self._found)
        zone.setMaximumWidth(560)
        zone.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        centre(self, zone)
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
            self._rows.addWidget(page_label("sectionTitle", _("Found on this computer"), centred=False))
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
        name = page_label("", harmless_name(vault.path.name), centred=False)
        detail = page_label("hintText", wording.vault_line(vault), centred=False)
        detail.setToolTip(harmless_name(vault.path))
        words.addWidget(name)
        words.addWidget(detail)
        add = page_button(_("Search it"))
        add.setAccessibleName(
            _("Search {path}, {vault_line}", path=vault.path.name, vault_line=wording.vault_line(vault))
        )
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
            self._bridge.call(operations.find_vaults, self.show_vaults)

    def _colour(self) -> None:
        self._icon.setPixmap(
            icons.pixmap("notesearch", self._theme.palette.accent, 72, self.devicePixelRatioF())
        )


class FailurePage(QWidget):
    """Why Notesearch could not start, and what to do. Main thread.

    Signals:
        retry_wanted.
        repair_wanted: for a damaged database.
    """

    retry_wanted = Signal()
    repair_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failurePage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = page_label("pageTitle")
        self.hint = page_label("pageText")
        self.retry = page_button(_("Try again"), primary=True)
        self.retry.clicked.connect(self.retry_wanted)
        self.repair = page_button(_("Repair"))
        self.repair.clicked.connect(self.repair_wanted)
        box = QWidget()
        inner = QVBoxLayout(box)
        inner.setSpacing(12)
        inner.addWidget(self.title)
        inner.addWidget(self.hint)
        inner.addSpacing(8)
        inner.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addWidget(self.repair, 0, Qt.AlignmentFlag.AlignHCenter)
        box.setMaximumWidth(520)
        centre(self, box)

    def show_failure(self, failure: Failure) -> None:
        """Say why the engine does not start, and offer to try again where that may help."""
        self.title.setText(failure.title)
        self.hint.setText(failure.hint)
        self.retry.setVisible(failure.retryable)
        self.repair.setVisible(failure.repairable)
