"""What the commands have in common: paths as they are given, and JSON as it is printed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from notesearch.errors import UsageError


def absolute_path(path: Path) -> Path:
    """Absolute and without "..". Raises UsageError for a path that is not valid text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError("usage.path-not-text") from None
    return Path(os.path.abspath(path.expanduser()))


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own, at once."""
    print(json.dumps(value, ensure_ascii=False), flush=True)
