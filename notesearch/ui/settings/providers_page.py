"""The settings page about providers: key, address, budget, and what was spent this month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from notesearch.config.settings import ProviderSettings, Settings
from notesearch.domain import ModelChoice, ProviderInfo
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.known_models import KnownModels
from notesearch.ui.bridge.table import operations
from notesearch.ui.settings.edit import SettingsEdit
from notesearch.ui.widgets.api_key_line import KeyLine
from notesearch.ui.widgets.controls import (
    ComboBox,
    ControlRow,
    Form,
    Question,
    Scrolled,
    button,
    hint,
    label,
)
from notesearch.ui.widgets.plain_http_box import PlainHttpBox
from notesearch.wording import model_texts as wording_models
from notesearch.wording.model_texts import address_problem, unencrypted_host
from notesearch.wording.signs import DOT
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.catalogue import Probe

METER_MS = 1500
MOST_TOKENS = 2_000_000_000
MOST_MONEY = 100_000.0


class ProvidersPage(QWidget):
    """Edits the ProviderSettings of every provider. What is typed is stored when its field loses the
    keyboard, since half an address is of no use. Main thread.

    Signals:
        key_wanted: set the key of a provider. forget_wanted: forget it. ledger_wanted.
    """

    key_wanted = Signal(str)
    forget_wanted = Signal(str)
    ledger_wanted = Signal()

    def __init__(
        self, edit: SettingsEdit, bridge: Bridge, known: KnownModels, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._settings = edit
        self._bridge = bridge
        self._known = known
        self._infos: dict[str, ProviderInfo] = {}
        self._edits: dict[str, ProviderSettings] = {}
        self._choices: tuple[ModelChoice, ...] = ()
        self._wrong_numbers: dict[str, str] = {}
        self._testing = ""
        self._typed: set[str] = set()
        self._wanted = ""
        self.providers = ComboBox(_("Provider"))
        self.uses = hint()
        self.key = KeyLine(forgets=True)
        self.address = QLineEdit()
        self.address.setAccessibleName(_("Base URL"))
        self.plain = PlainHttpBox()
        self.problem = label("", "warningText")
        self.budget = _limit(_("Budget a month in dollars"))
        self.tokens = _limit(_("Budget a month in tokens"))
        self.no_number = label("", "warningText")
        self.meter = label()
        self.meter.setAccessibleName(_("This month"))
        self.over = label("", "warningText")
        self.model = ComboBox(_("Model to test"))
        self.test = button(_("Test"), self._on_test)
        self.found = hint()
        self.remove = button(_("Remove…"), self._on_remove, name=_("Remove this server"))
        self.ledger = button(_("Ledger…"), self.ledger_wanted)
        self._refresh = QTimer(self, singleShot=True, interval=METER_MS)
        self._refresh.timeout.connect(known.ask_providers)
        self._lay_out()
        self._connect()
        self._say("")
        self._show()
        known.ask_choices()
        known.ask_providers()

    def _lay_out(self) -> None:
        fields = Form()
        fields.add(_("Provider"), ControlRow((self.providers, self.remove), wide=0))
        fields.add("", self.uses)
        fields.add(_("Key"), self.key)
        fields.add(_("Base URL"), self.address)
        fields.add("", self.plain)
        fields.add("", self.problem)
        fields.add(_("Test"), ControlRow((self.model, self.test), wide=0))
        fields.add("", self.found)
        fields.add(_("Dollars a month"), self.budget)
        fields.add(_("Tokens a month"), self.tokens)
        fields.add("", self.no_number)
        fields.add("", hint(_("A budget stops embedding, never search.")))
        fields.add(_("This month"), ControlRow((self.meter, self.ledger), wide=0))
        fields.add("", self.over)
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.addWidget(fields)
        inner.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 16, 0, 0)
        layout.addWidget(Scrolled(inside))

    def _connect(self) -> None:
        self.providers.currentIndexChanged.connect(self._on_provider)
        self.key.set_wanted.connect(self.key_wanted)
        self.key.again_wanted.connect(self._on_again)
        self.key.forget_wanted.connect(self.forget_wanted)
        for field in (self.address, self.budget, self.tokens):
            field.textEdited.connect(self._on_edited)
            field.editingFinished.connect(self.commit)
        self.plain.clicked.connect(self._on_plain)
        self._known.providers_changed.connect(self.show_providers)
        self._known.choices_changed.connect(self.show_choices)

    # What is shown

    @property
    def info(self) -> ProviderInfo | None:
        """The provider that is shown, None for none."""
        return self._infos.get(str(self.providers.currentData() or ""))

    def choose(self, provider: str) -> None:
        """Show this provider, now or as soon as its data has arrived."""
        self._wanted = provider
        at = self.providers.findData(provider)
        if at >= 0:
            self.providers.setCurrentIndex(at)

    def show_providers(self, infos: Sequence[ProviderInfo]) -> None:
        """Show new states and costs. What was typed stays."""
        self._infos = {info.name: info for info in infos}
        known = [self.providers.itemData(i) for i in range(self.providers.count())]
        if known != list(self._infos):
            chosen = self._wanted or str(self.providers.currentData() or "")
            self.providers.blockSignals(True)
            self.providers.clear()
            for info in infos:
                self.providers.addItem(info.title, info.name)
            self.providers.setCurrentIndex(max(0, self.providers.findData(chosen)))
            self.providers.blockSignals(False)
        self._show()

    def refresh(self) -> None:
        """Read the costs again soon, because a provider may have been asked. The user is not asked to unlock
        the keyring for it."""
        locked = any(info.keyring_closed for info in self._infos.values())
        if self._infos and not locked and self.isVisible() and not self._refresh.isActive():
            self._refresh.start()

    def show_choices(self, choices: tuple[ModelChoice, ...]) -> None:
        """Set the models that can be tested."""
        self._choices = choices
        self._show_models()

    def _on_provider(self, *_: int) -> None:
        self._say("")
        self._show()

    def _show(self) -> None:
        info = self.info
        for widget in (self.address, self.budget, self.tokens, self.test, self.model):
            widget.setEnabled(info is not None)
        self.key.show_info(info, named=False)
        if info is None:
            self.key.show_asking()
            self.remove.hide()
            self._problem("")
            return
        edit = self._edit(info)
        self.address.setPlaceholderText(_default_url(info.name))
        # textEdited is emitted for the user only. A field that the user is typing in is not changed.
        shown = {
            self.address: edit.base_url,
            self.budget: f"{edit.budget:.2f}" if edit.budget else "",
            self.tokens: _grouped(edit.token_budget),
        }
        for field, text in shown.items():
            if not field.hasFocus() and info.name not in self._wrong_numbers:
                field.setText(text)
        self.plain.show_for(edit.base_url)
        self.plain.setChecked(bool(edit.plain_http))
        self.uses.setText(
            _("Used by {join}", join=", ".join(path.name for path in info.folders))
            if info.folders
            else _("No folder uses it yet.")
        )
        self.remove.setVisible(not _default_url(info.name))
        self.remove.setEnabled(not info.folders)
        self.remove.setToolTip(_("Give its folders another model first.") if info.folders else "")
        self.meter.setText(wording_models.spent(info.spent))
        self.over.setText(wording_models.used_up(info))
        self.over.setVisible(bool(self.over.text()))
        self._show_models()
        self._check()

    def _show_models(self) -> None:
        info = self.info
        names = [
            c.identifier.partition("/")[2]
            for c in self._choices
            if info is not None and c.provider == info.name
        ]
        if names != [self.model.itemText(i) for i in range(self.model.count())]:
            self.model.clear()
            self.model.addItems(names)
        self.test.setEnabled(bool(names) and not self._testing)

    def _edit(self, info: ProviderInfo) -> ProviderSettings:
        """The settings of a provider with what is typed, based on the present settings."""
        if info.name not in self._edits:
            chosen = "" if info.base_url == _default_url(info.name) else info.base_url
            self._edits[info.name] = ProviderSettings(
                base_url=chosen,
                plain_http=unencrypted_host(chosen),  # it is in the settings, so it was allowed
                budget=info.budget,
                token_budget=info.token_budget,
            )
        return self._edits[info.name]

    # Editing

    def _on_edited(self, *_typed: object) -> None:
        info = self.info
        if info is None:
            return
        typed = self.address.text().strip()
        self.plain.show_for(typed)
        edit = replace(self._edit(info), base_url=typed, plain_http=self.plain.allowed)
        self._wrong_numbers.pop(info.name, None)
        try:
            edit = replace(
                edit,
                budget=_number(self.budget.text(), MOST_MONEY),
                token_budget=round(_number(self.tokens.text(), MOST_TOKENS)),
            )
        except ValueError:
            self._wrong_numbers[info.name] = _("A budget is a number, or empty for no limit.")
        self._edits[info.name] = edit
        self._typed.add(info.name)
        self._check()

    def _on_plain(self) -> None:
        self._on_edited()
        self.commit()

    def _check(self) -> None:
        info = self.info
        self._problem(self._wrong(info.name) if info is not None else "")
        said = self._wrong_numbers.get(info.name, "") if info is not None else ""
        self.no_number.setText(said)
        self.no_number.setVisible(bool(said))

    def _wrong(self, name: str) -> str:
        """What is wrong with the typed address of a provider; "" for nothing."""
        url = self._edits[name].base_url if name in self._edits else ""
        if not url:
            known = name not in self._infos or _default_url(name)
            return "" if known else _("A server of your own needs its address.")
        return address_problem(url, self._edits[name].plain_http)

    def _problem(self, said: str) -> None:
        self.problem.setText(said)
        self.address.setAccessibleDescription(said)
        self.problem.setVisible(bool(said))

    def commit(self) -> None:
        """Store what is typed and valid."""
        for name in [
            name for name in self._typed if name not in self._wrong_numbers and not self._wrong(name)
        ]:
            self._typed.discard(name)
            self._settings.apply(partial(_with_edit, name=name, edit=self._edits[name]))

    # Keys and tests

    def _on_again(self) -> None:
        self.key.show_asking()
        self._known.ask_providers()

    def show_failure(self, provider: str, failure: Failure) -> None:
        """Show a failure about this provider, where it is the one that is shown."""
        if self.info is not None and provider == self.info.name:
            self._say(failure.sentence)

    def _on_test(self) -> None:
        info = self.info
        if info is None or self._wrong(info.name):
            return
        self._testing = info.name
        self.test.setEnabled(False)
        self._say(_("Asking with built-in sentences, nothing of yours\N{HORIZONTAL ELLIPSIS}"))
        self._bridge.call(
            operations.test_provider,
            self._on_tested,
            self._on_test_failed,
            provider=info.name,
            model=self.model.currentText(),
            base_url=self._edit(info).base_url,
            keep=False,
            plain_http=bool(self._edit(info).plain_http),
        )

    def _on_tested(self, found: Probe) -> None:
        self._testing = ""
        self._show_models()
        self._take_over(found)
        said = DOT.join(f"{name.lower()}: {said}" for name, said in wording_models.probe_sentences(found))
        self._say(_("It works · {said}", said=said))
        self._known.ask_providers()

    def _take_over(self, found: Probe) -> None:
        """Store what a test of the user's own model found."""
        known = any(choice.identifier == found.model.identifier for choice in self._choices)
        if known and not _default_url(found.provider.name):
            self._settings.apply(lambda settings: settings.with_model(found.model_among(settings.models)))

    def _on_test_failed(self, failure: Failure) -> None:
        self._testing = ""
        self._show_models()
        self._say(failure.sentence)

    # A server of the user's own

    def _on_remove(self) -> None:
        info = self.info
        if info is None:
            return
        meaning = _("Its address, its models and its key are forgotten at once. What is in the ledger stays.")
        box = Question(
            _("Remove this server"), _("Remove {title}?", title=info.title), meaning, _("Remove"), self
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.accepted.connect(partial(self._remove, info.name))
        box.open()

    def _remove(self, name: str) -> None:
        self._bridge.call(
            operations.remove_server,
            partial(self._on_removed, name),
            partial(self.show_failure, name),
            provider=name,
        )

    def _on_removed(self, name: str, _: None) -> None:
        """Forget what was typed for a removed server, so that it does not come back."""
        self._known.ask_choices()
        self._known.ask_providers()
        self._edits.pop(name, None)
        self._wrong_numbers.pop(name, None)
        self._typed.discard(name)
        self._wanted = ""
        self._say("")

    def _say(self, said: str) -> None:
        self.found.setText(said)
        self.found.setVisible(bool(said))


def _limit(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(_("No limit"))
    return field


def _grouped(number: int) -> str:
    return f"{number:,}" if number else ""


def _number(typed: str, most: float) -> float:
    """The number in a text that a person typed; 0 for an empty one. Raises ValueError."""
    plain = typed.strip().removeprefix("$").replace(",", "").replace("_", "").replace(" ", "")
    number = float(plain or 0)
    if not 0 <= number <= most:
        raise ValueError
    return number


def _default_url(name: str) -> str:
    """The address of a provider in the catalogue; "" for a server of the user's own."""
    from notesearch import catalogue

    return next((p.base_url for p in catalogue.PROVIDERS if p.name == name), "")


def _with_edit(settings: Settings, name: str, edit: ProviderSettings) -> Settings:
    """The settings with what was typed about a provider."""
    if edit == settings.provider(name):
        return settings
    return settings.with_provider(name, **asdict(edit))
