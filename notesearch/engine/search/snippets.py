"""Snippets: the two lines of a passage to show, with the words of the query in them. Pure functions over
text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from notesearch.documents.formats.format import Noise
from notesearch.documents.formats.registry import noise
from notesearch.domain import Span
from notesearch.domain.file_names import harmless
from notesearch.engine.search.highlights import Highlighter
from notesearch.text.markup import shown

SNIPPET = 200
# The most characters of a snippet before the first found word.
LEAD = 80

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)")
# Rows of tables in any format, and what ends with two colons.
_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"[-+:= ]+")
_COLONS = r"(?<=:):[ \t]*$"


class _Markup(NamedTuple):
    """The markup of all formats that snippets leave out (see Noise), as compiled expressions."""

    marks: re.Pattern[str]
    noise: re.Pattern[str]
    inline: re.Pattern[str]
    heading: str


def _markup() -> _Markup:
    return _compiled(noise())


@lru_cache(maxsize=4)
def _compiled(said: Noise) -> _Markup:
    return _Markup(
        re.compile(rf"^(?:{'|'.join(said.marks)})", re.MULTILINE),
        re.compile(rf"^[ \t]*(?:{'|'.join(said.lines)})|{_COLONS}", re.MULTILINE),
        re.compile("|".join(said.inline), re.MULTILINE),
        rf"(?:{'|'.join(said.headings)}) ",
    )


def snippet(
    passage: str, highlighter: Highlighter | None, *, around: Span | None = None
) -> tuple[str, tuple[Span, ...], Span | None]:
    """A snippet: two lines of a passage, where the found words are densest. Returns the text on one line, the
    spans of found words in it, and the span of the `around` sentence.

    Headings, list marks and emphasis are removed. `around` (characters of `passage`) asks for that sentence
    instead of the densest place.
    """
    if around is not None:
        before, sentence, after = (
            _clean(passage[a:b]) for a, b in ((0, around[0]), around, (around[1], around[1] + SNIPPET))
        )
        room = max(0, SNIPPET - len(sentence))
        lead = before if len(before) <= LEAD else "…"
        text = " ".join(part for part in (lead, sentence, after[: max(0, room - len(lead))]) if part)
        start = len(lead) + 1 if lead else 0
        best_sentence = (start, start + len(sentence)) if sentence else None
        return text, tuple(highlighter.find(text)[0]) if highlighter else (), best_sentence
    if highlighter is None:
        return _opening(_without_leading_headings(passage)), (), None
    plain = _clean(_without_leading_headings(passage))
    spans = highlighter.find(plain)[0]
    if not spans:
        whole = _clean(passage)
        spans = highlighter.find(whole)[0]
        plain = whole if spans else plain
    start = _densest(spans) if spans else 0
    first, cut = _beginning(plain, start)
    text = ("… " if cut else "") + plain[first : first + SNIPPET]
    shift = (2 if cut else 0) - first
    return (
        text,
        tuple(
            (a + shift, min(b + shift, len(text))) for a, b in spans if a >= first and a + shift < len(text)
        ),
        None,
    )


def _opening(passage: str) -> str:
    """The first characters of a passage, as many as a snippet has. Removing markup takes time linear in the
    text, so it begins with a part that is long enough in most cases."""
    text = _clean(passage[: 3 * SNIPPET])
    return (text if len(text) >= SNIPPET else _clean(passage))[:SNIPPET]


def place_of(passage: str, found: Sequence[Span]) -> int:
    """The character where the found words (spans of `passage`, not empty) are densest; below the headings,
    where words were found there."""
    body = len(passage) - len(_without_leading_headings(passage))
    return _densest(sorted(span for span in found if span[0] >= body) or sorted(found))


def sentences(passage: str) -> list[Span]:
    """The sentences of a passage as spans, without headings and single marks. Long sentences are cut at 400
    characters."""
    result: list[Span] = []
    start = 0
    for end in [*(m.end() for m in _SENTENCE_END.finditer(passage)), len(passage)]:
        part = passage[start:end]
        if len(_clean(part)) > 3 and not re.fullmatch(rf"\s*{_markup().heading}[^\n]*\s*", part):
            lead = len(part) - len(part.lstrip())
            result.append((start + lead, min(start + len(part.rstrip()), start + lead + 400)))
        start = end
    return result


def _densest(spans: Sequence[Span]) -> int:
    """The start of the window of a snippet's width that holds the most found spans."""
    best, where, last = 0, spans[0][0], 0
    for first, (start, _) in enumerate(spans):
        last = max(last, first)
        while last + 1 < len(spans) and spans[last + 1][1] <= start + SNIPPET - 60:
            last += 1
        if last - first + 1 > best:
            best, where = last - first + 1, start
    return where


def _beginning(plain: str, start: int) -> tuple[int, bool]:
    """Where the snippet begins, so that `start` comes soon: (position, whether it is inside a sentence). It
    begins at a sentence where one begins nearby."""
    if start <= LEAD:
        return 0, False
    near = plain[start - LEAD : start]
    ends = [m.end() for m in re.finditer(r"[.!?…]\s+|[。！？]", near)]
    if ends:
        return start - LEAD + ends[-1], False
    return start - len(_tail(near, LEAD // 2)), True


def _without_leading_headings(passage: str) -> str:
    lines = passage.split("\n")
    index = 0
    while index < len(lines) and (not lines[index].strip() or re.match(_markup().heading, lines[index])):
        index += 1
    return "\n".join(lines[index:]) if index < len(lines) else passage


# Cached: one letter after another finds mostly the same passages. Removing their markup was a third of the
# time of a keyword search.
@lru_cache(maxsize=2048)
def _clean(text: str) -> str:
    markup = _markup()
    lines = markup.noise.sub("", _ROW.sub(_cells, shown(markup.marks.sub("", harmless(text)))))
    lines = markup.inline.sub(lambda m: m[m.lastindex] if m.lastindex else "", lines)
    return " ".join(lines.replace("`", "").split())


def _cells(row: re.Match[str]) -> str:
    """The text of the cells of a table row; "" for the rule between head and body."""
    cells = [cell for cell in map(str.strip, row[1].split("|")) if cell]
    return "" if all(_RULE.fullmatch(cell) for cell in cells) else " | ".join(cells)


def _tail(text: str, length: int) -> str:
    """The last words of a text, together at most `length` characters."""
    if len(text) <= length:
        return text
    return text[-length:].partition(" ")[2] if " " in text[-length:] else text[-length:]
