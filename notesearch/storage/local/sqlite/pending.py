"""A folder's next model: its passages are cut and embedded beside those that answer, and replace them when
all are embedded."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from notesearch.domain import HeldNote, Outgoing, prefixed
from notesearch.errors import NotesearchError
from notesearch.storage.local.sqlite.database import Database, Generation
from notesearch.storage.local.sqlite.document_table import ANSWERING, HELD, PREPARING, REFUSED, Documents
from notesearch.storage.local.sqlite.places import Places
from notesearch.storage.local.sqlite.reads import Questions
from notesearch.storage.local.sqlite.vectors import MODEL_OF, KeptVectors
from notesearch.storage.values import Unsent

_OF_FOLDER = "document_id IN (SELECT id FROM documents WHERE folder_id = ?)"
_DOCUMENTS_OF_FOLDER = "FROM folders f JOIN documents d ON d.folder_id = f.id WHERE f.id = ?"
# Whether a document still lacks something for the next model. Answered from the indexes, without counting.
_PENDING_LEFT = (
    "SELECT EXISTS (SELECT 1 FROM documents WHERE folder_id = ?1 AND pending_embedded < pending_expected)"
    " OR EXISTS (SELECT 1 FROM documents WHERE folder_id = ?1 AND pending_fingerprint < ?2)"
    " OR EXISTS (SELECT 1 FROM documents WHERE folder_id = ?1 AND pending_fingerprint > ?2)"
)


class Pending:
    """The part of the store that changes the model of a folder, and holds back what may not be sent to
    one."""

    def __init__(
        self,
        database: Database,
        places: Places,
        documents: Documents,
        vectors: KeptVectors,
        questions: Questions,
    ) -> None:
        self._database = database
        self._places = places
        self._documents = documents
        self._vectors = vectors
        self._questions = questions

    def set_next_model(self, folder_id: int, model: str) -> None:
        """Begin to prepare a next model; "" stops that. Chunks cut for an earlier next model are deleted,
        their vectors are kept."""
        with self._database.write() as w:
            w.execute(
                "INSERT OR IGNORE INTO former_models SELECT DISTINCT f.id, f.next_model, "
                f"d.pending_fingerprint {_DOCUMENTS_OF_FOLDER}"
                " AND f.next_model NOT IN ('', ?) AND d.pending_embedded > 0",
                (folder_id, model),
            )
            w.execute(f"DELETE FROM chunks WHERE generation = {PREPARING} AND {_OF_FOLDER}", (folder_id,))
            w.execute(
                "UPDATE documents SET pending_fingerprint = '', pending_expected = 0, pending_embedded = 0, "
                "pending_held_back = 0"
                " WHERE folder_id = ? AND pending_fingerprint <> ''",
                (folder_id,),
            )
            w.execute("UPDATE folders SET next_model = ? WHERE id = ?", (model, folder_id))
            self._vectors.uses.note_all()
            self._tell_refused_of(w, folder_id)

    def _tell_refused_of(self, w: sqlite3.Connection, folder_id: int) -> None:
        """After a change of models: refusals of a model that the folder does not have any more are no
        problems. Other problems have no document."""
        w.execute("DELETE FROM problems WHERE folder_id = ? AND refused", (folder_id,))
        held = w.execute(
            "SELECT id FROM documents WHERE folder_id = ? AND held_back + pending_held_back > 0", (folder_id,)
        ).fetchall()
        self._documents.tell_refused(w, (row[0] for row in held))

    def set_model(self, folder_id: int, model: str) -> None:
        """Change the model of a folder that has nothing embedded."""
        with self._database.write() as w:
            w.execute("UPDATE folders SET model = ?, first_kinds = 0 WHERE id = ?", (model, folder_id))

    def agree(self, folder_id: int, consent_text: str) -> None:
        """Store the user's consents: which model at which address may be sent the folder's passages."""
        with self._database.write() as w:
            w.execute("UPDATE folders SET agreed = ? WHERE id = ?", (consent_text, folder_id))

    def switch_model(self, folder_id: int, model: str, fingerprint: str) -> bool:
        """Let the next model answer, in one transaction. Returns False, and changes nothing, where something
        is still missing or the user has chosen another model meanwhile."""
        with self._database.write() as w:
            chosen = w.execute(
                "SELECT 1 FROM folders WHERE id = ? AND next_model = ?", (folder_id, model)
            ).fetchone()
            if chosen is None or w.execute(_PENDING_LEFT, (folder_id, fingerprint)).fetchone()[0]:
                return False
            ids = [row[0] for row in w.execute("SELECT id FROM documents WHERE folder_id = ?", (folder_id,))]
            w.execute(
                "INSERT OR IGNORE INTO former_models SELECT DISTINCT f.id, f.model, d.fingerprint "
                f"{_DOCUMENTS_OF_FOLDER}",
                (folder_id,),
            )
            w.execute("DELETE FROM former_models WHERE folder_id = ? AND model = ?", (folder_id, model))
            w.execute(f"DELETE FROM chunks WHERE generation = {ANSWERING} AND {_OF_FOLDER}", (folder_id,))
            w.execute(f"UPDATE chunks SET generation = {ANSWERING} WHERE {_OF_FOLDER}", (folder_id,))
            w.executemany(
                "UPDATE documents SET fingerprint = ?, pending_fingerprint = '', position = ? WHERE id = ?",
                ((fingerprint, self._database.next_position(), i) for i in ids),
            )
            self._vectors.uses.note_all()
            self._vectors.recount(w, ids)
            self._tell_refused_of(w, folder_id)
            w.execute(
                "UPDATE folders SET previous_model = model, model = next_model, next_model = '',"
                " first_kinds = 0 WHERE id = ?",
                (folder_id,),
            )
            return True

    def forget_former(self, folder_id: int) -> None:
        """Forget the former models of a folder. Their vectors are deleted by KeptVectors.forget_but."""
        with self._database.write() as w:
            w.execute("UPDATE folders SET previous_model = '' WHERE id = ?", (folder_id,))
            w.execute("DELETE FROM former_models WHERE folder_id = ?", (folder_id,))

    # What may be sent

    def count_unsent(self, folder_id: int, *, pending: bool) -> Unsent:
        """Count what a folder's model (with `pending`, its next one) has no vector of yet. The same text
        counts once."""
        of_model = f"generation = {_generation(pending)} AND {_OF_FOLDER}"
        waiting = f"FROM chunks WHERE vector_id IS NULL AND held = 0 AND {of_model}"
        documents = self._database.one(f"SELECT count(DISTINCT document_id) {waiting}", (folder_id,))[0]
        chunks, tokens, characters = self._database.one(
            f"SELECT count(*), coalesce(sum(t), 0), coalesce(sum(n), 0) FROM"
            f" (SELECT max(tokens) AS t, max(end - start + length(prefix) + (prefix <> '')) AS n {waiting} "
            "GROUP BY text_hash)",
            (folder_id,),
        )
        embedded, held = self._database.one(
            f"SELECT count(vector_id), coalesce(sum(held > 0), 0) FROM chunks WHERE {of_model}",
            (folder_id,),
        )
        return Unsent(
            documents=documents,
            chunks=chunks,
            tokens=tokens,
            characters=characters,
            embedded=embedded,
            held_back=held,
        )

    def outgoing(self, document_id: int, *, pending: bool) -> tuple[Outgoing, ...]:
        """The embedded texts of a note's passages in order, each with the reason why it is held back."""
        rows = self._database.read(
            "SELECT prefix, start, end, line, held, vector_id IS NOT NULL FROM chunks WHERE document_id = ?"
            " AND generation = ? ORDER BY ordinal",
            (document_id, _generation(pending)),
        )
        return tuple(
            Outgoing(
                text=prefixed(prefix, self._questions.text(document_id, start, end)),
                line=line,
                held_back=HELD[held],
                sent=bool(embedded),
            )
            for prefix, start, end, line, held, embedded in rows
        )

    def held_back(self, folder_id: int, *, pending: bool, limit: int) -> tuple[HeldNote, ...]:
        """The notes of a folder with passages that are held back, by path."""
        rows = self._database.read(
            "SELECT f.path, d.relative_path, d.title, count(*), group_concat(DISTINCT c.held) FROM "
            "chunks c JOIN documents d ON d.id = c.document_id JOIN folders f ON f.id = d.folder_id"
            f" WHERE c.generation = {_generation(pending)} AND c.held > 0 AND d.folder_id = ?"
            " GROUP BY d.id ORDER BY d.relative_path LIMIT ?",
            (folder_id, limit),
        )
        return tuple(
            HeldNote(
                path=self._places.at(root, path),
                title=title,
                passages=passages,
                reasons=tuple(
                    reason
                    for number in sorted(map(int, held.split(",")))
                    if (reason := HELD[number]) is not None
                ),
            )
            for root, path, title, passages, held in rows
        )

    def allow(self, document_id: int) -> int:
        """Allow the passages of a document that are held back to be sent, now and when it is cut again.
        Returns how many they are."""
        with self._database.write() as w:
            allowed = self._documents.ask_again(w, document_id)
            w.execute(
                "INSERT OR IGNORE INTO allowed SELECT text_hash FROM chunks"
                " WHERE document_id = ? AND held > 0",
                (document_id,),
            )
            allowed += w.execute(
                "UPDATE chunks SET held = 0 WHERE document_id = ? AND held > 0", (document_id,)
            ).rowcount
            self._vectors.recount(w, [document_id])
            return allowed

    def refuse_texts(self, fingerprint: str, digests: Sequence[bytes], error: NotesearchError) -> None:
        """Hold back texts that a model refused, also when they are cut again, and list their notes as
        problems."""
        with self._database.write() as w:
            w.executemany(
                "INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)",
                ((fingerprint, d, error.code, json.dumps(dict(error.params))) for d in digests),
            )
            documents: set[int] = set()
            for digest in digests:
                rows = w.execute(
                    "SELECT c.id, d.id FROM chunks c JOIN documents d ON d.id = c.document_id"
                    f" WHERE c.text_hash = ? AND c.vector_id IS NULL AND {MODEL_OF} = ?",
                    (digest, fingerprint),
                ).fetchall()
                w.executemany(
                    "UPDATE chunks SET held = ? WHERE id = ?", ((REFUSED, chunk) for chunk, _ in rows)
                )
                documents.update(document for _, document in rows)
            self._vectors.recount(w, documents)
            self._documents.tell_refused(w, documents)


def _generation(pending: bool) -> int:
    return int(Generation.PREPARING if pending else Generation.ANSWERING)
