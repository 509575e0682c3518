"""Obsidian's boards of cards (JSON Canvas), and the drawings of Excalidraw. The texts in them are read, in
the order in which a person reads a page: from the top, from the left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from notesearch.documents.formats.blocks import Kind, Outline, Shown
from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.format import Format, Part, Source
from notesearch.documents.formats.inline_tags import inline_tags
from notesearch.documents.formats.note import document_of
from notesearch.domain import Line, NoteFormat
from notesearch.errors import ExtractionFailed


def read_canvas(source: Source) -> Iterator[Part]:
    """Read a board: one document, with a paragraph for each card, group, file and link. Raises FileBinary,
    and ExtractionFailed for what is no board."""
    board, encoding = _loaded(source)
    nodes = [*_objects(board.get("nodes")), *_objects(board.get("edges"))]
    yield _part(source.path, map(_card, sorted(nodes, key=_place)), "canvas", encoding)


def read_drawing(source: Source) -> Iterator[Part]:
    """Read a drawing of Excalidraw: one document, with a paragraph for each text and the name of each frame.
    Raises as `read_canvas` does."""
    drawing, encoding = _loaded(source)
    elements = [one for one in _objects(drawing.get("elements")) if not one.get("isDeleted")]
    yield _part(source.path, map(_drawn, sorted(elements, key=_place)), "excalidraw", encoding)


def _loaded(source: Source) -> tuple[dict[str, Any], str]:
    text, encoding = decode(source.read())
    loaded = json.loads(text) if text.strip() else {}
    if not isinstance(loaded, dict):
        raise ExtractionFailed
    return loaded, encoding


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _place(one: dict[str, Any]) -> tuple[float, float]:
    """Where something lies. The lines between cards have no place, and come last."""
    y, x = one.get("y"), one.get("x")
    lies = isinstance(y, int | float) and isinstance(x, int | float)
    return (float(y), float(x)) if lies else (float("inf"), 0.0)  # type: ignore[arg-type]


def _card(node: dict[str, Any]) -> str:
    file = _said(node, "file")
    return "\n".join(
        filter(
            None,
            (_said(node, "label"), file + _said(node, "subpath"), _said(node, "text"), _said(node, "url")),
        )
    )


def _drawn(element: dict[str, Any]) -> str:
    kind = element.get("type")
    text = _said(element, "originalText") or _said(element, "text") if kind == "text" else ""
    name = _said(element, "name") if kind in ("frame", "magicframe") else ""
    return "\n".join(filter(None, (name, text, _said(element, "link"))))


def _said(one: dict[str, Any], key: str) -> str:
    value = one.get(key)
    return value.strip() if isinstance(value, str) else ""


def _part(path: Path, paragraphs: Iterable[str], name: str, encoding: str) -> Part:
    text = without_embedded_data("\n\n".join(filter(None, paragraphs)))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ")
    document = document_of(
        path,
        text,
        format_name=name,
        encoding=encoding,
        first_line=1,
        outline=Outline(),
        tags=inline_tags(text, ()),
    )
    return Part(document=document)


def shown_cards(text: str) -> Iterator[Shown]:
    """The texts of a board for the preview: they are Markdown."""
    yield Shown(kind=Kind.TEXT, line=0, text=text)


def _top(_: int) -> Line:
    """A board is opened as a whole: a line of its texts is no line of the file."""
    return Line(number=1)


FORMAT = Format(
    about=NoteFormat(name="canvas", title="Canvas", suffixes=(".canvas",)),
    read=read_canvas,
    shown=shown_cards,
    locate=_top,
    # 2: tags of every script, and picture signs.
    reading=2,
)
DRAWING = Format(
    about=NoteFormat(name="excalidraw", title="Excalidraw", suffixes=(".excalidraw",)),
    read=read_drawing,
    shown=shown_cards,
    locate=_top,
    # 2: tags of every script, and picture signs.
    reading=2,
)
