"""hnswlib beside usearch on the same vectors in one run: recall@10, queries a second, memory, time to build,
save and load. Needs usearch, which is no dependency of ours: pip install usearch. nearest.py [COUNT]

The vectors are drawn around centres, as those of notes lie around subjects; both libraries have the program's
numbers (M 16, 200 while building, 200 while searching), one thread, float32. Each runs in a process of its
own, so that memory is its own too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

DIMENSIONS, QUERIES, NEAREST = 384, 1000, 10
M, BUILDING, SEARCHING = 16, 200, 200
KINDS = ("hnswlib", "usearch", "usearch, float16")


def draw(count: int, folder: Path) -> None:
    """Vectors, queries and the exact answers, as files in `folder`."""
    random = np.random.default_rng(1)
    centres = random.standard_normal((max(10, count // 100), DIMENSIONS)).astype(np.float32)

    def near(number: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        made = centres[random.integers(0, len(centres), number)]
        made = made + 0.8 * random.standard_normal((number, DIMENSIONS)).astype(np.float32)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)

    vectors, queries = near(count), near(QUERIES)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :NEAREST]
    for name, array in (("vectors", vectors), ("queries", queries), ("exact", exact)):
        np.save(folder / f"{name}.npy", array)


def hnswlib_index(vectors: Any, file: Path) -> tuple[Any, Any, Any]:
    """How to build and save, to load, and to ask one query."""
    import hnswlib

    def build() -> None:
        graph = hnswlib.Index(space="ip", dim=DIMENSIONS)
        graph.init_index(max_elements=len(vectors), M=M, ef_construction=BUILDING, random_seed=1)
        graph.set_num_threads(1)
        for first in range(0, len(vectors), 16):  # as the program adds them
            graph.add_items(vectors[first : first + 16], np.arange(first, min(first + 16, len(vectors))))
        built.append(graph)

    def load() -> Any:
        graph = hnswlib.Index(space="ip", dim=DIMENSIONS)
        graph.load_index(str(file))
        graph.set_ef(SEARCHING)
        graph.set_num_threads(1)
        return lambda query: graph.knn_query(query, k=NEAREST)[0][0]

    built: list[Any] = []
    return build, lambda: built.pop().save_index(str(file)), load


def usearch_index(vectors: Any, file: Path, dtype: str) -> tuple[Any, Any, Any]:
    """The same of usearch."""
    from usearch.index import Index

    def made() -> Any:
        return Index(
            ndim=DIMENSIONS,
            metric="ip",
            dtype=dtype,
            connectivity=M,
            expansion_add=BUILDING,
            expansion_search=SEARCHING,
        )

    def build() -> None:
        index = made()
        for first in range(0, len(vectors), 16):
            part = vectors[first : first + 16]
            index.add(np.arange(first, first + len(part)), part, threads=1)
        built.append(index)

    def load() -> Any:
        index = made()
        index.load(str(file))
        return lambda query: index.search(query, NEAREST, threads=1).keys

    built: list[Any] = []
    return build, lambda: built.pop().save(str(file)), load


def measure(kind: str, folder: Path) -> dict[str, float]:
    """The figures of one library. Runs in its own process."""
    import psutil

    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    queries, exact = np.load(folder / "queries.npy"), np.load(folder / "exact.npy")
    file = folder / "index"
    if kind == "hnswlib":
        build, save, load = hnswlib_index(vectors, file)
    else:
        build, save, load = usearch_index(vectors, file, "f16" if "16" in kind else "f32")
    figures: dict[str, float] = {}
    for name, does in (("build s", build), ("save s", save)):
        began = time.perf_counter()
        does()
        figures[name] = time.perf_counter() - began
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    ask = load()
    figures["load s"] = time.perf_counter() - began
    figures["memory MB"] = (psutil.Process().memory_info().rss - before) / 1e6
    figures["file MB"] = file.stat().st_size / 1e6
    for query in queries[:50]:
        ask(query)
    began = time.perf_counter()
    answers = [ask(query) for query in queries]
    figures["queries/s"] = len(queries) / (time.perf_counter() - began)
    hits = sum(len(set(map(int, a)) & set(map(int, e))) for a, e in zip(answers, exact, strict=True))
    figures["recall@10"] = hits / exact.size
    return figures


def main() -> None:
    from tests.bench.common import scratch, table

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with scratch() as folder:
        draw(count, folder)
        rows = []
        for kind in KINDS:
            command = [sys.executable, __file__, "--one", kind, str(folder)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            figures = json.loads(done.stdout)
            print(kind, json.dumps(figures), file=sys.stderr, flush=True)  # the whole takes a while
            rows.append([kind, *(f"{value:.4g}" for value in figures.values())])
            header = ["library", *figures]
        table(f"{count:,} vectors of {DIMENSIONS}, {QUERIES:,} queries, one thread", header, rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
