"""The sentences of the window."""

from datetime import datetime
from pathlib import Path

import pytest

from notesearch.domain import Folder, FolderState, IndexingState, IndexingStatus, Query, SearchResults, Stage
from notesearch.ui import wording

NOW = datetime(2026, 3, 14, 12, 0)


@pytest.mark.parametrize(
    ("then", "short", "long"),
    [
        (datetime(2026, 3, 14, 9, 5), "09:05", "today, 09:05"),
        (datetime(2026, 3, 13, 23, 0), "yesterday", "yesterday"),
        (datetime(2026, 3, 12, 23, 0), "12 Mar", "12 March"),
        (datetime(2025, 12, 31, 23, 0), "2025", "31 December 2025"),
    ],
)
def test_dates_are_short_in_the_list_and_whole_in_the_preview(then: datetime, short: str, long: str) -> None:
    assert wording.short_date(then.timestamp(), NOW) == short
    assert wording.long_date(then.timestamp(), NOW) == long


def results(**changes: object) -> SearchResults:
    plain: dict[str, object] = {"query": Query(text="x"), "stage": Stage.FUSED, "matches": (), "total": 0, "searched": 2013, "of": 2013}
    return SearchResults(**{**plain, **changes})  # type: ignore[arg-type]


def test_the_summary_says_what_was_searched_and_what_waits() -> None:
    head, rest = wording.summary(results(searched=1940, waiting=69, failed=4))
    assert head == "Nothing found so far"
    assert rest == "searched 1,940 of 2,013 · 69 waiting, 4 failed"


def test_words_alone_are_never_the_last_word() -> None:
    head, rest = wording.summary(results(stage=Stage.KEYWORD))
    assert head == "No note has these words"
    assert "meaning" in rest


def test_all_searched_is_said_plainly() -> None:
    assert wording.summary(results()) == ("Nothing found", "searched all 2,013")


@pytest.mark.parametrize(("seconds", "said"), [(3, "a few seconds"), (44, "40 s"), (130, "2 min"), (3900, "1 h 5 min")])
def test_durations_are_rough(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


def test_the_status_names_the_folder_under_way() -> None:
    folder = Folder(path=Path("/n/Papers"), model="local/x", state=FolderState.INDEXING, documents=9, complete=2, waiting=7, failed=0)
    status = IndexingStatus(
        state=IndexingState.INDEXING, stage="embedding", done=2, total=9, seconds_left=130, current=Path("/n/Papers/a.md"), folders=(folder,)
    )  # fmt: skip
    assert wording.status_lead(status) == "Indexing Papers"
    assert wording.status_detail(status) == "7 notes to go · 2 min"
    assert wording.folder_sentence(folder) == "Papers, local model, 9 notes, 7 waiting"


def test_waiting_notes_are_never_called_up_to_date() -> None:
    status = IndexingStatus(state=IndexingState.IDLE, waiting=3)
    assert wording.status_lead(status) == "Waiting"
    assert wording.status_detail(status) == "3 notes waiting"
