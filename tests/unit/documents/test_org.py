from __future__ import annotations

from pathlib import Path

from notesearch.documents.formats.org import outline_org
from notesearch.documents.formats.registry import extract
from notesearch.domain import Document


def read(text: str) -> Document:
    return extract(Path("stem.org"), text.encode())


NOTE = """:PROPERTIES:
:ID: 1234
:ROAM_ALIASES: "Second name" third
:END:
#+TITLE: The title
#+FILETAGS: :garden:plants:
#+DATE: <2024-05-01 Wed>
#+TODO: PROPOSED(p) | DONE

* PROPOSED [#A] First headline [1/2] :outside:
:PROPERTIES:
:CUSTOM_ID: first
:END:
Text.
#+begin_src python
* not a headline
#+end_src
** TODO See [[https://example.org][the page]]
"""


def test_keywords_and_drawers_are_apart_and_lines_are_kept() -> None:
    document = read(NOTE)
    assert (document.title, document.created) == ("The title", "2024-05-01")
    assert document.tags == ("garden", "plants", "outside")
    assert document.aliases == ("Second name", "third")
    assert "CUSTOM_ID" not in document.text
    assert "FILETAGS" not in document.text
    lines = NOTE.split("\n")
    for number, line in enumerate(document.text.split("\n")):
        assert line in ("", lines[document.first_line - 1 + number])


def test_headlines() -> None:
    outline = outline_org("* TODO [#A] One :tag:\n** COMMENT Two [50%]\n*bold* text\n* [[link][Shown]]\n")
    assert [(heading.level, heading.title) for heading in outline.headings] == [
        (1, "One"),
        (2, "Two"),
        (1, "Shown"),
    ]


def test_blocks_are_kept_and_hide_headlines() -> None:
    text = "* A\n#+BEGIN_SRC c\n* no\n#+END_SRC\n#+begin_quote\nnever closed\n* B\n"
    outline = outline_org(text)
    assert [heading.title for heading in outline.headings] == ["A", "B"]
    assert [text[start:end] for start, end in outline.blocks] == ["#+BEGIN_SRC c\n* no\n#+END_SRC"]


def test_title_from_the_first_headline_or_the_name() -> None:
    assert read("* Only headline\n").title == "Only headline"
    assert read("text\n").title == "stem"


def test_an_unclosed_drawer_is_text() -> None:
    assert "words" in read(":PROPERTIES:\nwords\n* A\n:LOGBOOK:\nmore\n").text


def test_properties_of_drawers_and_keywords() -> None:
    document = extract(
        Path("a.org"),
        b":PROPERTIES:\n:ID: 1\n:AUTHOR: Jane Doe\n:CATEGORY: work\n:END:\n#+TITLE: T\n#+AUTHOR: Second\n"
        b"#+PROPERTY: place Kiel\n#+STARTUP: overview\n#+HTML_HEAD: <x>\n\n"
        b"* Head\n:PROPERTIES:\n:ROAM_REFS: https://example.org\n:var+: x\n:END:\n"
        b":LOGBOOK:\n- Note taken on [2024-05-01 Wed 10:00] \\\\\n  the glazier came\n"
        b'- State "DONE"  from "TODO"  [2024-05-01 Wed]\nCLOCK: [2024-05-01 Wed 10:00]\n:END:\ntext\n',
    )
    assert document.tags == ()
    assert document.properties == (
        "id: 1",
        "author: Jane Doe",
        "author: Second",
        "place: Kiel",
        "roam_refs: https://example.org",
        "var: x",
        "logbook: the glazier came",
        "category: work",
    )
    assert "glazier" not in document.text


def test_other_names_of_headlines_are_names_of_the_note() -> None:
    note = read(
        '* Hut\n:PROPERTIES:\n:ROAM_ALIASES: shed/key "shed key test"\n:ID: abc\n:END:\n\nbody\n\n'
        "* Boat\n:PROPERTIES:\n:ROAM_ALIASES: Dory\n:END:\n"
    )
    assert note.aliases == ("shed/key", "shed key test", "Dory")
    assert note.properties == ("id: abc",)
