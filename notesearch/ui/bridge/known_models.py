"""The models that can be chosen and the known providers, shared by all views that show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from notesearch.api import operations
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call

if TYPE_CHECKING:
    from notesearch.domain import ModelChoice, ProviderInfo


class KnownModels(QObject):
    """Asks for models and providers once for all open views, and tells all of them: a key that one view sets
    changes what the others show. It holds no key. Main thread.

    Signals:
        choices_changed: a tuple of ModelChoice. providers_changed: a tuple of ProviderInfo.
    """

    choices_changed = Signal(object)
    providers_changed = Signal(object)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._choices: Call | None = None
        self._providers: Call | None = None

    def ask_choices(self) -> None:
        """Ask which models can be chosen."""
        if self._choices is not None:
            self._choices.forget()
        self._choices = self._bridge.call(operations.list_models, self._on_choices)

    def ask_providers(self) -> None:
        """Ask for the providers with the state of their keys and their costs. This asks the keyring, which
        may ask the user."""
        if self._providers is not None:
            self._providers.forget()
        self._providers = self._bridge.call(operations.list_providers, self._on_providers)

    def _on_choices(self, choices: tuple[ModelChoice, ...]) -> None:
        self.choices_changed.emit(choices)

    def _on_providers(self, providers: tuple[ProviderInfo, ...]) -> None:
        self.providers_changed.emit(providers)
