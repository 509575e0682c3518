"""Starts one side: a subcommand the command line, none the window. Imports nothing of the other."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from notesearch.errors import NoDisplay, NotesearchError, UsageError

COMMANDS = frozenset({"add", "remove", "index", "search", "similar", "status", "models", "doctor", "use", "key"})
EXTRACTION = "--extraction-worker"
WRONG_USE, COULD_NOT_RUN = 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Notesearch. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [EXTRACTION]:
        # A frozen program has no interpreter to start its extraction process with; it starts itself.
        from notesearch.documents.worker import main as work

        return work(given[1:])
    if _first_word(given) in COMMANDS or {"-h", "--help", "--version"} & set(given):
        from notesearch import cli

        return cli.main(given)
    try:
        return _window(given)
    except NotesearchError as error:
        print(f"notesearch: {error}", file=sys.stderr)
        return WRONG_USE if isinstance(error, UsageError) else COULD_NOT_RUN


def _first_word(arguments: Sequence[str]) -> str:
    """The first argument that is neither an option nor the value of --data-dir."""
    value_follows = False
    for argument in arguments:
        if value_follows:
            value_follows = False
        elif argument == "--data-dir":
            value_follows = True
        elif not argument.startswith("-"):
            return argument
    return ""


def _window(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="notesearch", usage="notesearch [--data-dir DIR] [FOLDER...]", add_help=False)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    for folder in options.folders:
        if not os.path.isdir(folder):
            raise UsageError(f"There is no folder or command {str(folder)!r}", hint="notesearch --help lists the commands.")
    if sys.platform.startswith("linux") and not any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise NoDisplay
    from notesearch.settings import default_data_dir
    from notesearch.ui.app import run

    data_dir = options.data_dir.expanduser().absolute() if options.data_dir else default_data_dir()
    return run(data_dir, [Path(os.path.abspath(f)) for f in options.folders])


if __name__ == "__main__":
    sys.exit(main())
