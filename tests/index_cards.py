"""A format that somebody else's package brings: files of several index cards, each a note of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.documents.formats import registry
from tests.conftest import write

TOY = """
import re

from notesearch.documents.formats.blocks import Block, Kind, Shown, outline
from notesearch.documents.formats.format import Format, LocatedFrom, Noise, Part
from notesearch.domain import Document, Message, NoteFormat, Page, Section


def read(source):
    with source.open() as stream:
        for number, card in enumerate(iter(lambda: card_of(stream), None)):
            if card == "broken":
                raise ValueError(card)
            first = card.partition("\\n")[0].strip("= ")
            document = Document(text=card, title=first, format="cards")
            # Of the first card its lines say where a passage is.
            places = [LocatedFrom(0, Section(name=first))] if number else []
            places += [LocatedFrom(m.start(), Page(number=2)) for m in re.finditer("page two", card)]
            yield Part(
                document=document, outline=outline(blocks(card)), name=str(number or ""), places=tuple(places)
            )


def card_of(stream):
    lines = []
    for line in stream:
        if line.strip() == b"%":
            break
        lines.append(line)
    return b"".join(lines).decode().strip() if lines else None


def blocks(text):
    return tuple(
        Block(kind=Kind.HEADING, start=m.start(), end=m.end(), level=1, title=m[1], written=m[1])
        for m in re.finditer("^== (.*) ==$", text, re.MULTILINE)
    )


def shown(text):
    position = 0
    for block in blocks(text):
        yield Shown(kind=Kind.HEADING, line=text.count("\\n", 0, block.start), text=block.title, level=1)
        position = block.end + 1
    yield Shown(kind=Kind.TEXT, line=text.count("\\n", 0, position), text=text[position:])


CARDS = Format(
    about=NoteFormat(name="cards", title="Index cards", suffixes=(".cards",), words=("card",)),
    read=read,
    blocks=blocks,
    shown=shown,
    locate=lambda line: Message(number=line),
    magic=(b"%CARDS",),
    noise=Noise(lines=(r"== .* ==$",)),
)
"""


def install(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The format as an installed package below `site`, until `monkeypatch` is undone."""
    write(site, "index_cards.py", TOY)
    about = site / "index_cards-1.0.dist-info"
    write(about, "METADATA", "Metadata-Version: 2.1\nName: index-cards\nVersion: 1.0\n")
    write(
        about,
        "entry_points.txt",
        f"[{registry.GROUP}]\ncards = index_cards:CARDS\nlost = index_cards:MISSING\n",
    )
    monkeypatch.syspath_prepend(str(site))
    registry.look_again()


def box(notes: Path, *cards: str) -> Path:
    """A file of several cards, each by its title."""
    return write(notes, "box.cards", "%\n".join(f"== {card} ==\nAll about {card}.\n" for card in cards))
