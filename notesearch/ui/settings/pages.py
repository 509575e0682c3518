"""The settings pages General, Search and Editor. Folders and providers have modules of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from notesearch.domain import Line
from notesearch.errors import NotesearchError
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.desktop_bridge import DesktopBridge, DesktopFacts
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.table import operations
from notesearch.ui.desktop import open_with as desktop
from notesearch.ui.settings.edit import SettingsEdit
from notesearch.ui.settings.hotkey_field import HotkeyField
from notesearch.ui.settings.hotkey_steps import key_words, steps_for
from notesearch.ui.widgets.controls import CheckBox, ComboBox, ControlRow, Form, Scrolled, button, hint, label
from notesearch.wording.status_texts import byte_size
from notesearch.wording.told import sentence
from notesearch.wording.translation import N_, _

if TYPE_CHECKING:
    from notesearch.ui.desktop.hotkey import GlobalKey

APPEARANCES = ((N_("Like the system"), "system"), (N_("Light"), "light"), (N_("Dark"), "dark"))
CLOSING = ((N_("Ask once"), "ask"), (N_("Keep running in the tray"), "stay"), (N_("Quit"), "quit"))
SAMPLE = Path("/notes/Kitchen/Rye bread.md")
MOST_RESULTS = (20, 50, 100, 200, 500)
SAVE_AFTER_MS = 500
PLACES = N_(
    "{path} and {line} are put in when a note is opened. {terminal}: your terminal. In links also "
    "{vault} and {page}."
)


class SettingsPage(QWidget):
    """A page that scrolls where the dialog is too small for it."""

    def __init__(self, edit: SettingsEdit) -> None:
        super().__init__()
        self.edit = edit
        self.fields = Form()
        inside = QWidget()
        inner = QVBoxLayout(inside)
        inner.setContentsMargins(0, 0, 8, 0)
        inner.addWidget(self.fields)
        inner.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 16, 0, 0)
        layout.addWidget(Scrolled(inside))

    def commit(self) -> None:
        """Store what is typed, valid and not stored yet, because the window closes."""


def _choose(box: ComboBox, value: object) -> None:
    """Select a value in a list without taking it for the user's choice."""
    box.blockSignals(True)
    box.setCurrentIndex(max(0, box.findData(value)))
    box.blockSignals(False)


class GeneralPage(SettingsPage):
    """The page General: appearance, closing, start at login, links, and the place of the index. Main thread.

    Signals:
        folder_wanted: show the data folder.
    """

    folder_wanted = Signal()

    def __init__(self, edit: SettingsEdit, bridge: Bridge, desktop: DesktopBridge) -> None:
        super().__init__(edit)
        self._desktop = desktop
        self._asked: Call | None = None
        self.appearance = ComboBox(_("Appearance"))
        for title, value in APPEARANCES:
            self.appearance.addItem(_(title), value)
        self.closing = ComboBox(_("When the window is closed"))
        for title, value in CLOSING:
            self.closing.addItem(_(title), value)
        self.login = CheckBox(_("Start Notesearch when you log in, hidden in the tray"))
        self.links = CheckBox(_("Stand in the desktop's menu and open notesearch: links"))
        self.gentle = CheckBox(_("Work slower on battery, and while other programs are busy"))
        self.problem = label("", "warningText")
        self.on_disk = hint()
        place = QLineEdit(str(bridge.data_dir))
        place.setReadOnly(True)
        place.setAccessibleName(_("Data folder"))
        fields = self.fields
        fields.add(_("Appearance"), self.appearance)
        fields.add(_("Closing the window"), self.closing)
        fields.add(_("Indexing"), self.gentle)
        fields.add(_("At login"), self.login)
        fields.add(_("Desktop"), self.links)
        fields.add("", self.problem)
        fields.add("", hint(_("notesearch://search?q=WORDS opens a search, and can do nothing else.")))
        fields.add(
            _("Data folder"),
            ControlRow(
                (place, button(_("Show"), self.folder_wanted, name=_("Show the data folder"))), wide=0
            ),
        )
        fields.add("", self.on_disk)
        fields.add(
            "",
            hint(
                _("Settings and index; your notes are never changed. Another folder: start with --data-dir.")
            ),
        )
        for box in (self.login, self.links):
            box.setEnabled(False)
        self.problem.hide()
        self.appearance.currentIndexChanged.connect(self._on_appearance)
        self.closing.currentIndexChanged.connect(self._on_closing)
        # `clicked` is emitted for the user only; `toggled` also when the program sets the box.
        self.gentle.clicked.connect(self._on_gentle)
        self.login.clicked.connect(self._on_login)
        self.links.clicked.connect(self._on_links)
        edit.reloaded.connect(self.show_settings)
        self.show_settings()
        self._ask()
        bridge.call(operations.sizes, self._on_sizes)

    def show_settings(self) -> None:
        """Show the present settings."""
        _choose(self.appearance, self.edit.settings.appearance)
        _choose(self.closing, self.edit.settings.when_closed)
        self.gentle.setChecked(self.edit.settings.gentle)

    def _on_appearance(self) -> None:
        self.edit.set(appearance=str(self.appearance.currentData()))

    def _on_closing(self) -> None:
        self.edit.set(when_closed=str(self.closing.currentData()))

    def _on_gentle(self, wanted: bool) -> None:
        self.edit.set(gentle=wanted)

    def _on_login(self, wanted: bool) -> None:
        self._desktop.set_start_at_login(wanted, self._on_failed)
        self._ask()

    def _on_links(self, wanted: bool) -> None:
        self._desktop.set_opens_links(wanted, self._on_failed)
        self._ask()

    def _ask(self) -> None:
        """Ask the desktop for its state after the last click. Earlier answers are dropped."""
        if self._asked is not None:
            self._asked.forget()
        self._asked = self._desktop.facts(self._on_facts)

    def _on_facts(self, facts: DesktopFacts) -> None:
        self.login.setEnabled(True)
        self.links.setEnabled(True)
        self.login.setChecked(facts.starts_at_login)
        self.links.setChecked(facts.opens_links)

    def _on_sizes(self, sizes: operations.Sizes) -> None:
        self.on_disk.setText(_("{byte_size} on disk.", byte_size=byte_size(sum(sizes.bytes.values()))))

    def _on_failed(self, failure: Failure) -> None:
        self.problem.setText(failure.sentence)
        self.problem.show()


class SearchSettingsPage(SettingsPage):
    """The page Search: the global key, and the number of results. Main thread."""

    def __init__(self, edit: SettingsEdit, key: GlobalKey | None) -> None:
        super().__init__(edit)
        self._key = key
        self.keys = HotkeyField(_("Key for quick search"))
        self.none = button(_("None"), self._on_none, name=_("No key for quick search"))
        self.ask = button(_("Ask the desktop"), self._on_ask)
        self.state = label()
        self.state.setAccessibleName(_("State of the key for quick search"))
        self.steps = hint()
        self.copy = button(_("Copy the command"), self._on_copy)
        self.results = ComboBox(_("Most results"))
        fields = self.fields
        fields.add(_("Quick search"), ControlRow((self.keys, self.none, self.ask), wide=0))
        fields.add("", self.state)
        fields.add("", self.steps)
        fields.add("", ControlRow((self.copy,)))
        fields.add(_("Most results"), self.results)
        fields.add("", hint(_("One row a note; how many notes hold the words is said above the list.")))
        self.keys.chosen.connect(self._on_chosen)
        self.keys.refused.connect(self._on_refused)
        self.keys.recording.connect(self._on_recording)
        self.results.currentIndexChanged.connect(self._on_results)
        if key is not None:
            key.changed.connect(self.show_state)
        edit.reloaded.connect(self.show_settings)
        self.show_settings()
        self.show_state()

    def show_settings(self) -> None:
        """Show the present settings."""
        self.keys.show_keys(self.edit.settings.key)
        limit = self.edit.settings.results_limit
        if self.results.findData(limit) < 0:
            self.results.blockSignals(True)
            self.results.clear()
            for number in sorted({*MOST_RESULTS, limit}):
                self.results.addItem(str(number), number)
            self.results.blockSignals(False)
        _choose(self.results, limit)

    def show_state(self, *_: object) -> None:
        """Show the state of the key, and what the user can do where the desktop offers no such key."""
        if self._key is None:
            return
        words = key_words(self._key.status)
        self.state.setText(words.said)
        self.state.setObjectName("" if words.good else "warningText")
        self.state.style().polish(self.state)
        self.ask.setVisible(words.asks)
        self.steps.setText("\n".join(steps_for()) if words.needs_steps else "")
        self.steps.setVisible(words.needs_steps)
        self.copy.setVisible(words.needs_steps)

    def _on_chosen(self, keys: str) -> None:
        self.edit.set(key=keys)

    def _on_refused(self, said: str) -> None:
        self.state.setText(said)

    def _on_none(self) -> None:
        self.edit.set(key="")
        self.show_settings()

    def _on_ask(self) -> None:
        self.edit.set(key_asked=True)

    def _on_recording(self, recording: bool) -> None:
        """While the user presses keys to choose one, the present key must not open quick search."""
        if self._key is not None:
            self._key.suspend(recording)

    def _on_results(self) -> None:
        self.edit.set(results_limit=int(self.results.currentData()))

    def _on_copy(self) -> None:
        from notesearch.ui.settings.hotkey_steps import command_line

        QGuiApplication.clipboard().setText(command_line())


class EditorPage(SettingsPage):
    """The page Editor: the command or link that opens a note. Main thread."""

    def __init__(self, edit: SettingsEdit, desktop_bridge: DesktopBridge) -> None:
        super().__init__(edit)
        self._desktop = desktop_bridge
        self.editors = ComboBox(_("Open notes with"))
        for title, template in desktop.EDITORS:
            self.editors.addItem(_(title), template)
        self.editors.addItem(_("Another command"), None)
        self.command = QLineEdit()
        self.command.setAccessibleName(_("Editor command"))
        self.command.setPlaceholderText(_("editor --line {line} {path}"))
        self.example = label("", "hintText")
        self.test = button(_("Test"), self._on_test, name=_("Test the editor"))
        self.tested = hint()
        self.tested.setAccessibleName(_("Result of the test"))
        fields = self.fields
        fields.add(_("Open notes with"), self.editors)
        fields.add(_("Command"), ControlRow((self.command, self.test), wide=0))
        fields.add("", self.example)
        fields.add("", self.tested)
        fields.add("", hint(_(PLACES)))
        self._save = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._save.timeout.connect(self.commit)
        self._say("")
        self.show_settings()
        self.editors.currentIndexChanged.connect(self._on_editor)
        self.command.textChanged.connect(self._on_command)
        edit.reloaded.connect(self.show_settings)

    def show_settings(self) -> None:
        """Show the present settings."""
        template = self.edit.settings.editor
        if self.command.text().strip() != template:
            self.command.setText(template)
        known = next(
            (i for i, (_, offered) in enumerate(desktop.EDITORS) if offered == template), len(desktop.EDITORS)
        )
        self.editors.blockSignals(True)
        self.editors.setCurrentIndex(known)
        self.editors.blockSignals(False)
        self._check()

    def commit(self) -> None:
        self._save.stop()
        if not self.wrong:
            self.edit.set(editor=self.command.text().strip())

    @property
    def wrong(self) -> str:
        """What is wrong with the typed command; "" for nothing."""
        template = self.command.text().strip()
        try:
            if template and not desktop.is_link(template):
                desktop.editor_command(template, SAMPLE, Line(number=41))
            elif template and "{path}" not in template and "{page}" not in template:
                return _("The link has no {path} and no {page}.")
        except NotesearchError as error:
            return sentence(error)
        return ""

    def _on_editor(self, at: int) -> None:
        template = self.editors.itemData(at)
        if template is None:
            self.command.setFocus()
        else:
            self.command.setText(template)
            self.commit()

    def _on_command(self) -> None:
        self._check()
        self._say("")
        self._save.start()

    def _check(self) -> None:
        """Show the command as it would be started, or what is wrong with it."""
        template, wrong = self.command.text().strip(), self.wrong
        if wrong:
            said = wrong
        elif not template:
            said = _("The program that the system opens the file with; it begins at the top of the note.")
        elif desktop.is_link(template):
            said = _("Opens the link in the program it belongs to.")
        else:
            said = _("Starts: ") + " ".join(desktop.editor_command(template, SAMPLE, Line(number=41)))
        self.example.setText(said)
        self.example.setObjectName("warningText" if wrong else "hintText")
        self.example.style().polish(self.example)
        self.test.setEnabled(not wrong)

    def _on_test(self) -> None:
        self.commit()
        self._say(_("Opening your newest note\N{HORIZONTAL ELLIPSIS}"))
        self._desktop.try_editor(self.command.text().strip(), self._on_tried, self._on_not_tried)

    def _on_tried(self, _done: None) -> None:
        self._say(_("Your newest note was handed over. Does it show it?"))

    def _on_not_tried(self, failure: Failure) -> None:
        self._say(failure.sentence)

    def _say(self, said: str) -> None:
        self.tested.setText(said)
        self.tested.setVisible(bool(said))
