"""What the parts of the main window may ask of it: a small protocol, so that no part knows the window's
class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QWidget

from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.results.searches import Search
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.banner import Notice

if TYPE_CHECKING:
    from notesearch.config.settings import Settings
    from notesearch.domain import IndexingStatus
    from notesearch.ui.desktop.hotkey import GlobalKey
    from notesearch.ui.results.delegate import Row
    from notesearch.ui.window.search_page import SearchPage


class TrayRole(Protocol):
    """What the window asks of whoever keeps the program in the tray. Main thread."""

    key: GlobalKey

    @property
    def way_back(self) -> bool:
        """Whether a hidden window can be called back: there is a tray, or a key."""
        ...

    def stays(self) -> bool:
        """The window is being closed: whether the program stays. May ask the user."""
        ...

    def toggle_quick(self) -> None:
        """Show or hide quick search."""
        ...


class Shell(Protocol):
    """The main window as its parts see it. Main thread."""

    bridge: Bridge
    theme: Theme
    # None until the settings were read.
    settings: Settings | None

    @property
    def status(self) -> IndexingStatus | None:
        """The newest status; None until the engine has told one."""
        ...

    @property
    def widget(self) -> QWidget:
        """The window as a parent of dialogs, menus and actions."""
        ...

    @property
    def search(self) -> Search:
        """What is asked in the window's field."""
        ...

    @property
    def view(self) -> SearchPage:
        """The window's list with its preview."""
        ...

    @property
    def current(self) -> Row | None:
        """The row that is selected in the window's list."""
        ...

    @property
    def key(self) -> GlobalKey | None:
        """The key that calls quick search, where the program stays in the tray."""
        ...

    def ask(self, search: Search) -> None:
        """Ask something in the window's field."""
        ...

    def save_search(self) -> None:
        """Keep what is asked among the saved searches."""
        ...

    def focus_field(self) -> None:
        """The keyboard goes to the search field, all of it selected."""
        ...

    def keep_query(self) -> None:
        """Put what is asked into the history."""
        ...

    def keep_search(self, search: Search) -> None:
        """Put what was asked elsewhere into the history."""
        ...

    def tell(self, text: str) -> None:
        """Say something in the status line for a moment."""
        ...

    def offer(self, message: Notice) -> None:
        """Say something in the banner, with what can be done about it."""
        ...

    def show_failure(self, failure: Failure) -> None:
        """Say what went wrong."""
        ...

    def toggle_quick(self) -> None:
        """Show or hide quick search."""
        ...

    def come_up(self, activation: str = "") -> None:
        """Show the window over the others. `activation`: the desktop's leave to do so."""
        ...

    def hide_away(self) -> None:
        """Put the window into the tray, or end where there is no way back."""
        ...

    def leave(self) -> None:
        """End the program."""
        ...
