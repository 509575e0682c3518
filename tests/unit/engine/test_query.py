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
from notesearch.storage.values import (
    AllOf,
    AnyOf,
    Condition,
    HasFacet,
    Holds,
    HoldsPhrase,
    IsCalled,
    IsDated,
    LiesAt,
    Not,
)
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
        ("make -j4 all", ()),
        ("gcc -O2 main.c", ()),
        ("gcc -std=c++17 -Wall -shared", ()),
        ("java -Xmx512m -jar", ()),
        ("ssh -p2222 host", ()),
        ("ffmpeg -i in.mp4 -c:v libx264 -preset fast", ()),
        ("find . -name foo -delete", ()),
        ("openssl x509 -noout -text", ()),
        ("find notes -draft", ("draft",)),
        ("name -find", ("find",)),
        ("java island -coffee", ("coffee",)),
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


def said(condition: Condition) -> str:
    """A condition in one line."""
    match condition:
        case Not(one):
            return f"not {said(one)}"
        case AllOf(conditions):
            return f"({' and '.join(map(said, conditions))})"
        case AnyOf(conditions):
            return f"({' or '.join(map(said, conditions))})"
        case Holds(word, begun):
            return f"{word}{'..' * begun}"
        case HoldsPhrase(phrase):
            return f'"{phrase}"'
        case IsCalled(title):
            return f"title:{title}"
        case LiesAt(path):
            return f"path:{path}"
        case HasFacet(facet):
            return facet
        case IsDated(after, before):
            return f"{after or ''}..{before or ''}"


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("tram OR bus", ["(tram or bus)"]),
        ("tram | bus", ["(tram or bus)"]),
        ("lisbon tram OR bus OR boat tickets", ["(tram or bus or boat)"]),
        ("(night train OR bus) lisbon", ["((night and train) or bus)"]),
        ("(night AND train OR bus) lisbon", ["((night and train) or bus)"]),
        ('("night train" OR bus) lisbon', ['("night train" or bus)']),
        ("(a1 OR b1) (c1 OR d1)", ["(a1 or b1)", "(c1 or d1)"]),
        ("(a1 b1) OR c1", ["((a1 and b1) or c1)"]),
        ("c1 OR (a1 b1)", ["(c1 or (a1 and b1))"]),
        ("((tag:x OR tag:y) soup) OR tea", ["(((tag:x or tag:y) and soup) or tea)"]),
        ("tag:x OR tag:y tea", ["(tag:x or tag:y)"]),
        ("title:apple OR title:bread", ["(title:apple or title:bread)"]),
        ("path:a.md OR path:b.md", ["(path:a.md or path:b.md)"]),
        ("date:2023 OR before:2021", ["(2023-01-01..2024-01-01 or ..2021-01-01)"]),
        ("(after:2024 OR tag:x) tea", ["(2024-01-01.. or tag:x)"]),
        ("tea -date:2023", ["not 2023-01-01..2024-01-01"]),
        ("tea -(rye OR oat)", ["not (rye or oat)"]),
        ("tea -(rye bread)", ["not (rye and bread)"]),
        ("tea -(rye)", ["not rye"]),
        ("(tea -rye OR milk)", ['((tea and not "rye") or milk)']),
        ("tag:(x OR y)", ["(tag:x or tag:y)"]),
        ("(tea OR bud*) x", ["(tea or bud..)"]),
        ("tram OR", []),
        ("OR tram", []),
        ("(tram) lisbon", []),
        ("f(x) (see below) :-(", []),
        ("tram or bus", []),
        ("(tram OR", []),
        ("(tram OR bus", ["((tram or bus)"]),
        ("tram AND bus", []),
        ("-after:noon", []),
    ],
)
def test_groups(text: str, conditions: list[str]) -> None:
    assert [said(one) for one in read(text).conditions] == conditions


def test_the_last_word_beside_or_is_still_being_typed() -> None:
    assert [said(one) for one in read("tea OR mil", prefix=True).conditions] == ["(tea or mil..)"]
    assert [said(one) for one in read("tea OR title:mil", prefix=True).conditions] == ["(tea or title:mil*)"]
    assert [said(one) for one in read("tea OR milk ", prefix=True).conditions] == ["(tea or milk)"]


def test_brackets_without_or_are_read_as_if_they_were_not_there() -> None:
    for text in ("(tag:x) tea", "(tag:x tea)", "((tag:x) tea)"):
        assert (read(text).facets, read(text).words) == (("tag:x",), ("tea",)), text
    parsed = read("bells (-temple tag:x)")
    assert (parsed.without, parsed.facets, parsed.words) == (("temple",), ("tag:x",), ("bells",))
    assert read('(see "night train", tag:x)').phrases == ("night train",)


@pytest.mark.parametrize(
    ("text", "optional"),
    [
        ("tag:x OR tea", True),
        ("tea OR -tag:x", True),
        ("tea OR milk", False),
        ("(tag:x OR tea) milk", False),
        ('(tag:x OR tea) "a b"', False),
        ("(tag:x tea) OR milk", False),
        ("tea -date:2023", False),
        ("-date:2023", True),
        ("tea", False),
    ],
)
def test_notes_without_a_word_are_found_where_or_says_so(text: str, optional: bool) -> None:
    assert read(text).optional is optional


def test_what_one_alternative_asks_is_not_asked_of_every_note() -> None:
    parsed = read('("night train" OR bus) tag:x OR tag:y title:a OR title:b')
    assert (parsed.phrases, parsed.facets, parsed.titles) == ((), (), ())
    assert parsed.words == ("night train", "bus", "a", "b")
    assert parsed.meaning == "night train bus a b"
    assert read("tram AND bus").words == ("tram", "bus")
    assert read("tea -(rye OR oat)").words == ("tea",)


def test_or_by_itself_is_a_word() -> None:
    assert read("OR").words == ("OR",)
    assert read("").words == ()


@pytest.mark.parametrize("text", ["tag:", "-tag:", "lang:", "before: ", "tag: lang:"])
def test_a_filter_that_is_not_typed_to_the_end_asks_for_nothing(text: str) -> None:
    assert read(text).empty
    assert read(f"tea {text}").words == ("tea",)


def test_groups_in_groups_end_somewhere() -> None:
    text = "(" * 50 + "a OR b" + ")" * 50
    assert read(text).words
    read("(" * 3000)
    read("(a OR " * 600 + ")" * 600)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("pre\u0301", True),
        ("the\u0301a\u0302", True),
        ("\u0baa\u0bc1\u0ba4\u0bcd", True),
        ("\u05dc\u05b0\u05db\u05bb", True),
        ("\u0627\u0644\u0645\u064e", True),
        ("bread!", False),
    ],
)
def test_a_word_may_go_on_after_a_mark(text: str, typed: bool) -> None:
    assert read(text, prefix=True).prefix is typed


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
