"""Measures how the time of a work grows with its size, by the time of the processor in this thread alone."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

TIMES = 4  # the larger size in smaller ones
# Linear time is TIMES as much, and its square TIMES times that. A busy machine lies between.
LIMIT = 11.0
SHORTEST = 0.02  # seconds: less says nothing
TRIES = 4


def seconds(work: Callable[[], object]) -> float:
    """The time that the processor takes for some work of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long `work` takes for TIMES `size` as for `size`. It is measured again while it is
    above LIMIT, and the shortest times count. 0 for what takes next to no time."""
    small = large = float("inf")
    for _ in range(TRIES):
        gc.collect(0)
        small = min(small, seconds(lambda: work(size)))
        large = min(large, seconds(lambda: work(size * TIMES)))
        if large < SHORTEST:
            return 0.0
        if large <= small * LIMIT:
            break
    return large / max(small, SHORTEST / TIMES / TIMES)
