"""Guesses in which encoding a text without any mark was written, by the letters that come out of each: a
single line is enough.

Each encoding is tried. What comes out gets points for each byte that is no ASCII: many for the frequent
letters of a language, less than none for what no one writes (rare characters, signs inside a word, capitals
after small letters, two scripts in one word). The libraries for this need some hundred letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

from notesearch.documents.formats.letters import FREQUENT, SINGLE_BYTE, Charset
from notesearch.text.language import language_of

SAMPLE = 3000  # bytes looked at, of lines that are not only ASCII
PLAUSIBLE = 0.25  # points for each byte from which on a guess is believed
SURE = 0.15  # points for a text whose language is known

_MANY = ("cp932", "gb18030", "big5hkscs", "cp949", "euc_jp")
_WIDE = ("utf-16-le", "utf-16-be")
_HANDICAP_MANY, _HANDICAP_KANJI, _HANDICAP_WIDE = 0.05, 0.3, 0.2
# The first bytes of the common characters in the encoding of each language. What follows is rare.
_COMMON = {
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5hkscs": ("big5", 0xA4, 0xC6),
    "cp932": ("shift_jis", 0x88, 0x97),
    "euc_jp": ("euc_jp", 0xB0, 0xCF),
    "cp949": ("euc_kr", 0xB0, 0xC8),
}
_OPENING, _CLOSING, _DASHES = "„“‚‘«‹¿¡„", "”“’‘»›…°™®©€", "–—·§•№"
_WORD = re.compile(r"[^\W\d_²³¹¼½¾]+(?:[^\W\d_²³¹¼½¾]|[\u0300-\u036f\u0e31-\u0e4e])*")
_KANA = re.compile("[\u3041-\u30fc]")
# Hebrew letters that only end a word.
_FINAL = re.compile("[\u05da\u05dd\u05df\u05e3\u05e5]")
# Letters that are a word by themselves, in some language that is written in Latin or Cyrillic letters.
_WORDS_OF_ONE = frozenset("àâáåéèêëíïóôöúüýæøаивскоуяєіїжбьй")
_ALPHABETIC = re.compile("[\u00c0-\u024f\u0400-\u04ff]")
# Words of Greek in small letters have an accent.
_GREEK_SMALL = re.compile("[\u03b1-\u03c9]")
_ACCENTED = re.compile("[\u0390\u03ac-\u03b0\u03cc-\u03ce]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_BEFORE_NUMBER = re.compile(r"(?<!\w)[^\x00-\x7f\W\d](?=\d)")  # a sign of a currency, rather
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")


def guess(raw: bytes) -> str:
    """The encoding in which `raw` makes the most sense; "" where it makes none in any. `raw` is not ASCII,
    and not UTF-8."""
    sample = _sample(raw)
    found: list[tuple[float, str]] = []
    for charset in SINGLE_BYTE:
        if (text := _decoded(sample, charset.name)) is not None:
            found.append((_score_letters(text, charset) - charset.handicap, charset.name))
    for name in _MANY:
        if (text := _decoded(sample, name)) is not None:
            handicap = _HANDICAP_KANJI if name == "euc_jp" and not _KANA.search(text) else _HANDICAP_MANY
            found.append((_score_characters(text, name) - handicap, name))
    if len(raw) % 2 == 0:
        start = raw[: SAMPLE - SAMPLE % 2]
        for name in _WIDE:
            if (text := _decoded(start, name)) is not None:
                found.append((_score_characters(text, name) - _HANDICAP_WIDE, name))
    points, best = max(found, key=lambda one: one[0], default=(0.0, ""))
    return best if points >= PLAUSIBLE else ""


def _sample(raw: bytes) -> bytes:
    """The first lines of `raw` that are not ASCII, together at most SAMPLE bytes where lines are not
    longer."""
    kept: list[bytes] = []
    length = 0
    for line in re.split(rb"[\r\n]+", raw):
        if not line.isascii():
            kept.append(line)
            length += len(line)
            if length >= SAMPLE:
                break
    sample = b"\n".join(kept)
    return sample if len(sample) < 4 * SAMPLE else sample[: 4 * SAMPLE]


def _decoded(sample: bytes, name: str) -> str | None:
    try:
        return sample.decode(name)
    except UnicodeDecodeError as error:
        # A long line may have been cut in the middle of a character.
        return sample[: error.start].decode(name) if error.start > SAMPLE else None


def _score_letters(text: str, charset: Charset) -> float:
    """Points for each character beyond ASCII, by the language of the encoding that fits best."""
    beyond = [character for character in text if not character.isascii()]
    signs = sum(
        _sign_points(text, found.start()) for found in re.finditer(r"[^\w\s\x00-\x7f]|[²³¹½¼¾ªº]", text)
    )
    shape = sum(_shape_points(word) for word in _WORD.findall(text) if not word.isascii())
    letters = [c for c in beyond if (c.isalpha() and c not in "ªº") or "\u0e30" <= c <= "\u0e4e"]
    best = max(
        (sum(_points(language, c.lower()) for c in letters) for language in charset.languages), default=0.0
    )
    controls = len(_CONTROL.findall(text))
    numbers = len(_BEFORE_NUMBER.findall(text))
    points = (best + signs + shape - controls - numbers) / max(1, len(beyond))
    if (
        letters
        and len(set(letters)) <= 2
        and not any(map(_LATIN.match, letters))
        and re.search("[A-Za-z]{2}", text)
    ):
        points -= 0.6  # a letter or two of another script: a sign, rather
    language = language_of(text) if points > 0 else ""
    return points + (SURE if language and language in _written_in(charset) else 0.0)


@cache
def _written_in(charset: Charset) -> tuple[str, ...]:
    """The languages with known words that the encoding is usual for."""
    return {
        "cp1250": ("hu", "ro"),
        "iso8859-2": ("hu", "ro"),
        "cp1254": ("tr",),
        "cp1252": ("de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "en"),
    }.get(charset.name, ())


@cache
def _ranks(letters: str) -> dict[str, float]:
    """The points of each letter: the frequent ones more."""
    return {letter: 1 - 0.5 * place / len(letters) for place, letter in enumerate(letters)}


def _points(letters: str, letter: str) -> float:
    return _ranks(letters).get(letter, -0.6)


def _sign_points(text: str, at: int) -> float:
    """Points for a character that is no letter: some for punctuation where it belongs, less than none inside
    a word or for what is rarely written."""
    sign = text[at]
    before, after = text[at - 1 : at] or " ", text[at + 1 : at + 2] or " "
    if sign in "\xa0\xad":
        return 0.3
    if sign == "’" and before.isalpha():
        return 0.85
    if before.isalpha() and after.isalpha():
        return -1.0
    if sign in _DASHES:
        return 0.8
    if sign in _OPENING and not before.isalnum() and not after.isspace():
        return 0.8
    if sign in _CLOSING and (not before.isspace() or before.isdigit() or sign in "€©"):
        return 0.8
    if sign in "€°£" and (before.isspace() or after.isspace()):
        return 0.6
    if sign in "²³½¼¾×±¹ªº" and not after.isalpha():
        return 0.5
    return -0.8


def _shape_points(word: str) -> float:
    """Points lost by a word that no one writes so: small letters before capitals, capitals only, two scripts,
    many Latin letters with accents in a row."""
    lost = 0.0
    if len(word) == 1 and word.lower() not in _WORDS_OF_ONE and _ALPHABETIC.match(word):
        lost += 0.5
    for first, second in pairwise(word):
        if first.isascii() and second.isascii():
            continue
        if first.islower() and second.isupper():
            lost += 1.0
        if bool(_LATIN.match(first)) != bool(_LATIN.match(second)):
            lost += 1.0
    if len(word) > 1 and word.isupper():
        lost += 0.15 * sum(not letter.isascii() for letter in word)
    elif word != word.title():
        lost += 0.4 * sum(letter.isupper() and not letter.isascii() for letter in word[1:])
    if len(word) > 3 and _GREEK_SMALL.match(word) and not _ACCENTED.search(word):
        lost += 0.15 * len(word)
    for final in _FINAL.finditer(word):
        lost += 1.0 if final.end() < len(word) else -1.0
    if (run := re.search(r"[\u0080-\u024f]{3,}", word)) is not None:
        lost += len(run[0])
    return -lost


def _score_characters(text: str, name: str) -> float:
    """Points for each character that is no ASCII, in an encoding with characters of several bytes. UTF-16
    writes each in two bytes, so there the others count too."""
    wide = name in _WIDE
    points = _wide_points if wide else _common_points(name)
    total, counted = 0.0, 0
    for place, character in enumerate(text):
        counted += wide or not character.isascii()
        if character.isascii():
            total += _ascii_points(character) if wide else 0.0
            continue
        found = points(character)
        around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
        if len(around) == 2 and around.isascii() and around.isalpha():
            found = min(found, -1.0)  # a single character in the middle of a Latin word
        total += found
    return total / max(1, counted)


def _ascii_points(character: str) -> float:
    return 0.5 if character.isalnum() or character in " \n\r\t.,:;-!?()" else -0.5


def _common_points(name: str) -> Callable[[str], float]:
    frequent = frozenset(FREQUENT[name])
    encoding, first, last = _COMMON[name]

    def points(character: str) -> float:
        if character in frequent:
            return 1.0
        if "\u3000" <= character <= "\u3011" or character in "，：；！？（）「」、。“”…—·《》":
            return 0.5
        if "\u3041" <= character <= "\u30fc":
            return 0.9 if name in ("cp932", "euc_jp") else -0.6
        if "\uff61" <= character <= "\uff9f":
            return -0.4
        if "\uff01" <= character <= "\uff5e":
            return 0.2
        if "\uac00" <= character <= "\ud7a3" and name != "cp949":
            return -1.0
        try:
            lead = character.encode(encoding)[0]
        except UnicodeEncodeError:
            return -1.0
        if "\u4e00" <= character <= "\u9fff" and name == "cp949":
            return -0.5  # Korean is rarely written in these
        return 0.4 if first <= lead <= last else -0.5

    return points


def _wide_points(character: str) -> float:
    if character in _every():
        return 1.0
    if "\u3041" <= character <= "\u30fc":
        return 0.9
    if "\u3000" <= character <= "\u3011" or "\uff01" <= character <= "\uff5e":
        return 0.4
    if "\uac00" <= character <= "\ud7a3":
        return 0.4 if _in(character, "cp949") else -1.0
    if "\u4e00" <= character <= "\u9fff":
        return 0.3 if any(_in(character, name) for name in ("gb18030", "big5hkscs", "cp932")) else -1.0
    if "\u0370" <= character <= "\u06ff" and character.isalpha():
        return 0.7
    return -1.0


def _in(character: str, name: str) -> bool:
    """Whether a character is a common one of the languages of an encoding."""
    encoding, first, last = _COMMON[name]
    encoded = character.encode(encoding, errors="ignore")
    return bool(encoded) and first <= encoded[0] <= last


@cache
def _every() -> frozenset[str]:
    return frozenset("".join(FREQUENT.values()))


def parities(raw: bytes) -> Iterator[str]:
    """The UTF-16 without a mark that `raw` can be: one byte of each pair has few values, since most
    characters of a text are of one or two alphabets."""
    sample = raw[: SAMPLE - SAMPLE % 2]
    even, odd = sample[::2], sample[1::2]
    for name, high, low in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        small = sum(byte <= 0x06 for byte in high)
        if high and small >= 0.7 * len(high) and sum(byte <= 0x06 for byte in low) <= 0.3 * len(low):
            yield name
