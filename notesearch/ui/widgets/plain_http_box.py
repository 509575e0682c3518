"""The box by which the user allows an address in the own network to be asked without encryption."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from notesearch.ui.widgets.controls import CheckBox
from notesearch.wording.model_texts import unencrypted_host
from notesearch.wording.translation import _


class PlainHttpBox(CheckBox):
    """Shown for an address in the user's own network that is not encrypted. Each address is asked about by
    itself. Main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Allow plain http to this address"), parent)
        self._host = ""
        self.hide()

    def show_for(self, address: str) -> None:
        """Show it for an address that is typed, or hide it. Where that is another one, nothing is allowed."""
        host = unencrypted_host(address)
        if host != self._host:
            self._host = host
            self.setChecked(False)
        self.setVisible(bool(host))

    @property
    def allowed(self) -> str:
        """The host that the user allows to be asked without encryption; "" for none."""
        return self._host if self.isChecked() else ""
