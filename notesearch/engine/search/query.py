"""The query language: words, "exact phrase", -not, word*, OR, groups in brackets, and filters such as
tag:x or after:2024. Text that cannot be parsed is searched as plain text; it is never an error.

Words by the side of each other are soft: a note that holds some of them is found, one that holds all comes
first. What stands in a group with OR, or beside an OR, is a condition that each note must fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from notesearch.domain import Query
from notesearch.engine.folders.facets import facet
from notesearch.engine.search.query_dates import Period, period
from notesearch.engine.search.query_tokens import DATES, FACETS, Token, TokenKind, is_option, tokens
from notesearch.storage.values import (
    AllOf,
    AnyOf,
    Condition,
    HasFacet,
    Holds,
    HoldsPhrase,
    IsCalled,
    IsDated,
    LiesAt,
    Not,
)
from notesearch.text import analysis, compounds
from notesearch.text.characters import normal

# The quotation marks of phones and of other languages.
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'))
# A date or a folder of several words, without quotation marks.
_MORE_WORDS = re.compile(r"[ \t]+([^\s\":]+)")
MOST_FOLDER_WORDS = 6
# Characters of a query that are read: a page of a pasted text.
LONGEST = 4_000
# Up to this many characters, new words of what follows are read, as far as there is room.
MOST_PASTED = 40_000
ROOM_FOR_MORE = 2_000
# Names of folders and tags that are looked up among those of the notes.
MOST_LOOKED_UP = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedQuery:
    """A query in parts.

    `words` are as typed; of `beginnings` only the beginning is known. `runs` are of scripts without spaces.
    A note must fit all of `conditions`. It must have all of `facets` and none of `without_facets` ("tag:x"
    and the like). `titles` must be in the title, `paths` in the path of the file; where one ends in `*`, its
    last word may go on.
    `without` are words and phrases that must not occur. The note's date must be from `after` on, and earlier
    than `before`. `newest_first`: by date, not by rank. `failed`: only files that could not be read or sent.
    `meaning` is the text to embed. `prefix`: the last word is still being typed. `optional`: notes that fit
    and hold none of the words are found too, as in `tag:x OR word`.
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
    conditions: tuple[Condition, ...] = ()
    after: date | None = None
    before: date | None = None
    newest_first: bool = False
    failed: bool = False
    folder: Path | None = None
    meaning: str = ""
    prefix: bool = False
    optional: bool = False

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
            self.conditions,
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

    typing = query.prefix and _goes_on(query.text[-1:])
    reader = _Reader(text, today, known, typing=typing)
    made = _Parts()
    made.take(reader.read())
    return made.parsed(query, prefix=typing and reader.last_is_word)


@dataclass(frozen=True, slots=True)
class _Part:
    """A word, a phrase (`quoted`), or a filter with its `key`. `days` is the period of a date. `begun`: the
    word, or the last one of a name, may be the beginning of one; `starred`: as the user says by `word*`."""

    value: str
    key: str = ""
    minus: bool = False
    quoted: bool = False
    begun: bool = False
    starred: bool = False
    days: Period | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """What stands in brackets, or beside OR: one or several alternatives, each a sequence."""

    alternatives: tuple[_Sequence, ...]
    minus: bool = False


_Sequence = tuple["_Part | _Group", ...]


class _Reader:
    """Reads the tokens of a text into parts and groups. `typing`: the last word is unfinished. After `read`,
    `last_is_word` says whether the text ends in a word that stands by itself."""

    def __init__(
        self, text: str, today: date, exists: Callable[[str], bool], *, typing: bool = False
    ) -> None:
        self._text = text
        self._today = today
        self._exists = exists
        self._typing = typing
        self._tokens = list(tokens(text))
        self._next = 0
        # Where the part that was read last ends, which may be behind its token.
        self._position = 0
        self._words: list[str] = []
        self.last_is_word = False

    def read(self) -> _Sequence:
        """The whole text. OR joins what stands directly before and after it."""
        sequence: list[_Part | _Group] = []
        alternatives: list[_Part | _Group] = []
        joining = False
        while (token := self._take()) is not None:
            if token.kind is TokenKind.OR:
                joining = bool(sequence)
                continue
            node = self._node(token, len(self._text), "")
            if node is None:
                continue
            if joining:
                alternatives = alternatives or [sequence[-1]]
                alternatives.append(node)
                sequence[-1] = _Group(tuple((one,) for one in alternatives))
            else:
                alternatives = []
                sequence.append(node)
            joining = False
        if not sequence and any(token.kind is TokenKind.OR for token in self._tokens):
            # Nothing but OR: the word.
            return (_Part(self._text.strip()),)
        return tuple(sequence)

    def _take(self) -> Token | None:
        while self._next < len(self._tokens):
            token = self._tokens[self._next]
            self._next += 1
            if token.start >= self._position:
                return token
        return None

    def _node(self, token: Token, limit: int, key: str) -> _Part | _Group | None:
        if token.kind is TokenKind.OPEN:
            return self._group(token, token.key or key)
        return self._part(token, limit, key)

    def _group(self, opened: Token, key: str) -> _Group | None:
        """What stands in brackets: OR joins all that stands before it with all that follows. `key` is that of
        its words, as in tag:(a OR b)."""
        alternatives: list[list[_Part | _Group]] = [[]]
        while (token := self._take()) is not None and token.kind is not TokenKind.CLOSE:
            if token.kind is TokenKind.OR:
                alternatives.append([])
            elif (node := self._node(token, opened.closes, key)) is not None:
                alternatives[-1].append(node)
        self._position = max(self._position, opened.closes)
        self.last_is_word = False
        said = tuple(tuple(one) for one in alternatives if one)
        return _Group(said, opened.minus) if said else None

    def _part(self, token: Token, limit: int, key: str) -> _Part | None:
        """A part, and where the text goes on; None for what asks for nothing."""
        minus, quoted, value, end = token.minus, token.quoted is not None, token.value, token.end
        key = token.key or key
        self._words.append(token.word)
        self.last_is_word = not key and not quoted
        days = None
        if key and not quoted:
            value, end = self._longer(key, value, end, limit)
        elif minus and not quoted and is_option(f"-{value}", self._words[:-1]):
            minus = False
        elif not minus and not quoted:
            after = compounds.end_of_number(self._text[:limit], token.start)
            value, end = (self._text[token.start : after], after) if after > end else (value, end)
        self._position = end
        if key in DATES:
            days = period(value, self._today)
        if (key in DATES and days is None) or (key == "is" and value.lower() != "failed"):
            # No date and no state: words like any others.
            if minus:
                return None
            key = ""
        if key in FACETS:
            return _Part(facet(key, value), key, minus) if value.strip() else None
        if not key or key in ("title", "path"):
            return self._words_of(value, key, end, minus=minus, quoted=quoted)
        return _Part(value, key, minus, days=days)

    def _words_of(self, value: str, key: str, end: int, *, minus: bool, quoted: bool) -> _Part | None:
        """A word, a phrase, or a name that is asked for; None where there is nothing to search for."""
        if not _searchable(value):
            return None
        if minus or quoted:
            self.last_is_word = False
            return _Part(value, key, minus, quoted)
        stem = value.rstrip("*")
        starred = not key and stem != value and stem[-1:].isalnum()
        begun = starred or (self._typing and end == len(self._text))
        return _Part(stem if starred else value, key, begun=begun, starred=starred)

    def _longer(self, key: str, value: str, end: int, limit: int) -> tuple[str, int]:
        """The value of a filter without quotation marks, with the words that belong to it: of a folder's name
        that notes have, and of a date such as "last month"."""
        best, at = value, end
        known = key in ("folder", "tag") and self._exists(facet(key, value))
        for _ in range(MOST_FOLDER_WORDS):
            more = _MORE_WORDS.match(self._text, end, limit)
            if more is None:
                break
            value, end = f"{value} {more[1]}", more.end()
            fits = (
                period(value, self._today) is not None
                if key in DATES
                else key in ("folder", "tag") and not known and self._exists(facet(key, value))
            )
            if fits:
                best, at = value, end
        return best, at


@dataclass(slots=True)
class _Parts:
    """What a query asks, as it is taken from its parts and groups."""

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
    conditions: list[Condition] = field(default_factory=list)
    after: date | None = None
    before: date | None = None
    newest_first: bool = False
    failed: bool = False
    meaning: list[str] = field(default_factory=list)
    # Whether a word, a phrase or a title stands by itself, outside of all groups.
    soft: bool = False

    def take(self, sequence: _Sequence) -> None:
        """Take what stands by itself."""
        for node in sequence:
            if isinstance(node, _Part):
                self._take_part(node)
            elif len(node.alternatives) == 1 and not node.minus:
                self.take(node.alternatives[0])
            elif (condition := self._of_group(node)) is not None:
                self.conditions.append(condition)

    def _take_part(self, part: _Part) -> None:
        value, minus = part.value, part.minus
        if part.key in FACETS:
            (self.without_facets if minus else self.facets).append(value)
        elif part.key == "title":
            (self.without_titles if minus else self.titles).append(_open_ended(part))
            self.meaning += [] if minus else [value]
            self.soft |= not minus
        elif part.key == "path":
            (self.without_paths if minus else self.paths).append(_open_ended(part))
        elif part.days is not None and minus:
            self.conditions.append(Not(_dated(part.key, part.days)))
        elif part.days is not None:
            asked = _dated(part.key, part.days)
            self.after = max(filter(None, (self.after, asked.after)), default=None)
            self.before = min(filter(None, (self.before, asked.before)), default=None)
        elif part.key in ("sort", "is"):
            self._take_order(part)
        elif minus:
            self.without.append(value)
        elif part.quoted:
            self.soft = True
            self.meaning.append(value)
            self.phrases.append(value)
        else:
            self.soft = True
            self._ask(part)

    def _take_order(self, part: _Part) -> None:
        if part.key == "is":
            # Files that failed are no notes: without the filter none is found.
            self.failed = not part.minus
        elif part.value.lower() in ("date", "newest", "modified") and not part.minus:
            self.newest_first = True

    def _ask(self, part: _Part) -> None:
        """Ask for a word, to rank by."""
        self.meaning.append(part.value)
        self.words.append(part.value)
        if part.starred:
            self.beginnings.append(part.value)

    # Conditions

    def _of_group(self, group: _Group, *, asked: bool = True) -> Condition | None:
        """The condition that a group stands for; None where it asks for nothing. `asked`: its words are asked
        for, and not excluded."""
        asked = asked and not group.minus
        found = [self._all(one, asked=asked) for one in group.alternatives]
        conditions = tuple(one for one in found if one is not None)
        if not conditions:
            return None
        condition = conditions[0] if len(conditions) == 1 else AnyOf(conditions)
        return Not(condition) if group.minus else condition

    def _all(self, sequence: _Sequence, *, asked: bool) -> Condition | None:
        found = [
            self._of_group(node, asked=asked)
            if isinstance(node, _Group)
            else self._of_part(node, asked=asked)
            for node in sequence
        ]
        conditions = tuple(one for one in found if one is not None)
        return AllOf(conditions) if len(conditions) > 1 else conditions[0] if conditions else None

    def _of_part(self, part: _Part, *, asked: bool) -> Condition | None:
        condition = self._positive(part)
        if condition is None:
            return None
        if part.minus:
            return Not(condition)
        if asked and isinstance(condition, (Holds, HoldsPhrase, IsCalled)):
            self._ask(part)
        return condition

    def _positive(self, part: _Part) -> Condition | None:
        if part.key in FACETS:
            return HasFacet(part.value)
        if part.key == "title":
            return IsCalled(_open_ended(part))
        if part.key == "path":
            return LiesAt(_open_ended(part))
        if part.days is not None:
            return _dated(part.key, part.days)
        if part.key:
            self._take_order(part)
            return None
        # What is excluded must stand there as it is typed.
        return HoldsPhrase(part.value) if part.quoted or part.minus else Holds(part.value, part.begun)

    def parsed(self, query: Query, *, prefix: bool) -> ParsedQuery:
        """Everything that was taken."""
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
            conditions=tuple(self.conditions),
            after=self.after,
            before=self.before,
            newest_first=self.newest_first,
            failed=self.failed,
            folder=query.folder,
            meaning=" ".join(self.meaning),
            prefix=prefix,
            optional=not self.soft and bool(self.conditions) and not any(map(_asks_words, self.conditions)),
        )


def _open_ended(part: _Part) -> str:
    """A title or path, with `*` at its end where it may go on."""
    return f"{part.value.rstrip('*')}*" if part.begun else part.value


def _dated(key: str, days: Period) -> IsDated:
    if key == "before":
        return IsDated(None, days.start)
    return IsDated(days.start, days.end if key == "date" else None)


def _asks_words(condition: Condition) -> bool:
    """Whether a note that fits holds one of the words that are ranked by."""
    match condition:
        case AllOf(conditions):
            return any(map(_asks_words, conditions))
        case AnyOf(conditions):
            return all(map(_asks_words, conditions))
        case _:
            return isinstance(condition, (Holds, HoldsPhrase, IsCalled))


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
    """Whether a word may go on after this character, "" for none: a letter, a digit, a mark on a letter, or a
    sign that joins."""
    return bool(character) and (unicodedata.category(character)[0] in "LNM" or character in "-_/@")


def _searchable(text: str) -> bool:
    return bool(analysis.words(text) or analysis.unspaced_runs(text))
