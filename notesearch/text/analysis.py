"""Analysis: how text becomes the terms of the keyword index. Words and their folding are those of terms.py;
here are names with signs, n-grams for scripts without spaces, stop words.

Stems are in stemming.py. Pure functions. The same functions build the index and read the query, so both
agree. The index itself only splits at blanks what is prepared here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import tantivy

from notesearch.text import stopwords
from notesearch.text.characters import folded, normal
from notesearch.text.terms import UNSPACED, pattern, terms

# Languages that write compounds as one word.
COMPOUNDING = frozenset(("da", "de", "et", "fi", "hu", "nl", "no", "sv"))
# Letters of a part of a compound, of what stands before it, and of what stands after it, which may be no
# ending.
SHORTEST_PART, SHORTEST_REST, SHORTEST_AFTER = 5, 3, 4
DEFAULT_LANGUAGE = "en"

_UNSPACED_RUN = re.compile(f"[{UNSPACED}]+")

# Names that need their signs: C++, C#, F#, .NET. The expression begins with the sign, so that text without
# one is passed quickly.
_SIGN = re.compile(
    r"\+\+(?<=\w\+\+)(?![\w+#])|#(?<=[a-z]#)(?![\w+#])|\.net(?<![\w.]\.net)(?!\w)", re.IGNORECASE
)
_WORD_BEFORE = re.compile(r"(?<!\w)[a-z]\w{0,39}$", re.IGNORECASE)
_SPELLED = (("++", "plusplus"), ("#", "sharp"), (".", "dot"))


@cache
def prepared_analyzer() -> tantivy.TextAnalyzer:
    """The analyzer of terms that are prepared already: it splits at blanks."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


@cache
def gram_analyzer() -> tantivy.TextAnalyzer:
    """The analyzer of n-grams: single characters and pairs. Pairs rank best for Chinese; a single character
    must be found too."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(1, 2)).filter(tantivy.Filter.lowercase()).build()
    )


def words(text: str) -> list[str]:
    """The folded words of a text, in order, for scripts with spaces between words."""
    return terms(text)


def spelled_words(text: str) -> list[str]:
    """The words of a text as they are written, in one spelling: stemmers need the diacritics."""
    return terms(text) if text.isascii() else pattern().findall(normal(text))


def spelled(term: str, typed: str) -> str:
    """A folded word as it is written in a typed one, which may have signs around it or several pieces."""
    return _spellings(typed).get(term, term)


@lru_cache(1_000)
def _spellings(typed: str) -> dict[str, str]:
    """The words of a typed one as they are written, by their folded forms; the first one counts."""
    return {folded(word): word for word in reversed(spelled_words(typed))}


def _signed(text: str) -> Iterator[tuple[int, int]]:
    """Where the names with signs in a text stand."""
    for sign in _SIGN.finditer(text):
        if sign[0][0] == ".":
            yield sign.span()
            continue
        word = _WORD_BEFORE.search(text[max(0, sign.start() - 40) : sign.start()])
        # After more than one letter, `#` is no part of a name.
        if word and (sign[0] != "#" or len(word[0]) == 1):
            yield sign.start() - len(word[0]), sign.end()


def signed_names(text: str) -> list[str]:
    """The names with signs in a text, spelled as words: "cplusplus", "csharp", "dotnet". The index has them
    besides their letters."""
    names = []
    for name in (text[start:end].lower() for start, end in _signed(text)):
        for sign, word in _SPELLED:
            name = name.replace(sign, word)
        names.append(name)
    return names


def asked_words(text: str) -> list[str]:
    """The words that a query asks for: a name with signs counts as itself and not as its letters."""
    return [*words(without_signed(text)), *signed_names(text)]


def without_signed(text: str) -> str:
    """The text without its names with signs."""
    kept: list[str] = []
    position = 0
    for start, end in _signed(text):
        kept.append(text[position:start])
        position = end
    return " ".join([*kept, text[position:]])


def signed_patterns(text: str) -> list[re.Pattern[str]]:
    """Patterns that find each name with signs as it is written, in lower case text."""
    names = dict.fromkeys(text[start:end].lower() for start, end in _signed(text))
    return [re.compile(r"(?<![\w.])" + re.escape(name) + r"(?![\w+#])") for name in names]


def unspaced_runs(text: str) -> list[str]:
    """The runs of a script without spaces, in order."""
    return [] if text.isascii() else _UNSPACED_RUN.findall(normal(text))


def spaced(text: str) -> str:
    """The text without its runs of scripts without spaces."""
    return text if text.isascii() else _UNSPACED_RUN.sub(" ", text)


def grams(run: str) -> list[str]:
    """The n-grams to ask for a run: its pairs, or its only character."""
    lower = run.lower()
    return [lower] if len(lower) == 1 else [lower[i : i + 2] for i in range(len(lower) - 1)]


def goes_on(phrase: str) -> bool:
    """Whether the last word of a typed phrase may be the beginning of one: it ends in `*`."""
    return phrase.endswith("*") and phrase[-2:-1].isalnum()


def stop_words(found: Iterable[str], languages: Sequence[str] = ()) -> frozenset[str]:
    """The stop words of the language in which a query is written: that of which it has two or more, else the
    first of `languages`, those of the notes, commonest first."""
    unique = set(found)
    hits = {language: len(unique & words) for language, words in stopwords.ASKED.items()}
    best = max(hits, key=lambda language: hits[language])
    if hits[best] >= 2:
        return stopwords.ASKED[best]
    return stopwords.ASKED.get(languages[0] if languages else DEFAULT_LANGUAGE, frozenset())


def content_words(found: Iterable[str], languages: Sequence[str] = ()) -> list[str]:
    """The words without repetitions and, where other words are left, without stop words. `languages` are
    those of the notes, commonest first."""
    unique = list(dict.fromkeys(found))
    stops = stop_words(unique, languages)
    return [word for word in unique if word not in stops] or unique
