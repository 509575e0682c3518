"""The cache of vectors, under (fingerprint, hash of the embedded text), in a table beside the chunks that use
them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Sequence

import numpy as np

from notesearch.storage.local.sqlite.database import Database, Generation
from notesearch.storage.values import Vectors

# Whether no chunk uses a vector, neither one that answers nor one that is prepared.
UNUSED = "NOT EXISTS (SELECT 1 FROM chunks WHERE vector_id = {0})"
# The fingerprint of the model that a chunk c of a document d is for.
MODEL_OF = "CASE c.generation WHEN 0 THEN d.fingerprint ELSE d.pending_fingerprint END"

_COUNTS = ", ".join(
    f"count({what}) FILTER (WHERE held {held} AND generation = {generation})"
    for generation in Generation
    for what, held in (("*", "= 0"), ("vector_id", "= 0"), ("*", "> 0"))
)
RECOUNT = (
    "UPDATE documents SET (expected, embedded, held_back, pending_expected, pending_embedded, "
    f"pending_held_back) = (SELECT {_COUNTS} FROM chunks WHERE document_id = ?1) WHERE id = ?1"
)
# How many vectors with changed use are remembered. Where there are more, all vectors are looked at.
USES_KEPT = 50_000


class UseLog:
    """Remembers which vectors came into use or fell out of it in this process, so that a vector index looks
    at these alone.

    Each follower keeps the number up to which it has seen the log. It looks the vectors up in the store, so a
    change that was rolled back does no harm. Any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._known_from = 0
        self._ids: dict[int, int] = {}
        self._noted: set[int] = set()
        self._all = False

    def note(self, vector_ids: Collection[int]) -> None:
        """Note vectors during a transaction. Followers see them after `publish`."""
        self._noted.update(vector_ids)

    def note_all(self) -> None:
        """Note that every vector may be concerned: a folder was removed or has another model."""
        self._all = True

    def publish(self) -> None:
        """Show followers what was noted. Called when the transaction has ended, by the thread that writes,
        with the lock for writing held."""
        if not self._noted and not self._all:
            return
        with self._lock:
            self._number += 1
            for vector_id in self._noted:
                self._ids.pop(vector_id, None)
                self._ids[vector_id] = self._number
            if self._all or len(self._ids) > USES_KEPT:
                self._forget()
        self._noted, self._all = set(), False

    def _forget(self) -> None:
        self._ids.clear()
        self._known_from = self._number

    def since(self, number: int) -> tuple[int, list[int] | None]:
        """(the present number, the vectors noted after `number`). None in place of the vectors: it may be any
        of all."""
        with self._lock:
            if number < self._known_from:
                return self._number, None
            ids: list[int] = []
            for vector_id, at in reversed(self._ids.items()):
                if at <= number:
                    break
                ids.append(vector_id)
            return self._number, ids


class KeptVectors:
    """The part of the store that holds vectors. `uses` learns which of them came into use or fell out of
    it."""

    def __init__(self, database: Database, uses: UseLog) -> None:
        self._database = database
        self.uses = uses

    def put(self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors) -> int:
        """Store vectors (float32 [n, dimensions]) and complete every chunk that waited for them. Returns the
        number of these chunks."""
        with self._database.write() as w:
            touched: set[int] = set()
            completed = 0
            for digest, vector in zip(digests, vectors, strict=True):
                w.execute(
                    "INSERT OR IGNORE INTO vectors (fingerprint, text_hash, vector) VALUES (?, ?, ?)",
                    (fingerprint, digest, vector.tobytes()),
                )
                vector_id = self.id_of(w, fingerprint, digest)
                chunks = w.execute(
                    "SELECT c.id, c.document_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                    f" WHERE c.text_hash = ? AND c.vector_id IS NULL AND {MODEL_OF} = ?",
                    (digest, fingerprint),
                ).fetchall()
                w.executemany(
                    "UPDATE chunks SET vector_id = ? WHERE id = ?", ((vector_id, c) for c, _ in chunks)
                )
                if vector_id is not None and not chunks:
                    # No chunk waits: the note was edited or removed while its vector was made.
                    self.note_use(w, left=[vector_id])
                completed += len(chunks)
                touched.update(d for _, d in chunks)
            self.recount(w, touched)
            return completed

    @staticmethod
    def recount(w: sqlite3.Connection, document_ids: Collection[int]) -> None:
        """Count the passages of these documents again, in their rows: those to be embedded, those that are,
        and those that are held back."""
        w.executemany(RECOUNT, ((i,) for i in document_ids))

    @staticmethod
    def id_of(w: sqlite3.Connection, fingerprint: str, digest: bytes) -> int | None:
        """The id of the vector of a text, which is given by its hash; None where there is none."""
        row = w.execute(
            "SELECT id FROM vectors WHERE fingerprint = ? AND text_hash = ?", (fingerprint, digest)
        ).fetchone()
        return int(row[0]) if row else None

    @staticmethod
    def ids_of(w: sqlite3.Connection, document_id: int, *generations: Generation) -> list[int]:
        """Ids of the vectors of a document's chunks, of these generations (none given: of all)."""
        among = ", ".join(str(int(g)) for g in generations or Generation)
        return [
            row[0]
            for row in w.execute(
                "SELECT vector_id FROM chunks WHERE document_id = ? AND vector_id IS NOT NULL"
                f" AND generation IN ({among})",
                (document_id,),
            )
        ]

    def note_use(self, w: sqlite3.Connection, *, used: Sequence[int] = (), left: Sequence[int] = ()) -> None:
        """Store since when vectors are unused. `left` vectors were dropped by an edit or a removal; they are
        unused unless another chunk has them. `used` vectors are in use.

        A change of the model does not count: vectors of the former model are kept until they are dropped
        explicitly.
        """
        self.uses.note([*used, *left])
        w.executemany(
            "UPDATE vectors SET unused_since = NULL WHERE id = ? AND unused_since IS NOT NULL",
            ((i,) for i in used),
        )
        w.executemany(
            f"UPDATE vectors SET unused_since = ?1 WHERE id = ?2 AND {UNUSED.format('?2')}",
            ((int(time.time()), i) for i in left),
        )

    def forget_unused(self, before: float, share: float, limit: int) -> int:
        """Delete vectors that are unused since before `before` (seconds since the epoch), as long as unused
        ones are more than `share` of all. Those unused longest go first, at most `limit`. Returns how many
        were deleted."""
        unused = int(self._database.one("SELECT count(*) FROM vectors WHERE unused_since < ?", (before,))[0])
        if not unused or unused <= share * int(self._database.one("SELECT count(*) FROM vectors")[0]):
            return 0
        with self._database.write() as w:
            return w.execute(
                "DELETE FROM vectors WHERE id IN (SELECT id FROM vectors v WHERE unused_since < ?"
                f" AND {UNUSED.format('v.id')} ORDER BY unused_since LIMIT ?)",
                (before, limit),
            ).rowcount

    def forget_but(self, kept: Collection[str]) -> int:
        """Delete the vectors and the refusals of every model that no note has or is to have, and that no
        folder may go back to. Those of the fingerprints `kept` stay too. Returns how many vectors were
        deleted."""
        with self._database.write() as w:
            fingerprints = {
                row[0]
                for row in w.execute("SELECT fingerprint FROM vectors UNION SELECT fingerprint FROM refused")
            }
            used = w.execute(
                "SELECT fingerprint FROM documents UNION SELECT pending_fingerprint FROM documents UNION "
                "SELECT fingerprint FROM former_models"
            )
            left = fingerprints - {row[0] for row in used} - set(kept)
            w.executemany(
                "DELETE FROM refused WHERE fingerprint = ?", ((fingerprint,) for fingerprint in left)
            )
            return (
                w.executemany(
                    f"DELETE FROM vectors WHERE fingerprint = ? AND {UNUSED.format('vectors.id')}",
                    ((fingerprint,) for fingerprint in left),
                ).rowcount
                if left
                else 0
            )

    def since(self, fingerprint: str, vector_id: int, limit: int) -> tuple[list[int], Vectors]:
        """Ids and vectors (float32 [n, dimensions]) kept after `vector_id`, in order."""
        rows = self._database.read(
            "SELECT id, vector FROM vectors WHERE +fingerprint = ? AND id > ? ORDER BY id LIMIT ?",
            (fingerprint, vector_id, limit),
        )
        ids = [row[0] for row in rows]
        return ids, np.array([np.frombuffer(row[1], np.float32) for row in rows], np.float32)

    def count_since(self, fingerprint: str, vector_id: int) -> int:
        """How many vectors were kept after `vector_id`."""
        return int(
            self._database.one(
                "SELECT count(*) FROM vectors WHERE +fingerprint = ? AND id > ?", (fingerprint, vector_id)
            )[0]
        )

    def by_id(self, vector_ids: Sequence[int]) -> dict[int, Vectors]:
        """Vectors (float32 [dimensions]) by their ids."""
        return dict(zip(*self.matrix(vector_ids), strict=True))

    def matrix(self, vector_ids: Collection[int]) -> tuple[list[int], Vectors]:
        """Those of these ids that there are, and their vectors, float32 [vectors, dimensions]."""
        sql = "SELECT id, vector FROM vectors WHERE id IN ({})"
        rows = list(self._database.chosen(sql, list(vector_ids)))
        joined = np.frombuffer(b"".join(row[1] for row in rows), np.float32)
        return [row[0] for row in rows], joined.reshape(len(rows), -1) if rows else joined

    def newest_id(self) -> int:
        """The highest id that any vector ever had. Vector indexes use it as their position."""
        row = self._database.one("SELECT seq FROM sqlite_sequence WHERE name = 'vectors'")
        return int(row[0]) if row else 0

    def live_ids(self, fingerprint: str) -> set[int]:
        """Ids of the vectors that some chunk uses or is to use. All others are kept only so that going back
        costs nothing."""
        return {
            row[0]
            for row in self._database.read(
                "SELECT DISTINCT c.vector_id FROM chunks c JOIN documents d ON d.id = c.document_id"
                f" WHERE c.vector_id IS NOT NULL AND {MODEL_OF} = ?",
                (fingerprint,),
            )
        }

    def live_among(self, fingerprint: str, vector_ids: Collection[int]) -> set[int]:
        """Those of these vectors that belong to the fingerprint and that some chunk uses or is to use."""
        used = f"NOT ({UNUSED.format('v.id')})"
        return {
            row[0]
            for row in self._database.chosen(
                f"SELECT v.id FROM vectors v WHERE v.id IN ({{}}) AND +v.fingerprint = ? AND {used}",
                list(vector_ids),
                fingerprint,
            )
        }

    def fingerprints(self, document_ids: Collection[int] | None = None) -> tuple[str, ...]:
        """Fingerprints by which these documents (None: all) are embedded, or are to be."""
        if document_ids is None:
            return tuple(row[0] for row in self._database.read("SELECT DISTINCT fingerprint FROM counts"))
        return tuple(
            {
                row[0]
                for row in self._database.chosen(
                    "SELECT DISTINCT fingerprint FROM documents WHERE id IN ({})", list(document_ids)
                )
            }
        )
