"""What the window asks of the desktop: the global key, start at login, the tray, opening files and links."""
