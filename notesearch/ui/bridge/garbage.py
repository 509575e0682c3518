"""Where Python collects cycles while a window is open: in the main thread alone.

By itself it does so in whatever thread happens to allocate. A menu or a timer that is part of a cycle would
be destroyed there, which Qt does not survive. So while a Bridge is open the main thread does it, whenever
something has come from another thread.
"""

from __future__ import annotations

import gc


class MainThreadCollector:
    """Made and called in the main thread. From the first one that is made to the last one that is released,
    Python collects no cycles by itself."""

    _in_use = 0
    _started = False

    def __init__(self) -> None:
        self._released = False
        MainThreadCollector._in_use += 1
        gc.disable()

    def look(self) -> None:
        """Collect what Python would have collected by now. Costs nothing where that is nothing."""
        if self._released:
            return
        if not MainThreadCollector._started:
            # Modules and tables, which never become garbage, are not gone through again and again.
            MainThreadCollector._started = True
            gc.freeze()
        due = zip(gc.get_count(), gc.get_threshold(), strict=True)
        generation = max((i for i, (count, most) in enumerate(due) if 0 < most < count), default=-1)
        if generation >= 0:
            gc.collect(generation)

    def release(self) -> None:
        """Every other thread has ended: leave it to Python again."""
        if self._released:
            return
        self._released = True
        MainThreadCollector._in_use -= 1
        if not MainThreadCollector._in_use:
            gc.enable()
