"""Guesses the language of a note in little time: by script, else by its stop words and by letters that few
languages have. The answer is "" where the guess would be poor.

It serves search only, which needs to know whether the stemmer of one of these languages may be used.
"""

from __future__ import annotations

import re

from notesearch.text.stopwords import STOP_WORDS

SAMPLE = 2000  # characters looked at
SMALLEST_SHARE = 0.09
# A guess needs FEWEST_HITS stop words and must lead the next language by MARGIN; in a text of up to SHORT
# words fewer are enough, where the lead is clear.
FEWEST_HITS, MARGIN = 4, 1.15
SHORT, SHORT_HITS, SHORT_MARGIN = 40, 2, 1.9

_LETTERS = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7af\u1100-\u11ff]")
_HAN = re.compile("[\u3400-\u9fff]")
# Scripts that tell a language, or a few that their letters tell apart.
_SCRIPTS = {
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "ru": re.compile("[\u0400-\u052f]"),
    "hy": re.compile("[\u0530-\u058f]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "ar": re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "ta": re.compile("[\u0b80-\u0bff]"),
    "te": re.compile("[\u0c00-\u0c7f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
}
_CYRILLIC = (
    ("uk", re.compile("[\u0456\u0457\u0454\u0491]")),
    ("be", re.compile("\u045e")),
    ("sr", re.compile("[\u0452\u0458\u0459\u045a\u045b\u045f]")),
)
_BULGARIAN = frozenset(
    (
        "\u0441\u044a\u0441",
        "\u0449\u0435",
        "\u043a\u044a\u043c",
        "\u0441\u0430",
        "\u0447\u0435",
        "\u0441\u044a\u043c",
    )
)
_RUSSIAN_ONLY = re.compile("[\u044b\u044d\u0451]")
# A vowel in Bulgarian; Russian has it before a few vowels alone.
_BULGARIAN_VOWEL = re.compile("\u044a(?![\u0435\u0451\u044e\u044f])")
# Persian has its own yeh, kaf and digits beside four more letters.
_PERSIAN = re.compile("[\u067e\u0686\u0698\u06af\u06a9\u06cc\u06f0-\u06f9]")
_URDU = re.compile("[\u0679\u0688\u0691\u06ba\u06d2]")
# Letters that few languages have, as good as a stop word.
_TELLING = {
    "\u00df": ("de",),
    "\u00f1": ("es",),
    "\u00bf": ("es",),
    "\u00e3": ("pt",),
    "\u00f5": ("pt", "et"),
    "\u0151": ("hu",),
    "\u0171": ("hu",),
    "\u011f": ("tr",),
    "\u0131": ("tr",),
    "\u0219": ("ro",),
    "\u021b": ("ro",),
    "\u0103": ("ro",),
    "\u0142": ("pl",),
    "\u017c": ("pl",),
    "\u017a": ("pl",),
    "\u0105": ("pl", "lt"),
    "\u0119": ("pl", "lt"),
    "\u0117": ("lt",),
    "\u016b": ("lt",),
    "\u0173": ("lt",),
    "\u011b": ("cs",),
    "\u0159": ("cs",),
    "\u016f": ("cs",),
    "\u013e": ("sk",),
    "\u013a": ("sk",),
    "\u0155": ("sk",),
    "\u00f8": ("da", "no"),
    "\u00e5": ("da", "no", "sv"),
}
# Words that lose their vowel before another one (l'arte, j'ai), with the word after them.
_ELIDED = re.compile(r"(?<![^\W_])(j|qu|n|c|s|m|t|d|l|un|dell|all|nell|sull)['\u2019]([^\W\d_]+)")
_FRENCH, _ITALIAN, _THREE = ("fr",), ("it",), ("fr", "it", "ca")
_BY_ELISION = {
    **dict.fromkeys(("j", "qu"), _FRENCH),
    **dict.fromkeys(("un", "dell", "all", "nell", "sull"), _ITALIAN),
    "c": ("fr", "it"),
    **dict.fromkeys(("n", "m", "t"), ("fr", "ca")),
    **dict.fromkeys(("s", "d", "l"), _THREE),
}


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
    scores: dict[str, float] = {}
    if not sample.isascii():
        if by_script := _by_script(sample):
            return by_script
        for letter in _TELLING.keys() & set(sample.lower()):
            for language in _TELLING[letter]:
                scores[language] = scores.get(language, 0.0) + 1 / len(_TELLING[letter])
    lower = sample.lower()
    hits = len(scores)
    for elided, _ in _ELIDED.findall(lower) if "'" in lower or "\u2019" in lower else ():
        hits += 1
        for language in _BY_ELISION[elided]:
            scores[language] = scores.get(language, 0.0) + 1 / len(_BY_ELISION[elided])
    # What such a word loses, others may take for a word of another language: "j'ai".
    words = _WORD.findall(_ELIDED.sub(" ", lower))
    for languages in filter(None, map(_WEIGHTS.get, words)):
        hits += 1
        for language, weight in languages:
            scores[language] = scores.get(language, 0.0) + weight
    if not scores:
        return ""
    best = max(scores, key=scores.__getitem__)
    score = scores.pop(best)
    second = max(scores.values(), default=0.0)
    enough = hits >= FEWEST_HITS and score >= MARGIN * second
    clear = len(words) <= SHORT and hits >= SHORT_HITS and score >= max(1.0, SHORT_MARGIN * second)
    return best if (enough or clear) and score >= SMALLEST_SHARE * len(words) else ""


def _by_script(sample: str) -> str:
    """The language that the script of most letters tells; "" for Latin letters."""
    letters = len(_LETTERS.findall(sample))
    for language, script in _SCRIPTS.items():
        if 2 * len(script.findall(sample)) > letters:
            return _among_neighbours(language, sample)
    words = len(_WORD.findall(sample))
    kana, hangul, han = (len(script.findall(sample)) for script in (_KANA, _HANGUL, _HAN))
    # A word of Latin letters weighs about as much as two ideographs.
    if kana + hangul + han < max(2, words):
        return ""
    if hangul > kana + han:
        return "ko"
    return "ja" if kana > 0.1 * (kana + han) else "zh"


def _among_neighbours(language: str, sample: str) -> str:
    """The language, told from others of its script."""
    lower = sample.lower()
    if language == "ru":
        told = next((other for other, letters in _CYRILLIC if letters.search(lower)), "")
        bulgarian = _BULGARIAN_VOWEL.search(lower) or _BULGARIAN & set(_WORD.findall(lower))
        return told or ("bg" if bulgarian and not _RUSSIAN_ONLY.search(lower) else "ru")
    if language == "ar":
        return "ur" if _URDU.search(sample) else "fa" if _PERSIAN.search(sample) else "ar"
    return language
