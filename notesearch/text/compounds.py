"""Words that are made of parts: names of programs (camelCase, snake_case, dotted), hyphenated words,
abbreviations with points, numbers, dates and telephone numbers however they are punctuated.

The keyword index keeps the pieces of such a word one after the other, as any text. Besides, it keeps the
whole without its joints ("email" for e-mail, "20240509" for 2024-05-09), and the parts that no sign divides
("reload" and "timelines" for reloadTimelines). Pure; texts are those of characters.normal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from notesearch.text.characters import folded

# The expressions begin with what a match begins with, and look at what is before it afterwards: Python looks
# for such ones many times faster.
# Pieces with one sign between each two. Longer ones are addresses and paths: their whole says nothing.
JOINT_SIGNS = "-_.'/:,&+@"
_JOINED = re.compile(f"[^\\W_]+(?:[{JOINT_SIGNS}][^\\W_]+){{1,7}}")
# What divides paths and addresses into names, and names into words of several pieces (set-up.md).
_COARSE, _FINE = re.compile(r"[/:,&+@]+|[-_.']{2,}"), re.compile(r"[/:,&+@.]+|[-_']{2,}")
# Numbers with points, as versions and addresses have them.
_VERSION = re.compile(r"(v?)(\d+(?:\.\d+){1,7})", re.IGNORECASE)
_SIGN = re.compile(f"[{JOINT_SIGNS}](?=[^\\W_])")
_RUN = re.compile(f"[^\\W_]*(?:[{JOINT_SIGNS}][^\\W_]*)*")
# Digits with blanks, brackets and signs between them: telephone numbers.
_DIALLED = re.compile(
    r"[(\d](?<![\w+].)(?:(?<=\()\d|(?<=\d))\d{0,3}\)?"
    r"(?: ?\(0\))?(?:[-. /]{0,3}\(?\d{2,5}\)?){1,5}(?!\w)"
)
# A telephone number with a country's code, whose groups may have one digit.
_ABROAD = re.compile(r"\+(?<!\w.)\d{1,3}(?: ?\(0\))?(?:[-. /]{0,3}\(?\d{1,5}\)?){1,7}(?!\w)")
# Codes in groups of four, as banks write them, and numbers of companies for their taxes.
_CODE = re.compile(
    r"[A-Z](?<!\w.)[A-Z]\d{2}(?: [0-9A-Z]{4}){2,7}(?: [0-9A-Z]{1,3})?(?!\w)"
    r"|[A-Z](?<!\w.)[A-Z](?: \d{3}){3}(?![ \w])"
)
_CARD = re.compile(r"\d(?<![\w.,'-].)\d{3}(?: \d{4}){2,4}(?: \d{1,3})?(?![\w'-]|[.,]\w| \d)")
# A number with blanks between its thousands. Other signs between them join pieces as in any word.
_GROUPED = re.compile(r"\d(?<![\w.,'-].)\d{0,2}(?: \d{3}){1,4}(?:[.,]\d{1,2})?(?![\w'-]|[.,]\w| \d)")
LONGEST = 40
# Letters of a name with parts; a longer word is none that anybody reads.
LONGEST_NAME = 120
# Where a word has a joint that no sign shows: before a capital after a small letter, before the last capital
# of several, between letters and digits.
_JOINT = re.compile(
    r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[A-Z])(?=[A-Z][a-z])"
    r"|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"
)
_HAS_JOINT = re.compile(r"[a-z\u00df-\u00ff][A-Z\u00c0-\u00de]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]")
_WORD = re.compile(r"\w+")
_JOINER = "\u200c"
_WITH_JOINER = re.compile("[\u0621-\u06d3]{1,40}(?:\u200c[\u0621-\u06d3]{1,40}){1,3}")
# More parts than this are no word that anybody reads: hashes, keys.
MOST_PARTS = 6


# Dates in numbers, with the year first or last.
_YEAR_FIRST = re.compile(r"(\d(?<![\w.-].)\d{3})([-./])(\d{1,2})\2(\d{1,2})(?![\w-]|[./]\d)")
_YEAR_LAST = re.compile(r"(\d(?<![\w.-].)\d?)([-./])(\d{1,2})\2(\d{4})(?![\w-]|[./]\d)")


def joined(text: str) -> Iterator[str]:
    """The words of several pieces as one, as they are written but for the signs between the pieces."""
    for start, end in _chains(text):
        yield from _as_one(text[start:end])
    yield from (digits for _, _, digits in _numbers(text))
    yield from dates(text)


def _numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, digits) of each telephone number, of each number with blanks inside, and of each code in
    groups, with its letters."""
    for dialled in (_DIALLED, _ABROAD):
        for match in dialled.finditer(text):
            for digits in _dialled(match[0]):
                yield *match.span(), digits
    for grouped in (_GROUPED, _CODE, _CARD):
        for match in grouped.finditer(text):
            yield *match.span(), re.sub(r"\W", "", match[0])


def _chains(text: str) -> Iterator[tuple[int, int]]:
    """Where words of several pieces stand, also inside of paths and addresses. Looked for by the signs
    between pieces, of which most texts have few."""
    position = 0
    for sign in _SIGN.finditer(text):
        start = sign.start()
        if start < position:
            continue
        while start and (text[start - 1].isalnum() or text[start - 1] in JOINT_SIGNS):
            start -= 1
        run = _RUN.match(text, start)
        position = run.end() if run else sign.end()
        yield from _names_in(text, start, position)


def _names_in(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The words of several pieces in a run of pieces and signs: all of it, its names, and their words."""
    found = dict.fromkeys(
        _without_signs(text, *span)
        for divider in (None, _COARSE, _FINE)
        for span in _divided(text, start, end, divider)
    )
    yield from (span for span in found if _JOINED.fullmatch(text, *span))


def _divided(text: str, start: int, end: int, divider: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    for match in divider.finditer(text, start, end) if divider is not None else ():
        yield start, match.start()
        start = match.end()
    yield start, end


def _without_signs(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in JOINT_SIGNS:
        start += 1
    while end > start and text[end - 1] in JOINT_SIGNS:
        end -= 1
    return start, end


def _as_one(chain: str) -> Iterator[str]:
    """A word of several pieces without its signs; a version (v2.10.3) also without its letter, and without
    its last numbers."""
    whole = re.sub(r"[\W_]", "", chain)
    if len(whole) > LONGEST:
        return
    yield whole
    if (version := _VERSION.fullmatch(chain)) and not any(dates(chain)):
        numbers = version[2].split(".")
        yield from ("".join(numbers[:n]) for n in range(len(numbers) - (not version[1]), 1, -1))


def end_of_number(text: str, start: int) -> int:
    """Where a number ends that begins at a place of a typed text and has blanks inside: a telephone number,
    or one with blanks between its thousands. `start` itself where there is none."""
    for shape in (_DIALLED, _ABROAD, _GROUPED):
        match = shape.match(text, start)
        if match and " " in match[0] and (shape is _GROUPED or any(_dialled(match[0]))):
            return match.end()
    return start


def _dialled(written: str) -> Iterator[str]:
    """The digits of a telephone number; one with a country's code also as it is dialled inside the country:
    codes have one to three digits, and a 0 may stand for them."""
    digits = re.sub(r"\D", "", written)
    if not 7 <= len(digits) <= 15:
        return
    yield digits
    if len(digits) == 11 and digits.startswith("1"):
        # North America dials a 1 before a number of another place.
        yield digits[1:]
    if digits.startswith("00"):
        written, digits = "+", digits[2:]
        yield digits
    if written.startswith("+"):
        for code in (1, 2, 3):
            if len(digits) - code >= 7:
                yield from (digits[code:], f"0{digits[code:]}")


def dates(text: str) -> Iterator[str]:
    """The dates in numbers, as year, month and day: "20240509" for 9.5.2024. One with strokes, 5/9/2024, is
    read both ways, as different countries do."""
    for match in _YEAR_FIRST.finditer(text):
        yield from _date(match[1], match[3], match[4])
    for match in _YEAR_LAST.finditer(text):
        yield from _date(match[4], match[3], match[1])
        if match[2] == "/" and match[1] != match[3]:
            yield from _date(match[4], match[1], match[3])


def _date(year: str, month: str, day: str) -> Iterator[str]:
    if 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
        yield f"{year}{int(month):02}{int(day):02}"


def parts(text: str) -> Iterator[str]:
    """The parts of words that no sign divides: "reload", "Timelines"; and of more than two each pair of
    neighbours: "iPhone" and "Phone12"."""
    return (part for _, _, found in with_parts(text) for part in with_neighbours(found))


def divided(text: str) -> str:
    """The text with a blank at each joint that no sign shows."""
    return _JOINT.sub(" ", text)


def with_neighbours(found: Sequence[str]) -> list[str]:
    """The parts of a word, and where there are more than two each pair of neighbours."""
    pairs = [a + b for a, b in pairwise(found)] if len(found) > 2 else []
    return [*found, *pairs]


def with_parts(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """(start, end, parts) of each word that has parts which no sign divides."""
    position = 0
    for joint in _HAS_JOINT.finditer(text):
        start = joint.start()
        if start < position:
            continue
        while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start -= 1
        match = _WORD.match(text, start)
        if match is None:
            continue
        position = match.end()
        if len(match[0]) > LONGEST_NAME:
            continue
        for word in match[0].split("_"):
            found = _JOINT.split(word)
            if 1 < len(found) <= MOST_PARTS:
                yield start, start + len(word), found
            start += len(word) + 1


def at_joiners(text: str) -> Iterator[str]:
    """The pieces of Persian words with the sign that ends a letter without a blank, which others write as two
    words. The text is as it is written: characters.normal leaves the sign out."""
    if _JOINER in text:
        for match in _WITH_JOINER.finditer(text):
            yield from match[0].split(_JOINER)


def named_at(text: str, place: int) -> tuple[int, int, list[str]] | None:
    """(start, end, parts) of the word around a place where a part of it begins; None where none does."""
    if not _JOINT.match(text, place):
        return None
    start = end = place
    first, last = max(0, place - LONGEST_NAME - 1), min(len(text), place + LONGEST_NAME + 1)
    while start > first and text[start - 1].isalnum():
        start -= 1
    while end < last and text[end].isalnum():
        end += 1
    found = _JOINT.split(text[start:end])
    return (start, end, found) if end - start <= LONGEST_NAME and len(found) <= MOST_PARTS else None


def with_whole(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, the whole) of each word of several pieces, and of each date, telephone number and number
    with blanks inside."""
    for start, end in _chains(text):
        chain = text[start:end]
        for whole in dict.fromkeys((*_as_one(chain), *wholes_of(chain))):
            yield start, end, whole
    yield from _numbers(text)


def wholes_of(word: str) -> list[str]:
    """A typed word of several pieces as one, a date as year, month and day, and a telephone number also as it
    is dialled inside its country; [] where it is one piece already."""
    bare = word.strip("\"'.,;:!?()[]")
    whole = re.sub(r"[\W_]", "", bare)
    found = [whole] if whole and whole != bare and len(whole) <= LONGEST else []
    if found and (version := _VERSION.fullmatch(bare)) and version[1]:
        found.append(whole[1:])
    abroad = bare.startswith("00") or not bare.isdigit()
    is_dialled = abroad and any(shape.fullmatch(bare) for shape in (_DIALLED, _ABROAD))
    dialled = _dialled(bare) if is_dialled else ()
    return list(dict.fromkeys([*found, *dates(bare), *dialled]))


def joint_free(typed: str) -> str:
    """The beginning of a word of several pieces without its joints, folded: "followu" for "follow-u"; "" for
    a word of one piece."""
    whole = re.sub(r"[\W_]", "", typed)
    return folded(whole) if whole and whole != typed and len(whole) <= LONGEST else ""
