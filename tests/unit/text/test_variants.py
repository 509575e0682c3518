"""Other spellings that count as the same word."""

from __future__ import annotations

import pytest

from notesearch.text.characters import folded
from notesearch.text.variants import asked, kept


def meet(written: str, typed: str) -> bool:
    """Whether a query finds a word by its folded form or by other spellings, as the keyword index does."""
    held = {folded(written), *kept(written, folded(written))}
    return bool(held & {folded(typed), *asked(typed, folded(typed))})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Mueller"),
        ("Müller", "muller"),
        ("Mueller", "Muller"),
        ("Goethe", "Göthe"),
        ("Århus", "Aarhus"),
        ("המדרסה", "מדרסה"),
        ("ובספר", "ספר"),
        ("المدرسة", "مدرسة"),
        ("والكتاب", "كتاب"),
        ("החג", "חג"),
        ("کتابها", "کتاب"),
        ("گل‌های", "گل"),
    ],
)
def test_they_meet_both_ways(one: str, other: str) -> None:
    assert meet(one, other)
    assert meet(other, one)


@pytest.mark.parametrize(
    ("written", "typed"), [("pot", "poet"), ("queue", "quu"), ("do", "doe"), ("שלום", "לו"), ("לחם", "חם")]
)
def test_these_do_not(written: str, typed: str) -> None:
    assert not meet(written, typed)
