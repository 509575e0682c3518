"""Folders: which ones are searched, what a folder holds before it is added, and what is left out of one."""

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
from notesearch.engine.status import StatusBoard
from notesearch.errors import NotIndexed
from notesearch.storage.changes import DeletionsHeld, FolderAbsorbed, FolderAdded, FolderRemoved
from notesearch.storage.library import Library
from notesearch.storage.values import FolderRow, Held


class FolderWork(Protocol):
    """What a change of the folders asks of the indexer. Any thread; every method returns at once, but
    `release_unused`."""

    def watch(self, folder: Path) -> None:
        """Hear of changes in a folder from now on."""
        ...

    def unwatch(self, folder: Path) -> None:
        """Hear of no more changes in a folder."""
        ...

    def scan(self, folder: Path, *, confirmed: bool = False) -> None:
        """Compare a folder with the library soon, in the reading thread. `confirmed`: the user agreed to
        forget what is gone."""
        ...

    def reconsider(self, *identifiers: str) -> None:
        """Look again at what waits for these models: folders or consents changed."""
        ...

    def release_unused(self) -> int:
        """Forget the vectors that no folder needs any more. Returns how many."""
        ...


class FolderService:
    """The searched folders. Any thread but a GUI thread; methods wait for the disk and the store.

    The methods that change something raise UsageError where this process only reads.
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
        """`known_model` raises UsageError for the identifier of a model that nobody knows."""
        self._library = library
        self._settings = settings
        self._known_model = known_model
        self._work = work
        self._board = board
        self._data_dir = data_dir
        # Of two folders that are added at once, the second sees the first.
        self._adding = threading.Lock()

    def add(self, path: Path, model: str = catalogue.LOCAL.identifier) -> Path:
        """Watch and index a folder. Returns its absolute path.

        Raises FolderMissing, FolderUnreadable, FolderOverlap, or UsageError for an unknown model.
        """
        folder = absolute(path)
        self.register(folder, model)
        self._work.scan(folder)
        self._board.changed()
        return folder

    def register(self, folder: Path, model: str = catalogue.LOCAL.identifier) -> None:
        """Take an absolute folder up and watch it, without reading it yet. Folders inside it become part of
        it; their notes keep their vectors. Raises as `add` does."""
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
        """Forget a folder; the notes themselves are untouched. Raises NotIndexed."""
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
        """What the user should know of a folder, or of the folder of a file, before it is added: at most
        `limit` notes are counted, for at most `seconds`. Never raises for what is on the disk."""
        return survey.survey(
            absolute(path),
            self.paths(),
            self._data_dir,
            self._settings.current,
            limit=limit,
            seconds=seconds,
        )

    def find_vaults(self, seconds: float = 3.0) -> tuple[Vault, ...]:
        """The folders of Obsidian, Logseq, Joplin (exports) and Zettelkasten on this computer, those with
        most notes first. Looks for at most `seconds`."""
        return vaults.find(self.paths(), self._settings.current, seconds)

    def count_ignored(
        self, path: Path, rules: str, stopped: Callable[[], bool] = lambda: False
    ) -> IgnoredCount:
        """What ignore rules would leave out of a folder, for a count while they are typed. It ends when
        `stopped` turns true. Raises FolderError."""
        return ignore_preview.count_ignored(absolute(path), rules, self._settings.current, stopped)

    def answer_held(self, folder: Path, *, remove: bool) -> None:
        """The user's answer about vanished notes: forget them, or keep them in the index. Raises
        NotIndexed."""
        row = self.row(folder)
        if remove:
            self._work.scan(folder, confirmed=True)
        else:
            self._library.apply([DeletionsHeld(folder_id=row.id, held=Held.KEPT)])
            self._board.changed()

    def ignored_in(self, folder: Path) -> Iterator[Path]:
        """The notes of an absolute folder that ignore files or the user's rules name. Walks the folder."""
        settings = self._settings.current
        return scanner.ignored(folder, gitignore=settings.gitignore, kept=settings.ignore)

    def paths(self) -> tuple[Path, ...]:
        """The searched folders, absolute, without their counts."""
        return tuple(row.path for row in self._library.folders())

    def covering(self, path: Path) -> FolderRow | None:
        """The searched folder that `path` is or lies in, with its counts."""
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
