"""Snippets: found words are marked at their place, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.engine.snippets import SNIPPET, Highlighter, fold, sentences, snippet


def marked(text: str, highlighter: Highlighter) -> list[str]:
    return [text[a:b] for a, b in highlighter.find(text)[0]]


def test_words_are_found_in_their_forms() -> None:
    assert marked("She Studies; studying, study!", Highlighter(["studies"])) == ["Studies", "studying", "study"]
    assert marked("Crème brûlée", Highlighter(["creme"])) == ["Crème"]
    assert marked("Zurich", Highlighter(["Zürich"])) == ["Zurich"]
    assert marked("die Häuser am See", Highlighter(["Haus"], languages=["de"])) == ["Häuser"]
    assert marked("unstudied", Highlighter(["study"])) == []


def test_a_word_being_typed_is_a_beginning() -> None:
    assert marked("fermentation and fermata", Highlighter(["ferm"], prefix=True)) == ["fermentation", "fermata"]
    assert marked("fermentation", Highlighter(["ferm"])) == []


def test_phrases_and_runs() -> None:
    assert marked("the Night  Train leaves", Highlighter([], phrases=["night train"])) == ["Night  Train"]
    assert marked("我去了北京大学", Highlighter([], runs=["北京大学"])) == ["北京大学"]
    assert Highlighter(["the"]).count == 1
    assert Highlighter(["the", "bread"]).count == 1


def test_the_numbers_of_the_words_found() -> None:
    assert Highlighter(["sour", "bread", "zanzibar"]).find("bread, sour bread")[1] == {0, 1}


def test_a_snippet_is_where_the_words_stand() -> None:
    passage = "# Heading\n\n" + "Nothing here at all. " * 40 + "The sour **dough** rests overnight. " + "More of the same. " * 40
    text, highlights, telling = snippet(passage, Highlighter(["dough", "overnight"]))
    assert [text[a:b] for a, b in highlights] == ["dough", "overnight"]
    assert text.startswith("The sour dough rests")
    assert "**" not in text
    assert telling is None
    assert len(text) <= SNIPPET + 2


def test_a_snippet_that_begins_inside_a_sentence_says_so() -> None:
    text, highlights, _ = snippet("a few words without an end " * 20 + "then the dough", Highlighter(["dough"]))
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
        "First one.", 'Second "one."', "Third!", "- item one", "- item two", "日本語の文。", "次の文。",
    ]  # fmt: skip


TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("abcdé ß İ ﬁ .\n#*-`[]()|>知识")), max_size=400)


@given(TEXT)
def test_folding_keeps_every_character_at_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(TEXT, st.lists(st.text(max_size=12), max_size=4), st.booleans())
def test_highlights_lie_inside_the_snippet_in_order_and_apart(passage: str, words: list[str], prefix: bool) -> None:
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
