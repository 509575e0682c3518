"""The page for a server of the user's own: name, address, model and key, and what a test of it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from notesearch.errors import KeyInvalid
from notesearch.ui.bridge.bridge import Failure
from notesearch.ui.bridge.models_bridge import ProviderBridge
from notesearch.ui.dialogs.api_key import KeyField
from notesearch.ui.widgets.controls import Facts, Form, Row, Scrolled, button, hint, label
from notesearch.wording import models as wording_models
from notesearch.wording.models import address_problem

if TYPE_CHECKING:
    from notesearch.catalogue import Probe

EXPLAINED = (
    "Ollama, LM Studio, LiteLLM, infinity, or any other server that speaks OpenAI's language. "
    "The test sends twenty built-in sentences, nothing of yours. It keeps nothing, but for a key that you "
    "type, with the address."
)


class OwnServerPage(QWidget):
    """Main thread.

    Signals:
        back_wanted. use_wanted: the identifier of the model that was tested; it is kept now.
    """

    back_wanted = Signal()
    use_wanted = Signal(str)

    def __init__(self, models: ProviderBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = models
        self._asked = ""
        self._found: Probe | None = None
        self._tested = ""
        self.name = _field("Name", "ollama")
        self.address = _field("Address", "http://localhost:11434/v1")
        self.model = _field("Model", "nomic-embed-text")
        self.key = KeyField("Key, where the server wants one")
        self.key.setPlaceholderText("Only where the server wants one")
        self.problem = label("", "warningText")
        self.said = label("", "sectionTitle")
        self.facts = Facts()
        self.test = button("Test", self._on_test)
        self.back = button("Back", self.back_wanted)
        self.use = button("Use this model", self._on_use, primary=True)
        fields = Form()
        for text, field in (
            ("Name", self.name),
            ("Address", self.address),
            ("Model", self.model),
            ("Key", self.key),
        ):
            fields.add(text, field)
            field.textChanged.connect(self._check)
            field.returnPressed.connect(self._on_test)
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.setSpacing(12)
        inner.addWidget(label("A server of your own", "sectionTitle"))
        inner.addWidget(hint(EXPLAINED))
        inner.addWidget(fields)
        inner.addWidget(self.problem)
        inner.addWidget(self.said)
        inner.addWidget(self.facts)
        inner.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(Scrolled(inside), 1)
        layout.addWidget(Row((self.test, self.back, self.use), gap=1))
        models.tested.connect(self._on_tested)
        models.test_failed.connect(self._on_failed)
        models.own_kept.connect(self._on_kept)
        models.own_failed.connect(self._on_not_kept)
        self._check()

    def begin(self) -> None:
        self.name.setFocus()

    def _problem(self) -> str:
        """What is wrong with what is typed, as far as there is something."""
        from notesearch import catalogue

        name = self.name.text().strip()
        if name and (
            name in ("local", *(p.name for p in catalogue.PROVIDERS))
            or not all(c.isalnum() or c in "-_." for c in name)
        ):
            return "Choose another name: letters, digits, - and _, and none that is taken."
        if self.address.text().strip() and (wrong := address_problem(self.address.text())):
            return wrong
        return self.key.problem()

    def _check(self) -> None:
        """A test counts for what was tested only."""
        problem = self._problem()
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        whole = all(field.text().strip() for field in (self.name, self.address, self.model))
        self.test.setEnabled(whole and not problem and not self._asked)
        if self._what_is_typed != self._tested:
            self._found, self._tested = None, ""
        self.use.setEnabled(self._found is not None)
        if self._found is None and not self._asked:
            self._say("")

    @property
    def _what_is_typed(self) -> str:
        """Name, model and address: what a test is of."""
        return f"{self.name.text().strip()}/{self.model.text().strip()} {self.address.text().strip()}"

    def _on_test(self) -> None:
        if not self.test.isEnabled():
            return
        try:
            key = self.key.take() if self.key.text().strip() else ""
        except KeyInvalid:
            return
        self._asked = self._what_is_typed
        self._say("Asking the server\N{HORIZONTAL ELLIPSIS}")
        self._check()
        self._models.test_own(
            self.name.text().strip(), self.model.text().strip(), self.address.text().strip(), key
        )

    def _say(self, said: str, found: Probe | None = None) -> None:
        self.said.setText(said)
        self.said.setVisible(bool(said))
        self.facts.show_rows(wording_models.probe_sentences(found) if found is not None else ())

    def _on_tested(self, provider: str, found: Probe) -> None:
        if not self._asked.startswith(f"{provider}/{found.name} "):
            return
        self._asked, self._tested, self._found = "", self._asked, found
        self._say("It works", found)
        self._check()
        if self.use.isEnabled():
            self.use.setFocus()

    def _on_failed(self, provider: str, failure: Failure) -> None:
        if self._asked.partition("/")[0] == provider:
            self._asked = ""
            self._check()
            self._say(failure.sentence)

    def _on_use(self) -> None:
        if self._found is not None:
            self.use.setEnabled(False)
            self._models.keep_own(self.name.text().strip(), self.address.text().strip(), self._found)

    def _on_kept(self, name: str, identifier: str) -> None:
        if self._found is not None and identifier == self._found.model.identifier:
            self.use.setEnabled(True)
            self.use_wanted.emit(identifier)

    def _on_not_kept(self, name: str, failure: Failure) -> None:
        if self._found is not None and name == self._found.provider.name:
            self.use.setEnabled(True)
            self._say(failure.sentence, self._found)


def _field(name: str, example: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    return field
