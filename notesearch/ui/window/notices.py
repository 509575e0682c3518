"""The messages that the banner shows by itself: questions about notes that are gone, notices of folders,
models that are complete, wait or fail, an indexer that stopped, failures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject

from notesearch.domain import (
    Folder,
    FolderState,
    HeldDeletions,
    IndexingStatus,
    Mended,
    ProviderTrouble,
    Told,
)
from notesearch.domain.file_names import harmless_name
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.table import operations
from notesearch.ui.window.banner import Action, Banner, Notice
from notesearch.ui.window.model_actions import ModelActions
from notesearch.wording import model_texts as wording_models
from notesearch.wording import signs
from notesearch.wording.told import hint, sentence, told_together
from notesearch.wording.translation import N_, _

REMEDIES = {
    wording_models.Remedy.KEY: N_("Set the key\N{HORIZONTAL ELLIPSIS}"),
    wording_models.Remedy.MODEL: N_("Choose another model\N{HORIZONTAL ELLIPSIS}"),
    wording_models.Remedy.SETTINGS: N_("Settings\N{HORIZONTAL ELLIPSIS}"),
}


class Notices(QObject):
    """Turns what the engine reports into messages of the banner, each said once. Main thread."""

    def __init__(self, banner: Banner, bridge: Bridge, models: ModelActions) -> None:
        super().__init__(banner)
        self._banner = banner
        self._bridge = bridge
        self._models = models
        self._said: set[tuple[Path, Told]] = set()
        self._standing: set[str] = set()
        self._models_before: dict[Path, str] = {}
        bridge.statuses.follow(self.show_status)
        bridge.mended.connect(self._on_mended)

    def show_failure(self, failure: Failure) -> None:
        """Show a failure in the banner, and offer a repair where that may help."""
        self._banner.tell(
            Notice(
                title=failure.title,
                hint=failure.hint,
                key=_key("failure", failure.what),
                actions=self._repairs(failure),
            )
        )

    def _repairs(self, failure: Failure) -> tuple[Action, ...]:
        return ((_("Repair"), self._bridge.repair),) if failure.repairable else ()

    def _on_mended(self, mended: Sequence[Mended]) -> None:
        """Tell what a repair has done. What was wrong is not true any more."""
        for key in self._banner.keys:
            if key == "error" or key.startswith("failure store-damaged"):
                self._banner.withdraw(key)
        done = [_("{what}: {done}", what=sentence(one.what), done=sentence(one.done)) for one in mended]
        self._banner.tell(
            Notice(
                title=_("The data folder was repaired"),
                hint=" ".join(said if said.endswith(".") else f"{said}." for said in done),
                key="mended",
            )
        )

    def show_status(self, status: IndexingStatus) -> None:
        """Show in the banner what in a status needs the user's attention."""
        self._ask_about_held(status)
        self._say_troubles(status)
        for folder in status.folders:
            self._say_switched(folder)
            # What a model waits for is shown once for all its folders.
            waits = folder.state in (FolderState.WAITING, FolderState.CONSENT)
            if folder.notice is not None and not waits and (folder.path, folder.notice) not in self._said:
                self._said.add((folder.path, folder.notice))
                self._banner.tell(
                    Notice(
                        title=harmless_name(folder.path.name),
                        hint=told_together([folder.notice]),
                        key=_key(f"notice:{folder.path}", folder.notice),
                    )
                )
        if status.error is not None:
            self._banner.tell(
                Notice(
                    title=_("Indexing stopped"),
                    hint=sentence(status.error),
                    key="error",
                    actions=(
                        *self._repairs(Failure(what=status.error)),
                        (_("Try again"), partial(self._bridge.call, operations.retry)),
                    ),
                )
            )
        else:
            self._banner.withdraw("error")

    def _say_troubles(self, status: IndexingStatus) -> None:
        """Show why models cannot be used. A message is withdrawn when its reason is gone, and shown again
        when it comes back."""
        standing = {
            m.key: m
            for m in (*map(self._trouble, status.troubles), *map(self._consent, status.folders))
            if m is not None
        }
        for key in self._standing - set(standing):
            self._banner.withdraw(key)
        for key in [key for key in standing if key not in self._standing]:
            self._banner.tell(standing[key])
        self._standing = set(standing)

    def _trouble(self, trouble: ProviderTrouble) -> Notice:
        found = wording_models.remedy(trouble)
        actions = (
            [(_(REMEDIES[found]), partial(self._models.help_with, trouble))] if found is not None else []
        )
        return Notice(
            key=f"trouble:{trouble.provider}:{trouble.what.code}",
            title=wording_models.trouble_title(trouble),
            hint=hint(trouble.what),
            actions=(*actions, (_("Try again"), partial(self._bridge.call, operations.retry_providers))),
        )

    def _consent(self, folder: Folder) -> Notice | None:
        if folder.state is not FolderState.CONSENT:
            return None
        name = signs.model_name(folder.next_model or folder.model)
        return Notice(
            key=f"consent:{folder.path}:{name}",
            title=_("{path}: {name} waits for your word", path=folder.path.name, name=name),
            hint=_("Nothing is sent before you have seen what it is and what it costs."),
            actions=(
                (_("See what would be sent\N{HORIZONTAL ELLIPSIS}"), partial(self._models.review, folder)),
            ),
        )

    def _say_switched(self, folder: Folder) -> None:
        """Tell that the new index of a folder is complete and answers, and that the former one can be
        deleted."""
        before = self._models_before.get(folder.path, folder.model)
        self._models_before[folder.path] = folder.model
        key = f"switched:{folder.path}"
        if not folder.previous_model:
            self._banner.withdraw(key)
        if before == folder.model or not folder.previous_model:
            return
        self._banner.withdraw(key)
        title, meaning = wording_models.switched(folder)
        forget = (wording_models.forget_former(folder), partial(self._models.forget_previous, folder))
        message = Notice(
            key=key,
            title=title,
            hint=meaning,
            actions=((_("Keep the former index"), _nothing), forget),
            dismissable=False,
        )
        self._banner.tell(message)

    def _ask_about_held(self, status: IndexingStatus) -> None:
        """Ask about many notes that are gone at once. The question stays until it is answered, or the notes
        are back."""
        keys = {f"held:{held.folder}" for held in status.held}
        for key in self._banner.keys:
            if key.startswith("held:") and key not in keys:
                self._banner.withdraw(key)
        for held in status.held:
            self._banner.tell(self._question(held))

    def _answer(self, folder: Path, *, remove: bool) -> None:
        self._bridge.call(operations.answer_held, folder=folder, remove=remove)

    def _question(self, held: HeldDeletions) -> Notice:
        return Notice(
            key=f"held:{held.folder}",
            title=_(
                "{missing:,} of {count} in {folder} are gone",
                missing=held.missing,
                count=signs.count(held.of),
                folder=held.folder.name,
            ),
            hint=_("Were they deleted on purpose? Until you say so they stay in the index."),
            actions=(
                (_("Keep them"), partial(self._answer, held.folder, remove=False)),
                (_("Remove them from the index"), partial(self._answer, held.folder, remove=True)),
            ),
            dismissable=False,
        )


def _key(about: str, what: Told) -> str:
    """The key of a message: what it is about and its code and parameters, never its words."""
    return " ".join([about, what.code, *(f"{name}={value}" for name, value in what.params)])


def _nothing() -> None:
    """Do nothing: the button only closes the message."""
