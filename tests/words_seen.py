"""The words of a text as its reader sees them, for tests and benchmarks of what is found."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator

from notesearch.text.markup import as_read


def words_seen(text: str) -> Iterator[str]:
    """The words between blanks, without the punctuation around them. Those with a quotation mark are left
    out: they cannot be asked for in quotes."""
    for written in as_read(text).text.split():
        word = "".join(itertools.dropwhile(_is_punctuation, written))
        word = "".join(itertools.dropwhile(_is_punctuation, word[::-1]))[::-1]
        if word and '"' not in word:
            yield word


def _is_punctuation(character: str) -> bool:
    """Whether a sign is no part of a word: no letter, number, or vowel sign."""
    return unicodedata.category(character)[0] not in "LNM"
