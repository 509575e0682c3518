"""Org and reStructuredText turned line by line into Markdown, for the preview. No Qt.

Line k of what comes out stands for line k of what went in, so that line numbers of the index hold. It is a
reading view, not a converter: what a note rarely holds is shown as its plain text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_ORG_BLOCK = re.compile(r"^\s*#\+(begin|end)_(\w+)\s*(\S*)", re.IGNORECASE)
_ORG_HEADLINE = re.compile(
    r"^(\*+)\s+(?:(TODO|DONE|NEXT|WAITING)\s+)?(?:\[#[A-Z]\]\s+)?(.*?)(?:\s+:[\w@:]+:)?\s*$"
)
_ORG_DRAWER = re.compile(r"^\s*:(PROPERTIES|LOGBOOK):\s*$", re.IGNORECASE)
_ORG_FIXED = re.compile(r"^(\s*):(?: (.*))?$")
_ORG_RULE = re.compile(r"^\s*\|-[-+|]*\s*$")
_ORG_ESCAPE = re.compile(r"(?<!\S),(?=,*(?:\*|#\+))")
_ORG_KEYWORD = re.compile(r"^\s*(#\+\w+:.*|#( .*)?)$")
_ORG_LINK = re.compile(r"\[\[([^\]\[]+)\](?:\[([^\]\[]+)\])?\]")
_ORG_VERBATIM = re.compile(r"(?<![\w=~])([=~])(\S(?:.*?\S)?)\1(?![\w=~])")
_ORG_TERM = re.compile(r"^(\s*[-+]\s+)(.+?)\s+::\s+(.*)$")
_ORG_EMPHASIS = (
    (re.compile(r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])"), r"**\1**"),
    (re.compile(r"(?<![\w/:<])/(\S(?:[^/]*?\S)?)/(?![\w/])"), r"*\1*"),
    (re.compile(r"(?<![\w_])_(\S(?:[^_]*?\S)?)_(?![\w_])"), r"*\1*"),
    (re.compile(r"(?<![\w+])\+(\S(?:[^+]*?\S)?)\+(?![\w+])"), r"~~\1~~"),
)

HARD_BREAK = "  "

_RST_ADORNMENT = re.compile(r"^([=\-~^\"'`#*+.:_<>])\1{2,}\s*$")
_RST_DIRECTIVE = re.compile(r"^(\s*)\.\.\s+([\w-]+)::\s*(.*)$")
_RST_COMMENT = re.compile(r"^\s*\.\.(\s|$)")
_RST_FIELD = re.compile(r"^(\s*):([\w -]+):\s+(.*)$")
_RST_LINK = re.compile(r"`([^`<]+?)\s*<([^`>]+)>`__?")
_RST_REFERENCE = re.compile(r"`([^`]+)`__?")
_RST_ROLE = re.compile(r":[\w.+:-]+:`([^`]+)`")
_CODE_DIRECTIVES = frozenset(
    {"code-block", "code", "sourcecode", "literalinclude", "parsed-literal", "math", "highlight"}
)
_ADMONITIONS = frozenset(
    {
        "note",
        "warning",
        "tip",
        "important",
        "caution",
        "danger",
        "hint",
        "attention",
        "seealso",
        "admonition",
        "epigraph",
    }
)


def from_org(text: str) -> str:
    """Markdown with the same number of lines."""
    made: list[str] = []
    inside = ""
    rows = 0
    for line in text.split("\n"):
        rows = rows + (not _ORG_RULE.match(line)) if line.lstrip().startswith("|") else 0
        block = _ORG_BLOCK.match(line)
        if block:
            begins, name = block.group(1).lower() == "begin", block.group(2).lower()
            inside = name if begins else ""
            made.append(
                ("```" + block.group(3) if begins else "```") if name in ("src", "example", "export") else ""
            )
        elif inside in ("src", "example", "export"):
            made.append(_ORG_ESCAPE.sub("", line, count=1))
        elif inside == "drawer":
            inside = "" if line.strip().upper() == ":END:" else inside
            made.append("")
        elif _ORG_DRAWER.match(line):
            inside = "drawer"
            made.append("")
        elif rows or _ORG_RULE.match(line):
            made.append(_org_table_line(line, rows))
        elif fixed := _ORG_FIXED.match(line):
            _append_fixed(made, fixed.group(1), fixed.group(2))
        else:
            made.append(("> " if inside == "quote" else "") + _org_line(line))
    return "\n".join(made)


def _org_table_line(line: str, rows: int) -> str:
    """A line of a table, the row number `rows` or the rule below it. Markdown has one rule, below the first
    row: others become a gap."""
    if _ORG_RULE.match(line):
        return (
            line.replace("+", "|") if rows == 1 else re.sub(r"-", " ", line.replace("+", "|")) if rows else ""
        )
    # The break shows where it is no table for Markdown, because it has no rule.
    return _org_inline(line) + HARD_BREAK


def _append_fixed(made: list[str], indent: str, text: str | None) -> None:
    """A line that is to stand as it is. A fence would need lines of its own: it becomes code between line
    breaks."""
    if made and made[-1].strip() and not made[-1].startswith("#"):
        made[-1] = made[-1].rstrip() + HARD_BREAK
    words = re.sub(r" (?= )|^ ", "\N{NO-BREAK SPACE}", (text or "").rstrip())
    made.append(indent + _code(words) + HARD_BREAK if words else indent)


def _org_line(line: str) -> str:
    headline = _ORG_HEADLINE.match(line)
    if headline:
        state = f"**{headline.group(2)}** " if headline.group(2) else ""
        return "#" * min(6, len(headline.group(1))) + " " + state + _org_inline(headline.group(3))
    if _ORG_KEYWORD.match(line):
        return ""
    line = re.sub(r"^(\s*(?:[-+]|\d+[.)])\s+)\[X\]", r"\1[x]", line)
    line = re.sub(r"^(\s*(?:[-+]|\d+[.)])\s+)\[@\d+\]\s*", r"\1", line)
    term = _ORG_TERM.match(line)
    if term:
        return f"{term.group(1)}**{_org_inline(term.group(2))}** {_org_inline(term.group(3))}"
    return _org_inline(line)


def _org_inline(text: str) -> str:
    return _apart_from(_ORG_VERBATIM, text, lambda found: _code(found.group(2)), _org_emphasis)


def _org_emphasis(text: str) -> str:
    def emphasised(part: str) -> str:
        for pattern, replacement in _ORG_EMPHASIS:
            part = pattern.sub(replacement, part)
        return part

    return _apart_from(_ORG_LINK, text, _org_link, emphasised)


def _org_link(found: re.Match[str]) -> str:
    target, label = found.group(1), found.group(2)
    if re.match(r"^(https?|mailto):", target):
        return f"[{label or target}](<{target}>)"
    if label and target.startswith(("file:", "./", "../")):
        return f"[{label}](<{target.removeprefix('file:').partition('::')[0]}>)"
    return label or target.removeprefix("file:").removeprefix("*")


def from_rst(text: str) -> str:
    """Markdown with the same number of lines."""
    return "\n".join(_RstReader(text.split("\n")).read())


class _RstReader:
    """One pass over the lines of a reStructuredText note; each step appends as many lines as it takes."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._made: list[str] = []
        self._levels: list[str] = []

    def read(self) -> list[str]:
        while len(self._made) < len(self._lines):
            if not (self._heading() or self._directive()):
                self._plain()
        return self._made

    def _line(self, ahead: int = 0) -> str:
        at = len(self._made) + ahead
        return self._lines[at] if at < len(self._lines) else ""

    def _heading(self) -> bool:
        over = (
            bool(_RST_ADORNMENT.match(self._line()))
            and bool(_RST_ADORNMENT.match(self._line(2)))
            and bool(self._line(1).strip())
        )
        title, under = self._line(int(over)).strip(), self._line(1 + int(over)).rstrip()
        if (
            not title
            or not _RST_ADORNMENT.match(under)
            or _RST_ADORNMENT.match(title)
            or len(under) < min(len(title), 3)
        ):
            return False
        style = under[0] + ("over" if over else "")
        if style not in self._levels:
            self._levels.append(style)
        level = min(6, self._levels.index(style) + 1)
        self._made += [""] * int(over) + ["#" * level + " " + _rst_inline(title), ""]
        return True

    def _directive(self) -> bool:
        line = self._line()
        found = _RST_DIRECTIVE.match(line)
        if not found:
            if _RST_COMMENT.match(line) and not line.lstrip().startswith(".. ["):
                self._made.append("")
                self._indented(lambda _: "")
                return True
            return False
        name, rest = found.group(2).lower(), found.group(3).strip()
        if name in _CODE_DIRECTIVES:
            self._made.append("```" + (rest if name != "math" else ""))
            self._options()
            self._literal()
        elif name in _ADMONITIONS:
            self._made.append(f"> **{name.capitalize()}** {_rst_inline(rest)}")
            self._indented(lambda inner: "> " + _rst_inline(inner.strip()))
        elif name in ("image", "figure"):
            self._made.append("")
            self._indented(lambda inner: inner.partition(":alt:")[2].strip() if ":alt:" in inner else "")
        else:
            self._made.append(
                f"**{_rst_inline(rest)}**" if rest and name in ("topic", "rubric", "sidebar") else ""
            )
            self._indented(lambda inner: "" if _RST_FIELD.match(inner) else _rst_inline(inner.strip()))
        return True

    def _options(self) -> None:
        while re.match(r"^\s+:[\w-]+:", self._line()):
            self._made.append("")

    def _indented(self, turn: Callable[[str], str]) -> None:
        while len(self._made) < len(self._lines) and re.match(r"^\s+\S", self._line()):
            self._made.append(turn(self._line()))

    def _literal(self) -> None:
        """The indented block below; its fence closes on the blank line after it."""
        start = len(self._made)
        end = start
        while end < len(self._lines) and (not self._lines[end].strip() or self._lines[end][0] in " \t"):
            end += 1
        body = self._lines[start:end]
        indent = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
        self._made += [line[indent:] for line in body]
        if body and end < len(self._lines):
            self._made[-1] = "```"

    def _plain(self) -> None:
        line = self._line()
        field = _RST_FIELD.match(line)
        if field:
            self._made.append(f"{field.group(1)}**{field.group(2)}** {_rst_inline(field.group(3))}")
        elif line.rstrip().endswith("::") and not self._line(1).strip():
            said = line.rstrip()[:-2].rstrip()
            self._made.append(_rst_inline(said) + ":" if said else "")
            if len(self._made) < len(self._lines):
                self._made.append("```")
                self._literal()
        else:
            self._made.append(_rst_inline(re.sub(r"^(\s*)#\.\s", r"\g<1>1. ", line)))


def _rst_inline(text: str) -> str:
    return _apart_from(re.compile(r"``(.+?)``"), text, lambda found: _code(found.group(1)), _rst_marked)


def _rst_marked(text: str) -> str:
    text = _RST_ROLE.sub(lambda found: _code(re.sub(r"\s*<[^>]*>$", "", found.group(1))), text)
    text = _RST_LINK.sub(r"[\1](<\2>)", text)
    text = _RST_REFERENCE.sub(r"\1", text)
    return re.sub(r"\b([\w-]+)__?(?=[\s.,;:!?)]|$)", r"\1", text)


def _code(text: str) -> str:
    """Inline code, between more backticks than it holds in a row."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in (text[:1], text[-1:]) else f"{fence}{text}{fence}"


def _apart_from(
    pattern: re.Pattern[str], text: str, inside: Callable[[re.Match[str]], str], outside: Callable[[str], str]
) -> str:
    """`text` with what `pattern` finds turned by `inside` and everything between by `outside`."""
    made: list[str] = []
    position = 0
    for found in pattern.finditer(text):
        made += [outside(text[position : found.start()]), inside(found)]
        position = found.end()
    return "".join([*made, outside(text[position:])])
