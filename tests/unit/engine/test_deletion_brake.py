"""The deletion brake: when vanished notes are a question."""

from __future__ import annotations

import pytest

from notesearch.engine.indexing.deletion_brake import (
    ALL_GONE_FROM,
    HELD_FROM,
    SLICES_WITHIN,
    DeletionBrake,
)


def test_what_is_asked_about() -> None:
    assert (HELD_FROM, ALL_GONE_FROM, SLICES_WITHIN) == (20, 3, 30.0)


@pytest.mark.parametrize(
    ("gone", "notes", "asks"),
    [
        (19, 20, False),
        (19, 37, False),
        (20, 39, True),
        (20, 40, False),
        (21, 41, True),
        (21, 42, False),
        (500, 1000, False),
        (501, 1000, True),
        # All of a folder, however few.
        (3, 3, True),
        (3, 4, False),
        (2, 2, False),
        (1, 1, False),
        (0, 0, False),
        (4, 3, False),
    ],
)
def test_most_of_a_folder_or_all_of_it(gone: int, notes: int, asks: bool) -> None:
    assert DeletionBrake().must_ask(1, gone=gone, notes=notes, now=100.0) is asks


def test_slices_of_one_deletion_count_together() -> None:
    brake = DeletionBrake()
    assert not brake.must_ask(1, gone=12, notes=39, now=100.0)
    brake.removed(1, 12, now=100.0)
    # 27 are left of 39: with the 12 of before, 8 more are the twentieth and more than half.
    assert not brake.must_ask(1, gone=7, notes=27, now=110.0)
    assert brake.must_ask(1, gone=8, notes=27, now=110.0)
    brake.removed(1, 7, now=110.0)
    assert brake.must_ask(1, gone=1, notes=20, now=120.0)
    assert not brake.must_ask(1, gone=0, notes=20, now=120.0)


def test_a_small_folder_emptied_in_slices() -> None:
    brake = DeletionBrake()
    brake.removed(1, 2, now=0.0)
    assert brake.must_ask(1, gone=1, notes=1, now=1.0)
    assert not brake.must_ask(1, gone=1, notes=2, now=1.0)


def test_what_was_removed_half_a_minute_ago_is_forgotten() -> None:
    def asks(now: float) -> bool:
        brake = DeletionBrake()
        brake.removed(1, 19, now=100.0)
        return brake.must_ask(1, gone=1, notes=20, now=now)

    assert asks(100.0)
    assert asks(129.9)
    assert not asks(130.0)
    assert not asks(131.0)


def test_another_folder_is_another_matter() -> None:
    brake = DeletionBrake()
    brake.removed(2, 19, now=100.0)
    brake.removed(1, 1, now=100.0)
    assert not brake.must_ask(1, gone=18, notes=18 + 19, now=101.0)
    assert not brake.must_ask(1, gone=18, notes=19, now=101.0)
    assert brake.must_ask(1, gone=19, notes=19, now=101.0)
    assert brake.must_ask(2, gone=1, notes=2, now=101.0)
