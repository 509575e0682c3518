"""The settings while the user edits them. Each change takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from notesearch.config.settings import Settings

Change = Callable[[Settings], Settings]


class SettingsEdit(QObject):
    """The settings that the pages of the settings window show and change. Main thread.

    `settings` are the stored ones, with the changes that are still on their way to the store. Meanwhile the
    pages do not show the stored ones, since the user may have typed something newer.

    Signals:
        changed: a Change for the bridge, by a page. Its end is told by `landed`.
        reloaded: something else than the pages changed the settings.
    """

    changed = Signal(object)
    reloaded = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self._holds = settings
        self._on_their_way = 0

    def set(self, **changes: Any) -> None:
        """Change single values. Raises SettingsInvalid, and nothing is changed."""
        self.apply(lambda settings: replace(settings, **changes))

    def apply(self, change: Change) -> None:
        """Apply a change to the settings. Raises what `change` raises, and nothing is changed then."""
        chosen = change(self.settings)
        if chosen != self.settings:
            self.settings = chosen
            self._on_their_way += 1
            self.changed.emit(change)

    def landed(self) -> None:
        """Note that one change was stored, or failed."""
        self._on_their_way -= 1
        self._show()

    def reload(self, settings: Settings) -> None:
        """Take the settings that hold now."""
        self._holds = settings
        self._show()

    def _show(self) -> None:
        if not self._on_their_way and self.settings != self._holds:
            self.settings = self._holds
            self.reloaded.emit()
