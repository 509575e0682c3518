"""How soon a saved note is found, in a running program at rest: by words and by meaning (aim: within 1 s)."""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common import percentile, scratch, table, til_vault

from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine

SAVES = 15


def until(condition: Callable[[], bool]) -> float:
    begin = time.perf_counter()
    while not condition():
        if time.perf_counter() - begin > 60:
            sys.exit("not found within a minute")
        time.sleep(0.005)
    return time.perf_counter() - begin


def main() -> None:
    with scratch() as folder:
        vault = folder / "vault"
        shutil.copytree(til_vault() / "git", vault)
        engine = Engine.open(folder / "data")
        engine.folders.add(vault)
        engine.indexing.wait_ready()
        until(lambda: (s := engine.status()).documents > 0 and s.waiting == 0)
        words, meaning = [], []
        for number in range(SAVES):
            time.sleep(0.5)
            note: Path = vault / f"saved-{number}.md"
            begin = time.perf_counter()
            word = hashlib.sha256(note.name.encode()).hexdigest()[:12]
            note.write_text(
                f"# Marsupials {number}\n\nThe quokka, {word}, eats leaves at dawn on its island.\n",
                encoding="utf-8",
            )
            until(lambda w=word: bool(engine.search.words(Query(text=w)).total))  # type: ignore[misc]
            words.append((time.perf_counter() - begin) * 1000)
            query = Query(text=f"small Australian animal number {number}", mode=Mode.MEANING)
            until(lambda q=query, p=note: any(m.path == p for m in engine.search.fused(q).matches))  # type: ignore[misc]
            meaning.append((time.perf_counter() - begin) * 1000)
        engine.close()
    rows = [
        [name, f"{percentile(v, 0.5):.0f}", f"{percentile(v, 0.95):.0f}"]
        for name, v in (("by words", words), ("by meaning", meaning))
    ]
    table(f"a saved note is found, {SAVES} saves", ["", "ms p50", "ms p95"], rows)


if __name__ == "__main__":
    main()
