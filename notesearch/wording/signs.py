"""The smallest pieces of sentences: counts, names of models and providers, and the sign between parts. No
Qt."""

from __future__ import annotations

from notesearch.domain import IndexingStatus

DOT = " \N{MIDDLE DOT} "


def count(number: int, noun: str = "note") -> str:
    """ "1 note", "2,013 notes"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def model_name(identifier: str) -> str:
    """A model as it is called in a sentence: "the local model", "voyage-2"."""
    return "the local model" if identifier.startswith("local/") else identifier.rpartition("/")[2]


def provider_title(name: str) -> str:
    """A provider's name for people."""
    from notesearch import catalogue

    return next((p.title for p in catalogue.PROVIDERS if p.name == name), name)


def waiting_for(status: IndexingStatus) -> str:
    """ "AI/ML API, OpenAI": whose answer is waited for, "" for nobody's."""
    return ", ".join(dict.fromkeys(provider_title(trouble.provider) for trouble in status.troubles))
