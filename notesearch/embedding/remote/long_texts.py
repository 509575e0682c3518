"""Cuts a text that is too long for a server in two, and joins the vectors of its halves. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from notesearch.embedding.embedder import Vectors

# A text of fewer characters is not cut: no server is too small for it. Numbers and formulas have a token for
# each character.
LEAST_CUT = 40
# The first paragraph, as the title of a note, stands in both halves where it is short: by characters, and as
# a share of the text.
LONGEST_TITLE, TITLE_SHARE = 200, 0.4
# So far from its middle a text may be cut at a better place, as a share of its length.
AROUND = 0.2
# The better places first: between paragraphs, lines, sentences, words.
_PLACES = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[.!?。！？]\s*"), re.compile(r"\s"))


def halves(text: str, instruction: int = 0) -> tuple[str, str] | None:
    """Cut `text` in two near its middle. Both halves begin with its first `instruction` characters, and with
    the title after them. None where the text is too short to be cut."""
    title = text.find("\n\n", instruction)
    if 0 <= title - instruction <= min(LONGEST_TITLE, TITLE_SHARE * (len(text) - instruction)):
        instruction = title + 2
    body = text[instruction:]
    if len(body) < LEAST_CUT:
        return None
    middle, around = len(body) // 2, int(len(body) * AROUND)
    at = middle
    for place in _PLACES:
        found = [match.end() for match in place.finditer(body, middle - around, middle + around)]
        if found:
            at = min(found, key=lambda end: abs(end - middle))
            break
    first, second = body[:at], body[at:]
    if not first.strip() or not second.strip():
        return None
    return text[:instruction] + first, text[:instruction] + second


@dataclass(slots=True)
class CutText:
    """A text that was cut in two: its position, the positions of its halves and their lengths, and the
    vectors that have arrived."""

    position: int
    lengths: dict[int, int]
    vectors: dict[int, Vectors] = field(default_factory=dict)
    refused: bool = False

    @property
    def complete(self) -> bool:
        """Whether both halves have their vector."""
        return len(self.vectors) == len(self.lengths)

    def joined(self) -> Vectors:
        """The vector of the whole text: the mean of its halves' by their lengths, of unit length."""
        total = sum(self.lengths[part] * vector for part, vector in self.vectors.items())
        norm = float(np.linalg.norm(total))
        if norm < 1e-6:  # two opposite halves
            return next(iter(self.vectors.values()))
        return np.asarray(total / norm, np.float32)
