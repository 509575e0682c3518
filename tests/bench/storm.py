"""A storm of changes: another program writes 200 files a second for a minute, as a build or a sync does. How
soon an edit of the user's is found meanwhile (aim: within 5 s), and whether the memory comes back."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time

import psutil
from common import percentile, scratch, table, til_vault

from notesearch.domain import Query
from notesearch.engine.engine import Engine

SECONDS = int(os.environ.get("SECONDS", "60"))
A_SECOND = 200
EDIT_EVERY = 2.0

# Writes notes of some hundred words until it is told how long: a half new, a half written again.
WRITER = """
import random, sys, time
from pathlib import Path
folder, seconds, a_second = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
words = [f"term{i}" for i in range(5000)]
drawn = random.Random(1)
begin, number = time.monotonic(), 0
while (now := time.monotonic() - begin) < seconds:
    while number < now * a_second:
        name = number if number % 2 else drawn.randrange(number + 1)
        at = folder / "build" / str(name % 50) / f"{name}.md"
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(f"# Made {number}\\n\\n{' '.join(drawn.choices(words, k=40))}\\n")
        number += 1
    time.sleep(0.005)
print(number)
"""


def memory() -> float:
    """MB of this process and of its children that are theirs alone. Mapped files are not counted: the system
    takes their memory back as it likes."""
    own = psutil.Process()
    return (
        sum(p.memory_info().rss - p.memory_info().shared for p in (own, *own.children(recursive=True))) / 1e6
    )


def until_found(engine: Engine, word: str, limit: float = 120) -> float:
    begin = time.perf_counter()
    while not engine.search.words(Query(text=word)).total:
        if time.perf_counter() - begin > limit:
            sys.exit(f"an edit was not found within {limit} s")
        time.sleep(0.01)
    return time.perf_counter() - begin


def at_rest(engine: Engine) -> None:
    calm = 0
    while calm < 20:
        status = engine.status()
        calm = calm + 1 if status.state == "idle" and not status.waiting else 0
        time.sleep(0.1)


def main() -> None:
    with scratch() as folder:
        vault = folder / "vault"
        shutil.copytree(til_vault(), vault)
        engine = Engine.open(folder / "data")
        engine.folders.add(vault)
        engine.indexing.wait_ready()
        at_rest(engine)
        before = memory()
        note = vault / "diary.md"
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(vault), str(SECONDS), str(A_SECOND)],
            stdout=subprocess.PIPE,
            text=True,
        )
        took: list[float] = []
        most = before
        while writer.poll() is None:
            word = "q" + hashlib.sha256(str(len(took)).encode()).hexdigest()[:12]
            note.write_text(f"# Diary\n\nToday {word}.\n")
            took.append(until_found(engine, word))
            most = max(most, memory())
            time.sleep(EDIT_EVERY)
        written = int(writer.communicate()[0])
        begin = time.perf_counter()
        at_rest(engine)
        calm = time.perf_counter() - begin
        after = memory()
        shutil.rmtree(vault / "build")
        at_rest(engine)
        rows = [
            ["edits of the user found, median s", f"{percentile(took, 0.5):.1f}"],
            ["the slowest, s", f"{max(took):.1f}"],
            ["files written", written],
            ["all embedded after the end, s", f"{calm:.0f}"],
            ["memory before, MB", f"{before:.0f}"],
            ["at most", f"{most:.0f}"],
            ["after the storm", f"{after:.0f}"],
            ["after its files were deleted", f"{memory():.0f}"],
        ]
        table(f"{A_SECOND} files a second for {SECONDS} s, {len(took)} edits", ["", ""], rows)
        engine.close()


if __name__ == "__main__":
    main()
