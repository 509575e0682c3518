"""A large store, filled by SQL in seconds without a model; a vector index that needs no building; and a
recorder of the statements that SQLite runs, with their plans and the steps they took."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence, Set
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from notesearch.catalogue import LOCAL, fingerprint_of, model
from notesearch.storage.local.position import Plan, Rebuild
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import Vectors

FINGERPRINT = fingerprint_of(LOCAL)
REMOTE = model("aimlapi/text-embedding-3-small")
# Tables that grow with the notes: no statement of a search, a change or the status may walk one.
LARGE = {"documents", "chunks", "vectors", "texts", "facets"}
# Steps of SQLite's machine that one statement may take: a page of 500 ids with what hangs on them takes some
# 20,000, a set of 4,000 ids 120,000; what touches each of 100,000 passages takes 400,000 and more.
MOST_STEPS = 150_000
_STEP = 1000


def fill_by_sql(
    data_dir: Path,
    root: Path,
    remote: Path,
    documents: int = 40_000,
    *,
    passages: int = 100_000,
    text_of: Callable[[int], str] | None = None,
    vector_of: Callable[[int], bytes] | None = None,
) -> None:
    """Two folders: `root` holds `documents` of the local model with `passages` passages, all embedded;
    `remote` a tenth as many of a remote model, all waiting for the user's word. The files are not there.
    `text_of` writes the passage of a number (of one length for all), `vector_of` the bytes of its vector;
    without them all texts are alike and 500 vectors are used over and over."""
    text_of = text_of or _passage
    length = len(text_of(0))
    store = Store(data_dir)
    folder = store.folders.add(root, LOCAL.identifier)
    waiting = store.folders.add(remote, REMOTE.identifier)
    store.close()
    drawn = np.random.default_rng(1).standard_normal((500, LOCAL.dimensions)).astype(np.float32)
    pool = [v.tobytes() for v in drawn / np.linalg.norm(drawn, axis=1, keepdims=True)]
    vector_of = vector_of or (lambda number: pool[number % len(pool)])
    each, more = divmod(passages, documents)
    few = documents // 10
    with closing(sqlite3.connect(data_dir / DATABASE, isolation_level=None)) as db:
        db.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; BEGIN;")
        own = [(i, folder, FINGERPRINT, each + (i <= more)) for i in range(1, documents + 1)]
        others = [(documents + i, waiting, fingerprint_of(REMOTE), each) for i in range(1, few + 1)]
        vector = number = 0
        for i, folder_id, fingerprint, chunks in (*own, *others):
            embedded = chunks if fingerprint == FINGERPRINT else 0
            _insert_document(db, i, folder_id, fingerprint, (chunks, embedded, chunks * length))
            text = "".join(map(text_of, range(number, number + chunks)))
            number += chunks
            db.execute("INSERT INTO texts VALUES (?, 0, ?, 0)", (i, text))
            for ordinal in range(chunks):
                digest = (i * 64 + ordinal).to_bytes(16, "big")
                if embedded:
                    vector += 1
                    db.execute(
                        "INSERT INTO vectors VALUES (?, ?, ?, ?, NULL)",
                        (vector, fingerprint, digest, vector_of(vector)),
                    )
                _insert_chunk(db, i, (ordinal, length), digest, vector if embedded else None)
        db.execute("COMMIT")


def _passage(ordinal: int) -> str:
    return f"passage {ordinal % 1000:03} of a note about harbours\n"


def _insert_document(
    db: sqlite3.Connection, i: int, folder_id: int, fingerprint: str, counts: tuple[int, int, int]
) -> None:
    sub = f"part{i % 20:02}"
    chunks, embedded, length = counts
    values: dict[str, object] = {
        "id": i,
        "folder_id": folder_id,
        "relative_path": f"{sub}/note{i}.md",
        "size": 100,
        "mtime_ns": i,
        "content_hash": f"hash{i}",
        "fingerprint": fingerprint,
        "reading": 1,
        "format": "markdown",
        "title": f"Note {i}",
        "embedded_title": f"Note {i}",
        "first_line": 1,
        "length": length,
        "language": ("en", "de", "fr")[i % 3],
        "tags": "[]",
        "aliases": "[]",
        "created": "",
        "updated": "",
        "private": 0,
        "expected": chunks,
        "embedded": embedded,
        "position": i,
    }
    db.execute(
        f"INSERT INTO documents ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )
    facets = ["type:markdown", f"in:{folder_id}", f"in:{folder_id}/{sub}", f"folder:{sub}", f"tag:t{i % 10}"]
    facets += [f"written-tag:t{i % 10}", *(["tag:rare"] if i % 1000 == 0 else [])]
    db.executemany("INSERT INTO facets VALUES (?, ?)", ((facet, i) for facet in facets))


def _insert_chunk(
    db: sqlite3.Connection, document: int, place: tuple[int, int], digest: bytes, vector: int | None
) -> None:
    ordinal, length = place
    db.execute(
        "INSERT INTO chunks (document_id, ordinal, start, end, line, heading, prefix, tokens, text_hash,"
        " vector_id) VALUES (?, ?, ?, ?, ?, '[]', ?, 9, ?, ?)",
        (
            document,
            ordinal,
            ordinal * length,
            (ordinal + 1) * length,
            ordinal + 1,
            f"Note {document}",
            digest,
            vector,
        ),
    )


class ScannedVectors:
    """Implements NearestIndex by comparing all: right at once, where a graph would take minutes to build."""

    def __init__(self, folder: Path, fingerprint: str, dimensions: int) -> None:
        self._ids = np.empty(0, np.int64)
        self._vectors = np.empty((0, dimensions), np.float32)
        self._new: list[tuple[np.ndarray[Any, Any], Vectors]] = []
        self._dead: set[int] = set()
        self._lock = threading.Lock()
        self.position = self.unsaved = 0
        self.mostly_dead = False

    def load(self, *, instance: str, position: int) -> Plan:
        return Rebuild("never saved")

    def save(self, instance: str) -> None: ...
    def delete(self) -> None: ...

    def add(self, ids: Sequence[int], vectors: Vectors) -> None:
        with self._lock:
            self._new.append((np.asarray(ids, np.int64), vectors))
            self.position = int(ids[-1])

    def set_live(self, live: Collection[int]) -> None:
        self._dead = set()

    def update_live(self, looked_at: Collection[int], live: Collection[int]) -> bool:
        self._dead |= set(looked_at) - set(live)
        self._dead -= set(live)
        return True

    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]:
        with self._lock:
            if self._new:
                self._ids = np.concatenate([self._ids, *(ids for ids, _ in self._new)])
                self._vectors = np.concatenate([self._vectors, *(v for _, v in self._new)])
                self._new.clear()
        cosines = self._vectors @ vector
        found: list[tuple[int, float]] = []
        for place in np.argsort(-cosines):
            label = int(self._ids[place])
            if label not in self._dead and (allowed is None or label in allowed):
                found.append((label, float(cosines[place])))
                if len(found) >= k:
                    break
        return found

    def __len__(self) -> int:
        return len(self._ids)


class Statements:
    """Every statement that SQLite runs in this process while it is open, with the most steps each took.
    `wrap` goes around sqlite3.connect."""

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}
        self._lock = threading.Lock()

    def wrap(self, connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            current = ["", 0]

            def began(sql: str) -> None:
                # What a trigger runs is told as a comment.
                if not sql.startswith("--"):
                    current[:] = [sql, 0]
                    self._note(sql, 0)

            def stepped() -> int:
                current[1] = int(current[1]) + _STEP  # type: ignore[call-overload]
                self._note(str(current[0]), int(current[1]))  # type: ignore[call-overload]
                return 0

            connection.set_trace_callback(began)
            connection.set_progress_handler(stepped, _STEP)
            return connection

        return connected

    def _note(self, sql: str, steps: int) -> None:
        with self._lock:
            self.steps[sql] = max(steps, self.steps.get(sql, 0))

    def clear(self) -> None:
        with self._lock:
            self.steps.clear()

    def walks(self, database: Path) -> list[str]:
        """What is wrong with the statements recorded: a plan that scans a large table, or too many steps."""
        with self._lock:
            recorded = dict(self.steps)
        with closing(sqlite3.connect(database)) as db:
            return [
                f"{fault}: {sql[:300]}"
                for sql, steps in recorded.items()
                for fault in walks_of(db, sql, steps)
            ]


def walks_of(db: sqlite3.Connection, sql: str, steps: int) -> list[str]:
    faults = [f"{steps} steps"] if steps > MOST_STEPS else []
    if sql.split(None, 1)[0].upper() not in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
        return faults
    for *_, detail in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall():
        scanned = re.match(r"SCAN (\w+)(.*)", detail)
        if scanned and _table(sql, scanned[1]) in LARGE:
            faults.append(detail)
    return faults


def _table(sql: str, alias: str) -> str:
    """The table that a name in a plan stands for."""
    named = re.search(rf"(?:FROM|JOIN|INTO|UPDATE|,)\s+(\w+)\s+(?:AS\s+)?{alias}\b", sql)
    return named[1] if named else alias
