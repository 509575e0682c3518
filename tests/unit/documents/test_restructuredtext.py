from __future__ import annotations

from pathlib import Path

from notesearch.documents.formats.registry import extract
from notesearch.documents.formats.restructuredtext import outline_restructuredtext
from notesearch.domain import Document

NOTE = """=========
The title
=========

:Date: 2024-05-01
:tags: one, two
:Abstract: goes on
   over two lines

Section
-------

Text with a `link <https://example.org>`_::

    Not a title
    -----------

.. code-block:: python

   x = 1

   y = 2

*Deep* part
~~~~~~~~~~~

Another
-------
"""


def read(text: str) -> Document:
    return extract(Path("stem.rst"), text.encode())


def test_titles_have_levels_by_style() -> None:
    outline = outline_restructuredtext(NOTE)
    assert [(heading.level, heading.title) for heading in outline.headings] == [
        (1, "The title"),
        (2, "Section"),
        (3, "Deep part"),
        (2, "Another"),
    ]
    assert [NOTE[start:end].split("\n")[0][:12] for start, end in outline.blocks] == [
        "Text with a ",
        ".. code-bloc",
    ]


def test_fields_are_apart_and_lines_are_kept() -> None:
    document = read(NOTE)
    assert (document.title, document.created, document.tags) == ("The title", "2024-05-01", ("one", "two"))
    assert "two lines" not in document.text
    assert document.text.split("\n")[10] == "-------" == NOTE.split("\n")[10]


def test_fields_and_comments_before_the_title() -> None:
    document = read(".. title: From a comment\n.. date: 2024-05-01\n\nHeading\n=======\n")
    assert (document.title, document.created, document.first_line) == ("From a comment", "2024-05-01", 4)


def test_short_rules_are_no_titles() -> None:
    assert outline_restructuredtext("A long sentence\n--\n\ntext\n\n----\n\ntext\n").headings == ()
