"""What an exact title and an exact phrase are worth, in the scores of rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from tests.conftest import fill, reconcile


def scores(engine: Engine, text: str, mode: Mode = Mode.KEYWORD) -> dict[str, float]:
    matches = engine.search.fused(Query(text=text, mode=mode)).matches
    return {match.path.stem: match.score for match in matches}


@pytest.fixture
def trains(engine: Engine, notes: Path) -> Engine:
    fill(
        notes,
        {
            "phrase.md": "# Timetable\n\nThe night train leaves late, and the seats are hard.\n",
            "apart.md": "# Sleeping cars\n\nBy night a train is slow, and the seats are soft.\n",
        },
    )
    reconcile(engine, notes)
    return engine


def test_an_exact_phrase_is_comes_before_scores(trains: Engine) -> None:
    assert scores(trains, "night train")["phrase"] == pytest.approx(1.0 + 3.0)
    assert scores(trains, "train night")["phrase"] == pytest.approx(1.0)
    # One word is no phrase.
    assert scores(trains, "hard")["phrase"] == pytest.approx(1.0)


def test_an_exact_title_is_worth_most(trains: Engine) -> None:
    assert scores(trains, "timetable")["phrase"] == pytest.approx(1.0 + 8.0)
    assert scores(trains, "Sleeping  CARS")["apart"] == pytest.approx(1.0 + 8.0 + 3.0)


def test_meaning_alone_has_no_bonus(trains: Engine) -> None:
    assert max(scores(trains, "sleeping cars", Mode.MEANING).values()) == pytest.approx(1.0)
