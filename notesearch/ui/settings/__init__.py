"""The window of settings, one file a page or two."""
