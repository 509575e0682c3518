"""Renders a note as the HTML of the preview, with a marker for the source line of every block. No Qt; for a
worker thread.

The format says what the blocks of the note are, the same blocks that its chunks follow. markdown-it renders
the text between headings and code; it never decides what a heading is.

Nothing in a note is executed or loaded: raw HTML is shown as text, a picture by its alternative text, and
only links to web pages, mail addresses and neighbouring notes stay links.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.heading import heading
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from notesearch.documents.formats.blocks import Block, Kind, Shown
from notesearch.documents.formats.registry import shown
from notesearch.documents.rendered_note import MARKER, RenderedNote
from notesearch.domain import NoteText

InlineRule = Callable[[StateInline, bool], bool]

LIMIT = 24_000
# Levels of lists and quotations that are read, and levels of quotations that are drawn. Each is a table in a
# table, and Qt takes twice as long for each level more: 0.01 s for six, 7 s for sixteen.
MOST_NESTED, MOST_QUOTED = 150, 6
MOST_IN_VAIN = 1_000  # brackets that begin no link
MOST_PARTED = 3  # divisions at missed headings before a text is divided at every one


def render(note: NoteText) -> RenderedNote:
    """Render at most the first 24,000 characters of `note.text` as HTML. Any thread."""
    parts = list(shown(note.format, note.text[:LIMIT]))
    if note.offset == 0:
        parts = _without_title(parts, note.title)
    made: list[str] = []
    marked: list[Shown] = []
    for part in parts:
        if part.plain:
            made += [_from_markdown(marked), _plain(part)]
            marked = []
        else:
            marked.append(part)
    return RenderedNote(note=note, html="".join([*made, _from_markdown(marked)]))


def _plain(part: Shown) -> str:
    """Each line as a block of its own, with its spaces."""
    return "".join(
        f'<p class="plain"><a name="{MARKER}{i}"></a>{html.escape(line) or "&nbsp;"}</p>'
        for i, line in enumerate(part.text.split("\n"), part.line)
    )


def _from_markdown(parts: Sequence[Shown]) -> str:
    parser = _parser()
    env: EnvType = {"parts": parts}
    # The text itself is in the parts: see _blocks_of_note.
    tokens = parser.parse("", env)
    _mark_lines(tokens)
    return str(parser.renderer.render(tokens, parser.options, env))


def _without_title(parts: list[Shown], title: str) -> list[Shown]:
    """The preview shows the title above the note, so a first heading with the same words is left out."""
    for number, part in enumerate(parts):
        if part.kind is Kind.HEADING:
            same = part.text.strip().casefold() == title.strip().casefold()
            repeated = same and title.strip() and not part.label
            return parts[:number] + parts[number + 1 :] if repeated else parts
        if part.text.strip():
            break
    return parts


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = (
        MarkdownIt("commonmark", {"html": False, "maxNesting": MOST_NESTED})
        .enable(["table", "strikethrough"])
        .disable(["html_block", "html_inline", "lheading"])
    )
    parser.core.ruler.at("block", _blocks_of_note)
    parser.block.ruler.at("heading", _hash_line, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.add_render_rule("strong_line_open", lambda *_: "<p><b>")
    parser.add_render_rule("strong_line_close", lambda *_: "</b></p>")
    parser.inline.ruler.at("link", _sparing(link))
    parser.inline.ruler.at("image", _sparing(image))
    parser.inline.ruler.before("link", "wikilink", _wikilink)
    parser.core.ruler.before("inline", "note_habits", _note_habits)
    parser.add_render_rule("image", _picture)
    parser.add_render_rule("fence", _code_block)
    parser.add_render_rule("code_block", _code_block)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    parser.add_render_rule("heading_open", lambda _, tokens, index, *rest: f'<p class="{tokens[index].tag}">')
    parser.add_render_rule("heading_close", lambda *_: "</p>")
    parser.add_render_rule(
        "table_open", lambda *_: '<table class="grid" cellspacing="0" cellpadding="6" border="1">'
    )
    parser.core.ruler.push("shallow_quotes", _shallow_quotes)
    parser.add_render_rule("blockquote_open", _quote_open)
    parser.add_render_rule("blockquote_close", _quote_close)
    return parser


def _blocks_of_note(state: StateCore) -> None:
    """Replaces markdown-it's parser of blocks: headings and code are those that the format found, and the
    text between them is parsed."""
    for part in state.env["parts"]:
        if part.kind is Kind.HEADING:
            state.tokens += _heading(part)
        elif part.kind is Kind.CODE:
            state.tokens.append(
                Token("code_block", "code", 0, content=part.text, map=[part.line, part.line], block=True)
            )
        else:
            state.tokens += _text(state, part)


def _heading(part: Shown) -> list[Token]:
    tag = f"h{min(6, part.level)}"
    where = [part.line, part.line + 1]
    inline = Token("inline", "", 0, content=part.text, map=where, children=[], meta={"label": part.label})
    return [
        Token("heading_open", tag, 1, map=where, block=True),
        inline,
        Token("heading_close", tag, -1, block=True),
    ]


def _text(state: StateCore, part: Shown, depth: int = 0) -> list[Token]:
    """The tokens of some text. Where it has a heading inside a list item that markdown-it would not reach
    (because it takes the lines for code, for example), the text is divided there."""
    if not part.text.strip():
        return []
    state.env["in_list"] = {line for line, _ in part.in_list}
    made: list[Token] = []
    state.md.block.parse(part.text.replace("\0", "\N{REPLACEMENT CHARACTER}"), state.md, state.env, made)
    seen = {token.map[0] for token in made if token.type == "heading_open" and token.map}
    if missed := [found for found in part.in_list if found[0] not in seen]:
        return _parted(state, part, missed if depth < MOST_PARTED else part.in_list, depth + 1)
    for token in made:
        if token.map:
            token.map = [token.map[0] + part.line, token.map[1] + part.line]
    return made


def _parted(state: StateCore, part: Shown, at: Sequence[tuple[int, Block]], depth: int) -> list[Token]:
    """The tokens of a text that is divided at the headings of some of its lines."""
    lines = part.text.split("\n")
    made: list[Token] = []
    first = 0
    for line, found in (*at, (len(lines), None)):
        run = replace(
            part,
            line=part.line + first,
            text="\n".join(lines[first:line]),
            in_list=tuple((n - first, inside) for n, inside in part.in_list if first <= n < line),
        )
        made += _text(state, run, depth)
        if found is not None:
            made += _heading(
                Shown(kind=Kind.HEADING, line=part.line + line, text=found.written, level=found.level)
            )
        first = line + 1
    return made


def _hash_line(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A line that CommonMark takes for a heading. It is one where the format found one in a list item; else
    (in a quote, or where the format has no such headings) it is bold text."""
    known = len(state.tokens)
    if not heading(state, start, end, silent):
        return False
    if not silent and start not in state.env["in_list"]:
        opening, inline, closing = state.tokens[known:]
        opening.type, opening.tag = "strong_line_open", "p"
        closing.type, closing.tag = "strong_line_close", "p"
        inline.meta = {}
    return True


def _mark_lines(tokens: Sequence[Token]) -> None:
    row: list[int] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = token.map
        where = token.map or row
        if token.type == "inline" and where and token.children is not None:
            label = token.meta.get("label")
            said = f'<span class="state">{html.escape(label)}</span> ' if label else ""
            token.children.insert(
                0, Token("html_inline", "", 0, content=f'<a name="{MARKER}{where[0]}"></a>{said}')
            )


def _sparing(rule: InlineRule) -> InlineRule:
    """A rule for links that gives up where very many brackets began none: it looks for the end of each."""

    def tried(state: StateInline, silent: bool) -> bool:
        vain = state.env.get("vain", 0)
        if vain > MOST_IN_VAIN or state.src[state.pos] not in "![":
            return False
        if rule(state, silent):
            return True
        state.env["vain"] = vain + 1
        return False

    return tried


def _wikilink(state: StateInline, silent: bool) -> bool:
    """`[[Note]]`, `[[Note|shown]]`, `[[Note#Heading]]` and the embedded `![[...]]` are shown as their
    text."""
    found = re.compile(r"!?\[\[([^\[\]\n]+)\]\]").match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        target, _, label = found.group(1).partition("|")
        opening = state.push("strong_open", "span", 1)
        opening.attrSet("class", "wikilink")
        state.push("text", "", 0).content = (
            label or target.replace("#", " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ")
        ).strip()
        state.push("strong_close", "span", -1)
    state.pos = found.end()
    return True


def _note_habits(state: StateCore) -> None:
    """Markup of notes beyond CommonMark: tick boxes, block ids, call-outs."""
    previous = ["", ""]
    for token in state.tokens:
        if token.type == "inline":
            if previous == ["list_item_open", "paragraph_open"]:
                token.content = re.sub(r"^\[ \]\s", "\N{BALLOT BOX} ", token.content)
                token.content = re.sub(r"^\[[xX]\]\s", "\N{BALLOT BOX WITH CHECK} ", token.content)
            elif previous[0] == "blockquote_open":
                token.content = re.sub(r"^\[!(\w+)\][+-]?[ \t]*(.*)", _callout, token.content)
            token.content = re.sub(r"\s\^[\w-]+$", "", token.content)
        previous = [previous[1], token.type]


def _callout(found: re.Match[str]) -> str:
    return f"**{found.group(2) or found.group(1).capitalize()}**"


def _shallow_quotes(state: StateCore) -> None:
    """Mark the quotations that are too deep to be drawn. Their text stays in the one around them."""
    depth = 0
    for token in state.tokens:
        if token.type == "blockquote_open":
            depth += 1
        if token.type in ("blockquote_open", "blockquote_close"):
            token.meta = {"drawn": depth <= MOST_QUOTED}
        if token.type == "blockquote_close":
            depth -= 1


def _quote_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, *_: object) -> str:
    opening = '<table class="quote" cellspacing="0" cellpadding="6" width="100%"><tr><td>'
    return opening if tokens[index].meta["drawn"] else ""


def _quote_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, *_: object) -> str:
    return "</td></tr></table>" if tokens[index].meta["drawn"] else ""


def _picture(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    said = renderer.renderInlineAsText(tokens[index].children or [], options, env) or "picture"
    return f'<span class="picture">[{html.escape(said)}]</span>'


def _code_block(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """A code block: each line with its marker, on a background of its own."""
    token = tokens[index]
    first = (token.map or [0])[0] + (1 if token.type == "fence" else 0)
    lines = token.content.rstrip("\n").split("\n")
    marked = "\n".join(
        f'<a name="{MARKER}{first + i}"></a>{html.escape(line) or " "}' for i, line in enumerate(lines)
    )
    return (
        '<table class="code" cellspacing="0" cellpadding="10" '
        f'width="100%"><tr><td><pre>{marked}</pre></td></tr></table>'
    )


def followable(target: str) -> bool:
    """Whether a click on a link to `target` opens something: a web page, a mail address, or the path of a
    neighbouring note."""
    scheme = re.match(r"^([A-Za-z][A-Za-z0-9+.-]*):", target)
    return (
        scheme.group(1).lower() in ("http", "https", "mailto")
        if scheme
        else not target.startswith(("#", "//", "\\"))
    )


def _link_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    target = str(tokens[index].attrGet("href") or "")
    return f'<a href="{html.escape(target)}">' if target and followable(target) else '<span class="deadlink">'


def _link_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    opening = next(t for t in reversed(tokens[:index]) if t.type == "link_open")
    target = str(opening.attrGet("href") or "")
    return "</a>" if target and followable(target) else "</span>"
