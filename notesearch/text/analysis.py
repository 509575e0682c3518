"""Analysis: how text becomes the terms of the keyword index. Folding, stemming by language, n-grams for
scripts without spaces.

Pure functions over tantivy's analyzers. The same analyzers build the index and read the query, so both agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

import tantivy

from notesearch.text.characters import normal

# The languages of tantivy's Snowball stemmers, by ISO 639-1 code. Notes in an unknown language are stemmed as
# English, which leaves most foreign words unchanged.
STEMMERS = {
    "ar": "Arabic",
    "da": "Danish",
    "nl": "Dutch",
    "en": "English",
    "fi": "Finnish",
    "fr": "French",
    "de": "German",
    "el": "Greek",
    "hu": "Hungarian",
    "it": "Italian",
    "no": "Norwegian",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "es": "Spanish",
    "sv": "Swedish",
    "ta": "Tamil",
    "tr": "Turkish",
}
DEFAULT_LANGUAGE = "en"

# Han, kana, Hangul, Thai, Lao, Khmer and Myanmar: a word tokenizer finds almost nothing there.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]+")

# Stop words: too common to tell notes apart, so they are left out of a query that has other words. English,
# German, French, Spanish, Italian, Dutch, Portuguese.
STOP_WORDS = frozenset(
    """
    a an and are as at be been but by can did do does for from had has have how i if in into is it its may my
    no not of on or such
    than that the their then there these they this to was were what when where which who why will with you
    your aber als am auf aus
    bei bin das dem den der des die ein eine einem einen einer es fur ich im ist mit nicht sind und vom von
    war wie wird wo zu zum zur
    au aux ce ces dans de du elle en est et il ils je la le les leur ne nous ou par pas pour que qui sa se ses
    son sur un une vous
    como con del el ella esta este las lo los mas mi muy o para pero por si sin su sus y che chi come da dei
    della di e gli ha nel
    nella non per piu sono una uno aan bij dat deze dit door een het ik met naar niet om ook op te uit van
    voor wat wij zijn ao com
    dos na nas nos os sao seu sua um uma
    """.split()
)


# Names that need their signs: C++, C#, F#, .NET. The expression begins with the sign, so that text without
# one is passed quickly.
_SIGN = re.compile(
    r"\+\+(?<=\w\+\+)(?![\w+#])|#(?<=[a-z]#)(?![\w+#])|\.net(?<![\w.]\.net)(?!\w)", re.IGNORECASE
)
_WORD_BEFORE = re.compile(r"(?<!\w)[a-z]\w{0,39}$", re.IGNORECASE)
_SPELLED = (("++", "plusplus"), ("#", "sharp"), (".", "dot"))


@cache
def exact_analyzer() -> tantivy.TextAnalyzer:
    """The analyzer of exact words: split, lower case, without diacritics."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(200))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


@cache
def stem_analyzer(language: str) -> tantivy.TextAnalyzer:
    """The analyzer of stems of one language, without diacritics. `language` is an ISO 639-1 code of
    STEMMERS."""
    builder = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(200))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.stemmer(STEMMERS[language]))
        .filter(tantivy.Filter.ascii_fold())
    )
    return builder.build()


@cache
def gram_analyzer() -> tantivy.TextAnalyzer:
    """The analyzer of n-grams: single characters and pairs. Pairs rank best for Chinese; a single character
    must be found too."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(1, 2)).filter(tantivy.Filter.lowercase()).build()
    )


def stemming_language(language: str) -> str:
    """The stemmer's language for a note in `language`."""
    return language if language in STEMMERS else DEFAULT_LANGUAGE


def words(text: str) -> list[str]:
    """The folded words of a text, in order, for scripts with spaces between words."""
    return list(exact_analyzer().analyze(spaced(normal(text))))


def _signed(text: str) -> Iterator[str]:
    """The names with signs in a text, as they are written."""
    for sign in _SIGN.finditer(text):
        if sign[0][0] == ".":
            yield sign[0]
            continue
        word = _WORD_BEFORE.search(text[max(0, sign.start() - 40) : sign.start()])
        # After more than one letter, `#` is no part of a name.
        if word and (sign[0] != "#" or len(word[0]) == 1):
            yield word[0] + sign[0]


def signed_names(text: str) -> list[str]:
    """The names with signs in a text, spelled as words: "cplusplus", "csharp", "dotnet". The index has them
    besides their letters."""
    names = []
    for name in map(str.lower, _signed(text)):
        for sign, word in _SPELLED:
            name = name.replace(sign, word)
        names.append(name)
    return names


def asked_words(text: str) -> list[str]:
    """The words that a query asks for: a name with signs counts as itself and not as its letters."""
    return [*words(without_signed(text)), *signed_names(text)]


def without_signed(text: str) -> str:
    """The text without its names with signs."""
    for name in _signed(text):
        text = text.replace(name, " ", 1)
    return text


def signed_patterns(text: str) -> list[re.Pattern[str]]:
    """Patterns that find each name with signs as it is written, in lower case text."""
    return [re.compile(r"(?<![\w.])" + re.escape(name.lower()) + r"(?![\w+#])") for name in _signed(text)]


@cache
def _folder() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


def folded(text: str) -> str:
    """The whole text in lower case without diacritics, as words are compared."""
    spelled = normal(text)
    return spelled.lower() if spelled.isascii() else "".join(_folder().analyze(spelled))


@lru_cache(20_000)
def stem(word: str, language: str) -> str:
    """The stem of one word as it was written (diacritics matter to some stemmers), folded."""
    stems = stem_analyzer(language).analyze(normal(word))
    return str(stems[0]) if stems else ""


def unspaced_runs(text: str) -> list[str]:
    """The runs of a script without spaces, in order."""
    return [] if text.isascii() else _UNSPACED_RUN.findall(normal(text))


def spaced(text: str) -> str:
    """The text without its runs of scripts without spaces."""
    return text if text.isascii() else _UNSPACED_RUN.sub(" ", text)


def grams(run: str) -> list[str]:
    """The n-grams to ask for a run: its pairs, or its only character."""
    folded = run.lower()
    return [folded] if len(folded) == 1 else [folded[i : i + 2] for i in range(len(folded) - 1)]


def content_words(found: Iterable[str]) -> list[str]:
    """The words without repetitions and, where other words are left, without stop words."""
    unique = list(dict.fromkeys(found))
    return [word for word in unique if word not in STOP_WORDS] or unique
