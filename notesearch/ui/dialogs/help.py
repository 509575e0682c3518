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
from notesearch.ui.bridge.formats import formats
from notesearch.ui.widgets import icons
from notesearch.ui.widgets.theme import Theme
from notesearch.wording import indexing as wording

KEYS = (
    ("Any letter", "Goes to the search field, wherever you are"),
    ("Up, Down, Page Up, Page Down", "Move in the results without leaving the field"),
    ("Right", "At the end of the text: fold out further passages of a note"),
    ("Enter", "Open the note at the passage"),
    ("Ctrl+Enter", "Show the note in the file manager"),
    ("Ctrl+C", "Copy the passage"),
    ("Ctrl+Up, Ctrl+Down", "Earlier and later searches"),
    ("Ctrl+D", "Save the search"),
    ("Ctrl+L", "Back to the search field"),
    ("Ctrl+P", "Show or hide the preview"),
    ("Ctrl+O", "Add a folder"),
    ("Ctrl+M", "The model of a folder"),
    ("Ctrl+,", "Settings"),
    ("Esc", "Clear the search, then put the window away"),
    ("Ctrl+Q", "Quit"),
    ("Ctrl+Alt+Space", "From anywhere: quick search. Its key is chosen in the settings"),
    ("Tab", "In quick search: go on in the main window"),
)
ASKING = (
    ('"exact phrase"', "These words in this order"),
    ("-word", "Notes without the word"),
    ("tag:rye", "Notes with the tag"),
    ("folder:Baking", "Notes in folders of that name"),
)


class KeysDialog(QDialog):
    """What the keys do, and what can be written in the field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard keys")
        self.setAccessibleName("Keyboard keys")
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        for row, (key, does) in enumerate(
            (*KEYS, ("", ""), *ASKING, ("type:org", wording.format_names(formats())))
        ):
            name = QLabel(key)
            name.setTextFormat(Qt.TextFormat.PlainText)
            bold = name.font()
            bold.setBold(True)
            name.setFont(bold)
            said = QLabel(does)
            said.setObjectName("hintText")
            grid.addWidget(name, row, 0)
            grid.addWidget(said, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(grid)
        layout.addWidget(_close_box(self))


class AboutDialog(QDialog):
    """Name, version and what becomes of the notes."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Notesearch")
        self.setAccessibleName("About Notesearch")
        picture = QLabel()
        picture.setPixmap(icons.pixmap("notesearch", theme.palette.accent, 64, self.devicePixelRatioF()))
        title = QLabel("Notesearch")
        title.setObjectName("pageTitle")
        text = QLabel(
            f"Version {notesearch.__version__}\n\nYour notes are only read. Nothing leaves "
            "this computer unasked."
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
        button.setAccessibleName("Close")
        button.setIcon(type(button.icon())())
    box.rejected.connect(dialog.reject)
    return box
