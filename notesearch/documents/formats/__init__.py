"""One file a format, and the registry of all of them."""
