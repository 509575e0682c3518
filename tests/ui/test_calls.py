"""Calls of the bridge: an operation is done off the main thread and answered in it, or its answer is
dropped."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from notesearch.api.operation import OPERATIONS, Operation, Stopped, operation
from notesearch.domain import told
from notesearch.engine.engine import Engine
from notesearch.errors import DiskFull
from notesearch.ui.window.main_window import MainWindow

from .conftest import TIMEOUT, Answer, ask, close

ROOT = Path(__file__).resolve().parents[2]


class Gate:
    """Holds an operation up, and tells what became of it."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self.threads: list[threading.Thread] = []
        self.stopped: list[bool] = []

    def wait(self) -> None:
        self.threads.append(threading.current_thread())
        self.entered.set()
        self.opened.wait(TIMEOUT / 1000)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


@pytest.fixture
def title(gate: Gate) -> Iterator[Operation[..., str]]:
    """An operation that the program does not have: one entry of the table. It waits at the gate."""

    @operation("test.title")
    def name_of_folder(engine: Engine, *, fingerprint: str, fails: bool = False) -> str:
        """The name of the folder that is searched."""
        gate.wait()
        if fails:
            raise DiskFull
        return engine.folders.paths()[0].name + fingerprint

    yield name_of_folder
    del OPERATIONS["test.title"]


@pytest.fixture
def endless(gate: Gate) -> Iterator[Operation[..., int]]:
    """One that may wait long, and asks whether it is to stop."""

    @operation("test.endless", may_block=True)
    def count_for_ever(engine: Engine, *, stopped: Stopped = lambda: False) -> int:
        """How far one counts."""
        gate.wait()
        gate.stopped.append(stopped())
        return 1

    yield count_for_ever
    del OPERATIONS["test.endless"]


def at_rest_again(qtbot: QtBot, window: MainWindow) -> None:
    """Every answer that was on its way has arrived: one that was asked for later has."""
    ask(qtbot, window, OPERATIONS["folders.list"])
    QApplication.processEvents()


def test_a_new_operation_is_reached_through_the_bridge(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str]
) -> None:
    answer = Answer()
    call = window.bridge.call(title, answer.take, answer.fail, fingerprint="!")
    qtbot.waitUntil(gate.entered.is_set, timeout=TIMEOUT)
    assert call.is_wanted
    assert not answer.came
    gate.opened.set()
    qtbot.waitUntil(lambda: answer.came, timeout=TIMEOUT)
    assert answer.results == ["Notes!"]
    assert answer.threads == {window.thread()}
    assert gate.threads != [threading.main_thread()]


def test_a_failure_goes_to_whoever_was_named_for_it(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str]
) -> None:
    gate.opened.set()
    answer = Answer()
    window.bridge.call(title, answer.take, answer.fail, fingerprint="", fails=True)
    qtbot.waitUntil(lambda: answer.came, timeout=TIMEOUT)
    assert [failure.what for failure in answer.failures] == [told("disk-full")]
    assert answer.results == []
    assert answer.threads == {window.thread()}
    assert not window.banner.isVisible()


def test_a_failure_for_which_nobody_was_named_is_shown(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str]
) -> None:
    gate.opened.set()
    answer = Answer()
    window.bridge.call(title, answer.take, fingerprint="", fails=True)
    qtbot.waitUntil(window.banner.isVisible, timeout=TIMEOUT)
    assert window.banner.title.text() == "The disk is full"
    assert not answer.came


class Asking(QDialog):
    """A dialog that waits for an answer."""

    def __init__(self, heard: list[object], parent: QObject) -> None:
        super().__init__(parent)  # type: ignore[arg-type]
        self.heard = heard

    def on_answer(self, value: object) -> None:
        self.setWindowTitle(str(value))
        self.heard.append(value)


class Named(QObject):
    """Keeps what was asked, with the answer."""

    heard: tuple[str, str] | None = None

    def take(self, about: str, value: str) -> None:
        self.heard = (about, value)


@pytest.mark.parametrize("fails", [False, True])
def test_a_dialog_that_is_gone_hears_nothing(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str], fails: bool
) -> None:
    heard: list[object] = []
    dialog = Asking(heard, window)
    window.bridge.call(title, dialog.on_answer, dialog.on_answer, fingerprint="", fails=fails)
    qtbot.waitUntil(gate.entered.is_set, timeout=TIMEOUT)
    with qtbot.waitSignal(dialog.destroyed, timeout=TIMEOUT):
        dialog.deleteLater()
    # The wrapper is still there, what it wraps is not: a call of its method would raise.
    gate.opened.set()
    at_rest_again(qtbot, window)
    assert heard == []


def test_an_object_that_nobody_keeps_is_not_kept_by_its_call(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str]
) -> None:
    ended: list[bool] = []
    answer = Answer()
    answer.destroyed.connect(lambda: ended.append(True))
    window.bridge.call(title, answer.take, answer.fail, fingerprint="")
    qtbot.waitUntil(gate.entered.is_set, timeout=TIMEOUT)
    del answer
    assert ended == [True]
    gate.opened.set()
    at_rest_again(qtbot, window)


@pytest.mark.parametrize("give_up", ["cancel", "forget"])
def test_an_answer_that_is_not_wanted_any_more_does_not_come(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str], give_up: str
) -> None:
    answer = Answer()
    call = window.bridge.call(title, answer.take, answer.fail, fingerprint="")
    qtbot.waitUntil(gate.entered.is_set, timeout=TIMEOUT)
    getattr(call, give_up)()
    assert not call.is_wanted
    gate.opened.set()
    at_rest_again(qtbot, window)
    assert not answer.came


def test_an_answer_that_is_given_up_on_its_way_does_not_come(
    window: MainWindow, qtbot: QtBot, gate: Gate, endless: Operation[..., int]
) -> None:
    answer = Answer()
    call = window.bridge.call(endless, answer.take)
    assert gate.entered.wait(TIMEOUT / 1000)
    gate.opened.set()
    # The thread has ended and the main thread has handled no event: the answer waits for it.
    gate.threads[0].join()
    call.cancel()
    at_rest_again(qtbot, window)
    assert gate.stopped == [False]
    assert not answer.came


def test_what_is_cancelled_before_it_begins_is_not_done(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str]
) -> None:
    held = [window.bridge.call(title, fingerprint="") for _ in range(20)]
    qtbot.waitUntil(gate.entered.is_set, timeout=TIMEOUT)
    for call in held:
        call.cancel()
    gate.opened.set()
    at_rest_again(qtbot, window)
    assert 0 < len(gate.threads) < 20


def test_a_running_operation_hears_that_it_is_cancelled(
    window: MainWindow, qtbot: QtBot, gate: Gate, endless: Operation[..., int]
) -> None:
    answer = Answer()
    call = window.bridge.call(endless, answer.take)
    qtbot.waitUntil(gate.entered.is_set, timeout=TIMEOUT)
    call.cancel()
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(gate.stopped), timeout=TIMEOUT)
    assert gate.stopped == [True]
    assert not answer.came


def test_what_may_block_holds_up_neither_others_nor_the_end(
    window: MainWindow, qtbot: QtBot, gate: Gate, endless: Operation[..., int]
) -> None:
    answer = Answer()
    for _ in range(12):
        window.bridge.call(endless, answer.take)
    qtbot.waitUntil(lambda: len(gate.threads) == 12, timeout=TIMEOUT)
    assert ask(qtbot, window, OPERATIONS["folders.list"])
    close(window, window.bridge)
    gate.opened.set()
    qtbot.waitUntil(lambda: len(gate.stopped) == 12, timeout=TIMEOUT)
    QApplication.processEvents()
    assert not answer.came


def test_an_answer_that_is_on_its_way_at_the_end_does_not_come(
    window: MainWindow, gate: Gate, endless: Operation[..., int]
) -> None:
    answer = Answer()
    gate.opened.set()
    window.bridge.call(endless, answer.take)
    assert gate.entered.wait(TIMEOUT / 1000)
    gate.threads[0].join()
    close(window, window.bridge)
    QApplication.processEvents()
    assert not answer.came


def test_after_the_end_nothing_is_begun(
    window: MainWindow, gate: Gate, title: Operation[..., str], endless: Operation[..., int]
) -> None:
    close(window, window.bridge)
    answer = Answer()
    window.bridge.call(title, answer.take, answer.fail, fingerprint="")
    window.bridge.call(endless, answer.take, answer.fail)
    assert gate.threads == []


@pytest.mark.parametrize("taker", [lambda value: None, partial(print, "x"), [].append])
def test_an_answer_goes_to_no_other_function(
    window: MainWindow, gate: Gate, title: Operation[..., str], taker: Callable[[str], None]
) -> None:
    with pytest.raises(TypeError, match="no method of a QObject"):
        window.bridge.call(title, taker, fingerprint="")
    assert gate.threads == []


def test_a_partial_says_what_was_asked(
    window: MainWindow, qtbot: QtBot, gate: Gate, title: Operation[..., str]
) -> None:
    gate.opened.set()
    named = Named()
    window.bridge.call(title, partial(named.take, "folder"), fingerprint="?")
    qtbot.waitUntil(lambda: named.heard is not None, timeout=TIMEOUT)
    assert named.heard == ("folder", "Notes?")


def test_the_window_is_painted_before_the_table_is_loaded() -> None:
    script = "import sys, notesearch.ui.app; sys.exit('notesearch.api.operations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0
