"""Folders with their counts, and the files in them that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from notesearch.domain import FileProblem
from notesearch.errors import NotesearchError
from notesearch.storage.local.sqlite.documents import REPLACING_PROBLEM, Documents
from notesearch.storage.local.sqlite.vectors import UNUSED
from notesearch.storage.values import FolderChoice, FolderRow, Held

# Triggers keep the counts (see migration_counts.py): a row per folder and fingerprint is added up here.
_COUNTED = """
    SELECT f.id, f.path, f.model, f.held, coalesce(sum(c.documents), 0), coalesce(sum(c.complete), 0),
        coalesce((SELECT failed FROM problem_counts WHERE folder_id = f.id), 0),
        coalesce(sum(c.chunks), 0), coalesce(sum(c.embedded), 0), coalesce(sum(c.pending_chunks), 0),
        coalesce(sum(c.pending_embedded), 0), coalesce(sum(c.held_back), 0),
        coalesce(sum(c.pending_held_back), 0), f.next_model, f.previous_model, f.agreed
    FROM folders f LEFT JOIN counts c ON c.folder_id = f.id GROUP BY f.id ORDER BY f.path
"""


class Folders(Documents):
    """The part of the store that holds folders and problems."""

    def add_folder(self, path: Path, model: str) -> int:
        with self._write() as w:
            w.execute("INSERT OR IGNORE INTO folders (path, model) VALUES (?, ?)", (str(path), model))
            row = w.execute("SELECT id FROM folders WHERE path = ?", (str(path),)).fetchone()
            return int(row[0])

    def remove_folder(self, folder_id: int) -> None:
        """Forget the folder, its documents and, where nothing else uses them, their vectors. The notes
        themselves are untouched."""
        with self._write() as w:
            ids = [row[0] for row in w.execute("SELECT id FROM documents WHERE folder_id = ?", (folder_id,))]
            vectors = w.execute(
                "SELECT DISTINCT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                " WHERE d.folder_id = ? AND c.vector_id IS NOT NULL",
                (folder_id,),
            ).fetchall()
            self._remove(w, ids)
            w.execute("DELETE FROM problems WHERE folder_id = ?", (folder_id,))
            w.execute("DELETE FROM folders WHERE id = ?", (folder_id,))
            self.uses.note_all()
            w.executemany(f"DELETE FROM vectors WHERE id = ?1 AND {UNUSED.format('?1')}", vectors)

    def absorb_folder(self, child_id: int, parent: Path) -> None:
        """Give a folder's documents to the folder around it. They are read anew, for their trail differs;
        their vectors stay."""
        with self._write() as w:
            (parent_id,) = w.execute("SELECT id FROM folders WHERE path = ?", (str(parent),)).fetchone()
            w.execute(
                "INSERT OR IGNORE INTO former_models SELECT ?1, model, fingerprint FROM former_models WHERE "
                "folder_id = ?2"
                " UNION SELECT ?1, f.model, d.fingerprint FROM folders f JOIN documents d ON d.folder_id = "
                "f.id"
                " WHERE f.id = ?2 AND f.model <> (SELECT model FROM folders WHERE id = ?1)",
                (parent_id, child_id),
            )
            for table in ("documents", "problems"):
                w.execute(
                    f"UPDATE {table} SET folder_id = ?, reading = 0 WHERE folder_id = ?",
                    (parent_id, child_id),
                )
            w.execute("DELETE FROM folders WHERE id = ?", (child_id,))

    def folders(self) -> tuple[FolderRow, ...]:
        """Every folder with its counts, by path."""
        rows = self._read(_COUNTED)
        former: dict[int, list[str]] = {}
        for folder_id, model in self._read("SELECT DISTINCT folder_id, model FROM former_models"):
            former.setdefault(folder_id, []).append(model)
        return tuple(
            FolderRow(
                id=i,
                path=Path(p),
                model=m,
                held=Held(held),
                documents=n + bad,
                complete=complete,
                failed=bad,
                chunks=chunks,
                embedded=embedded,
                pending_chunks=pending,
                pending_embedded=ready,
                held_back=later if following else kept,
                next_model=following,
                previous_model=previous,
                agreed=agreed,
                former_models=tuple(name for name in former.get(i, ()) if name != m),
            )
            for i, p, m, held, n, complete, bad, chunks, embedded, pending, ready, kept, later, following, previous, agreed in rows  # noqa: E501
        )

    def folder_choices(self) -> tuple[FolderChoice, ...]:
        """The models of the folders, by path, without counting anything: each search asks."""
        rows = self._read("SELECT id, path, model, next_model, agreed FROM folders ORDER BY path")
        return tuple(FolderChoice(i, Path(path), *rest) for i, path, *rest in rows)

    def roots(self) -> dict[int, Path]:
        """Paths of the folders by id, without counting anything."""
        return {i: Path(path) for i, path in self._read("SELECT id, path FROM folders")}

    def hold_deletions(self, folder_id: int, held: Held) -> None:
        with self._write() as w:
            w.execute("UPDATE folders SET held = ? WHERE id = ?", (int(held), folder_id))

    # Problems

    def put_problem(
        self, folder_id: int, path: Path, error: NotesearchError, *, size: int, mtime_ns: int, reading: int
    ) -> None:
        """A file that cannot be read. What an earlier version of it held leaves the index: it is no longer
        true."""
        with self._write() as w:
            ids = [row[0] for row in w.execute("SELECT id FROM documents WHERE path = ?", (str(path),))]
            self._remove(w, ids)
            w.execute(
                "INSERT INTO problems SELECT ?, id, ?, ?, ?, ?, ?, ?, 0 FROM folders WHERE id = ? "
                f"{REPLACING_PROBLEM}",
                (
                    str(path),
                    size,
                    mtime_ns,
                    error.title,
                    error.hint,
                    int(error.retryable),
                    reading,
                    folder_id,
                ),
            )

    def problems(self) -> tuple[FileProblem, ...]:
        rows = self._read("SELECT path, title, hint, retryable FROM problems ORDER BY path")
        return tuple(FileProblem(path=Path(p), title=t, hint=h, retryable=bool(r)) for p, t, h, r in rows)

    def forget_problems(self, paths: Sequence[Path] | None) -> list[Path]:
        """Drop these problems (None: all that may be retried) so that the files are read again, and what a
        model refused of them is sent again. Returns their paths."""
        with self._write() as w:
            rows = (
                w.execute("SELECT path FROM problems WHERE retryable").fetchall()
                if paths is None
                else [(str(p),) for p in paths]
            )
            w.executemany("DELETE FROM problems WHERE path = ?", rows)
            refused = [
                w.execute(
                    "SELECT id FROM documents WHERE path = ? AND held_back + pending_held_back > 0", row
                ).fetchone()
                for row in rows
            ]
            for found in filter(None, refused):
                self._ask_again(w, found[0])
            return [Path(row[0]) for row in rows]
