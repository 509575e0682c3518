"""Small parts of Markdown that formats write for the preview."""

from __future__ import annotations

import re
from collections.abc import Callable

HARD_BREAK = "  "  # at the end of a line


def code(text: str) -> str:
    """Inline code, between more backticks than it has in a row."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in (text[:1], text[-1:]) else f"{fence}{text}{fence}"


def apart_from(
    pattern: re.Pattern[str], text: str, inside: Callable[[re.Match[str]], str], outside: Callable[[str], str]
) -> str:
    """`text` with `inside` applied to what `pattern` finds, and `outside` to everything between."""
    made: list[str] = []
    position = 0
    for found in pattern.finditer(text):
        made += [outside(text[position : found.start()]), inside(found)]
        position = found.end()
    return "".join([*made, outside(text[position:])])
