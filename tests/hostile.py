"""Texts that somebody could write to make a program slow: marks that are never closed, deep nesting, lines
without an end. Each is made at any size."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda length: piece * (length // len(piece))


def _lines(line: str) -> Callable[[int], str]:
    """Lines of which each has a number in it, so that no two are the same."""
    return lambda length: "".join(line.format(number) for number in range(length // len(line)))


def _wide_table(length: int) -> str:
    row = "|" + " a |" * (length // 12)
    return f"{row}\n|{'---|' * (length // 12)}\n{row}\n"


def _long_table(length: int) -> str:
    return "| a | b |\n|---|---|\n" + "| one | two |\n" * (length // 14)


def _nested_list(length: int) -> str:
    depth = int(length**0.5)
    return "".join("  " * level + "- a\n" for level in range(depth))


def _base64(length: int) -> str:
    return base64.b64encode(random.Random(1).randbytes(length * 3 // 4)).decode()


def _front_matter(opening: str, block: Callable[[int], str]) -> Callable[[int], str]:
    return lambda length: f"{opening}\n{block(length)}\n{opening}\n\nText.\n"


def _laughs(length: int) -> str:
    made = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    made += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, max(2, length // 60))]
    return "\n".join(made)


def _card_nest(length: int) -> str:
    return '{"nodes":' + "[" * (length // 2) + "]" * (length // 2) + "}"


def _cards(length: int) -> str:
    card = {"id": "a", "type": "text", "text": "one\n- two", "x": 0, "y": 0}
    return json.dumps({"nodes": [card] * (length // 70)})


_WORDS = "the quick brown fox jumps over the lazy dog and says nothing about it "

# What stands in the note, by the name of a case. The suffix of the file tells its format.
TEXTS: dict[str, Callable[[int], str]] = {
    "words": _repeated(_WORDS),
    "headings.md": _lines("# Heading {}\n"),
    "deep headings.md": _repeated("# a\n## b\n### c\n#### d\n##### e\n###### f\n"),
    "hashes.md": _repeated("#"),
    "hash words.md": _repeated("# "),
    "setext.md": _repeated("a\n=\n"),
    "rules.md": _repeated("---\n"),
    "equals.md": _repeated("="),
    "wikilinks.md": _lines("[[Note {}]] "),
    "open wikilinks": _repeated("[[a"),
    "wikilinks and bars": _repeated("[[a|"),
    "square brackets": _repeated("["),
    "closing brackets": _repeated("]"),
    "square pairs": _repeated("[]"),
    "empty links": _repeated("[]("),
    "open links": _repeated("[a](b"),
    "links.md": _lines("[a{}](b) "),
    "nested links.md": lambda length: "[" * (length // 2) + "](a)" * (length // 8),
    "pictures.md": _repeated("![a]("),
    "references.md": _lines("[a{}]: b\n"),
    "footnotes.md": _lines("[^{}] "),
    "tasks.md": _repeated("- [ ] a\n"),
    "round brackets": _repeated("("),
    "nested brackets": lambda length: "(" * (length // 2) + ")" * (length // 2),
    "curly brackets": _repeated("{"),
    "angles": _repeated("<"),
    "angle quotes.md": _repeated("> "),
    "quotes.md": _lines("> quoted {}\n"),
    "deep quotes.md": lambda length: "".join("> " * (i % 60) + "a\n" for i in range(length // 60)),
    "stars": _repeated("*"),
    "starred words": _repeated("**a "),
    "starred": _repeated("*a*"),
    "star pairs": _repeated("*a**b***"),
    "stars apart": _repeated("* "),
    "underscores": _repeated("_"),
    "form.md": _repeated("_ "),
    "form lines.md": _repeated("Name: ________________\n"),
    "underscored": _repeated("_a_"),
    "backticks": _repeated("`"),
    "growing backticks": lambda length: "".join("`" * (i % 90 + 1) + " " for i in range(length // 46)),
    "ticked": _repeated("`a "),
    "fences.md": _lines("```{}\n"),
    "growing fences.md": lambda length: "".join("`" * (i % 40 + 3) + "\n" for i in range(length // 24)),
    "fences in lists.md": _repeated("- ```\n"),
    "list heads.md": _repeated("- "),
    "tildes": _repeated("~"),
    "tilde pairs": _repeated("~~a "),
    "carets": _repeated("^"),
    "pluses": _repeated("+"),
    "backslashes": _repeated("\\"),
    "bars": _repeated("|"),
    "colons": _repeated(":"),
    "double colons": _repeated("a:: "),
    "double colon lines": _lines("a{}:: b\n"),
    "wide table.md": _wide_table,
    "long table.md": _long_table,
    "nested list.md": _nested_list,
    "nested list.org": _nested_list,
    "list.md": _lines("- item {}\n"),
    "numbers in a list.md": _lines("{}. item\n"),
    "headings in lists.md": _repeated("- # a\n"),
    "code.md": _lines("    code {}\n"),
    "tags": _repeated("#tag"),
    "tags apart": _lines("#tag{} "),
    "entities": _repeated("&"),
    "named entities": _repeated("&amp;"),
    "numbered entities": _repeated("&#38"),
    "open tags": _repeated("<a "),
    "open tags.html": _repeated("<a "),
    "tags with values": _repeated("<a b=c "),
    "tags with values.html": _repeated('<a b="c'),
    "nested tags.html": _repeated("<div>"),
    "closing tags.html": _repeated("</a"),
    "unread tags.html": _repeated("<svg>"),
    "ends of unread tags.html": lambda length: "<svg>" * (length // 12) + "</math>" * (length // 12),
    "quotes of tags.html": _repeated('<a b="'),
    "open scripts.html": _repeated("<script>"),
    "read tags.html": _repeated("<p>a</p>\n"),
    "comments": _repeated("<!-- "),
    "comments.html": _repeated("<!-- "),
    "declarations.html": _repeated("<!a "),
    "marked sections.html": _repeated("<![a "),
    "instructions.html": _repeated("<?"),
    "angles.html": _repeated("<"),
    "entities.html": _repeated("&"),
    "named entities.html": _repeated("&amp"),
    "one line": _repeated("a"),
    "blanks": _repeated(" "),
    "tabs": _repeated("\t"),
    "lines": _repeated("\n"),
    "blank lines": _repeated(" \n"),
    "blanks at ends": _repeated("a" + " " * 200 + "\n"),
    "returns": _repeated("\r"),
    "mixed returns": _repeated("a\r\nb\rc\n\r"),
    "nothing seen": _repeated("\u200b"),
    "directions": _repeated("\u202ea\u2066"),
    "lines of accents": _repeated("\u0301\n"),
    "accents": lambda length: "a" + "\u0301" * length,
    "accented": _repeated("a\u0301\u0323"),
    "mixed accents": _repeated("\u0323\u0301"),
    "jamo": _repeated("\u1100\u1161\u11a8"),
    "ideographs": _repeated("\u6f22"),
    "thai": _repeated("\u0e01\u0e34"),
    "hebrew": _repeated("\u05d5"),
    "emoji": _repeated("\U0001f468\u200d"),
    "controls": _repeated("a\x1b[31m"),
    "vertical tabs": _repeated("a\v"),
    "digits": _repeated("1"),
    "digits apart": _repeated("1 "),
    "digits and dashes": _repeated("1-"),
    "digits and points": _repeated("1."),
    "cards": _repeated("4111 1111 1111 1112 "),
    "codes": _repeated("code 123456 "),
    "one-time codes": _repeated("otpauth://"),
    "one-time secrets": _repeated("otpauth://secret="),
    "bearers": _repeated("Bearer "),
    "passwords": _repeated("password: "),
    "password words": _repeated("password"),
    "keys and values": _repeated("key=value"),
    "addresses": _repeated("http://"),
    "addresses with names": _repeated("http://a:"),
    "schemes": _repeated("a+"),
    "letters and colons": _repeated("a:a@"),
    "keys": _repeated("sk-"),
    "key pieces": _repeated("sk-a-"),
    "keys apart": _repeated("sk-abcdefgh "),
    "tokens": _repeated("eyJabcdefghijk."),
    "token beginnings": _repeated("eyJ"),
    "armour": _repeated("-----BEGIN PRIVATE KEY-----\n"),
    "armour on a line": _repeated("-----BEGIN A PRIVATE KEY-----"),
    "account numbers": _repeated("DE00 1234 "),
    "base64": _base64,
    "data": _repeated("data:"),
    "data of a type": _repeated("data:a/b;"),
    "data of a picture": lambda length: "data:image/png;base64," + _base64(length),
    "data pieces": _repeated("data:image/png;base64,AAAA\n"),
    "data text": _repeated("data:a/b,"),
    "camel": _repeated("aB"),
    "joined": _repeated("a-"),
    "hyphens": _repeated("-"),
    "quotation marks": _repeated('"'),
    "org stars.org": _lines("* Heading {}\n"),
    "bare stars.org": _repeated("*\n"),
    "one line of stars.org": _repeated("*"),
    "deep stars.org": lambda length: "".join("*" * (i % 100 + 1) + " a\n" for i in range(length // 52)),
    "drawers.org": _repeated(":PROPERTIES:\n"),
    "drawers apart.org": _repeated("* a\n:PROPERTIES:\n"),
    "full drawers.org": _lines("* a\n:PROPERTIES:\n:KEY{}: b\n:END:\n"),
    "logs.org": _lines(":LOGBOOK:\n- a {}\n:END:\n"),
    "blocks.org": _repeated("#+begin_src\n"),
    "kinds of block.org": _lines("#+begin_a{}\n"),
    "ended blocks.org": _repeated("#+begin_src\na\n#+end_src\n"),
    "keywords.org": _lines("#+key{}: value\n"),
    "same keywords.org": _repeated("#+key: value\n"),
    "task words apart.org": _lines("* a\n#+TODO: A{} | B\n"),
    "task words and blanks.org": _repeated("#+TODO: A | B\n\n\n\n"),
    "task words.org": _lines("#+TODO: A{} | B\n"),
    "colons.org": _repeated(":a"),
    "headline tags.org": lambda length: "* a " + ":a" * (length // 2) + "\n",
    "verbatim.org": _repeated("=a "),
    "emphasis.org": _repeated("/a "),
    "org links.org": _repeated("[[a]["),
    "terms.org": _repeated("- a :: "),
    "fixed.org": _repeated(": a\n"),
    "org table.org": _repeated("| a | b |\n"),
    "cookies.org": _repeated("* [1/2] [3%]\n"),
    "adornments.rst": _repeated("="),
    "adornment lines.rst": _repeated("====\n"),
    "titles.rst": _lines("Title {}\n=========\n\n"),
    "styles.rst": lambda length: "".join(
        f"a\n{mark * 4}\n\n" for mark in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" * (length // 256)
    ),
    "fields.rst": _lines(":field {}: value\n"),
    "same fields.rst": _repeated(":field: value\n"),
    "colons.rst": _repeated("::"),
    "code lines.rst": _repeated("a::\n"),
    "code.rst": _repeated("a::\n\n  b\n\n"),
    "nested code.rst": lambda length: "".join(" " * i + "a::\n" for i in range(int((2 * length) ** 0.5))),
    "directives.rst": _repeated(".. note:: a\n"),
    "comments.rst": _repeated(".. a\n"),
    "roles.rst": _repeated(":a:`b"),
    "literals.rst": _repeated("``a "),
    "rst links.rst": _repeated("`a <b"),
    "rst references.rst": _repeated("a_ "),
    "logseq.md": _lines("a{}:: b\n"),
    "drawing.md": lambda length: "---\nexcalidraw-plugin: parsed\n---\n" + "# Drawing\n" * (length // 10),
    "drawing texts.md": lambda length: (
        "---\nexcalidraw-plugin: parsed\n---\n" + "==a EXCALIDRAW " * (length // 15)
    ),
    "dotted.md": _front_matter("+++", lambda length: "a" + ".a" * (length // 2) + " = 1"),
    "dotted lines.md": _front_matter("+++", _lines("a.b{}.c.d = 1\n")),
    "same dotted lines.md": _front_matter(
        "+++", lambda length: "\n".join(f"{'a.' * 30}b{i} = 1" for i in range(length // 70))
    ),
    "toml tables.md": _front_matter("+++", _lines("[a.b{}]\nc = 1\n")),
    "toml lists.md": _front_matter("+++", lambda length: "a = " + "[" * (length // 2) + "]" * (length // 2)),
    "toml tables within.md": _front_matter("+++", _repeated("a = {b = ")),
    "toml strings.md": _front_matter("+++", _repeated('a = """')),
    "yaml flows.md": _front_matter("---", lambda length: "a: " + "[" * length),
    "yaml maps.md": _front_matter("---", lambda length: "a: " + "{a: " * (length // 4)),
    "yaml nest.md": _front_matter(
        "---", lambda length: "\n".join(" " * i + "a:" for i in range(int((2 * length) ** 0.5)))
    ),
    "yaml dashes.md": _front_matter("---", _repeated("- " * 200 + "a\n")),
    "yaml questions.md": _front_matter("---", lambda length: "? " * (length // 2) + "a"),
    "yaml laughs.md": _front_matter("---", _laughs),
    "yaml anchors.md": _front_matter("---", _lines("a{0}: &b{0} c\n")),
    "yaml pairs.md": _front_matter("---", _lines("key{}: value\n")),
    "yaml same pairs.md": _front_matter("---", _repeated("key: value\n")),
    "yaml tags.md": _front_matter(
        "---", lambda length: "tags: [" + ", ".join(f"t{i}" for i in range(length // 8)) + "]"
    ),
    "yaml bad pairs.md": _front_matter("---", _repeated("key: [value\n")),
    "yaml going on.md": _front_matter("---", lambda length: "title: a: [b\n" + "  more\n" * (length // 7)),
    "yaml quotes.md": _front_matter("---", _repeated("a: '")),
    "yaml tag words.md": _front_matter("---", lambda length: "tags: " + "a " * (length // 2)),
    "yaml digits.md": _front_matter("---", lambda length: "date: " + "1" * length),
    "bare json.md": lambda length: '{"a":' + "[" * length,
    "nested.canvas": _card_nest,
    "cards.canvas": _cards,
    "digits.canvas": lambda length: '{"nodes": [{"x": ' + "1" * length + "}]}",
    "open.canvas": _repeated('{"nodes":'),
    "drawing.excalidraw": _cards,
    "code.py": _lines("line {}\n"),
    "latin": lambda length: "gr\xfc\xdfe " * (length // 6),
}


def note_of(case: str, length: int) -> tuple[str, bytes]:
    """The name and the bytes of a file with a case at about `length` characters."""
    name = case if "." in case else f"{case}.md"
    text = TEXTS[case](length)
    return name, text.encode("latin-1" if case == "latin" else "utf-8")
