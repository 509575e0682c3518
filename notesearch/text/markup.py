"""The text as its reader sees it: without the marks of emphasis, addresses of links, tags of HTML, entities
and pictures stored as base64. For finding words; what a preview shows is made by the formats.

It knows the inline marks of all formats at once, as a note of one may hold another's. Where a mark is only
something like one (`2*3*4`), the words around it are kept as well. Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from notesearch.text.terms import terms


@dataclass(frozen=True, slots=True)
class AsRead:
    """A text as it is read. `places`: for each of its characters, and for its end, the character of the
    written text where it begins; None: each stands where it stood. `beside` are words that a reader does not
    see in their place, such as those of a link's address."""

    text: str
    places: list[int] | None = None
    beside: tuple[str, ...] = ()


class _Edit(NamedTuple):
    """Characters [start, end) become `text`; their words are kept beside it, where `keeps` says so."""

    start: int
    end: int
    text: str = ""
    keeps: bool = False


_MARKED = re.compile(r"[*~^=`<>&\[\]\\]|data:|^\s{0,3}\d+[.)]\s", re.MULTILINE)
# A picture or font inside a text. Without the bound, line breaks could take the words after it along.
_DATA = re.compile(
    r"data:[\w/+.-]*(?:;[\w=-]+)*(?:;base64)?,(?:[A-Za-z0-9+/_%-]{4,}=*(?:\r?\n[ \t]*)?)+", re.ASCII
)
_DATA_SHORT = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/_%-]*=*", re.ASCII)
# Wiki links, then links and pictures with an address, with a reference, and footnotes.
_WIKI = re.compile(r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]\n]+)\]\]")
_ORG_LINK = re.compile(r"\[\[[^\[\]\n]*\]\[([^\[\]\n]*)\]\]")
_LINK = re.compile(
    r"\[((?:[^\[\]\n]|\n(?!\s*\n)|\[[^\[\]\n]*\])*)\](?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\])"
)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\](?!:)")
_TASK = re.compile(r"^([ \t]*(?:[-*+]|\d+[.)])\s+)(\[[ xX/-]\])(?=\s)", re.MULTILINE)
_NUMBER = re.compile(r"^[ \t>]*\d{1,4}[.)](?=\s)", re.MULTILINE)
# Emphasis of any kind, next to a letter. Marks between blanks and punctuation divide no word.
_EMPHASIS = re.compile(r"(\*{1,3}|~{1,2}|\^|={2}|`{1,3})(?=[^\s*~^=`])([^\n]{0,300}?)(?<=[^\s])\1")
_MARKS = re.compile("[*~^=`]+")
# What no emphasis begins with; "" is the end of the text.
_CLOSING = ("", *",.;:!?)]}\"'")
_NAMES = (
    "a abbr address article aside audio b bdi bdo blockquote body br button caption center cite code"
    " col colgroup dd del details dfn div dl dt em embed figcaption figure font footer form h1 h2 h3 h4"
    " h5 h6 head header hr html i iframe img input ins kbd label li link main mark meta nav object ol p"
    " picture pre q rp rt ruby s samp script section small source span strike strong style sub summary"
    " sup svg table tbody td tfoot th thead time title tr tt u ul var video wbr"
)
# Those that may stand inside a word.
_INSIDE = frozenset(
    "a abbr b bdi bdo cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u"
    " var wbr".split()
)
_TAG = re.compile(
    rf"</?({'|'.join(sorted(_NAMES.split(), key=len, reverse=True))})(?:\s+[\w:@.-]+\s*=[^<>]*)?\s*/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# What reStructuredText writes where emphasis ends or begins within a word.
_WITHIN_WORD = re.compile(r"[*`]{1,2}\\ (?=\w)|(?<=\w)\\ [*`]{1,2}")
_ESCAPED = re.compile(r"\\(?=[*_~^=`\[\]<>\\-])")


# Cached: one letter after another finds mostly the same passages.
@lru_cache(maxsize=1024)
def as_read(text: str) -> AsRead:
    """The text as its reader sees it. The numbers of lists are beside it, so that they interrupt no phrase.
    Takes time linear in its length."""
    if not _MARKED.search(text):
        return AsRead(text)
    pieces: list[str] = []
    places: list[int] = []
    beside: list[str] = []
    position = 0
    for edit in _in_order(_edits(text, numbers=True)):
        pieces += [text[position : edit.start], edit.text]
        places += range(position, edit.start)
        places += [edit.start] * len(edit.text)
        if edit.keeps:
            beside += terms(_DATA_SHORT.sub(" ", text[edit.start : edit.end]))
        position = edit.end
    if not position:
        return AsRead(text)
    pieces.append(text[position:])
    places += range(position, len(text) + 1)
    beside += _pieces(text)
    return AsRead("".join(pieces), places, tuple(dict.fromkeys(beside)))


def shown(text: str) -> str:
    """The text as its reader sees it, with the numbers of lists. Takes half the time of `as_read`, as it does
    not keep where each character stood."""
    if not _MARKED.search(text):
        return text
    pieces: list[str] = []
    position = 0
    for edit in _in_order(_edits(text, numbers=False)):
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)


def _in_order(edits: Iterable[_Edit]) -> Iterator[_Edit]:
    """The edits by place, without those that overlap an earlier or longer one."""
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= position:
            yield edit
            position = edit.end


def _edits(text: str, *, numbers: bool) -> Iterator[_Edit]:
    if "data:" in text:
        for pattern in (_DATA, _DATA_SHORT):
            for match in pattern.finditer(text):
                if len(match[0]) > 40 or ";base64" in match[0]:
                    yield _Edit(*match.span())
    if "[" in text:
        yield from _links(text)
    if "<" in text:
        for match in _TAG.finditer(text):
            yield _Edit(*match.span(), "" if match[1].lower() in _INSIDE else " ")
    if "&" in text:
        for match in _ENTITY.finditer(text):
            if (said := html.unescape(match[0])) != match[0]:
                yield _Edit(*match.span(), said)
    if "\\" in text:
        for pattern in (_WITHIN_WORD, _ESCAPED):
            for match in pattern.finditer(text):
                yield _Edit(*match.span())
    for match in _NUMBER.finditer(text) if numbers else ():
        yield _Edit(*match.span(), " ", keeps=True)
    for match in _emphasis(text):
        yield _Edit(match.start(), match.end(1))
        yield _Edit(match.end(2), match.end())


def _links(text: str) -> Iterator[_Edit]:
    for match in _FOOTNOTE.finditer(text):
        yield _Edit(*match.span(), keeps=True)
    for match in _TASK.finditer(text):
        yield _Edit(*match.span(2), keeps=False)
    for pattern in (_ORG_LINK, _WIKI, _LINK):
        for match in pattern.finditer(text):
            # Before a link to a picture stands a "!".
            start = match.start()
            if pattern is not _ORG_LINK and text[start - 1 : start] == "!":
                start -= 1
            yield _Edit(start, match.start(1), keeps=True)
            yield _Edit(match.end(1), match.end(), keeps=True)


def _emphasis(text: str) -> Iterator[re.Match[str]]:
    """The emphasis that stands next to a letter, and so inside a word."""
    if not any(_next_to_letter(text, *marks.span()) for marks in _MARKS.finditer(text)):
        return
    position = 0
    for marks in _MARKS.finditer(text):
        for place in range(max(position, marks.start()), marks.end()):
            if (match := _EMPHASIS.match(text, place)) is not None:
                position = end = match.end()
                if text[place - 1 : place].isalnum() or text[end : end + 1].isalnum():
                    yield match
                break


def _next_to_letter(text: str, start: int, end: int) -> bool:
    """Whether marks at characters [start, end) may begin emphasis after a letter, or end it before one."""
    before, after = text[start - 1 : start], text[end : end + 1]
    begins = before.isalnum() and not after.isspace() and after not in _CLOSING
    return begins or (after.isalnum() and not before.isspace())


def _pieces(text: str) -> Iterator[str]:
    """The words of which emphasis may have made one that is none: "2", "3", "4" for 2*3*4."""
    for match in _emphasis(text):
        start, end = match.span()
        while start and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        yield from terms(text[start:end])
