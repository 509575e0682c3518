"""How text becomes terms: the same on both sides, whatever the script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.text import analysis, stemming


def test_words_are_folded() -> None:
    assert analysis.words("Déjà-vu in ZÜRICH, straße 42") == ["deja", "vu", "in", "zurich", "strasse", "42"]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "studies", "studying"),
        ("de", "Häuser", "Hauses"),
        ("fr", "nationales", "national"),
        ("es", "corriendo", "correr"),
        ("ru", "книги", "книгой"),
        ("sv", "flickorna", "flickor"),
        ("it", "abbandonata", "abbandonato"),
    ],
)
def test_forms_of_a_word_have_one_stem(language: str, one: str, other: str) -> None:
    assert stemming.stem(one, language) == stemming.stem(other, language) != ""


def test_every_stemmer_exists() -> None:
    for language in stemming.STEMMERS:
        assert stemming.stem("word", language)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("C++ or c#, F#; and .NET.", ["cplusplus", "csharp", "fsharp", "dotnet"]),
        ("(Notepad++)", ["notepadplusplus"]),
        ("plain words", []),
        ("# Heading, issue #12, ab#c, AB#, example.net, .network, C+, C+++, C##", []),
        ("c++/c#", ["cplusplus", "csharp"]),
    ],
)
def test_names_with_signs(text: str, names: list[str]) -> None:
    assert analysis.signed_names(text) == names


def test_what_a_query_asks_for() -> None:
    assert analysis.asked_words("C++") == ["cplusplus"]
    assert analysis.asked_words("plus-size") == ["plus", "size"]


def test_runs_without_spaces() -> None:
    assert analysis.unspaced_runs("Visit 北京大学 and 東京タワー, 한국어 too") == [
        "北京大学",
        "東京たわー",
        "한국어",
    ]
    assert analysis.spaced("a北京b") == "a b"
    assert analysis.unspaced_runs("plain") == []


def test_grams_are_pairs_or_the_single_character() -> None:
    assert analysis.grams("北京大") == ["北京", "京大"]
    assert analysis.grams("京") == ["京"]


def test_telling_words_leave_out_the_common_ones_unless_nothing_is_left() -> None:
    assert analysis.content_words(["how", "to", "bake", "bake"]) == ["bake"]
    assert analysis.content_words(["to", "be", "or", "not"]) == ["to", "be", "or", "not"]


@given(st.text(max_size=80))
def test_any_text_is_analysed(text: str) -> None:
    for word in analysis.words(text):
        # Folding writes some signs as several: "(1)" for U+2474.
        assert analysis.words(word) == [word] or not word.isalnum()
        assert stemming.stem(word, "en") is not None
    for run in analysis.unspaced_runs(text):
        assert all(gram in run.lower() for gram in analysis.grams(run))


@given(st.text(max_size=30))
def test_what_the_query_asks_for_is_what_the_index_holds(text: str) -> None:
    held = set(analysis.gram_analyzer().analyze("\n".join(analysis.unspaced_runs(text))))
    asked = {gram for run in analysis.unspaced_runs(text) for gram in analysis.grams(run)}
    assert asked <= held
