"""At rest nothing runs that need not: no child process, no thread that looks at a file; and all of it is
there again when it is needed."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import psutil
import pytest

from notesearch.engine.engine import Engine
from tests.conftest import NOTES, StartEngine, at_rest, fill, found, wait_until

pytestmark = pytest.mark.usefixtures("own_extraction")

FILE_WATCHER = "thread-tantivy-"


Running = tuple[int, set[int]]


def running() -> Running:
    """(threads that look at a file, processes started by this one)."""
    watchers = 0
    for task in Path("/proc/self/task").iterdir() if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):
            watchers += (task / "comm").read_text().strip() == FILE_WATCHER
    return watchers, {child.pid for child in psutil.Process().children()}


def quiet(before: Running) -> bool:
    watchers, children = running()
    return watchers <= before[0] and children <= before[1]


@pytest.fixture
def before() -> Running:
    return running()


@pytest.fixture
def resting(before: Running, start_engine: StartEngine, notes: Path) -> Engine:
    engine = start_engine(idle=0.1)
    engine.folders.add(fill(notes, NOTES))
    wait_until(lambda: at_rest(engine, 4))
    wait_until(lambda: quiet(before))
    return engine


def test_what_is_asked_is_answered_and_then_it_is_quiet_again(resting: Engine, before: Running) -> None:
    for _ in range(3):
        assert found(resting, "tomatoes", "keyword") == ["tomatoes.txt"]
        assert found(resting, "worms")[0] == "compost.org"
        wait_until(lambda: quiet(before))


def test_what_is_changed_is_read_and_found(resting: Engine, notes: Path, before: Running) -> None:
    for name in ("one", "two"):
        (notes / f"{name}.md").write_text(f"A note about number {name}.")
        wait_until(lambda name=name: found(resting, f"number {name}", "keyword")[:1] == [f"{name}.md"])  # type: ignore[misc]
        wait_until(lambda: at_rest(resting) and quiet(before))


def test_it_can_be_closed_at_rest_and_started_again(resting: Engine, start_engine: StartEngine) -> None:
    resting.close()
    assert found(start_engine(watch=False), "tomatoes", "keyword") == ["tomatoes.txt"]
