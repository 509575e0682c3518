from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch.documents.formats.registry import extract, locate, shown
from notesearch.domain import Line
from notesearch.errors import ExtractionFailed

BOARD = {
    "nodes": [
        {"id": "1", "type": "text", "x": 0, "y": 300, "text": "Last card #idea\nwith `code #no`"},
        {"id": "2", "type": "text", "x": 200, "y": 0, "text": "# Second"},
        {"id": "3", "type": "file", "x": -5, "y": 0, "file": "Trips/Kiel.md", "subpath": "#Harbour"},
        {"id": "4", "type": "link", "x": 0, "y": 100, "url": "https://example.org"},
        {"id": "5", "type": "group", "x": -50, "y": -50, "label": "Group"},
        {"id": "6", "type": "text", "x": None, "y": "a", "text": 7},
        "nonsense",
    ],
    "edges": [{"id": "e", "fromNode": "1", "toNode": "2", "label": "leads to"}],
}
DRAWING = {
    "type": "excalidraw",
    "elements": [
        {"type": "text", "x": 0, "y": 9, "text": "below", "originalText": "below #b", "link": "[[Kiel]]"},
        {"type": "text", "x": 0, "y": 1, "text": "above"},
        {"type": "text", "x": 0, "y": 1, "text": "gone", "isDeleted": True},
        {"type": "frame", "x": 0, "y": 0, "name": "Frame"},
        {"type": "rectangle", "x": 0, "y": 0, "text": "no"},
    ],
    "files": {"a": {"dataURL": "data:image/png;base64,AAAABBBBCCCCDDDDEEEE"}},
}


def test_the_texts_of_a_board_from_the_top() -> None:
    document = extract(Path("My board.canvas"), json.dumps(BOARD).encode())
    assert document.text == (
        "Group\n\nTrips/Kiel.md#Harbour\n\n# Second\n\nhttps://example.org\n\n"
        "Last card #idea\nwith `code #no`\n\nleads to"
    )
    assert (document.title, document.format, document.tags) == ("My board", "canvas", ("idea",))
    assert [part.text for part in shown("canvas", document.text)] == [document.text]
    assert locate("canvas", 9) == Line(number=1)


def test_the_texts_of_a_drawing() -> None:
    document = extract(Path("Plan.excalidraw"), json.dumps(DRAWING).encode())
    assert document.text == "Frame\n\nabove\n\nbelow #b\n[[Kiel]]"
    assert (document.title, document.format, document.tags) == ("Plan", "excalidraw", ("b",))


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{}", b'{"nodes": 3}', b'{"nodes": []}'])
def test_an_empty_board(raw: bytes) -> None:
    assert extract(Path("a.canvas"), raw).text == ""


@pytest.mark.parametrize("raw", [b"[1]", b"{broken", b"words"])
def test_what_is_no_board(raw: bytes) -> None:
    with pytest.raises(ExtractionFailed):
        extract(Path("a.canvas"), raw)


def test_a_drawing_that_obsidian_keeps_in_a_note() -> None:
    note = (
        "---\nexcalidraw-plugin: parsed\ntags: [excalidraw]\n---\n"
        "==⚠  Switch to EXCALIDRAW VIEW in the MORE OPTIONS menu of this document. ⚠==\n\n"
        "# Excalidraw Data\n\n## Text Elements\nBuy the kite ^a1B2c3D4\n\nof silk ^zzzzzzzz\n\n"
        "## Element Links\nqwertyui: [[Harbour]]\n\n"
        "## Embedded Files\n0123456789012345678901234567890123456789: [[sea.png]]\n\n%%\n"
        "## Drawing\n```compressed-json\nN4KAkARALgngDgUwgLgAQQQDwMYEMA2AlgCYBOuA7hADTgQBuCp\n```\n%%\n"
    )
    document = extract(Path("Sea.excalidraw.md"), note.encode())
    assert document.text.split() == "Buy the kite of silk [[Harbour]] [[sea.png]]".split()
    assert (document.title, document.tags) == ("Sea", ("excalidraw",))
    line = note.split("\n").index("of silk ^zzzzzzzz") + 1
    assert document.text.split("\n")[line - document.first_line] == "of silk"
