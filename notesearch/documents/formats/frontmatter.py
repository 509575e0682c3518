"""Front matter at the top of a note: YAML, TOML or JSON between delimiters, or a bare JSON object. Invalid
front matter never makes a note unreadable."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from notesearch.documents.formats.metadata import AGAIN, is_known

LONGEST = 64 * 1024  # characters; what goes on longer is text
REST = "text"

_OPENING = re.compile(r"(-{3,4}|\+\+\+|;;;|~~~)[ \t]*([A-Za-z]*)[ \t]*\n")
_KEY_VALUE = re.compile(r"^([ \t]*)([^\W\d][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(.*))?$")
_TOML_PAIR = re.compile(r"^[ \t]*([A-Za-z_][\w.-]{0,60})[ \t]*=[ \t]*(.*)$")
_LIST_ITEM = re.compile(r"^[ \t]*-[ \t]+(.*)$")
_SCALAR = re.compile(r"^([ \t]*(?:-[ \t]+)?(?:[^\s:#\"'{}\[\],&*!|>%@`-][^:\n]{0,60}:[ \t]+)?)(\S.*)$")
_BLOCK_SCALAR = re.compile(r"(?:^|[ \t])[|>][-+\d]*[ \t]*(?:#.*)?$")
_NO_SPACE = re.compile(r"^(\w[\w -]{0,60}):(?=[^\s:/])")
# A name of so many parts in TOML. Its reader takes a time that grows with the square of their number.
_DEEP_NAME = re.compile(r"(?<![\w\"'-])[\w\"'-]++(?:[ \t]*+\.[ \t]*+[\w\"'-]++){50}")
_TYPED = re.compile(r"#\S|[!*@%`]|\{\{|<%")


def split_front_matter(text: str) -> tuple[Mapping[Any, Any], int]:
    """Read the front matter of a note. Returns its key-value pairs, and the character where the text after it
    starts; `({}, 0)` where there is none."""
    opening = _OPENING.match(text)
    if opening is None:
        return _bare_json(text) if text.startswith("{") else ({}, 0)
    delimiter, language = opening[1], opening[2].lower()
    closings = rf"{re.escape(delimiter)}|\.\.\." if delimiter == "---" else re.escape(delimiter)
    closing = re.compile(rf"^(?:{closings})[ \t]*(?:\n|\Z)", re.MULTILINE).search(
        text, opening.end(), LONGEST
    )
    if closing is None:
        return {}, 0
    block = text[opening.end() : closing.start()].replace("\N{NO-BREAK SPACE}", " ")
    pairs = _read(block, delimiter, language)
    return ({}, 0) if pairs is None else (pairs, closing.end())


def _read(block: str, delimiter: str, language: str) -> Mapping[Any, Any] | None:
    """The pairs of a block; None where it is not front matter but text between two rules."""
    if not block.strip():
        return {} if delimiter == "---" else None
    try:
        pairs = _parse(block, delimiter, language)
    except MemoryError:
        raise
    except Exception:  # three parsers of untrusted text: whatever is raised, it is not well-formed
        pairs = None
    if delimiter == "~~~" and not (isinstance(pairs, dict) and any(is_known(str(key)) for key in pairs)):
        return None  # a code fence
    if isinstance(pairs, dict):
        return pairs if language or _are_keys(pairs, block) else None
    pairs = _line_by_line(block, toml=delimiter == "+++" or language == "toml")
    if language:
        return pairs
    return pairs if pairs and _are_keys(pairs, block) else None


def _are_keys(pairs: Mapping[Any, Any], block: str) -> bool:
    """Whether these are keys of front matter and not the words before a colon in the text between two rules:
    one of them is known; or none has a blank in it, and no blank line stands above them."""
    keys = [str(key) for key in pairs]
    if any(is_known(key) for key in keys):
        return True
    return not block.startswith("\n") and not any(" " in key.strip() for key in keys)


def _parse(block: str, delimiter: str, language: str) -> Any:
    if language == "json" or block.lstrip().startswith("{"):
        try:
            return json.loads(block)
        except ValueError:
            return _yaml(block)  # it knows comments and a comma at the end
    if language == "toml" or delimiter == "+++":
        import tomllib

        if _DEEP_NAME.search(block):
            return None
        return tomllib.loads(block)
    if language in ("", "yaml", "yml"):
        return _yaml(_as_typed(block.expandtabs(2)))
    return None


def _yaml(block: str) -> Any:
    import yaml

    return yaml.load(block, Loader=_loader())


@cache
def _loader() -> Any:
    import yaml

    # The base loader leaves every scalar as it was written: a title 1.10, a tag `no`, a date that does
    # not exist.
    class Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
        """The base loader, which also keeps what a repeated key said before."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            made: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = self.construct_object(key_node, deep=True)
                before = made.pop(key, None)
                if before is not None and isinstance(key, str):
                    made.setdefault(key + AGAIN, []).append(before)
                made[key] = self.construct_object(value_node, deep=deep)
            return made

    return Loader


def _as_typed(block: str) -> str:
    """The block with quotes around what a user writes as text and YAML takes for something else: `!` (a tag),
    `#one` (a comment), `@name`, `%`, a template's `{{title}}`, a colon in the text."""
    made: list[str] = []
    deeper = -1  # lines indented deeper than this are the text of a block scalar
    for line in block.split("\n"):
        if (close := _NO_SPACE.match(line)) and is_known(close[1]):
            line = f"{close[1]}: {line[close.end() :]}"
        indent = len(line) - len(line.lstrip())
        if deeper >= 0 and (not line.strip() or indent > deeper):
            made.append(line)
            continue
        deeper = indent if _BLOCK_SCALAR.search(line) else -1
        found = _SCALAR.match(line) if deeper < 0 and not line.lstrip().startswith("#") else None
        made.append(
            found[1] + _quoted(found[2], known=":" in found[1]) if found and found[1].strip() else line
        )
    return "\n".join(made)


def _quoted(value: str, *, known: bool) -> str:
    """A value in quotes where it needs them. `known`: it has a key, so that another colon is text."""
    if _TYPED.match(value):
        text = value
    elif known and value[0] not in "\"'[{|>&" and re.search(r":(?:[ \t]|$)", value):
        text = re.sub(r"[ \t]#(?:[ \t].*)?$", "", value)
    else:
        return value
    return "'" + text.rstrip().replace("'", "''") + "'"


def _bare_json(text: str) -> tuple[Mapping[Any, Any], int]:
    """A JSON object at the top, which ends a line. Alone it is front matter only where it says something
    about a note: else the note is the object."""
    try:
        pairs, end = json.JSONDecoder().raw_decode(text[:LONGEST])
    except (ValueError, RecursionError):
        return {}, 0
    rest = re.compile(r"[ \t]*(?:\n|\Z)").match(text, end)
    if rest is None or not isinstance(pairs, dict):
        return {}, 0
    if not text[end:].strip() and not any(is_known(str(key)) for key in pairs):
        return {}, 0
    return pairs, rest.end()


def _line_by_line(block: str, *, toml: bool = False) -> dict[str, Any]:
    """The pairs of a block that is not well-formed, where at least half of its lines look like pairs or
    items; else empty. Indented lines go on with what stands above them. Other lines become the pair REST."""
    pairs: dict[str, Any] = {}
    key = ""
    fitting = 0
    rest: list[str] = []
    lines = [line for line in block.split("\n") if line.strip() and not line.lstrip().startswith("# ")]
    for line in lines:
        if toml and (pair := _TOML_PAIR.match(line)):
            key = pair[1]
            pairs[key] = _value(pair[2].strip())
        elif not toml and (pair := _KEY_VALUE.match(line)) and not (pair[1] and pairs.get(key) == []):
            key, value = pair[2], (pair[3] or "").strip()
            if key in pairs:
                pairs.setdefault(key + AGAIN, []).append(pairs.pop(key))
            pairs[key] = [] if not value or _BLOCK_SCALAR.fullmatch(value) else _value(value)
        elif key and (item := _LIST_ITEM.match(line)) and isinstance(pairs[key], list):
            pairs[key].append(item[1].strip("\"' "))
        elif key and line[0].isspace() and line.strip():
            pairs[key] = _going_on(pairs[key], line.strip())
        else:
            rest.append(line.strip())
            continue
        fitting += 1
    if rest:
        pairs.setdefault(REST, rest)
    return pairs if pairs and fitting * 2 >= len(lines) else {}


def _value(value: str) -> str | list[str]:
    if value.startswith("[") and value.endswith("]") and not value.startswith("[["):
        return [item for part in value[1:-1].split(",") if (item := part.strip("\"' "))]
    if value[:1] not in ("'", '"', ""):
        value = re.sub(r"[ \t]#(?:[ \t].*)?$", "", value)
    return value.strip("\"'")


def _going_on(value: str | list[str], more: str) -> str | list[str]:
    return [*value, more] if isinstance(value, list) else f"{value} {more}"
