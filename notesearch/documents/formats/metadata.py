"""Metadata: what a note says about itself (title, tags, aliases, dates, private), from the key-value pairs of
any format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from notesearch.text.terms import tag_letters

MOST_TAGS = 500
LONGEST_PROPERTIES = 64 * 1024  # characters of all of them; a small file may ask for endless repetition
MOST_VALUES = 10_000
# Marks the key of a pair whose key comes again: only the other one counts, but what this says is not lost.
AGAIN = "\N{ZERO WIDTH SPACE}"

_TITLE_KEYS = frozenset({"title"})
_TAG_KEYS = frozenset({"tags", "tag", "keywords", "filetags", "categories", "category", "topics"})
_ALIAS_KEYS = frozenset({"aliases", "alias"})
_CREATED_KEYS = (
    "created",
    "date",
    "createdat",
    "createdon",
    "datecreated",
    "creationdate",
    "createddate",
    "createdtime",
    "ctime",
    "published",
    "publishdate",
    "pubdate",
    "dateadded",
    "added",
    "timestamp",
)
_UPDATED_KEYS = (
    "updated",
    "modified",
    "lastmodified",
    "lastmod",
    "lastupdated",
    "updatedat",
    "modifiedat",
    "updatedon",
    "modifiedon",
    "dateupdated",
    "datemodified",
    "modifieddate",
    "updateddate",
    "modificationdate",
    "lastedited",
    "edited",
    "changed",
    "mtime",
)
_KNOWN = _TITLE_KEYS | _TAG_KEYS | _ALIAS_KEYS | {"private", *_CREATED_KEYS, *_UPDATED_KEYS}
_TRUE = frozenset({"true", "yes", "on", "1", "t", "y"})

_SAYS_NOTHING = frozenset({"true", "false", "null", "~"})

_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")
_WIKILINK = re.compile(r"\[\[([^\[\]\n]{1,200})\]\]")
_MONTHS = {
    "jan": 1,
    "feb": 2,
    "mar": 3,
    "apr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}
_YEAR_FIRST = re.compile(r"\b((?:1[89]|20)\d\d)[-/._](\d{1,2})[-/._](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"^((?:19|20)\d\d)(\d\d)(\d\d)(?:T?\d{4,6}Z?)?$")
_DAY_FIRST = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2((?:19|20)\d\d)\b")
_NAMED_MONTH = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th|\.)? +)?([A-Za-z]{3})[a-z]*\.?(?: +(\d{1,2})(?:st|nd|rd|th)?)?,? "
    r"+((?:19|20)\d\d)\b"
)


_YEAR_OR_MONTH = re.compile(r"((?:1[5-9]|20)\d\d)(?:[-/.](0?[1-9]|1[0-2]))?")
# Tags that are names with signs: c#, f#, .net.
_SIGNED = re.compile(r"[a-zA-Z]#|\.[nN][eE][tT]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a note says about itself. Document describes the values."""

    title: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    created: str = ""
    updated: str = ""
    private: bool = False
    properties: tuple[str, ...] = ()


def said_key(key: str) -> str:
    """The key of a pair as it is written in the note."""
    return key.rstrip(AGAIN)


def add_pair(pairs: dict[str, Any], key: str, value: Any) -> None:
    """Add a pair. Where the key is there already, the first one counts, and what the others say is kept."""
    if key in pairs:
        pairs.setdefault(key + AGAIN, []).append(value)
    else:
        pairs[key] = value


def normal_key(key: str) -> str:
    """A key in the form in which keys are compared: "Date Created", "date-created" and "dateCreated" are the
    same."""
    return _NOT_IN_KEY.sub("", key.lower())


def is_known(key: str) -> bool:
    """Whether `read_metadata` uses this key."""
    return normal_key(key) in _KNOWN


def read_metadata(pairs: Mapping[Any, Any]) -> Metadata:
    """Read the metadata in key-value pairs. Values are strings, lists and mappings, as a YAML, TOML or JSON
    reader gives them. Values that make no sense are ignored."""
    values = {
        normal_key(key): value
        for key, value in pairs.items()
        if isinstance(key, str) and not key.endswith(AGAIN)
    }
    if isinstance(within := values.get("taxonomies"), Mapping):  # where Zola keeps tags and categories
        values = {**{normal_key(str(key)): value for key, value in within.items()}, **values}
    return Metadata(
        title=_line(values.get("title")),
        tags=unique(tag for key in values if key in _TAG_KEYS for tag in read_tags(values[key])),
        aliases=unique(alias for key in values if key in _ALIAS_KEYS for alias in _names(values[key])),
        created=_first_date(values, _CREATED_KEYS),
        updated=_first_date(values, _UPDATED_KEYS),
        private=_line(values.get("private")).lower() in _TRUE,
        properties=read_properties(pairs),
    )


def read_properties(pairs: Mapping[Any, Any]) -> tuple[str, ...]:
    """Every value as "key: value", in order, each once. Left out are title and aliases, which are searched
    as such, and values that say nothing (`true`, `null`)."""
    found: dict[str, None] = {}
    length = 0
    for key, value in _flat(pairs):
        if normal_key(key) in _TITLE_KEYS | _ALIAS_KEYS and not key.endswith(AGAIN):
            continue
        said = f"{said_key(key)}: {value}"
        length += len(said)
        if length > LONGEST_PROPERTIES:
            break
        found[said] = None
    return tuple(found)


def _flat(pairs: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """The scalars in the pairs, each with the keys that lead to it. Looks at MOST_VALUES values at most: YAML
    can make very many of few characters."""
    waiting: list[tuple[str, Any]] = [("", pairs)]
    for _ in range(MOST_VALUES):
        if not waiting:
            break
        key, value = waiting.pop()
        if isinstance(value, Mapping):
            names = [(" ".join(str(name).replace(":", " ").split()), inner) for name, inner in value.items()]
            waiting += reversed([(f"{key}.{name}" if key else name, inner) for name, inner in names])
        elif isinstance(value, list | tuple):
            waiting += ((key, inner) for inner in reversed(value[:MOST_VALUES]))
        elif key and (said := _line(value)) and said.lower() not in _SAYS_NOTHING:
            yield key, said


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names without repetitions, in order, at most MOST_TAGS."""
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_TAGS]


def read_tags(value: Any) -> list[str]:
    """Tags from a list, or from a text that separates them by commas, else by white space. Lower case,
    without `#`."""
    if isinstance(value, str):
        linked = _WIKILINK.findall(value)
        rest = _WIKILINK.sub(" ", value) if linked else value
        separators = r"[,;\n]" if re.search(r"[,;\n]", rest) else r"\s+"
        items = [*linked, *re.split(separators, rest)]
    elif isinstance(value, list):
        items = _lines(value)
    else:
        items = []
    return [tag for item in items if (tag := clean_tag(item))]


@cache
def _tag() -> re.Pattern[str]:
    word = f"[{tag_letters()}/+.&'-]+"
    return re.compile(f"{word}(?: {word})*")


def clean_tag(text: str) -> str:
    """One tag in its normal form; "" where the text is no tag."""
    said = unicodedata.normalize("NFC", text).strip().strip("[]\"'").lstrip("#")
    if _SIGNED.fullmatch(said):
        return said.lower()
    match = _tag().search(said)
    return match[0].lower().strip("/.-'") if match else ""


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        items = value.split(",")
    elif isinstance(value, list):
        items = _lines(value)
    else:
        items = []
    return [" ".join(item.replace("[[", "").replace("]]", "").split()).strip("\"'") for item in items]


def _line(value: Any) -> str:
    """A scalar as one line of text; "" for lists and mappings."""
    return " ".join(str(value).split()) if isinstance(value, str | int | float | date) else ""


def _lines(values: list[Any]) -> list[str]:
    """The scalars of a list. `[[Name]]` without quotes is a list in a list to YAML, a link to the user."""
    made: list[str] = []
    for value in values[:MOST_VALUES]:
        inner = value[:MOST_TAGS] if isinstance(value, list) else [value]
        made.append(", ".join(filter(None, map(_line, inner))))
    return made


def _first_date(values: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((found for key in keys if key in values and (found := read_date(values[key]))), "")


def read_date(value: Any) -> str:
    """An ISO date; "" where the text holds none, or could mean two days. A year or a month is its first
    day."""
    text = _line(value)[:100]
    if match := _YEAR_OR_MONTH.fullmatch(text):
        return _iso(match[1], match[2] or "1", "1")
    if text.isdigit() and len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC).date().isoformat()
    if match := _YEAR_FIRST.search(text) or _COMPACT.match(text):
        return _iso(match[1], match[2], match[3])
    if match := _DAY_FIRST.search(text):
        day, month = match[1], match[3]
        if match[2] == ".":
            return _iso(match[4], month, day)
        if int(day) <= 12 and int(month) <= 12 and day != month:
            return ""  # 04/05 may be April or May
        return _iso(match[4], *((month, day) if int(day) > 12 else (day, month)))
    if match := _NAMED_MONTH.search(text):
        return _iso(match[4], str(_MONTHS.get(match[2].lower(), 0)), match[1] or match[3] or "0")
    return ""


def _iso(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""
