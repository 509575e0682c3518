"""The only door from the window to the engine. Nothing else in `ui` imports `api`."""
