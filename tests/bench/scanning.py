"""A scan of an unchanged tree against a bare walk with stat (aim: 3 times or less): comparing alone, and the
whole `reconcile`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from common import median, notesearch, scratch, table, til_vault

from notesearch import catalogue
from notesearch.engine.engine import Engine
from notesearch.engine.folders import scanner
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import InFolder

RUNS = 15


def bare_walk(root: Path) -> float:
    begin = time.perf_counter()
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(os.path.join(folder, name))
    return time.perf_counter() - begin


def compare(store: Store, root: Path) -> float:
    begin = time.perf_counter()
    (folder,) = store.folders.rows()
    result = scanner.compare(
        scanner.scan(root), store.places.known(InFolder(folder.id)), catalogue.fingerprint_of(catalogue.LOCAL)
    )
    assert not result.changed
    assert not result.gone
    return time.perf_counter() - begin


def main() -> None:
    vault = Path(sys.argv[1]) if len(sys.argv) > 1 else til_vault()
    with scratch() as folder:
        notesearch("index", vault, data_dir=folder)
        store = Store(folder, read_only=True)
        walks, scans = [], []
        for _ in range(RUNS):
            walks.append(bare_walk(vault))
            scans.append(compare(store, vault))
        store.close()
        engine = Engine.open(folder, watch=False)
        engine.indexing.wait_ready()
        wholes = [engine.reconcile().summary.seconds for _ in range(RUNS)]
        engine.close()
    ratio = median([s / w for s, w in zip(scans, walks, strict=True)])
    rows = [
        ["bare walk with stat", f"{median(walks) * 1000:.1f}", "1"],
        ["scan and compare", f"{median(scans) * 1000:.1f}", f"{ratio:.2f}"],
        [
            "reconcile, in a running program",
            f"{median(wholes) * 1000:.1f}",
            f"{median(wholes) / median(walks):.2f}",
        ],
    ]
    table(f"unchanged {vault.name}, medians of {RUNS}", ["", "ms", "ratio"], rows)


if __name__ == "__main__":
    main()
