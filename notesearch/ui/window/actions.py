"""The actions of the main window: menus, keys, dialogs and the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QUrl
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from notesearch.domain import FileProblem, Folder, IndexingStatus
from notesearch.domain.file_names import readable
from notesearch.ui.bridge.format_list import formats
from notesearch.ui.bridge.table import operations
from notesearch.ui.results.delegate import Row
from notesearch.ui.results.searches import Search, quoted_filter
from notesearch.ui.window.banner import Notice
from notesearch.ui.window.folder_offers import FolderOffers
from notesearch.ui.window.model_actions import ModelActions
from notesearch.ui.window.open_dialogs import OpenDialogs
from notesearch.ui.window.shell import Shell
from notesearch.wording import signs
from notesearch.wording import status_texts as wording
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.ui.dialogs.problems import ProblemsDialog
    from notesearch.ui.results.search_view import SearchView

TAGS_SHOWN = 40


class Actions(QObject):
    """The actions of the main window and the dialogs they open. Main thread."""

    def __init__(self, shell: Shell) -> None:
        window = shell.widget
        super().__init__(window)
        self._shell = shell
        self._bridge = shell.bridge
        self.dialogs = OpenDialogs(window)
        self.models = ModelActions(shell, self.dialogs, self)
        self.models.folder_wanted.connect(self.choose_folder)
        self.models.removal_wanted.connect(self.ask_to_remove)
        self.models.page_wanted.connect(self.open_web)
        self.offers = FolderOffers(shell, self.dialogs, self)
        self._problems: ProblemsDialog | None = None
        self._removing: Folder | None = None
        self._menu_row: Row | None = None
        self._menu_view: SearchView | None = None
        self._tags: tuple[tuple[str, int], ...] = ()
        self._formats: tuple[tuple[str, int], ...] = ()
        self.main_menu = QMenu(window)
        self.types_menu = QMenu(window)
        self.tags_menu = QMenu(window)
        self.row_menu = QMenu(window)
        self._build_main_menu()
        self._build_row_menu()
        self._build_filter_menus()
        self._bridge.statuses.follow(self._on_status)

    # Menus and keys

    def _action(self, menu: QMenu | None, text: str, does: Callable[[], object], *keys: str) -> QAction:
        """Add an action to a menu. Its keys work wherever the focus is in the window."""
        action = QAction(text, self._shell.widget)
        action.triggered.connect(does)
        if keys:
            action.setShortcuts([QKeySequence(key) for key in keys])
        self._shell.widget.addAction(action)
        if menu is not None:
            menu.addAction(action)
        return action

    def _build_main_menu(self) -> None:
        menu = self.main_menu
        self._action(menu, _("Add a folder…"), self.choose_folder, "Ctrl+O")
        self._action(menu, _("Save this search"), self._save_search, "Ctrl+D")
        self._action(menu, _("Model of a folder…"), self.models.open_current, "Ctrl+M")
        self._action(menu, _("Problems…"), self.open_problems)
        self._action(menu, _("Ledger of requests…"), self.models.open_ledger)
        menu.addSeparator()
        self._action(menu, _("Show or hide the preview"), self._toggle_preview, "Ctrl+P")
        self._action(menu, _("Quick search"), self._quick_search)
        self._action(menu, _("Back to the search field"), self._to_field, "Ctrl+L")
        self._action(menu, _("Settings…"), self.open_settings, "Ctrl+,")
        menu.addSeparator()
        self._action(menu, _("Keyboard keys"), self.open_keys, "F1")
        self._action(menu, _("About Notesearch"), self.open_about)
        self._action(menu, _("Quit"), self._quit, "Ctrl+Q")

    def _build_row_menu(self) -> None:
        menu = self.row_menu
        for text, does in (
            (_("Open\tEnter"), self.open_menu_row),
            (_("Show in the file manager\tCtrl+Enter"), self.reveal_menu_row),
            (_("Copy the passage\tCtrl+C"), self.copy_menu_passage),
            (_("Copy the path"), self.copy_path),
            (_("Find similar notes"), self.find_similar),
        ):
            menu.addAction(text).triggered.connect(does)
        self._sent_action = menu.addAction(_("What is sent of this note…"))
        self._sent_action.triggered.connect(self.show_sent)

    def _build_filter_menus(self) -> None:
        for menu, name, entries, said in (
            (self.types_menu, "type", self._formats, _("No notes yet")),
            (self.tags_menu, "tag", self._tags[:TAGS_SHOWN], _("No tags yet")),
        ):
            menu.clear()
            if not entries:
                menu.addAction(said).setEnabled(False)
            for value, number in entries:
                title = wording.format_title(value, formats()) if name == "type" else value
                action = menu.addAction(f"{title.replace('&', '&&')}\t{number:,}")
                action.setCheckable(True)
                action.setData(quoted_filter(name, value))
                action.triggered.connect(self._on_filter)
        self.show_filters(self._shell.search)

    def _on_filter(self, checked: bool) -> None:
        action = self.sender()
        if not isinstance(action, QAction):
            return
        search, chosen = self._shell.search, str(action.data())
        self._shell.ask(search.with_filter(chosen) if checked else search.without_filter(chosen))

    def show_filters(self, search: Search) -> None:
        """Tick the filters that are in use."""
        for menu in (self.types_menu, self.tags_menu):
            for action in menu.actions():
                action.setChecked(action.data() in search.filters)

    def ask_vocabulary(self) -> None:
        """Ask for the present tags and formats, for the filter menus."""
        self._bridge.call(operations.vocabulary, self.show_vocabulary)

    def show_vocabulary(self, known: operations.Vocabulary) -> None:
        """Offer these tags and formats as filters."""
        if (known.tags, known.formats) != (self._tags, self._formats):
            self._tags, self._formats = known.tags, known.formats
            self._build_filter_menus()

    def show_row_menu(self, row: Row, at: QPoint, view: SearchView | None = None) -> None:
        """See RowActions."""
        self._menu_row, self._menu_view = row, view
        self._sent_action.setVisible(self.models.remote_folder(row.match.path) is not None)
        self.row_menu.popup(at)

    # Rows

    def open_row(self, row: Row) -> None:
        """Open the note of a row at its passage, in the user's editor."""
        settings = self._shell.settings
        self._shell.keep_query()
        self._bridge.open_note(settings.editor if settings else "", row.match.path, row.passage.place)

    def open_current(self) -> None:
        """Open the selected row."""
        if self._shell.current is not None:
            self.open_row(self._shell.current)

    def open_menu_row(self) -> None:
        """Open the row whose menu was shown."""
        if self._menu_row is not None:
            self.open_row(self._menu_row)

    def reveal_current(self) -> None:
        """Show the selected note in the file manager."""
        if self._shell.current is not None:
            self.reveal_row(self._shell.current)

    def reveal_row(self, row: Row) -> None:
        """Show the note of a row in the file manager."""
        self._shell.keep_query()
        self._bridge.reveal(row.match.path)

    def reveal_menu_row(self) -> None:
        """Show the note whose menu was shown in the file manager."""
        if self._menu_row is not None:
            self._bridge.reveal(self._menu_row.match.path)

    def copy_passage(self) -> None:
        """Copy the passage of the selected row."""
        if self.copy_passage_of(self._shell.view):
            self._shell.keep_query()
            self._shell.tell(_("Passage copied"))

    def copy_menu_passage(self) -> None:
        """Copy the passage of the row whose menu was shown."""
        if self._menu_view is None:
            self.copy_passage()
        else:
            self.copy_passage_of(self._menu_view)

    @staticmethod
    def copy_passage_of(view: SearchView) -> bool:
        """Copy the passage from the note, or the row's snippet while the note is still being read. Returns
        False where no row is selected."""
        row = view.current
        if row is not None:
            QGuiApplication.clipboard().setText(view.passage_text(row))
        return row is not None

    def keep_search(self, search: Search) -> None:
        """Put what was asked in quick search into the history."""
        self._shell.keep_search(search)

    def look_at(self, paths: list[Path]) -> None:
        """Offer to search what was dropped."""
        self.offers.look_at(paths)

    def copy_path(self) -> None:
        """Copy the path of the note whose menu was shown."""
        if self._menu_row is not None:
            QGuiApplication.clipboard().setText(readable(str(self._menu_row.match.path)))
            self._shell.tell(_("Path copied"))

    def find_similar(self) -> None:
        """List the notes near to the one whose menu was shown."""
        if self._menu_row is not None:
            self._shell.come_up()
            self._shell.view.find_similar(self._menu_row.match)

    def show_sent(self) -> None:
        """Show what a remote model is sent of the note whose menu was shown."""
        if self._menu_row is not None:
            self.models.open_outgoing(self._menu_row.match.path)

    def open_default(self, path: Path) -> None:
        """Open a file with the system's program, and say so where there is none."""
        from notesearch.ui.desktop import open_with as desktop

        if not desktop.open_default(path):
            said = _("Choose an editor in the settings (Ctrl+,).")
            self._shell.offer(
                Notice(title=_("No program opens {path}", path=path.name), hint=said, key="no-program")
            )

    def open_link(self, link: str) -> None:
        """Open an editor's link, and say so where no program takes it."""
        from notesearch.ui.desktop import open_with as desktop

        if not desktop.open_link(link):
            scheme = link.partition(":")[0]
            self._shell.offer(
                Notice(
                    title=_("No program opens {scheme} links", scheme=scheme),
                    hint=_("Choose another editor in the settings."),
                    key="no-link",
                )
            )

    def open_web(self, url: QUrl) -> None:
        """Open a web page or a mail address, and say so where no program takes it."""
        from notesearch.ui.desktop import open_with as desktop

        if not desktop.open_web(url):
            self._shell.offer(
                Notice(title=_("The link could not be opened"), hint=url.toDisplayString(), key="no-link")
            )

    # Folders

    def choose_folder(self) -> None:
        """Let the user choose a folder to search."""
        from PySide6.QtWidgets import QFileDialog

        dialog = QFileDialog(self.dialogs.front, _("Choose a folder of notes"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_folder_chosen)
        self.dialogs.show(dialog)

    def _on_folder_chosen(self, path: str) -> None:
        self.offers.look_at([Path(path)])

    def ask_to_remove(self, folder: Folder) -> None:
        """Ask whether to stop searching a folder."""
        from notesearch.ui.widgets.controls import Question

        self._removing = folder
        meaning = _(
            "{count} leave the index. The files themselves are not touched.",
            count=signs.count(folder.documents),
        )
        box = Question(
            _("Remove folder"),
            _("Stop searching {path}?", path=folder.path.name),
            meaning,
            _("Remove"),
            self.dialogs.front,
        )
        box.accepted.connect(self._on_remove)
        self.dialogs.show(box)

    def _on_remove(self) -> None:
        if self._removing is not None:
            if self._shell.search.folder == self._removing.path:
                search = self._shell.search
                self._shell.ask(Search(text=search.text, filters=search.filters))
            self._bridge.call(operations.remove_folder, folder=self._removing.path)

    def ask_to_stay(self, key: str) -> None:
        """Ask whether the program goes on in the tray, because the window is closed for the first time. `key`
        is the key that opens quick search, "" for none."""
        from notesearch.ui.widgets.controls import Choice

        reach = _("{key} calls quick search wherever you are. ", key=key) if key else ""
        meaning = _(
            "{reach}Your notes go on being followed, and the tray icon brings this window back. The "
            "settings can change it.",
            reach=reach,
        )
        box = Choice(
            _("Close the window"),
            _("Keep Notesearch running without its window?"),
            meaning,
            _("Keep running"),
            _("Quit"),
            self._shell.widget,
        )
        box.chosen.connect(self._on_stay)
        self.dialogs.show(box)

    def _on_stay(self, stays: bool) -> None:
        when_closed = "stay" if stays else "quit"
        self._bridge.update_settings(lambda settings: replace(settings, when_closed=when_closed))
        if stays:
            self._shell.hide_away()
        else:
            self._shell.leave()

    # Indexing

    def pause(self) -> None:
        """Read and embed nothing until `resume`."""
        self._bridge.call(operations.pause)

    def resume(self) -> None:
        """Go on reading and embedding."""
        self._bridge.call(operations.resume)

    # Dialogs

    def _on_problems_finished(self) -> None:
        self._problems = None

    def open_problems(self) -> None:
        """Show the problems."""
        from notesearch.ui.dialogs.problems import ProblemsDialog

        if self._problems is None:
            self._problems = ProblemsDialog(self._shell.widget)
            self._problems.finished.connect(self._on_problems_finished)
            self._problems.retry_wanted.connect(self._on_retry)
            self._problems.reveal_wanted.connect(self._bridge.reveal)
            self.dialogs.show(self._problems)
        self._ask_problems()

    def _ask_problems(self) -> None:
        self._bridge.call(operations.problems, self._show_problems)

    def _on_retry(self, paths: list[Path] | None) -> None:
        self._bridge.call(operations.retry, paths=tuple(paths) if paths is not None else None)

    def _show_problems(self, problems: tuple[FileProblem, ...]) -> None:
        if self._problems is not None:
            self._problems.show_problems(problems)

    def _on_status(self, status: IndexingStatus) -> None:
        """Update the list of problems."""
        before = self._bridge.statuses.before
        if self._problems is not None and (
            before is None or (before.problems, before.failed) != (status.problems, status.failed)
        ):
            self._ask_problems()

    def open_settings(self) -> None:
        """Show the settings."""
        self.models.open_settings()

    def open_keys(self) -> None:
        """Show what the keys do."""
        from notesearch.ui.dialogs.help import KeysDialog

        self.dialogs.show(KeysDialog(self._shell.widget))

    def open_about(self) -> None:
        """Show name and version."""
        from notesearch.ui.dialogs.help import AboutDialog

        self.dialogs.show(AboutDialog(self._shell.theme, self._shell.widget))

    # The window

    def _save_search(self) -> None:
        self._shell.save_search()

    def _toggle_preview(self) -> None:
        self._shell.view.toggle_preview()

    def _quick_search(self) -> None:
        self._shell.toggle_quick()

    def _to_field(self) -> None:
        self._shell.focus_field()

    def _quit(self) -> None:
        self._shell.leave()
