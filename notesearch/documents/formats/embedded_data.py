"""Takes files that are embedded in a note (pictures as base64, above all) out of its text: they are neither
words nor passages. A picture of 100 KB would be 500 passages of noise."""

from __future__ import annotations

import re

LEFT = "#"  # what stands for the data: still a target for a link or a picture, but no word

_TYPE = r"data:[\w.+-]{1,80}/[\w.+-]{1,80}(?:;[\w.+-]{1,80}(?:=[\w.+/\"-]{1,80})?){0,4}"
# Base64 may go on in further lines of the same length, and ends with a shorter one before a quote or bracket.
_BASE64 = re.compile(
    rf"{_TYPE},(?=\n|[\w+/=%-]{{16}})[\w+/=%-]*"
    r"(?:\n[ \t>]*[A-Za-z0-9+/]{40,}={0,2}[ \t]*(?=\n|[\"')>]|\Z))*"
    r"(?:\n[ \t>]*[A-Za-z0-9+/]{1,200}={0,2}(?=[\"')>]))?",
    re.IGNORECASE,
)
# A picture as text (SVG): the address of a link has no blank in it.
_WRITTEN = re.compile(rf"{_TYPE},[^\s\"'<>()]{{60,}}", re.IGNORECASE)


def without_embedded_data(text: str) -> str:
    """The text with LEFT in the place of each `data:` address that holds a file. Every line keeps its
    number."""
    if "data:" not in text and "DATA:" not in text:
        return text
    return _WRITTEN.sub(_left, _BASE64.sub(_left_of_base64, text))


def _left(match: re.Match[str]) -> str:
    return LEFT + "\n" * match[0].count("\n")


def _left_of_base64(match: re.Match[str]) -> str:
    head, _, _ = match[0].partition(",")
    return _left(match) if head.lower().endswith(";base64") else match[0]
