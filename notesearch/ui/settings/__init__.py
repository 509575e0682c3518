"""The settings window, a module for one page or two."""
