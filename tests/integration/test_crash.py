"""A real `notesearch index` killed in the middle: the next run ends where an undisturbed one would, and
nothing is paid twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from notesearch.domain import Mode, Query
from notesearch.embedding.embedder import Vectors
from notesearch.embedding.local.onnx import OnnxEmbedder
from notesearch.engine.engine import Engine
from tests.conftest import StartEngine, fill, wait_until

ROOT = Path(__file__).resolve().parents[2]
WORDS = (
    "flour water salt patience dough garden tram castle worm autumn string sun overnight kitchen rain "
    "lamp paper harbour"
).split()
QUERIES = ["word7", "dough overnight", "a rainy harbour", "worms in autumn", '"garden tram"', "lamp -paper"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9")


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = random.Random(7)
    folder = tmp_path_factory.mktemp("vault") / "Notes"
    return fill(
        folder,
        {f"{i}.md": f"# Note {i}\n\nword{i} {' '.join(drawn.choices(WORDS, k=90))}\n" for i in range(180)},
    )


def answers(engine: Engine) -> list[list[str]]:
    asked = [Query(text=text, mode=mode, limit=5) for text in QUERIES for mode in (Mode.KEYWORD, Mode.HYBRID)]
    return [[m.path.name for m in engine.search.fused(query).matches] for query in asked]


@pytest.fixture(scope="module")
def undisturbed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fresh")


@pytest.fixture(scope="module")
def undisturbed(vault: Path, undisturbed_dir: Path) -> list[list[str]]:
    engine = Engine.open(undisturbed_dir, watch=False, embedders=(OnnxEmbedder(),))
    engine.reconcile([vault])
    found = answers(engine)
    engine.close()
    return found


def count(data_dir: Path, sql: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{data_dir / 'notes.sqlite'}?mode=ro", uri=True)) as connection:
            return int(connection.execute(sql).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def stored_vectors(data_dir: Path) -> dict[bytes, Vectors]:
    """The vectors of unit length by the hash of their text."""
    with closing(sqlite3.connect(f"file:{data_dir / 'notes.sqlite'}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT text_hash, vector FROM vectors").fetchall()
    return {text_hash: np.frombuffer(vector, np.float32) for text_hash, vector in rows}


def documents(number: int) -> Callable[[Path], bool]:
    return lambda data_dir: count(data_dir, "SELECT count(*) FROM documents") >= number


def vectors(number: int) -> Callable[[Path], bool]:
    return lambda data_dir: count(data_dir, "SELECT count(*) FROM vectors") >= number


def words(data_dir: Path) -> bool:
    return (data_dir / "keyword/position.json").exists()


MOMENTS = {
    "first": documents(1),
    "reading": documents(100),
    "words": words,
    "embedding": vectors(1),
    "end": vectors(180),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_killed_and_run_again(
    start_engine: StartEngine,
    vault: Path,
    undisturbed: list[list[str]],
    undisturbed_dir: Path,
    tmp_path: Path,
    moment: Callable[[Path], bool],
) -> None:
    data_dir = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, "-m", "notesearch", "--data-dir", str(data_dir), "index", str(vault)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        wait_until(lambda: moment(data_dir) or process.poll() is not None)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    kept = count(data_dir, "SELECT count(*) FROM vectors")
    engine = start_engine(data_dir, watch=False, embedders=(OnnxEmbedder(),))
    done = engine.reconcile([vault])
    summary, errors, held = done.summary, done.errors, done.held
    assert (errors, held, summary.failed) == ((), 0, 0)
    assert summary.embedded == 180 - kept
    status = engine.status()
    assert (status.documents, status.complete, status.waiting) == (180, 180, 0)
    ours = answers(engine)
    assert [sorted(row) for row in ours[::2]] == [sorted(row) for row in undisturbed[::2]]
    assert [row[:1] for row in ours[::2]] == [row[:1] for row in undisturbed[::2]]
    # An int8 model gives a text slightly different vectors in different batches.
    before, now = stored_vectors(undisturbed_dir), stored_vectors(data_dir)
    assert before.keys() == now.keys()
    assert min(float(before[key] @ now[key]) for key in now) > 0.98
