"""Searching: the search field, the list of results, the preview, quick search, and drag and drop."""
