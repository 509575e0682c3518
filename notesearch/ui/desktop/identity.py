"""The names that desktops know the program by."""

# The .desktop file, the icon and the portal agree on it; portals take no name without dots.
APP_ID = "org.notesearch.Notesearch"
