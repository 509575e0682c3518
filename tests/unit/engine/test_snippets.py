"""Snippets: found words are marked at their place, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.engine.search.snippets import SNIPPET, Highlighter, fold, place_of, sentences, snippet


def marked(text: str, highlighter: Highlighter) -> list[str]:
    return [text[a:b] for a, b in highlighter.find(text)[0]]


def test_words_are_found_in_their_forms() -> None:
    assert marked("She Studies; studying, study!", Highlighter(["studies"])) == [
        "Studies",
        "studying",
        "study",
    ]
    assert marked("Crème brûlée", Highlighter(["creme"])) == ["Crème"]
    assert marked("Zurich", Highlighter(["Zürich"])) == ["Zurich"]
    assert marked("die Häuser am See", Highlighter(["Haus"], languages=["de"])) == ["Häuser"]
    assert marked("unstudied", Highlighter(["study"])) == []


def test_names_with_signs_are_found_as_they_are_written() -> None:
    assert marked("C, C++ and c++; C#", Highlighter(["c++"])) == ["C++", "c++"]
    assert marked("A .NET of nets, net.NET", Highlighter([".net"])) == [".NET"]
    assert Highlighter(["C++"]).count == 1


@pytest.mark.parametrize(
    ("passage", "shown"),
    [
        (
            "See :ref:`the guide <guide>`, `Py <https://x>`_ and ``code``.\n\nExample::\n\n  x = 1\n",
            "See the guide, Py and code. Example: x = 1",
        ),
        (".. note::\n   Take care.\n\n.. _target:\n\nTitle\n^^^^^\n", "Take care. Title"),
        ("+---+---+\n| a | b |\n+===+===+\n| 1 |   |\n+---+---+\n", "a | b 1"),
        ("=====  =====\nA      B\n=====  =====\n", "A B"),
        ("| a | b |\n|---+---|\n| 1 | 2 |\n", "a | b 1 | 2"),
        ("| a | b |\n| :-- | --: |\n| 1 | 2 |\n", "a | b 1 | 2"),
        (": #+name: x\n: literal\n~verb~ =eq= /two words/\n", "literal verb eq two words"),
        ("`jq` and [`jq`](u): do |a, b|\n  ? a\n  : b || c\n", "jq and jq: do |a, b| ? a : b || c"),
        ("/tmp/ and a/b/c, 1/2/ 3, x ~ y ~ z\n", "/tmp/ and a/b/c, 1/2/ 3, x ~ y ~ z"),
    ],
)
def test_a_snippet_leaves_markup_away_and_the_rest_alone(passage: str, shown: str) -> None:
    assert snippet(passage, None)[0] == shown


def test_the_place_where_the_words_stand_densest() -> None:
    passage = "# bread\n\nbread once\n" + "nothing " * 40 + "\nsour bread and sour bread\n"
    spans = Highlighter(["sour", "bread"]).find(passage)[0]
    assert passage[place_of(passage, spans) :].startswith("sour bread and")
    assert place_of("# bread\n\nelse", [(2, 7)]) == 2


def test_a_word_being_typed_is_a_beginning() -> None:
    assert marked("fermentation and fermata", Highlighter(["ferm"], prefix=True)) == [
        "fermentation",
        "fermata",
    ]
    assert marked("fermentation", Highlighter(["ferm"])) == []


def test_phrases_and_runs() -> None:
    assert marked("the Night  Train leaves", Highlighter([], phrases=["night train"])) == ["Night  Train"]
    assert marked("我去了北京大学", Highlighter([], runs=["北京大学"])) == ["北京大学"]
    assert Highlighter(["the"]).count == 1
    assert Highlighter(["the", "bread"]).count == 1


def test_the_numbers_of_the_words_found() -> None:
    assert Highlighter(["sour", "bread", "zanzibar"]).find("bread, sour bread")[1] == {0, 1}


def test_a_snippet_is_where_the_words_stand() -> None:
    passage = (
        "# Heading\n\n"
        + "Nothing here at all. " * 40
        + "The sour **dough** rests overnight. "
        + "More of the same. " * 40
    )
    text, highlights, telling = snippet(passage, Highlighter(["dough", "overnight"]))
    assert [text[a:b] for a, b in highlights] == ["dough", "overnight"]
    assert text.startswith("The sour dough rests")
    assert "**" not in text
    assert telling is None
    assert len(text) <= SNIPPET + 2


def test_a_snippet_that_begins_inside_a_sentence_says_so() -> None:
    text, highlights, _ = snippet(
        "a few words without an end " * 20 + "then the dough", Highlighter(["dough"])
    )
    assert text.startswith("… ")
    assert [text[a:b] for a, b in highlights] == ["dough"]


def test_without_words_the_beginning_without_headings() -> None:
    assert snippet("# Title\n\n- first item\n- second\n", None)[0] == "first item second"
    assert snippet("# Only a heading\n", None)[0]
    assert snippet("", None) == ("", (), None)


def test_the_telling_sentence() -> None:
    passage = "One thing. The dough rests overnight in the cold. Another thing."
    spans = sentences(passage)
    text, highlights, telling = snippet(passage, Highlighter(["cold"]), around=spans[1])
    assert telling is not None
    assert text[slice(*telling)] == "The dough rests overnight in the cold."
    assert [text[a:b] for a, b in highlights] == ["cold"]


def test_sentences() -> None:
    passage = '# Title\n\nFirst one. Second "one." Third!\n\n- item one\n- item two\n\n日本語の文。次の文。'
    assert [passage[a:b] for a, b in sentences(passage)] == [
        "First one.",
        'Second "one."',
        "Third!",
        "- item one",
        "- item two",
        "日本語の文。",
        "次の文。",
    ]


TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("abcdé ß İ ﬁ .\n#*-`[]()|>知识")),
    max_size=400,
)


@given(TEXT)
def test_folding_keeps_every_character_at_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(TEXT, st.lists(st.text(max_size=12), max_size=4), st.booleans())
def test_highlights_lie_inside_the_snippet_in_order_and_apart(
    passage: str, words: list[str], prefix: bool
) -> None:
    words = [w for part in words for w in part.split()]
    highlighter = Highlighter(words, prefix=prefix)
    text, highlights, _ = snippet(passage, highlighter)
    assert "\n" not in text
    last = 0
    for start, end in highlights:
        assert last <= start < end <= len(text)
        last = end


@given(TEXT, st.data())
def test_words_of_the_passage_are_found_in_it(passage: str, data: st.DataObject) -> None:
    words = [w for w in passage.split() if w.isascii() and w.isalpha()]
    if words:
        word = data.draw(st.sampled_from(words))
        spans, found = Highlighter([word]).find(passage)
        assert any(fold(passage[a:b]) == word.lower() for a, b in spans)
        assert found == {0}


@given(TEXT)
def test_sentences_lie_in_order_and_their_snippets_hold_them(passage: str) -> None:
    last = 0
    for start, end in sentences(passage):
        assert last <= start < end <= len(passage)
        last = end
        text, _, telling = snippet(passage, None, around=(start, end))
        if telling is not None:
            assert 0 <= telling[0] < telling[1] <= len(text)


@pytest.mark.parametrize("word", ["(", "*", "[a-z]", "\\", "^$", "日(本"])
def test_words_are_no_patterns(word: str) -> None:
    Highlighter([word], runs=[word], phrases=[word]).find("some (text) * with [a-z] \\ 日(本")
