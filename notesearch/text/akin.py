"""Words that are akin by their beginning: forms of one word that its stemmer takes for two ("Helsinki" and
"Helsingistä"), or that have no stemmer.

Pure. It is for languages whose words have very many forms; in others more words would be taken for one that
are none.
"""

from __future__ import annotations

# Languages written in Latin letters whose words change much at their ends.
INFLECTED = frozenset(("cs", "et", "fi", "hr", "hu", "lt", "pl", "ro", "sk", "tr"))
# Letters that both begin with; scripts that write few vowels need fewer, and those of India write most vowels
# as marks.
SHORTEST, SHORTEST_OF_FEW_VOWELS, SHORTEST_INDIC = 4, 3, 2
_FEW_VOWELS, _INDIC, _AFTER_INDIC = "\u0590", "\u0900", "\u0e00"
# Letters in which a word may differ at its end, and another one: where both are words, in scripts of long
# endings, and where the other one is a stem.
MOST_CUT, MOST_ADDED, MOST_ADDED_LONG, MOST_ADDED_TO_STEM = 2, 3, 4, 2


def latin(word: str) -> bool:
    """Whether a folded word is written in Latin letters."""
    return word[:1] < "\u0370"


def beginning(word: str) -> str:
    """What the words begin with that may be akin to a folded one; "" where it is too short."""
    first = word[:1]
    shortest = SHORTEST if first < _FEW_VOWELS else SHORTEST_OF_FEW_VOWELS
    if _INDIC <= first < _AFTER_INDIC:
        shortest = SHORTEST_INDIC
    return word[: max(shortest, len(word) - MOST_CUT)] if len(word) >= shortest else ""


def are_akin(word: str, other: str, *, stemmed: bool = False) -> bool:
    """Whether another word, or with `stemmed` the stem of one, is akin to a folded word."""
    begun = beginning(word)
    if not begun or not other.startswith(begun):
        return False
    shared = len(begun)
    while shared < len(word) and word[shared] == other[shared : shared + 1]:
        shared += 1
    added = sum(map(str.isalpha, other[shared:]))
    most = MOST_ADDED_LONG if word >= _INDIC else MOST_ADDED
    return added <= (MOST_ADDED_TO_STEM if stemmed else most)
