"""The folders of the store with their counts, and the problems: files in them that could not be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from notesearch.domain import FileProblem, told
from notesearch.domain.file_names import to_text
from notesearch.storage.changes import FileFailed
from notesearch.storage.local.sqlite.database import Database
from notesearch.storage.local.sqlite.document_table import REPLACING_PROBLEM, Documents
from notesearch.storage.local.sqlite.places import Place, Places, in_facets, relative_to
from notesearch.storage.local.sqlite.vectors import UNUSED, KeptVectors
from notesearch.storage.values import FolderRow, Held

# Triggers keep the counts (see migration_counts.py). Here the rows of a folder, one per fingerprint, are
# added up.
_COUNTED = """
    SELECT f.id, f.path, f.model, f.held, coalesce(sum(c.documents), 0), coalesce(sum(c.complete), 0),
        coalesce((SELECT failed FROM problem_counts WHERE folder_id = f.id), 0),
        coalesce(sum(c.chunks), 0), coalesce(sum(c.embedded), 0), coalesce(sum(c.pending_chunks), 0),
        coalesce(sum(c.pending_embedded), 0), coalesce(sum(c.held_back), 0),
        coalesce(sum(c.pending_held_back), 0), f.next_model, f.previous_model, f.agreed,
        f.missing, f.others, f.first_kinds
    FROM folders f LEFT JOIN counts c ON c.folder_id = f.id GROUP BY f.id ORDER BY f.path
"""


class Folders:
    """The part of the store that holds folders and problems."""

    def __init__(
        self, database: Database, places: Places, documents: Documents, vectors: KeptVectors
    ) -> None:
        self._database = database
        self._places = places
        self._documents = documents
        self._vectors = vectors

    def add(self, path: Path, model: str) -> int:
        """Add a folder. Returns its id, also where it is there already."""
        with self._database.write() as w:
            place = to_text(path.as_posix())
            w.execute("INSERT OR IGNORE INTO folders (path, model) VALUES (?, ?)", (place, model))
            row = w.execute("SELECT id FROM folders WHERE path = ?", (place,)).fetchone()
            return int(row[0])

    def remove(self, folder_id: int) -> None:
        """Remove a folder and its documents, and their vectors where nothing else uses those. The user's note
        files stay as they are."""
        with self._database.write() as w:
            ids = [row[0] for row in w.execute("SELECT id FROM documents WHERE folder_id = ?", (folder_id,))]
            vectors = w.execute(
                "SELECT DISTINCT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                " WHERE d.folder_id = ? AND c.vector_id IS NOT NULL",
                (folder_id,),
            ).fetchall()
            self._documents.forget(w, ids)
            w.execute("DELETE FROM problems WHERE folder_id = ?", (folder_id,))
            w.execute("DELETE FROM folders WHERE id = ?", (folder_id,))
            self._vectors.uses.note_all()
            w.executemany(f"DELETE FROM vectors WHERE id = ?1 AND {UNUSED.format('?1')}", vectors)

    def absorb(self, child_id: int, parent: Path) -> None:
        """Give a folder's documents to the folder around it. They keep their vectors, but are read again,
        since their folder names differ."""
        with self._database.write() as w:
            (parent_id,) = w.execute(
                "SELECT id FROM folders WHERE path = ?", (to_text(parent.as_posix()),)
            ).fetchone()
            (child,) = w.execute("SELECT path FROM folders WHERE id = ?", (child_id,)).fetchone()
            inside = relative_to(parent, self._places.path(child))
            w.execute(
                "INSERT OR IGNORE INTO former_models SELECT ?1, model, fingerprint FROM former_models WHERE "
                "folder_id = ?2"
                " UNION SELECT ?1, f.model, d.fingerprint FROM folders f JOIN documents d ON d.folder_id = "
                "f.id"
                " WHERE f.id = ?2 AND f.model <> (SELECT model FROM folders WHERE id = ?1)",
                (parent_id, child_id),
            )
            *above, own = in_facets(parent_id, str(inside))
            former, below = f"in:{child_id}", "(facet = ? OR (facet >= ? AND facet < ?))"
            bounds = (former, f"{former}/", f"{former}0")
            w.execute(
                "INSERT OR IGNORE INTO facets SELECT ? || substr(facet, ?), document_id"
                f" FROM facets WHERE {below}",
                (own, len(former) + 1, *bounds),
            )
            w.execute(f"DELETE FROM facets WHERE {below}", bounds)
            w.executemany(
                "INSERT OR IGNORE INTO facets SELECT ?1, id FROM documents WHERE folder_id = ?2",
                ((facet, child_id) for facet in above),
            )
            for table in ("documents", "problems"):
                w.execute(
                    f"UPDATE {table} SET folder_id = ?, relative_path = ? || '/' || relative_path,"
                    " reading = 0 WHERE folder_id = ?",
                    (parent_id, inside, child_id),
                )
            w.execute("DELETE FROM folders WHERE id = ?", (child_id,))

    def rows(self) -> tuple[FolderRow, ...]:
        """Every folder with its counts, by path."""
        return self._database.unchanged("folders", self._read_rows)

    def _read_rows(self) -> tuple[FolderRow, ...]:
        rows = self._database.read(_COUNTED)
        former: dict[int, list[str]] = {}
        for folder_id, model in self._database.read("SELECT DISTINCT folder_id, model FROM former_models"):
            former.setdefault(folder_id, []).append(model)
        return tuple(
            FolderRow(
                id=i,
                path=self._places.path(p),
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
                missing=missing,
                others=others,
                first_kinds=bool(first_kinds),
                agreed=agreed,
                former_models=tuple(name for name in former.get(i, ()) if name != m),
            )
            for i, p, m, held, n, complete, bad, chunks, embedded, pending, ready, kept, later, following, previous, agreed, missing, others, first_kinds in rows  # noqa: E501
        )

    def hold_deletions(self, folder_id: int, held: Held, missing: int | None) -> None:
        """Set whether the deletions of a folder are held, and of how many notes (None: as many as before)."""
        with self._database.write() as w:
            w.execute(
                "UPDATE folders SET held = ?, missing = coalesce(?, missing) WHERE id = ?",
                (int(held), missing, folder_id),
            )

    def count_others(self, folder_id: int, others: int) -> None:
        """Set how many files of a folder are of other kinds."""
        with self._database.write() as w:
            w.execute("UPDATE folders SET others = ? WHERE id = ?", (others, folder_id))

    # Problems

    def put_problem(self, failed: FileFailed) -> None:
        """Store a file that cannot be read as a problem. An earlier version of its documents is removed,
        since it is not true any more."""
        error = failed.error
        with self._database.write() as w:
            row = w.execute("SELECT path FROM folders WHERE id = ?", (failed.folder_id,)).fetchone()
            relative = relative_to(self._places.path(row[0]), failed.path) if row is not None else None
            if relative is None:
                return
            at = (failed.folder_id, relative)
            ids = w.execute(
                "SELECT id FROM documents WHERE folder_id = ? AND relative_path = ?", at
            ).fetchall()
            self._documents.forget(w, [i for (i,) in ids])
            values = (
                failed.size,
                failed.mtime_ns,
                error.code,
                json.dumps(dict(error.params)),
                int(error.retryable),
                failed.reading,
            )
            w.execute(
                f"INSERT INTO problems VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, 0) {REPLACING_PROBLEM}",
                (*at, *values),
            )

    def problems(self) -> tuple[FileProblem, ...]:
        """The files that could not be read or not be sent whole, with the reason, by path."""
        rows = self._database.read(
            "SELECT f.path, p.relative_path, p.code, p.params, p.retryable, max(p.mtime_ns)"
            " FROM folders f JOIN problems p ON p.folder_id = f.id"
            " GROUP BY f.path, p.relative_path ORDER BY f.path, p.relative_path"
        )
        return tuple(
            FileProblem(
                path=self._places.at(root, path),
                what=told(code, **json.loads(params)),
                retryable=bool(retryable),
                modified=time / 1e9,
            )
            for root, path, code, params, retryable, time in rows
        )

    def forget_problems(self, paths: Sequence[Path] | None) -> list[Path]:
        """Remove these problems (None: all for which trying again may help), so that their files are read
        again and passages that a model refused are sent again. Returns their paths."""
        with self._database.write() as w:
            if paths is None:
                rows = w.execute(
                    "SELECT f.path, p.folder_id, p.relative_path FROM problems p CROSS JOIN folders f"
                    " ON f.id = p.folder_id WHERE p.retryable"
                ).fetchall()
                forgotten = [self._places.at(root, path) for root, _, path in rows]
                places = [Place(folder_id, path) for _, folder_id, path in rows]
            else:
                forgotten, places = list(paths), self._places.places_of(paths)
            for place in places:
                w.execute("DELETE FROM problems WHERE folder_id = ? AND relative_path = ?", place)
                refused = w.execute(
                    "SELECT id FROM documents WHERE folder_id = ? AND relative_path = ?"
                    " AND held_back + pending_held_back > 0",
                    place,
                ).fetchall()
                for (document_id,) in refused:
                    self._documents.ask_again(w, document_id)
            return forgotten
