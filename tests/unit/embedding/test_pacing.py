"""Requests in flight: one until the first answer, halved when a server is too busy, back up afterwards;
delays with jitter."""

from __future__ import annotations

import asyncio

import pytest

from notesearch.embedding.remote.pacing import Pace, Patience, now
from tests.clock import run_stepping


def test_one_until_the_first_answer_then_all() -> None:
    async def run() -> None:
        pace = Pace(4)
        await pace.enter()
        second = asyncio.create_task(pace.enter())
        await asyncio.sleep(0)
        assert not second.done()
        pace.succeeded()
        await second
        assert (pace.in_flight, pace.limit) == (2, 4.0)

    asyncio.run(run())


def test_requests_under_way_together_are_one_sign() -> None:
    async def run() -> None:
        pace = Pace(8)
        pace.succeeded()
        entered = [await pace.enter() for _ in range(8)]
        for at in entered:
            pace.busy(at, 0.0)
            pace.leave()
        assert pace.limit == 4.0
        pace.busy(await pace.enter(), 0.0)
        assert pace.limit == 2.0
        pace.leave()

    asyncio.run(run())


def test_quickly_back_to_below_what_was_too_many_then_slowly() -> None:
    async def run() -> None:
        pace = Pace(8)
        pace.succeeded()
        pace.busy(await pace.enter(), 0.0)
        assert pace.limit == 4.0
        for _ in range(6):
            pace.succeeded()
        assert pace.limit == 7.0
        for _ in range(20):
            pace.succeeded()
        assert pace.limit < 7.5
        for _ in range(300):
            pace.succeeded()
        assert pace.limit == 8.0

    asyncio.run(run())


def test_nobody_enters_while_it_waits() -> None:
    async def run() -> float:
        pace = Pace(8)
        pace.succeeded()
        pace.busy(await pace.enter(), 50.0)
        started = now()
        await pace.enter()
        return now() - started

    assert run_stepping(run()) == pytest.approx(50.0)


def test_a_cancelled_wait_takes_no_place() -> None:
    async def run() -> None:
        pace = Pace(1)
        await pace.enter()
        waiting = asyncio.create_task(pace.enter())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert pace.in_flight == 1
        pace.leave()
        await pace.enter()
        assert pace.in_flight == 1

    asyncio.run(run())


def test_a_pause_is_the_longest_asked_for() -> None:
    async def run() -> None:
        pace = Pace(1)
        assert pace.pause_left == 0
        pace.pause(100)
        pace.pause(5)
        assert pace.pause_left == 100
        await asyncio.sleep(60)
        assert pace.pause_left == pytest.approx(40)

    run_stepping(run())


def test_delays_grow_are_bounded_and_differ() -> None:
    patience = Patience(first_delay=1.0, longest_delay=8.0)
    for attempt, most in ((0, 1.0), (2, 4.0), (3, 8.0), (50, 8.0)):
        delays = [patience.delay(attempt) for _ in range(50)]
        assert max(delays) <= most
        assert len(set(delays)) > 10
