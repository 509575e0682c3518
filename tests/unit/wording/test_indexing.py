"""The sentences of the window."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from notesearch.domain import (
    Folder,
    FolderState,
    IndexingState,
    IndexingStatus,
    ProviderTrouble,
    Query,
    SearchResults,
    Slowed,
    Stage,
    told,
)
from notesearch.wording import dates
from notesearch.wording import status_texts as wording

pytestmark = pytest.mark.words

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
    assert dates.short_date(then.timestamp(), NOW) == short
    assert dates.long_date(then.timestamp(), NOW) == long


def results(**changes: object) -> SearchResults:
    plain: dict[str, object] = {
        "query": Query(text="x"),
        "stage": Stage.FUSED,
        "matches": (),
        "total": 0,
        "searched": 2013,
        "of": 2013,
    }
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


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "a few seconds"), (44, "40 s"), (130, "2 min"), (3900, "1 h 5 min")]
)
def test_durations_are_rough(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


def test_the_status_names_the_folder_under_way() -> None:
    folder = Folder(
        path=Path("/n/Papers"),
        model="local/x",
        state=FolderState.INDEXING,
        documents=9,
        complete=2,
        waiting=7,
        failed=0,
    )
    status = IndexingStatus(
        state=IndexingState.INDEXING,
        stage="embedding",
        done=2,
        total=9,
        seconds_left=130,
        current=Path("/n/Papers/a.md"),
        folders=(folder,),
    )
    assert wording.status_lead(status) == "Indexing Papers"
    assert wording.status_detail(status) == "7 notes to go · 2 min"
    slowed = replace(status, slowed=Slowed.BATTERY)
    assert wording.status_detail(slowed) == "7 notes to go · 2 min · slower, on battery"
    assert wording.folder_sentence(folder) == "Papers, local model, 9 notes, 7 waiting"


def test_waiting_notes_are_never_called_up_to_date() -> None:
    status = IndexingStatus(state=IndexingState.IDLE, waiting=3)
    assert wording.status_lead(status) == "Waiting"
    assert wording.status_detail(status) == "3 notes waiting"


# Models


def folder(**changes: object) -> Folder:
    plain: dict[str, object] = {
        "path": Path("/n/Papers"),
        "model": "local/x",
        "state": FolderState.READY,
        "documents": 9,
        "complete": 9,
        "waiting": 0,
        "failed": 0,
    }
    return Folder(**{**plain, **changes})  # type: ignore[arg-type]


NO_KEY = told("key-missing.of-provider", title="AI/ML API", provider="aimlapi", variable="AIMLAPI_API_KEY")
VOYAGE = "aimlapi/voyage-2"


@pytest.mark.parametrize(
    ("changes", "below", "sentence"),
    [
        ({"model": VOYAGE}, "", "Papers, voyage-2, 9 notes, up to date"),
        (
            {"next_model": VOYAGE, "next_done": 120, "next_total": 400, "state": FolderState.INDEXING},
            "voyage-2: 120 of 400",
            "Papers, local model, 9 notes, preparing voyage-2: 120 of 400 passages; the local model answers "
            "meanwhile",
        ),
        (
            {"next_model": VOYAGE, "state": FolderState.CONSENT, "agreed": False, "held_back": 2},
            "waits for your word: voyage-2",
            "Papers, local model, 9 notes, 2 passages held back, voyage-2 waits for your word; the local "
            "model answers meanwhile",
        ),
        (
            {
                "model": VOYAGE,
                "state": FolderState.WAITING,
                "waiting": 3,
                "notice": NO_KEY,
            },
            "There is no key for AI/ML API",
            "Papers, voyage-2, 9 notes, 3 waiting. There is no key for AI/ML API. Set one in the settings, "
            "or with: "
            "notesearch key set aimlapi. The environment variable AIMLAPI_API_KEY stands in for it.",
        ),
        ({"model": VOYAGE, "state": FolderState.CONSENT}, "", "Papers, waits for your word, 9 notes"),
    ],
)
def test_a_folder_says_what_its_models_do(changes: dict[str, object], below: str, sentence: str) -> None:
    assert wording.next_line(folder(**changes)) == below
    assert wording.folder_sentence(folder(**changes)) == sentence


def test_the_status_says_who_is_waited_for() -> None:
    trouble = ProviderTrouble(
        provider="aimlapi",
        model=VOYAGE,
        what=NO_KEY,
        waits_for_person=True,
    )
    for state in (IndexingState.IDLE, IndexingState.OFFLINE):
        assert (
            wording.status_lead(IndexingStatus(state=state, waiting=3, troubles=(trouble,)))
            == "Waiting for AI/ML API"
        )
    assert (
        wording.status_lead(
            IndexingStatus(state=IndexingState.IDLE, folders=(folder(),), troubles=(trouble,))
        )
        == "Up to date"
    )
    asking = IndexingStatus(
        state=IndexingState.OFFLINE, folders=(folder(next_model=VOYAGE, state=FolderState.CONSENT),)
    )
    assert wording.status_lead(asking) == "Waiting for your word"
    building = folder(next_model=VOYAGE, next_done=1, next_total=2, state=FolderState.INDEXING)
    status = IndexingStatus(state=IndexingState.INDEXING, stage="embedding", folders=(building,))
    assert wording.status_lead(status) == "Preparing voyage-2 for Papers"
    assert wording.status_detail(status) == "1 of 2 passages"
    assert wording.progress(status) == (1, 2)


def test_bad_news_stands_first_in_the_summary() -> None:
    _, rest = wording.summary(results(notices=(told("search.preparing"),), matches=()))
    assert rest.startswith("Search by meaning is being made ready. · ")
