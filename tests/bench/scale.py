"""A key in a large library: word rows and fused rows, start and memory, beside bare tantivy and bare hnswlib,
in one run.

tests/bench/scale.py [--library FOLDER]      the library is made in a scratch folder, or kept in FOLDER, where
a later run finds it. It is filled by SQL with texts of a Zipf-like vocabulary and clustered vectors; the
query's vector costs nothing here, so what is measured is the library and the search above it.
PASSAGES=1000000 for the large one (its graph alone takes a quarter of an hour to build).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hnswlib
import numpy as np
import psutil
import tantivy
from common import ROOT, median, percentile, scratch, table

sys.path.insert(0, str(ROOT))

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.domain import Query, SearchResults
from notesearch.embedding.embedder import Cancelled, Vectors, never
from notesearch.engine.engine import Engine
from notesearch.text import analysis
from tests.embedders import HashingEmbedder
from tests.large import fill_by_sql

PASSAGES = int(os.environ.get("PASSAGES", "100000"))
DOCUMENTS = PASSAGES * 2 // 5
QUERIES = int(os.environ.get("QUERIES", "300"))
CLUSTERS = 2000
WORDS = 20_000
PASSAGE_WORDS = 60
# Letters of a passage, filled up so that all have one length.
LENGTH = 480
HITS, NEIGHBOURS = 150, 250


def centres() -> Vectors:
    drawn = np.random.default_rng(7).standard_normal((CLUSTERS, LOCAL.dimensions)).astype(np.float32)
    unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


CENTRES = centres()


def vector_of(number: int) -> Vectors:
    """A point near one of the centres, as the vectors of notes lie."""
    random = np.random.default_rng(number)
    near = CENTRES[random.integers(CLUSTERS)] + random.standard_normal(LOCAL.dimensions) * (
        0.8 / LOCAL.dimensions**0.5
    )
    unit: Vectors = (near / np.linalg.norm(near)).astype(np.float32)
    return unit


def words(random: np.random.Generator, number: int) -> str:
    ranks = np.minimum(random.zipf(1.3, number), WORDS)
    return " ".join(f"{'bcdfghjklm'[rank % 10]}{'aeiou'[rank % 5]}r{rank:x}" for rank in ranks)


def text_of(number: int) -> str:
    return f"{words(np.random.default_rng(number), PASSAGE_WORDS)[: LENGTH - 1]:<{LENGTH - 1}}\n"


def queries() -> list[str]:
    """What is typed: one to four words, most of them cut short."""
    random = np.random.default_rng(3)
    typed = [words(random, int(random.integers(1, 5))) for _ in range(QUERIES)]
    return [text[: max(2, len(text) - int(random.integers(3)))] for text in typed]


class FreeQueries(HashingEmbedder):
    """The vector of a query is there at once, near one of the centres."""

    def embed_query(self, text: str, cancelled: Cancelled = never) -> Vectors:
        return vector_of(hash(text) & 0xFFFFFF)


def open_engine(data_dir: Path) -> Engine:
    return Engine.open(data_dir, watch=False, embedders=[FreeQueries()])


def timed(ask: Callable[[str], object], asked: list[str]) -> list[float]:
    """Milliseconds of each, after a fifth to warm up."""
    took = []
    for text in (*asked[: len(asked) // 5], *asked):
        begin = time.perf_counter()
        ask(text)
        took.append((time.perf_counter() - begin) * 1000)
    return took[len(asked) // 5 :]


def measure(data_dir: Path) -> dict[str, object]:
    """In a process of its own: start, memory, and each key."""
    process = psutil.Process()
    before = process.memory_info().rss
    begin = time.perf_counter()
    engine = open_engine(data_dir)
    started = time.perf_counter() - begin
    engine.search.words(Query(text="x"))
    first = time.perf_counter() - begin
    engine.indexing.wait_ready()
    ready = time.perf_counter() - begin
    asked = queries()

    def fused(text: str, *, prefix: bool = False) -> SearchResults:
        return engine.search.fused(Query(text=text, prefix=prefix, limit=12))

    found: dict[str, object] = {
        "word rows": timed(lambda text: engine.search.words(Query(text=text, prefix=True)), asked),
        "fused rows": timed(lambda text: engine.search.fused(Query(text=text, prefix=True, limit=12)), asked),
        "fused, tag:t3": timed(
            lambda text: engine.search.fused(Query(text=f"tag:t3 {text}", limit=12)), asked
        ),
        "fused, tag:rare": timed(
            lambda text: engine.search.fused(Query(text=f"tag:rare {text}", limit=12)), asked
        ),
        "fused, -word": timed(lambda text: engine.search.fused(Query(text=f"{text} -bar1", limit=12)), asked),
        "status": timed(lambda _: engine.status(), asked),
    }
    memory = process.memory_info().rss - before
    engine.close()
    found |= {"started": started, "first key": first, "ready": ready, "memory": memory}
    return found


def bare(data_dir: Path) -> dict[str, list[float]]:
    """The same queries to the libraries alone: an OR of the words, and the nearest neighbours."""
    index = tantivy.Index.open(str(data_dir / "keyword"))
    index.register_tokenizer("prepared", analysis.prepared_analyzer())
    schema, searcher = index.schema, index.searcher()

    def by_words(text: str) -> None:
        terms = [tantivy.Query.term_query(schema, "text", word) for word in text.split()]
        searcher.search(
            tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms]), HITS, count=False
        )

    graph = hnswlib.Index(space="ip", dim=LOCAL.dimensions)
    graph.load_index(str(data_dir / "vectors" / f"{fingerprint_of(LOCAL)}.hnsw"))
    graph.set_ef(NEIGHBOURS)
    nearest = {text: vector_of(hash(text) & 0xFFFFFF) for text in queries()}
    return {
        "bare tantivy": timed(by_words, queries()),
        "bare hnswlib": timed(
            lambda text: graph.knn_query(nearest[text], k=NEIGHBOURS, num_threads=1), queries()
        ),
    }


def filled_in(folder: Path) -> Path:
    """The data folder of a library of DOCUMENTS notes with PASSAGES passages, made in a folder or found
    there."""
    data_dir, filling = folder / "data", folder / "filling"
    notes, remote = folder / "Notes", folder / "Remote"
    if data_dir.is_dir():
        return data_dir
    for path in (filling, notes, remote):
        path.mkdir()
    fill_by_sql(
        filling,
        notes,
        remote,
        DOCUMENTS,
        passages=PASSAGES,
        text_of=text_of,
        vector_of=lambda number: vector_of(number).tobytes(),
    )
    return filling.rename(data_dir)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", type=Path)
    parser.add_argument("--measure", type=Path)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    if given.library:
        given.library.mkdir(parents=True, exist_ok=True)
    with contextlib.nullcontext(given.library) if given.library else scratch() as folder:
        begin = time.perf_counter()
        data_dir = filled_in(folder)
        filled = time.perf_counter()
        engine = open_engine(data_dir)
        engine.indexing.wait_ready()
        engine.close()
        built = time.perf_counter()
        command = [sys.executable, __file__, "--measure", str(data_dir)]
        environment = {**os.environ, "PYTHONHASHSEED": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found = json.loads(done.stdout)
        alone = bare(data_dir)
    lists = {name: value for name, value in (found | alone).items() if isinstance(value, list)}
    table(
        f"{DOCUMENTS:,} notes, {PASSAGES:,} passages, {QUERIES} queries: milliseconds",
        ["", "p50", "p95", "worst"],
        [
            [name, f"{median(took):.2f}", f"{percentile(took, 0.95):.2f}", f"{max(took):.2f}"]
            for name, took in lists.items()
        ],
    )
    rows = [[name, f"{found[name]:.2f} s"] for name in ("started", "first key", "ready")]
    rows += [["memory", f"{found['memory'] / 1e6:.0f} MB"]]
    rows += [["filled by SQL", f"{filled - begin:.1f} s"], ["copies built", f"{built - filled:.1f} s"]]
    table("once", ["", ""], rows)


if __name__ == "__main__":
    main()
