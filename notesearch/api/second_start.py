"""What a start of the program asks for, and how a second start hands it to the program that is running. No
Qt: a second start is over before Qt would be loaded."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from notesearch.config.paths import LOCK
from notesearch.errors import DataFolderHeld, NotesearchError, UsageError

log = logging.getLogger(__name__)

# Seconds: the longest that a running window takes to answer, the longest that a starting one takes until it
# listens, and the pause between two attempts to reach the latter.
ANSWERS_WITHIN, LISTENS_WITHIN, ASK_AGAIN = 5.0, 3.0, 0.05
SHOW = "show"
HANGS = "data-folder-held.hangs"
SCHEME = "notesearch"
LONGEST_QUERY = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class StartRequest:
    """What a start asks for. `folders`: to be added. `search`: a query for the window. `toggle`: show or hide
    quick search, and not the window. `hidden`: show the tray icon only (a start at login). `activation`: the
    token by which the desktop lets the window come to the front."""

    folders: tuple[Path, ...] = ()
    search: str = ""
    toggle: bool = False
    hidden: bool = False
    activation: str = ""

    def to_message(self) -> dict[str, Any]:
        """The request as JSON, for the process that runs already."""
        return {
            "request": SHOW,
            "folders": [str(folder) for folder in self.folders],
            "search": self.search,
            "toggle": self.toggle,
            "hidden": self.hidden,
            "activation": self.activation,
        }

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> StartRequest:
        """Read a request of another process of the same user. A value of the wrong type counts as missing."""
        folders = message.get("folders")
        return cls(
            folders=tuple(Path(f) for f in folders if isinstance(f, str) and "\0" not in f)
            if isinstance(folders, list)
            else (),
            search=plain_query(message.get("search")),
            toggle=message.get("toggle") is True,
            hidden=message.get("hidden") is True,
            activation=str(message.get("activation") or ""),
        )


def plain_query(text: object) -> str:
    """One line of printable text, not too long; "" for what is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_QUERY]


def query_of_link(link: str) -> str:
    """The query of `notesearch://search?q=...`. Raises UsageError for any other link: a link can search, and
    nothing else."""
    from urllib.parse import parse_qsl, urlsplit

    try:
        parts = urlsplit(link)
        given = parse_qsl(
            parts.query,
            keep_blank_values=True,
            strict_parsing=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=4,
        )
    except ValueError:
        parts, given = urlsplit(""), []
    # The parser accepts characters that a link cannot have, and any case in the scheme.
    strict = link.startswith(f"{SCHEME}://") and link.isprintable() and not set(" #") & set(link)
    whole = strict and parts.netloc == "search" and parts.path in ("", "/")
    query = plain_query(given[0][1]) if whole and len(given) == 1 and given[0][0] == "q" else ""
    if not query:
        raise UsageError("usage.link")
    return query


def hand_over(data_dir: Path, request: StartRequest) -> bool | None:
    """Let the window that has `data_dir` do what was asked. Returns None where no process listens, False
    where the one that listens has no window.

    Where no process listens it costs one look at the disk. Any thread.
    """
    try:
        return _asked(data_dir, request)
    except DataFolderHeld:
        return None


def _asked(data_dir: Path, request: StartRequest) -> bool | None:
    """As `hand_over`; raises DataFolderHeld where a process that has the folder does not answer."""
    asked = replace(request, activation=os.environ.get("XDG_ACTIVATION_TOKEN", ""))
    try:
        if not (data_dir / LOCK).exists():
            return None
        from notesearch.api.listener import ask

        return any(answer.get("done") for answer in ask(data_dir, asked.to_message(), timeout=ANSWERS_WITHIN))
    except DataFolderHeld:
        raise
    except (NotesearchError, OSError, ValueError) as error:
        log.info("no running window took over: %s", type(error).__name__)
        return False


def hand_over_late(data_dir: Path, request: StartRequest, closing: Event) -> bool:
    """As `hand_over`, for a data folder that another process has locked but may not listen for yet. Blocks
    for some seconds, unless `closing` is set. Raises DataFolderHeld where that process hangs."""
    deadline = time.monotonic() + LISTENS_WITHIN
    while True:
        try:
            handed = _asked(data_dir, request)
        except DataFolderHeld as error:
            if error.code == HANGS:
                raise
            handed = None
        if handed is not None or time.monotonic() >= deadline or closing.wait(ASK_AGAIN):
            return bool(handed)
