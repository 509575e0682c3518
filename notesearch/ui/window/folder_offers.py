"""Adding folders: a folder that was dropped, chosen or found is looked at first, and the user is asked where
something has to be decided."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from notesearch.domain import Folder, Survey
from notesearch.ui.bridge.table import operations
from notesearch.ui.results.searches import Search
from notesearch.ui.window.banner import Notice
from notesearch.ui.window.open_dialogs import OpenDialogs
from notesearch.ui.window.shell import Shell
from notesearch.wording import signs
from notesearch.wording import status_texts as wording
from notesearch.wording.told import title_and_hint
from notesearch.wording.translation import N_, _

# From so many notes on, the user sees the number before the folder is read.
LARGE = 3000
WHOLE = {
    "home": (
        N_("Search your whole home folder?"),
        N_("It holds what programs keep there, too, and changes all the time."),
    ),
    "disk": (N_("Search a whole disk?"), N_("It holds what the system and its programs keep there, too.")),
}


class FolderOffers(QObject):
    """Adds folders, and asks the user about them where something has to be decided. Main thread.

    Signals:
        added: a Folder that is searched from now on.
    """

    added = Signal(object)

    def __init__(self, shell: Shell, dialogs: OpenDialogs, parent: QObject) -> None:
        super().__init__(parent)
        self.large = LARGE
        self._shell = shell
        self._dialogs = dialogs
        self._bridge = shell.bridge
        self._bridge.folders_wanted.connect(self._on_folders_wanted)

    def add(self, path: Path) -> None:
        """Add a folder without asking."""
        self._bridge.call(operations.add_folder, self._on_added, folder=path)

    def add_samples(self) -> None:
        """Search the sample notes."""
        self._bridge.call(operations.add_samples, self._on_added)

    def _on_added(self, folder: Folder | None) -> None:
        if folder is not None:
            self.added.emit(folder)

    def look_at(self, paths: list[Path]) -> None:
        """Count what is in these paths, then add them or ask."""
        for path in paths:
            self._shell.tell(_("Looking at {value}", value=path.name or path))
            self._bridge.call(operations.survey_folder, self.offer, path=path)

    def _on_folders_wanted(self, paths: tuple[Path, ...]) -> None:
        """Add folders of the command line. One that is searched already is no failure, since the command may
        be part of a shortcut."""
        for path in paths:
            self._bridge.call(operations.take_up_folder, self._on_taken_up, folder=path)

    def _on_taken_up(self, found: Folder | Survey | None) -> None:
        if isinstance(found, Survey):
            self.offer(found)
        else:
            self._on_added(found)

    def offer(self, survey: Survey) -> None:
        """Add a folder that was looked at, or ask the user, or say why it cannot be added."""
        if survey.covered_by is not None:
            self._say_covered(survey, survey.covered_by)
        elif survey.refusal is not None:
            said, hint = title_and_hint(survey.refusal)
            self._shell.offer(Notice(title=said, hint=hint, key=f"offer:{survey.path}"))
        elif survey.whole:
            title, why = (_(said) for said in WHOLE[survey.whole])
            self._ask(
                survey,
                title,
                _(
                    "{amount} {why} Better add the folder that holds your notes.",
                    amount=amount(survey),
                    why=why,
                ),
                _("Add it all the same"),
            )
        elif survey.is_file:
            self._offer_folder_of_file(survey)
        elif survey.more or survey.notes >= self.large:
            meaning = _(
                "{amount} Their words can be searched soon; meaning follows, the newest first, and "
                "you can search meanwhile.",
                amount=amount(survey),
            )
            self._ask(survey, _("Search {path}?", path=survey.path.name), meaning, _("Add"))
        else:
            self._add(survey)

    def _add(self, survey: Survey) -> None:
        self.add(survey.path)
        if survey.unread_links:
            self._shell.offer(
                Notice(
                    title=wording.links_line(survey.unread_links),
                    hint=_(
                        "{path} has links to folders elsewhere. By your settings these are not read.",
                        path=survey.path.name,
                    ),
                    actions=((_("Read linked folders"), self._follow_links),),
                    key=f"links:{survey.path}",
                )
            )

    def _follow_links(self) -> None:
        self._bridge.update_settings(lambda settings: replace(settings, follow_links=True))

    def _say_covered(self, survey: Survey, root: Path) -> None:
        self._shell.come_up()
        if survey.path == root:
            said, narrowed = _("{root} is searched already", root=root.name), root
        else:
            said, narrowed = (
                _("{path} is searched already, as part of {root}", path=survey.path.name, root=root.name),
                survey.path,
            )
        only = Search(text=self._shell.search.text, folder=narrowed)
        self._shell.offer(
            Notice(
                title=said,
                actions=(
                    (_("Search only {narrowed}", narrowed=narrowed.name), partial(self._shell.ask, only)),
                ),
                key=f"offer:{survey.path}",
            )
        )

    def _offer_folder_of_file(self, survey: Survey) -> None:
        """Offer the folder of a dropped file: only folders can be searched, so that their changes are
        noticed."""
        self._shell.come_up()
        hint = _(
            "{amount} Notesearch works on folders, so that it can follow your changes.", amount=amount(survey)
        )
        offer = Notice(
            title=_("Search the whole folder {path}?", path=survey.path.name),
            hint=hint,
            actions=((_("Add {path}", path=survey.path.name), partial(self._add, survey)),),
            key=f"offer:{survey.path}",
        )
        self._shell.offer(offer)

    def _ask(self, survey: Survey, title: str, meaning: str, does: str) -> None:
        from notesearch.ui.widgets.controls import Question

        self._shell.come_up()
        box = Question(_("Add a folder"), title, f"{survey.path}\n\n{meaning}", does, self._dialogs.front)
        box.accepted.connect(partial(self._add, survey))
        self._dialogs.show(box)


def amount(survey: Survey) -> str:
    """How many notes a folder holds, in a sentence."""
    number = wording.more_than(survey.notes) if survey.more else signs.count(survey.notes)
    said = _("{folder_kind} with {number}.", folder_kind=wording.folder_kind(survey.kind), number=number)
    return " ".join(filter(None, (said, wording.others_not_read(survey.others))))
