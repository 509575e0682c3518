"""The bonuses that lead every stage of a search: for notes that are called as the query says, and for those
that hold the query as a phrase. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from notesearch.engine.search import fusion
from notesearch.engine.search.asked import Asked
from notesearch.storage.values import KeywordHits, WordQuery
from notesearch.text import analysis, compounds

# The folded words of a title, and its runs without spaces.
TitleKey = tuple[tuple[str, ...], tuple[str, ...]]


def asked_exactly(asked: Asked, most: int) -> WordQuery:
    """The query by words, with its whole text to be looked up in titles. It is looked up in texts too where
    it has more than one word and not only stop words. At most `most` notes of each."""
    typed = _typed(asked)
    words, runs = _title_key(typed)
    if not (words or runs):
        return asked.words
    stops = analysis.stop_words(words, asked.words.common_languages)
    telling = bool(runs) or not stops.issuperset(words)
    last = asked.parsed.words[-1] if asked.parsed.prefix and asked.parsed.words else ""
    several = len(words) + sum(len(run) for run in runs) > 1 or bool(compounds.joint_free(last))
    return replace(asked.words, exact=typed, exact_phrase=several and telling, exact_limit=most)


def bonuses_of(asked: Asked, hits: KeywordHits) -> dict[int, float]:
    """The bonus of each note that has one, whether it is among the hits or not."""
    bonuses: dict[int, float] = defaultdict(float)
    for document_id in hits.phrased:
        bonuses[document_id] += fusion.EXACT_PHRASE
    wanted = _WantedTitle(asked, hits.forgiven)
    for document_id, titles in hits.titled.items():
        bonuses[document_id] += max(map(wanted.bonus, titles))
    return {document_id: bonus for document_id, bonus in bonuses.items() if bonus}


class _WantedTitle:
    """What a title is worth for a query. `forgiven`: what stands for misspelled words."""

    def __init__(self, asked: Asked, forgiven: Mapping[str, tuple[str, ...]]) -> None:
        self._key = self._words, self._runs = _title_key(_typed(asked, forgiven))
        self._content = analysis.content_words(self._words, asked.words.common_languages)
        # The last word may be the beginning of one, while it is typed.
        self._begun = self._words[-1] if asked.parsed.prefix and self._words else ""
        # One word in a title says little: how often it stands in the text says more. Of a misspelled one the
        # meaning says nothing, so the title does.
        self._whole_only = bool(self._runs) or (len(self._words) < 2 and not forgiven)

    def bonus(self, title: str) -> float:
        """The title, or the file's name, is the query, begins with it, or holds all of its words."""
        key = _title_key(title)
        if key == self._key:
            return fusion.EXACT_TITLE
        if self._whole_only:
            return 0.0
        words = key[0]
        if self._begins(words):
            return fusion.TITLE_BEGINS
        return fusion.TITLE_HOLDS if all(self._held(word, words) for word in self._content) else 0.0

    def _begins(self, words: tuple[str, ...]) -> bool:
        begin, asked = words[: len(self._words)], self._words
        if begin == asked:
            return True
        begun = self._begun and len(begin) == len(asked) and begin[-1].startswith(self._begun)
        return bool(begun) and begin[:-1] == asked[:-1]

    def _held(self, word: str, words: tuple[str, ...]) -> bool:
        return word in words or (word == self._begun and any(x.startswith(word) for x in words))


# Cached: one letter after another finds mostly the same titles.
@lru_cache(maxsize=4096)
def _title_key(text: str) -> TitleKey:
    """A title as it is compared: its folded words, and its runs without spaces."""
    return tuple(analysis.asked_words(text)), tuple(analysis.unspaced_runs(text))


def _typed(asked: Asked, forgiven: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> str:
    """The words and runs of a query. `forgiven`: what stands for misspelled words."""
    if not forgiven:
        return " ".join((*asked.parsed.words, *asked.parsed.runs))
    words = [w for word in asked.parsed.words for w in analysis.asked_words(word)]
    return " ".join((*(forgiven.get(word, (word,))[0] for word in words), *asked.parsed.runs))
