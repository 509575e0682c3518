"""Each file of the data folder, damaged in each way: what is said of it, and what a repair makes of it."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notesearch.api import operations
from notesearch.api.mending import diagnose, repair
from notesearch.api.sessions import reading
from notesearch.config.settings import Settings, SettingsStore, load_settings, save_window_state
from notesearch.domain import Check, Mode, Query
from notesearch.engine.engine import Engine
from notesearch.engine.models.ledger import Ledger
from notesearch.errors import NotesearchError
from tests.conftest import fill, reconcile, wait_until
from tests.embedders import HashingEmbedder
from tests.receipts import PAID

pytestmark = pytest.mark.usefixtures("kept_model")

NOTES = 240
CHOSEN = Settings(results_limit=77, gitignore=True).with_rules(Path("/notes"), "*.tmp")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with everything in it, closed."""
    root = tmp_path_factory.mktemp("whole")
    data_dir, notes = root / "data", root / "Notes"
    embedder = HashingEmbedder()
    engine = Engine.open(data_dir, watch=False, embedders=(embedder,))
    engine.settings.update(lambda _: CHOSEN)
    texts = {f"{i:03}.md": f"# Note {i}\n\nThe word{i} stands in this note alone.\n" for i in range(NOTES)}
    reconcile(engine, fill(notes, dict(list(texts.items())[:120])))
    # In two commits, so that the keyword index has several files of each kind.
    reconcile(engine, fill(notes, texts))
    engine.close()
    embedder.close()
    ledger = Ledger(data_dir)
    for usd in (0.25, 0.5):
        ledger.record(replace(PAID, usd=usd))
    save_window_state(data_dir, {"history": ["bread"]})
    with contextlib.closing(sqlite3.connect(data_dir / "notes.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return data_dir


LEDGER = f"ledger/{datetime.now(UTC):%Y-%m}.csv"
FILES = (
    "notes.sqlite",
    "settings.toml",
    "settings.toml.good",
    "window.toml",
    "owner.lock",
    "notesearch.log",
    LEDGER,
    "keyword/meta.json",
    "keyword/.managed.json",
    "keyword/position.json",
    "keyword/*.idx",
    "keyword/*.pos",
    "keyword/*.term",
    "keyword/*.fast",
    "vectors/*.hnsw",
    "vectors/*.json",
)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def missing(path: Path) -> None:
    path.unlink()


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


def zeroed_end(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


def garbled_middle(path: Path) -> None:
    content = path.read_bytes()
    third = len(content) // 3
    path.write_bytes(content[:third] + random.Random(2).randbytes(third) + content[2 * third :])


def foreign(path: Path) -> None:
    path.write_bytes(b"something else altogether\n" * 50)


def swapped(path: Path) -> None:
    """With another file of its kind where there is one, else with any other one."""
    beside = [*sorted(path.parent.iterdir()), *sorted(path.parent.parent.iterdir())]
    others = [p for p in beside if p.is_file() and p != path and p.name != "notes.sqlite"]
    other = next((p for p in others if p.suffix == path.suffix), others[0])
    content = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(content)


def unreadable(path: Path) -> None:
    if os.name != "posix" or os.geteuid() == 0:
        pytest.skip("no permission keeps root away")
    path.chmod(0)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


KINDS = (
    empty,
    missing,
    half,
    zeros,
    garbage,
    zeroed_end,
    garbled_middle,
    foreign,
    swapped,
    unreadable,
    a_folder,
)


def found(data_dir: Path, number: int) -> list[str]:
    """The first note that a word finds."""
    with reading(data_dir) as session:
        query = Query(text=f"word{number}", mode=Mode.KEYWORD)
        return [match.path.name for match in session.call(operations.search, query=query).matches][:1]


def faults(checks: tuple[Check, ...]) -> set[str]:
    """What the doctor finds wrong, by the code of what was checked."""
    return {check.what.code for check in checks if not check.well}


def counted(data_dir: Path) -> tuple[int, int]:
    """How many notes and how many passages with a vector there are."""
    with reading(data_dir) as session:
        status = session.call(operations.status)
    return status.documents, status.embedded


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", FILES)
def test_each_file_damaged_in_each_way(
    whole: Path, tmp_path: Path, name: str, kind: Callable[[Path], None]
) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(whole, data_dir)
    path = min(data_dir.glob(name))
    kind(path)
    damaged = path.read_bytes() if path.is_file() else b""

    # Before a repair: an answer or a sentence, and what is wrong is said.
    may_fail = name in ("notes.sqlite", "owner.lock")
    with contextlib.suppress(NotesearchError) if may_fail else contextlib.nullcontext():
        assert found(data_dir, 7) == ["007.md"]
    before = faults(diagnose(data_dir))
    if name == "notes.sqlite":
        assert before >= {"check.database"}
    if name == "settings.toml":
        assert before >= {"check.settings"}
        assert load_settings(data_dir)[0] == CHOSEN

    # After it all is well, and only what is not elsewhere is lost.
    repair(data_dir)
    spoilt = {"check.ledger"} if name == LEDGER and kind not in (missing, a_folder) else set()
    assert faults(diagnose(data_dir)) <= spoilt
    assert SettingsStore(data_dir).current == CHOSEN
    if name == "notes.sqlite":
        kept = next((p for p in data_dir.glob("notes.damaged-*") if p.suffix == ".sqlite"), None)
        assert (kept is None) == (kind is missing)
        if kept is not None and kept.is_file():
            assert kept.read_bytes() == damaged
        documents, embedded = counted(data_dir)
        assert (documents > 0) == (kind in (half, zeroed_end, garbled_middle))
        assert embedded >= documents * 0.9
    else:
        assert counted(data_dir) == (NOTES, NOTES)
        assert found(data_dir, 7) == ["007.md"]


@pytest.mark.parametrize("name", ["keyword", "vectors", "ledger"])
@pytest.mark.parametrize("kind", ["missing", "file", "empty"])
def test_each_folder_gone_or_a_file(whole: Path, tmp_path: Path, name: str, kind: str) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(whole, data_dir)
    shutil.rmtree(data_dir / name)
    if kind == "file":
        (data_dir / name).write_text("x")
    elif kind == "empty":
        (data_dir / name).mkdir()
    assert found(data_dir, 7) == ["007.md"]
    repair(data_dir)
    assert faults(diagnose(data_dir)) == set()
    assert counted(data_dir) == (NOTES, NOTES)
    assert found(data_dir, 7) == ["007.md"]


def test_a_running_engine_makes_a_damaged_keyword_index_again(whole: Path, tmp_path: Path) -> None:
    """The files are damaged behind its back, and it opens them again after a rest."""
    data_dir = tmp_path / "data"
    shutil.copytree(whole, data_dir)
    engine = Engine.open(data_dir, watch=False, embed=False)
    try:
        engine.indexing.wait_ready()
        engine.library.upkeep.rest()
        for path in list((data_dir / "keyword").glob("*.term")):
            # Another file of that name: the old one may still be in the memory of a thread that ends.
            other = tmp_path / "other"
            shutil.copyfile(path, other)
            garbled_middle(other)
            os.replace(other, path)

        def again() -> bool:
            try:
                query = Query(text="word7", mode=Mode.KEYWORD)
                rows = [m.path.name for m in engine.search.fused(query).matches][:1]
            except NotesearchError:
                return False
            return rows == ["007.md"]

        wait_until(again)
        assert not engine.library.upkeep.broken
    finally:
        engine.close()
    assert faults(diagnose(data_dir)) == set()


def test_what_is_lost_is_counted_and_notes_are_read_again_without_their_vectors_being_made_again(
    whole: Path, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(whole, data_dir)
    zeroed_end(data_dir / "notes.sqlite")
    done = {one.done.code: dict(one.done.params) for one in repair(data_dir)}
    assert str(done["mended.database"]["kept"]).startswith("notes.damaged-")
    assert done["mended.folders"] == {"known": 1}
    lost = int(str(done["mended.notes"]["lost"]))
    vectors = int(str(done["mended.vectors"]["taken"]))
    assert int(str(done["mended.notes"]["taken"])) == NOTES - lost
    embedder = HashingEmbedder()
    engine = Engine.open(data_dir, watch=False, embedders=(embedder,))
    summary = reconcile(engine)
    engine.close()
    assert (summary.added, summary.unchanged) == (lost, NOTES - lost)
    assert summary.embedded == NOTES - vectors
    assert len(embedder.texts) == summary.embedded
