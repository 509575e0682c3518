"""Previews ignore rules that the user types in the settings: which notes they would leave out, and which
folders a change of the rules concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from notesearch.config.settings import Settings
from notesearch.domain import IgnoredCount, RuleError, Told
from notesearch.domain.file_names import readable
from notesearch.engine.folders import scanner
from notesearch.engine.folders.ignore_pattern import lines_of, wrong_in
from notesearch.engine.folders.links import Links
from notesearch.storage.values import FolderRow

PATHS_SHOWN = 50


def count_ignored(
    folder: Path, rules: str, settings: Settings, stopped: Callable[[], bool], links: Links | None = None
) -> IgnoredCount:
    """Count what `rules` would leave out of a folder in place of its present rules. Takes about as long as a
    scan; opens no note.

    Any thread but the GUI thread. It stops soon after `stopped` returns true. Raises FolderMissing or
    FolderUnreadable.
    """
    notes, out = 0, []
    for path, ignored in scanner.left_out(
        folder, rules, gitignore=settings.gitignore, kept=settings.ignore, links=links, stopped=stopped
    ):
        notes += 1
        if ignored:
            out.append(path)
        # One folder may hold very many.
        if not notes % 256 and stopped():
            break
    paths = tuple(Path(readable(path)) for path in sorted(out)[:PATHS_SHOWN])
    return IgnoredCount(ignored=len(out), notes=notes, paths=paths, errors=rule_errors(rules), more=stopped())


def rule_errors(rules: str) -> tuple[RuleError, ...]:
    """The lines of some ignore rules that are no valid patterns."""
    found = ((number, line, wrong_in(line)) for number, line in enumerate(lines_of(rules), 1))
    return tuple(
        RuleError(line=number, text=line, what=Told(code=code)) for number, line, code in found if code
    )


def concerned(before: Settings, after: Settings, searched: Iterable[FolderRow]) -> list[FolderRow]:
    """The searched folders in which a change of settings may leave out other notes than before."""
    changed = [
        Path(f) for f in {*before.ignore, *after.ignore} if before.ignore.get(f) != after.ignore.get(f)
    ]
    everywhere = (before.gitignore, before.follow_links) != (after.gitignore, after.follow_links)
    return [
        row
        for row in searched
        if everywhere or any(row.path in (folder, *folder.parents) for folder in changed)
    ]
