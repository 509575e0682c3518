"""The query language: every construct, and nothing that a person can type is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.domain import Document, Query
from notesearch.engine.folders.facets import WRITTEN_TAG, facet, facets_of, folder_names
from notesearch.engine.search.query import ParsedQuery, parse
from tests.conftest import shared


def read(text: str, **how: object) -> ParsedQuery:
    return parse(Query(text=text, **how))  # type: ignore[arg-type]


def test_words() -> None:
    parsed = read("sour Dough")
    assert (parsed.words, parsed.meaning, parsed.empty) == (("sour", "Dough"), "sour Dough", False)
    assert read("").empty
    assert read("  ...  ").empty


def test_phrases() -> None:
    parsed = read('bread "night train" Lisbon')
    assert (parsed.words, parsed.phrases, parsed.meaning) == (
        ("bread", "Lisbon"),
        ("night train",),
        "bread night train Lisbon",
    )
    assert parsed.filtered


def test_exclusions() -> None:
    parsed = read('train -bus -"slow train" -tag:old -title:Draft')
    assert (parsed.words, parsed.without, parsed.without_facets) == (
        ("train",),
        ("bus", "slow train"),
        ("tag:old",),
    )
    assert (parsed.without_titles, parsed.meaning) == (("Draft",), "train")


@pytest.mark.parametrize(
    ("text", "facets"),
    [
        ("tag:Work", ("tag:work",)),
        ("tag:#work/", ("tag:work",)),
        ('tag:"two words"', ("tag:two words",)),
        ("TAG:a tag:b", ("tag:a", "tag:b")),
        ("folder:Kitchen", ("folder:kitchen",)),
        ("folder:a/b/", ("folder:a/b",)),
        ('folder:"Kitchen › Baking"', ("folder:kitchen/baking",)),
        ("type:md", ("type:markdown",)),
        ("type:.TXT", ("type:text",)),
        ("type:org", ("type:org",)),
        ("tag:x tag:x", ("tag:x",)),
    ],
)
def test_filters(text: str, facets: tuple[str, ...]) -> None:
    parsed = read(text)
    assert parsed.facets == facets
    assert parsed.words == ()
    assert parsed.meaning == ""
    assert not parsed.empty


def test_titles() -> None:
    parsed = read('title:bread title:"night train"')
    assert parsed.titles == ("bread", "night train")
    assert parsed.filtered


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("git commit --amend", "amend"),
        ("e-mail", "mail"),
        ("10:30", "10"),
        ("http://example.org", "example"),
        ("author:me", "author"),
        ('tag: "', ""),
        ('"unbalanced phrase', "unbalanced"),
        ('5" nail', "nail"),
        ("tag:", ""),
        ("- dash", "dash"),
        ("C++", "C"),
        ('""', ""),
        ("-", ""),
        ("--", ""),
        ("title:", ""),
    ],
)
def test_what_cannot_be_parsed_is_searched_as_text(text: str, word: str) -> None:
    parsed = read(text)
    assert word in " ".join([*parsed.words, *parsed.phrases])
    assert parsed.without == ()


def test_runs_without_spaces() -> None:
    parsed = read("北京大学 notes")
    assert (parsed.runs, parsed.words) == (("北京大学",), ("notes",))


def test_the_folder_asked_for() -> None:
    read_in = read("x", folder=Path("/notes/Kitchen"))
    assert (read_in.folder, read_in.facets) == (Path("/notes/Kitchen"), ())


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("brea", True),
        ("bread ", False),
        ('"night tr', True),
        ("bread tag:wo", False),
        ("bread -sou", False),
        ('"night train"', False),
        ("bread.", False),
    ],
)
def test_the_last_word_is_still_being_typed(text: str, prefix: bool) -> None:
    assert read(text, prefix=True).prefix is prefix
    assert read(text).prefix is False


@given(st.text(st.characters(), max_size=60), st.booleans())
def test_never_raises(text: str, prefix: bool) -> None:
    parsed = read(text, prefix=prefix)
    for part in (*parsed.words, *parsed.runs, *parsed.phrases, parsed.meaning, *parsed.facets):
        part.encode()


@given(st.text(st.sampled_from('ab -":#/tagfolderntypeitl\t\n\u3000é知'), max_size=40))
def test_never_raises_on_what_looks_like_the_language(text: str) -> None:
    read(text, prefix=True)


def test_naughty_strings() -> None:
    strings = json.loads((shared("data/odd/naughty-strings") / "blns.json").read_text(encoding="utf-8"))
    assert len(strings) > 400
    for text in strings:
        read(text, prefix=True)


# What notes can be filtered by


def note(**about: object) -> Document:
    return Document(text="", title="x", format="markdown", **about)  # type: ignore[arg-type]


def test_facets_of_a_note() -> None:
    facets = facets_of(
        Path("/home/me/Notes"), Path("/home/me/Notes/Kitchen/Baking/a.md"), note(tags=("food/bread", "x"))
    )
    assert {
        "type:markdown",
        "tag:food",
        "tag:food/bread",
        "tag:x",
        "folder:notes",
        "folder:kitchen/baking",
        "folder:baking",
    } <= set(facets)
    assert not any(facet.startswith("in:") for facet in facets), "the library knows it from the path"
    assert len(facets) == len(set(facets))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("tag", "Food/Bread"), ("folder", "Kitchen"), ("type", "md"), ("folder", "Kitchen/Baking")],
)
def test_a_filter_asks_for_what_a_note_has(kind: str, value: str) -> None:
    assert facet(kind, value) in facets_of(
        Path("/n/Notes"), Path("/n/Notes/Kitchen/Baking/a.md"), note(tags=("food/bread",))
    )


def test_diacritics_do_not_matter_in_tags_and_folders_but_are_shown() -> None:
    facets = facets_of(
        Path("/n/Notes"), Path("/n/Notes/Küche/a.md"), note(tags=("büro/straße", "e\u0301te\u0301"))
    )
    for kind, value in (
        ("tag", "buro"),
        ("tag", "Büro/Straße"),
        ("tag", "ete"),
        ("folder", "kuche"),
        ("folder", "Ku\u0308che"),
    ):
        assert facet(kind, value) in facets
    assert [f for f in facets if f.startswith(WRITTEN_TAG)] == [
        f"{WRITTEN_TAG}:{tag}" for tag in ("büro", "büro/straße", "été")
    ]


def test_the_trail() -> None:
    assert folder_names(Path("/n/Notes"), Path("/n/Notes/A/B/c.md")) == ("Notes", "A", "B")


# Numbers and values, where a small mistake would pass unseen


def test_bytes_that_are_no_text_become_question_marks() -> None:
    assert read("caf\ud800 x").words == ("caf?", "x")


def test_a_filter_without_a_value_is_passed_over_and_the_rest_is_read() -> None:
    parsed = read('tag:"" bread')
    assert (parsed.facets, parsed.words) == ((), ("bread",))


def test_titles_are_meant_too_but_not_those_left_out() -> None:
    assert read('title:bread "night train" -title:old').meaning == "bread night train"


def test_what_is_left_of_a_word_beside_a_run_has_to_be_a_word() -> None:
    parsed = read("知! 知x")
    assert (parsed.words, parsed.runs) == (("x",), ("知", "知"))


def test_one_letter_is_still_being_typed() -> None:
    assert read("a b", prefix=True).prefix
    assert not read("a b ", prefix=True).prefix


def test_one_letter_after_a_dash_is_a_word() -> None:
    assert read("bread -a").without == ()
    assert read("bread -ab").without == ("ab",)
    assert read("bread --ab").without == ()
    assert read("x-ab").without == ()


@pytest.mark.parametrize(
    ("text", "only_filters", "empty", "filtered"),
    [
        ("", False, True, False),
        ("bread", False, False, False),
        ("知", False, False, False),
        ('"night train"', False, False, True),
        ("title:x", False, False, True),
        ("tag:x", True, False, False),
        ("-tag:x", True, False, False),
        ("-bread", True, False, True),
        ("-title:bread", False, True, True),
        ("tag:x bread", False, False, False),
    ],
)
def test_what_a_query_asks_for(text: str, only_filters: bool, empty: bool, filtered: bool) -> None:
    parsed = read(text)
    assert (parsed.only_filters, parsed.empty, parsed.filtered) == (only_filters, empty, filtered)


def test_a_folder_alone_is_a_filter() -> None:
    parsed = read("", folder=Path("/notes"))
    assert (parsed.only_filters, parsed.empty) == (True, False)
