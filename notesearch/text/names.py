"""Whether two names are the same for a reader: however their parts are joined (Wi-Fi, wifi, reloadTimelines),
accented (Müller, Mueller) or punctuated (2024-05-09, 20240509). For titles and what is typed. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from notesearch.text import analysis, compounds, variants
from notesearch.text.characters import folded, normal, simplified

# The words of a name in one spelling, in order.
Key = tuple[str, ...]
_VERSION = re.compile(r"\bv(?=\d)", re.IGNORECASE)


# Cached: one letter after another finds mostly the same titles.
@lru_cache(maxsize=4096)
def keys(name: str) -> frozenset[Key]:
    """The spellings of a name. Two names are the same where they have one of them in common. Runs without
    spaces are words here, after the others."""
    runs = tuple(simplified(run) for run in analysis.unspaced_runs(name))
    spelled = _VERSION.sub("", analysis.spaced(normal(name)))
    pieces = compounds.divided(spelled)
    whole: list[str] = []
    for token in spelled.split():
        wholes = compounds.wholes_of(token) if not analysis.signed_names(token) else []
        whole += [folded(one) for one in wholes[:1]] or analysis.asked_words(token)
    found = (pieces, variants.plainer(pieces))
    every = {tuple(whole), *(tuple(analysis.asked_words(one)) for one in found)}
    return frozenset(key + runs for key in every if key + runs)


@lru_cache(maxsize=4096)
def numbers(name: str) -> frozenset[str]:
    """What a name says that is a date or a telephone number alone, however it is written: 9.5.2024 and
    2024-05-09."""
    spelled = normal(name).strip()
    begins = spelled[:1].isdigit() or spelled[:1] == "+"
    return frozenset(compounds.wholes_of(spelled) if begins else ())
