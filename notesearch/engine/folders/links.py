"""Decides which linked folders inside a searched folder are read: each folder once, and never in circles.
Linked notes are always read.

A linked folder is read under the path of the link. It is not read where it is read already: inside the
searched folder itself, in another searched folder, or by another link. The first link counts: of the links
nearest to the searched folder, the first by name. A link to a folder around the searched folder is not read
at all.
"""

from __future__ import annotations

import os
from bisect import insort
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from notesearch.engine.folders.found_file import FoundFile


class Met(NamedTuple):
    """A link to a folder that a scan has met. `context` is what the scan wants to know when it enters."""

    depth: int
    path: str
    context: Any

    def __lt__(self, other: tuple[Any, ...]) -> bool:
        return self[:2] < other[:2]


class Links:
    """The linked folders of one searched folder. A scan of the whole folder fills it. After that it says what
    to read when something changes."""

    def __init__(self, root: Path | str, *, follow: bool, others: Iterable[Path] = ()) -> None:
        """`others` are the other searched folders."""
        self._follow = follow
        self._root = os.path.realpath(root)
        self._taken = {self._root, *(os.path.realpath(other) for other in others if other != Path(root))}
        self._waiting: list[Met] = []
        self._known: set[str] = set()
        self._settled = False
        # The folders to which the links lead that are read, by the path of the link.
        self.read: dict[str, str] = {}
        # The links that are not read, and whose notes are not read elsewhere.
        self.unread: list[str] = []
        # The linked notes (see LinkedFiles). What happens to these notes is reported where they really are.
        self.notes: dict[str, FoundFile | None] = {}
        # Whether a link was met that was not there when the whole folder was scanned.
        self.outdated = False

    @property
    def met(self) -> bool:
        """Whether there are linked folders at all."""
        return bool(self._known)

    def leads_to(self, folder: Path) -> bool:
        """Whether a link that is read leads into a folder, or to one around it."""
        real = os.path.realpath(folder)
        return any(_is_within(to, real) or _is_within(real, to) for to in self.read.values())

    def meet(self, link: str, context: object) -> None:
        """A scan has met a link to a folder, which no rule leaves out."""
        if self._settled:
            self.outdated = self.outdated or link not in self._known
            if link not in self.read:
                return
        self._known.add(link)
        insort(self._waiting, Met(link.count(os.sep), link, context))

    def next(self) -> tuple[str, str, Any] | None:
        """The next link to enter: its path, the folder to which it leads, and its context. None where no more
        links are to be entered."""
        while self._waiting:
            _, link, context = self._waiting.pop(0)
            if self._settled:
                return link, self.read[link], context
            real = os.path.realpath(link)
            if any(_is_within(real, taken) for taken in self._taken):
                continue
            if not self._follow or _is_within(self._root, real):
                self.unread.append(link)
                continue
            self._taken.add(real)
            self.read[link] = real
            return link, real, context
        return None

    def settle(self) -> None:
        """The whole folder was scanned."""
        self._settled = True

    def real(self, path: str) -> str:
        """Where a folder really is, "" for one that no link leads to."""
        link = self._link_above(path)
        return self.read[link] + path[len(link) :] if link else ""

    def inside(self, real: str, name: str) -> str | None:
        """Where a folder in the folder `real` really is; None where it is read elsewhere."""
        if not real:
            return ""
        path = os.path.join(real, name)
        return None if path in self._taken else path

    def reads(self, root: str, path: str) -> bool:
        """Whether the links on the way from the searched folder to what is at `path` are read."""
        at, link = root, ""
        for name in path[len(root) :].strip(os.sep).split(os.sep)[:-1]:
            at = os.path.join(at, name)
            if at in self.read:
                link = at
            elif os.path.islink(at) or (link and self.read[link] + at[len(link) :] in self._taken):
                return False
        return True

    def _link_above(self, path: str) -> str:
        return max((link for link in self.read if _is_within(path, link)), key=len, default="")


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
