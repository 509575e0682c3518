"""The searches of one search field, which come in stages. The window has one SearchBridge, and quick search
another.

Like Bridge, it is made in the main thread and its methods return at once. The stages come as signals to bound
methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from notesearch.errors import QueryCancelled
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.latest_wins import LatestWins

if TYPE_CHECKING:
    from notesearch.domain import Query, SearchResults
    from notesearch.engine.engine import Engine
    from notesearch.engine.search.session import SearchSession

# Finding the best sentences takes much longer than the search. It begins after so many seconds without
# typing, with the visible rows.
EXPLAIN_AFTER = 0.12
# Seconds for the window to paint the rows found by words, before the second stage takes processor time.
FUSE_AFTER = 0.008
EXPLAIN_BATCHES = (8, 14, 14)
# As many rows as fill a window. Rows further down are added when the user has stopped typing.
FIRST_ROWS = 12


class SearchBridge(QObject):
    """Runs the searches of one search field on the engine of a Bridge. Main thread; the Bridge closes it.

    Signals:
        results_ready: (request number, SearchResults), never of an outdated request.
        search_failed: (request number, Failure).
    """

    results_ready = Signal(int, object)
    search_failed = Signal(int, object)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._latest_search = 0
        self._keyword_searches = LatestWins("keyword search")
        self._fused_searches = LatestWins("fused search", rest=FUSE_AFTER)
        self._explanations = LatestWins("explanations", rest=EXPLAIN_AFTER)
        bridge.on_close(self._close)

    def _close(self) -> None:
        for worker in (self._keyword_searches, self._fused_searches, self._explanations):
            worker.close()

    def search(self, query: Query, rows: int = FIRST_ROWS) -> int:
        """Search in stages; each arrives as `results_ready` unless a newer request came. The first stages
        have the `rows` that fill the list, the last one all of them. Returns the request number."""
        self._latest_search += 1
        request = self._latest_search
        self._keyword_searches.put(
            partial(self._guard_search, request, partial(self._search_words, request, query, rows))
        )
        return request

    def forget_search(self) -> None:
        """Drop every search under way: nothing is asked any more."""
        self._latest_search += 1

    def is_latest(self, request: int) -> bool:
        """Whether no newer search was asked for."""
        return request == self._latest_search

    def _guard_search(self, request: int, stage: Callable[[Engine], None]) -> None:
        """Run a stage of a search, unless a newer request came. A failure is told with the request's
        number."""
        engine = self._bridge.wait_for_engine()
        if engine is None or request != self._latest_search:
            return
        try:
            stage(engine)
        except Exception as error:
            self.search_failed.emit(request, Failure.of(error))

    def _search_words(self, request: int, query: Query, rows: int, engine: Engine) -> None:
        """The first stage. The second has another thread, so that the words of the next keystroke never wait
        for it."""
        session = engine.search.session(query)
        if self._publish(request, session.words(rows)):
            self._fused_searches.put(
                partial(self._guard_search, request, partial(self._search_fused, request, session, rows))
            )

    def _search_fused(self, request: int, session: SearchSession, rows: int, engine: Engine) -> None:
        """The second stage. What the models on this computer find does not wait for a provider."""
        if engine.search.asks_providers and not self._publish(request, session.local(rows)):
            return
        try:
            results = session.fused(cancelled=partial(self._is_outdated, request), rows=rows)
        except QueryCancelled:
            return
        if self._publish(request, results):
            self._explanations.put(
                partial(self._guard_search, request, partial(self._explain, request, session, results, rows))
            )

    def _explain(
        self, request: int, session: SearchSession, results: SearchResults, rows: int, _: Engine
    ) -> None:
        """Add the rows further down, then find the best sentences batch by batch; stop when the user
        types on."""
        from notesearch.domain import Stage

        if len(results.matches) >= rows:
            results = session.completed()
        matches = results.matches
        for start, end in _batches(len(matches)):
            part = session.explained(replace(results, matches=matches[start:end]))
            matches = (*matches[:start], *part.matches, *matches[end:])
            done = end >= len(matches)
            if not self._publish(
                request, replace(results, matches=matches, stage=Stage.EXPLAINED if done else Stage.FUSED)
            ):
                return

    def _is_outdated(self, request: int) -> bool:
        return request != self._latest_search or self._bridge.closed

    def _publish(self, request: int, results: object) -> bool:
        """Emit results, unless a newer request came. Returns whether the next stage is still wanted. The main
        thread checks the number again when the signal arrives."""
        if self._is_outdated(request):
            return False
        self.results_ready.emit(request, results)
        return True


def _batches(rows: int) -> tuple[tuple[int, int], ...]:
    """(first, last + 1) of each batch of rows. For no rows there is one empty batch."""
    starts = [start for start in accumulate(EXPLAIN_BATCHES, initial=0) if start < rows] or [0]
    return tuple(zip(starts, [*starts[1:], rows], strict=True))
