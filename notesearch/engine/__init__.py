"""Indexing and searching, without a window."""
