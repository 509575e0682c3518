"""A program that prints every regular expression that the code of the product makes, as JSON: it notes each
call of `re`, loads all modules, and drives what makes expressions of a user's words.

Each is [path of the module, line, expression, flags, whether it is bytes].
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CALLED = ("compile", "match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn")
noted: dict[tuple[str, int, str | bytes, int], None] = {}


def noting(name: str) -> Callable[..., Any]:
    """A function of `re` that notes the expression where the product calls it."""
    real: Callable[..., Any] = getattr(re, name)

    def call(pattern: Any, *rest: Any, **named: Any) -> Any:
        here = inspect.currentframe()
        frame = here.f_back if here is not None else None
        path = Path(frame.f_code.co_filename if frame is not None else "")
        if (
            frame is not None
            and path.is_relative_to(ROOT / "notesearch")
            and isinstance(pattern, str | bytes)
        ):
            flags = real(pattern, *rest, **named).flags if name == "compile" else re.compile(pattern).flags
            noted[str(path.relative_to(ROOT)), frame.f_lineno, pattern, flags & ~re.UNICODE] = None
        return real(pattern, *rest, **named)

    return call


def drive(folder: Path) -> None:
    """Read, index, find, mark and show some notes, so that every expression of a function is made."""
    from notesearch.domain import MatchedBy, Passage, Query
    from notesearch.engine.folders.ignore_pattern import Rules
    from notesearch.engine.search.asked import asked_of
    from notesearch.storage.values import ValueCount
    from notesearch.ui.results.preview_pane import best_sentence_pattern, found_words
    from tests.hostile import TEXTS
    from tests.unit.documents import test_hostile as steps

    for case in TEXTS:
        read = steps.document(folder, case, 400)
        if read is not None:
            steps.indexed(read, 400)
            steps.found(read, 400)
            steps.shown(read, 400)
    languages = [ValueCount(language, 10) for language in ("en", "de", "he", "ar", "zh")]
    for text in (
        'a b* "c d e" -f c++ (g OR h)',
        "\u05d5\u05d4\u05d1\u05d9\u05ea",
        '"\u6f22\u5b57 \u6f22"',
        "\u6f22\u5b57",
    ):
        asked = asked_of(Query(text=text), languages, date(2024, 1, 1), bool)
        asked.highlighter.matches("a b c d e \u6f22\u5b57")
    Rules("*a*b[c-e]?d\n**/a*b/**/c*\n*.*.*\nx/**\n")
    passage = Passage(
        start=0,
        end=9,
        line=1,
        heading=(),
        snippet="Three words here.",
        highlights=((0, 5), (6, 11)),
        matched_by=MatchedBy.BOTH,
        score=1.0,
        best_sentence=(0, 17),
        words=("\u6f22\u5b57",),
    )
    best_sentence_pattern(passage)
    found_words(passage)


def main() -> None:
    """Print the expressions."""
    for name in CALLED:
        setattr(re, name, noting(name))
    import notesearch

    for module in pkgutil.walk_packages(notesearch.__path__, "notesearch."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as folder:
        drive(Path(folder))
    made = [
        [
            path,
            line,
            pattern if isinstance(pattern, str) else pattern.decode("latin-1"),
            flags,
            isinstance(pattern, bytes),
        ]
        for path, line, pattern, flags in noted
    ]
    print(json.dumps(made))


if __name__ == "__main__":
    main()
