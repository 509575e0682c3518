"""reStructuredText: titles with underlines and overlines, the field list at the top, code blocks. Directives
are read as text.

One scan finds titles and code. The index takes its outline from it, and the preview shows the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from notesearch.documents.formats.blocks import Block, Kind, Outline, Shown, outline
from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.format import Format, Noise, Part, Source
from notesearch.documents.formats.inline import apart_from, code
from notesearch.documents.formats.metadata import add_pair, read_metadata
from notesearch.documents.formats.note import document_of, without_leading_blank_lines
from notesearch.documents.formats.shown_note import shown_note
from notesearch.domain import NoteFormat

_CANDIDATE = re.compile(
    r"^(?:(?P<rule>(?P<mark>[!-/:-@\[-`{-~])(?P=mark)+[ \t]*)|(?P<code>[^\n]*::[^\n]*))$", re.MULTILINE
)
_CODE = re.compile(
    r"(?P<indent>[ \t]*+)(?:\.\.[ \t]+(?:code-block|code|sourcecode|math|parsed-literal|highlight)::.*|.*::[ "
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

_DIRECTIVE = re.compile(r"^(\s*)\.\.\s+([\w-]+)::\s*(.*)$")
_COMMENT = re.compile(r"^\s*\.\.(\s|$)")
_SHOWN_FIELD = re.compile(r"^(\s*):([\w -]+):\s+(.*)$")
_RULE = re.compile(r"^([!-/:-@\[-`{-~])\1{3,}[ \t]*$")
_LINK = re.compile(r"`([^`<]+?)\s*<([^`>]+)>`__?")
_REFERENCE = re.compile(r"`([^`]+)`__?")
_ROLE = re.compile(r"(?<![\w.+:-]):[\w.+:-]+:`([^`]+)`")
_LITERAL = re.compile(r"``(.+?)``")
_CODE_DIRECTIVES = frozenset(
    "code-block code sourcecode literalinclude parsed-literal math highlight".split()
)
_ADMONITIONS = frozenset(
    "note warning tip important caution danger hint attention seealso admonition epigraph".split()
)


def read_restructuredtext(source: Source) -> Iterator[Part]:
    """Read a reStructuredText note: one document. Raises FileBinary."""
    whole, encoding = decode(source.read())
    whole = without_embedded_data(whole)
    pairs: dict[str, Any] = {}
    text = _without_fields(whole, 0, pairs)
    text, skipped = without_leading_blank_lines(text)
    found = outline_restructuredtext(text)
    if found.headings and not text[: found.headings[0].start].strip():
        text = _without_fields(text, _end_of_title(text, found.headings[0].start), pairs)
        found = outline_restructuredtext(text)
    document = document_of(
        source.path,
        text,
        format_name="rst",
        encoding=encoding,
        first_line=skipped + 1,
        outline=found,
        metadata=(read_metadata(pairs),),
    )
    yield Part(document=document, outline=found)


def outline_restructuredtext(text: str) -> Outline:
    """Titles and code blocks, in time linear in the text."""
    return outline(blocks_restructuredtext(text))


def blocks_restructuredtext(text: str) -> tuple[Block, ...]:
    """Titles and code blocks; everything between them is text. The level of a title is given by the order in
    which the styles of titles appear."""
    found: list[Block] = []
    styles: list[str] = []
    position = 0
    while match := _CANDIDATE.search(text, position):
        position = match.end()
        if match["code"] is not None:
            if (code := _CODE.match(match["code"])) and (
                end := _indented_end(text, match.end(), len(code["indent"].expandtabs()))
            ):
                found.append(_indented_block(match["code"], match, end))
                position = end
        elif title := _title(text, match):
            start, end, style = title
            if style not in styles:
                styles.append(style)
            words = text[start:end].strip().split("\n")
            line = words[1] if len(style) == 2 else words[0]
            level = styles.index(style) + 1
            found.append(
                Block(kind=Kind.HEADING, start=start, end=end, level=level, title=_plain(line), written=line)
            )
            position = end
        if position >= len(text):
            break
    return tuple(found)


def _indented_block(line: str, match: re.Match[str], end: int) -> Block:
    """The block of the lines indented below `line`: code, or the text of a directive or a comment. Neither is
    cut."""
    directive = _DIRECTIVE.match(line)
    is_code = directive.group(2).lower() in _CODE_DIRECTIVES if directive else not _COMMENT.match(line)
    kind = Kind.CODE if is_code else Kind.QUOTE
    return Block(kind=kind, start=match.start(), end=end, kept=True, inside=(match.end() + 1, end))


def _title(text: str, rule: re.Match[str]) -> tuple[int, int, str] | None:
    """Start, end and style of the title that a line of punctuation belongs to. A style of two marks has an
    overline, too."""
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
    """The line that starts at `start` (at most 1,000 characters of it), and where it ends."""
    if start >= len(text):
        return "", len(text)
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return text[start : min(end, start + 1000)], end


def _line_above(text: str, start: int) -> tuple[str, int]:
    above = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return (text[above : start - 1][:1000], above) if start else ("", 0)


def _indented_end(text: str, position: int, indent: int) -> int:
    """Where the lines end that follow `position`, the end of a line, and are indented deeper than `indent`; 0
    where there are none."""
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
    """Where the title at `start` ends, with the blank lines after it."""
    position = start
    for _ in range(3):
        line, end = _line(text, position)
        if not line.strip() or line.startswith(":"):
            break
        position = min(end + 1, len(text))
    return position


def _without_fields(text: str, start: int, pairs: dict[str, Any]) -> str:
    """The text with the fields at `start` blanked. Adds them to `pairs`."""
    first = position = start + len(text[start:]) - len(text[start:].lstrip("\n"))
    while match := _FIELD.match(text, position):
        position = match.end()
        value = [match["value"] or ""]
        while position < len(text) and (more := _CONTINUED.match(text, position)):
            value.append(more[1])
            position = more.end()
        add_pair(pairs, (match["field"] or match["comment"]).lower(), "\n".join(value).strip())
        if position >= len(text):
            break
    return text[:first] + "\n" * text.count("\n", first, position) + text[position:]


def _plain(title: str) -> str:
    return _INLINE.sub(lambda match: (match[1] or match[2] or match[3] or "").strip(), title.strip())


# The preview


def shown_restructuredtext(text: str) -> Iterator[Shown]:
    """The note for the preview: its titles and code, and the lines between them as Markdown."""
    return shown_note(text, blocks_restructuredtext(text), _markdown, _shown_block)


def _markdown(lines: list[str]) -> list[str]:
    return _Lines(lines).markdown()


def _shown_block(block: Block, lines: list[str], line: int) -> Iterator[Shown | str]:
    if block.kind is Kind.HEADING:
        title = _inline(block.written.strip())
        yield Shown(kind=Kind.HEADING, line=line, text=title, level=block.level)
    elif block.kind is Kind.QUOTE:
        yield from _markdown(lines)
    else:
        said = lines[0].rstrip().removesuffix("::").rstrip()
        directive = bool(_DIRECTIVE.match(lines[0]))
        yield "" if directive or not said else _inline(said) + ":"
        yield from _shown_code(lines[1:], line + 1, options=directive)


def _shown_code(lines: list[str], line: int, *, options: bool) -> Iterator[Shown]:
    """The indented lines below a directive, without its options, or below `::`."""
    first = 0
    while options and first < len(lines) and re.match(r"\s+:[\w-]+:", lines[first]):
        first += 1
    while first < len(lines) and not lines[first].strip():
        first += 1
    body = lines[first:]
    if body:
        indent = min((len(part) - len(part.lstrip()) for part in body if part.strip()), default=0)
        yield Shown(kind=Kind.CODE, line=line + first, text="\n".join(part[indent:] for part in body))


class _Lines:
    """Turns lines without titles and code into Markdown, one line for each."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._made: list[str] = []

    def markdown(self) -> list[str]:
        while len(self._made) < len(self._lines):
            if not self._directive():
                self._made.append(_shown_line(self._line()))
        return self._made

    def _line(self) -> str:
        return self._lines[len(self._made)]

    def _directive(self) -> bool:
        line = self._line()
        found = _DIRECTIVE.match(line)
        if not found:
            if _COMMENT.match(line) and not line.lstrip().startswith(".. ["):
                self._made.append("")
                self._indented(lambda _: "")
                return True
            return False
        name, rest = found.group(2).lower(), found.group(3).strip()
        if name in _CODE_DIRECTIVES:  # nothing stands below it, else it were a block
            self._made.append("")
        elif name in _ADMONITIONS:
            self._made.append(f"> **{name.capitalize()}** {_inline(rest)}")
            self._indented(lambda inner: "> " + _inline(inner.strip()))
        elif name in ("image", "figure"):
            self._made.append("")
            self._indented(lambda inner: inner.partition(":alt:")[2].strip() if ":alt:" in inner else "")
        else:
            self._made.append(
                f"**{_inline(rest)}**" if rest and name in ("topic", "rubric", "sidebar") else ""
            )
            self._indented(lambda inner: "" if _SHOWN_FIELD.match(inner) else _inline(inner.strip()))
        return True

    def _indented(self, turn: Callable[[str], str]) -> None:
        while len(self._made) < len(self._lines) and re.match(r"^\s+\S", self._line()):
            self._made.append(turn(self._line()))


def _shown_line(line: str) -> str:
    if field := _SHOWN_FIELD.match(line):
        return f"{field.group(1)}**{field.group(2)}** {_inline(field.group(3))}"
    if _RULE.match(line):
        return "***"  # a line between paragraphs
    return _inline(re.sub(r"^(\s*)#\.\s", r"\g<1>1. ", line))


def _inline(text: str) -> str:
    return apart_from(_LITERAL, text, lambda found: code(found.group(1)), _marked)


def _marked(text: str) -> str:
    text = _ROLE.sub(lambda found: code(re.sub(r"(?:(?<!\s)\s+)?<[^<>]*>$", "", found.group(1))), text)
    text = _LINK.sub(r"[\1](<\2>)", text)
    text = _REFERENCE.sub(r"\1", text)
    return re.sub(r"\b([\w-]+)__?(?=[\s.,;:!?)]|$)", r"\1", text)


FORMAT = Format(
    about=NoteFormat(
        name="rst", title="reStructuredText", suffixes=(".rst", ".rest"), words=("restructuredtext",)
    ),
    read=read_restructuredtext,
    blocks=blocks_restructuredtext,
    shown=shown_restructuredtext,
    noise=Noise(
        # Rules, directives and comments.
        lines=(
            r"(?P<rst_rule>[!-/:-@\[-`{-~])(?P=rst_rule){2,}[ \t]*$",
            r"\.\.\s+[\w-]+::",
            r"\.\.(?:\s+_.*:)?[ \t]*$",
        ),
        inline=tuple(
            role + r"`([^`<\n]+?)(?:(?:(?<!\s)\s+)?<[^<>`\n]*>)?`_{0,2}(?!\w)"
            for role in (r":(?<![\w:+.-]:)[\w:+.-]+:", "")
        ),
    ),
    # 2: properties; embedded files are no text; the encoding of short files. 3: tags of every script.
    reading=3,
)
