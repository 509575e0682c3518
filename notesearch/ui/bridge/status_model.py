"""Keeps the newest status of the indexer, for views that show some of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from notesearch.domain import IndexingStatus


class StatusModel(QObject):
    """Keeps the newest IndexingStatus and the one before it. Main thread. `status` is None until the engine
    told one.

    Signals:
        changed: an IndexingStatus, at most ten times a second.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.status: IndexingStatus | None = None
        self.before: IndexingStatus | None = None

    def take(self, status: IndexingStatus) -> None:
        """Take a new status from the engine."""
        self.before, self.status = self.status, status
        self.changed.emit(status)

    def follow(self, show: Callable[[IndexingStatus], object]) -> None:
        """Call `show`, a bound method of a QObject, with the present status and with each new one, until that
        object is gone."""
        self.changed.connect(show)
        if self.status is not None:
            show(self.status)
