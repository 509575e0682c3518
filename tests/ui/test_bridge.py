"""The bridge: newest question wins, nothing outdated arrives, every failure is told, closing leaves nothing
behind."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from notesearch.api import operations
from notesearch.domain import Query, SearchResults, Stage, told
from notesearch.engine.search.session import SearchSession
from notesearch.errors import DiskFull
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.latest_wins import LatestWins
from notesearch.ui.results.searches import Search
from notesearch.ui.window.main_window import MainWindow

from .conftest import TIMEOUT, titles


class Listener(QObject):
    """Keeps what arrives, and in which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[int, SearchResults]] = []
        self.threads: set[QThread] = set()

    def on_results(self, request: int, results: SearchResults) -> None:
        self.heard.append((request, results))
        self.threads.add(QThread.currentThread())


def test_stages_arrive_in_order_in_the_main_thread(window: MainWindow, qtbot: QtBot) -> None:
    listener = Listener()
    window.page.searches.results_ready.connect(listener.on_results)
    request = window.page.searches.search(Query(text="bread"))
    qtbot.waitUntil(lambda: any(r.stage is Stage.EXPLAINED for _, r in listener.heard), timeout=TIMEOUT)
    order = [Stage.KEYWORD, Stage.FUSED, Stage.EXPLAINED]
    stages = [order.index(results.stage) for _, results in listener.heard]
    assert stages == sorted(stages)
    assert stages[0] == 0
    assert {number for number, _ in listener.heard} == {request}
    assert listener.threads == {window.thread()}


def test_an_outdated_search_is_dropped(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = window.bridge.wait_for_engine()
    assert engine is not None
    entered, release = threading.Event(), threading.Event()
    real = SearchSession.fused

    def slow(session: SearchSession, **how: Any) -> SearchResults:
        if session.query.text == "slow":
            entered.set()
            release.wait(100)
        return real(session, **how)

    monkeypatch.setattr(SearchSession, "fused", slow)
    listener = Listener()
    window.page.searches.results_ready.connect(listener.on_results)
    first = window.page.searches.search(Query(text="slow"))
    qtbot.waitUntil(entered.is_set, timeout=TIMEOUT)
    second = window.page.searches.search(Query(text="bread"))
    qtbot.waitUntil(lambda: any(number == second for number, _ in listener.heard), timeout=TIMEOUT)
    release.set()
    qtbot.waitUntil(lambda: any(r.stage is Stage.EXPLAINED for _, r in listener.heard), timeout=TIMEOUT)
    assert [r.stage for number, r in listener.heard if number == first] == [Stage.KEYWORD]


def test_words_do_not_wait_for_the_meaning_of_the_letter_before(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = window.bridge.wait_for_engine()
    assert engine is not None
    release = threading.Event()
    real = SearchSession.fused
    monkeypatch.setattr(
        SearchSession, "fused", lambda session, **how: release.wait(100) and real(session, **how)
    )
    window.ask(Search(text="tomatoes"))
    qtbot.waitUntil(lambda: titles(window)[:1] == ["Tomatoes"], timeout=TIMEOUT)
    window.ask(Search(text="compost"))
    qtbot.waitUntil(lambda: titles(window)[:1] == ["Compost"], timeout=TIMEOUT)
    release.set()


def test_a_failing_search_is_said_in_the_list(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(session: SearchSession, rows: int) -> SearchResults:
        raise DiskFull

    monkeypatch.setattr(SearchSession, "words", full)
    window.ask(Search(text="bread"))
    qtbot.waitUntil(lambda: window.page.empty.title.text() == "The disk is full", timeout=TIMEOUT)
    assert window.page.empty.isVisible()
    monkeypatch.undo()
    window.ask(Search(text="tomatoes"))
    qtbot.waitUntil(lambda: titles(window)[:1] == ["Tomatoes"], timeout=TIMEOUT)
    assert window.page.results.isVisible()


def test_a_bug_is_shown_without_its_text(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError("a secret line of a note")

    monkeypatch.setattr(window.bridge.wait_for_engine().indexing, "pause", broken)
    window.bridge.call(operations.pause)
    qtbot.waitUntil(window.banner.isVisible, timeout=TIMEOUT)
    assert window.banner.title.text() == "Something went wrong inside Notesearch"
    assert "ValueError" in window.banner.hint.text()
    assert "ValueError" in caplog.text
    assert "secret" not in window.banner.hint.text() + caplog.text


def test_explaining_in_batches_keeps_rows_and_order(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = window.bridge.wait_for_engine()
    assert engine is not None
    sizes: list[int] = []
    kept: list[SearchResults] = []
    real = SearchSession.fused

    def many(session: SearchSession, **how: Any) -> SearchResults:
        results = real(session, **how)
        rows = tuple(replace(results.matches[0], path=Path(f"/n/{i}.md"), rank=i + 1) for i in range(30))
        kept[:] = [replace(results, matches=rows, total=30)]
        return kept[0]

    def explain(_: SearchSession, results: SearchResults) -> SearchResults:
        sizes.append(len(results.matches))
        return replace(results, stage=Stage.EXPLAINED)

    monkeypatch.setattr(SearchSession, "fused", many)
    monkeypatch.setattr(SearchSession, "completed", lambda _: kept[0])
    monkeypatch.setattr(SearchSession, "explained", explain)
    listener = Listener()
    window.page.searches.results_ready.connect(listener.on_results)
    window.page.searches.search(Query(text="bread"))
    qtbot.waitUntil(lambda: any(r.stage is Stage.EXPLAINED for _, r in listener.heard), timeout=TIMEOUT)
    assert sum(sizes) == 30
    assert max(sizes) < 30
    assert [match.rank for match in listener.heard[-1][1].matches] == list(range(1, 31))


def test_only_the_newest_job_of_a_slot_runs() -> None:
    slot = LatestWins("test")
    gate, done = threading.Event(), threading.Event()
    ran: list[int] = []
    slot.put(lambda: (gate.wait(100), ran.append(0)))  # type: ignore[arg-type]
    for i in range(1, 5):
        slot.put(_recorder(ran, i, done))
    gate.set()
    assert done.wait(100)
    slot.close()
    assert ran[-1] == 4
    assert len(ran) <= 2


def _recorder(ran: list[int], number: int, done: threading.Event) -> Callable[[], None]:
    def job() -> None:
        ran.append(number)
        if number == 4:
            done.set()

    return job


def test_closing_a_slot_drops_what_waits() -> None:
    slot = LatestWins("test", rest=30)
    ran: list[int] = []
    slot.put(lambda: ran.append(1))
    slot.close()
    assert ran == []


def test_an_error_of_ours_is_told_as_it_is() -> None:
    assert Failure.of(DiskFull()) == Failure(what=told("disk-full"), retryable=True)
