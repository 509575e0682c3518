"""A search session: the stages of one search after another, each with what the stages before found out."""

from __future__ import annotations

from collections.abc import Callable

from notesearch.domain import Mode, Query, SearchResults, Stage
from notesearch.engine.search.pipeline import KEYWORD_ROWS, NO_WORDS, Fused, Pipeline, WordHits


class SearchSession:
    """One query of one search field, in stages: words, then the models on this computer, then those of
    providers, then the best sentences.

    The query is parsed once, and the keyword index is asked once. A session belongs to one thread at a time;
    several sessions run side by side.
    Methods raise NotesearchError where an index or a model cannot be used.
    """

    def __init__(self, pipeline: Pipeline, query: Query, touched: Callable[[], None]) -> None:
        self.query = query
        self._pipeline = pipeline
        self._asked = pipeline.asked(query)
        self._touched = touched
        # When the user typed the query. A provider is asked only after a rest.
        self._typed_at = pipeline.now()
        self._by_words: WordHits | None = None
        self._fused: Fused | None = None

    def words(self, rows: int = KEYWORD_ROWS) -> SearchResults:
        """The rows found by words alone, at most `rows`. Takes milliseconds."""
        self._touched()
        return self._pipeline.words(self._asked, self._found_by_words(), rows)

    def local(self, rows: int | None = None) -> SearchResults:
        """The rows found by words and by the models on this computer. No provider is asked. `rows`: build at
        most so many."""
        self._touched()
        by_words = self._half_by_words()
        return self._pipeline.fused(self._asked, by_words, stage=Stage.LOCAL, rows=rows).results

    def fused(self, *, cancelled: Callable[[], bool] | None = None, rows: int | None = None) -> SearchResults:
        """The rows found by words and by all models.

        `cancelled` is given while the user may type on: a provider is asked after a short rest, and
        QueryCancelled is raised when it returns true. `rows`: build at most so many now; `completed` has the
        rest.
        """
        self._touched()
        self._fused = self._pipeline.fused(
            self._asked, self._half_by_words(), cancelled=cancelled, typed_at=self._typed_at, rows=rows
        )
        return self._fused.results

    def completed(self) -> SearchResults:
        """The results of `fused` with all their rows."""
        if self._fused is None:
            return self.fused()
        return self._pipeline.more(self._asked, self._fused)

    def explained(self, results: SearchResults) -> SearchResults:
        """The same rows; those found by meaning also have the sentence nearest in meaning. `results` may be a
        part of the rows."""
        return self._pipeline.explained(self._asked, results)

    def _found_by_words(self) -> WordHits:
        if self._by_words is None:
            self._by_words = self._pipeline.by_words(self._asked)
        return self._by_words

    def _half_by_words(self) -> WordHits:
        return NO_WORDS if self.query.mode is Mode.MEANING else self._found_by_words()
