"""How hard indexing works this computer: it rests on battery and while other programs are busy."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from notesearch.domain import Slowed
from notesearch.engine.effort import LONGEST_REST, LOOK_EVERY, Computer, Effort
from tests.clock import ManualClock


class Looks:
    """What is seen of the computer, and how often it was looked at."""

    def __init__(self) -> None:
        self.seen: Slowed | None = None
        self.times = 0

    def __call__(self) -> Slowed | None:
        self.times += 1
        return self.seen


def test_it_rests_as_long_as_it_worked_and_never_long() -> None:
    looks, clock = Looks(), ManualClock()
    effort = Effort(lambda: False, clock, looks)
    assert (effort.rest_after(2.0), effort.slowed) == (0.0, None)
    looks.seen = Slowed.BATTERY
    clock.move(LOOK_EVERY)
    assert (effort.rest_after(2.0), effort.slowed) == (2.0, Slowed.BATTERY)
    assert effort.rest_after(600.0) == LONGEST_REST
    looks.seen = None
    clock.move(LOOK_EVERY)
    assert (effort.rest_after(2.0), effort.slowed) == (0.0, None)


def test_the_computer_is_not_looked_at_after_each_batch() -> None:
    looks, clock = Looks(), ManualClock()
    effort = Effort(lambda: False, clock, looks)
    for _ in range(100):
        effort.rest_after(0.1)
        clock.move(0.1)
    assert looks.times == 1


def test_who_waits_for_the_end_is_not_kept_waiting() -> None:
    looks, hurried = Looks(), [False]
    looks.seen = Slowed.BUSY
    effort = Effort(lambda: hurried[0], ManualClock(), looks)
    assert effort.rest_after(1.0) == 1.0
    hurried[0] = True
    assert (effort.rest_after(1.0), effort.slowed) == (0.0, None)


def test_at_the_end_nothing_is_slowed() -> None:
    looks = Looks()
    looks.seen = Slowed.BUSY
    effort = Effort(lambda: False, ManualClock(), looks)
    effort.rest_after(1.0)
    effort.ended()
    assert effort.slowed is None


class Processors:
    """Two processors whose time tests hand out, in place of the system's counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts = {"user": 1000.0, "nice": 0.0, "system": 100.0, "idle": 5000.0, "iowait": 10.0}
        self.own = 50.0
        monkeypatch.setattr(psutil, "cpu_times", self.times)
        monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)

        class Process:
            @staticmethod
            def cpu_times() -> SimpleNamespace:
                return SimpleNamespace(user=self.own, system=0.0)

        monkeypatch.setattr(psutil, "Process", Process)

    def times(self) -> tuple[float, ...]:
        class Times(tuple[float, ...]):
            pass

        times = Times(self.counts.values())
        for name, value in self.counts.items():
            setattr(times, name, value)
        return times

    def pass_time(self, *, others: float, own: float, idle: float, waiting: float = 0.0) -> None:
        """Let so many seconds of processors be used by others, by this program, and by none."""
        self.counts["user"] += others
        self.counts["nice"] += own
        self.own += own
        self.counts["idle"] += idle
        self.counts["iowait"] += waiting


def test_only_what_others_do_counts_as_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    processors = Processors(monkeypatch)
    computer = Computer()
    processors.pass_time(others=1, own=15, idle=4)
    assert computer.look() is None
    processors.pass_time(others=13, own=5, idle=2)
    assert computer.look() is Slowed.BUSY
    # Not in and out of it at one limit.
    processors.pass_time(others=10, own=5, idle=5)
    assert computer.look() is Slowed.BUSY
    processors.pass_time(others=6, own=4, idle=10)
    assert computer.look() is None
    processors.pass_time(others=10, own=5, idle=5)
    assert computer.look() is None


def test_waiting_for_a_disk_is_not_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    processors = Processors(monkeypatch)
    computer = Computer()
    processors.pass_time(others=2, own=1, idle=1, waiting=16)
    assert computer.look() is None


@pytest.mark.parametrize(
    ("battery", "slowed"),
    [
        (None, None),
        (SimpleNamespace(power_plugged=True), None),
        (SimpleNamespace(power_plugged=None), None),
        (SimpleNamespace(power_plugged=False), Slowed.BATTERY),
    ],
)
def test_the_battery_counts_where_it_is_known(
    monkeypatch: pytest.MonkeyPatch, battery: object, slowed: Slowed | None
) -> None:
    Processors(monkeypatch)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert Computer().look() is slowed


def test_a_system_without_such_figures_is_not_slowed(monkeypatch: pytest.MonkeyPatch) -> None:
    Processors(monkeypatch)
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert Computer().look() is None
