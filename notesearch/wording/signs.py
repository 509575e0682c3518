"""The smallest pieces of sentences: counts, names of models and providers, and the sign between parts. No
Qt."""

from __future__ import annotations

from typing import Literal

from notesearch.domain import IndexingStatus
from notesearch.wording.translation import Plural, _, filled

DOT = " \N{MIDDLE DOT} "
Noun = Literal["note", "passage", "more passage", "problem", "request", "text", "token"]
_NOUNS: dict[Noun, Plural] = {
    "note": Plural("{n:,} note", "{n:,} notes", of="n"),
    "passage": Plural("{n:,} passage", "{n:,} passages", of="n"),
    "more passage": Plural("{n:,} more passage", "{n:,} more passages", of="n"),
    "problem": Plural("{n:,} problem", "{n:,} problems", of="n"),
    "request": Plural("{n:,} request", "{n:,} requests", of="n"),
    "text": Plural("{n:,} text", "{n:,} texts", of="n"),
    "token": Plural("{n:,} token", "{n:,} tokens", of="n"),
}


def count(number: int, noun: Noun = "note") -> str:
    """A number with its noun: "1 note", "2,013 notes"."""
    return filled(_NOUNS[noun], {"n": number})


def as_sentence(text: str) -> str:
    """A part of a line as a sentence of its own: "Nothing found." for "nothing found"; "" for nothing."""
    return text[:1].upper() + text[1:] + "." if text else ""


def model_name(identifier: str) -> str:
    """A model as it is called in a sentence: "the local model", "voyage-2"."""
    return _("the local model") if identifier.startswith("local/") else identifier.rpartition("/")[2]


def provider_title(name: str) -> str:
    """A provider's name for people."""
    from notesearch import catalogue

    return next((p.title for p in catalogue.PROVIDERS if p.name == name), name)


def waiting_for(status: IndexingStatus) -> str:
    """The providers that are waited for: "AI/ML API, OpenAI"; "" for none."""
    return ", ".join(dict.fromkeys(provider_title(trouble.provider) for trouble in status.troubles))
