from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from notesearch.documents.formats.markdown import outline_markdown, plain
from notesearch.documents.formats.registry import extract
from notesearch.domain import Document


def read(text: str, name: str = "stem.md") -> Document:
    return extract(Path(name), text.encode())


def headings(text: str) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in outline_markdown(text).headings]


def test_atx_and_setext_headings() -> None:
    text = "# One #\n\ntext\n\n### Three\nSet\n===\n\nTwo\nlines\n---\n\n####### seven\n#tag\n- item\n---\n"
    assert headings(text) == [(1, "One"), (3, "Three"), (1, "Set"), (2, "Two lines")]


def test_headings_in_list_items_as_outliners_write_them() -> None:
    document = read("- ## Usage\n\t- text\n\t- ### Deep\n", "Page.md")
    assert headings(document.text) == [(2, "Usage"), (3, "Deep")]
    assert document.title == "Page"


def test_headings_in_fences_are_not_headings() -> None:
    text = (
        "# Real\n\n```sh\n# comment\n```\n\n~~~\n## no\n```\n~~~\n\n- item\n  ```\n  # no\n  ```\n\n## "
        "Also real\n"
    )
    assert headings(text) == [(1, "Real"), (2, "Also real")]
    assert [text[start:end].strip()[:3] for start, end in outline_markdown(text).blocks] == [
        "```",
        "~~~",
        "```",
    ]


def test_an_unclosed_fence_lasts_to_the_end_but_not_one_in_a_list() -> None:
    assert headings("# A\n```\n# B\n") == [(1, "A")]
    assert headings("# A\n- ```\n\n# B\n") == [(1, "A"), (1, "B")]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("A **bold** `code` _word_", "A bold code word"),
        ("[[Target|Shown]] and [[Plain]]", "Shown and Plain".replace("Shown", "Shown")),
        ("[text](https://example.org/a_b) ^block-1", "text"),
        ("snake_case stays", "snake_case stays"),
        ("Heading {#anchor}", "Heading"),
    ],
)
def test_plain_headings(written: str, shown: str) -> None:
    assert plain(written) == shown


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: From matter\n---\n# Heading\n", "From matter"),
        ("# Heading\ntext\n", "Heading"),
        ("\n\n## At the top\n", "At the top"),
        ("text\n\n## Two\n\n# One\n", "One"),
        ("text\n\n## Two\n", "2024-05-01 a note"),
        ("", "2024-05-01 a note"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert read(text, "2024-05-01 a note.md").title == title


def test_front_matter_is_apart_and_lines_are_kept() -> None:
    document = read(
        "---\ntitle: T\ntags: [a, B/c]\naliases: [Other name]\ncreated: 2024-05-01T10:00\nprivate: "
        "true\n---\n\nFirst\n"
    )
    assert document.text == "First\n"
    assert document.first_line == 9
    assert (document.tags, document.aliases, document.created, document.private) == (
        ("a", "b/c"),
        ("Other name",),
        "2024-05-01",
        True,
    )


def test_inline_tags() -> None:
    text = (
        "# Heading #kept\n#First and (#nested/tag), #123 #c0ffee #x_1\n`#code` https://x.org/#part "
        "[a](#link) a#b C# #[[two words]]\n"
        "```\n#include\n```\n"
    )
    assert read(text).tags == ("kept", "first", "nested/tag", "x_1", "two words")


@pytest.mark.parametrize(
    "tag",
    [
        "हिन्दी",
        "தமிழ்/சமையல்",
        "ภาษาไทย",
        "größe",
        unicodedata.normalize("NFD", "größe"),
        "🎉",
        "📚/books",
        "project🚀",
        "👩‍👩‍👧",
        "👍🏽",
        "❤️",
    ],
)
def test_tags_of_every_script(tag: str) -> None:
    kept = (unicodedata.normalize("NFC", tag),)
    assert read(f"A line. #{tag}, and more.\n").tags == kept
    assert read(f"---\ntags: [{tag}]\n---\nA line.\n").tags == kept


def test_logseq_page_properties() -> None:
    document = read(
        "title:: Named\nalias:: One, Two\ntags:: [[Deep Work]], idea\ntype:: x\ndescription:: Words to "
        "find\n\n- text\n  id:: 1\n"
    )
    assert (document.title, document.aliases, document.tags) == (
        "Named",
        ("One", "Two"),
        ("deep work", "idea"),
    )
    assert document.text == "description:: Words to find\n\n- text\n  id:: 1\n"
    assert document.first_line == 5


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("pages/Snap___to grid%3F.md", "description:: x\n\n# Usage\n\t- text\n", "Snap/to grid?"),
        (
            "pages/Changelog.md",
            "## Beta\nid:: 692d8283-7f1d-44cf-81b0-bb25c46aa0b1\nplain text\n",
            "Changelog",
        ),
        ("pages/Named.md", "title:: Its own\n\n- # Heading\n", "Its own"),
        ("pages/about___us.md", "# About us\n\nA page of a web site.\n\n- with a list\n", "About us"),
        ("Usage.md", "# Heading\n- item\n", "Heading"),
    ],
)
def test_a_page_of_logseq_is_called_by_its_file(name: str, text: str, title: str) -> None:
    assert read(text, name).title == title


def test_wikilinks_and_block_ids_stay_in_the_text() -> None:
    text = "See [[a|b]].\n\nA line. ^abc123\n"
    assert read(text).text == text


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("text\n\n    #code\n", ()),
        ("# Heading\n    #code\n", ()),
        ("\t#code\n\n    #more\n", ()),
        ("text\n    #tag goes on\n", ("tag",)),
        ("- item\n\n    #tag\n", ("tag",)),
        ("- item\n\n        #code\n", ()),
        ("- item\n\t- #tag\n\t\t- #deep\n", ("tag", "deep")),
        ("- item\n\ntext\n\n    #code\n", ()),
        ("1. one\n\n   more #tag\n\n       #code\n", ("tag",)),
        ("```\n#no\n```\n    #code\n\ntext #tag\n", ("tag",)),
        ("> #quoted\n\n    #code\n    x = 1 #code\n#tag\n", ("quoted", "tag")),
    ],
)
def test_what_stands_in_indented_code_is_no_tag(text: str, tags: tuple[str, ...]) -> None:
    assert read(text).tags == tags


def test_properties_of_a_page_are_words_but_no_text() -> None:
    document = read("author:: Jane Doe\nid:: 1\ntags:: a\nauthor:: John\n\n- text\n", "Page.md")
    assert document.text == "- text\n"
    assert document.properties == ("author: Jane Doe", "tags: a", "author: John")


MDX = """import { Chart } from "../chartimport"
import x from 'y'
export const meta = {
  title: "exported",
}

# Title

Some <Chart data="fuchsiaattr" {...rest} size={12}>inside</Chart> text <b>bold</b>.

export taxes are high, import duties too

```js
import kept from "code"
```
"""


def test_of_mdx_the_text_alone_is_read_and_lines_keep_their_numbers() -> None:
    text = read(MDX, "page.mdx").text
    for gone in ("chartimport", "import x", "exported", "fuchsiaattr"):
        assert gone not in text
    assert "Some inside text <b>bold</b>." in text.replace("  ", " ")
    assert "export taxes are high" in text
    assert 'import kept from "code"' in text
    document = read(MDX, "page.mdx")
    assert document.first_line + text[: text.index("Some")].count("\n") == 9
    assert read(MDX, "page.md").text == MDX
