"""What Python throws away while a window is open: in the main thread, where Qt survives it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from notesearch.api.operation import OPERATIONS, Operation, operation
from notesearch.engine.engine import Engine
from notesearch.ui.window.main_window import MainWindow

from .conftest import TIMEOUT, ask, close


class Ring(QObject):
    """Refers to itself: only the collector of cycles finds that nobody needs it."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


@pytest.fixture
def litter() -> Iterator[Operation[..., int]]:
    """An operation that the program does not have: it makes so much that the collector is due."""
    made: list[list[int]] = []

    @operation("test.litter")
    def throw_away(engine: Engine) -> int:
        """How many lists there are."""
        made.extend([number] for number in range(10_000))
        return len(made)

    yield throw_away
    del OPERATIONS["test.litter"]


def test_a_cycle_with_an_object_of_qt_is_collected_in_the_main_thread(
    window: MainWindow, qtbot: QtBot, litter: Operation[..., int]
) -> None:
    gc.collect()
    ended: list[threading.Thread] = []
    ring = Ring()
    ring.destroyed.connect(
        lambda: ended.append(threading.current_thread()), Qt.ConnectionType.DirectConnection
    )
    del ring
    assert ask(qtbot, window, litter) == 10_000
    qtbot.waitUntil(lambda: bool(ended), timeout=TIMEOUT)
    assert ended == [threading.main_thread()]


def test_when_the_last_window_is_closed_python_collects_again(window: MainWindow) -> None:
    assert not gc.isenabled()
    close(window, window.bridge)
    assert gc.isenabled()
