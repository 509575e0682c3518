"""What the tray says and shows for each state, and a start that is hidden where no tray comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from notesearch.domain import IndexingState, IndexingStatus, ProviderTrouble, told
from notesearch.ui.desktop.tray import TrayState, tray_icon, tray_state, tray_words
from notesearch.ui.window.main_window import MainWindow
from notesearch.wording.told import title

from .conftest import TIMEOUT, tray_of

IDLE = IndexingStatus(state=IndexingState.IDLE, documents=3, complete=3)
AWAITED = ProviderTrouble(
    provider="aimlapi",
    model="aimlapi/voyage-2",
    what=told("provider-timeout"),
    waits_for_person=False,
)
REFUSED = replace(AWAITED, what=told("key-refused"), waits_for_person=True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, TrayState.INDEXING),
        (replace(IDLE, state=IndexingState.STARTING), TrayState.INDEXING),
        (IDLE, TrayState.IDLE),
        (replace(IDLE, state=IndexingState.INDEXING, stage="reading", total=3), TrayState.INDEXING),
        (replace(IDLE, state=IndexingState.PAUSED), TrayState.PAUSED),
        (replace(IDLE, problems=2), TrayState.PROBLEM),
        (replace(IDLE, error=told("indexing.bug")), TrayState.PROBLEM),
        (replace(IDLE, troubles=(AWAITED,)), TrayState.WAITING),
        (replace(IDLE, troubles=(AWAITED, REFUSED)), TrayState.NO_PROVIDER),
        (replace(IDLE, state=IndexingState.PAUSED, troubles=(REFUSED,)), TrayState.NO_PROVIDER),
        (
            replace(IDLE, state=IndexingState.INDEXING, total=3, problems=1, troubles=(AWAITED,)),
            TrayState.INDEXING,
        ),
    ],
)
def test_the_icon_shows_what_matters_most(status: IndexingStatus | None, state: TrayState) -> None:
    assert tray_state(status) is state
    assert tray_words(status)


def test_the_words_name_the_provider() -> None:
    assert tray_words(replace(IDLE, troubles=(AWAITED, REFUSED))) == title(REFUSED.what)
    assert tray_words(replace(IDLE, troubles=(AWAITED,))) == title(AWAITED.what)


def test_six_states_are_six_icons(app: QApplication) -> None:
    for size in (16, 22, 32):
        pictures = [tray_icon(state).pixmap(size, size).toImage() for state in TrayState]
        assert all(not picture.isNull() for picture in pictures)
        assert all(a != b for i, a in enumerate(pictures) for b in pictures[:i])


def test_hidden_where_no_tray_comes_it_shows_itself_in_the_task_bar(
    start_window: Callable[..., MainWindow], qtbot: QtBot, notes: Path
) -> None:
    window = start_window(notes, hidden=True, look_ms=20, within_ms=100)
    qtbot.waitUntil(lambda: window.isMinimized(), timeout=TIMEOUT)
    looks = [timer for timer in tray_of(window).findChildren(QTimer) if timer.interval() == 20]
    assert [timer.isActive() for timer in looks] == [False]
