"""Settings that the window needs: the editor, light or dark, and where the index lives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from notesearch.errors import NotesearchError
from notesearch.ui import desktop

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

    def __init__(self, settings: Settings, data_dir: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setAccessibleName("Settings")
        self.setMinimumWidth(520)
        self._settings = settings
        self.editors = QComboBox()
        self.editors.setAccessibleName("Open notes with")
        for title, template in desktop.EDITORS:
            self.editors.addItem(title, template)
        self.editors.addItem("Another command", None)
        self.command = QLineEdit(settings.editor)
        self.command.setAccessibleName("Editor command")
        self.command.setPlaceholderText("editor --line {line} {path}")
        self.example = _hint()
        self.appearance = QComboBox()
        self.appearance.setAccessibleName("Appearance")
        for title, value in APPEARANCES:
            self.appearance.addItem(title, value)
        self.appearance.setCurrentIndex(self.appearance.findData(settings.appearance))
        self._lay_out(data_dir)
        found = next((i for i, (_, template) in enumerate(desktop.EDITORS) if template == settings.editor), len(desktop.EDITORS))
        self.editors.setCurrentIndex(found)
        self.editors.currentIndexChanged.connect(self._on_editor)
        self.command.textChanged.connect(self._check)
        self._check()

    def _lay_out(self, data_dir: Path) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow("Open notes with", self.editors)
        form.addRow("Command", self.command)
        form.addRow("", self.example)
        form.addRow("Appearance", self.appearance)
        place = QLineEdit(str(data_dir))
        place.setReadOnly(True)
        place.setAccessibleName("Data folder")
        show = QPushButton("Show")
        show.setAccessibleName("Show the data folder")
        show.setAutoDefault(False)
        show.clicked.connect(self.folder_wanted)
        beside = QHBoxLayout()
        beside.setSpacing(8)
        beside.addWidget(place, 1)
        beside.addWidget(show)
        form.addRow("Data folder", beside)
        where = _hint()
        where.setText("Settings and index; your notes are never changed. Another folder: start with --data-dir.")
        form.addRow("", where)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        for button in self.buttons.buttons():
            button.setAccessibleName(button.text().replace("&", ""))
            button.setIcon(type(button.icon())())
        self.buttons.accepted.connect(self._on_save)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(20)
        layout.addLayout(form)
        layout.addWidget(self.buttons)

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
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(good)

    def _on_save(self) -> None:
        self.saved.emit(replace(self._settings, editor=self.command.text().strip(), appearance=str(self.appearance.currentData())))
        self.accept()


def _hint() -> QLabel:
    label = QLabel()
    label.setObjectName("hintText")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    return label
