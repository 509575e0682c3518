"""What the commands have in common: paths as they are given, and JSON as it is printed."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# How output writes what is no valid text (see codecs.register_error).
SHOWN = "notesearch.shown"


def _shown(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return ("\ufffd" * (error.end - error.start)).encode(), error.end


codecs.register_error(SHOWN, _shown)


def absolute_path(path: Path) -> Path:
    """Absolute and without ".."."""
    return Path(os.path.abspath(path.expanduser()))


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own, at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)
