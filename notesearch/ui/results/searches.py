"""What the user searches for: the typed text and the filters, as one value that can be saved. And the history
of such searches. No Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from notesearch.domain.file_names import from_text, to_text
from notesearch.wording.translation import _

if TYPE_CHECKING:
    from notesearch.domain import Query

HISTORY_LIMIT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """A search: `text` as typed, `filters` in the query language ("tag:rye"), one chip each, and `folder`,
    which limits it to notes at or under that path."""

    text: str = ""
    filters: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def empty(self) -> bool:
        """Whether it has neither text, nor filters, nor a folder."""
        return not self.text.strip() and not self.filters and self.folder is None

    @property
    def asks(self) -> bool:
        """Whether there is something to search for. A folder alone only limits the recent notes."""
        return bool(self.text.strip() or self.filters)

    @property
    def label(self) -> str:
        """One line for a list of saved searches."""
        where = [_("in {folder}", folder=self.folder.name)] if self.folder else []
        return " ".join([*([self.text.strip()] if self.text.strip() else []), *self.filters, *where])

    def query(self, limit: int) -> Query:
        """The engine's query for it. The last word counts as the beginning of a word, until a space or a sign
        follows."""
        from notesearch.domain import Query

        typed = self.text.strip()
        prefix = bool(self.text) and self.text[-1].isalnum()
        return Query(
            text=" ".join([*self.filters, typed]).strip(), limit=limit, folder=self.folder, prefix=prefix
        )

    def with_filter(self, added: str) -> Search:
        """The search with one filter more."""
        return self if added in self.filters else replace(self, filters=(*self.filters, added))

    def without_filter(self, removed: str) -> Search:
        """The search without a filter."""
        return replace(self, filters=tuple(f for f in self.filters if f != removed))

    def looser(self) -> tuple[tuple[str, Search], ...]:
        """Wider searches, each with the label of its button: without a filter, without the folder, without
        quotes or exclusions."""
        wider = [(_("Search without {f}", f=f), self.without_filter(f)) for f in self.filters]
        if self.folder:
            wider.append((_("Search all folders"), replace(self, folder=None)))
        typed = re.sub(r"\b(?:tag|folder|type):(?:\"[^\"]*\"|\S+)", "", self.text)
        typed = re.sub(r"(?:^|(?<=\s))-(?:\"[^\"]*\"|\S+)", "", typed).replace('"', "")
        typed = " ".join(typed.split())
        if typed and typed != " ".join(self.text.split()):
            wider.append((_("Search for the plain words"), replace(self, text=typed)))
        return tuple(wider)

    def to_state(self) -> dict[str, Any]:
        """The search as strings and lists, for the window's state file."""
        return {
            "text": self.text.strip(),
            "filters": list(self.filters),
            "folder": to_text(str(self.folder)) if self.folder else "",
        }

    @classmethod
    def from_state(cls, state: object) -> Search | None:
        """The search from the state file; None for an entry that is damaged or empty."""
        if not isinstance(state, Mapping):
            return None
        text, filters, folder = state.get("text", ""), state.get("filters", []), state.get("folder", "")
        if not isinstance(text, str) or not isinstance(folder, str) or not isinstance(filters, list):
            return None
        made = cls(
            text=text,
            filters=tuple(f for f in filters if isinstance(f, str)),
            folder=Path(from_text(folder)) if folder else None,
        )
        return None if made.empty else made


def quoted_filter(name: str, value: str) -> str:
    """A filter in the query language, quoted where that is needed: `tag:rye`, `tag:"two words"`."""
    return f'{name}:"{value}"' if re.search(r"\s", value) else f"{name}:{value}"


class History:
    """The history of searches, newest last, with a position in it as in a shell. Main thread."""

    def __init__(self) -> None:
        self._entries: list[Search] = []
        self._position: int | None = None
        self._draft = Search()

    @property
    def entries(self) -> tuple[Search, ...]:
        """The earlier searches, oldest first."""
        return tuple(self._entries)

    def restore(self, entries: list[Search]) -> None:
        """Set the searches of an earlier session."""
        self._entries = entries[-HISTORY_LIMIT:]
        self._position = None

    def keep(self, search: Search) -> None:
        """Add a search at the end. An equal older one is removed."""
        if not search.asks:
            return
        kept = replace(search, text=search.text.strip())
        self._entries = [*(e for e in self._entries if e != kept), kept][-HISTORY_LIMIT:]
        self._position = None

    def older(self, current: Search) -> Search | None:
        """Step back: the search before the present one, None where there is none. `current`: what is typed
        now, to return to."""
        if self._position is None:
            self._draft = current
            self._position = len(self._entries)
            if self._entries and self._entries[-1] == replace(current, text=current.text.strip()):
                self._position -= 1
        if self._position == 0:
            return None
        self._position -= 1
        return self._entries[self._position]

    def newer(self) -> Search | None:
        """Step forward: the search after the present one, and at last what was typed. None where there is
        none."""
        if self._position is None:
            return None
        self._position += 1
        if self._position >= len(self._entries):
            self._position = None
            return self._draft
        return self._entries[self._position]

    def leave(self) -> None:
        """Leave the history, because the user typed: the next step back starts at its end."""
        self._position = None
