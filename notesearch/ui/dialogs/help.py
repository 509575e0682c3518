"""The list of keys (F1) and the About box."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

import notesearch
from notesearch.ui.bridge.format_list import formats
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import N_, _

KEYS = (
    (N_("Any letter"), N_("Goes to the search field, wherever you are")),
    (N_("Up, Down, Page Up, Page Down"), N_("Move in the results without leaving the field")),
    (N_("Right"), N_("At the end of the text: fold out further passages of a note")),
    ("Enter", N_("Open the note at the passage")),
    ("Ctrl+Enter", N_("Show the note in the file manager")),
    ("Ctrl+C", N_("Copy the passage")),
    (N_("Ctrl+Up, Ctrl+Down"), N_("Earlier and later searches")),
    ("Ctrl+D", N_("Save the search")),
    ("Ctrl+L", N_("Back to the search field")),
    ("Ctrl+P", N_("Show or hide the preview")),
    ("Ctrl+O", N_("Add a folder")),
    ("Ctrl+M", N_("The model of a folder")),
    ("Ctrl+,", N_("Settings")),
    ("Esc", N_("Clear the search, then put the window away")),
    ("Ctrl+Q", N_("Quit")),
    (N_("Ctrl+Alt+Space"), N_("From anywhere: quick search. Its key is chosen in the settings")),
    ("Tab", N_("In quick search: go on in the main window")),
)
ASKING = (
    (N_('"exact phrase"'), N_("These words in this order")),
    ("-word", N_("Notes without the word")),
    ("tag:rye", N_("Notes with the tag")),
    ("folder:Baking", N_("Notes in folders of that name")),
)


class KeysDialog(QDialog):
    """The list of keys, and of what can be written in the search field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Keyboard keys"))
        self.setAccessibleName(_("Keyboard keys"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        for row, (key, does) in enumerate(
            (*KEYS, ("", ""), *ASKING, ("type:org", wording.format_names(formats())))
        ):
            name = QLabel(_(key) if key else "")
            name.setTextFormat(Qt.TextFormat.PlainText)
            bold = name.font()
            bold.setBold(True)
            name.setFont(bold)
            said = QLabel(_(does) if does else "")
            said.setObjectName("hintText")
            grid.addWidget(name, row, 0)
            grid.addWidget(said, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(grid)
        layout.addWidget(_close_box(self))


class AboutDialog(QDialog):
    """The About box: name, version, and what the program does with notes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("About Notesearch"))
        self.setAccessibleName(_("About Notesearch"))
        picture = QLabel()
        picture.setPixmap(icons.pixmap("notesearch", theme.palette.accent, 64, self.devicePixelRatioF()))
        title = QLabel("Notesearch")
        title.setObjectName("pageTitle")
        text = QLabel(
            _(
                "Version {version}\n\nYour notes are only read. Nothing leaves this computer unasked.",
                version=notesearch.__version__,
            )
        )
        text.setObjectName("hintText")
        text.setWordWrap(True)
        words = QVBoxLayout()
        words.addWidget(title)
        words.addWidget(text)
        across = QHBoxLayout()
        across.setSpacing(20)
        across.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        across.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(across)
        layout.addWidget(_close_box(self))
        self.setMinimumWidth(400)


def _close_box(dialog: QDialog) -> QDialogButtonBox:
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    for button in box.buttons():
        button.setAccessibleName(_("Close"))
        button.setIcon(type(button.icon())())
    box.rejected.connect(dialog.reject)
    return box
