"""The power is lost at any write: the library opens, says nothing untrue, and ends where one would that was
never disturbed. The writes of a real run are recorded (tests/power.py), cut, and what was not synced dropped.

NOTESEARCH_CUTS=n tries n cuts with each kind of loss, in place of a few for each kind of file.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
from pathlib import Path

import pytest

from notesearch import catalogue
from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from notesearch.errors import ConsentMissing
from tests.conftest import fill, wait_until
from tests.embedders import HashingEmbedder
from tests.power import Loss, Op, leave, record

ROOT = Path(__file__).resolve().parents[2]
CUTS = int(os.environ.get("NOTESEARCH_CUTS", "0"))
WORDS = (
    "flour water salt dough garden tram castle worm autumn string sun kitchen rain lamp paper harbour".split()
)
QUERIES = [*WORDS[:12], "word3", "dough garden", '"garden tram"', "lamp -paper", "rain harbour", "title:note"]

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("strace") is None, reason="strace is not here"
)

# The model that the folder is given in between. What it says of floors is none, so no note is left out.
OTHER = catalogue.model("aimlapi/voyage-code-2")

# What is recorded: a library is made, used, closed, opened again, and changed, with a save of every copy; one
# folder is given another model, and another one is removed.
PROGRAM = """
import sys
from pathlib import Path
from notesearch.config.paths import prepare_data_dir
from notesearch.domain import Query
from notesearch.engine.engine import Engine
from tests.integration.test_power_loss import OTHER, embedders

data, notes = Path(sys.argv[1]), Path(sys.argv[2])
gone = notes.with_name("Gone")
for round in range(3):
    prepare_data_dir(data)
    engine = Engine.open(data, watch=False, embedders=embedders())
    if round == 0:
        engine.folders.add(notes)
        engine.folders.add(gone)
    engine.reconcile([notes])
    if round == 1:
        engine.models.prepare(notes, OTHER.identifier)
        engine.models.agree(notes)
        engine.reconcile([notes])
    if round == 2:
        engine.folders.remove(gone)
    engine.search.fused(Query(text="garden"))
    for number in range(round * 10, round * 10 + 6):
        passages = " ".join(f"lamp other{number} castle{word}" for word in range(300))
        (notes / f"{number}.md").write_text(f"# Other {number}\\n\\n{passages}\\n")
    (notes / f"{round * 10 + 7}.md").unlink()
    (notes / f"new{round}.md").write_text("# New\\n\\ntram paper salt\\n")
    engine.reconcile([notes])
    engine.close()
"""


class Recorded:
    """What the program did to the disk, the notes at its end, and what searches answer then."""

    def __init__(self, folder: Path) -> None:
        drawn = random.Random(3)
        self.notes = fill(
            folder / "Notes",
            {f"{i}.md": f"# Note {i}\n\nword{i} {' '.join(drawn.choices(WORDS, k=30))}\n" for i in range(40)},
        )
        fill(folder / "Gone", {f"{i}.md": f"# Gone {i}\n\n{' '.join(WORDS)}\n" for i in range(10)})
        data = folder / "data"
        data.mkdir()
        command = [sys.executable, "-c", PROGRAM, str(data), str(self.notes)]
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self.ops = record(command, data, folder / "trace", cwd=ROOT, env=env)
        engine = Engine.open(folder / "fresh", watch=False, embedders=embedders())
        engine.reconcile([self.notes])
        given_the_other_model(engine, self.notes)
        self.answers = answers(engine)
        engine.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("recorded"))


def embedders() -> list[HashingEmbedder]:
    return [HashingEmbedder(), HashingEmbedder(model=OTHER)]


def given_the_other_model(engine: Engine, notes: Path) -> None:
    """Bring an engine to where the recorded program ended, from wherever it is."""
    for folder in engine.folders.paths():
        if folder != notes:
            engine.folders.remove(folder)
    (folder_now,) = engine.status().folders
    if folder_now.model != OTHER.identifier:
        if not folder_now.next_model:
            engine.models.prepare(notes, OTHER.identifier)
        engine.models.agree(notes)
        done = engine.reconcile([notes])
        assert done.errors == ()
    assert engine.status().folders[0].model == OTHER.identifier


def answers(engine: Engine) -> list[list[str]]:
    asked = [
        Query(text=text, mode=mode, limit=50) for text in QUERIES for mode in (Mode.KEYWORD, Mode.MEANING)
    ]
    return [sorted(m.path.name for m in engine.search.fused(query).matches) for query in asked]


def cuts(ops: list[Op], loss: Loss) -> list[int]:
    """A cut after one of the changes of each kind of file (where nothing is lost, after the last one); or so
    many cuts drawn of all. The database meets every loss, each other kind of file one of them."""
    drawn = random.Random(len(ops))
    if CUTS:
        return drawn.sample(range(len(ops)), min(CUTS, len(ops)))
    kinds: dict[str, list[int]] = {}
    for number, op in enumerate(ops):
        kinds.setdefault(re.sub(r"[0-9a-f]{32}|(?<=tmp).*|(?<=json\.).*|\d+", "", op.path), []).append(number)
    losses = list(Loss)
    chosen = [
        numbers
        for turn, (kind, numbers) in enumerate(kinds.items())
        if "sqlite" in kind or losses[turn % len(losses)] is loss
    ]
    return [(numbers[-1] if loss is Loss.NOTHING else drawn.choice(numbers)) + 1 for numbers in chosen]


@pytest.mark.parametrize("loss", Loss, ids=lambda loss: loss.name)
def test_power_is_lost(recorded: Recorded, tmp_path: Path, loss: Loss) -> None:
    for cut in cuts(recorded.ops, loss):
        data = tmp_path / "data"
        leave(recorded.ops, cut, loss, data, seed=cut)
        engine = Engine.open(data, watch=False, embedders=embedders())
        try:
            done = engine.reconcile([recorded.notes])
            # The power may be lost before the user agrees to the other model.
            errors = [error for error in done.errors if not isinstance(error, ConsentMissing)]
            assert (errors, done.held, done.summary.failed) == ([], 0, 0), cut
            given_the_other_model(engine, recorded.notes)
            # Vectors that no note has any more leave the answers a moment after the reconcile has ended;
            # until then the last of these notes may have no place beside them.
            wait_until(lambda: answers(engine) == recorded.answers)  # noqa: B023
        finally:
            engine.close()
