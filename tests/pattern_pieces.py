"""What a regular expression may be made slow with: the pieces that it matches, and those that it begins to
match, to be repeated."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

# Looked through, in this order, for a character of a class.
_CHARACTERS = "a1 -_.=\"'A/:\n\t()[]<>*`#,;|~^+&%@!?{}$\\bezZ09\u00e9\u0301\u05d0\u0660\u4e00\u200b"
_OF_A_CLASS = 4
_CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def pieces(pattern: str, flags: int) -> list[str]:
    """Short texts: the characters of the expression, what each of its parts matches, and each beginning of
    what the whole matches."""
    tree = _parser.parse(pattern, flags)
    found: dict[str, None] = {}
    reader = _Reader(tree)
    for text in itertools.chain(reader.singles(tree), reader.beginnings(tree), reader.repeated(tree)):
        if text:
            found[text] = None
    return list(found)


class _Reader:
    """Makes samples of the parts of an expression."""

    def __init__(self, tree: Any) -> None:
        self._groups: dict[int, Any] = {}
        self._note_groups(tree)

    def _note_groups(self, tree: Any) -> None:
        for operation, value in tree:
            if operation is codes.SUBPATTERN and value[0] is not None:
                self._groups[value[0]] = value[3]
            for inner in _inside(operation, value):
                self._note_groups(inner)

    def singles(self, tree: Any) -> Iterator[str]:
        """Some characters of each class and each literal."""
        for operation, value in tree:
            yield from _characters(operation, value)
            for inner in _inside(operation, value):
                yield from self.singles(inner)

    def beginnings(self, tree: Any, before: str = "") -> Iterator[str]:
        """What the parts match one after another, as far as each, with repeats once and twice."""
        for times, choice in ((1, 0), (2, 1)):
            text = before
            for operation, value in tree:
                inner = _inside(operation, value)
                if operation in (codes.BRANCH, codes.SUBPATTERN, codes.ATOMIC_GROUP, *_REPEATS):
                    for one in inner:
                        yield from self.beginnings(one, text)
                text += self._sample(operation, value, times, choice)
                yield text

    def repeated(self, tree: Any) -> Iterator[str]:
        """What is repeated in the expression, by itself."""
        for operation, value in tree:
            for inner in _inside(operation, value):
                if operation in _REPEATS:
                    yield from (self._whole(inner, times, times - 1) for times in (1, 2))
                yield from self.repeated(inner)

    def _whole(self, tree: Any, times: int, choice: int) -> str:
        return "".join(self._sample(operation, value, times, choice) for operation, value in tree)

    def _sample(self, operation: Any, value: Any, times: int, choice: int) -> str:
        if operation is codes.BRANCH:
            return self._whole(value[1][choice % len(value[1])], times, choice)
        if operation is codes.SUBPATTERN:
            return self._whole(value[3], times, choice)
        if operation is codes.ATOMIC_GROUP:
            return self._whole(value, times, choice)
        if operation in _REPEATS:
            least, most, inner = value
            return self._whole(inner, times, choice) * max(min(times, int(most)), min(int(least), 40))
        if operation is codes.GROUPREF:
            return self._whole(self._groups[value], times, choice)
        if operation is codes.GROUPREF_EXISTS:
            return self._whole(value[1], times, choice)
        characters = _characters(operation, value)
        return characters[choice % len(characters)] if characters else ""


def _inside(operation: Any, value: Any) -> Sequence[Any]:
    if operation is codes.BRANCH:
        return list(value[1])
    if operation is codes.SUBPATTERN:
        return [value[3]]
    if operation is codes.ATOMIC_GROUP:
        return [value]
    if operation in _REPEATS:
        return [value[2]]
    if operation in (codes.ASSERT, codes.ASSERT_NOT):
        return [value[1]]
    if operation is codes.GROUPREF_EXISTS:
        return [one for one in value[1:] if one is not None]
    return []


def _characters(operation: Any, value: Any) -> list[str]:
    if operation is codes.LITERAL:
        return [chr(value)]
    if operation is codes.NOT_LITERAL:
        return [c for c in _CHARACTERS if c != chr(value)][:2]
    if operation is codes.ANY:
        return ["a", "-"]
    if operation is not codes.IN:
        return []
    members = list(value)
    negated = bool(members) and members[0][0] is codes.NEGATE
    inside = [c for c in _CHARACTERS if any(_is_one(c, *member) for member in members) is not negated]
    chosen = inside[:2] + inside[2:][-_OF_A_CLASS + 2 :]
    first = next(
        (chr(v if op is codes.LITERAL else v[0]) for op, v in members if op in (codes.LITERAL, codes.RANGE)),
        "",
    )
    return chosen or ([first] if first and not negated else [])


def _is_one(character: str, operation: Any, value: Any) -> bool:
    if operation is codes.LITERAL:
        return bool(ord(character) == value)
    if operation is codes.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    if operation is codes.CATEGORY:
        return bool(re.match(_CATEGORIES.get(value, r"(?!)"), character))
    return False
