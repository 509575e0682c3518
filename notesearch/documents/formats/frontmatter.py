"""Front matter at the top of a note: YAML, TOML or JSON between delimiters, or a bare JSON object. Invalid
front matter never makes a note unreadable."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from notesearch.documents.formats.metadata import is_known

LONGEST = 64 * 1024  # characters; what goes on longer is text

_OPENING = re.compile(r"(-{3,4}|\+\+\+|;;;|~~~)[ \t]*([A-Za-z]*)[ \t]*\n")
_KEY_VALUE = re.compile(r"^([A-Za-z_][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(.*))?$")
_LIST_ITEM = re.compile(r"^[ \t]*-[ \t]+(.*)$")
_DASHES = ("---", "----")


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
    block = text[opening.end() : closing.start()]
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
    if isinstance(pairs, dict):
        return _with_hash_tags(pairs, block) if language or _are_keys(pairs) else None
    if delimiter == "~~~":
        return None  # a code fence
    pairs = _line_by_line(block)
    if language:
        return pairs
    return pairs if pairs and _are_keys(pairs) else None


def _are_keys(pairs: Mapping[Any, Any]) -> bool:
    """Whether these are keys of front matter and not the words before a colon in the text between two rules:
    one of them is known, or none has a blank in it."""
    keys = [str(key) for key in pairs]
    return any(is_known(key) for key in keys) or not any(" " in key.strip() for key in keys)


def _parse(block: str, delimiter: str, language: str) -> Any:
    if language == "json" or block.lstrip().startswith("{"):
        return json.loads(block)
    if language == "toml" or delimiter == "+++":
        import tomllib

        return tomllib.loads(block)
    if language in ("", "yaml", "yml"):
        import yaml

        # The base loader leaves every scalar as it was written: a title 1.10, a tag `no`, a date that does
        # not exist.
        return yaml.load(block.expandtabs(2), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    return None


def _bare_json(text: str) -> tuple[Mapping[Any, Any], int]:
    closing = re.compile(r"^\}[ \t]*(?:\n|\Z)", re.MULTILINE).search(text, 0, LONGEST)
    if closing is None:
        return {}, 0
    try:
        pairs = json.loads(text[: closing.end()])
    except (ValueError, RecursionError):
        return {}, 0
    return pairs, closing.end()


def _with_hash_tags(pairs: dict[Any, Any], block: str) -> dict[Any, Any]:
    """`tags: #one #two` is a comment to YAML, but not to the user who wrote it."""
    for key in ("tags", "tag"):
        if pairs.get(key) == "" and (line := re.search(rf"^{key}:[ \t]*(#.*)$", block, re.MULTILINE)):
            return {**pairs, key: line[1]}
    return pairs


def _line_by_line(block: str) -> dict[str, Any]:
    """The pairs of a block that is not well-formed, where at least half of its lines look like pairs or
    items; else empty."""
    pairs: dict[str, Any] = {}
    key = ""
    fitting = 0
    lines = [line for line in block.split("\n") if line.strip()]
    for line in lines:
        if pair := _KEY_VALUE.match(line):
            key, value = pair[1], (pair[2] or "").strip()
            pairs[key] = value.strip("\"'") if value else []
            fitting += 1
        elif key and (item := _LIST_ITEM.match(line)) and isinstance(pairs[key], list):
            pairs[key].append(item[1].strip("\"' "))
            fitting += 1
    return pairs if pairs and fitting * 2 >= len(lines) else {}
