"""The one decision on opening an index copy, and the file it is made from."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.errors import DiskFull, StoreError
from notesearch.storage.local.position import Rebuild, Replay, SavedAt, UpToDate, plan, saving

SAVED = SavedAt(version=2, instance="a", position=10, count=4)


def test_up_to_date_where_nothing_changed() -> None:
    assert plan(SAVED, version=2, instance="a", position=10, count=4) == UpToDate()


def test_replay_from_where_it_was_saved() -> None:
    assert plan(SAVED, version=2, instance="a", position=15) == Replay(10)


@pytest.mark.parametrize(
    ("saved", "version", "instance", "position", "count", "reason"),
    [
        (None, 2, "a", 10, None, "no saved position"),
        (SAVED, 3, "a", 10, None, "layout 2, expected 3"),
        (SAVED, 2, "b", 10, None, "it copies another database"),
        (SAVED, 2, "a", 9, None, "it is ahead of the database"),
        (SAVED, 2, "a", 10, 3, "3 entries, expected 4"),
    ],
)
def test_rebuild_says_why(
    saved: SavedAt | None, version: int, instance: str, position: int, count: int | None, reason: str
) -> None:
    decision = plan(saved, version=version, instance=instance, position=position, count=count)
    assert decision == Rebuild(reason)


def test_saved_and_loaded_again(tmp_path: Path) -> None:
    SAVED.save(tmp_path / "p.json")
    assert SavedAt.load(tmp_path / "p.json") == SAVED
    assert [p.name for p in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"version": 1}', b'{"version": 1, "more": 2}', b"\xff\xfe", b"[" * 5000],
)
def test_a_damaged_file_is_no_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.json").write_bytes(content)
    assert SavedAt.load(tmp_path / "p.json") is None


def test_no_file(tmp_path: Path) -> None:
    assert SavedAt.load(tmp_path / "p.json") is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(28, "No space left on device"), DiskFull),
        (ValueError("An IO error occurred: 'No space left on device (os error 28)'"), DiskFull),
        (
            ValueError("An index writer was killed. A worker thread encountered an error or panicked"),
            StoreError,
        ),
        (RuntimeError("Cannot open file"), StoreError),
        (PermissionError(13, "Permission denied"), StoreError),
    ],
)
def test_a_copy_that_cannot_be_written_is_an_error_for_people(
    error: Exception, kind: type[StoreError]
) -> None:
    with pytest.raises(StoreError) as told, saving("vector index"):
        raise error
    assert (type(told.value), told.value.retryable) == (kind, True)


@pytest.mark.parametrize(
    "error",
    [ValueError("too many values to unpack"), RuntimeError("The capacity is exceeded"), KeyError("x")],
)
def test_a_bug_while_saving_stays_a_bug(error: Exception) -> None:
    with pytest.raises(type(error)), saving("vector index"):
        raise error
