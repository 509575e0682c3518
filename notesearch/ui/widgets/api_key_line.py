"""A line about a provider's key: its state in words, and buttons to change it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from notesearch.domain import ProviderInfo
from notesearch.ui.widgets.controls import ControlRow, button, hint, label
from notesearch.wording import model_texts as wording_models
from notesearch.wording.translation import N_, _

ASKING = N_("Asking the keyring\N{HORIZONTAL ELLIPSIS}")
# Pixels by which the words are moved, to be level with a button beside them.
LEVEL = 6


class KeyLine(QWidget):
    """Shows the state of a provider's key. Main thread.

    Signals:
        set_wanted: set the key of the provider shown. again_wanted: look again, the keyring was locked.
        forget_wanted: forget that key; asked
        for only where `forgets`.
    """

    forget_wanted = Signal(str)
    set_wanted = Signal(str)
    again_wanted = Signal()

    def __init__(self, *, forgets: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.info: ProviderInfo | None = None
        self._showing: tuple[ProviderInfo | None, bool] | None = None
        self.state = label()
        self.state.setAccessibleName(_("State of the key"))
        self.state.setContentsMargins(0, LEVEL, 0, LEVEL)
        self.more = hint()
        self.set = button(_("Set the key…"), self._on_set)
        self.again = button(_("Look again"), self._on_again)
        self.forget = button(_("Forget"), self._on_forget, name=_("Forget the key"))
        self.forget.setVisible(forgets)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._buttons = ControlRow((self.again, self.set, self.forget))
        layout.addWidget(ControlRow((self.state, self._buttons), wide=0))
        layout.addWidget(self.more)
        self.show_info(None)

    def show_info(self, info: ProviderInfo | None, *, named: bool = True) -> None:
        """Show a provider's key. `named`: with the provider's name in front."""
        if (info, named) == self._showing:
            return
        self.info, self._showing = info, (info, named)
        self.setVisible(info is not None)
        self._buttons.setVisible(info is not None)
        if info is None:
            return
        said = wording_models.key_state(info)
        said = _("{provider}: {state}", provider=info.title, state=said) if named else said
        self._say(said, warns=wording_models.key_trouble(info))
        self.more.setText(wording_models.key_hint(info))
        self.more.setVisible(bool(self.more.text()))
        self.again.setVisible(info.keyring_closed)
        self.forget.setEnabled(
            info.key_state == "stored" or info.keyring_closed or info.key_source == "memory"
        )
        replace = info.key_state in ("stored", "session-only") and info.key_source != "environment"
        self.set.setText(_("Replace…") if replace else _("Set the key…"))
        said = N_("Replace the key of {provider}") if replace else N_("Set the key of {provider}")
        self.set.setAccessibleName(_(said, provider=info.title))

    def show_asking(self) -> None:
        """Show that the keyring is being asked, until `show_info`. It may be asking the user."""
        self._showing = None
        self.show()
        self._say(_(ASKING), warns=False)
        self.more.hide()

    def _say(self, said: str, *, warns: bool) -> None:
        self.state.setText(said)
        self.state.setObjectName("warningText" if warns else "")
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        self.state.setAccessibleDescription(said)

    def _on_set(self) -> None:
        if self.info is not None:
            self.set_wanted.emit(self.info.name)

    def _on_forget(self) -> None:
        if self.info is not None:
            self.forget_wanted.emit(self.info.name)

    def _on_again(self) -> None:
        self.again_wanted.emit()
