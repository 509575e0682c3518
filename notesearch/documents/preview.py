"""A note turned into the HTML of the preview, with a marker for the source line of every block. No Qt; for a
worker thread.

Nothing of a note can act: raw HTML is shown as text, a picture as its alternative text, and only links to web
pages, mail addresses and neighbouring notes stay links.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from notesearch.documents import as_markdown as preview_markdown
from notesearch.documents.rendered_note import MARKER, RenderedNote
from notesearch.domain import NoteText

LIMIT = 24_000


def render(note: NoteText) -> RenderedNote:
    """HTML of at most the first 24,000 characters of `note.text`. Any thread."""
    text = note.text[:LIMIT]
    if note.format == "org":
        text = preview_markdown.from_org(text)
    elif note.format == "rst":
        text = preview_markdown.from_rst(text)
    body = (
        _plain(text)
        if note.format == "text"
        else _from_markdown(text, title=note.title if note.offset == 0 else "")
    )
    return RenderedNote(note=note, html=body)


def _plain(text: str) -> str:
    """Each line a block of its own, its spaces kept."""
    return "".join(
        f'<p class="plain"><a name="{MARKER}{i}"></a>{html.escape(line) or "&nbsp;"}</p>'
        for i, line in enumerate(text.split("\n"))
    )


def _from_markdown(text: str, title: str) -> str:
    parser = _parser()
    env: EnvType = {}
    tokens = parser.parse(text, env)
    if title:
        tokens = _without_title(tokens, title)
    _mark_lines(tokens)
    return str(parser.renderer.render(tokens, parser.options, env))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = (
        MarkdownIt("commonmark", {"html": False})
        .enable(["table", "strikethrough"])
        .disable(["html_block", "html_inline"])
    )
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
    parser.add_render_rule(
        "blockquote_open",
        lambda *_: '<table class="quote" cellspacing="0" cellpadding="6" width="100%"><tr><td>',
    )
    parser.add_render_rule("blockquote_close", lambda *_: "</td></tr></table>")
    return parser


def _without_title(tokens: list[Token], title: str) -> list[Token]:
    """The preview shows the title above the note, so a first heading that says the same is left out."""
    for i, token in enumerate(tokens[:-2]):
        if token.type == "heading_open":
            same = tokens[i + 1].content.strip().casefold() == title.strip().casefold()
            return tokens[:i] + tokens[i + 3 :] if same and i == 0 else tokens
    return tokens


def _mark_lines(tokens: Sequence[Token]) -> None:
    row: list[int] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = token.map
        where = token.map or row
        if token.type == "inline" and where and token.children is not None:
            token.children.insert(
                0, Token("html_inline", "", 0, content=f'<a name="{MARKER}{where[0]}"></a>')
            )


def _wikilink(state: StateInline, silent: bool) -> bool:
    """`[[Note]]`, `[[Note|shown]]`, `[[Note#Heading]]` and the embedded `![[...]]` read as their text."""
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
    """What notes hold beyond CommonMark: tick boxes, block ids, call-outs."""
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


def _picture(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    said = renderer.renderInlineAsText(tokens[index].children or [], options, env) or "picture"
    return f'<span class="picture">[{html.escape(said)}]</span>'


def _code_block(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Each line with its marker, on a ground of its own."""
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
    """Whether a click on a link to `target` leads anywhere: a web page, a mail address, or a path of a
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
