"""The page for a server of the user's own: name, address, model and key, and what a test of it found."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from notesearch.errors import KeyInvalid
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.known_models import KnownModels
from notesearch.ui.bridge.table import operations
from notesearch.ui.dialogs.api_key import KeyField
from notesearch.ui.widgets.controls import ControlRow, Facts, Form, Scrolled, button, hint, label
from notesearch.ui.widgets.plain_http_box import PlainHttpBox
from notesearch.wording import model_texts as wording_models
from notesearch.wording.model_texts import address_problem
from notesearch.wording.translation import N_, _

if TYPE_CHECKING:
    from notesearch.catalogue import Probe

EXPLAINED = N_(
    "Ollama, LM Studio, LiteLLM, infinity, or any other server that speaks OpenAI's language. "
    "The test sends twenty built-in sentences, nothing of yours. It keeps nothing, but for a key that you "
    "type, with the address."
)


class OwnServerPage(QWidget):
    """The page for a server of the user's own. Main thread.

    Signals:
        back_wanted. use_wanted: the identifier of the model that was tested; it is kept now. key_kept:
        "stored" or "session-only".
    """

    back_wanted = Signal()
    use_wanted = Signal(str)
    key_kept = Signal(str)

    def __init__(self, bridge: Bridge, known: KnownModels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._known = known
        self._asked = ""
        self._found: Probe | None = None
        self._tested = ""
        self.name = _field(_("Name"), "ollama")
        self.address = _field(_("Address"), "http://localhost:11434/v1")
        self.model = _field(_("Model"), "nomic-embed-text")
        self.key = KeyField(_("Key, where the server wants one"))
        self.key.setPlaceholderText(_("Only where the server wants one"))
        self.problem = label("", "warningText")
        self.said = label("", "sectionTitle")
        self.facts = Facts()
        self.test = button(_("Test"), self._on_test)
        self.back = button(_("Back"), self.back_wanted)
        self.use = button(_("Use this model"), self._on_use, primary=True)
        self.plain = PlainHttpBox()
        self.plain.toggled.connect(self._check)
        fields = Form()
        for text, field in (
            (_("Name"), self.name),
            (_("Address"), self.address),
            (_("Model"), self.model),
            (_("Key"), self.key),
        ):
            fields.add(text, field)
            field.textChanged.connect(self._check)
            field.returnPressed.connect(self._on_test)
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.setSpacing(12)
        inner.addWidget(label(_("A server of your own"), "sectionTitle"))
        inner.addWidget(hint(_(EXPLAINED)))
        inner.addWidget(fields)
        inner.addWidget(self.plain)
        inner.addWidget(self.problem)
        inner.addWidget(self.said)
        inner.addWidget(self.facts)
        inner.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(Scrolled(inside), 1)
        layout.addWidget(ControlRow((self.test, self.back, self.use), gap=1))
        self._check()

    def begin(self) -> None:
        """Put the keyboard into the first field, the name."""
        self.name.setFocus()

    def _problem(self) -> str:
        """What is wrong with the typed values; "" for nothing."""
        from notesearch import catalogue

        name = self.name.text().strip()
        if name and (
            name in ("local", *(p.name for p in catalogue.PROVIDERS))
            or not all(c.isalnum() or c in "-_." for c in name)
        ):
            return _("Choose another name: letters, digits, - and _, and none that is taken.")
        address = self.address.text().strip()
        if address and (wrong := address_problem(address, self.plain.allowed)):
            return wrong
        return self.key.problem()

    def _check(self) -> None:
        """Forget the result of a test when other values are typed."""
        self.plain.show_for(self.address.text())
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
        """Name, model and address as they are typed: the values that a test is about."""
        return f"{self.name.text().strip()}/{self.model.text().strip()} {self.address.text().strip()}"

    def _on_test(self) -> None:
        if not self.test.isEnabled():
            return
        try:
            key = self.key.take() if self.key.text().strip() else ""
        except KeyInvalid:
            return
        self._asked = self._what_is_typed
        self._say(_("Asking the server\N{HORIZONTAL ELLIPSIS}"))
        self._check()
        name, model, address = (f.text().strip() for f in (self.name, self.model, self.address))
        if key:
            # The address is stored with the key, since a key belongs to one.
            self._bridge.call(
                operations.set_key,
                partial(self._on_key_kept, name, model, address),
                self._on_failed,
                provider=name,
                key=key,
                base_url=address,
                plain_http=bool(self.plain.allowed),
            )
        else:
            self._ask(name, model, address)

    def _on_key_kept(self, name: str, model: str, address: str, state: str) -> None:
        self.key_kept.emit(state)
        self._ask(name, model, address)

    def _ask(self, name: str, model: str, address: str) -> None:
        self._bridge.call(
            operations.test_provider,
            self._on_tested,
            self._on_failed,
            provider=name,
            model=model,
            base_url=address,
            keep=False,
            plain_http=bool(self.plain.allowed),
        )

    def _say(self, said: str, found: Probe | None = None) -> None:
        self.said.setText(said)
        self.said.setVisible(bool(said))
        self.facts.show_rows(wording_models.probe_sentences(found) if found is not None else ())

    def _on_tested(self, found: Probe) -> None:
        self._known.ask_providers()
        typed, self._asked = self._asked, ""
        if typed == self._what_is_typed:
            # It may have answered at another place than the one that was typed: with "/v1", for example.
            self.address.setText(found.provider.base_url)
            typed = self._what_is_typed
        self._tested, self._found = typed, found
        self._say(_("It works"), found)
        self._check()
        if self.use.isEnabled():
            self.use.setFocus()

    def _on_failed(self, failure: Failure) -> None:
        self._asked = ""
        self._check()
        self._say(failure.sentence)

    def _on_use(self) -> None:
        if self._found is not None:
            self.use.setEnabled(False)
            self._bridge.call(
                operations.keep_server,
                self._on_kept,
                self._on_not_kept,
                found=self._found,
            )

    def _on_kept(self, identifier: str) -> None:
        self._known.ask_choices()
        self._known.ask_providers()
        if self._found is not None and identifier == self._found.model.identifier:
            self.use.setEnabled(True)
            self.use_wanted.emit(identifier)

    def _on_not_kept(self, failure: Failure) -> None:
        if self._found is not None:
            self.use.setEnabled(True)
            self._say(failure.sentence, self._found)


def _field(name: str, example: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    return field
