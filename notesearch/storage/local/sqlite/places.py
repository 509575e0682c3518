"""Places of documents: turns a path of this machine into (folder, relative POSIX path), and back.

The database holds no path separators of the machine, and paths are relative to their folder; so two machines
mean the same note by the same place. Names that are no valid text are written as text
(`domain/file_names.py`). Paths outside the database are absolute, in the notation `paths`: the
machine's own, unless a test chooses another. Reads only; any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import NamedTuple

from notesearch.domain.file_names import from_text, to_text
from notesearch.storage.local.sqlite.database import Database
from notesearch.storage.values import AtPaths, Files, FileState, InFolder

# The kind of facet that says which folders a note is in.
IN = "in"
# The titles of a note. Filled only where it was embedded under another title than it has.
_KNOWN_COLUMNS = (
    "d.id, d.size, d.mtime_ns, d.content_hash, d.fingerprint, d.reading, d.pending_fingerprint,"
    " iif(d.embedded_title <> d.title, d.title, ''), iif(d.embedded_title <> d.title, d.embedded_title, ''),"
    " d.part, 1, 0, d.ctime_ns"
)
_KNOWN = f"SELECT d.relative_path, {_KNOWN_COLUMNS} FROM documents d WHERE d.folder_id = ?1"
_FAILED = (
    "SELECT relative_path, NULL, size, mtime_ns, '', '', reading, '', '', '', '', 1, retryable, 0"
    " FROM problems WHERE folder_id = ?1"
)
_AT = "relative_path = ?2"
# Everything below a folder. "0" follows "/" in every byte order, so this half-open range is the subtree; the
# index on (folder_id, relative_path) answers it.
_BELOW = "relative_path >= ?2 AND relative_path < ?3"


class Place(NamedTuple):
    """The place of a document: its folder's id, and the POSIX path from there ("" for the folder itself)."""

    folder_id: int
    relative: str


def relative_to(root: PurePath, path: PurePath) -> str | None:
    """The POSIX path from a folder to something in it, as it is stored ("" for the folder itself); None where
    it is outside."""
    if path == root:
        return ""
    try:
        return to_text(path.relative_to(root).as_posix())
    except ValueError:
        return None


def absolute_text(root: PurePath, relative: str) -> str:
    """The path on this machine of something in a folder, as text."""
    return absolute_texts(root)(relative)


def absolute_texts(root: PurePath) -> Callable[[str], str]:
    """A function that does this for one folder: a folder may hold many thousand files."""
    separator = "\\" if isinstance(root, PureWindowsPath) else "/"
    whole = str(root)
    base = whole if whole.endswith(separator) else whole + separator

    def absolute(relative: str) -> str:
        inside = relative if relative.isascii() else from_text(relative)
        if not inside:
            return whole
        return base + (inside if separator == "/" else inside.replace("/", separator))

    return absolute


class Places:
    """The part of the store that knows where documents are, and what is stored of a file. `flavour` is the
    notation of this machine's paths."""

    def __init__(self, database: Database, flavour: type[PurePath] = Path) -> None:
        self._database = database
        self._flavour = flavour

    def path(self, text: str) -> Path:
        """A stored path, as a path of this machine."""
        return self._as_path(from_text(text))

    def _as_path(self, text: str) -> Path:
        # A test may choose the notation of another system. It has all the methods that are used of a path
        # here.
        return self._flavour(text)  # type: ignore[return-value]

    def roots(self) -> dict[int, Path]:
        """Paths of the folders by id, without counting anything."""
        return {i: self.path(text) for i, text in self._database.read("SELECT id, path FROM folders")}

    def places_of(self, paths: Iterable[PurePath | str]) -> list[Place]:
        """Where these paths are, in every folder that holds them. While a folder absorbs one inside it, both
        hold them; the inner one comes first."""
        return self._places_in(self.roots(), paths)

    def _places_in(self, folders: Mapping[int, Path], paths: Iterable[PurePath | str]) -> list[Place]:
        roots = sorted(folders.items(), key=lambda item: -len(item[1].parts))
        found = []
        for path in paths:
            at = path if isinstance(path, PurePath) else self._as_path(path)
            for folder_id, root in roots:
                relative = relative_to(root, at)
                if relative is not None:
                    found.append(Place(folder_id, relative))
        return found

    def folder_facet(self, path: Path) -> str:
        """The facet of every document below `path`, which is a watched folder or inside one."""
        places = self.places_of([path])
        return in_facets(*places[0])[-1] if places else "in:0"

    def known(self, files: Files) -> dict[str, FileState]:
        """What the store knows of files, by absolute path: documents, and files that failed (document_id
        None)."""
        if isinstance(files, InFolder):
            root = self.roots().get(files.folder_id)
            if root is None:
                return {}
            if files.renamed:
                rows = self._database.read(f"{_KNOWN} AND d.embedded_title <> d.title", (files.folder_id,))
                return {absolute_text(root, path): FileState(*state) for path, *state in rows}
            return self._known(root, "", (files.folder_id,))
        if isinstance(files, AtPaths):
            return self._known_below(files.paths) if files.below else self._known_at(files.paths)
        rows = self._database.read(
            f"SELECT f.path, d.relative_path, {_KNOWN_COLUMNS} FROM documents d CROSS JOIN folders f"
            " ON f.id = d.folder_id WHERE d.content_hash = ? AND d.fingerprint = ?",
            (files.content_hash, files.fingerprint),
        )
        return {str(self.at(root, path)): FileState(*state) for root, path, *state in rows}

    def _known(self, root: PurePath, where: str, parameters: Sequence[object]) -> dict[str, FileState]:
        """The files of one folder. The document of a file comes before its problem."""
        result: dict[str, FileState] = {}
        both = f"{_FAILED}{where} UNION ALL {_KNOWN}{where}"
        absolute, make = absolute_texts(root), FileState._make
        for row in self._database.read(both, parameters):
            path, state = absolute(row[0]), make(row[1:])
            before = result.setdefault(path, state)
            if before is not state:
                result[path] = before.beside(state) if before.document_id is not None else state
        return result

    def _known_at(self, paths: Sequence[str]) -> dict[str, FileState]:
        roots = self.roots()
        result: dict[str, FileState] = {}
        for place in reversed(self._places_in(roots, paths)):
            result |= self._known(roots[place.folder_id], f" AND {_AT}", place)
        return result

    def _known_below(self, paths: Sequence[str]) -> dict[str, FileState]:
        result: dict[str, FileState] = {}
        for path in map(self._as_path, paths):
            for folder_id, root in self.roots().items():
                relative = "" if root.is_relative_to(path) else relative_to(root, path)
                if relative is None:
                    continue
                bounds = (f"{relative}/", f"{relative}0") if relative else ("", "\U0010ffff")
                result |= self._known(root, f" AND {_BELOW}", (folder_id, *bounds))
                if relative:
                    result |= self._known(root, f" AND {_AT}", (folder_id, relative))
        return result

    def at(self, root: str, relative: str) -> Path:
        """The path of something in a folder."""
        return self._as_path(absolute_text(self.path(root), relative))


def in_facets(folder_id: int, relative: str) -> list[str]:
    """The facets "in:..." of a folder and of every folder on the way down to `relative`, which is in it."""
    facets = [f"{IN}:{folder_id}"]
    for part in relative.split("/") if relative else ():
        facets.append(f"{facets[-1]}/{part}")
    return facets
