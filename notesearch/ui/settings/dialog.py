"""The settings window: five pages. Each setting takes effect at once; there is nothing to save and nothing to
cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.desktop_bridge import DesktopBridge
from notesearch.ui.bridge.known_models import KnownModels
from notesearch.ui.settings.edit import SettingsEdit
from notesearch.ui.settings.folders_page import FoldersPage
from notesearch.ui.settings.pages import EditorPage, GeneralPage, SearchSettingsPage
from notesearch.ui.settings.providers_page import ProvidersPage
from notesearch.ui.widgets.controls import NARROW, plain_buttons
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.config.settings import Settings
    from notesearch.domain import IndexingStatus
    from notesearch.ui.desktop.hotkey import GlobalKey


class SettingsDialog(QDialog):
    """The settings window. Main thread.

    Signals:
        changed: the Settings as they shall be from now on.
    """

    changed = Signal(object)

    def __init__(
        self,
        settings: Settings,
        bridge: Bridge,
        desktop: DesktopBridge,
        known: KnownModels,
        key: GlobalKey | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Settings"))
        self.setAccessibleName(_("Settings"))
        self.setMinimumSize(340, 300)
        self.resize(620, 600)
        self.edit = SettingsEdit(settings, self)
        self.edit.changed.connect(self.changed)
        self.general = GeneralPage(self.edit, bridge, desktop)
        self.folders = FoldersPage(self.edit, bridge)
        self.search = SearchSettingsPage(self.edit, key)
        self.editor = EditorPage(self.edit, desktop)
        self.providers = ProvidersPage(self.edit, bridge, known)
        self._lay_out()
        self.finished.connect(self._on_finished)

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(_("Settings"))
        self.tabs.tabBar().setAccessibleName(_("Sections"))
        self.tabs.setDocumentMode(True)
        for title, page in (
            (_("General"), self.general),
            (_("Folders"), self.folders),
            (_("Search"), self.search),
            (_("Editor"), self.editor),
            (_("Providers"), self.providers),
        ):
            self.tabs.addTab(page, title)
        buttons = plain_buttons(QDialogButtonBox(QDialogButtonBox.StandardButton.Close))
        buttons.rejected.connect(self.reject)
        for each in buttons.buttons():
            # Enter in a field must not close the window.
            each.setAutoDefault(False)  # type: ignore[attr-defined]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 16)
        layout.setSpacing(16)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(buttons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the names of all pages visible, however narrow the window is."""
        super().resizeEvent(event)
        narrow, bar = event.size().width() < NARROW, self.tabs.tabBar()
        if bar.property("narrow") != narrow:
            bar.setProperty("narrow", narrow)
            bar.style().unpolish(bar)
            bar.style().polish(bar)

    def show_page(self, page: QWidget) -> None:
        """Show one of its pages."""
        self.tabs.setCurrentWidget(page)

    def show_providers(self, provider: str = "") -> None:
        """Show the page about providers, at `provider` where one is given."""
        self.show_page(self.providers)
        if provider:
            self.providers.choose(provider)

    def use_settings(self, settings: Settings) -> None:
        """Show settings that something else changed: a test that stored a model, for example."""
        self.edit.reload(settings)

    def show_status(self, status: IndexingStatus) -> None:
        """Show the present folders, and ask for the providers again."""
        self.folders.show_folders(status.folders)
        self.providers.refresh()

    def _on_finished(self) -> None:
        for page in (self.editor, self.providers):
            page.commit()
        self.folders.stop_counting()
