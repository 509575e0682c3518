"""What is told goes as it is to another process, and out of the process that reads files."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from notesearch.api import wire
from notesearch.documents.sandbox import frames
from notesearch.domain import Told, told
from notesearch.errors import (
    ConsentMissing,
    DiskFull,
    ExtractionFailed,
    FileUnreadable,
    KeyMissing,
    NotesearchError,
    ProviderBusy,
    ProviderTimeout,
    SettingsInvalid,
    UsageError,
)

ERRORS = [
    DiskFull(),
    ConsentMissing("consent-missing.of-folder", folder="/知识", model="a/b"),
    ProviderTimeout("provider-timeout.within", seconds=0.5),
    ProviderBusy("provider-busy.until", time="14:05", retry_after=3.0),
    KeyMissing("key-missing.of-provider", title="OpenAI", provider="openai", variable="V"),
    SettingsInvalid.within("models[2]", UsageError("usage.model-lacks", name="dimensions")),
    FileUnreadable("file-unreadable.not-a-file", retryable=False),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_comes_over_as_it_was(error: NotesearchError) -> None:
    back = wire.from_json(NotesearchError, json.loads(json.dumps(wire.to_json(error))))
    assert type(back) is type(error)
    assert (back.code, dict(back.params), back.retryable) == (error.code, dict(error.params), error.retryable)
    assert Told.of(back) == Told.of(error)


def test_an_error_of_another_version_comes_over_as_what_is_known_of_it() -> None:
    back = wire.error_from_json({"kind": "Tomorrow", "code": "tomorrow", "params": {"day": 1}})
    assert (type(back), back.code, back.params) == (NotesearchError, "tomorrow", {"day": 1})
    with pytest.raises(ValueError, match="expected"):
        wire.error_from_json({"kind": "DiskFull", "params": {"deep": [1]}})


@pytest.mark.parametrize(
    "what",
    [told("search.preparing"), told("search.words-only-in", folders="Code", cause=KeyMissing())],
    ids=lambda what: what.code,
)
def test_what_is_told_comes_over_as_it_was(what: Told) -> None:
    assert wire.from_json(Told, json.loads(json.dumps(wire.to_json(what)))) == what
    assert len({what, wire.from_json(Told, wire.to_json(what))}) == 1, "compared and kept in sets"


def test_the_extraction_process_tells_codes() -> None:
    error = ExtractionFailed("extraction-failed.kind", retryable=False, formats="A\nB")
    frame = frames.read_frame(BytesIO(frames.pack_error(error)))
    assert frame is not None
    back = frames.unpack_error(frame[0])
    assert (type(back), back.code, back.params, back.retryable) == (
        ExtractionFailed,
        "extraction-failed.kind",
        {"formats": "A\nB"},
        False,
    )
