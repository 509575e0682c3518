"""The bonuses that lead every stage of a search: for notes that are called as the query says, and for those
that hold the query as a phrase. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import replace
from types import MappingProxyType

from notesearch.engine.search import fusion
from notesearch.engine.search.asked import Asked
from notesearch.storage.values import KeywordHits, WordQuery
from notesearch.text import analysis, compounds, names


def asked_exactly(asked: Asked, most: int) -> WordQuery:
    """The query by words, with its whole text to be looked up in titles. It is looked up in texts too where
    it has more than one word and not only stop words. At most `most` notes of each."""
    typed = _typed(asked)
    words, runs = analysis.asked_words(typed), analysis.unspaced_runs(typed)
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
        typed = _typed(asked, forgiven)
        self._keys = names.keys(typed)
        self._numbers = names.numbers(typed)
        common = asked.words.common_languages
        self._content = [analysis.content_words(key, common) for key in self._keys]
        self._prefix = asked.parsed.prefix and bool(asked.parsed.words)
        # One word in a title says little: how often it stands in the text says more. Of a misspelled one the
        # meaning says nothing, so the title does.
        several = len(analysis.asked_words(typed)) > 1
        self._whole_only = bool(asked.parsed.runs) or not (several or forgiven)

    def bonus(self, title: str) -> float:
        """The title, or the file's name, is the query, begins with it, or holds all of its words."""
        keys = names.keys(title)
        if not keys.isdisjoint(self._keys):
            return fusion.EXACT_TITLE
        if not self._numbers.isdisjoint(names.numbers(title)):
            return fusion.SAME_NUMBER
        if self._whole_only:
            return 0.0
        if any(self._begins(key, asked) for key in keys for asked in self._keys):
            return fusion.TITLE_BEGINS
        words = {word for key in keys for word in key}
        held = any(
            all(self._held(word, words, last=word == asked[-1]) for word in content)
            for asked, content in zip(self._keys, self._content, strict=True)
        )
        return fusion.TITLE_HOLDS if held else 0.0

    def _begins(self, words: names.Key, asked: names.Key) -> bool:
        begin = words[: len(asked)]
        if begin == asked:
            return True
        # The last word may be the beginning of one, while it is typed.
        begun = self._prefix and len(begin) == len(asked) and begin[-1].startswith(asked[-1])
        return begun and begin[:-1] == asked[:-1]

    def _held(self, word: str, words: Set[str], *, last: bool) -> bool:
        return word in words or (self._prefix and last and any(x.startswith(word) for x in words))


def _typed(asked: Asked, forgiven: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> str:
    """The words and runs of a query. `forgiven`: what stands for misspelled words."""
    if not forgiven:
        return " ".join((*asked.parsed.words, *asked.parsed.runs))
    words = [w for word in asked.parsed.words for w in analysis.asked_words(word)]
    return " ".join((*(forgiven.get(word, (word,))[0] for word in words), *asked.parsed.runs))
