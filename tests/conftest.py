"""Fixtures for every test below: waiting on conditions, folders of notes, engines that are closed
afterwards."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from notesearch.api import sessions
from notesearch.api.listener import Listener
from notesearch.documents.formats import registry
from notesearch.documents.sandbox.process import ExtractionProcess
from notesearch.domain import IndexingState, IndexSummary, Mode, Query, SearchResults
from notesearch.embedding.local import onnx
from notesearch.engine.engine import Engine
from notesearch.engine.indexing import note_reader
from tests import other_words
from tests.embedders import HashingEmbedder
from tests.gateway import Gateway
from tests.kept_extraction import ExtractionPool
from tests.kept_model import load_once

Condition = Callable[[], object]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--other-words", action="store_true", help="change every sentence, and leave out tests of sentences"
    )
    parser.addoption(
        "--words-of",
        action="append",
        default=[],
        metavar="PATH",
        help="of this file or folder only the tests of sentences",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--other-words"):
        other_words.install()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    of = [config.rootpath / path for path in config.getoption("--words-of")]

    def left_out(item: pytest.Item) -> bool:
        if item.get_closest_marker("words"):
            return bool(config.getoption("--other-words"))
        return any(item.path.is_relative_to(path) for path in of)

    config.hook.pytest_deselected(items=[item for item in items if left_out(item)])
    items[:] = [item for item in items if not left_out(item)]


# Seconds that a test waits for what takes a moment: only something that hangs reaches it, however busy the
# machine.
PATIENCE = 100.0


def wait_until(condition: Condition) -> None:
    """Look at `condition` every 20 ms until it holds; fails after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {PATIENCE:g} s: {getattr(condition, '__name__', condition)}")
        time.sleep(0.02)


def write(root: Path, name: str, text: str | bytes = "") -> Path:
    """A file below `root`, with the folders above it."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fill(root: Path, notes: Mapping[str, str | bytes]) -> Path:
    """A folder with these notes."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in notes.items():
        write(root, name, text)
    return root


def shared(name: str) -> Path:
    """A folder of the collections kept beside the project; skips the test where they are not there."""
    beside = Path(os.environ.get("NOTESEARCH_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    if not (beside / name).exists():
        pytest.skip(f"no shared collections here ({name})")
    return beside / name


def at_rest(engine: Engine, documents: int | None = None) -> bool:
    """Nothing is being done, nothing waits, and `documents` notes are complete."""
    status = engine.status()
    if status.error is not None:
        pytest.fail(str(status.error))
    return (
        status.state is IndexingState.IDLE
        and not status.waiting
        and not engine.search.behind
        and (documents is None or status.complete == documents)
    )


def names(results: SearchResults) -> list[str]:
    """The file names of the rows, in order."""
    return [match.path.name for match in results.matches]


def found(engine: Engine, text: str, mode: str = "hybrid", **how: object) -> list[str]:
    """The file names of the rows for a query."""
    return names(engine.search.fused(Query(text=text, mode=Mode(mode), **how)))  # type: ignore[arg-type]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "Notes"
    folder.mkdir()
    return folder


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The strict server that stands for the AI/ML API."""
    with Gateway() as made:
        yield made


@pytest.fixture(scope="session", autouse=True)
def kept_extraction() -> Iterator[None]:
    """Engines in this process share the children that read files."""
    pool = ExtractionPool()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(note_reader, "ExtractionProcess", pool.lend)
        yield
    pool.close()


@pytest.fixture(scope="module")
def kept_model() -> Iterator[None]:
    """Each local model is loaded once in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx, "load_model", load_once)
        yield


@pytest.fixture
def own_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines start and end children of their own, as in the program."""
    monkeypatch.setattr(note_reader, "ExtractionProcess", ExtractionProcess)


StartEngine = Callable[..., Engine]


@pytest.fixture
def start_engine(tmp_path: Path, embedder: HashingEmbedder) -> Iterator[StartEngine]:
    """Starts engines on the data folder of the test, with the hashing embedder where no other is given."""
    engines: list[Engine] = []

    def start(data_dir: Path | None = None, **how: object) -> Engine:
        how.setdefault("embedders", (embedder,))
        engine = Engine.open(data_dir or tmp_path / "data", **how)  # type: ignore[arg-type]
        engines.append(engine)
        return engine

    yield start
    embedder.gate.set()
    for engine in reversed(engines):
        engine.close()


Serve = Callable[[Engine], Engine]


@pytest.fixture
def serve(start_engine: StartEngine) -> Iterator[Serve]:
    """Lets an engine take requests of other processes, as the owner of its data folder does."""
    listeners: list[Listener] = []

    def serve(engine: Engine) -> Engine:
        listeners.append(sessions.serve(engine))
        return engine

    yield serve
    for listener in listeners:
        listener.close()


@pytest.fixture
def engine(start_engine: StartEngine) -> Engine:
    """An engine that does not watch: what is done is asked for by `reconcile`."""
    return start_engine(watch=False)


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The format of index cards is installed."""
    from tests import index_cards

    index_cards.install(tmp_path / "site", monkeypatch)
    yield
    monkeypatch.undo()
    registry.look_again()


@pytest.fixture
def lock_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a folder one that this user may not enter (root, whom no mode stops, included)."""
    away: list[str] = []

    def guarded(real: Callable[..., object], itself: bool) -> Callable[..., object]:
        def call(path: object, *rest: object, **named: object) -> object:
            text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else ""
            if any(text.startswith(f"{folder}{os.sep}") or (itself and text == folder) for folder in away):
                raise PermissionError(13, "Permission denied", text)
            return real(path, *rest, **named)

        return call

    for name, itself in (
        ("stat", False),
        ("lstat", False),
        ("scandir", True),
        ("listdir", True),
        ("access", True),
    ):
        monkeypatch.setattr(os, name, guarded(getattr(os, name), itself))
    monkeypatch.setattr("builtins.open", guarded(open, False))
    return lambda folder: away.append(str(folder))


PASSAGE = "The starter wants flour and water, twice a day, and a warm place. "


def long_note(*sections: str) -> str:
    """A note whose sections are chunks of their own."""
    return "\n\n".join(f"# {name}\n\n" + f"{name}: {PASSAGE}" * 12 for name in sections) + "\n"


NOTES = {
    "bread.md": "# Bread\n\nThe sour dough rests overnight in the cold.\n",
    "Garden/tomatoes.txt": "Tomatoes want sun and a string to climb.\n",
    "Garden/compost.org": "#+TITLE: Compost heap\n\n* Autumn\nWorms do the rest.\n",
    "Travel/lisbon.rst": "Lisbon\n======\n\nThe tram climbs to the castle.\n",
}


def reconcile(engine: Engine, *folders: Path, confirmed: bool = False) -> IndexSummary:
    done = engine.reconcile(folders, confirmed=confirmed)
    summary, errors = done.summary, done.errors
    assert errors == ()
    return summary


def numbers(summary: IndexSummary) -> dict[str, int]:
    """What is not zero, without the seconds."""
    names = ("added", "changed", "moved", "removed", "unchanged", "failed", "embedded", "requests", "tokens")
    return {name: getattr(summary, name) for name in names if getattr(summary, name)}
