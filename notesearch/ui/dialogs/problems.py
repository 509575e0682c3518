"""The Problems dialog: what could not be indexed, why, what to do, and trying again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from notesearch.domain import FileProblem
from notesearch.domain.file_names import harmless_name, shown_name
from notesearch.wording import signs
from notesearch.wording.told import sentence
from notesearch.wording.translation import _


class ProblemsDialog(QDialog):
    """Lists FileProblems, accessible name "Problems". Stays open while it is updated. Main thread.

    Signals:
        retry_wanted: a list of paths, or None for all. reveal_wanted: a path.
    """

    retry_wanted = Signal(object)
    reveal_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Problems"))
        self.setAccessibleName(_("Problems"))
        self.resize(640, 420)
        self._problems: tuple[FileProblem, ...] = ()
        self.heading = QLabel()
        self.heading.setObjectName("hintText")
        self.list = QListWidget()
        self.list.setAccessibleName(_("Problems"))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSpacing(4)
        self.retry = _button(_("Try again"), self._on_retry)
        self.retry_all = _button(_("Try all again"), self._on_retry_all)
        self.reveal = _button(_("Show in the file manager"), self._on_reveal)
        close = _button(_("Close"), self.close)
        buttons = QHBoxLayout()
        for button in (self.retry, self.retry_all, self.reveal):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.heading)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.list.currentRowChanged.connect(self._enable)
        self.show_problems(())

    def show_problems(self, problems: Sequence[FileProblem]) -> None:
        """Replace the list; the chosen problem stays chosen where it is still there."""
        chosen = self._chosen
        self._problems = tuple(problems)
        self.list.clear()
        for problem in self._problems:
            item = QListWidgetItem(f"{shown_name(problem.path)}\n{sentence(problem.what)}")
            item.setToolTip(harmless_name(problem.path))
            item.setSizeHint(QSize(0, 4 * 16))
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole,
                f"{shown_name(problem.path)}. {sentence(problem.what)} {harmless_name(problem.path)}",
            )
            self.list.addItem(item)
        at = next((i for i, p in enumerate(self._problems) if chosen and p.path == chosen.path), 0)
        self.list.setCurrentRow(at if self._problems else -1)
        several = signs.count(len(self._problems), "problem")
        self.heading.setText(
            _("{several}. Everything else is searched.", several=several)
            if self._problems
            else _("No problems: every note was read.")
        )
        self._enable()

    @property
    def _chosen(self) -> FileProblem | None:
        at = self.list.currentRow()
        return self._problems[at] if 0 <= at < len(self._problems) else None

    def _enable(self) -> None:
        chosen = self._chosen
        self.retry.setEnabled(chosen is not None and chosen.retryable)
        self.reveal.setEnabled(chosen is not None)
        self.retry_all.setEnabled(any(p.retryable for p in self._problems))

    def _on_retry(self) -> None:
        if self._chosen is not None:
            paths: list[Path] = [self._chosen.path]
            self.retry_wanted.emit(paths)

    def _on_retry_all(self) -> None:
        self.retry_wanted.emit(None)

    def _on_reveal(self) -> None:
        if self._chosen is not None:
            self.reveal_wanted.emit(self._chosen.path)


def _button(text: str, slot: object) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    button.clicked.connect(slot)
    return button
