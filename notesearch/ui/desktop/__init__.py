"""What the window needs of the desktop: the global key, start at login, the tray, opening files and links."""
