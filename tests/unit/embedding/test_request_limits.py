"""What replies teach about the size of a request: it grows while that pays, obeys a limit that is shown, and
tries again later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from notesearch.embedding.remote.request_limits import (
    FIRST_ITEMS,
    FIRST_WAIT,
    NAMES,
    TIMED,
    TOO_LONG,
    TRIED_AGAIN,
    Learned,
    Limits,
)

MOST = Limits(256, 0, 20_000)


def ask(learned: Learned, count: int, seconds: Callable[[int], float] = lambda items: 0.1) -> list[int]:
    """Full requests, one after the other; their sizes."""
    sizes = []
    for _ in range(count):
        items = learned.limits.items
        sizes.append(items)
        learned.met(items, items * 100, items * 20, seconds(items), 60.0)
    return sizes


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        (lambda items: 0.3, 256),  # a distant server: more texts take no longer
        (lambda items: 0.3 + 0.001 * items, 256),
        (lambda items: 0.6 + 0.01 * items, 128),  # 128 pays for the way, 256 no more
        (lambda items: 0.02 * items, FIRST_ITEMS),  # a server on this computer, which computes
        (lambda items: 1e-9, 256),
    ],
)
def test_it_grows_while_that_is_worth_while(seconds: Callable[[int], float], found: int) -> None:
    learned = Learned(MOST)
    sizes = ask(learned, 40 * TIMED, seconds)
    assert sizes[0] == FIRST_ITEMS
    assert sizes[-1] == found
    assert max(sizes) <= 2 * found


def test_a_small_limit_of_the_catalogue_is_kept() -> None:
    learned = Learned(Limits(10, 0, 0))
    assert set(ask(learned, 40)) == {10}


def test_requests_that_are_not_full_say_nothing() -> None:
    learned = Learned(MOST)
    for _ in range(100):
        learned.met(3, 300, 60, 0.001, 60.0)
    assert learned.limits.items == FIRST_ITEMS


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_that_is_shown_is_obeyed_and_tried_again_ever_later(name: str) -> None:
    learned = Learned(MOST)
    learned.lower(name, 8)
    assert getattr(learned.limits, name) == 8
    learned.lower(name, 9)  # says nothing new
    assert getattr(learned.limits, name) == 8
    waits = []
    for _ in range(3):
        rounds = 0
        while getattr(learned.limits, name) == 8:
            items, characters, tokens = (8 if name == n else 1 for n in NAMES)
            learned.met(items, characters, tokens, 0.1, 60.0)
            rounds += 1
        waits.append(rounds)
        assert getattr(learned.limits, name) == 16
        learned.lower(name, 8)
    assert waits == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]


def test_a_limit_is_raised_up_to_the_catalogues_and_not_beyond() -> None:
    learned = Learned(MOST)
    learned.lower("items", 20)
    ask(learned, 10 * FIRST_WAIT)
    assert learned.limits.items == 256


def test_a_slow_server_is_not_asked_for_more() -> None:
    learned = Learned(MOST)
    learned.lower("items", 8)
    ask(learned, 100, lambda items: 20.0)
    assert learned.limits.items == 8


def test_several_long_texts_tell_how_long_one_may_be() -> None:
    learned = Learned(MOST)
    for tokens in (600, 520, 700)[: TOO_LONG - 1]:
        learned.refused_as_too_long(tokens)
        assert learned.too_long == 0
    learned.refused_as_too_long(650)
    assert learned.too_long == 520


def test_one_text_is_enough_where_the_server_names_its_limit() -> None:
    learned = Learned(Limits(64, 0, 0))
    learned.refused_as_too_long(100, named=True)
    assert (learned.too_long, learned.is_too_long(99), learned.is_too_long(100)) == (100, False, True)


def test_what_is_too_long_is_tried_again_once_in_a_while() -> None:
    learned = Learned(Limits(64, 0, 0))
    learned.refused_as_too_long(100, named=True)
    assert [learned.is_too_long(120) for _ in range(2 * TRIED_AGAIN)].count(False) == 2
    learned.taken(99)
    assert learned.too_long == 100
    learned.taken(120)
    assert (learned.too_long, learned.is_too_long(1000)) == (0, False)


def test_a_slow_server_is_not_asked_for_more_than_it_can_answer() -> None:
    learned = Learned(Limits(1000, 0, 0))
    learned.met(64, 0, 0, 55.0, 180.0)
    assert learned.limits.items == 64
    quick = Learned(Limits(1000, 0, 0))
    quick.met(64, 0, 0, 5.0, 180.0)
    assert quick.limits.items == 128
