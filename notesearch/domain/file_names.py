"""Writes file names that are no valid text as valid text, and back. Pure.

On Linux a name may consist of any bytes. Python gives bytes that are no UTF-8 as lone surrogates, which no
database, index or file of text takes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# One character for each byte from 128 on. They are for private use and stand in no real name; where one does,
# it is written by its bytes, too.
_FIRST = 0x10F000
_ESCAPED = re.compile(f"[{chr(_FIRST + 0x80)}-{chr(_FIRST + 0xFF)}]+")
_LONE = re.compile("[\ud800-\udfff]")
# What steers a terminal, or the direction of what is written around it: control characters but for tabs and
# newlines; embeddings, overrides and isolates.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What begins a new line, or a new column.
_LINE_ENDS = re.compile("[\t\n\u2028\u2029]")
_TO_ESCAPE = re.compile(f"[\ud800-\udfff{chr(_FIRST + 0x80)}-{chr(_FIRST + 0xFF)}]+")


def is_text(path: str) -> bool:
    """Whether a path is valid text."""
    return path.isascii() or _LONE.search(path) is None


def to_text(path: str) -> str:
    """A path as valid text, from which `from_text` makes the same path again."""
    if path.isascii():
        return path
    return _TO_ESCAPE.sub(lambda run: "".join(chr(_FIRST + byte) for byte in os.fsencode(run[0])), path)


def from_text(text: str) -> str:
    """The path that `to_text` wrote."""
    if text.isascii():
        return text
    return _ESCAPED.sub(lambda run: os.fsdecode(bytes(ord(sign) - _FIRST for sign in run[0])), text)


def readable(text: str) -> str:
    """A path, or a text with paths in it, to be shown: bytes that are no UTF-8 become U+FFFD."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def harmless(text: str) -> str:
    """A text from a note or a name, to be shown in a window or a terminal: nothing in it steers the terminal
    or turns the direction of what is written around it. Each character becomes one character."""
    return STEERING.sub("\ufffd", readable(text))


def harmless_name(name: str | Path) -> str:
    """A name or a path, to be shown: as `harmless` makes it, and on one line. Each character becomes one
    character."""
    return _LINE_ENDS.sub("\ufffd", harmless(str(name)))


def harmless_line(text: str) -> str:
    """A text that is put into a sentence: as `harmless` makes it, with blanks for the ends of its lines, so
    that none of them looks like a line of the program's."""
    return _LINE_ENDS.sub(" ", harmless(text))


def shown_name(path: Path) -> str:
    """The last name of a path, to be shown; for the root of a disk the path."""
    return harmless_name(path.name or path)


def folder_names(root: Path, path: Path) -> tuple[str, ...]:
    """The folder names from the watched folder down to the note, to be shown."""
    return tuple(map(harmless_name, (root.name, *path.relative_to(root).parent.parts)))
