"""The settings while they are edited: one value for all pages, each change taking effect at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from notesearch.config.settings import Settings


class SettingsEdit(QObject):
    """Main thread.

    Signals:
        changed: the Settings as they shall be, by a page. reloaded: they changed behind the pages.
    """

    changed = Signal(object)
    reloaded = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        # What was handed on and has not come back yet.
        self._sent: list[Settings] = []

    def set(self, **changes: Any) -> None:
        """Change single values. Raises SettingsInvalid, and nothing is changed."""
        self.apply(replace(self.settings, **changes))

    def apply(self, settings: Settings) -> None:
        if settings != self.settings:
            self.settings = settings
            self._sent.append(settings)
            self.changed.emit(settings)

    def reload(self, settings: Settings) -> None:
        """These hold now. The echo of a change made here is no news: something else may have been typed
        since."""
        if settings in self._sent:
            del self._sent[: self._sent.index(settings) + 1]
        elif settings != self.settings:
            self.settings = settings
            self.reloaded.emit()
