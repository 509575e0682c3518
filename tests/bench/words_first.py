"""Time until a new vault can be searched by words, against Recoll indexing the same (aim: 2 times or less),
in one run.

Needs Debian's recollcmd. Ours is measured from outside: the start of the process until every note is in the
keyword index.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from common import ROOT, median, scratch, table, til_vault

from notesearch.storage.local.position import SavedAt
from notesearch.storage.local.sqlite.store import Store

RUNS = int(os.environ.get("RUNS", "5"))


def ours(vault: Path, folder: Path, notes: int) -> float:
    """Seconds from the start of the command until the keyword index holds every note."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "notesearch", "--data-dir", str(folder), "index", str(vault)], cwd=ROOT
    )
    try:
        store = None
        while True:
            time.sleep(0.01)
            saved = SavedAt.load(folder / "keyword" / "position.json")
            if saved is None:
                continue
            store = store or Store(folder, read_only=True)
            if (
                sum(f.documents for f in store.folders.rows()) >= notes
                and store.questions.newer_than(saved.position) == 0
            ):
                return time.perf_counter() - begin
    finally:
        if store is not None:
            store.close()
        process.send_signal(signal.SIGINT)
        process.wait()


def recoll(vault: Path, folder: Path) -> float:
    folder.mkdir()
    (folder / "recoll.conf").write_text(f"topdirs = {vault}\n")
    begin = time.perf_counter()
    subprocess.run(["recollindex", "-c", str(folder)], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    if not shutil.which("recollindex"):
        sys.exit("needs Recoll: apt-get install recollcmd")
    vault = Path(sys.argv[1]) if len(sys.argv) > 1 else til_vault()
    from notesearch.engine.folders.scanner import scan

    notes = sum(1 for _ in scan(vault))
    rows, us, them = [], [], []
    for run in range(RUNS):
        with scratch() as folder:
            them.append(recoll(vault, folder / "recoll"))
            us.append(ours(vault, folder / "ours", notes))
        rows.append([run + 1, notes, f"{us[-1]:.2f}", f"{them[-1]:.2f}", f"{us[-1] / them[-1]:.2f}"])
    ratio = median([a / b for a, b in zip(us, them, strict=True)])
    rows.append(["median", "", f"{median(us):.2f}", f"{median(them):.2f}", f"{ratio:.2f}"])
    table("a new vault searchable by words", ["run", "notes", "ours s", "Recoll s", "ratio"], rows)


if __name__ == "__main__":
    main()
