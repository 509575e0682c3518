"""The service for folders: which are searched, what a folder holds before it is added, and what ignore rules
leave out of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from notesearch import catalogue
from notesearch.config.paths import absolute
from notesearch.config.settings import SettingsStore
from notesearch.domain import IgnoredCount, Survey, Vault
from notesearch.engine.folders import ignore_preview, scanner, survey, vaults
from notesearch.engine.folders.admission import refuse_unfit
from notesearch.engine.folders.links import Links
from notesearch.engine.status import StatusBoard
from notesearch.errors import NotIndexed
from notesearch.storage.changes import DeletionsHeld, FolderAbsorbed, FolderAdded, FolderRemoved
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow, Held


class FolderWork(Protocol):
    """What FolderService needs of the indexer when folders change. Any thread may call. Every method returns
    at once except `release_unused`."""

    def watch(self, folder: Path) -> None:
        """Report changes in a folder from now on."""
        ...

    def unwatch(self, folder: Path) -> None:
        """Report no more changes in a folder."""
        ...

    def scan(self, folder: Path, *, confirmed: bool = False) -> None:
        """Let the reading thread compare a folder with the library soon. `confirmed`: the user agreed that
        notes that are gone are forgotten."""
        ...

    def reconsider(self, *identifiers: str) -> None:
        """Check again what may be sent to these models: folders or consents changed."""
        ...

    def release_unused(self) -> int:
        """Forget the vectors that no folder needs any more. Returns how many they were."""
        ...


class FolderService:
    """Adds, removes and describes the searched folders.

    Any thread may call, but not the GUI thread: methods wait for the disk and the store. Methods that change
    something raise UsageError where this process only reads.
    """

    def __init__(
        self,
        library: Library,
        settings: SettingsStore,
        known_model: Callable[[str], object],
        work: FolderWork,
        board: StatusBoard,
        data_dir: Path,
    ) -> None:
        """`known_model` is called with a model's identifier and raises UsageError where there is no such
        model."""
        self._library = library
        self._settings = settings
        self._known_model = known_model
        self._work = work
        self._board = board
        self._data_dir = data_dir
        # Folders are added one at a time, so that a second one is checked against the first.
        self._adding = threading.Lock()

    def add(self, path: Path, model: str = catalogue.LOCAL.identifier) -> Path:
        """Watch and index a folder, for the model with that identifier. Returns the folder's absolute path.

        Raises FolderMissing, FolderUnreadable, FolderOverlap, or UsageError for an unknown model.
        """
        folder = absolute(path)
        self.register(folder, model)
        self._work.scan(folder)
        self._board.changed()
        return folder

    def register(self, folder: Path, model: str = catalogue.LOCAL.identifier) -> None:
        """Put an absolute folder into the library and watch it, without reading it yet. Searched folders
        inside it become part of it; their notes keep their vectors. Raises as `add` does."""
        self._known_model(model)
        with self._adding:
            rows = self._library.folders()
            refuse_unfit(folder, self._data_dir, [row.path for row in rows])
            inside = [row for row in rows if folder in row.path.parents]
            for child in inside:
                self._work.unwatch(child.path)
            taken_up = [FolderAbsorbed(folder_id=child.id, parent=folder) for child in inside]
            self._library.apply([FolderAdded(path=folder, model=model), *taken_up])
        self._work.watch(folder)

    def remove(self, path: Path) -> None:
        """Stop searching a folder. The user's note files stay as they are. Raises NotIndexed."""
        folder = absolute(path)
        with self._adding:
            row = self.row(folder)
            self._work.unwatch(folder)
            self._library.apply([FolderRemoved(folder_id=row.id)])
        self._work.reconsider(row.model, row.next_model)
        self._work.release_unused()
        self._work.scan(folder)
        self._board.changed()

    def survey(self, path: Path, limit: int = 20_000, seconds: float = 2.0) -> Survey:
        """Describe a folder, or the folder that a file is in, before it is added. Counts at most `limit`
        notes, for at most `seconds`. A path that is missing or cannot be read raises nothing: the Survey says
        so."""
        return survey.survey(
            absolute(path),
            self.paths(),
            self._data_dir,
            self._settings.current,
            limit=limit,
            seconds=seconds,
        )

    def find_vaults(self, seconds: float = 3.0) -> tuple[Vault, ...]:
        """Find folders of Obsidian, Logseq, Joplin (exports) and Zettelkasten on this computer, those with
        the most notes first. Looks for at most `seconds`."""
        return vaults.find(self.paths(), self._settings.current, seconds)

    def count_ignored(
        self, path: Path, rules: str, stopped: Callable[[], bool] = lambda: False
    ) -> IgnoredCount:
        """Count what ignore rules would leave out of a folder, while the user types them. Stops soon after
        `stopped` returns true. Raises FolderError."""
        folder, settings = absolute(path), self._settings.current
        links = Links(folder, follow=settings.follow_links, others=self.paths())
        return ignore_preview.count_ignored(folder, rules, settings, stopped, links)

    def answer_held(self, folder: Path, *, remove: bool) -> None:
        """Carry out the user's answer about notes that are gone: with `remove` forget them, else keep them in
        the index. Raises NotIndexed."""
        row = self.row(folder)
        if remove:
            self._work.scan(folder, confirmed=True)
        else:
            self._library.apply([DeletionsHeld(folder_id=row.id, held=Held.KEPT)])
            self._board.changed()

    def ignored_in(self, folder: Path) -> Iterator[Path]:
        """The notes of an absolute folder that ignore files or the user's rules leave out. Walks the folder
        on the disk."""
        settings = self._settings.current
        links = Links(folder, follow=settings.follow_links, others=self.paths())
        return scanner.ignored(folder, gitignore=settings.gitignore, kept=settings.ignore, links=links)

    def paths(self) -> tuple[Path, ...]:
        """The searched folders, absolute, without their counts."""
        return tuple(row.path for row in self._library.folders())

    def covering(self, path: Path) -> FolderRow | None:
        """The searched folder that `path` is or lies in, with its counts; None where there is none."""
        folder = absolute(path)
        return next(
            (f for f in self._library.folders() if f.path == folder or f.path in folder.parents), None
        )

    def row(self, folder: Path) -> FolderRow:
        """The folder with its counts. Raises NotIndexed."""
        for row in self._library.folders():
            if row.path == folder:
                return row
        raise NotIndexed("not-indexed.folder", folder=str(folder))
