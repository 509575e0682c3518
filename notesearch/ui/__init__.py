"""The window. No other room imports Qt."""
