"""Words that are made of parts: names of programs (camelCase, snake_case, dotted), hyphenated words,
abbreviations with points, numbers, dates and telephone numbers however they are punctuated.

The keyword index keeps the pieces of such a word one after the other, as any text. Besides, it keeps the
whole without its joints ("email" for e-mail, "20240509" for 2024-05-09), and the parts that no sign divides
("reload" and "timelines" for reloadTimelines). Pure; texts are those of characters.normal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Pieces with one sign between each two. Longer ones are addresses and paths: their whole says nothing.
_JOINED = re.compile(r"(?<![\w\-.'/:,&+])[^\W_]+(?:[-_.'/:,&+][^\W_]+){1,7}(?![-_.'/:,&+]?\w)")
# Digits with blanks, brackets and signs between them: telephone numbers.
_DIALLED = re.compile(r"(?<![\w])\+?\(?\d{1,4}\)?(?:[-. /]{0,2}\(?\d{2,5}\)?){1,5}(?![\w])")
LONGEST = 40
# Where a word has a joint that no sign shows: before a capital after a small letter, before the last capital
# of several, between letters and digits.
_JOINT = re.compile(
    r"(?<=[a-z\u00df-\u00ff])(?=[A-Z\u00c0-\u00de])|(?<=[A-Z])(?=[A-Z][a-z])"
    r"|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"
)
_HAS_JOINT = re.compile(r"\w*(?:[a-z\u00df-\u00ff][A-Z\u00c0-\u00de]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z])\w*")
# More parts than this are no word that anybody reads: hashes, keys.
MOST_PARTS = 6


def joined(text: str) -> Iterator[str]:
    """The words of several pieces as one, as they are written but for the signs between the pieces."""
    for match in _JOINED.finditer(text):
        whole = re.sub(r"[\W_]", "", match[0])
        if len(whole) <= LONGEST:
            yield whole
    for match in _DIALLED.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 7 <= len(digits) <= 15:
            yield digits


def parts(text: str) -> Iterator[str]:
    """The parts of words that no sign divides: "reload", "Timelines"; "RS", "485"."""
    for match in _HAS_JOINT.finditer(text):
        for word in match[0].split("_"):
            found = _JOINT.split(word)
            if 1 < len(found) <= MOST_PARTS:
                yield from found


def whole_of(word: str) -> str:
    """A typed word of several pieces as one; "" where it is one piece already."""
    whole = re.sub(r"[\W_]", "", word)
    return whole if whole != word.strip("\"'.,;:!?()[]") and len(whole) <= LONGEST else ""
