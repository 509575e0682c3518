"""The names by which desktops know the program."""

# The .desktop file, the icon and the portal agree on it; portals take no name without dots.
APP_ID = "org.notesearch.Notesearch"
