"""Memory and disk of an indexed vault, and what the engine does when nothing happens.

    tests/bench/footprint.py [--seconds 60]

Memory of a process that has searched the vault, before and after it went to rest; disk against the size of
its vectors; processor time, wake-ups, bytes written in that many seconds at rest (Linux); and how long the
next query takes to load the model again.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys

from common import ROOT, notesearch, scratch, table, til_vault

PROBE = """
import json, os, statistics, sys, threading, time
from pathlib import Path
import psutil
me = psutil.Process()
rss = lambda: me.memory_info().rss / 1e6
seen = {"Python alone": rss()}
from notesearch.domain import Query
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.engine.engine import Engine
from notesearch.engine.idle_timer import IdleTimer
model = OnnxEmbedder(timer=lambda unload: IdleTimer(unload, 4.0))
engine = Engine.open(Path(sys.argv[1]), embedders=[model], idle=4.0)
engine.indexing.wait_ready()
for name in ("one", "two"):
    folder = Path(sys.argv[1]).parent / name
    folder.mkdir()
    (folder / "note.md").write_text("a note")
    engine.folders.add(folder)
engine.reconcile()
seen["index open, watching"] = rss()
engine.search.words(Query(text="git commit")); seen["searched by words"] = rss()
engine.search.fused(Query(text="undo the last commit")); seen["model loaded"] = rss()
while model.loaded:
    time.sleep(0.1)
time.sleep(2)
seen["at rest"] = rss()

def wake_ups():
    # By thread, for those that are still there.
    names = {str(t.native_id): t.name for t in threading.enumerate()}
    found = {}
    for task in os.listdir("/proc/self/task"):
        lines = open(f"/proc/self/task/{task}/status").read().splitlines()
        switches = sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
        found[task, names.get(task) or lines[0].split()[1]] = switches
    return found

def written():
    return next(int(line.split()[1]) for line in open("/proc/self/io") if line.startswith("write_bytes"))

quiet = {}
if sys.platform == "linux":
    before, bytes_before, processor = wake_ups(), written(), time.process_time()
    time.sleep(float(sys.argv[2]))
    processor, bytes_after, after = time.process_time() - processor, written(), wake_ups()
    rows = {key[1]: after[key] - before.get(key, 0) for key in after if key[1] != "MainThread"}
    woken = {name: number for name, number in rows.items() if number}
    quiet = {"processor": processor, "bytes": bytes_after - bytes_before, "wake-ups": woken, "children": len(me.children())}

loads = []
for number in range(7):
    model.unload()
    begin = time.perf_counter(); model.embed_query(f"undo commit {number}"); loads.append((time.perf_counter() - begin) * 1000)
engine.close()
model.close()
print(json.dumps({"memory": seen, "quiet": quiet, "load": statistics.median(loads)}))
"""  # noqa: E501


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with scratch() as folder:
        data_dir = folder / "data"
        notesearch("index", til_vault(), data_dir=data_dir)
        status = json.loads(notesearch("status", "--json", data_dir=data_dir))
        (vectors,) = (
            sqlite3.connect(data_dir / "notes.sqlite")
            .execute("SELECT coalesce(sum(length(vector)), 0) FROM vectors")
            .fetchone()
        )
        done = subprocess.run(
            [sys.executable, "-c", PROBE, str(data_dir), str(seconds)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
    seen = json.loads(done.stdout)
    table(
        f"memory of the engine with {status['documents']['total']} notes, {status['chunks']} chunks (no "
        "window)",
        ["", "resident MB"],
        [[name, f"{size:.0f}"] for name, size in seen["memory"].items()],
    )
    if seen["quiet"]:
        rest = seen["quiet"]
        rows = [
            ["processor, s", f"{rest['processor']:.3f}"],
            ["bytes written", rest["bytes"]],
            ["child processes", rest["children"]],
        ]
        rows += [[f"wake-ups: {thread}", number] for thread, number in rest["wake-ups"].items()]
        table(f"{seconds:g} s at rest, three folders watched", ["", ""], rows)
    table(
        "a query that has to load the model again, median of 7",
        ["", "ms"],
        [["load and embed", f"{seen['load']:.0f}"]],
    )
    sizes = status["bytes"]
    rows = [[name, f"{size / 1e6:.1f}", f"{size / vectors:.2f}"] for name, size in sizes.items()]
    rows.append(["in all", f"{sum(sizes.values()) / 1e6:.1f}", f"{sum(sizes.values()) / vectors:.2f}"])
    table(f"disk, against {vectors / 1e6:.1f} MB of vectors", ["", "MB", "times the vectors"], rows)


if __name__ == "__main__":
    main()
