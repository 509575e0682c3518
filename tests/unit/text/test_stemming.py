"""Stems: forms of a word have one."""

from __future__ import annotations

import threading

import pytest

from notesearch.text.stemming import LONGEST_STEMMED, STEMMERS, TAG, plain_stems, stem, stems


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("cs", "knihy", "kniha"),
        ("pl", "klucze", "klucz"),
        ("hi", "किताबों", "किताब"),
        ("hr", "računi", "račun"),
        # Endings that the stemmers leave.
        ("pt", "reuniões", "reunião"),
        ("pt", "jornais", "jornal"),
        ("pt", "papéis", "papel"),
        ("pt", "lençóis", "lençol"),
        ("pt", "homens", "homem"),
        ("pt", "ovos", "ovo"),
        ("es", "peces", "pez"),
        ("fr", "neveux", "neveu"),
        # One ending after another.
        ("hu", "gyerekek", "gyerek"),
        ("hu", "kertben", "kert"),
        ("tr", "pastalar", "pasta"),
        # Letters that Persian shares with Arabic in the one spelling.
        ("fa", "ماهیها", "ماهی"),
        ("tr", "İŞ", "iş"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert stem(one, language) == stem(other, language) != ""


def test_words_of_a_text_have_the_stems_of_each() -> None:
    words = ["Häuser", "im", "Garten", "Häuser"]
    for language in STEMMERS:
        assert stems(words, language) == [f"{language}{TAG}{stem(word, language)}" for word in words]
    assert stems([], "de") == []


def test_a_word_typed_without_diacritics_may_have_another_stem() -> None:
    assert plain_stems(["klíče", "sklep"], "cs") == [f"cs{TAG}{stem('klice', 'cs')}"]
    assert stem("klice", "cs") != stem("klíče", "cs")
    assert f"da{TAG}{stem('boernehave', 'da')}" in plain_stems(["børnehaven"], "da")
    assert plain_stems(["plain", "words"], "en") == []


def test_of_a_very_long_word_the_beginning_counts() -> None:
    assert len(stem("ab" * 5_000, "de")) <= LONGEST_STEMMED


def test_any_thread_may_ask() -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(stems(["studies"], "en"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[f"en{TAG}studi"]] * 4
