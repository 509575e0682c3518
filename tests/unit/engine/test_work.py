"""The work queue with a clock of its own, tickets, and the estimate of what is left."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from notesearch.domain import IndexingState
from notesearch.engine.indexing.queue import PATIENCE, QUIET, Scan, Ticket, WorkProgress, WorkQueue
from tests.clock import SteppingClock

A, B, FOLDER = Path("/n/a.md"), Path("/n/b.md"), Path("/n")


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def queue(clock: SteppingClock) -> WorkQueue:
    """A queue whose waiting moves the clock instead of sleeping."""
    return WorkQueue(clock)


def test_a_path_is_handed_over_when_it_is_quiet(queue: WorkQueue, clock: SteppingClock) -> None:
    began = clock.now()
    queue.mark_dirty(A)
    assert queue.next() == {A}
    assert clock.now() - began == pytest.approx(QUIET, abs=0.001)


def test_many_reports_are_one_piece_of_work(queue: WorkQueue, clock: SteppingClock) -> None:
    for _ in range(100):
        queue.mark_dirty(A)
    queue.mark_dirty(B)
    assert queue.next() == {A, B}
    queue.close()
    assert queue.next() is None


def test_a_path_that_keeps_changing_is_looked_at_all_the_same(
    queue: WorkQueue, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = clock.now()
    queue.mark_dirty(A)

    def wait_on(condition: threading.Condition, seconds: float | None) -> None:
        clock.move(min(seconds or 0, QUIET / 2))
        queue.mark_dirty(A)

    monkeypatch.setattr(clock, "wait_on", wait_on)
    assert queue.next() == {A}
    assert clock.now() - began == pytest.approx(PATIENCE, abs=QUIET)


def test_scans_go_first_and_in_order(queue: WorkQueue) -> None:
    queue.mark_dirty(A)
    queue.add_scan(Scan(FOLDER))
    queue.add_scan(Scan(Path("/other")))
    assert [queue.next(), queue.next(), queue.next()] == [Scan(FOLDER), Scan(Path("/other")), {A}]


def test_the_same_scan_waits_once_unless_somebody_waits_for_it(queue: WorkQueue) -> None:
    ticket = Ticket((FOLDER,))
    for scan in (Scan(FOLDER), Scan(FOLDER), Scan(FOLDER, ticket), Scan(FOLDER, None, True)):
        queue.add_scan(scan)
    assert [queue.next(), queue.next(), queue.next()] == [
        Scan(FOLDER),
        Scan(FOLDER, ticket),
        Scan(FOLDER, None, True),
    ]
    queue.close()
    assert queue.next() is None


def test_work_that_failed_comes_again(queue: WorkQueue) -> None:
    queue.add_scan(Scan(FOLDER))
    first = queue.next()
    assert first is not None
    queue.add_scan(Scan(Path("/other")))
    queue.put_back(first)
    assert queue.next() == first
    queue.next()
    queue.mark_dirty(B)
    queue.put_back({A})
    assert queue.next() == {A, B}


def test_a_folder_is_unread_until_its_scan_is_done(queue: WorkQueue) -> None:
    assert not queue.unread
    queue.add_scan(Scan(FOLDER))
    assert queue.unread
    taken = queue.next()
    assert queue.unread
    assert taken is not None
    queue.put_back(taken)
    queue.done()
    assert queue.unread
    queue.next()
    queue.done()
    assert not queue.unread
    queue.mark_dirty(A)
    queue.next()
    assert not queue.unread


def test_closing_wakes_the_taker() -> None:
    queue = WorkQueue()
    taken: list[object] = [1]
    thread = threading.Thread(target=lambda: taken.append(queue.next()))
    thread.start()
    queue.close()
    thread.join(100)
    assert taken == [1, None]


def test_a_ticket_counts(clock: SteppingClock) -> None:
    ticket = Ticket((A, B), clock=clock)
    ticket.count(added=2, chunks=5)
    ticket.count(added=1, embedded=2)
    ticket.reading_ended(A)
    assert not ticket.read
    ticket.reading_ended(B)
    assert ticket.read
    clock.move(2)
    ticket.end()
    assert ticket.wait(0)
    summary = ticket.summary
    assert (summary.added, summary.chunks, summary.embedded, summary.reused, summary.seconds) == (
        3,
        5,
        2,
        3,
        2.0,
    )


def test_an_abandoned_ticket_ends_with_its_error() -> None:
    ticket = Ticket((A,))
    error = ValueError()
    ticket.abandon(error)
    assert ticket.wait(0)
    assert ticket.errors == [error]


def test_the_estimate(clock: SteppingClock) -> None:
    progress = WorkProgress(clock=clock)
    progress.begin(IndexingState.INDEXING, "reading", total=10)
    assert progress.seconds_left is None
    progress.step(A)
    progress.step(B)
    clock.move(4)
    assert (progress.done, progress.current) == (2, B)
    assert progress.seconds_left == pytest.approx(16)
    progress.begin(IndexingState.INDEXING, "embedding", total=10, chunks=100)
    progress.embedded(50)
    clock.move(10)
    assert progress.seconds_left == pytest.approx(10)


def test_a_large_file_that_grows_is_given_out_now_and_then(tmp_path: Path) -> None:
    log, small = tmp_path / "log.txt", tmp_path / "small.md"
    log.write_text("a line\n")
    small.write_text("a note\n")
    clock = SteppingClock()
    queue = WorkQueue(clock)
    queue.mark_dirty(log)
    assert queue.next() == {log}
    queue.hold(log, 20.0)
    began = clock.now()
    # Reports go on; another path does not wait for it.
    for _ in range(3):
        queue.mark_dirty(log)
    queue.mark_dirty(small)
    assert queue.next() == {small}
    assert clock.now() - began < 2
    assert queue.next() == {log}
    assert 20 <= clock.now() - began < 23
    # Not held any more.
    queue.mark_dirty(log)
    before = clock.now()
    assert queue.next() == {log}
    assert clock.now() - before < 2


def test_a_large_file_that_is_gone_is_given_out_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    clock = SteppingClock()
    queue = WorkQueue(clock)
    queue.hold(log, 20.0)
    queue.mark_dirty(log)
    began = clock.now()
    assert queue.next() == {log}
    assert clock.now() - began < 2
