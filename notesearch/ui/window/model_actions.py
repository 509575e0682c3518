"""The actions about models, providers and money, and the dialogs that they open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from notesearch.domain import Estimate, Folder, IndexingStatus, LedgerEntry, ProviderTrouble
from notesearch.ui.bridge.desktop_bridge import DesktopBridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.known_models import KnownModels
from notesearch.ui.bridge.table import operations
from notesearch.ui.window.banner import Notice
from notesearch.ui.window.open_dialogs import OpenDialogs
from notesearch.ui.window.shell import Shell
from notesearch.wording.status_texts import owning_folder
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.config.settings import Settings
    from notesearch.ui.dialogs.api_key import KeyDialog
    from notesearch.ui.dialogs.ledger_dialog import LedgerDialog
    from notesearch.ui.dialogs.model import ModelDialog
    from notesearch.ui.settings.dialog import SettingsDialog


LEDGER_SHOWN = 500


class ModelActions(QObject):
    """The actions about models and providers. At most one dialog of each kind is open. Main thread.

    Signals:
        folder_wanted: choose a folder to add. removal_wanted: a Folder, to be removed.
        page_wanted: a QUrl, to be opened in the browser.
    """

    folder_wanted = Signal()
    removal_wanted = Signal(object)
    page_wanted = Signal(object)

    def __init__(self, shell: Shell, dialogs: OpenDialogs, parent: QObject) -> None:
        super().__init__(parent)
        self._shell = shell
        self._dialogs = dialogs
        self._bridge = shell.bridge
        self.known = KnownModels(shell.bridge)
        self.desktop = DesktopBridge(shell.bridge)
        self._model: ModelDialog | None = None
        self._settings: SettingsDialog | None = None
        self._key: KeyDialog | None = None
        self._ledger: LedgerDialog | None = None
        shell.bridge.settings_changed.connect(self._on_settings)

    # The model of a folder

    @property
    def _status(self) -> IndexingStatus | None:
        return self._shell.status

    def remote_folder(self, path: Path) -> Folder | None:
        """The folder that contains `path`, where a remote model is its model or its next model; else None."""
        folder = owning_folder(path, self._status.folders) if self._status is not None else None
        return (
            folder
            if folder is not None
            and any(m and not m.startswith("local/") for m in (folder.model, folder.next_model))
            else None
        )

    def open_current(self) -> None:
        """Open the model of a folder: the one the search is limited to, else that of the selected note, else
        the first."""
        folders = self._status.folders if self._status is not None else ()
        if not folders:
            self._shell.offer(
                Notice(
                    title=_("There is no folder yet"),
                    hint=_("Add one first: each folder has its own model."),
                    key="no-folder",
                )
            )
            return
        row = self._shell.current
        wanted = self._shell.search.folder or (row.match.path if row is not None else None)
        self.open(owning_folder(wanted, folders) or folders[0])

    def open(self, folder: Folder) -> None:
        """Let the user choose the model of a folder."""
        from notesearch.ui.dialogs.model import ModelDialog

        if self._model is not None or self._status is None:
            return
        self._model = ModelDialog(
            self._bridge, self.known, self._shell.theme, self._status, folder.path, self._dialogs.front
        )
        self._bridge.statuses.changed.connect(self._model.show_status)
        self._model.preview_wanted.connect(self._on_preview_wanted)
        self._model.held_wanted.connect(self._on_held_wanted)
        self._model.key_wanted.connect(self.set_key)
        self._model.key_kept.connect(self._tell_key)
        self._model.agreed.connect(self._agree)
        self._model.finished.connect(self._on_model_closed)
        self._dialogs.show(self._model)

    def review(self, folder: Folder) -> None:
        """Show again what waits for the user's consent."""
        self.open(folder)
        if self._model is not None:
            self._model.prepare(folder.next_model or folder.model)

    def stop_preparing(self, folder: Folder) -> None:
        """Keep the model that answers, and stop preparing another."""
        self._bridge.call(operations.cancel_model, folder=folder.path)

    def go_back(self, folder: Folder) -> None:
        """Return to the former model. Where something would have to be sent for that, the user is asked."""
        self._bridge.call(
            operations.go_back,
            partial(self._on_gone_back, folder.path),
            folder=folder.path,
            model=folder.previous_model,
        )

    def forget_previous(self, folder: Folder) -> None:
        """Delete the indexes of a folder's former models."""
        self._bridge.call(
            operations.forget_former, partial(self._on_previous_forgotten, folder.path), folder=folder.path
        )

    def _on_gone_back(self, path: Path, estimate: Estimate | None) -> None:
        if estimate is None:
            self._on_agreed(path, None)
            return
        folder = owning_folder(path, self._status.folders) if self._status is not None else None
        if folder is not None:
            self.open(folder)
        if self._model is not None:
            self._model.ask(estimate)

    def _agree(self, path: Path) -> None:
        self._bridge.call(operations.agree, partial(self._on_agreed, path), folder=path)

    def _on_agreed(self, path: Path, _done: None) -> None:
        self._shell.tell(_("Building the index of {path}", path=path.name))

    def _on_previous_forgotten(self, path: Path, _dropped: int) -> None:
        self._shell.tell(_("What former models of {path} left is forgotten", path=path.name))

    def _on_model_closed(self) -> None:
        self._model = None

    # What is sent

    def open_outgoing(self, path: Path) -> None:
        """Show what a remote model is sent of a note."""
        from notesearch.ui.dialogs.outgoing import OutgoingDialog

        to = self._model_of(self.remote_folder(path))
        dialog = OutgoingDialog(self._bridge, self._shell.theme, to, note=path, parent=self._shell.widget)
        dialog.allowed.connect(self._on_allowed)
        self._dialogs.show(dialog)

    def open_folder_outgoing(self, folder: Folder) -> None:
        """Show what a remote model is sent of a folder's notes, with a list to choose from."""
        self._open_folder_outgoing(folder.path, self._model_of(folder))

    def _on_preview_wanted(self, folder: Path, host: str) -> None:
        self._open_folder_outgoing(folder, host)

    def _on_held_wanted(self, folder: Path, host: str) -> None:
        self._open_folder_outgoing(folder, host, held=True)

    def _open_folder_outgoing(self, folder: Path, to: str, *, held: bool = False) -> None:
        from notesearch.ui.dialogs.outgoing import OutgoingDialog

        over = self._model or self._shell.widget
        dialog = OutgoingDialog(self._bridge, self._shell.theme, to, folder=folder, held=held, parent=over)
        dialog.allowed.connect(self._on_allowed)
        self._dialogs.show(dialog)

    @staticmethod
    def _model_of(folder: Folder | None) -> str:
        from notesearch.wording.signs import model_name

        return model_name(folder.next_model or folder.model) if folder is not None else ""

    def _on_allowed(self, path: Path, passages: int) -> None:
        self._shell.tell(_("{passages:,} of {path} let go", passages=passages, path=path.name))

    # Keys, providers, money

    def open_settings(self, provider: str = "", *, providers: bool = False) -> None:
        """Show the settings; with `providers` or a provider's name, its page of them."""
        from notesearch.ui.settings.dialog import SettingsDialog

        if self._shell.settings is None:
            return
        if self._settings is None:
            self._settings = SettingsDialog(
                self._shell.settings,
                self._bridge,
                self.desktop,
                self.known,
                self._shell.key,
                self._shell.widget,
            )
            self._settings.changed.connect(self._on_settings_changed)
            self._settings.general.folder_wanted.connect(self._show_data_folder)
            self._settings.folders.add_wanted.connect(self.folder_wanted)
            self._settings.folders.remove_wanted.connect(self.removal_wanted)
            self._settings.folders.model_wanted.connect(self.open)
            self._settings.folders.reveal_wanted.connect(self._bridge.reveal)
            self._bridge.statuses.follow(self._settings.show_status)
            self._settings.providers.key_wanted.connect(self.set_key)
            self._settings.providers.forget_wanted.connect(self._forget_key)
            self._settings.providers.ledger_wanted.connect(self.open_ledger)
            self._settings.finished.connect(self._on_settings_closed)
            self._dialogs.show(self._settings)
        if provider or providers:
            self._settings.show_providers(provider)

    def set_key(self, provider: str) -> None:
        """Ask the user for a key, in a dialog over the one that needs it."""
        from notesearch import catalogue
        from notesearch.ui.dialogs.api_key import KeyDialog
        from notesearch.wording.signs import provider_title

        if self._key is not None:
            return
        page = next((p.page for p in catalogue.PROVIDERS if p.name == provider), "")
        self._key = KeyDialog(provider, provider_title(provider), page, self._dialogs.front)
        self._key.taken.connect(self._keep_key)
        self._key.page_wanted.connect(self.page_wanted)
        self._key.finished.connect(self._on_key_closed)
        self._dialogs.show(self._key)

    def open_ledger(self) -> None:
        """Show the requests that providers answered."""
        from notesearch.ui.dialogs.ledger_dialog import LedgerDialog

        if self._ledger is None:
            self._ledger = LedgerDialog(self._dialogs.front)
            self._ledger.reveal_wanted.connect(self._on_ledger_folder_wanted)
            self._ledger.finished.connect(self._on_ledger_closed)
            self._dialogs.show(self._ledger)
        self._bridge.call(operations.ledger, self._on_ledger, limit=LEDGER_SHOWN)

    def help_with(self, trouble: ProviderTrouble) -> None:
        """Do what mends a model that cannot be used: set its key, choose another model, or open the
        settings."""
        from notesearch.wording.model_texts import Remedy, remedy

        found = remedy(trouble)
        if found is Remedy.KEY:
            self.set_key(trouble.provider)
        elif found is Remedy.MODEL:
            self._open_model_of(trouble)
        else:
            self.open_settings(trouble.provider)

    def _open_model_of(self, trouble: ProviderTrouble) -> None:
        folders = self._status.folders if self._status is not None else ()
        concerned = [
            f for f in folders if any(m.startswith(f"{trouble.provider}/") for m in (f.next_model, f.model))
        ]
        for folder in concerned[:1]:
            self.open(folder)

    def _keep_key(self, provider: str, key: str) -> None:
        self._bridge.call(
            operations.set_key,
            partial(self._on_key_kept, provider),
            partial(self._on_key_failed, provider),
            provider=provider,
            key=key,
        )

    def _on_key_kept(self, provider: str, state: str) -> None:
        if self._key is not None and self._key.provider == provider:
            self._key.accept()
        self._tell_key(state)
        self.known.ask_providers()

    def _tell_key(self, state: str) -> None:
        from notesearch.wording.model_texts import key_kept

        self._shell.tell(key_kept(state))

    def _forget_key(self, provider: str) -> None:
        self._bridge.call(
            operations.forget_key,
            partial(self._on_key_forgotten, provider),
            partial(self._on_key_failed, provider),
            provider=provider,
        )

    def _on_key_forgotten(self, provider: str, _done: None) -> None:
        from notesearch.wording.signs import provider_title

        self._shell.tell(
            _("The key of {provider_title} is forgotten", provider_title=provider_title(provider))
        )
        self.known.ask_providers()

    def _on_key_failed(self, provider: str, failure: Failure) -> None:
        """Show a failure about a key: in the dialogs about it, where one is open."""
        if self._key is not None and self._key.provider == provider:
            self._key.show_failure(failure)
        if self._settings is not None:
            self._settings.providers.show_failure(provider, failure)
        if self._key is None and self._settings is None:
            self._shell.show_failure(failure)

    def _on_ledger(self, entries: tuple[LedgerEntry, ...]) -> None:
        if self._ledger is not None:
            self._ledger.show_entries(entries)

    def _on_ledger_folder_wanted(self) -> None:
        self._bridge.call(operations.ledger_folder, self._on_ledger_folder)

    def _on_ledger_folder(self, folder: Path) -> None:
        self._bridge.reveal(folder)

    def _on_settings(self, settings: Settings) -> None:
        if self._settings is not None:
            self._settings.use_settings(settings)

    def _on_settings_changed(self, change: Callable[[Settings], Settings]) -> None:
        self._bridge.update_settings(change, self._on_settings_landed, self._on_settings_refused)

    def _on_settings_landed(self, _: None) -> None:
        if self._settings is not None:
            self._settings.edit.landed()

    def _on_settings_refused(self, failure: Failure) -> None:
        self._on_settings_landed(None)
        self._shell.show_failure(failure)

    def _show_data_folder(self) -> None:
        self._bridge.reveal(self._bridge.data_dir)

    def _on_settings_closed(self) -> None:
        self._settings = None

    def _on_key_closed(self) -> None:
        self._key = None

    def _on_ledger_closed(self) -> None:
        self._ledger = None
