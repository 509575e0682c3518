"""The settings page about folders: state, model, ignore rules, and removing a folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QPlainTextEdit

from notesearch.domain import Folder, IgnoredCount
from notesearch.domain.file_names import harmless_name, shown_name
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.table import operations
from notesearch.ui.settings.edit import SettingsEdit
from notesearch.ui.settings.pages import SettingsPage
from notesearch.ui.widgets.controls import CheckBox, ComboBox, ControlRow, button, hint, label
from notesearch.wording import signs
from notesearch.wording import status_texts as wording
from notesearch.wording.told import title
from notesearch.wording.translation import N_, _

RULES_HEIGHT = 96
PATHS_SHOWN = 3
# Milliseconds without typing before ignore rules are tried on the folder.
COUNT_AFTER_MS = 250
RULES_HINT = N_(
    "One pattern a line, as in .gitignore: Archive/, *.log, !keep.md. They are kept in the settings; "
    "a .notesearchignore file in the folder does the same."
)


class FoldersPage(SettingsPage):
    """Shows one folder at a time, chosen from a list. Main thread.

    Signals:
        add_wanted. remove_wanted, model_wanted, reveal_wanted: the Folder shown.
    """

    add_wanted = Signal()
    remove_wanted = Signal(object)
    model_wanted = Signal(object)
    reveal_wanted = Signal(object)

    def __init__(self, edit: SettingsEdit, bridge: Bridge) -> None:
        super().__init__(edit)
        self._bridge = bridge
        self._folders: tuple[Folder, ...] = ()
        self._counting: Call | None = None
        self._rest = QTimer(self, singleShot=True, interval=COUNT_AFTER_MS)
        self._rest.timeout.connect(self._count)
        self.folders = ComboBox(_("Folder"))
        self.add = button(_("Add…"), self.add_wanted, name=_("Add a folder"))
        self.place = hint()
        self.state = _fact(_("State of the folder"))
        self.model = _fact(_("Model of the folder"))
        self.choose_model = button(_("Model…"), self._on_model, name=_("Model of this folder"))
        self.remove = button(_("Remove…"), self._on_remove, name=_("Remove this folder"))
        self.show_folder = button(_("Show"), self._on_show, name=_("Show this folder"))
        self.rules = QPlainTextEdit()
        self.rules.setAccessibleName(_("Left out of this folder"))
        self.rules.setPlaceholderText(_("Archive/"))
        self.rules.setFixedHeight(RULES_HEIGHT)
        self.rules.setTabChangesFocus(True)
        self.count = hint()
        self.count.setAccessibleName(_("What the rules leave out"))
        self.wrong = label("", "warningText")
        self.gitignore = CheckBox(_("Leave out what .gitignore files name, in every folder"))
        self.gitignore.setChecked(edit.settings.gitignore)
        self.follow_links = CheckBox(_("Read the folders that links lead to, in every folder"))
        self.follow_links.setChecked(edit.settings.follow_links)
        self._lay_out()
        self.folders.currentIndexChanged.connect(self._on_chosen)
        self.rules.textChanged.connect(self._on_rules)
        self.gitignore.clicked.connect(self._on_gitignore)
        self.follow_links.clicked.connect(self._on_follow_links)
        edit.reloaded.connect(self._on_reloaded)

    def _lay_out(self) -> None:
        fields = self.fields
        fields.add(_("Folder"), ControlRow((self.folders, self.add), wide=0))
        fields.add("", self.place)
        fields.add(_("State"), ControlRow((self.state, self.show_folder, self.remove), wide=0))
        fields.add(_("Model"), ControlRow((self.model, self.choose_model), wide=0))
        fields.add(_("Left out"), self.rules)
        fields.add("", self.count)
        fields.add("", self.wrong)
        fields.add("", hint(_(RULES_HINT)))
        fields.add(_("Ignored files"), self.gitignore)
        fields.add(_("Linked folders"), self.follow_links)

    @property
    def folder(self) -> Folder | None:
        """The folder that is shown, None for none."""
        return next((f for f in self._folders if f.path == self.folders.currentData()), None)

    def choose(self, path: Path) -> None:
        """Show a folder."""
        self.folders.setCurrentIndex(max(0, self.folders.findData(path)))

    def show_folders(self, folders: Sequence[Folder]) -> None:
        """Show the present folders. The chosen one stays chosen."""
        known = [f.path for f in self._folders]
        self._folders = tuple(folders)
        if known != [f.path for f in folders] or not folders:
            chosen = self.folders.currentData()
            self.folders.blockSignals(True)
            self.folders.clear()
            for folder in folders:
                self.folders.addItem(shown_name(folder.path), folder.path)
            self.folders.setCurrentIndex(max(0, self.folders.findData(chosen)))
            self.folders.blockSignals(False)
            self._show_rules()
        self._show()

    def _show(self) -> None:
        folder = self.folder
        for widget in (self.folders, self.rules, self.remove, self.choose_model, self.show_folder):
            widget.setEnabled(folder is not None)
        if folder is None:
            self.place.setText(_("No folder is searched yet. Add one, or drop it on the window."))
            self.state.clear()
            self.model.clear()
            return
        self.place.setText(harmless_name(folder.path))
        self.state.setText(wording.folder_state(folder))
        self.model.setText(signs.model_name(folder.model))

    def _show_rules(self) -> None:
        folder = self.folder
        self.rules.blockSignals(True)
        self.rules.setPlainText(self.edit.settings.rules_of(folder.path) if folder is not None else "")
        self.rules.blockSignals(False)
        self.wrong.hide()
        self._ask()

    def _ask(self) -> None:
        """Count what the rules leave out, when the user has stopped typing. A count under way is out of
        date."""
        self.count.clear()
        self.stop_counting()
        self._rest.start()

    def stop_counting(self) -> None:
        """Stop counting what the rules leave out."""
        self._rest.stop()
        if self._counting is not None:
            self._counting.cancel()

    def _count(self) -> None:
        if self.folder is None:
            return
        path, rules = self.folder.path, self.rules.toPlainText()
        self._counting = self._bridge.call(
            operations.count_ignored, partial(self._on_ignored, path, rules), folder=path, rules=rules
        )

    def _on_chosen(self) -> None:
        self._show_rules()
        self._show()

    def _on_rules(self) -> None:
        self._ask()

    def _on_ignored(self, path: Path, rules: str, counted: IgnoredCount) -> None:
        """Show the count for the typed rules, and store rules without an error."""
        self.wrong.setText(
            "\n".join(_("Line {line}: {title}", line=e.line, title=title(e.what)) for e in counted.errors)
        )
        self.wrong.setVisible(bool(counted.errors))
        self.count.setText(ignored_words(counted, path))
        if not counted.errors:
            self.edit.apply(lambda settings: settings.with_rules(path, rules))

    def _on_gitignore(self, checked: bool) -> None:
        self.edit.set(gitignore=checked)
        self._ask()

    def _on_follow_links(self, checked: bool) -> None:
        self.edit.set(follow_links=checked)
        self._ask()

    def _on_reloaded(self) -> None:
        self.follow_links.setChecked(self.edit.settings.follow_links)
        self.gitignore.setChecked(self.edit.settings.gitignore)

    def _on_remove(self) -> None:
        if self.folder is not None:
            self.remove_wanted.emit(self.folder)

    def _on_model(self) -> None:
        if self.folder is not None:
            self.model_wanted.emit(self.folder)

    def _on_show(self) -> None:
        if self.folder is not None:
            self.reveal_wanted.emit(self.folder.path)


def ignored_words(counted: IgnoredCount, folder: Path) -> str:
    """How many notes the rules leave out, and the first of them."""
    of = f"{counted.notes:,}+" if counted.more else f"{counted.notes:,}"
    if not counted.ignored:
        return _("Leaves out none of {of} notes.", of=of)
    shown = [str(path.relative_to(folder)) for path in counted.paths[:PATHS_SHOWN]]
    rest = counted.ignored - len(shown)
    paths = ", ".join(shown)
    if rest > 0:
        return _(
            "Leaves out {ignored:,} of {of} notes: {paths} and {rest:,} more.",
            ignored=counted.ignored,
            of=of,
            paths=paths,
            rest=rest,
        )
    return _("Leaves out {ignored:,} of {of} notes: {paths}.", ignored=counted.ignored, of=of, paths=paths)


def _fact(name: str) -> QLabel:
    made = label()
    made.setAccessibleName(name)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
