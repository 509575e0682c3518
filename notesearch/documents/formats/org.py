"""Org: headlines, tags, file keywords, property drawers, blocks. Keywords and drawers are blanked, so that
every line keeps its number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.metadata import read_metadata, read_tags
from notesearch.documents.formats.note import document_of, without_leading_blank_lines
from notesearch.documents.formats.outline import Heading, Outline
from notesearch.domain import Document, Span

_MOST_UNCLOSED = 16  # kinds of block without an end, after which no further one is looked for
_STATES = frozenset(
    (
        "TODO",
        "DONE",
        "NEXT",
        "WAITING",
        "WAIT",
        "HOLD",
        "CANCELLED",
        "CANCELED",
        "INPROGRESS",
        "IN-PROGRESS",
        "STARTED",
        "SOMEDAY",
        "DELEGATED",
    )
)
_CANDIDATE = re.compile(
    r"^(?:(?P<stars>\*+)[ \t]+(?P<headline>[^\n]*)"
    r"|[ \t]*\#\+begin_(?P<block>\w+)[^\n]*"
    r"|[ \t]*:(?P<drawer>PROPERTIES|LOGBOOK):[ \t]*"
    r"|\#\+(?P<keyword>[\w-]+):[ \t]*(?P<value>[^\n]*))$",
    re.MULTILINE | re.IGNORECASE,
)
_READ_AS_TEXT = frozenset({"caption", "header", "name", "index", "description", "subtitle"})
_TODO_KEYWORDS = frozenset({"todo", "seq_todo", "typ_todo"})
_DRAWER_END = re.compile(r"^(?:[ \t]*:END:[ \t]*$|\*+[ \t])", re.MULTILINE | re.IGNORECASE)
_PROPERTY = re.compile(r"^[ \t]*:(\w+):[ \t]+([^\n]*)$", re.MULTILINE)
_HEADLINE_TAGS = re.compile(r"(?:^|[ \t]+):([\w@#%:-]+):[ \t]*$")
_PRIORITY = re.compile(r"\[#\w{1,2}\][ \t]*")
_COOKIE = re.compile(r"[ \t]*\[(?:\d*/\d*|\d*%)\]")
_LINK = re.compile(r"\[\[(?:[^\[\]\n]{1,500}\]\[)?([^\[\]\n]{1,500})\]\]")
_QUOTED = re.compile(r'"([^"\n]{1,200})"|(\S+)')


def extract_org(path: Path, raw: bytes) -> Document:
    """Read an Org note. Raises FileBinary."""
    whole, encoding = decode(raw)
    pairs: dict[str, str] = {}
    tags: list[str] = []
    text = _without_settings(whole, pairs, tags)
    text, skipped = without_leading_blank_lines(text)
    outline = outline_org(text, states=_states(pairs))
    pairs = {
        "updated" if key == "last_modified" else key: _LINK.sub(r"\1", value) for key, value in pairs.items()
    }
    return document_of(
        path,
        text,
        format_name="org",
        encoding=encoding,
        first_line=skipped + 1,
        outline=outline,
        metadata=(read_metadata(pairs),),
        tags=[*tags, *(tag for heading in outline.headings for tag in _headline_tags(text, heading.start))],
    )


def outline_org(text: str, *, states: frozenset[str] = _STATES) -> Outline:
    """Headlines and blocks. `states` are the words that mark a headline as a task."""
    headings: list[Heading] = []
    blocks: list[Span] = []
    position = 0
    unclosed: set[str] = set()
    while match := _CANDIDATE.search(text, position):
        position = match.end()
        if match["stars"]:
            headings.append(
                Heading(
                    start=match.start(), level=len(match["stars"]), title=_headline(match["headline"], states)
                )
            )
        elif match["block"] and (end := _block_end(text, match, unclosed)):
            blocks.append((match.start(), end))
            position = end
        if position >= len(text):
            break
    return Outline(headings=tuple(headings), blocks=tuple(blocks))


def _block_end(text: str, match: re.Match[str], unclosed: set[str]) -> int:
    """0 where the block is never closed, which is remembered so that nothing is searched twice."""
    name = match["block"].lower()
    if name in unclosed or len(unclosed) >= _MOST_UNCLOSED:
        return 0
    end = re.compile(rf"^[ \t]*#\+end_{name}[ \t]*$", re.MULTILINE | re.IGNORECASE).search(text, match.end())
    if end is None:
        unclosed.add(name)
        return 0
    return end.end()


def _headline(text: str, states: frozenset[str]) -> str:
    text = _HEADLINE_TAGS.sub("", text[:1000])
    first, _, rest = text.partition(" ")
    if first in states:
        text = rest
    text = _COOKIE.sub("", _PRIORITY.sub("", text, count=1))
    text = text.removeprefix("COMMENT ")
    return " ".join(_LINK.sub(r"\1", text).split())


def _headline_tags(text: str, start: int) -> list[str]:
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)][-400:]
    match = _HEADLINE_TAGS.search(line)
    return _colon_tags(match[1]) if match else []


def _colon_tags(value: str) -> list[str]:
    return [tag for part in value.split(":") for tag in read_tags(part.strip())]


def _states(pairs: dict[str, str]) -> frozenset[str]:
    """The file's own task words: `TODO(t) WAITING(w@) | DONE(d)`."""
    own = (word.split("(")[0] for key in _TODO_KEYWORDS for word in pairs.get(key, "").split())
    return _STATES | {word for word in own if word and word != "|"}


def _without_settings(text: str, pairs: dict[str, str], tags: list[str]) -> str:
    """The text with keyword lines and drawers blanked; fills `pairs` and `tags` with what they say about the
    note as a whole."""
    kept: list[str] = []
    position = copied = 0
    headlines = no_end_before = 0
    unclosed: set[str] = set()
    while match := _CANDIDATE.search(text, position):
        position = end = match.end()
        if match["stars"]:
            headlines += 1
        elif match["block"]:
            position = _block_end(text, match, unclosed) or end
        elif match["drawer"]:
            if match.start() < no_end_before:
                continue
            closing = _DRAWER_END.search(text, match.end())
            if closing is None or closing[0].startswith("*"):
                no_end_before = closing.start() if closing else len(text)
            else:
                if not headlines:
                    _read_drawer(text[match.end() : closing.start()], pairs)
                kept += text[copied : match.start()], "\n" * text.count("\n", match.start(), closing.end())
                position = copied = closing.end()
        elif _read_keyword(match["keyword"].lower(), match["value"], pairs, tags):
            kept.append(text[copied : match.start()])
            copied = end
        if position >= len(text):
            break
    return "".join([*kept, text[copied:]]) if kept else text


def _read_keyword(keyword: str, value: str, pairs: dict[str, str], tags: list[str]) -> bool:
    """Whether the line is a setting that is not read as text."""
    if keyword in _READ_AS_TEXT or keyword.startswith(("attr_", "begin", "end", "results")):
        return False
    if keyword in ("filetags", "roam_tags", "tags_all", "hugo_tags"):
        tags.extend(_colon_tags(value) if ":" in value else read_tags(value))
    elif keyword in ("roam_alias", "roam_aliases"):
        pairs["aliases"] = ", ".join(_names(value))
    elif keyword not in ("tags", "category"):  # the tags that may be used in the file, not those it has
        pairs.setdefault(keyword, value)
    return True


def _read_drawer(text: str, pairs: dict[str, str]) -> None:
    for match in _PROPERTY.finditer(text):
        key = match[1].lower()
        if key in ("roam_aliases", "roam_alias"):
            pairs["aliases"] = ", ".join(_names(match[2]))
        elif key != "category":
            pairs.setdefault(key, match[2])


def _names(value: str) -> Iterable[str]:
    return (match[1] or match[2] for match in _QUOTED.finditer(value))
