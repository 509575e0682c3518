"""Guesses the language of a note in little time: by script, else by the share of stop words. The answer is ""
where the guess would be poor.

It serves search only, which needs to know whether the stemmer of one of these languages may be used.
"""

from __future__ import annotations

import re

from notesearch.text.stopwords import STOP_WORDS

SAMPLE = 2000  # characters looked at
FEWEST_HITS = 4
SMALLEST_SHARE = 0.09
MARGIN = 1.15

_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff]")
_HAN = re.compile("[\u3400-\u9fff]")


def _weights() -> dict[str, tuple[tuple[str, float], ...]]:
    """Word -> the languages that use it, each with a weight. A word of several languages weighs less."""
    users: dict[str, list[str]] = {}
    for language, words in STOP_WORDS.items():
        for word in words.split():
            users.setdefault(word, []).append(language)
    return {
        word: tuple((language, 1 / len(languages)) for language in languages)
        for word, languages in users.items()
    }


_WEIGHTS = _weights()


def language_of(text: str) -> str:
    """ISO 639-1 code, or "" where the text is too short, mixed, or in a language that is not known here."""
    sample = text[:SAMPLE]
    if not sample.isascii() and (by_script := _by_script(sample)):
        return by_script
    words = sample.lower().split()
    hits = 0
    scores: dict[str, float] = {}
    for languages in filter(None, map(_WEIGHTS.get, words)):
        hits += 1
        for language, weight in languages:
            scores[language] = scores.get(language, 0.0) + weight
    if not scores:
        return ""
    best = max(scores, key=scores.__getitem__)
    score = scores.pop(best)
    second = max(scores.values(), default=0.0)
    sure = hits >= FEWEST_HITS and score >= SMALLEST_SHARE * len(words) and score >= MARGIN * second
    return best if sure else ""


def _by_script(sample: str) -> str:
    letters = len(_WORD.findall(sample))
    kana, hangul, han = (len(script.findall(sample)) for script in (_KANA, _HANGUL, _HAN))
    # A word of Latin letters weighs about as much as two ideographs.
    if kana + hangul + han < max(8, letters):
        return ""
    if hangul > kana + han:
        return "ko"
    return "ja" if kana > 0.1 * (kana + han) else "zh"
