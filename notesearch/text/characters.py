"""One spelling for characters that readers take for the same: composed and decomposed letters, full- and
half-width forms, ligatures, signs that nobody sees, vowel signs of Arabic and Hebrew, kana of both kinds,
digits of every script.

Pure functions on strings. Notes, names, tags and queries all go through `normal`, so that both sides agree;
`normal_with_places` also tells where each character stood, so that what is found can be marked. `folded` is
how words are compared: without capitals and diacritics. `simplified` is for Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

from notesearch.text.han import SIMPLIFIED, TRADITIONAL

# Signs without width: soft hyphen, joiners, marks of direction, variation selectors, the sign for no break.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
# Vowel signs and the sign that stretches a word (Arabic), points and accents (Hebrew), the point below a
# letter (Devanagari).
_POINTS = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u093c"
)
# A nasal letter of Devanagari before another one, for which most write the sign of a nasal vowel.
_NASAL = re.compile("[\u0919\u091e\u0923\u0928\u092e]\u094d")
# Letters of Arabic and Persian that are written one for another, and Russian yo.
_LETTERS = {
    "\u0622": "\u0627",
    "\u0623": "\u0627",
    "\u0625": "\u0627",
    "\u0671": "\u0627",
    "\u0649": "\u064a",
    "\u06cc": "\u064a",
    "\u06a9": "\u0643",
    "\u0629": "\u0647",
    "\u06c0": "\u0647",
    "\u0624": "\u0648",
    "\u0626": "\u064a",
    "\u0451": "\u0435",
    "\u0401": "\u0415",
    # Devanagari: a vowel written as one of English, and the two signs of nasal vowels.
    "\u0949": "\u093e",
    "\u0911": "\u0906",
    "\u0901": "\u0902",
    "\u0929": "\u0928",
    "\u0931": "\u0930",
    "\u0934": "\u0933",
    # Hebrew letters at the end of a word.
    **dict(zip("\u05da\u05dd\u05df\u05e3\u05e5", "\u05db\u05de\u05e0\u05e4\u05e6", strict=True)),
    # Hyphens and apostrophes as a keyboard has them.
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u2018\u2019\u02bc\u201b", "'"),
}


# The zero of each script that has digits of its own, but for those that NFKC knows.
_ZEROS = (
    "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66"
    "\u0ce6\u0d66\u0de6\u0e50\u0ed0\u0f20\u1040\u17e0\u1810"
)


@cache
def _table() -> dict[int, str]:
    """What becomes of each character after NFKC: another one, or "" where it is dropped."""
    table = {ord(a): b for a, b in _LETTERS.items()}
    table |= {ord(zero) + digit: str(digit) for zero in _ZEROS for digit in range(10)}
    for block in (_UNSEEN, _POINTS):
        for match in re.finditer("(.)(?:-(.))?", block):
            table |= dict.fromkeys(range(ord(match[1]), ord(match[2] or match[1]) + 1), "")
    # Katakana as hiragana.
    table |= {code: chr(code - 0x60) for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
    for code in (*range(0x0370, 0x0400), *range(0x1F00, 0x2000)):
        plain = unicodedata.normalize("NFD", chr(code))[0]
        if plain != chr(code):
            table[code] = plain
    return table


@cache
def _keys(table: Callable[[], dict[int, str]]) -> re.Pattern[str]:
    return re.compile(f"[{''.join(re.escape(chr(code)) for code in sorted(table()))}]")


def _replaced(text: str, table: Callable[[], dict[int, str]]) -> str:
    """The text with the characters of a table replaced: most texts have few of them, and looking each
    character up, as `str.translate` does, takes several times as long."""
    replacements = table()
    return _keys(table).sub(lambda match: replacements[ord(match[0])], text)


# Marks on one letter that are looked at, as the Stream-Safe Text Format of Unicode has it: composing sorts
# them, in a time that grows with the square of their number.
MOST_MARKS = 30


@cache
def _stacks() -> re.Pattern[str]:
    combined = (re.escape(chr(c)) for c in range(0x300, 0x10000) if unicodedata.combining(chr(c)))
    mark = f"[{''.join(combined)}]"
    # Written twice: an expression that begins with a class is searched for many times faster.
    return re.compile(f"{mark}{mark}{{{MOST_MARKS},}}")


def _composed(text: str) -> str:
    """The text in Unicode's form NFKC, with at most MOST_MARKS marks on a letter."""
    return unicodedata.normalize("NFKC", _stacks().sub(lambda stack: stack[0][:MOST_MARKS], text))


def normal(text: str) -> str:
    """The text in the one spelling. Case, diacritics of Latin letters and the order of words stay."""
    return text if text.isascii() else _spelled(_composed(text))


def _spelled(composed: str) -> str:
    return _NASAL.sub("\u0902", _replaced(composed, _table))


def normal_with_places(text: str) -> tuple[str, list[int] | None]:
    """`normal(text)`, and for each of its characters, and for its end, the character of `text` where it
    begins. None: each stands where it stood."""
    if text.isascii():
        return text, None
    composed = _composed(text)
    made = _spelled(composed)
    if composed == text and len(made) == len(text):
        return made, None
    return _changed(text, _unsettled(), _normal_cluster)


def _changed(
    text: str, pattern: re.Pattern[str], change: Callable[[str], str], rest: Callable[[str], str] = str
) -> tuple[str, list[int]]:
    """The text with `change` made of each match, and `rest`, which keeps the length, of what is between them;
    and the places as `normal_with_places` gives them."""
    pieces: list[str] = []
    places: list[int] = []
    position = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        made = change(match[0])
        pieces += (rest(text[position:start]), made)
        places += range(position, start)
        places += [start] * len(made)
        position = end
    pieces.append(rest(text[position:]))
    places += range(position, len(text) + 1)
    return "".join(pieces), places


@lru_cache(maxsize=2000)
def _normal_cluster(cluster: str) -> str:
    return normal(cluster)


# Letters that do not decompose, as a plain keyboard writes them.
_PLAIN = {
    **dict(zip("\u0142\u0111\u0127\u0167\u014b\u0138\u0180\u0268\u0289\u01e5", "ldhtnkbiug", strict=True)),
    "\u0131": "i",
    "\u00f8": "o",
    "\u00f0": "d",
    "\u00e6": "ae",
    "\u0153": "oe",
    "\u00fe": "th",
}


@cache
def _folds() -> dict[int, str]:
    """The plain letters of each Latin letter with diacritics, after casefold."""
    table = {ord(a): b for a, b in _PLAIN.items()}
    for block in ((0xC0, 0x250), (0x1E00, 0x1F00)):
        for code in range(*block):
            plain = unicodedata.normalize("NFD", chr(code))[0]
            if plain != chr(code):
                table[code] = plain.casefold()
    # What is left of letters that have no composed form.
    table |= dict.fromkeys(range(0x300, 0x370), "")
    return table


def folded(text: str) -> str:
    """The text as words are compared: in one spelling, without capitals and without the diacritics of Latin
    and Greek letters."""
    return text.lower() if text.isascii() else _replaced(normal(text).casefold(), _folds)


def folded_with_places(text: str) -> tuple[str, list[int] | None]:
    """`folded(text)`, and for each of its characters, and for its end, the character of `text` where it
    begins. None: each stands where it stood."""
    if text.isascii():
        return text.lower(), None
    spelled, places = normal_with_places(text)
    made = _replaced(spelled.casefold(), _folds)
    if len(made) == len(spelled):
        return made, places
    made, begins = _changed(spelled, _unfolded(), _folded_letter, str.lower)
    return made, begins if places is None else [places[i] for i in begins]


@lru_cache(maxsize=2000)
def _folded_letter(letter: str) -> str:
    return _replaced(letter.casefold(), _folds)


@cache
def _unfolded() -> re.Pattern[str]:
    """A character that folding changes, but for capitals of ASCII."""
    same = [chr(c) for c in range(0x80, 0x2000) if _folded_letter(chr(c)) == chr(c)]
    return re.compile(f"[^\\x00-\\x7f{''.join(map(re.escape, same))}{_SETTLED}]")


@cache
def _simplified() -> dict[int, str]:
    return {ord(a): b for a, b in zip(TRADITIONAL, SIMPLIFIED, strict=True)}


def simplified(text: str) -> str:
    """The text with simplified Chinese characters for traditional ones. Each character keeps its place."""
    return text if text.isascii() else _replaced(text, _simplified)


@cache
def marks() -> str:
    """Every combining character, as the inside of a character class."""
    return "".join(
        re.escape(chr(c)) for c in range(0x300, 0x10000) if unicodedata.category(chr(c)) in ("Mn", "Mc")
    )


# Han and Hangul, which neither composing nor folding changes.
_SETTLED = "\u4e00-\u9fff\uac00-\ud7a3"


@cache
def _unsettled() -> re.Pattern[str]:
    """A character that another spelling may stand for, with what is combined with it: composing never looks
    further."""
    combined = "".join(re.escape(chr(c)) for c in range(0x300, 0x10000) if unicodedata.combining(chr(c)))
    settled = (
        chr(c)
        for c in range(0x80, 0x2000)
        if not 0x1100 <= c < 0x1200 and not unicodedata.combining(chr(c)) and normal(chr(c)) == chr(c)
    )
    syllable = "[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?"
    other = f"[^\\x00-\\x7f{''.join(map(re.escape, settled))}{_SETTLED}]"
    marks = f"[{combined}\uff9e\uff9f]"
    return re.compile(f"(?:{syllable}|{other}|.(?={marks})){marks}*", re.DOTALL)
