"""Which model a folder has, what may be sent to whom, and what was paid."""
