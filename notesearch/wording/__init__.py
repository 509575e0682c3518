"""Makes sentences of codes and values, for both front ends. The command line and the window share the English
texts here. Nothing in this room decides anything, and no room below it contains sentences."""
