"""The settings: what the window needs (the editor, light or dark, where the index lives), and the providers of remote models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from notesearch.errors import NotesearchError
from notesearch.ui import desktop
from notesearch.ui.bridge_models import ProviderBridge
from notesearch.ui.controls import CheckBox, ComboBox, Form, Row, Scrolled, button, hint, plain_buttons
from notesearch.ui.providers_page import ProvidersPage

if TYPE_CHECKING:
    from notesearch.settings import Settings

APPEARANCES = (("Like the system", "system"), ("Light", "light"), ("Dark", "dark"))
SAMPLE = Path("/notes/Kitchen/Rye bread.md")


class SettingsDialog(QDialog):
    """Edits a Settings value and hands it back. Main thread.

    Signals:
        saved: the Settings as they shall be. folder_wanted: show the data folder.
    """

    saved = Signal(object)
    folder_wanted = Signal()

    def __init__(self, settings: Settings, data_dir: Path, models: ProviderBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAccessibleName("Settings")
        self.setMinimumSize(340, 300)
        self.resize(560, 560)
        self._settings = settings
        self.editors = ComboBox("Open notes with")
        for title, template in desktop.EDITORS:
            self.editors.addItem(title, template)
        self.editors.addItem("Another command", None)
        self.command = QLineEdit(settings.editor)
        self.command.setAccessibleName("Editor command")
        self.command.setPlaceholderText("editor --line {line} {path}")
        self.example = hint()
        self.appearance = ComboBox("Appearance")
        for title, value in APPEARANCES:
            self.appearance.addItem(title, value)
        self.appearance.setCurrentIndex(self.appearance.findData(settings.appearance))
        self.gitignore = CheckBox("Leave out what .gitignore files name")
        self.gitignore.setChecked(settings.gitignore)
        self.providers = ProvidersPage(models)
        self._lay_out(data_dir)
        found = next((i for i, (_, template) in enumerate(desktop.EDITORS) if template == settings.editor), len(desktop.EDITORS))
        self.editors.setCurrentIndex(found)
        self.editors.currentIndexChanged.connect(self._on_editor)
        self.command.textChanged.connect(self._check)
        self.providers.edited.connect(self._check)
        self._check()
        self.editors.setFocus()

    def _lay_out(self, data_dir: Path) -> None:
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Settings")
        self.tabs.tabBar().setAccessibleName("Sections")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._general(data_dir), "General")
        self.tabs.addTab(self.providers, "Providers")
        self.buttons = plain_buttons(QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel))
        self.buttons.accepted.connect(self._on_save)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 16)
        layout.setSpacing(16)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.buttons)

    def _general(self, data_dir: Path) -> QWidget:
        fields = Form()
        fields.add("Open notes with", self.editors)
        fields.add("Command", self.command)
        fields.add("", self.example)
        fields.add("Appearance", self.appearance)
        fields.add("Ignored files", self.gitignore)
        fields.add("", hint("What .notesearchignore files name is always left out."))
        place = QLineEdit(str(data_dir))
        place.setReadOnly(True)
        place.setAccessibleName("Data folder")
        fields.add("Data folder", Row((place, button("Show", self.folder_wanted, name="Show the data folder")), wide=0))
        fields.add("", hint("Settings and index; your notes are never changed. Another folder: start with --data-dir."))
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 16, 8, 0)
        inner.addWidget(fields)
        inner.addStretch(1)
        return Scrolled(inside)

    def show_providers(self, provider: str = "") -> None:
        """Open at the part about providers."""
        self.tabs.setCurrentWidget(self.providers)
        if provider:
            self.providers.choose(provider)

    def use_settings(self, settings: Settings) -> None:
        """They changed behind the dialog, a test kept a model: what was typed here is saved on top of them."""
        self._settings = settings

    def _on_editor(self, at: int) -> None:
        template = self.editors.itemData(at)
        if template is not None:
            self.command.setText(template)
        else:
            self.command.setFocus()

    def _check(self) -> None:
        """Show the command as it would be started, or what is wrong with it."""
        template = self.command.text().strip()
        good = True
        if not template:
            said = "The program that the system opens the file with; it begins at the top of the note."
        else:
            try:
                said = "Starts: " + " ".join(desktop.editor_command(template, SAMPLE, 41))
            except NotesearchError as error:
                said, good = str(error), False
        self.example.setText(said)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(good and self.providers.valid)

    def _on_save(self) -> None:
        chosen = replace(
            self._settings, editor=self.command.text().strip(), appearance=str(self.appearance.currentData()), gitignore=self.gitignore.isChecked()
        )
        self.saved.emit(self.providers.changed_settings(chosen))
        self.accept()
