"""The table of operations, for views: they may not import it from the api themselves. It is a module of its
own, so that the window is painted before the table is loaded."""

from __future__ import annotations

from notesearch.api import operations

__all__ = ["operations"]
