"""The table of operations for the views, whose only door to the api is the bridge. Apart from the bridge, so
that the window is painted before it is loaded."""

from __future__ import annotations

from notesearch.api import operations

__all__ = ["operations"]
