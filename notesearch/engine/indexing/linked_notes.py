"""Notices changes of notes that links in watched folders lead to. The system reports a change where the note
really is, and nobody may watch that place."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from notesearch.engine.folders.found_file import FoundFile, LinkedFiles

# The most notes that one look compares. Where there are more, the next look goes on with the others.
AT_ONCE = 1000


class LinkedNotes:
    """The linked notes of all watched folders, as they were when they were last read. Any thread may call."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._known: dict[Path, dict[str, FoundFile | None]] = {}
        # What this round of looks has still to compare: folders and the links in them.
        self._left: list[tuple[Path, str]] = []

    def follow(self, folder: Path, notes: LinkedFiles) -> None:
        """Compare the linked notes of a folder from now on, in place of those before. `notes` are as a scan
        found them, by the path of the link. Of one that is compared already, the last look knows more."""
        with self._lock:
            before = self._known.get(folder, {})
            self._known[folder] = {link: before.get(link, found) for link, found in notes.items()}

    def drop(self, folder: Path) -> None:
        """Compare no linked note of a folder any more."""
        with self._lock:
            self._known.pop(folder, None)

    def changed(self) -> list[Path]:
        """The links whose notes differ from what was known of them, which this look then knows."""
        with self._lock:
            if not self._left:
                self._left = [(folder, link) for folder, notes in self._known.items() for link in notes]
            now, self._left = self._left[: self._at_once], self._left[self._at_once :]
        seen = {link: _seen(link) for _, link in now}
        changed = []
        with self._lock:
            for folder, link in now:
                known = self._known.get(folder, {})
                if link in known and known[link] != seen[link]:
                    known[link] = seen[link]
                    changed.append(Path(link))
        return changed


def _seen(link: str) -> FoundFile | None:
    try:
        return FoundFile.of(link, os.stat(link))
    except OSError:
        return None
