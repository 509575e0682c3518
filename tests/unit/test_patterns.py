"""No regular expression of the product can be made slow by a text: each takes a time linear in the length of
what it is applied to, whatever pieces of it are repeated."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.growth import LIMIT, TIMES, seconds
from tests.pattern_pieces import pieces

ROOT = Path(__file__).resolve().parents[2]
CALLED = ("compile", "match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn")
ANCHORED = {"match", "fullmatch"}
# Names of expressions that are handed on, and match only whole texts (names of files).
MATCHED_WHOLE = {"_MADE", "matches"}
MOST_PIECES = 40
LENGTHS = (16, 20, 24, 28, 32, 64, 128, 256, 512, 1024, 2048, 4096)  # of the texts, in characters
SUSPECT = 0.004  # seconds: what takes less for the longest text is linear
TRIES = 5


class Site(NamedTuple):
    """A call of `re` in the product. `anchored`: what it makes is only matched at one place of a text."""

    path: str
    line: int
    anchored: bool
    constant: bool


class Expression(NamedTuple):
    """An expression of the product."""

    where: str
    pattern: str | bytes
    flags: int
    anchored: bool


@cache
def sites() -> tuple[Site, ...]:
    return tuple(
        site
        for path in sorted((ROOT / "notesearch").rglob("*.py"))
        for site in sites_of(path.read_text("utf-8"), str(path.relative_to(ROOT)))
    )


def sites_of(source: str, path: str) -> Iterator[Site]:
    tree = ast.parse(source)
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    used: dict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            holder = above[node]
            used[node.id].add(holder.attr if isinstance(holder, ast.Attribute) else "")
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if not (
            isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.func.attr in CALLED
        ):
            continue
        around = above[node]
        if node.func.attr != "compile":
            ways = {node.func.attr}
        elif isinstance(around, ast.Attribute):
            ways = {around.attr}
        else:
            names = [one.id for one in getattr(around, "targets", ()) if isinstance(one, ast.Name)]
            ways = (
                {"fullmatch"}
                if MATCHED_WHOLE.intersection(names)
                else {way for name in names for way in used[name]}
            )
        anchored = bool(ways) and ways <= ANCHORED
        yield Site(path, node.lineno, anchored, isinstance(node.args[0], ast.Constant))


@cache
def expressions() -> tuple[Expression, ...]:
    """Those that are written where they are used, and those that the product makes while it is driven."""
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "pattern_collector.py")],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    at = {(site.path, site.line): site for site in sites()}
    found = {}
    for path, line, pattern, flags, is_bytes in json.loads(ran.stdout):
        written = pattern.encode("latin-1") if is_bytes else pattern
        anchored = at[path, line].anchored
        found[written, flags] = Expression(f"{path}:{line}", written, flags, anchored)
    return tuple(found.values())


def test_every_call_of_re_is_known() -> None:
    source = "A = re.compile('a')\nA.match('')\nB = re.compile(b)\nB.sub('', '')\nre.search('c', d)\n"
    assert [site[1:] for site in sites_of(source, "")] == [
        (1, True, True),
        (3, False, False),
        (5, False, True),
    ]
    # Nobody makes an expression in another way, so that none is overlooked.
    other = re.compile(r"^\s*(?:from re import|import re as|import regex)", re.MULTILINE)
    assert not [path for path in (ROOT / "notesearch").rglob("*.py") if other.search(path.read_text("utf-8"))]
    made = {expression.where for expression in expressions()}
    assert len(made) > 150
    assert not [
        f"{site.path}:{site.line}"
        for site in sites()
        if not site.constant and f"{site.path}:{site.line}" not in made
    ]


@cache
def all_expressions() -> dict[str, Expression]:
    made = {f"{one.where} {str(one.pattern)[:40]}": one for one in expressions()}
    known = {one.where for one in expressions()}
    for site in sites():
        if site.constant and f"{site.path}:{site.line}" not in known:
            for one in constants_at(site):
                made[f"{one.where} {str(one.pattern)[:40]}"] = one
    return made


def constants_at(site: Site) -> Iterator[Expression]:
    for node in ast.walk(ast.parse((ROOT / site.path).read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.lineno == site.line and ast.unparse(node.func)[:3] == "re.":
            for written in node.args[:1]:
                if isinstance(written, ast.Constant) and isinstance(written.value, str):
                    yield Expression(f"{site.path}:{site.line}", written.value, 0, site.anchored)


class Attack(NamedTuple):
    """A piece that is repeated up to some length, with what stands after it."""

    expression: re.Pattern[str]
    anchored: bool
    piece: str
    end: str

    def seconds(self, length: int) -> float:
        """The time that the expression takes for so many characters."""
        text = "a " * (not self.anchored) + self.piece * max(1, length // len(self.piece)) + self.end
        if self.anchored:
            return seconds(lambda: self.expression.match(text))
        return seconds(lambda: deque(self.expression.finditer(text), maxlen=0))

    def is_slow(self) -> bool:
        """Whether the time grows faster than the length. Small texts come first, as it may grow very fast."""
        length = next((n for n in LENGTHS if self.seconds(n) >= SUSPECT), LENGTHS[-1])
        for _ in range(TRIES):
            large = self.seconds(length)
            if large < SUSPECT or large < LIMIT * self.seconds(length // TIMES):
                return False
        return True


def slow_texts(pattern: str, flags: int, *, anchored: bool) -> list[tuple[str, str]]:
    """The pieces, each with what stands after them, that make an expression slower than linear when they are
    repeated."""
    expression = re.compile(pattern, flags)
    every = pieces(pattern, flags)
    chosen = every[:: 1 + len(every) // MOST_PIECES]
    attacks = [Attack(expression, anchored, piece, end) for piece in chosen for end in ("", "\0", "\n")]
    return [(attack.piece, attack.end) for attack in attacks if attack.is_slow()]


def test_the_measure_finds_what_is_slow() -> None:
    assert slow_texts(r"(a+)+b", 0, anchored=True)
    assert slow_texts(r"\s+x", 0, anchored=False)
    assert slow_texts(r"<!--.*?-->", re.DOTALL, anchored=False)
    assert slow_texts(r"\[([^\]]*)\]\(", 0, anchored=False)
    assert not slow_texts(r"\s+x", 0, anchored=True)
    assert not slow_texts(r"(?<!\s)\s+x|\[[^\[\]]*\]", 0, anchored=False)


def test_every_expression_is_linear() -> None:
    slow = {
        name: found
        for name, one in all_expressions().items()
        if isinstance(one.pattern, str)
        and (found := slow_texts(one.pattern, one.flags, anchored=one.anchored))
    }
    assert slow == {}
