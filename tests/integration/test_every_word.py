"""Every word of a note, as its reader sees it, finds the note by words and is marked: many languages, markup
inside words, names with joints."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import pytest

from notesearch.domain import Mode, Query
from notesearch.engine.engine import Engine
from tests.conftest import fill, reconcile
from tests.embedders import HashingEmbedder

Form = Literal["NFC", "NFD"]

# What is written, and the words that its reader sees.
NOTES = {
    "en": (
        "The un**believ**able snorkel(s) of H~2~O, [side](x.md)walk; e-mail!",
        "unbelievable snorkel H2O sidewalk e-mail email",
    ),
    "code": (
        "Call `reloadTimelines()` in safe_copy_rows, then XMLHttpRequest.",
        "reloadTimelines safe_copy_rows XMLHttpRequest timelines copy_rows",
    ),
    "de": (
        "Die Haftpflichtversicherung für Müllers Größe\u00admaß lief über Straßen.",
        "Haftpflichtversicherung Müllers Größemaß Straßen Strassen Mueller Versicherung Haftpflicht",
    ),
    "fr": (
        "L’été, cr&egrave;me brûlée et œuvre d’art.",
        "été crème brûlée œuvre oeuvre art",
    ),
    "tr": (
        "İstanbul’da ışık ve Çarkı.",
        "İstanbul ışık çarkı istanbul",
    ),
    "el": (
        "Ο Οδυσσέας στο σπίτι.",
        "Οδυσσέας ΟΔΥΣΣΕΑΣ σπίτι σπιτι",
    ),
    "ru": (
        "Ёлка стоит в углу книжной комнаты.",
        "Ёлка елка углу книжной комната",
    ),
    "uk": (
        "Коти йдуть їсти борщ.",
        "Коти йдуть їсти борщ",
    ),
    "ar": (
        "المَدرَسةُ في والقرية ٤٢",
        "المدرسة مدرسة القرية قرية 42",
    ),
    "he": (
        "שָׁלוֹם להספרייה ובבית",
        "שלום ספרייה הספרייה בבית בית",
    ),
    "hi": (
        "हिन्दी भाषा की किताब",
        "हिन्दी भाषा किताब",
    ),
    "zh": (
        "圖書館在北京。",
        "圖書館 图书馆 北京 北",
    ),
    "ja": (
        "カタカナとひらがな、ｶﾞﾗｽの窓。",
        "カタカナ ひらがな ガラス 窓",
    ),
    "ko": (
        "서울에서 회의를",
        "서울 회의",
    ),
    "th": (
        "ฉันไปตลาดน้ำ",
        "ตลาดน้ำ",
    ),
    "vi": (
        "Tàu thủy Đà Nẵng",
        "thủy Đà Nẵng da nang",
    ),
    "pl": (
        "Łódź i żółte książki",
        "Łódź Lodz żółte książki",
    ),
    "fi": (
        "Talossa oli vanhoja kirjoja",
        "talossa kirjoja talo",
    ),
    "numbers": (
        "On 9.5.2024 call +1 (215) 555-0134 for 1,250 at 9fceb02d1f.",
        "9.5.2024 2024-05-09 20240509 2155550134 12155550134 1,250 1250 9fceb02d",
    ),
    "signs": (
        "🎉 C++ and .NET, AT&T; äußerst of\ufb01ce \uff21\uff22\uff23",
        "🎉 C++ .NET AT&T äußerst office ABC",
    ),
}

CASES = [(name, word) for name, (_, words) in NOTES.items() for word in words.split()]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """All notes in one folder, beside some in English, opened for reading alone."""
    base, embedder = tmp_path_factory.mktemp("words"), HashingEmbedder()
    notes = {f"{name}.md": f"{text}\n" for name, (text, _) in NOTES.items()}
    notes |= {f"other{i}.md": f"There is nothing in here but the number {i} of the list.\n" for i in range(9)}
    with closing(Engine.open(base / "data", watch=False, embedders=(embedder,))) as owner:
        reconcile(owner, fill(base / "Notes", notes))
    with closing(Engine.open(base / "data", read_only=True, embedders=(embedder,))) as reader:
        yield reader


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("name", "word"), CASES)
def test_every_word_finds_its_note_and_is_marked(shelf: Engine, name: str, word: str, form: Form) -> None:
    text = unicodedata.normalize(form, word)
    results = shelf.search.words(Query(text=text, mode=Mode.KEYWORD))
    assert not results.notices, "a word that is there needs no forgiveness"
    row = next((m for m in results.matches if m.path.stem == name), None)
    assert row is not None, [m.path.name for m in results.matches]
    marked = [row.best.snippet[a:b] for a, b in row.best.highlights]
    assert marked, row.best.snippet
    # Whole words, as a reader sees them.
    for start, end in row.best.highlights:
        around = row.best.snippet[start - 1 : start] + row.best.snippet[end : end + 1]
        assert not any(c.isalnum() for c in around if c.isascii()), marked
