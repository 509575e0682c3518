"""The query language: words, "exact phrase", -not, word*, OR, groups in brackets, and filters such as
tag:x or after:2024. Text that cannot be parsed is searched as plain text; it is never an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from notesearch.domain import Query
from notesearch.engine.folders.facets import facet
from notesearch.engine.search.query_dates import period
from notesearch.storage.values import Alternative
from notesearch.text import analysis, compounds
from notesearch.text.characters import normal

# Filters that are facets of notes.
FACETS = ("tag", "folder", "type", "lang")
DATES = ("before", "after", "date")
KEYS = (*FACETS, *DATES, "title", "path", "sort", "is")

_TOKEN = re.compile(
    rf"""(?P<minus>(?<![^\s(])-(?!-)(?=["(\w]))?
        (?:(?P<key>(?i:{"|".join(KEYS)})):)?
        (?:"(?P<quoted>[^"]*)"(?=[\s,;.:!?)]|$)
        | (?P<open>\()(?=[^()]{{0,300}}\bOR\b[^()]{{0,300}}\))
        | (?P<close>\))(?=\s|\)|$)
        | (?P<word>[^\s"][^\s]*))""",
    re.VERBOSE,
)
# The quotation marks of phones and of other languages.
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'))
# A date or a folder of several words, without quotation marks.
_MORE_WORDS = re.compile(r"[ \t]+([^\s\"():]+)")
MOST_FOLDER_WORDS = 6
# Characters of a query that are read: a page of a pasted text.
LONGEST = 4_000
# Up to this many characters, new words of what follows are read, as far as there is room.
MOST_PASTED = 40_000
ROOM_FOR_MORE = 2_000
# Names of folders and tags that are looked up among those of the notes.
MOST_LOOKED_UP = 20
# Options of a command line: one or two letters, letters that are no word, a number; others after a command.
_OPTION = re.compile(r"-(?:[a-zA-Z]{1,2}|[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{3,4}|\d[\w.,]*)")
_OPTIONS = re.compile(r"-[a-zA-Z]{1,5}")
_COMMANDS = frozenset(
    "apt ar awk bash brew cargo cat cd chmod chown conda cp curl cut date dd df diff docker du echo"
    " ffmpeg file find gcc git go grep gzip head helm id java journalctl jq kill kubectl ln ls lsof make"
    " man mkdir mount mv nc npm nmap node openssl pandoc perl ping pip ps python python3 rg rm rsync"
    " ruby scp screen sed sh sort ssh su sudo systemctl tail tar tcpdump tee test tmux top touch tr"
    " umount uname uniq unzip uv vim wc wget xargs yarn zip zsh".split()
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedQuery:
    """A query in parts.

    `words` are as typed; of `beginnings` only the beginning is known. `runs` are of scripts without spaces.
    `groups`: a note must fit one alternative of each. A note must have all of `facets` and none of
    `without_facets` ("tag:x" and the like). `titles` must be in the title, `paths` in the path of the file;
    where one ends in `*`, its last word may go on.
    `without` are words and phrases that must not occur. The note's date must be from `after` on, and earlier
    than `before`. `newest_first`: by date, not by rank. `failed`: only files that could not be read or sent.
    `meaning` is the text to embed. `prefix`: the last word is still being typed.
    """

    words: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_titles: tuple[str, ...] = ()
    without_paths: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    without_facets: tuple[str, ...] = ()
    groups: tuple[tuple[Alternative, ...], ...] = ()
    after: date | None = None
    before: date | None = None
    newest_first: bool = False
    failed: bool = False
    folder: Path | None = None
    meaning: str = ""
    prefix: bool = False

    @property
    def asks_words(self) -> bool:
        """Whether there is something to rank by."""
        return bool(self.words or self.runs or self.phrases or self.titles)

    @property
    def empty(self) -> bool:
        """Whether the query asks for nothing."""
        filters = (
            self.paths,
            self.facets,
            self.without_facets,
            self.without,
            self.without_titles,
            self.without_paths,
            self.groups,
        )
        dated = self.after or self.before
        return not (self.asks_words or any(filters) or dated or self.folder is not None or self.failed)

    @property
    def only_filters(self) -> bool:
        """Whether there are only filters, so that there is nothing to rank by."""
        return not self.asks_words and not self.empty


def parse(query: Query, today: date, exists: Callable[[str], bool] = lambda _: False) -> ParsedQuery:
    """Parse a text in the query language, its first LONGEST characters. Never raises.

    `today` is what "yesterday" goes by; `exists` tells whether a note has a facet, so that a folder's name
    may have several words.
    """
    # Bytes that are no valid text arrive as lone surrogates, which no index accepts.
    text = normal(_beginning(query.text).encode("utf-8", "replace").decode()).translate(_QUOTES)
    looked_up: dict[str, bool] = {}

    def known(name: str) -> bool:
        if name not in looked_up:
            looked_up[name] = len(looked_up) < MOST_LOOKED_UP and exists(name)
        return looked_up[name]

    made = _Parts(today, known)
    made.read(text)
    return made.parsed(query)


@dataclass(slots=True)
class _Group:
    """Alternatives that are being read: in each, what a note must have."""

    alternatives: list[Alternative]
    bracketed: bool = False


@dataclass(slots=True)
class _Parts:
    """A query while it is read, part by part."""

    today: date
    exists: Callable[[str], bool]
    words: list[str] = field(default_factory=list)
    beginnings: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    without_titles: list[str] = field(default_factory=list)
    without_paths: list[str] = field(default_factory=list)
    facets: list[str] = field(default_factory=list)
    without_facets: list[str] = field(default_factory=list)
    groups: list[list[Alternative]] = field(default_factory=list)
    after: date | None = None
    before: date | None = None
    newest_first: bool = False
    failed: bool = False
    meaning: list[str] = field(default_factory=list)
    word_last: bool = False
    # Where the last part went, if it is a title or a path without quotation marks.
    name_last: list[str] | None = None

    def read(self, text: str) -> None:
        """Read a whole text. `OR` joins what stands before and after it; brackets join more."""
        position, previous = 0, ""
        # What the part before was, so that OR can take it.
        last: Alternative | None = None
        group: _Group | None = None
        joining = False
        for token in _TOKEN.finditer(text):
            if token.start() < position:
                continue
            if token["open"]:
                group = _Group([Alternative()], bracketed=True)
                continue
            if token["close"]:
                if group is not None and group.bracketed:
                    self._close(group)
                    group, last = None, None
                continue
            word = token["word"] or ""
            if word in ("OR", "|") and not token["key"]:
                if group is not None and group.bracketed:
                    group.alternatives.append(Alternative())
                elif last is not None:
                    group = group or _Group([last])
                    joining = True
                continue
            if word in ("AND", "&&", "&") and not token["key"]:
                continue
            closing = group is not None and group.bracketed and word.endswith(")")
            position, found = self._part(token, text, word.rstrip(")") if closing else word, previous)
            previous = word
            if group is not None and group.bracketed:
                group.alternatives[-1] = group.alternatives[-1].joined(found)
                if closing:
                    self._close(group)
                    group, found = None, Alternative()
            elif group is not None and joining:
                group.alternatives.append(found)
            elif group is not None:
                self._close(group)
                group = None
            last, joining = found if found != Alternative() else None, False
        if group is not None:
            self._close(group)

    def _close(self, group: _Group) -> None:
        alternatives = [a for a in group.alternatives if a != Alternative()]
        if len(alternatives) < 2:
            return
        # What one alternative asks for is not asked of every note.
        for alternative in alternatives:
            for one in alternative.facets:
                if one in self.facets:
                    self.facets.remove(one)
            for one in alternative.phrases:
                if one in self.phrases:
                    self.phrases.remove(one)
                    self.words.append(one)
        self.groups.append(alternatives)

    def _part(self, token: re.Match[str], text: str, word: str, previous: str) -> tuple[int, Alternative]:
        """Take one part. Returns where the text goes on, and what the part asks of a note."""
        key, quoted, minus = (token["key"] or "").lower(), token["quoted"], bool(token["minus"])
        self.word_last, self.name_last = not key and quoted is None, None
        value, end = (quoted if quoted is not None else word), token.end()
        if key:
            self.word_last = False
            if not value.strip():
                return end, Alternative()
            if quoted is None:
                value, end = self._longer(key, value, text, end)
                if not minus and _searchable(value):
                    self.name_last = {"title": self.titles, "path": self.paths}.get(key)
            return end, self._filter(key, value, minus=minus)
        if minus and quoted is None and is_option(f"-{word}", previous):
            minus = False
        if minus:
            self.word_last = False
            if _searchable(value):
                self.without.append(value)
            return end, Alternative()
        if not _searchable(value):
            return end, Alternative()
        if quoted is None and (after := compounds.end_of_number(text, token.start())) > end:
            value, end = text[token.start() : after], after
        self.meaning.append(value)
        if quoted is not None:
            self.phrases.append(value)
            return end, Alternative(phrases=(value,))
        if value.endswith("*") and (begun := value.rstrip("*")) and begun[-1].isalnum():
            self.beginnings.append(begun)
            value, self.meaning[-1] = begun, begun
        self.words.append(value)
        return end, Alternative(words=(value,))

    def _filter(self, key: str, value: str, *, minus: bool) -> Alternative:
        if key in FACETS:
            (self.without_facets if minus else self.facets).append(facet(key, value))
            return Alternative() if minus else Alternative(facets=(facet(key, value),))
        if key == "title" and _searchable(value):
            (self.without_titles if minus else self.titles).append(value)
            self.meaning += [] if minus else [value]
        elif key == "path" and _searchable(value):
            (self.without_paths if minus else self.paths).append(value)
        elif key in DATES and (days := period(value, self.today)) is not None:
            if key != "before":
                self.after = max(self.after or days.start, days.start)
            if key != "after":
                end = days.start if key == "before" else days.end
                self.before = min(self.before or end, end)
        elif key == "sort" and value.lower() in ("date", "newest", "modified"):
            self.newest_first = True
        elif key == "is" and value.lower() == "failed":
            # Files that failed are no notes: without the filter none is found.
            self.failed = not minus
        elif key in (*DATES, "is") and _searchable(value):
            # No date and no state: words like any others.
            self.words.append(value)
            self.meaning.append(value)
        return Alternative()

    def _longer(self, key: str, value: str, text: str, end: int) -> tuple[str, int]:
        """The value of a filter without quotation marks, with the words that belong to it: of a folder's name
        that notes have, and of a date such as "last month"."""
        best, at = value, end
        known = key in ("folder", "tag") and self.exists(facet(key, value))
        for _ in range(MOST_FOLDER_WORDS):
            more = _MORE_WORDS.match(text, end)
            if more is None:
                break
            value, end = f"{value} {more[1]}", more.end()
            fits = (
                period(value, self.today) is not None
                if key in DATES
                else key in ("folder", "tag") and not known and self.exists(facet(key, value))
            )
            if fits:
                best, at = value, end
        return best, at

    def parsed(self, query: Query) -> ParsedQuery:
        """Everything that was read."""
        typing = query.prefix and _goes_on(query.text[-1:])
        if typing and self.name_last:
            self.name_last[-1] = self.name_last[-1].rstrip("*") + "*"
        joined = " ".join(self.words)
        return ParsedQuery(
            words=tuple(w for word in self.words if (w := analysis.spaced(word).strip()) and _searchable(w)),
            beginnings=tuple(self.beginnings),
            runs=tuple(analysis.unspaced_runs(joined)),
            phrases=tuple(dict.fromkeys(self.phrases)),
            titles=tuple(dict.fromkeys(self.titles)),
            paths=tuple(self.paths),
            without=tuple(dict.fromkeys(self.without)),
            without_titles=tuple(self.without_titles),
            without_paths=tuple(self.without_paths),
            facets=tuple(dict.fromkeys(self.facets)),
            without_facets=tuple(self.without_facets),
            groups=tuple(tuple(group) for group in self.groups),
            after=self.after,
            before=self.before,
            newest_first=self.newest_first,
            failed=self.failed,
            folder=query.folder,
            meaning=" ".join(self.meaning),
            prefix=typing and self.word_last,
        )


def _beginning(text: str) -> str:
    """The first LONGEST characters, and new words of what follows."""
    if len(text) <= LONGEST:
        return text
    begun = text[:LONGEST].rpartition(" ")[0] or text[:LONGEST]
    said, more, room = set(begun.split()), [], ROOM_FOR_MORE
    for word in text[len(begun) : MOST_PASTED].split():
        if word.isalnum() and word not in said and len(word) < room:
            said.add(word)
            more.append(word)
            room -= len(word) + 1
    return " ".join((begun, *more))


def _goes_on(character: str) -> bool:
    """Whether a word may go on after this character."""
    return character.isalnum() or character in tuple("-_/@")


def is_option(word: str, previous: str) -> bool:
    """Whether a word with a minus is an option of a command line, as in `ls -la`, and excludes nothing."""
    bare = word.rstrip(".,;:!?)")
    known = previous.lower() in _COMMANDS and bool(_OPTIONS.fullmatch(bare))
    return known or bool(_OPTION.fullmatch(bare))


def _searchable(text: str) -> bool:
    return bool(analysis.words(text) or analysis.unspaced_runs(text))
