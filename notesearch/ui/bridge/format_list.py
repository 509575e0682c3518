"""The list of note formats, for views that show their names. Any thread."""

from __future__ import annotations

from notesearch.documents.formats.registry import formats

__all__ = ["formats"]
