"""reStructuredText: titles with underlines and overlines, the field list at the top, code blocks. Directives
are read as text."""

from __future__ import annotations

import re
from pathlib import Path

from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.metadata import read_metadata
from notesearch.documents.formats.note import document_of, without_leading_blank_lines
from notesearch.documents.formats.outline import Heading, Outline
from notesearch.domain import Document, Span

_CANDIDATE = re.compile(
    r"^(?:(?P<rule>(?P<mark>[!-/:-@\[-`{-~])(?P=mark)+[ \t]*)|(?P<code>[^\n]*::[^\n]*))$", re.MULTILINE
)
_CODE = re.compile(
    r"(?P<indent>[ \t]*)(?:\.\.[ \t]+(?:code-block|code|sourcecode|math|parsed-literal|highlight)::.*|.*::[ "
    r"\t]*)$"
)
_FIELD = re.compile(
    r"(?::(?P<field>[A-Za-z][\w .-]{0,60}):|\.\.[ \t]+(?P<comment>[A-Za-z][\w-]{0,60}):(?!:))(?:[ "
    r"\t]+(?P<value>[^\n]*))?(?:\n|\Z)"
)
_CONTINUED = re.compile(r"[ \t]+(\S[^\n]*)(?:\n|\Z)")
_INLINE = re.compile(
    r":[\w:+.-]{1,60}:`([^`<\n]{1,300})(?:<[^`\n]*>)?`"
    r"|`{1,2}([^`<\n]{1,300}?)(?:[ ]*<[^`\n]*>)?`{1,2}_{0,2}"
    r"|\*{1,2}([^*\n]{1,300})\*{1,2}"
)


def extract_restructuredtext(path: Path, raw: bytes) -> Document:
    """Read a reStructuredText note. Raises FileBinary."""
    whole, encoding = decode(raw)
    pairs: dict[str, str] = {}
    text = _without_fields(whole, 0, pairs)
    text, skipped = without_leading_blank_lines(text)
    outline = outline_restructuredtext(text)
    if outline.headings and not text[: outline.headings[0].start].strip():
        text = _without_fields(text, _end_of_title(text, outline.headings[0].start), pairs)
    return document_of(
        path,
        text,
        format_name="rst",
        encoding=encoding,
        first_line=skipped + 1,
        outline=outline,
        metadata=(read_metadata(pairs),),
    )


def outline_restructuredtext(text: str) -> Outline:
    """Titles, their level given by the order in which their styles appear, and code blocks."""
    headings: list[Heading] = []
    blocks: list[Span] = []
    styles: list[str] = []
    position = 0
    while match := _CANDIDATE.search(text, position):
        position = match.end()
        if match["code"] is not None:
            if (code := _CODE.match(match["code"])) and (
                end := _indented_end(text, match.end(), len(code["indent"].expandtabs()))
            ):
                blocks.append((match.start(), end))
                position = end
        elif title := _title(text, match):
            start, end, style = title
            if style not in styles:
                styles.append(style)
            words = text[start:end].strip().split("\n")
            line = words[1] if len(style) == 2 else words[0]
            headings.append(Heading(start=start, level=styles.index(style) + 1, title=_plain(line)))
            position = end
        if position >= len(text):
            break
    return Outline(headings=tuple(headings), blocks=tuple(blocks))


def _title(text: str, rule: re.Match[str]) -> tuple[int, int, str] | None:
    """Start, end and style of the title that a line of punctuation belongs to. Two marks: with an
    overline."""
    mark, length = rule["mark"], len(rule["rule"].rstrip())
    start = rule.start()
    below, below_end = _line(text, rule.end() + 1)
    if below.strip() and (start == 0 or not _line_above(text, start)[0].strip()):
        underline, end = _line(text, below_end + 1)
        if underline.rstrip() == mark * length and length >= min(len(below.strip()), 4):
            return start, end, mark * 2
    above, above_start = _line_above(text, start)
    if above.strip() and not above[0].isspace() and length >= min(len(above.rstrip()), 4):
        before = _line_above(text, above_start)[0] if above_start else ""
        if not before.strip():
            return above_start, rule.end(), mark
    return None


def _line(text: str, start: int) -> tuple[str, int]:
    """The line that starts at `start`, no more than 1,000 characters of it, and where it ends."""
    if start >= len(text):
        return "", len(text)
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return text[start : min(end, start + 1000)], end


def _line_above(text: str, start: int) -> tuple[str, int]:
    above = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return (text[above : start - 1][:1000], above) if start else ("", 0)


def _indented_end(text: str, position: int, indent: int) -> int:
    """Where the lines indented deeper than `indent` end that follow `position`, the end of a line; 0 where
    there are none."""
    end = 0
    while position < len(text):
        line_end = text.find("\n", position + 1)
        line_end = len(text) if line_end < 0 else line_end
        line = text[position + 1 : line_end]
        if body := line.lstrip():
            if len(line[: len(line) - len(body)].expandtabs()) <= indent:
                break
            end = line_end
        position = line_end
    return end


def _end_of_title(text: str, start: int) -> int:
    """Where the lines of the title at `start` end, and the blank ones after it."""
    position = start
    for _ in range(3):
        line, end = _line(text, position)
        if not line.strip() or line.startswith(":"):
            break
        position = min(end + 1, len(text))
    return position


def _without_fields(text: str, start: int, pairs: dict[str, str]) -> str:
    """The text with the fields that stand at `start` blanked; fills `pairs`."""
    first = position = start + len(text[start:]) - len(text[start:].lstrip("\n"))
    while match := _FIELD.match(text, position):
        position = match.end()
        value = [match["value"] or ""]
        while position < len(text) and (more := _CONTINUED.match(text, position)):
            value.append(more[1])
            position = more.end()
        pairs.setdefault((match["field"] or match["comment"]).lower(), "\n".join(value).strip())
        if position >= len(text):
            break
    return text[:first] + "\n" * text.count("\n", first, position) + text[position:]


def _plain(title: str) -> str:
    return _INLINE.sub(lambda match: (match[1] or match[2] or match[3] or "").strip(), title.strip())
