"""Settings, keys and paths of the user."""
