"""The page that asks before anything is sent: what, how much, to whom and at what cost; and the page that is
shown while this is counted."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from notesearch.domain import Estimate, Folder, ProviderInfo
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.widgets.api_key_line import KeyLine
from notesearch.ui.widgets.controls import ControlRow, Facts, Scrolled, button, hint, label
from notesearch.wording import model_texts as wording_models
from notesearch.wording.signs import count, model_name
from notesearch.wording.translation import _


class CountingPage(QWidget):
    """Says that passages are being counted, or why that failed. Main thread.

    Signals:
        cancel_wanted.
    """

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counting = False
        self.title = label("", "sectionTitle")
        self.said = hint()
        self.cancel = button(_("Cancel"), self.cancel_wanted)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.said)
        layout.addStretch(1)
        layout.addLayout(below)

    def begin(self) -> None:
        """Show that passages are being counted."""
        self._counting = True
        self.title.setText(_("Counting…"))
        self.said.setText(_("Your notes are cut into passages for this model and counted. Nothing is sent."))
        self.cancel.setText(_("Cancel"))
        self.cancel.setAccessibleName(_("Cancel"))
        self.cancel.setFocus()

    def show_folder(self, folder: Folder) -> None:
        """Show how far the counting has come."""
        if folder.next_total and self._counting:
            self.title.setText(_("Counting… {count} so far", count=count(folder.next_total, "passage")))

    def show_failure(self, failure: Failure) -> None:
        """Show why nothing could be counted."""
        self._counting = False
        self.title.setText(failure.title)
        self.said.setText(failure.hint)
        self.cancel.setText(_("Back"))
        self.cancel.setAccessibleName(_("Back"))


class ConsentPage(QWidget):
    """An Estimate, and the question. Nothing is sent before "Send and build" is clicked. Main thread.

    Signals:
        agreed. declined. preview_wanted: see what would be sent. held_wanted: see what would not. key_wanted:
        set the key of a provider.
        again_wanted: look at the keys again.
    """

    agreed = Signal()
    declined = Signal()
    preview_wanted = Signal()
    held_wanted = Signal()
    key_wanted = Signal(str)
    again_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.estimate: Estimate | None = None
        self.title = label("", "sectionTitle")
        self.facts = Facts()
        self.budget = label("", "warningText")
        self.afterwards = hint()
        self.key = KeyLine()
        self.key.set_wanted.connect(self.key_wanted)
        self.key.again_wanted.connect(self.again_wanted)
        self.preview = button(_("See what would be sent…"), self.preview_wanted)
        self.decline = button(_("Not now"), self.declined)
        self.agree = button(_("Send and build"), self.agreed, primary=True)
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.setSpacing(16)
        for part in (self.title, self.facts, self.key, self.budget, self.afterwards):
            inner.addWidget(part)
        inner.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(Scrolled(inside), 1)
        layout.addWidget(ControlRow((self.preview, self.decline, self.agree), gap=1))

    def show_estimate(self, estimate: Estimate, info: ProviderInfo | None) -> None:
        """Show what would be sent, to whom and at what cost. `info`: the provider."""
        self.estimate = estimate
        self.title.setText(wording_models.consent_title(estimate))
        show = button(_("Show…"), self.held_wanted, name=_("Show what stays here"))
        self.facts.show_rows(
            wording_models.consent_rows(estimate), {_("Stays here"): show} if estimate.remote else None
        )
        said = wording_models.afterwards(estimate)
        self.afterwards.setText(said)
        self.afterwards.setVisible(bool(said))
        sends = estimate.remote and estimate.chunks > 0
        self.preview.setVisible(estimate.remote)
        does = _("Send and build") if sends else _("Use {model_name}", model_name=model_name(estimate.model))
        self.agree.setText(does)
        self.agree.setAccessibleName(does)
        self.show_provider(info)
        # Enter must not answer a question about money by accident.
        (self.preview if estimate.remote else self.agree).setFocus()

    def show_provider(self, info: ProviderInfo | None) -> None:
        """Show the state of the provider's key and of its budget."""
        estimate = self.estimate if self.estimate is not None and self.estimate.remote else None
        self.key.show_info(info if estimate is not None else None)
        said = (
            wording_models.beyond_budget(estimate, info) if info is not None and estimate is not None else ""
        )
        self.budget.setText(said)
        self.budget.setVisible(bool(said))
