"""Which kinds of notes there are, for whatever shows their names. Any thread."""

from __future__ import annotations

from notesearch.documents.formats.registry import formats

__all__ = ["formats"]
