"""The stems of words, by language: what the forms of a word have in common ("studi" of study and studies).

The stemmers are those of the Snowball project. Words come as they are written, in one spelling
(characters.normal), since stemmers need the diacritics; stems are folded.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache

import Stemmer

from notesearch.text.characters import folded, normal
from notesearch.text.variants import without_marks

# The Snowball stemmer of each language, by ISO 639-1 code. Slovak is near enough to Czech, and Croatian to
# Serbian, whose stemmer knows both scripts.
STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hr": "serbian",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sk": "czech",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
# Those written in Latin letters: the ones that a short note of an unknown language may be in.
LATIN = tuple(
    language for language in STEMMERS if language not in ("ar", "el", "fa", "hi", "hy", "ru", "sr", "ta")
)
# Languages that put one ending after another: what is left of a word with endings may be a word that would
# lose one more. So these are stemmed until nothing changes.
_REPEATED = frozenset(("hu", "tr"))
# Letters of a word that are stemmed: a longer one is none that anybody reads.
LONGEST_STEMMED = 100
# Between the language and the stem of a term.
TAG = "\u00b7"

# Regular forms that a stemmer takes for other words: what they end with, and what is stemmed instead.
_ENDINGS = {
    "pt": (
        # reuniões, reunião; papéis, papel; ovos, ovo.
        (re.compile("(?<=\\w\\w)(?:\u00f5es|\u00e3es|oes)$"), "\u00e3o"),
        (re.compile("(?<=\\w\\w)(?:ais)$"), "al"),
        (re.compile("(?<=\\w\\w)(?:\u00e9is|eis)$"), "el"),
        (re.compile("(?<=\\w\\w)(?:\u00f3is|ois)$"), "ol"),
        (re.compile("(?<=\\w\\w)ns$"), "m"),
        (re.compile("(?<=\\w\\w[aeo])s$"), ""),
    ),
    # neveu, neveux.
    "fr": ((re.compile("(?<=\\w\\w)eus?$"), "eux"),),
    # luz, luces.
    "es": ((re.compile("(?<=\\w\\w)z$"), "c"),),
}
# Letters that `normal` writes as their Arabic neighbours, as Persian has them.
_PERSIAN = str.maketrans("\u064a\u0643", "\u06cc\u06a9")

# A stemmer is for one thread.
_own = threading.local()


def _stemmer(language: str) -> Stemmer.Stemmer:
    made: dict[str, Stemmer.Stemmer] = _own.__dict__
    if language not in made:
        made[language] = Stemmer.Stemmer(STEMMERS[language], 0)
    return made[language]


def _prepared(word: str, language: str) -> str:
    """A word as its stemmer wants it."""
    word = word[:LONGEST_STEMMED].lower()
    if language == "fa":
        return word.translate(_PERSIAN)
    if language == "tr":
        return word.replace("i\u0307", "i")
    for ending, instead in _ENDINGS.get(language, ()):
        made = ending.sub(instead, word)
        if made != word:
            return made
    return word


def _stemmed(words: Sequence[str], language: str) -> list[str]:
    """The stems of words in lower case, with their diacritics."""
    stemmer = _stemmer(language)
    found: list[str] = stemmer.stemWords([_prepared(word, language) for word in words])
    if language in _REPEATED:
        before: list[str] = []
        while before != found:
            before, found = found, stemmer.stemWords(found)
    # Of a short word a stemmer may leave nothing, or one letter ("aed").
    return [stem if len(stem) > 1 else word for stem, word in zip(found, words, strict=True)]


def stems(spelled: Sequence[str], language: str) -> list[str]:
    """The stems of words in a language of STEMMERS, each with its language before it: a German "not" is no
    English one."""
    each = list(dict.fromkeys(spelled))
    tagged = {
        word: f"{language}{TAG}{folded(stem)}"
        for word, stem in zip(each, _stemmed(each, language), strict=True)
    }
    return [tagged[word] for word in spelled]


def plain_stems(spelled: Sequence[str], language: str) -> list[str]:
    """The stems of the words as they are typed without diacritics, where these are others: stemmers take
    "klice" for another word than "klíče"."""
    typed = {word: without_marks(word) for word in dict.fromkeys(spelled)}
    marked = [(word, plain) for word, several in typed.items() for plain in several]
    own = stems([word for word, _ in marked], language)
    plainly = stems([plain for _, plain in marked], language)
    return [other for one, other in zip(own, plainly, strict=True) if other != one]


@lru_cache(20_000)
def stem(word: str, language: str) -> str:
    """The stem of one word as it was written (diacritics matter to some stemmers), folded."""
    return folded(_stemmed([normal(word)], language)[0])
