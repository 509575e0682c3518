"""The query language: every construct, and nothing that a person can type is an error."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notesearch.domain import Document, Query
from notesearch.domain.file_names import folder_names
from notesearch.engine.folders.facets import WRITTEN_TAG, facet, facets_of
from notesearch.engine.search.query import LONGEST, MOST_LOOKED_UP, ROOM_FOR_MORE, ParsedQuery, parse
from tests.conftest import shared

TODAY = date(2024, 5, 9)


def read(text: str, **how: object) -> ParsedQuery:
    return parse(Query(text=text, **how), TODAY)  # type: ignore[arg-type]


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


def test_the_last_title_or_path_may_be_unfinished_while_it_is_typed() -> None:
    parsed = read("title:night title:bre", prefix=True)
    assert (parsed.titles, parsed.prefix) == (("night", "bre*"), False)
    assert read("path:gar", prefix=True).paths == ("gar*",)
    for text in ("title:bre ", 'title:"bre"', "title:bre x", "-title:bre"):
        assert "bre*" not in read(text, prefix=True).titles + read(text, prefix=True).without_titles


def test_numbers_with_blanks_are_one_word() -> None:
    assert read("call (215) 555 0134 now").words == ("call", "(215) 555 0134", "now")
    assert read("12 750 sacks").words == ("12 750", "sacks")
    assert read("12 75 sacks").words == ("12", "75", "sacks")


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


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("bread -a", ()),
        ("bread -rye", ("rye",)),
        ("bread --rye", ()),
        ("x-rye", ()),
        ("ls -la", ()),
        ("tar -xzf", ()),
        ("grep -rn", ()),
        ("rsync -avz notes", ()),
        ("jaguar -car", ("car",)),
        ("16 -3", ()),
        ("16-3", ()),
        ("bread - rye", ()),
        ("bread -", ()),
        ("bread -\u201cslow train\u201d", ("slow train",)),
    ],
)
def test_a_minus_excludes_a_word_and_no_option(text: str, without: tuple[str, ...]) -> None:
    assert read(text).without == without


@pytest.mark.parametrize(
    ("text", "only_filters", "empty"),
    [
        ("", False, True),
        ("bread", False, False),
        ("知", False, False),
        ('"night train"', False, False),
        ("title:x", False, False),
        ("tag:x", True, False),
        ("-tag:x", True, False),
        ("-bread", True, False),
        ("-title:bread", True, False),
        ("path:bread", True, False),
        ("after:2024", True, False),
        ("a OR b", False, False),
        ("tag:x OR tag:y", True, False),
        ("tag:x bread", False, False),
        ("\U0001f389", False, False),
    ],
)
def test_what_a_query_asks_for(text: str, only_filters: bool, empty: bool) -> None:
    parsed = read(text)
    assert (parsed.only_filters, parsed.empty) == (only_filters, empty)


def alternatives(text: str) -> list[list[tuple[str, ...]]]:
    """The words, phrases and facets of each alternative, group by group."""
    return [[one.words + one.phrases + one.facets for one in group] for group in read(text).groups]


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("tram OR bus", [[("tram",), ("bus",)]]),
        ("lisbon tram OR bus OR boat tickets", [[("tram",), ("bus",), ("boat",)]]),
        ("(night train OR bus) lisbon", [[("night", "train"), ("bus",)]]),
        ('("night train" OR bus) lisbon', [[("night train",), ("bus",)]]),
        ("(a1 OR b1) (c1 OR d1)", [[("a1",), ("b1",)], [("c1",), ("d1",)]]),
        ("tag:x OR tag:y tea", [[("tag:x",), ("tag:y",)]]),
        ("tram OR", []),
        ("OR tram", []),
        ("(tram) lisbon", []),
        ("tram or bus", []),
        ("(tram OR", []),
        ("tram AND bus", []),
    ],
)
def test_groups(text: str, groups: list[list[tuple[str, ...]]]) -> None:
    assert alternatives(text) == groups


def test_what_one_alternative_asks_is_not_asked_of_every_note() -> None:
    parsed = read('("night train" OR bus) tag:x OR tag:y')
    assert (parsed.phrases, parsed.facets) == ((), ())
    assert parsed.words == ("bus", "night train")
    assert read("tram AND bus").words == ("tram", "bus")


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("after:2024", date(2024, 1, 1), None),
        ("before:2024-05", None, date(2024, 5, 1)),
        ("date:2024-05", date(2024, 5, 1), date(2024, 6, 1)),
        ("date:2024", date(2024, 1, 1), date(2025, 1, 1)),
        ("after:09.05.2024", date(2024, 5, 9), None),
        ("after:20240509", date(2024, 5, 9), None),
        ("after:yesterday", date(2024, 5, 8), None),
        ("date:today", date(2024, 5, 9), date(2024, 5, 10)),
        ("after:last month tea", date(2024, 4, 1), None),
        ('date:"last week"', date(2024, 4, 29), date(2024, 5, 6)),
        ("date:this-year", date(2024, 1, 1), date(2025, 1, 1)),
        ("after:3 days ago", date(2024, 5, 6), None),
        ("after:2m", date(2024, 3, 9), None),
        ("after:2023 before:2024", date(2023, 1, 1), date(2024, 1, 1)),
        ("after:noon", None, None),
        ("after:2024-13-40", None, None),
    ],
)
def test_dates(text: str, after: date | None, before: date | None) -> None:
    parsed = read(text)
    assert (parsed.after, parsed.before) == (after, before)


def test_a_date_that_is_none_is_words() -> None:
    assert read("after:noon").words == ("noon",)
    assert read("after:last month tea").words == ("tea",)


def test_a_folder_of_several_words_needs_no_quotes() -> None:
    there = {"folder:my projects", "folder:my projects/boat 1"}
    parsed = parse(Query(text="keel folder:My Projects/Boat 1 tar"), TODAY, there.__contains__)
    assert (parsed.facets, parsed.words) == (("folder:my projects/boat 1",), ("keel", "tar"))
    parsed = parse(Query(text="keel folder:Other Projects"), TODAY, there.__contains__)
    assert (parsed.facets, parsed.words) == (("folder:other",), ("keel", "Projects"))


def test_beginnings_paths_and_order() -> None:
    parsed = read("bud* path:money/2024 -path:old sort:date lang:de")
    assert (parsed.words, parsed.beginnings) == (("bud",), ("bud",))
    assert (parsed.paths, parsed.without_paths) == (("money/2024",), ("old",))
    assert parsed.newest_first
    assert parsed.facets == ("lang:de",)


@settings(max_examples=1000)
@given(st.text(st.sampled_from('ab1 "()-:*ORtagfolder|\n'), max_size=60))
def test_whatever_is_typed_excludes_nothing_by_accident(text: str) -> None:
    """No error; and what is excluded has a minus after a blank, before a word."""
    parsed = read(text)
    for excluded in parsed.without:
        before = text.partition(excluded)[0]
        assert before.endswith(("-", '-"'))
    assert all(isinstance(word, str) and word for word in parsed.words)


def test_of_a_very_long_query_the_beginning_and_new_words_are_read() -> None:
    parsed = read("bread " * 2_000 + "oven")
    assert set(parsed.words) == {"bread", "oven"}
    assert len(parsed.meaning) <= LONGEST + ROOM_FOR_MORE
    twice = read('"a b" "a b" "c d" title:x title:x -"e f" -"e f"')
    assert (twice.phrases, twice.titles, twice.without) == (("a b", "c d"), ("x",), ("e f",))


def test_few_names_of_a_long_query_are_looked_up() -> None:
    asked: list[str] = []

    def exists(name: str) -> bool:
        asked.append(name)
        return False

    parse(Query(text="".join(f"tag:t{i} word " for i in range(100))), TODAY, exists)
    assert 0 < len(asked) <= MOST_LOOKED_UP
    assert len(set(asked)) == len(asked)


def test_new_words_at_the_end_of_a_long_pasted_text_are_read() -> None:
    pasted = "word " * 5000 + "pilot station brass -x OR brass"
    assert read(pasted).meaning.split()[-3:] == ["pilot", "station", "brass"]
    many = " ".join(f"word{number}" for number in range(20_000))
    assert LONGEST < len(read(many).meaning) <= LONGEST + ROOM_FOR_MORE
