from __future__ import annotations

from typing import Any

import pytest

from notesearch.documents.formats.frontmatter import split_front_matter
from notesearch.documents.formats.metadata import Metadata, read_date, read_metadata, read_tags


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: T\n---\nbody",
        "--- \ntitle: T\n...\nbody",
        "---yaml\ntitle: T\n---\nbody",
        "----\ntitle: T\n----\nbody",
        '+++\ntitle = "T"\n+++\nbody',
        '---toml\ntitle = "T"\n---\nbody',
        '---json\n{"title": "T"}\n---\nbody',
        ';;;\n{"title": "T"}\n;;;\nbody',
        ";;;\ntitle: T\n;;;\nbody",
        "~~~\ntitle: T\n~~~\nbody",
        '{\n  "title": "T"\n}\nbody',
    ],
)
def test_variants(text: str) -> None:
    pairs, start = split_front_matter(text)
    assert pairs["title"] == "T"
    assert text[start:] == "body"


@pytest.mark.parametrize(
    "text",
    [
        "---\nJust a sentence between rules.\n---\nbody",
        "---\ntitle: never closed\n\nbody",
        "~~~\ncode\n~~~\n",
        "~~~\nversion: 3\nservices: x\n~~~\n",
        "~~~yaml\nversion: 3\nservices: x\n~~~\n",
        "{curly} text\n}\n",
        "----------\n",
        "--- a rule of mine ---\n",
        "---\n" + "a: b\n" * 30_000 + "---\n",
    ],
)
def test_what_is_not_front_matter_is_text(text: str) -> None:
    assert split_front_matter(text) == ({}, 0)


def test_broken_yaml_is_read_line_by_line() -> None:
    text = "---\ntitle: Foo: bar\nprivate: true\ntags:\n- one\n- two\nbad: [\n---\nbody"
    pairs, start = split_front_matter(text)
    assert read_metadata(pairs) == Metadata(
        title="Foo: bar",
        tags=("one", "two"),
        private=True,
        properties=("tags: one", "tags: two", "bad: ["),
    )
    assert text[start:] == "body"


def test_deep_nesting_fails_nothing() -> None:
    text = "---\na: " + "[" * 20_000 + "\n---\nbody"
    assert split_front_matter(text)[1] in (0, len(text) - 4)


def test_a_scalar_stays_as_it_was_written() -> None:
    pairs, _ = split_front_matter("---\ntitle: 1.10\ntags: [no, 2024]\n---\n")
    assert read_metadata(pairs) == Metadata(
        title="1.10", tags=("no", "2024"), properties=("tags: no", "tags: 2024")
    )


def test_hash_tags_in_yaml_are_no_comment() -> None:
    pairs, _ = split_front_matter("---\ntags: #one #two\n---\n")
    assert read_metadata(pairs).tags == ("one", "two")


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        ("a, B c, #d", ["a", "b c", "d"]),
        ("#a b/c", ["a", "b/c"]),
        (["#A", "b c", None, 3], ["a", "b c", "3"]),
        ("[[Deep Work]], x", ["deep work", "x"]),
        ([["Deep Work"], "x"], ["deep work", "x"]),
        (["C#", "f#", ".NET", "c++"], ["c#", "f#", ".net", "c++"]),
        ({"a": 1}, []),
        (None, []),
    ],
)
def test_tags(value: Any, tags: list[str]) -> None:
    assert read_tags(value) == tags


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-05-01", "2024-05-01"),
        ("2024-05-01T10:00:00+02:00", "2024-05-01"),
        ("2024/5/1 10:00", "2024-05-01"),
        ("[[2024-05-01]]", "2024-05-01"),
        ("<2024-05-01 Wed>", "2024-05-01"),
        ("20240501", "2024-05-01"),
        (2021, "2021-01-01"),
        ("2021-06", "2021-06-01"),
        ("2021-13", ""),
        ("3021", ""),
        ("01.05.2024", "2024-05-01"),
        ("13/05/2024", "2024-05-13"),
        ("05/13/2024", "2024-05-13"),
        ("05/04/2024", ""),
        ("May 1, 2024", "2024-05-01"),
        ("1st May 2024", "2024-05-01"),
        ("Wed, 01 May 2024 10:00", "2024-05-01"),
        ("1714521600", "2024-05-01"),
        ("1714521600000", "2024-05-01"),
        ("2024-13-45", ""),
        ("soon", ""),
        (["2024"], ""),
    ],
)
def test_dates(value: Any, date: str) -> None:
    assert read_date(value) == date


@pytest.mark.parametrize(
    "key", ["created", "Date", "date created", "createdAt", "creation_date", "Created-On"]
)
def test_many_spellings_of_created(key: str) -> None:
    assert read_metadata({key: "2024-05-01"}).created == "2024-05-01"


@pytest.mark.parametrize(
    "key", ["updated", "modified", "last_modified", "lastmod", "Date Modified", "updated-at"]
)
def test_many_spellings_of_updated(key: str) -> None:
    assert read_metadata({key: "2024-05-01"}).updated == "2024-05-01"


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nDear diary: today I met Annegret at the quay.\n\n---\n\nThen it rained.\n",
        "---\nTo do: call the glazier\nBring: putty and pane\n---\n\nSaturday.\n",
        "---\n\nJust a rule above, not front matter: alpha\n\n---\n\nMore words\n",
        "---\nÀ faire: appeler le vitrier\n---\n\nSamedi.\n",
    ],
)
def test_text_between_two_rules_is_no_front_matter(text: str) -> None:
    assert split_front_matter(text) == ({}, 0)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("---\nsource: a mill\n---\n", {"source": "a mill"}),
        (
            "---\nDate Created: 2024-05-01\nfound by: me\n---\n",
            {"Date Created": "2024-05-01", "found by": "me"},
        ),
    ],
)
def test_one_known_key_or_keys_without_blanks_make_it_front_matter(text: str, pairs: dict[str, str]) -> None:
    assert split_front_matter(text) == (pairs, len(text))


def test_tags_are_composed() -> None:
    assert read_tags(["re\u0301union"]) == ["réunion"]


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("title: !important", "title", "!important"),
        ("title: !important thing # or not", "title", "!important thing # or not"),
        ("title: @citekey2020", "title", "@citekey2020"),
        ("title: 100% sure\nrate: %5", "rate", "%5"),
        ("title: *Loud* words", "title", "*Loud* words"),
        ("title: `code` first", "title", "`code` first"),
        ("title: {{title}}", "title", "{{title}}"),
        ("title: <% tp.file.title %>", "title", "<% tp.file.title %>"),
        ("title: Part one: the start", "title", "Part one: the start"),
        ("title: Part one: the start # mine", "title", "Part one: the start"),
        ("title: It's: done", "title", "It's: done"),
        ("tags:\n  - #one\n  - '#two'\n  - @three", "tags", ["#one", "#two", "@three"]),
        ("tags:\n- one\n- two: three", "tags", ["one", {"two": "three"}]),
        (" title: Indented\n tags: [a]", "title", "Indented"),
        ("title: X\n tags: [a, #b]", "tags", ["a", "#b"]),
        ("title:Close\ntags:[a, b]", "tags", ["a", "b"]),
        ("title:\u00a0Wide\ntags: a", "title", "Wide"),
        ("title:\tTabbed\ntags:\n\t- a", "tags", ["a"]),
        ("text: |\n  one: !two\n  - #three", "text", "one: !two\n- #three\n"),
        ("author:\n  name: Jane: Doe", "author", {"name": "Jane: Doe"}),
        ('{"title": "T", "tags": ["a",],}', "tags", ["a"]),
    ],
)
def test_values_are_as_typed(block: str, key: str, value: Any) -> None:
    pairs, start = split_front_matter(f"---\n{block}\n---\nbody")
    assert pairs[key] == value
    assert start == len(block) + 9


@pytest.mark.parametrize("text", ["title: Old\nsource: x\ntitle: New", "title: Old\nbad: [\ntitle: New"])
def test_the_last_of_two_keys_counts_and_the_other_is_found(text: str) -> None:
    metadata = read_metadata(split_front_matter(f"---\n{text}\n---\n")[0])
    assert metadata.title == "New"
    assert "title: Old" in metadata.properties


def test_lines_that_are_no_pairs_are_not_lost() -> None:
    pairs, _ = split_front_matter("---\ntitle: T\nbad: [\nby the glazier\ntags: a\n---\nbody")
    assert "text: by the glazier" in read_metadata(pairs).properties


def test_broken_toml_is_read_line_by_line() -> None:
    pairs, start = split_front_matter("+++\ntitle = 'T\ntags = ['a', \"b\"]\n+++\nbody")
    assert (pairs, start) == ({"title": "T", "tags": ["a", "b"]}, 37)


@pytest.mark.parametrize(
    ("text", "start"),
    [('{"title": "T"}\nbody', 15), ('{"title": "T"}', 14), ('{"a": 1}\n', 0), ('{"title": "T"} words\n', 0)],
)
def test_a_json_object_at_the_top(text: str, start: int) -> None:
    assert split_front_matter(text)[1] == start


def test_tags_in_a_table_of_toml() -> None:
    pairs, _ = split_front_matter('+++\ndate = 2024-05-01\n[taxonomies]\ntags = ["a", "B c"]\n+++\n')
    metadata = read_metadata(pairs)
    assert (metadata.tags, metadata.created) == (("a", "b c"), "2024-05-01")


def test_a_blank_line_and_unknown_keys_are_text_between_rules() -> None:
    assert split_front_matter("---\n\nRemember: the glazier comes\n\n---\n\nbody\n") == ({}, 0)


def test_properties_are_every_value_with_its_key() -> None:
    pairs, _ = split_front_matter(
        "---\ntitle: T\nalias: A\nauthor: [Jane Doe, John]\nfrom:\n  place: Kiel\n  year: 1931\ndone: true\n"
        "draft: null\nkind: >\n  of a\n  book\nup: [[Home]]\nauthor name: X\n---\n"
    )
    assert read_metadata(pairs).properties == (
        "author: Jane Doe",
        "author: John",
        "from.place: Kiel",
        "from.year: 1931",
        "kind: of a book",
        "up: Home",
        "author name: X",
    )


def test_a_few_lines_of_yaml_cannot_make_endless_properties() -> None:
    block = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}x]\n" for n in range(1, 12))
    empty = "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}[]]\n" for n in range(1, 12))
    assert len(read_metadata(split_front_matter(f"---\n{block}---\n")[0]).properties) < 20
    assert read_metadata(split_front_matter(f"---\n{empty}---\n")[0]).properties == ()
