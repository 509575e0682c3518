from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.documents.formats.registry import extract
from notesearch.domain import Document

PAGE = """<!DOCTYPE html>
<html><head>
<title>Kites &amp;
 tails</title>
<meta name="author" content="Jane Doe">
<meta name="keywords" content="seo, junk"><meta name="date"
 content="2024-05-01">
<style>
p { color: red }
</style>
<script>
var x = "<p>no</p>";
</script>
</head>
<body class="a
b">
<h1>Kites</h1>
<p>A <b>sil</b>ken tail<br>of the kite</p><p>next &ouml;</p>
<!-- not
shown -->
<ul><li>one</li><li>two</li></ul>
<img src="data:image/png;base64,AAAABBBBCCCCDDDDEEEE" alt="an owl">
</body></html>
"""


def read(text: str, name: str = "a.html") -> Document:
    return extract(Path(name), text.encode())


def test_the_words_of_a_page_on_their_lines() -> None:
    document = read(PAGE)
    lines = PAGE.split("\n")
    assert [
        (line, lines[document.first_line - 1 + number])
        for number, line in enumerate(document.text.split("\n"))
        if line
    ] == [
        ("Kites", "<h1>Kites</h1>"),
        (
            "A silken tail of the kite next ö",
            "<p>A <b>sil</b>ken tail<br>of the kite</p><p>next &ouml;</p>",
        ),
        ("one two", "<ul><li>one</li><li>two</li></ul>"),
        ("an owl", '<img src="data:image/png;base64,AAAABBBBCCCCDDDDEEEE" alt="an owl">'),
    ]
    assert (document.title, document.format, document.created) == ("Kites & tails", "html", "2024-05-01")
    assert (document.tags, document.properties) == ((), ("author: Jane Doe",))


@pytest.mark.parametrize(
    ("page", "text", "title"),
    [
        ("<p>zinnia</p>", "zinnia", "a"),
        ("<h1>The <i>first</i></h1><h1>second</h1>", "The first second", "The first"),
        ("plain & simple < 3", "plain & simple < 3", "a"),
        ("<p>a<script>no", "a", "a"),
        ("a<svg><title>no</title><p>x</p></svg>b", "a b", "a"),
        ("a<style/>b", "a b", "a"),
        ("<![weird[x]]> after", "after", "a"),
        ("", "", "a"),
    ],
)
def test_odd_pages(page: str, text: str, title: str) -> None:
    document = read(page)
    assert (document.text.strip(), document.title) == (text, title)


def test_a_tag_without_an_end_is_text_and_the_rest_is_read() -> None:
    assert read('<p>one</p><a href="x>two</a><p>three</p> five < six <b').text.split()[-4:] == [
        "five",
        "<",
        "six",
        "<b",
    ]
    assert "three" in read('<p>one</p><a href="x>two</a><p>three</p>').text
    # Where very many have none, the rest is text.
    assert read("<p>one</p>" + "<a " * 30_000 + "two").text.endswith("<a two")


def test_declarations_that_are_unknown_are_left_out() -> None:
    assert read("<p>one<![a b]]>two</p><!x>three<![CDATA[four]]>").text.split() == ["onetwo", "three"]
    assert read("<svg><style>a</style>b</svg>c<svg/>d").text == "c d"


def test_a_sign_that_begins_no_tag_is_text() -> None:
    assert read("<p title='a<1'>1 <2 <= 3 <</p><img alt='x < y'>").text == "1 <2 <= 3 < x < y"
