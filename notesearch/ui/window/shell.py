"""What the parts of the main window may use of it, as a protocol, so that no part imports the window's
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
    """What the window needs of the object that keeps the program in the tray. Main thread."""

    key: GlobalKey

    @property
    def way_back(self) -> bool:
        """Whether the user can bring back a hidden window: there is a tray icon, or a global key."""
        ...

    def stays(self) -> bool:
        """Whether the program goes on when the window is closed. May ask the user."""
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
        """The present search of the window."""
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
        """The global key; None where no TrayController is set."""
        ...

    def ask(self, search: Search) -> None:
        """Set the search of the window."""
        ...

    def save_search(self) -> None:
        """Add the present search to the saved searches."""
        ...

    def focus_field(self) -> None:
        """Put the keyboard into the search field, with its text selected."""
        ...

    def keep_query(self) -> None:
        """Put the present search into the history."""
        ...

    def keep_search(self, search: Search) -> None:
        """Put another search into the history."""
        ...

    def tell(self, text: str) -> None:
        """Show a text in the status line for a moment."""
        ...

    def offer(self, message: Notice) -> None:
        """Show a message in the banner."""
        ...

    def show_failure(self, failure: Failure) -> None:
        """Show a failure."""
        ...

    def toggle_quick(self) -> None:
        """Show or hide quick search."""
        ...

    def come_up(self, activation: str = "") -> None:
        """Show the window in front of others. `activation`: the token by which the desktop allows that."""
        ...

    def hide_away(self) -> None:
        """Hide the window in the tray. Quit where the user could not bring it back."""
        ...

    def leave(self) -> None:
        """End the program."""
        ...
