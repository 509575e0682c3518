"""The dialog that gives a folder another model: choose one, count, ask, build. Nothing is sent before the
user agrees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from notesearch.domain import Estimate, Folder, FolderState, IndexingStatus, ModelChoice, ProviderInfo
from notesearch.domain.file_names import shown_name
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.known_models import KnownModels
from notesearch.ui.bridge.table import operations
from notesearch.ui.dialogs.consent_pages import ConsentPage, CountingPage
from notesearch.ui.dialogs.dimensions import DimensionsLine, plain
from notesearch.ui.dialogs.model_list import ModelList
from notesearch.ui.dialogs.own_server import OwnServerPage
from notesearch.ui.widgets.api_key_line import KeyLine
from notesearch.ui.widgets.controls import ComboBox, ControlRow, button, hint
from notesearch.ui.widgets.theme import Theme
from notesearch.wording.signs import as_sentence, count, model_name
from notesearch.wording.status_texts import preparing
from notesearch.wording.translation import N_, _

EXPLAINED = N_(
    "Each folder has its own model. A new one builds its index beside the present one, which "
    "answers "
    "until the new one is complete."
)


class ChoicePage(QWidget):
    """The folder and the models to choose from. Main thread.

    Signals:
        next_wanted, closed, own_wanted, stop_wanted. key_wanted: set the key of a provider. again_wanted:
        look at the keys again.
    """

    next_wanted = Signal()
    closed = Signal()
    own_wanted = Signal()
    stop_wanted = Signal()
    key_wanted = Signal(str)
    again_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder: Folder | None = None
        self._providers: dict[str, ProviderInfo] = {}
        self.folders = ComboBox(_("Folder"))
        self.present = hint()
        self.list = ModelList(theme)
        self.dimensions = DimensionsLine()
        self.key = KeyLine()
        self.own = button(_("A server of your own…"), self.own_wanted)
        self.stop = button(_("Stop preparing"), self.stop_wanted)
        self.close_button = button(_("Close"), self.closed)
        self.next = button(_("Next"), self._on_next, primary=True)
        about = QHBoxLayout()
        about.setSpacing(8)
        about.addWidget(self.present, 1)
        about.addWidget(self.stop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.folders)
        layout.addLayout(about)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.dimensions)
        layout.addWidget(self.key)
        layout.addWidget(ControlRow((self.own, self.close_button, self.next), gap=1))
        self.list.chosen.connect(self._on_chosen)
        self.list.taken.connect(self._on_next)
        self.dimensions.edited.connect(self._check)
        self.dimensions.field.returnPressed.connect(self._on_next)
        self.key.set_wanted.connect(self.key_wanted)
        self.key.again_wanted.connect(self.again_wanted)

    def show_folder(self, folder: Folder) -> None:
        """Show the model of a folder, and what is being prepared for it."""
        self.folder = folder
        under_way = preparing(folder)
        held = [_("{count} held back.", count=count(folder.held_back, "passage"))] if folder.held_back else []
        said = (
            as_sentence(under_way)
            if under_way
            else _(
                "{path} uses {model_name}. {explained}",
                path=folder.path.name,
                model_name=model_name(folder.model),
                explained=_(EXPLAINED),
            )
        )
        self.present.setText(" ".join([said, *held]))
        self.stop.setVisible(bool(folder.next_model))
        if self.list.rows.present != plain(folder.model) and self.list.rows.choices:
            self.list.show_choices(self.list.rows.choices, plain(folder.model))
        self._on_chosen(self.list.choice)

    def show_choices(self, choices: Sequence[ModelChoice]) -> None:
        """Show the models that can be chosen."""
        folder = self.folder
        first = not self.list.rows.choices
        self.list.show_choices(
            sorted(choices, key=lambda choice: choice.remote),
            plain(folder.model) if folder is not None else "",
        )
        if first and folder is not None and folder.next_model:
            self.list.choose(plain(folder.next_model))
        self._on_chosen(self.list.choice)

    def show_providers(self, providers: dict[str, ProviderInfo]) -> None:
        """Show what is known of the providers, by name."""
        self._providers = providers
        self._on_chosen(self.list.choice)

    def _on_chosen(self, choice: ModelChoice | None) -> None:
        remote = choice is not None and choice.remote
        self.key.show_info(self._providers.get(choice.provider) if choice is not None and remote else None)
        under_way = (self.folder.next_model, self.folder.model) if self.folder is not None else ()
        self.dimensions.show_choice(
            choice, next((m for m in under_way if choice is not None and plain(m) == choice.identifier), "")
        )
        self._check()

    @property
    def identifier(self) -> str:
        """The identifier of the chosen model, with the number of dimensions where that is not the default; ""
        for none."""
        choice = self.list.choice
        if choice is None or self.dimensions.problem:
            return ""
        number = self.dimensions.number
        return choice.identifier + (f"#{number}" if number not in (0, choice.dimensions) else "")

    def _check(self) -> None:
        self.next.setEnabled(self._may_go_on())

    def _may_go_on(self) -> bool:
        """Whether "Next" is possible. The model that is in use or being prepared needs no change, unless it
        waits for the user's consent."""
        if not self.identifier or self.folder is None:
            return False
        return (
            self.identifier != (self.folder.next_model or self.folder.model)
            or self.folder.state is FolderState.CONSENT
        )

    def _on_next(self) -> None:
        if self.next.isEnabled():
            self.next_wanted.emit()


class ModelDialog(QDialog):
    """Accessible name "Model". Main thread.

    Signals:
        preview_wanted: (folder's Path, the host) see what would be sent. held_wanted: the same for what would
        not. key_wanted: set the key of a provider. key_kept: one was, "stored" or "session-only". agreed: the
        user agreed to the next model of a folder, given by its Path: from now on passages are sent.
    """

    preview_wanted = Signal(object, str)
    held_wanted = Signal(object, str)
    key_wanted = Signal(str)
    key_kept = Signal(str)
    agreed = Signal(object)

    def __init__(
        self,
        bridge: Bridge,
        known: KnownModels,
        theme: Theme,
        status: IndexingStatus,
        folder: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._known = known
        self._status = status
        self._path = folder
        self._counting: Call | None = None
        self._reviews = False
        self._providers: dict[str, ProviderInfo] = {}
        self.setWindowTitle(_("Model"))
        self.setAccessibleName(_("Model"))
        self.resize(660, 560)
        self.setMinimumSize(340, 300)
        self.choice = ChoicePage(theme)
        self.own = OwnServerPage(bridge, known)
        self.counting = CountingPage()
        self.consent = ConsentPage()
        self.pages = QStackedWidget()
        for page in (self.choice, self.own, self.counting, self.consent):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.addWidget(self.pages)
        self._fill_folders()
        self._connect()
        self.show_status(status)
        self.choice.list.setFocus()
        known.ask_choices()
        known.ask_providers()

    def _fill_folders(self) -> None:
        for folder in self._status.folders:
            self.choice.folders.addItem(shown_name(folder.path), folder.path)
        self.choice.folders.setVisible(self.choice.folders.count() > 1)
        at = next((i for i, folder in enumerate(self._status.folders) if folder.path == self._path), 0)
        self.choice.folders.setCurrentIndex(at)

    def _connect(self) -> None:
        choice, own, consent, known = self.choice, self.own, self.consent, self._known
        choice.folders.currentIndexChanged.connect(self._on_folder)
        choice.next_wanted.connect(self._on_next)
        choice.own_wanted.connect(self._on_own)
        choice.stop_wanted.connect(self._on_stop)
        choice.closed.connect(self.reject)
        own.back_wanted.connect(self._to_choice)
        own.use_wanted.connect(self.prepare)
        own.key_kept.connect(self.key_kept)
        self.counting.cancel_wanted.connect(self._on_cancel)
        consent.agreed.connect(self._on_agreed)
        consent.declined.connect(self.reject)
        consent.preview_wanted.connect(self._on_preview)
        consent.held_wanted.connect(self._on_held)
        for page in (choice, consent):
            page.key_wanted.connect(self.key_wanted)
            page.again_wanted.connect(known.ask_providers)
        known.choices_changed.connect(choice.show_choices)
        known.providers_changed.connect(self._on_providers)

    # Steps of the dialog

    @property
    def folder(self) -> Folder | None:
        """The folder whose model is chosen; None where it was removed meanwhile."""
        return next((folder for folder in self._status.folders if folder.path == self._path), None)

    def show_status(self, status: IndexingStatus) -> None:
        """Show the folder's present state. Closes the dialog where the folder was removed."""
        self._status = status
        folder = self.folder
        if folder is None:
            for above in self.findChildren(QDialog):
                above.reject()
            self.reject()
            return
        self.choice.show_folder(folder)
        if self.pages.currentWidget() is self.counting:
            self.counting.show_folder(folder)

    def prepare(self, identifier: str) -> None:
        """Count what this model would be sent."""
        folder = self.folder
        self._reviews = (
            folder is not None
            and folder.state is FolderState.CONSENT
            and identifier == (folder.next_model or folder.model)
        )
        if self._counting is not None:
            self._counting.forget()
        self._counting = self._bridge.call(
            operations.prepare_models,
            self._on_estimates,
            self._on_not_counted,
            folders=(self._path,),
            model=identifier,
        )
        self.pages.setCurrentWidget(self.counting)
        self.counting.begin()

    def ask(self, estimate: Estimate) -> None:
        """Ask the user about an estimate that is known already."""
        self.pages.setCurrentWidget(self.consent)
        self.consent.show_estimate(estimate, self._providers.get(estimate.provider))

    def _to_choice(self) -> None:
        self.pages.setCurrentWidget(self.choice)
        self.choice.list.setFocus()

    def _on_folder(self, at: int) -> None:
        self._path = self.choice.folders.itemData(at)
        self.show_status(self._status)

    def _on_next(self) -> None:
        if self.choice.identifier:
            self.prepare(self.choice.identifier)

    def _on_own(self) -> None:
        self.pages.setCurrentWidget(self.own)
        self.own.begin()

    def _on_stop(self) -> None:
        self._bridge.call(operations.cancel_model, folder=self._path)

    def _on_cancel(self) -> None:
        self._give_up()
        self._to_choice()

    def _on_providers(self, providers: tuple[ProviderInfo, ...]) -> None:
        self._providers = {info.name: info for info in providers}
        self.choice.show_providers(self._providers)
        if self.consent.estimate is not None:
            self.consent.show_provider(self._providers.get(self.consent.estimate.provider))

    def _on_estimates(self, estimates: tuple[Estimate, ...]) -> None:
        for estimate in estimates:
            self.ask(estimate)

    def _on_not_counted(self, failure: Failure) -> None:
        self.counting.show_failure(failure)

    def _on_preview(self) -> None:
        if self.consent.estimate is not None:
            self.preview_wanted.emit(self._path, self.consent.estimate.host)

    def _on_held(self) -> None:
        if self.consent.estimate is not None:
            self.held_wanted.emit(self._path, self.consent.estimate.host)

    def _on_agreed(self) -> None:
        self.agreed.emit(self._path)
        self.accept()

    def _give_up(self) -> None:
        """Take back a model that was counted but not agreed to, or is still being counted. One that waited
        for consent before the dialog was opened still waits."""
        if self.pages.currentWidget() in (self.counting, self.consent) and not self._reviews:
            if self._counting is not None:
                self._counting.cancel()
            self._bridge.call(operations.cancel_model, folder=self._path)
        elif self._counting is not None:
            self._counting.forget()
        self._counting = None
        self._reviews = False

    def reject(self) -> None:
        """Close by Esc or "Not now", without a change."""
        self._give_up()
        super().reject()
