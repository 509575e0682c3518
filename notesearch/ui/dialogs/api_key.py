"""The dialog that takes a provider's key: typed or pasted, checked, given on, and removed from the field."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from notesearch.errors import KeyInvalid
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.widgets.controls import ControlRow, button, fit_height, hint, label
from notesearch.wording.told import sentence
from notesearch.wording.translation import N_, _

STORED_NOTE = N_(
    "It goes into your system's keyring and nowhere else. Where there is none it is kept until "
    "Notesearch is quit."
)


class KeyField(QLineEdit):
    """A field for a key. It shows dots, and keeps nothing for undo or completion."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setAccessibleName(name)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
        )

    def problem(self) -> str:
        """Why the text in the field is no key; "" for a valid one and for an empty field."""
        from notesearch.config.credentials import clean

        if not self.text().strip():
            return ""
        try:
            clean(self.text())
        except KeyInvalid as error:
            return sentence(error)
        return ""

    def take(self) -> str:
        """Take the key out of the field, without blanks that were pasted along. The field is empty
        afterwards. Raises KeyInvalid."""
        from notesearch.config.credentials import clean

        try:
            return clean(self.text())
        finally:
            self.wipe()

    def wipe(self) -> None:
        """Empty the field. setText, unlike clear, leaves nothing that undo could bring back."""
        self.setText("")


class KeyDialog(QDialog):
    """Takes the key of one provider, accessible name "Key". Closes when it hears that the key is kept. Main
    thread.

    Signals:
        taken: (provider, key), to be kept. page_wanted: the provider's page where keys are made.
    """

    # No copy of the key in a string of Qt.
    taken = Signal(str, object)
    page_wanted = Signal(object)

    def __init__(self, provider: str, title: str, page: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.provider = provider
        self._page = page
        self.setWindowTitle(_("Key for {title}", title=title))
        self.setAccessibleName(_("Key for {title}", title=title))
        self.setMinimumWidth(340)
        self.resize(440, 200)
        self.field = KeyField(_("Key"))
        self.field.setPlaceholderText(_("Paste the key here"))
        self.said = label("", "warningText")
        self.page = button(_("Where do I get one?"), self._on_page)
        self.page.setVisible(bool(page))
        self.save = button(_("Keep the key"), self._on_save, primary=True)
        self.save.setDefault(True)
        cancel = button(_("Cancel"), self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(label(_("The key of your account at {title}", title=title), "sectionTitle"))
        layout.addWidget(self.field)
        layout.addWidget(self.said)
        layout.addWidget(hint(_(STORED_NOTE)))
        layout.addStretch(1)
        layout.addWidget(ControlRow((self.page, self.save, cancel), gap=1))
        self.field.textChanged.connect(self._check)
        self.finished.connect(self.field.wipe)
        self._check()
        self.field.setFocus()

    def _check(self) -> None:
        problem = self.field.problem()
        self._say(problem)
        self.save.setEnabled(bool(self.field.text().strip()) and not problem)

    def _say(self, said: str) -> None:
        self.said.setText(said)
        self.said.setVisible(bool(said))
        fit_height(self)
        self.field.setAccessibleDescription(said)

    def _on_save(self) -> None:
        try:
            key = self.field.take()
        except KeyInvalid as error:
            self._say(sentence(error))
            return
        self.field.setEnabled(False)
        self._say(_("Asking the keyring. It may ask you for its password."))
        self.taken.emit(self.provider, key)

    def show_failure(self, failure: Failure) -> None:
        """Show that the key could not be stored."""
        self.field.setEnabled(True)
        self.field.setFocus()
        self._say(failure.sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fit_height(self)

    def _on_page(self) -> None:
        self.page_wanted.emit(QUrl(self._page))
