"""The course of a search: a field asks, and the stages follow one another with what the first one found
out."""

from __future__ import annotations

from collections.abc import Callable

from notesearch.domain import Query, SearchResults, Stage
from notesearch.engine.search.pipeline import KEYWORD_ROWS, Fused, Pipeline


class SearchSession:
    """One query of one search field, in stages: words, then what this computer finds, then what providers
    find, then the best sentences.

    The query is parsed once. A session belongs to one thread at a time; several run side by side. Methods
    raise NotesearchError where an index or a model cannot be used.
    """

    def __init__(self, pipeline: Pipeline, query: Query, touched: Callable[[], None]) -> None:
        self.query = query
        self._pipeline = pipeline
        self._asked = pipeline.asked(query)
        self._touched = touched
        # When the user typed: a provider is asked when the typing has rested.
        self._typed_at = pipeline.now()
        self._fused: Fused | None = None

    def words(self, rows: int = KEYWORD_ROWS) -> SearchResults:
        """Rows by words alone, in milliseconds; at most so many."""
        self._touched()
        return self._pipeline.words(self._asked, rows)

    def local(self, rows: int | None = None) -> SearchResults:
        """Rows by words and by the models on this computer. No provider is asked. `rows`: only so many."""
        self._touched()
        return self._pipeline.fused(self._asked, stage=Stage.LOCAL, rows=rows).results

    def fused(self, *, cancelled: Callable[[], bool] | None = None, rows: int | None = None) -> SearchResults:
        """Rows by words and meaning.

        `cancelled`: the user may type on, so a provider is asked after a short rest, and no longer when it
        turns true; raises QueryCancelled then. `rows`: only so many at first, `completed` has the rest.
        """
        self._touched()
        self._fused = self._pipeline.fused(
            self._asked, cancelled=cancelled, typed_at=self._typed_at, rows=rows
        )
        return self._fused.results

    def completed(self) -> SearchResults:
        """The results of `fused` with all their rows."""
        if self._fused is None:
            return self.fused()
        return self._pipeline.more(self._asked, self._fused)

    def explained(self, results: SearchResults) -> SearchResults:
        """The same rows with the sentence nearest in meaning of those found by meaning. `results` may be a
        part of the rows."""
        return self._pipeline.explained(self._asked, results)
