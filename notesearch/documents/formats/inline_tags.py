"""Finds the tags in a text of Markdown: `#tag`, `#nested/tag` and `#[[linked tag]]`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache

from notesearch.documents.formats.metadata import clean_tag
from notesearch.domain import Span
from notesearch.text.terms import tag_pattern

# The beginning of a line that is no paragraph.
NOT_PARAGRAPH = re.compile(
    r"[ ]{0,3}(?:#{1,6}(?:[ \t]|$)|>|[-*+](?:[ \t]|$)|\d{1,9}[.)][ \t]|\||`{3}|~{3}|[-*_=]{3,}[ \t]*$)|[ "
    r"]{4}|\t"
)
# What may begin a tag; whether one does is for `_pattern` to say.
_MAYBE_TAG = re.compile(r"#[^\s#]")
# Code, link targets and addresses come first, so that a `#` inside them is passed over.
_PASSED_OVER = r"`[^`\n]{1,300}`|\]\([^()\n]{0,300}\)|\w{2,12}://[^\s]{1,500}"
_MAYBE_IN_CODE = re.compile(r"^(?: {4}| {0,3}\t)[^\n]*#", re.MULTILINE)
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_NOT_A_TAG = re.compile(r"[\d/_-]+$|(?=.*\d)(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")


@cache
def _pattern() -> re.Pattern[str]:
    linked = r"\[\[(?P<linked>[^\[\]\n]{1,100})\]\]"
    return re.compile(f"{_PASSED_OVER}|(?<![^\\s(,;>\"'])#(?:{linked}|(?P<tag>{tag_pattern()}))")


def inline_tags(text: str, blocks: tuple[Span, ...]) -> list[str]:
    """The tags in the text (`#tag`, `#nested/tag` and `#[[linked tag]]`) outside code and addresses."""
    tags: list[str] = []
    if not _MAYBE_TAG.search(text):
        return tags
    if _MAYBE_IN_CODE.search(text):
        blocks = tuple(sorted((*blocks, *_indented_code(text, blocks))))
    starts = [start for start, _ in blocks]
    for match in _pattern().finditer(text):
        tag = match["tag"] or match["linked"]
        if not tag or _NOT_A_TAG.match(tag):
            continue
        block = bisect_right(starts, match.start()) - 1
        if block >= 0 and match.start() < blocks[block][1]:
            continue
        tags.append(clean_tag(tag))
    return tags


def _indented_code(text: str, blocks: tuple[Span, ...]) -> Iterator[Span]:
    """The lines that are code because they are indented by four more than the text around them: below a
    blank line or a heading, and deeper than a list item reaches."""
    position = 0
    lists: list[int] = []  # the columns at which the text of the list items around begins
    blank, paragraph = True, False
    fences = iter(blocks)
    fence = next(fences, None)
    for line in text.split("\n"):
        start, position = position, position + len(line) + 1
        while fence is not None and fence[1] <= start:
            fence = next(fences, None)
        if fence is not None and fence[0] <= start:
            blank, paragraph = False, False
            continue
        body = line.strip()
        if not body:
            blank, paragraph = True, False
            continue
        indent = len(line[: len(line) - len(line.lstrip())].expandtabs(4))
        while lists and blank and indent < lists[-1]:
            lists.pop()
        around = lists[-1] if lists else 0
        if item := _ITEM.match(line):
            while lists and indent < lists[-1]:
                lists.pop()
            lists.append(len(item[0].expandtabs(4)))
            paragraph = True
        elif indent >= around + 4 and not paragraph:
            yield start, start + len(line)
        else:
            paragraph = not NOT_PARAGRAPH.match(line)
        blank = False
