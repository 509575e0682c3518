"""The settings store: two writers never undo each other, and who subscribed hears of each change in order."""

from __future__ import annotations

import dataclasses
import threading
from functools import partial
from pathlib import Path

import pytest

from notesearch.config.settings import Settings, SettingsStore, load_settings
from notesearch.errors import SettingsInvalid


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    start = threading.Barrier(2)

    def write(name: str) -> None:
        start.wait()
        for number in range(40):
            store.update(partial(Settings.with_provider, name=f"{name}{number}", budget=1.0))

    writers = [threading.Thread(target=write, args=(name,)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    expected = {f"{name}{number}" for name in "ab" for number in range(40)}
    assert set(store.current.providers) == expected
    assert set(load_settings(tmp_path)[0].providers) == expected


def test_each_change_is_published_once_and_in_order(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    told: list[tuple[int, int]] = []
    unsubscribe = store.subscribe(lambda before, now: told.append((before.results_limit, now.results_limit)))
    for limit in (60, 60, 70):
        store.update(lambda settings, limit=limit: dataclasses.replace(settings, results_limit=limit))  # type: ignore[misc]
    assert told == [(50, 60), (60, 70)]
    unsubscribe()
    store.update(lambda settings: dataclasses.replace(settings, results_limit=80))
    assert told == [(50, 60), (60, 70)]
    assert store.current.results_limit == 80


def test_what_was_written_by_hand_meanwhile_stays(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    (tmp_path / "settings.toml").write_text('appearance = "dark"\n')
    store.update(lambda settings: dataclasses.replace(settings, results_limit=60))
    assert (store.current.appearance, store.current.results_limit) == ("dark", 60)


def test_a_change_that_cannot_be_made_changes_nothing(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path)
    with pytest.raises(SettingsInvalid):
        store.update(lambda settings: dataclasses.replace(settings, results_limit=0))
    assert store.current == Settings()
    assert not (tmp_path / "settings.toml").exists()
