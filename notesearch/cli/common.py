"""What the commands have in common: paths as they are given, and JSON as it is printed."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any, TextIO

from notesearch.domain.file_names import STEERING, harmless

# How output writes what is no valid text (see codecs.register_error).
SHOWN = "notesearch.shown"
# Characters that JSON need not escape, but a terminal or a program that divides a text into lines obeys.
_ESCAPED = re.compile(f"{STEERING.pattern}|[\u2028\u2029]")


def _shown(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return ("\ufffd" * (error.end - error.start)).encode(), error.end


codecs.register_error(SHOWN, _shown)


def print_line(text: object, *, file: TextIO | None = None) -> None:
    """Print a line for people. Names and notes may hold anything; nothing of them steers the terminal."""
    print(harmless(str(text)), file=file)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own, at once. What would steer a terminal, or be taken for the
    end of the line, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    print(_ESCAPED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text), flush=True)
