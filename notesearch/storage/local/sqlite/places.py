"""Places of documents: a path on this machine as (folder, relative POSIX path), and back.

The database holds no separators of the machine it was written on, and paths relative to their folder alone,
so that two machines mean the same note. Paths outside are absolute; `paths` is their flavour, the machine's
own unless a test chooses another. Reads only; any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import NamedTuple

from notesearch.storage.local.sqlite.database import Database
from notesearch.storage.values import FileState

_KNOWN_COLUMNS = "id, size, mtime_ns, content_hash, fingerprint, reading, pending_fingerprint"
# A file, and everything below it where it was a folder: "0" follows "/" in every byte order, so the half-open
# range is the subtree, answered by the index on (folder_id, relative_path).
# Apart, for with an OR SQLite walks the folder.
_UNDER = " UNION ".join(
    f"SELECT relative_path FROM {table} WHERE folder_id = ?1 AND {where}"
    for table in ("documents", "problems")
    for where in ("relative_path = ?2", "relative_path >= ?3 AND relative_path < ?4")
)


class Place(NamedTuple):
    """Where a document is: its folder's id and the POSIX path from there ("" for the folder itself)."""

    folder_id: int
    relative: str


def relative_to(root: PurePath, path: PurePath) -> str | None:
    """The POSIX path from a folder to what is in it ("" for itself); None where it is outside."""
    if path == root:
        return ""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return None


def absolute_text(root: PurePath, relative: str) -> str:
    """The path on this machine of something in a folder, as text."""
    separator = "\\" if isinstance(root, PureWindowsPath) else "/"
    base = str(root)
    if not relative:
        return base
    return f"{base if base.endswith(separator) else base + separator}{relative.replace('/', separator)}"


class Places(Database):
    """The part of the store that knows where documents are, and compares them with files."""

    def _path(self, text: str) -> Path:
        # A test may choose the flavour of another system, which has all that is asked of a path here.
        return self._paths(text)  # type: ignore[return-value]

    def roots(self) -> dict[int, Path]:
        """Paths of the folders by id, without counting anything."""
        return {i: self._path(text) for i, text in self._read("SELECT id, path FROM folders")}

    def _places_of(self, paths: Iterable[PurePath | str]) -> list[Place]:
        """Where these paths are, in every folder that holds them: one inside another is there while it is
        being taken up by it, and comes first."""
        roots = sorted(self.roots().items(), key=lambda item: -len(item[1].parts))
        found = []
        for path in paths:
            at = path if isinstance(path, PurePath) else self._path(path)
            for folder_id, root in roots:
                relative = relative_to(root, at)
                if relative is not None:
                    found.append(Place(folder_id, relative))
        return found

    def folder_facet(self, path: Path) -> str:
        """The facet that every document below `path` has, a watched folder or one inside it."""
        places = self._places_of([path])
        return in_facets(*places[0])[-1] if places else "in:0"

    def known(self, folder_id: int) -> dict[str, FileState]:
        """What the index holds of a folder, by absolute path: documents, and files that failed (document_id
        None)."""
        root = self.roots().get(folder_id)
        if root is None:
            return {}
        failed = self._read(
            "SELECT relative_path, size, mtime_ns, reading FROM problems WHERE folder_id = ?", (folder_id,)
        )
        result = {
            absolute_text(root, path): FileState(None, size, mtime_ns, "", "", reading)
            for path, size, mtime_ns, reading in failed
        }
        for row in self._read(
            f"SELECT relative_path, {_KNOWN_COLUMNS} FROM documents WHERE folder_id = ?", (folder_id,)
        ):
            result[absolute_text(root, row[0])] = FileState._make(row[1:])
        return result

    def known_path(self, path: Path) -> FileState | None:
        """What the index knows of the file at a path."""
        for place in self._places_of([path]):
            row = self._one(
                f"SELECT {_KNOWN_COLUMNS} FROM documents WHERE folder_id = ? AND relative_path = ? LIMIT 1",
                place,
            )
            if row:
                return FileState(*row)
        return None

    def count_notes_at(self, paths: Sequence[str]) -> int:
        """At how many of these paths the index has a document."""
        sql = "SELECT 1 FROM documents WHERE folder_id = ? AND relative_path = ? LIMIT 1"
        return sum(1 for place in self._places_of(paths) if self._one(sql, place))

    def paths_under(self, path: Path) -> list[str]:
        """The absolute paths of the documents and problems at or below a path that is no longer there."""
        found: list[str] = []
        for folder_id, root in self.roots().items():
            relative = "" if root.is_relative_to(path) else relative_to(root, path)
            if relative is None:
                continue
            bounds = (relative, f"{relative}/", f"{relative}0") if relative else ("", "", "\U0010ffff")
            rows = self._read(_UNDER, (folder_id, *bounds))
            found += [absolute_text(root, row[0]) for row in rows]
        return found

    def renamed(self, folder_id: int) -> dict[Path, tuple[str, str]]:
        """(title, embedded title) of the documents of a folder that were embedded under another title than
        they have."""
        rows = self._read(
            "SELECT f.path, d.relative_path, d.title, d.embedded_title FROM documents d CROSS JOIN folders f"
            " ON f.id = d.folder_id WHERE d.folder_id = ? AND d.embedded_title <> d.title",
            (folder_id,),
        )
        return {self._at(root, path): (title, embedded) for root, path, title, embedded in rows}

    def paths_with_content(self, content_hash: str, fingerprint: str) -> list[Path]:
        """Where notes with this content stand: to tell a move from a copy."""
        rows = self._read(
            "SELECT f.path, d.relative_path FROM documents d CROSS JOIN folders f ON f.id = d.folder_id"
            " WHERE d.content_hash = ? AND d.fingerprint = ?",
            (content_hash, fingerprint),
        )
        return [self._at(root, path) for root, path in rows]

    def _at(self, root: str, relative: str) -> Path:
        return self._path(absolute_text(self._path(root), relative))


def in_facets(folder_id: int, relative: str) -> list[str]:
    """The facets "in:..." of a folder and of every folder from there down to `relative`, a folder in it."""
    facets = [f"in:{folder_id}"]
    for part in relative.split("/") if relative else ():
        facets.append(f"{facets[-1]}/{part}")
    return facets
