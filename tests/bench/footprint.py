"""Resident memory and disk of an indexed vault: memory of a process that has searched it, disk against the size of its vectors."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

from common import ROOT, notesearch, scratch, table, til_vault

PROBE = """
import sys, psutil, time
from pathlib import Path
rss = lambda: psutil.Process().memory_info().rss / 1e6
bare = rss()
from notesearch.engine.engine import Engine
from notesearch.domain import Query
engine = Engine(Path(sys.argv[1])); engine.start(); engine.wait_ready(); opened = rss()
engine.keyword_search(Query(text="git commit")); words = rss()
engine.search(Query(text="undo the last commit")); meaning = rss()
engine.close()
print(bare, opened, words, meaning)
"""


def main() -> None:
    with scratch() as folder:
        notesearch("index", til_vault(), data_dir=folder)
        status = json.loads(notesearch("status", "--json", data_dir=folder))
        (vectors,) = sqlite3.connect(folder / "notes.sqlite").execute("SELECT coalesce(sum(length(vector)), 0) FROM vectors").fetchone()
        done = subprocess.run([sys.executable, "-c", PROBE, str(folder)], capture_output=True, text=True, cwd=ROOT, check=True)
    bare, opened, words, meaning = map(float, done.stdout.split())
    table(
        f"memory of the engine with {status['documents']['total']} notes, {status['chunks']} chunks (no window)",
        ["", "resident MB"],
        [[name, f"{size:.0f}"] for name, size in zip(("Python alone", "index open, watching", "searched by words", "model loaded"),
                                                     (bare, opened, words, meaning), strict=True)],
    )
    sizes = status["bytes"]
    rows = [[name, f"{size / 1e6:.1f}", f"{size / vectors:.2f}"] for name, size in sizes.items()]
    rows.append(["in all", f"{sum(sizes.values()) / 1e6:.1f}", f"{sum(sizes.values()) / vectors:.2f}"])
    table(f"disk, against {vectors / 1e6:.1f} MB of vectors", ["", "MB", "times the vectors"], rows)


if __name__ == "__main__":
    main()
