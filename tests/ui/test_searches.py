"""What is asked, as a value: query, chips, looser searches, history."""

from pathlib import Path

import pytest

from notesearch.ui.results.searches import HISTORY_LIMIT, History, Search, quoted_filter


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("bre", True), ("bread ", False), ('"rye bread"', False), ("", False), ("面包", True)],
)
def test_the_word_being_typed_is_a_beginning(text: str, prefix: bool) -> None:
    assert Search(text=text).query(50).prefix is prefix


def test_filters_come_before_the_words() -> None:
    query = Search(text="rye ", filters=("tag:bread", 'tag:"two words"'), folder=Path("/n")).query(20)
    assert query.text == 'tag:bread tag:"two words" rye'
    assert (query.folder, query.limit) == (Path("/n"), 20)


def test_a_folder_alone_asks_nothing() -> None:
    assert not Search(folder=Path("/n")).asks
    assert not Search(folder=Path("/n")).empty


def test_looser_searches_drop_one_thing_each() -> None:
    search = Search(text='"rye bread" -white tag:x', filters=("type:org",), folder=Path("/n/Kitchen"))
    wider = dict(search.looser())
    assert wider["Search without type:org"].filters == ()
    assert wider["Search all folders"].folder is None
    assert wider["Search for the plain words"].text == "rye bread"
    assert Search(text="rye").looser() == ()


def test_a_search_survives_the_state_file() -> None:
    search = Search(text="rye", filters=("tag:x",), folder=Path("/n"))
    assert Search.from_state(search.to_state()) == search
    for damaged in (None, {}, {"text": 3}, {"text": "", "filters": "x"}, [1]):
        assert Search.from_state(damaged) is None


def test_filters_with_spaces_are_quoted() -> None:
    assert quoted_filter("tag", "rye") == "tag:rye"
    assert quoted_filter("tag", "two words") == 'tag:"two words"'


def test_history_is_walked_like_a_shells() -> None:
    history = History()
    for text in ("one", "two", "one"):
        history.keep(Search(text=text))
    assert [s.text for s in history.entries] == ["two", "one"]
    draft = Search(text="thr")
    assert [history.older(draft), history.older(draft), history.older(draft)] == [
        Search(text="one"),
        Search(text="two"),
        None,
    ]
    assert history.newer() == Search(text="one")
    assert history.newer() == draft
    assert history.newer() is None


def test_history_begins_before_what_is_shown() -> None:
    history = History()
    history.keep(Search(text="one"))
    history.keep(Search(text="two"))
    assert history.older(Search(text="two")) == Search(text="one")


def test_history_has_an_end_and_takes_no_empty_search() -> None:
    history = History()
    history.keep(Search())
    for i in range(HISTORY_LIMIT + 5):
        history.keep(Search(text=f"q{i}"))
    assert len(history.entries) == HISTORY_LIMIT
    assert history.entries[-1].text == f"q{HISTORY_LIMIT + 4}"
