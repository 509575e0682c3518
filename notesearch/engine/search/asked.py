"""A query with everything that both halves of the search need, made once for all stages. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from notesearch.domain import Query
from notesearch.engine.search.highlights import Highlighter
from notesearch.engine.search.query import ParsedQuery, parse
from notesearch.storage.values import Filters, ValueCount, WordQuery
from notesearch.text.characters import folded
from notesearch.text.stemming import STEMMERS

# A query of so many words beside its phrases is a sentence; its phrases are filters where FEW notes hold
# them.
SENTENCE = 4
FEW = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query: what is asked by words, the filters as values, and the highlighter of its words.
    `relaxed`: its phrases are no filters, as they left nothing. Any thread."""

    query: Query
    parsed: ParsedQuery
    words: WordQuery
    filters: Filters
    highlighter: Highlighter
    relaxed: bool = False

    def corrected(self, forgiven: Mapping[str, tuple[str, ...]]) -> Asked:
        """The same query with the words that stand for misspelled ones in the text that is embedded."""
        if not forgiven:
            return self
        words = re.split(r"(\W+)", self.parsed.meaning)
        meaning = "".join(forgiven.get(folded(word), (word,))[0] for word in words)
        return replace(self, parsed=replace(self.parsed, meaning=meaning))

    @property
    def least_with_phrases(self) -> int:
        """How many notes must hold the phrases, so that they are filters; 0: they are in any case. A phrase
        by itself always is. In a sentence a single note is no answer."""
        parsed = self.parsed
        if not parsed.phrases or not (parsed.words or len(parsed.phrases) > 1):
            return 0
        return FEW if len(parsed.words) >= SENTENCE else 1

    def without_quotes(self) -> Asked:
        """The same query, with its phrases as words that count more side by side."""
        words = (*self.parsed.words, *self.parsed.phrases)
        parsed = replace(self.parsed, words=words, phrases=())
        asked = replace(self.words, words=words)
        filters = replace(self.filters, phrases=())
        return Asked(
            self.query, parsed, asked, filters, _highlighter(replace(asked, phrases=())), relaxed=True
        )

    def forgiving(self, forgiven: Mapping[str, tuple[str, ...]]) -> Highlighter:
        """The highlighter that also marks the words which stand for misspelled ones."""
        return _highlighter(self.words, forgiven) if forgiven else self.highlighter


def asked_of(
    query: Query, note_languages: Sequence[ValueCount], today: date, exists: Callable[[str], bool]
) -> Asked:
    """Parse a query. `note_languages` are the languages of the notes with their numbers; they choose the
    stemmers. `today` and `exists` are those of `parse`."""
    parsed = parse(query, today, exists)
    languages, common = _languages(note_languages)
    words = WordQuery(
        words=parsed.words,
        runs=parsed.runs,
        phrases=parsed.phrases + parsed.titles,
        prefix=parsed.prefix,
        languages=languages,
        common_languages=common,
        beginnings=parsed.beginnings,
        optional=parsed.optional,
    )
    filters = Filters(
        facets=parsed.facets,
        without_facets=parsed.without_facets,
        phrases=parsed.phrases,
        titles=parsed.titles,
        without=parsed.without,
        without_titles=parsed.without_titles,
        paths=parsed.paths,
        without_paths=parsed.without_paths,
        conditions=parsed.conditions,
        languages=languages if parsed.conditions else (),
        after=parsed.after,
        before=parsed.before,
        folder=parsed.folder,
    )
    return Asked(query, parsed, words, filters, _highlighter(words))


def _highlighter(words: WordQuery, forgiven: Mapping[str, tuple[str, ...]] | None = None) -> Highlighter:
    return Highlighter(
        words.words,
        words.runs,
        words.phrases,
        prefix=words.prefix,
        languages=words.languages or tuple(STEMMERS),
        common_languages=words.common_languages,
        beginnings=words.beginnings,
        forgiven=forgiven,
    )


def _languages(counted: Sequence[ValueCount]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The languages of the notes, and those that hold at least a fiftieth of the notes whose language is
    known; commonest first."""
    known = sorted(((n, language) for language, n in counted if language in STEMMERS), reverse=True)
    total = sum(n for n, _ in known)
    return tuple(x for _, x in known), tuple(x for n, x in known if n * 50 >= total)
