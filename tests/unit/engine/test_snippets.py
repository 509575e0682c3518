"""Snippets: found words are marked at their place, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.engine.search.highlights import Highlighter
from notesearch.engine.search.snippets import SNIPPET, place_of, sentences, snippet
from notesearch.text.characters import folded


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
    text, highlights, best_sentence = snippet(passage, Highlighter(["dough", "overnight"]))
    assert [text[a:b] for a, b in highlights] == ["dough", "overnight"]
    assert text.startswith("The sour dough rests")
    assert "**" not in text
    assert best_sentence is None
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
    text, highlights, best_sentence = snippet(passage, Highlighter(["cold"]), around=spans[1])
    assert best_sentence is not None
    assert text[slice(*best_sentence)] == "The dough rests overnight in the cold."
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
        assert any(folded(passage[a:b]) == word.lower() for a, b in spans)
        assert found == {0}


@given(TEXT)
def test_sentences_lie_in_order_and_their_snippets_hold_them(passage: str) -> None:
    last = 0
    for start, end in sentences(passage):
        assert last <= start < end <= len(passage)
        last = end
        text, _, best_sentence = snippet(passage, None, around=(start, end))
        if best_sentence is not None:
            assert 0 <= best_sentence[0] < best_sentence[1] <= len(text)


@pytest.mark.parametrize("word", ["(", "*", "[a-z]", "\\", "^$", "日(本"])
def test_words_are_no_patterns(word: str) -> None:
    Highlighter([word], runs=[word], phrases=[word]).find("some (text) * with [a-z] \\ 日(本")


# Places, to the character


def spans(*starts: int) -> list[tuple[int, int]]:
    return [(start, start + 4) for start in starts]


@pytest.mark.parametrize(
    ("starts", "place"),
    [
        ((300,), 300),
        ((0, 300, 310), 300),
        ((0, 130, 300, 310, 320), 300),
        ((0, 10, 300, 310), 0),
        ((0, 300, 310, 600, 610, 620), 600),
        # A window is 140 characters from the first word's beginning to the last one's end.
        ((0, 100, 500, 560, 636), 500),
        ((0, 100, 500, 560, 637), 0),
    ],
)
def test_the_densest_window(starts: tuple[int, ...], place: int) -> None:
    assert place_of("x" * 1000, spans(*starts)) == place


def test_words_of_headings_do_not_lead_to_a_place() -> None:
    passage = "# sour bread, sour bread\n\nsour once"
    highlighter = Highlighter(["sour", "bread"])
    assert place_of(passage, highlighter.find(passage)[0]) == passage.index("sour once")


def test_sentences_of_three_characters_and_very_long_ones() -> None:
    assert sentences("Hi. There.") == [(4, 10)]
    assert sentences("Hiy. There.") == [(0, 4), (5, 11)]
    assert sentences("   " + "y" * 500) == [(3, 403)]


def test_a_window_of_a_long_passage() -> None:
    words = " ".join(f"w{n:03}" for n in range(200))
    text, highlights, best_sentence = snippet(words, Highlighter(["w150"]))
    # Words are five characters with their space. Seven lie within the forty before the found one, and an
    # eighth that may be cut.
    assert text.startswith("… w143 w144")
    assert len(text) == SNIPPET + 2
    assert highlights == ((37, 41),)
    assert text[37:41] == "w150"
    assert best_sentence is None


def test_up_to_eighty_characters_stand_before_the_found_word() -> None:
    near, far = "y " * 40 + "dough", "y " * 40 + "y dough"
    assert snippet(near, Highlighter(["dough"]))[0] == near
    assert snippet(near, Highlighter(["dough"]))[1] == ((80, 85),)
    text, highlights, _ = snippet(far, Highlighter(["dough"]))
    assert text == "… " + "y " * 19 + "dough"
    assert highlights == ((40, 45),)


def test_a_word_without_spaces_before_the_found_one_is_cut() -> None:
    assert snippet("y" * 200 + " dough", Highlighter(["dough"]))[0] == "… dough"
    text, highlights, _ = snippet("。" + "知" * 200 + "面包", Highlighter([], runs=["面包"]))
    assert text == "… " + "知" * 40 + "面包"
    assert highlights == ((42, 44),)


def test_a_sentence_that_begins_near_is_begun_with() -> None:
    passage = "y " * 100 + "End. " + "z " * 30 + "dough"
    text, highlights, _ = snippet(passage, Highlighter(["dough"]))
    assert text == "z " * 30 + "dough"
    assert highlights == ((60, 65),)


def test_a_snippet_is_two_hundred_characters_and_cuts_its_last_highlight() -> None:
    passage = "y" * 195 + " dough rises"
    text, highlights, _ = snippet("dough " + passage, Highlighter(["dough"]))
    assert (len(text), highlights) == (200, ((0, 5),))
    inside = "dough " + "y " * 95 + "doughs"
    assert snippet(inside, Highlighter(["dough"]))[1] == ((0, 5), (196, 200))


def test_the_rows_of_tables() -> None:
    assert snippet("| a | b |\n|---|:-:|\n|  1 || 2  |\n", None)[0] == "a | b 1 | 2"
    assert snippet("|x=|\n", None)[0] == "x="
    assert snippet("  | one |  \nx|y|z\n", None)[0] == "one x|y|z"


def test_around_a_sentence() -> None:
    passage = "Before it. The dough rests. " + "After it comes more. " * 30
    text, highlights, best_sentence = snippet(passage, Highlighter(["dough"]), around=(11, 27))
    assert text.startswith("Before it. The dough rests. After it")
    assert (highlights, best_sentence) == (((15, 20),), (11, 27))
    assert len(text) == len("Before it.") + 1 + 16 + 1 + (SNIPPET - 16 - 10)
    long = "y " * 41 + "The dough rests."
    text, _, best_sentence = snippet(long, None, around=(82, 98))
    assert (text, best_sentence) == ("… The dough rests.", (2, 18))
    short = "y " * 40 + "The dough rests."
    assert snippet(short, None, around=(80, 96))[2] == (80, 96)
    assert snippet("The dough.", None, around=(0, 10)) == ("The dough.", (), (0, 10))
    assert snippet("x   y", None, around=(1, 4))[2] is None


def test_words_found_only_in_the_heading_show_the_heading() -> None:
    text, highlights, _ = snippet("# Sour dough\n\nNothing else.", Highlighter(["dough"]))
    assert text == "Sour dough Nothing else."
    assert highlights == ((5, 10),)
    assert snippet("# Sour dough\n\nNothing else.", Highlighter(["zanzibar"]))[0] == "Nothing else."


def test_letters_that_become_two_keep_their_places() -> None:
    highlighter = Highlighter(["strasse", "aether"], runs=["知"], phrases=["grosse strasse"])
    text = "Große Straße, Æther 知"
    assert highlighter.matches(text) == [(0, 12, 3), (6, 12, 0), (14, 19, 1), (20, 21, 2)]
    assert highlighter.find(text) == ([(0, 12), (14, 19), (20, 21)], {0, 1, 2, 3})
    assert highlighter.count == 4


def test_spans_that_overlap_are_one_and_neighbours_are_not() -> None:
    found = Highlighter([], runs=["ab", "bc", "知"], phrases=[]).find("abc 知知")
    assert found[0] == [(0, 3), (4, 5), (5, 6)]


def test_short_words_are_found_whole() -> None:
    assert marked("a an and ant", Highlighter(["an"])) == ["an"]
    assert marked("the cats, cat's, catalogue", Highlighter(["cat"])) == ["cats", "cat"]
    assert marked("bread breads breading brea", Highlighter(["bread"])) == ["bread", "breads", "breading"]
    assert marked("ferm fermata", Highlighter(["rye", "ferm"], prefix=True)) == ["ferm", "fermata"]
    assert marked("ryebread rye", Highlighter(["rye", "ferm"], prefix=True)) == ["rye"]
