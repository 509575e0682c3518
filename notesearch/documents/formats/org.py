"""Org: headlines, tags, file keywords, property drawers, blocks.

One scan finds the blocks of a note. The index takes headings and kept blocks from it, the preview all of it.
Keywords and drawers are blanked in the text, so that every line keeps its number. Only the file's own task
words stay in it, as a hidden line, since headings cannot be read without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from notesearch.documents.formats.blocks import Block, Kind, Outline, Shown, outline
from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.format import Format, Noise, Part, Source
from notesearch.documents.formats.inline import HARD_BREAK, apart_from, code
from notesearch.documents.formats.metadata import (
    Metadata,
    add_pair,
    read_metadata,
    read_properties,
    read_tags,
)
from notesearch.documents.formats.note import document_of, without_leading_blank_lines
from notesearch.documents.formats.shown_note import shown_note
from notesearch.domain import NoteFormat
from notesearch.text.terms import tag_letters

_MOST_UNCLOSED = 16  # kinds of block without an end, after which no further one is looked for
_STATES = frozenset(
    (
        "TODO DONE NEXT WAITING WAIT HOLD CANCELLED CANCELED INPROGRESS IN-PROGRESS STARTED SOMEDAY DELEGATED"
    ).split()
)
_CANDIDATE = re.compile(
    r"^(?:(?P<stars>\*+)[ \t]+(?P<headline>[^\n]*)"
    r"|[ \t]*\#\+begin_(?P<block>\w+)[^\n]*"
    r"|[ \t]*:(?P<drawer>PROPERTIES|LOGBOOK):[ \t]*"
    r"|\#\+(?P<keyword>[\w-]+):[ \t]*(?P<value>[^\n]*))$",
    re.MULTILINE | re.IGNORECASE,
)
_READ_AS_TEXT = frozenset({"caption", "header", "name", "index", "description", "subtitle"})
# Keywords that tell Org how to show or export the file: they say nothing about the note.
_OF_PROGRAM = frozenset(
    (
        "startup options language infojs_opt priorities exclude_tags select_tags setupfile bind macro tblfm "
        "call columns archive"
    ).split()
)
_TODO_KEYWORDS = frozenset({"todo", "seq_todo", "typ_todo"})
_DRAWER_END = re.compile(r"^(?:[ \t]*:END:[ \t]*$|\*+[ \t])", re.MULTILINE | re.IGNORECASE)
_PROPERTY = re.compile(r"^[ \t]*:([^\s:][^\s:]*?)\+?:[ \t]+([^\n]*)$", re.MULTILINE)
_CLOCK = re.compile(r"CLOCK:|[-+*] (?:State|Rescheduled|New deadline|Refiled on)\b")
_LOG_ENTRY = re.compile(r"^[-+*] Note taken on \[[^\]\n]*\](?: *\\\\)?")
_PRIORITY = re.compile(r"\[#\w{1,2}\][ \t]*")
_COOKIE = re.compile(r"(?:(?<![ \t])[ \t]+)?\[(?:\d*/\d*|\d*%)\]")
_LINK = re.compile(r"\[\[(?:[^\[\]\n]{1,500}\]\[)?([^\[\]\n]{1,500})\]\]")
_QUOTED = re.compile(r'"([^"\n]{1,200})"|(\S+)')

# Blocks that are code, and blocks that are never shown.
_CODE = frozenset({"src", "example", "export"})
_COMMENT = "comment"
_LANGUAGE = re.compile(r"[ \t]*#\+begin_\w+[ \t]*(\S*)", re.IGNORECASE)
# Lines of a note that are not shown: comments and keywords.
_UNSHOWN = re.compile(r"^\s*(#\+[\w-]+:.*|#( .*)?)$")
_FENCE = re.compile(r"^\s*#\+(?:begin|end)_\w+", re.IGNORECASE)
_FIXED = re.compile(r"^(\s*):(?: (.*))?$")
_RULE = re.compile(r"^\s*\|-[-+|]*\s*$")
_ESCAPE = re.compile(r"(?<!\S),(?=,*(?:\*|#\+))")
_SHOWN_LINK = re.compile(r"\[\[([^\]\[]+)\](?:\[([^\]\[]+)\])?\]")
_VERBATIM = re.compile(r"(?<![\w=~])([=~])(\S(?:.{0,300}?\S)?)\1(?![\w=~])")
_TERM = re.compile(r"^(\s*[-+]\s+)(.+?)\s+::\s+(.*)$")
_EMPHASIS = (
    (re.compile(r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])"), r"**\1**"),
    (re.compile(r"(?<![\w/:<])/(\S(?:[^/]*?\S)?)/(?![\w/])"), r"*\1*"),
    (re.compile(r"(?<![\w_])_(\S(?:[^_]*?\S)?)_(?![\w_])"), r"*\1*"),
    (re.compile(r"(?<![\w+])\+(\S(?:[^+]*?\S)?)\+(?![\w+])"), r"~~\1~~"),
)


def read_org(source: Source) -> Iterator[Part]:
    """Read an Org note: one document. Raises FileBinary."""
    whole, encoding = decode(source.read())
    whole = without_embedded_data(whole)
    pairs: dict[str, Any] = {}
    below: dict[str, Any] = {}
    tags: list[str] = []
    text, skipped = without_leading_blank_lines(_without_settings(whole, pairs, below, tags))
    found = outline_org(text)
    if "category" in pairs:  # of the agenda: no tag
        below["category"] = pairs.pop("category")
    pairs = {
        "updated" if key == "last_modified" else key: _LINK.sub(r"\1", value)
        if isinstance(value, str)
        else value
        for key, value in pairs.items()
    }
    document = document_of(
        source.path,
        text,
        format_name="org",
        encoding=encoding,
        first_line=skipped + 1,
        outline=found,
        # A headline's other names are names of the note that it is in; what else it says is found by words.
        metadata=(
            read_metadata(pairs),
            Metadata(
                aliases=read_metadata({"aliases": below.get("aliases", "")}).aliases,
                properties=read_properties(below),
            ),
        ),
        tags=[*tags, *(tag for heading in found.headings for tag in _headline_tags(text, heading.start))],
    )
    yield Part(document=document, outline=found)


def outline_org(text: str) -> Outline:
    """Headlines, kept blocks and settings, in time linear in the text."""
    return outline(blocks_org(text))


def blocks_org(text: str) -> tuple[Block, ...]:
    """The blocks of a note's text, without those of the kind TEXT: text is everything between them."""
    found = list(_scan(text))
    words = (m["value"] for m, _ in found if m["keyword"] and m["keyword"].lower() in _TODO_KEYWORDS)
    states = _STATES | _task_words(words)
    return tuple(block for match, end in found if (block := _block(text, match, end, states)))


def _scan(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Each headline, block, drawer and keyword, with the character where it ends. A block or drawer that is
    never closed is text. A headline inside a block is no headline."""
    position = no_end_before = 0
    unclosed: set[str] = set()
    while match := _CANDIDATE.search(text, position):
        position = end = match.end()
        if match["block"]:
            end = _block_end(text, match, unclosed)
        elif match["drawer"]:
            end = 0
            if match.start() >= no_end_before:
                closing = _DRAWER_END.search(text, match.end())
                if closing is None or closing[0].startswith("*"):
                    no_end_before = closing.start() if closing else len(text)
                else:
                    end = closing.end()
        if end:
            yield match, end
        position = max(position, end)
        if position >= len(text):
            break


def _block(text: str, match: re.Match[str], end: int, states: frozenset[str]) -> Block | None:
    start = match.start()
    if match["stars"]:
        label, written = _headline_parts(match["headline"], states)
        title = " ".join(_LINK.sub(r"\1", written).split())
        return Block(
            kind=Kind.HEADING,
            start=start,
            end=end,
            level=len(match["stars"]),
            title=title,
            written=written,
            label=label,
        )
    if match["keyword"]:
        setting = match["keyword"].lower() in _TODO_KEYWORDS
        return Block(kind=Kind.HIDDEN, start=start, end=end, unread=True) if setting else None
    if match["drawer"]:
        return Block(kind=Kind.HIDDEN, start=start, end=end)
    name = match["block"].lower()
    kind = Kind.CODE if name in _CODE else Kind.HIDDEN if name == _COMMENT else Kind.QUOTE
    if language := _LANGUAGE.match(match[0]) if kind is Kind.CODE else None:
        name = language[1]
    inside = (min(match.end() + 1, end), max(match.end(), text.rfind("\n", start, end)))
    return Block(kind=kind, start=start, end=end, kept=True, name=name, inside=inside)


def _block_end(text: str, match: re.Match[str], unclosed: set[str]) -> int:
    """Where a block ends; 0 where it is never closed. That is remembered in `unclosed`, so that nothing is
    searched twice."""
    name = match["block"].lower()
    if name in unclosed or len(unclosed) >= _MOST_UNCLOSED:
        return 0
    end = re.compile(rf"^[ \t]*#\+end_{name}[ \t]*$", re.MULTILINE | re.IGNORECASE).search(text, match.end())
    if end is None:
        unclosed.add(name)
        return 0
    return end.end()


def _headline_parts(text: str, states: frozenset[str]) -> tuple[str, str]:
    """The label of a headline (task word, COMMENT, counts of finished tasks), and its title without priority
    and tags."""
    text = _headline_tag_pattern().sub("", text[:1000])
    first, _, rest = text.partition(" ")
    said = [first] if first in states else []
    text = _PRIORITY.sub("", rest if said else text, count=1)
    counts = [match[0].strip() for match in _COOKIE.finditer(text)]
    text = _COOKIE.sub("", text)
    title = text.removeprefix("COMMENT ")
    return " ".join([*said, *(["COMMENT"] if title != text else []), *counts]), title


@cache
def _headline_tag_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?:^|(?<![ \t])[ \t]+):([{tag_letters()}@#%:-]+):[ \t]*$")


def _headline_tags(text: str, start: int) -> list[str]:
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)][-400:]
    match = _headline_tag_pattern().search(line)
    return _colon_tags(match[1]) if match else []


def _colon_tags(value: str) -> list[str]:
    return [tag for part in value.split(":") for tag in read_tags(part.strip())]


def _task_words(values: Iterable[str]) -> frozenset[str]:
    """The task words that the file defines: `TODO(t) WAITING(w@) | DONE(d)`."""
    own = (word.split("(")[0] for value in values for word in value.split())
    return frozenset(word for word in own if word and word != "|")


def _without_settings(text: str, pairs: dict[str, Any], below: dict[str, Any], tags: list[str]) -> str:
    """The text with keyword lines and drawers blanked. Adds what they say about the whole note to `pairs` and
    `tags`, and what drawers say about a headline to `below`."""
    kept: list[str] = []
    copied = headlines = 0
    for match, end in _scan(text):
        if match["stars"]:
            headlines += 1
        elif match["drawer"]:
            inside = text[match.end() : end]
            if match["drawer"].lower() == "logbook":
                _read_log(inside, below)
            else:
                _read_drawer(inside, below if headlines else pairs)
            kept += text[copied : match.start()], "\n" * text.count("\n", match.start(), end)
            copied = end
        elif match["keyword"] and _read_keyword(match["keyword"].lower(), match["value"], pairs, tags):
            kept.append(text[copied : match.start()])
            copied = end
    return "".join([*kept, text[copied:]]) if kept else text


def _read_keyword(keyword: str, value: str, pairs: dict[str, Any], tags: list[str]) -> bool:
    """Read a keyword line. Returns whether it is a setting that is removed from the text."""
    if keyword in _READ_AS_TEXT or keyword.startswith(("attr_", "begin", "end", "results")):
        return False
    if keyword in _TODO_KEYWORDS:
        return False
    if keyword in ("filetags", "roam_tags", "tags_all", "hugo_tags"):
        tags.extend(_colon_tags(value) if ":" in value else read_tags(value))
    elif keyword in ("roam_alias", "roam_aliases"):
        pairs["aliases"] = ", ".join(_names(value))
    elif keyword == "property":
        name, _, value = value.strip().partition(" ")
        add_pair(pairs, name.rstrip("+").lower(), value)
    elif keyword in _OF_PROGRAM or keyword.startswith(("html_", "latex_", "export_")):
        pass
    elif keyword != "tags":  # the tags that may be used in the file, not those it has
        add_pair(pairs, keyword, value)
    return True


def _read_drawer(text: str, pairs: dict[str, Any]) -> None:
    for match in _PROPERTY.finditer(text):
        key = match[1].lower()
        if key in ("roam_aliases", "roam_alias"):
            pairs["aliases"] = ", ".join([*filter(None, [pairs.get("aliases")]), *_names(match[2])])
        else:
            add_pair(pairs, key, match[2])


def _read_log(text: str, pairs: dict[str, Any]) -> None:
    """The notes in a log of a headline. Clocks and changes of state are no words."""
    for line in text.split("\n")[:-1]:
        said = _LOG_ENTRY.sub("", line.strip())
        if said and not _CLOCK.match(said):
            add_pair(pairs, "logbook", said)


def _names(value: str) -> Iterable[str]:
    return (match[1] or match[2] for match in _QUOTED.finditer(value))


# The preview


def shown_org(text: str) -> Iterator[Shown]:
    """The note for the preview: its headings and code, and the lines between them as Markdown."""
    return shown_note(text, blocks_org(text), _lines, _shown_block)


def _shown_block(block: Block, lines: list[str], line: int) -> Iterator[Shown | str]:
    if block.kind is Kind.HEADING:
        title = _inline(block.written.strip())
        yield Shown(kind=Kind.HEADING, line=line, text=title, level=block.level, label=block.label)
    elif block.kind is Kind.CODE:
        code_lines = [_ESCAPE.sub("", inner, count=1) for inner in lines[1:-1]]
        yield Shown(kind=Kind.CODE, line=line + 1, text="\n".join(code_lines))
    elif block.kind is Kind.HIDDEN:
        yield from [""] * len(lines)
    else:
        mark = "> " if block.name == "quote" else ""
        yield from ["", *(mark + inner for inner in _lines(lines[1:-1])), ""]


def _lines(lines: Iterable[str]) -> list[str]:
    """Markdown for lines without headings and blocks, one line for each."""
    made: list[str] = []
    rows = 0
    for line in lines:
        rows = rows + (not _RULE.match(line)) if line.lstrip().startswith("|") else 0
        if _FENCE.match(line):
            made.append("")
        elif rows or _RULE.match(line):
            made.append(_table_line(line, rows))
        elif fixed := _FIXED.match(line):
            _append_fixed(made, fixed.group(1), fixed.group(2))
        else:
            made.append(_line(line))
    return made


def _table_line(line: str, rows: int) -> str:
    """A line of a table: its row number `rows`, or the rule below that. Markdown has a single rule, below the
    first row; other rules become an empty row."""
    if _RULE.match(line):
        return (
            line.replace("+", "|") if rows == 1 else re.sub(r"-", " ", line.replace("+", "|")) if rows else ""
        )
    # Where Markdown sees no table, because there is no rule, this makes a line break.
    return _inline(line) + HARD_BREAK


def _append_fixed(made: list[str], indent: str, text: str | None) -> None:
    """Append a line that is shown literally. A fence would need lines of its own, so it becomes inline code
    between line breaks."""
    if made and made[-1].strip():
        made[-1] = made[-1].rstrip() + HARD_BREAK
    words = re.sub(r" (?= )|^ ", "\N{NO-BREAK SPACE}", (text or "").rstrip())
    made.append(indent + code(words) + HARD_BREAK if words else indent)


def _line(line: str) -> str:
    if _UNSHOWN.match(line):
        return ""
    line = re.sub(r"^(\s*(?:[-+]|\d+[.)])\s+)\[X\]", r"\1[x]", line)
    line = re.sub(r"^(\s*(?:[-+]|\d+[.)])\s+)\[@\d+\]\s*", r"\1", line)
    term = _TERM.match(line)
    if term:
        return f"{term.group(1)}**{_inline(term.group(2))}** {_inline(term.group(3))}"
    return _inline(line)


def _inline(text: str) -> str:
    return apart_from(_VERBATIM, text, lambda found: code(found.group(2)), _emphasis)


def _emphasis(text: str) -> str:
    def emphasised(part: str) -> str:
        for pattern, replacement in _EMPHASIS:
            part = pattern.sub(replacement, part)
        return part

    return apart_from(_SHOWN_LINK, text, _shown_link, emphasised)


def _shown_link(found: re.Match[str]) -> str:
    target, label = found.group(1), found.group(2)
    if re.match(r"^(https?|mailto):", target):
        return f"[{label or target}](<{target}>)"
    if label and target.startswith(("file:", "./", "../")):
        return f"[{label}](<{target.removeprefix('file:').partition('::')[0]}>)"
    return label or target.removeprefix("file:").removeprefix("*")


FORMAT = Format(
    about=NoteFormat(name="org", title="Org", suffixes=(".org",)),
    read=read_org,
    blocks=blocks_org,
    shown=shown_org,
    noise=Noise(
        # The mark of literal lines.
        marks=(": ",),
        # Stars, keywords and the ends of blocks, drawers.
        lines=(r"\*+\s+(?=\S)", r",?\#\+\w+:?.*", r":[\w-]+:[ \t]*$"),
        inline=(
            *(sign + r"\[\[[^\[\]]*\]\[([^\[\]]*)\]\]" for sign in ("!", "")),
            r"\*(?<![\w*]\*)([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])",
            r"=(?<![\w=]=)([^\s=](?:[^=\n]*[^\s=])?)=(?![\w=])",
            r"~(?<![\w~]~)([^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])",
            r"/(?<![\w/:<.]/)(\w[^/\s]*[ ][^/\n]*[^\s/])/(?![\w/])",
        ),
        headings=(r"\*+",),
    ),
    # 2: headings are read with the file's own task words, as titles are. 3: tags are composed. 4: properties;
    # embedded files are no text; the encoding of short files. 5: tags of every script, and picture signs.
    # 6: dates that are a year or a month.
    reading=6,
)
