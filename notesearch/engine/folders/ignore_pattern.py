"""Says what the rules of an ignore file name, exactly as git does. Pure.

pathspec and others judge a whole path at once, and differ from git where a rule lets something in again. Here
each rule is asked about one file or folder at a time, from the outermost folder down, as git asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# The classes that may stand in brackets ("[[:digit:]]"), as the body of a class of `re`.
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \t\n\v\f\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_SPECIAL = frozenset("*?[\\")
_NAMED = re.compile(r"\[:([^]]*)]")
# Matches no character.
_NOTHING = "(?!)"


class InvalidPattern(ValueError):
    """A pattern that names nothing; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Rule(NamedTuple):
    """One line of an ignore file. `name_alone`: it is compared with the last name of a path, at any level."""

    matches: re.Pattern[str]
    out: bool
    folders_only: bool
    name_alone: bool


class Rules:
    """The rules of one ignore file."""

    __slots__ = ("_last_first",)

    def __init__(self, text: str) -> None:
        found = (_rule(line) for line in lines_of(text))
        self._last_first = tuple(rule for rule in found if rule is not None)[::-1]

    def verdict(self, relative: str, *, is_folder: bool) -> bool | None:
        """Whether a path is left out; None where no rule names it.

        `relative` is the POSIX path from the folder of the file. Rules of the folders above it are not asked
        again: what is in a folder that is left out has to be left out by the caller.
        """
        name = relative[relative.rfind("/") + 1 :]
        for rule in self._last_first:
            if rule.folders_only and not is_folder:
                continue
            if rule.matches.fullmatch(name if rule.name_alone else relative):
                return rule.out
        return None


@lru_cache(maxsize=64)
def rules_of(text: str) -> Rules:
    """The rules of an ignore file's text. An invalid line names nothing and the others hold, so that one
    typing error does not let in notes that are to stay out."""
    return Rules(text)


def lines_of(text: str) -> list[str]:
    """The lines of an ignore file, whatever editor wrote it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def wrong_in(line: str) -> str:
    """Why a line is no valid pattern, as a code. "" for a valid pattern, an empty line or a comment."""
    pattern = _trimmed(line)
    if not pattern or pattern.startswith("#"):
        return ""
    if pattern == "!":
        return "rule.exclamation"
    if not pattern.removeprefix("!").strip("/"):
        return "rule.nothing"
    try:
        for _ in _pieces(pattern.removeprefix("!"), 0, strict=True):
            pass
    except InvalidPattern as error:
        return error.code
    return ""


# What `*`, `**/` and a last `**` match; and the first two, as little as is enough.
_STAR, _ANY_FOLDERS, _ANYTHING = "[^/]*", "(?:.*/)?", ".*"
_ACROSS, _WILD = (_ANY_FOLDERS, _ANYTHING), (_STAR, _ANY_FOLDERS, _ANYTHING)
_FIRST = {_STAR: "[^/]*?", _ANY_FOLDERS: "(?:.*?/)??"}


def _rule(line: str) -> Rule | None:
    pattern = _trimmed(line)
    if not pattern or pattern.startswith("#"):
        return None
    out = not pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    name_alone = "/" not in pattern
    pattern = pattern.removeprefix("/")
    if not pattern:
        return None
    # git compares the text before the first sign by itself, and looks at the rest as a pattern of its own.
    begin = next((at for at, sign in enumerate(pattern) if sign in _SPECIAL), len(pattern))
    try:
        matches = re.compile(_expression(list(_pieces(pattern, begin))), re.DOTALL)
    except InvalidPattern:
        return None
    return Rule(matches, out, folders_only, name_alone)


def _trimmed(line: str) -> str:
    """A line without the spaces at its end, as far as no backslash stands before them."""
    end, at = 0, 0
    while at < len(line):
        at += 2 if line[at] == "\\" else 1
        if line[at - 1 : at] != " " or line[at - 2 : at] == "\\ ":
            end = at
    return line[:end]


def _expression(pieces: list[str]) -> str:
    """The regular expression of the pieces. What a star and the text after it match is never looked for
    again, where another star follows: the first place leaves the most for what follows, and so the time does
    not multiply with each star."""
    made: list[str] = []
    groups, in_star = 0, False
    for number, piece in enumerate(pieces, 1):
        again = False
        if piece in _WILD:
            closed = int(in_star) if piece == _STAR else groups
            made.append(")" * closed)
            further = _WILD if piece == _STAR else _ACROSS
            again = any(later in further for later in pieces[number:])
            groups += again - closed
            in_star = again and piece == _STAR
        made.append(f"(?>{_FIRST[piece]}" if again else piece)
    return "".join([*made, ")" * groups])


def _pieces(pattern: str, begin: int, *, strict: bool = False) -> Iterator[str]:
    """The parts of the regular expression of a pattern. What stands at `begin` counts as its beginning.
    `strict`: raise InvalidPattern for a range that runs backwards, too, which git lets pass."""
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "*":
            after = at
            while pattern[after : after + 1] == "*":
                after += 1
            at_start = at in (0, begin) or pattern[at - 1] == "/"
            if after - at > 1 and at_start and after == len(pattern):
                yield _ANYTHING
            elif after - at > 1 and at_start and pattern[after] == "/":
                yield _ANY_FOLDERS
                after += 1
            else:
                yield _STAR
            at = after
        elif sign == "?":
            yield "[^/]"
            at += 1
        elif sign == "[":
            at, piece = _bracket(pattern, at, strict)
            yield piece
        elif sign == "\\":
            if at + 1 == len(pattern):
                raise InvalidPattern("rule.backslash")
            yield re.escape(pattern[at + 1])
            at += 2
        else:
            yield re.escape(sign)
            at += 1


def _bracket(pattern: str, at: int, strict: bool) -> tuple[int, str]:
    """The expression in brackets that begins at `at`: where it ends, and its regular expression."""
    at += 1
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    inside, before, first = "", "", True
    while first or pattern[at : at + 1] != "]":
        first = False
        sign = pattern[at : at + 1]
        named = _NAMED.match(pattern, at)
        if not sign:
            raise InvalidPattern("rule.bracket")
        if before and sign == "-" and pattern[at + 1 : at + 2] not in ("", "]"):
            at, last = _literal(pattern, at + 1)
            if before > last and strict:
                raise InvalidPattern("rule.range")
            if before <= last:
                inside += f"{re.escape(before)}-{re.escape(last)}"
            before = ""
        elif named is not None and named[1].endswith(":"):
            if named[1][:-1] not in _CLASSES:
                raise InvalidPattern("rule.bracket")
            inside += _CLASSES[named[1][:-1]]
            at, before = named.end(), ""
        elif sign == "[" and pattern[at + 1 : at + 2] == ":" and named is None:
            raise InvalidPattern("rule.bracket")
        else:
            at, before = _literal(pattern, at)
            inside += re.escape(before)
    if not inside:
        return at + 1, "[^/]" if negated else _NOTHING
    return at + 1, f"(?!/)[{'^' if negated else ''}{inside}]"


def _literal(pattern: str, at: int) -> tuple[int, str]:
    """One character in brackets, behind a backslash or not: where it ends, and what it is."""
    if pattern[at] == "\\":
        at += 1
    if at >= len(pattern):
        raise InvalidPattern("rule.bracket")
    return at + 1, pattern[at]
