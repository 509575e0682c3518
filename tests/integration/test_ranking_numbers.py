"""What an exact title, an exact phrase, and a language that no model reads are worth in the scores."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.domain import MatchedBy, Mode, Query, told
from notesearch.embedding.embedder import Cancelled, Vectors, never
from notesearch.engine.engine import Engine
from notesearch.engine.search.highlights import Highlighter
from tests.conftest import StartEngine, fill, reconcile
from tests.embedders import HashingEmbedder, bag_of_words


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


class Elsewhere(HashingEmbedder):
    """Takes every query for something else."""

    def embed_query(self, text: str, cancelled: Cancelled = never) -> Vectors:
        return bag_of_words("somewhere else")


@pytest.mark.parametrize(
    ("query", "by_words"),
    [
        ("gardens book", 0.5),
        ("\u0441\u0430\u0434\u0430\u0445 \u043a\u043d\u0438\u0433\u0430", 6 / 7),
    ],
)
def test_where_the_model_does_not_read_the_language_words_count_more(
    start_engine: StartEngine, notes: Path, query: str, by_words: float
) -> None:
    last, first = query.split()
    fill(notes, {"words.md": f"# A\n\n{first} xx {last}\n", "near.md": "# B\n\nsomewhere else\n"})
    engine = start_engine(watch=False, embedders=(Elsewhere(),))
    reconcile(engine, notes)
    found = scores(engine, query, Mode.HYBRID)
    assert found == pytest.approx({"words": by_words, "near": 1 - by_words}, abs=1e-4)


def test_a_note_without_the_words_is_not_searched_for_them_again(
    start_engine: StartEngine, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(notes, {"words.md": "# A\n\ngardens book\n", "near.md": "# B\n\nsomewhere else\n"})
    engine = start_engine(watch=False, embedders=(Elsewhere(),))
    reconcile(engine, notes)
    searched: list[str] = []
    looked_for = Highlighter.matches
    monkeypatch.setattr(
        Highlighter, "matches", lambda self, text: searched.append(text) or looked_for(self, text)
    )
    found = engine.search.fused(Query(text="gardens book")).matches
    assert {m.path.stem: (m.matched_by, bool(m.best.highlights)) for m in found} == {
        "words": (MatchedBy.KEYWORD, True),
        "near": (MatchedBy.MEANING, False),
    }
    assert "gardens book" in "".join(searched)
    assert "somewhere else" not in "".join(searched)
    # Where the words are not asked at all, they are marked all the same.
    asked = engine.search.fused(Query(text="somewhere", mode=Mode.MEANING)).matches
    assert asked[0].best.highlights


def test_words_that_no_note_has_are_said(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, {"near.md": "# B\n\nsomewhere else\n"})
    engine = start_engine(watch=False, embedders=(Elsewhere(),))
    reconcile(engine, notes)
    results = engine.search.fused(Query(text="kubernetes"))
    assert [match.path.stem for match in results.matches] == ["near"]
    assert results.notices == (told("search.no-words", typed="kubernetes"),)
    assert engine.search.fused(Query(text="kubernetes", mode=Mode.MEANING)).notices == ()
    assert engine.search.fused(Query(text="somewhere kubernetes")).notices == ()
    assert engine.search.fused(Query(text="kubernetes", mode=Mode.KEYWORD)).notices == ()
