"""A line to choose how many dimensions a model's vectors have, for models that offer a choice."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from notesearch.domain import ModelChoice
from notesearch.ui.widgets.controls import hint, label
from notesearch.wording.translation import _

WIDTH = 96


def plain(identifier: str) -> str:
    """A model's identifier without the number of dimensions."""
    before, sign, number = identifier.rpartition("#")
    return before if sign and number.isdecimal() else identifier


class DimensionsLine(QWidget):
    """Hidden for a model that has one number only. Main thread.

    Signals:
        edited: another number was typed.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice: ModelChoice | None = None
        self._present = ""
        self.field = QLineEdit()
        self.field.setAccessibleName(_("Dimensions"))
        self.field.setFixedWidth(WIDTH)
        self.said = hint()
        self.wrong = label("", "warningText")
        name = QLabel(_("Dimensions"))
        name.setBuddy(self.field)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for part, stretch in ((name, 0), (self.field, 0), (self.said, 1), (self.wrong, 1)):
            line.addWidget(part, stretch)
        self.field.textChanged.connect(self._on_edited)
        self.show_choice(None)

    def show_choice(self, choice: ModelChoice | None, present: str = "") -> None:
        """Show the choice of a model. `present` is the folder's identifier of this model, "" where the folder
        has another. What the user typed stays while both are the same."""
        self.setVisible(choice is not None and choice.most_dimensions > 0)
        if (choice, present) == (self._choice, self._present):
            return
        kept = (
            self._choice is not None
            and choice is not None
            and choice.identifier == self._choice.identifier
            and present == self._present
        )
        self._choice, self._present = choice, present
        if choice is None or kept:
            return
        self.field.setPlaceholderText(f"{choice.dimensions:,}")
        self.said.setText(
            _(
                "{least_dimensions:,} to {most_dimensions:,}. Fewer need less room and find a little less.",
                least_dimensions=choice.least_dimensions,
                most_dimensions=choice.most_dimensions,
            )
        )
        self.field.setText(present.rpartition("#")[2] if plain(present) != present else "")
        self._on_edited()

    @property
    def number(self) -> int:
        """The number that is typed; 0 for the model's default."""
        typed = self.field.text().strip().replace(",", "")
        return int(typed) if typed.isdecimal() and not self.problem and self._takes else 0

    @property
    def _takes(self) -> bool:
        return self._choice is not None and self._choice.most_dimensions > 0

    @property
    def problem(self) -> str:
        """What is wrong with the typed number; "" where it is valid."""
        typed, choice = self.field.text().strip().replace(",", ""), self._choice
        if not typed or choice is None or not self._takes:
            return ""
        if typed.isdecimal() and choice.least_dimensions <= int(typed) <= choice.most_dimensions:
            return ""
        return _(
            "A number from {least_dimensions:,} to {most_dimensions:,}, or empty for {dimensions:,}.",
            least_dimensions=choice.least_dimensions,
            most_dimensions=choice.most_dimensions,
            dimensions=choice.dimensions,
        )

    def _on_edited(self, *_: object) -> None:
        self.wrong.setText(self.problem)
        self.wrong.setVisible(bool(self.problem))
        self.said.setVisible(not self.problem)
        self.field.setAccessibleDescription(self.problem or self.said.text())
        self.edited.emit()
