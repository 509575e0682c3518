"""Starts one side: a subcommand the command line, none the window. Imports nothing of the other."""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMANDS = ("add", "remove", "index", "search", "similar", "status", "models", "doctor")
EXTRACTION = "--extraction-worker"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Notesearch. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [EXTRACTION]:
        # A frozen program has no interpreter to start its extraction process with; it starts itself.
        from notesearch.documents.worker import main as work

        return work(given[1:])
    from notesearch import cli

    return cli.main(given)


if __name__ == "__main__":
    sys.exit(main())
