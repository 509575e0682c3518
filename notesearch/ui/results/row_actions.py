"""The actions on result rows, as a protocol. The main window has them, and quick search uses them too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPoint

from notesearch.ui.results.searches import Search

if TYPE_CHECKING:
    from notesearch.ui.results.delegate import Row
    from notesearch.ui.results.search_view import SearchView


class RowActions(Protocol):
    """What can be done with a result row. Main thread."""

    def open_row(self, row: Row) -> None:
        """Open the note at the passage."""
        ...

    def reveal_row(self, row: Row) -> None:
        """Show the file in the file manager."""
        ...

    def copy_passage_of(self, view: SearchView) -> bool:
        """Copy the passage of the selected row; False where no row is selected."""
        ...

    def show_row_menu(self, row: Row, at: QPoint, view: SearchView | None = None) -> None:
        """Show the menu of a row at a point of the screen. `view`: the list it is in, None for the main
        window's."""
        ...

    def keep_search(self, search: Search) -> None:
        """Put a search into the history."""
        ...

    def look_at(self, paths: list[Path]) -> None:
        """Folders or files were dropped: offer to search them."""
        ...
