"""The main window: its parts, its menus and actions, the tray's controller and the first page."""
