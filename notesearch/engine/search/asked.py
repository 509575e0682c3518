"""A query with everything that both halves of the search need, made once for all stages. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from notesearch.domain import Query
from notesearch.engine.search.query import ParsedQuery, parse
from notesearch.engine.search.snippets import Highlighter
from notesearch.storage.values import Filters, ValueCount, WordQuery
from notesearch.text import analysis


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query: what is asked by words, the filters as values, and the highlighter of its words. Any
    thread."""

    query: Query
    parsed: ParsedQuery
    words: WordQuery
    filters: Filters
    highlighter: Highlighter


def asked_of(query: Query, note_languages: Sequence[ValueCount]) -> Asked:
    """Parse a query. `note_languages` are the languages of the notes with their numbers; they choose the
    stemmers."""
    parsed = parse(query)
    languages = _stemmers(note_languages)
    words = WordQuery(
        words=parsed.words,
        runs=parsed.runs,
        phrases=parsed.phrases + parsed.titles,
        prefix=parsed.prefix,
        languages=languages,
    )
    filters = Filters(
        facets=parsed.facets,
        without_facets=parsed.without_facets,
        phrases=parsed.phrases,
        titles=parsed.titles,
        without=parsed.without,
        without_titles=parsed.without_titles,
        folder=parsed.folder,
    )
    highlighter = Highlighter(
        parsed.words,
        parsed.runs,
        parsed.phrases + parsed.titles,
        prefix=parsed.prefix,
        languages=languages,
    )
    return Asked(query, parsed, words, filters, highlighter)


def _stemmers(note_languages: Sequence[ValueCount]) -> tuple[str, ...]:
    """Stemmers of the languages that hold at least a fiftieth of the notes, four at most."""
    counts: dict[str, int] = defaultdict(int)
    for language, number in note_languages:
        counts[analysis.stemming_language(language)] += number
    total = sum(counts.values())
    return tuple(x for x, n in sorted(counts.items(), key=lambda item: -item[1]) if n * 50 >= total)[:4]
