"""Chunks for models that take so many characters and no more: title, headings and newline included."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notesearch.catalogue import VOYAGE
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.formats.registry import extract
from notesearch.domain import Document

PIECES = st.sampled_from(
    [
        "word",
        "# One",
        "```",
        "- item",
        "\n",
        "\n\n",
        "e\u0301" * 50,
        "x" * 150,
        "知识" * 30,
        "👩‍👩‍👧",
        "。",
        " " * 90,
        "é" * 400,
        "http://a.example/" + "b" * 300,
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map(" ".join)


def check(document: Document) -> None:
    chunks = split(document, VOYAGE)
    covered = 0
    for chunk in chunks:
        assert len(embedded_text(document.text, chunk)) <= VOYAGE.characters
        assert not document.text[covered : chunk.start].strip()
        covered = chunk.end
    assert not document.text[covered:].strip()


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(text=TEXTS, format_name=st.sampled_from(["markdown", "text", "org"]), title=TEXTS)
@example(text="```\n" + "x" * 2000 + "\n```", format_name="markdown", title="t " * 2000)
@example(text="👩‍👩‍👧" * 400, format_name="text", title="")
def test_no_text_is_longer_and_nothing_is_lost(text: str, format_name: str, title: str) -> None:
    check(Document(text=text, title=title, format=format_name))


@pytest.mark.parametrize("title", ["word " * 800, "x" * 4000, "知" * 900, "A fair title"])
def test_a_very_long_title_and_headings_leave_room_for_the_passage(title: str) -> None:
    text = (
        f"---\ntitle: {title}\n---\n"
        + "".join(f"{'#' * level} {title}\n\n" for level in range(1, 6))
        + "The passage itself. " * 200
    )
    document = extract(Path("note.md"), text.encode())
    check(document)
    assert all(len(chunk.prefix) <= VOYAGE.characters // 4 for chunk in split(document, VOYAGE))
