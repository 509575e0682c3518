"""The ledger: a table of the requests that providers answered. It never shows a text."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import LedgerEntry, Spent
from notesearch.ui.widgets.controls import button, hint
from notesearch.wording import model_texts as wording_models
from notesearch.wording.translation import _

FIGURES_FROM = 4
LAST_FIGURE = 6


class LedgerDialog(QDialog):
    """Shows LedgerEntries, newest first, accessible name "Ledger". Main thread.

    Signals:
        reveal_wanted: show the folder of the files.
    """

    reveal_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Ledger"))
        self.setAccessibleName(_("Ledger"))
        self.resize(960, 480)
        self.setMinimumSize(340, 300)
        self.heading = hint(_("Reading the ledger"))
        self.table = QTableWidget(0, len(wording_models.ledger_columns()))
        self.table.setAccessibleName(_("Requests"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(28)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(56)
        for column, title in enumerate(wording_models.ledger_columns()):
            head = QTableWidgetItem(title)
            head.setTextAlignment(_alignment(column))
            self.table.setHorizontalHeaderItem(column, head)
        self.reveal = button(_("Show the file"), self.reveal_wanted)
        below = QHBoxLayout()
        below.addWidget(self.reveal)
        below.addStretch(1)
        below.addWidget(button(_("Close"), self.reject))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.heading)
        layout.addWidget(self.table, 1)
        layout.addLayout(below)
        self.reveal.setEnabled(False)

    def show_entries(self, entries: tuple[LedgerEntry, ...]) -> None:
        """Show these requests and what they cost together."""
        self.reveal.setEnabled(bool(entries))
        self.table.setRowCount(len(entries))
        sums = Spent()
        for row, entry in enumerate(entries):
            sums = sums.plus(entry)
            for column, said in enumerate(wording_models.ledger_row(entry)):
                item = QTableWidgetItem(said)
                item.setTextAlignment(_alignment(column))
                item.setToolTip(said)
                self.table.setItem(row, column, item)
        if entries:
            self.table.setCurrentCell(0, 0)
        shown = f"{wording_models.spent(sums)}. " if entries else _("No provider was asked yet. ")
        self.heading.setText(_("{shown}The files hold no text of yours and no key.", shown=shown))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = (
        Qt.AlignmentFlag.AlignRight if FIGURES_FROM <= column <= LAST_FIGURE else Qt.AlignmentFlag.AlignLeft
    )
    return side | Qt.AlignmentFlag.AlignVCenter
