"""What the benchmarks share: where the data is, medians, and a table. Run each by hand: .venv/bin/python
tests/bench/NAME.py"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]


def shared(relative: str) -> Path:
    """A file or folder of the measuring data: $NOTESEARCH_SHARED, or `shared` beside the project. Ends the
    program where it is missing."""
    folder = Path(os.environ.get("NOTESEARCH_SHARED", ROOT.parent / "shared")) / "data" / relative
    if not folder.exists():
        sys.exit(f"needs the measuring data: {folder} is not there (set NOTESEARCH_SHARED)")
    return folder


def til_vault() -> Path:
    return shared("vaults/til-jbranchaud")


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="notesearch-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def notesearch(*arguments: object, data_dir: Path, stdin: str | None = None) -> str:
    """Run the command line in a process of its own; its output."""
    command = [sys.executable, "-m", "notesearch", "--data-dir", str(data_dir), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=ROOT)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    cells = [[str(c) for c in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        print("  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * w for w in widths))


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def padded(encoded: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int64]]:
    """The inputs of the bundled model for one run: token ids filled up to the longest, and the mask of those
    that count."""
    length = max(len(tokens) for tokens in encoded)
    ids = np.zeros((len(encoded), length), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
