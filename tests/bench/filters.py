"""Filters in a large library: whether a narrow one still returns its full list, how near that comes to the
exact nearest passages, and what it costs beside a search without one.

The library is that of scale.py: 100,000 passages (PASSAGES) of clustered vectors. Its notes have tags that
half of them, 5 %, 0.5 % and 0.05 % have, drawn with a fixed seed.
"""

from __future__ import annotations

import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
from common import ROOT, median, percentile, scratch, table
from scale import DOCUMENTS, PASSAGES, filled_in, open_engine, queries, timed, vector_of

sys.path.insert(0, str(ROOT))

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.domain import Query
from notesearch.embedding.embedder import Vectors
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.database import DATABASE
from notesearch.storage.values import Filters

SHARES = {"tag:half": 0.5, "tag:some": 0.05, "tag:few": 0.005, "tag:hardly": 0.0005}
QUERIES = 150
# Passages that are compared with the exact ones, and that are asked for.
NEAREST, ASKED = 100, 250
FINGERPRINT = fingerprint_of(LOCAL)


def tag(data_dir: Path, documents: int) -> None:
    """Give notes the tags."""
    drawn = random.Random(11)
    with closing(sqlite3.connect(data_dir / DATABASE)) as db, db:
        for name, share in SHARES.items():
            chosen = drawn.sample(range(1, documents + 1), round(documents * share))
            db.executemany("INSERT INTO facets VALUES (?, ?)", ((name, i) for i in chosen))


def exact(data_dir: Path, facet: str) -> tuple[list[int], Vectors]:
    """The passages with vectors of the notes that have a facet ("": all), and these vectors."""
    has = "AND EXISTS (SELECT 1 FROM facets f WHERE f.document_id = c.document_id AND f.facet = ?)"
    with closing(sqlite3.connect(data_dir / DATABASE)) as db:
        rows = db.execute(
            "SELECT c.id, v.vector FROM chunks c JOIN vectors v ON v.id = c.vector_id"
            f" WHERE v.fingerprint = ? {has if facet else ''}",
            (FINGERPRINT, facet) if facet else (FINGERPRINT,),
        ).fetchall()
    ids = [i for i, _ in rows]
    return ids, np.frombuffer(b"".join(v for _, v in rows), np.float32).reshape(len(ids), -1)


def recall(library: LocalLibrary, data_dir: Path, facet: str) -> tuple[float, int]:
    """The mean share of the exact nearest passages that are found, and the shortest list."""
    ids, vectors = exact(data_dir, facet)
    filters = Filters(facets=(facet,)) if facet else Filters()
    shares, shortest = [], len(ids)
    for number in range(QUERIES):
        vector = vector_of(10_000_000 + number)
        best = {ids[i] for i in np.argsort(-(vectors @ vector))[:NEAREST]}
        found = library.nearest(FINGERPRINT, vector, filters, ASKED)
        shortest = min(shortest, len(found))
        shares.append(len(best & {hit.chunk_id for hit in found[:NEAREST]}) / len(best))
    return float(np.mean(shares)), shortest


def main() -> None:
    with scratch() as folder:
        data_dir = filled_in(folder)
        tag(data_dir, DOCUMENTS)
        engine = open_engine(data_dir)
        engine.indexing.wait_ready()
        rows = []
        for facet in ("", *SHARES):
            asked = [f"{facet} {text}".strip() for text in queries()[:QUERIES]]
            words = timed(lambda text: engine.search.words(Query(text=text)), asked)
            fused = timed(lambda text: engine.search.fused(Query(text=text, limit=12)), asked)
            times = [f"{median(t):.1f} / {percentile(t, 0.95):.1f}" for t in (words, fused)]
            rows.append([facet or "none", f"{SHARES.get(facet, 1):.2%}", *times])
        engine.close()
        library = LocalLibrary(data_dir, lambda _: LOCAL.dimensions)
        library.upkeep.ready(FINGERPRINT, wait=True)
        for row, facet in zip(rows, ("", *SHARES), strict=True):
            share, shortest = recall(library, data_dir, facet)
            row += [f"{share:.3f}", str(shortest)]
        library.close()
    table(
        f"{DOCUMENTS:,} notes, {PASSAGES:,} passages, {QUERIES} queries: ms p50 / p95, recall of {NEAREST}",
        ["filter", "notes", "words", "fused", "recall", f"shortest list of {ASKED}"],
        rows,
    )


if __name__ == "__main__":
    main()
