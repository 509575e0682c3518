"""Starts one front end: with a subcommand the command line, else the window. Imports nothing of the other
one."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from notesearch.config.paths import resource
from notesearch.errors import NoDisplay, NotesearchError, UsageError
from notesearch.wording import translation

COMMANDS = frozenset(
    {"add", "remove", "index", "search", "similar", "status", "models", "doctor", "use", "key"}
)
EXTRACTION = "--extraction-worker"
WRONG_USE, COULD_NOT_RUN = 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Notesearch. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [EXTRACTION]:
        # A frozen program has no interpreter to start its extraction process with, so it starts itself.
        from notesearch.documents.sandbox.worker import main as work

        return work(given[1:])
    translation.use_system_language(resource("translations"))
    if _is_command(given):
        from notesearch.cli import main as cli

        return cli.main(given)
    try:
        return _window(given)
    except NotesearchError as error:
        from notesearch.wording.told import sentence

        print(f"notesearch: {sentence(error)}", file=sys.stderr)
        return WRONG_USE if isinstance(error, UsageError) else COULD_NOT_RUN


def _is_command(given: Sequence[str]) -> bool:
    word = _first_word(given)
    if word in COMMANDS or {"-h", "--help", "--version"} & set(given):
        return True
    if not word or "/" in word or os.path.isdir(word):
        return False
    # The other commands are made from the table of operations. A start of the window does not load that.
    from notesearch.cli.generic import generic_commands

    return word in generic_commands()


def _first_word(arguments: Sequence[str]) -> str:
    """The first argument that is neither an option nor the value of one."""
    value_follows = False
    for argument in arguments:
        if value_follows:
            value_follows = False
        elif argument in ("--data-dir", "--search"):
            value_follows = True
        elif not argument.startswith("-"):
            return argument
    return ""


def _window(arguments: Sequence[str]) -> int:
    usage = (
        "notesearch [--data-dir DIR] [--toggle | --search TEXT | --hidden] [FOLDER... | "
        "notesearch://search?q=TEXT]"
    )
    parser = argparse.ArgumentParser(prog="notesearch", usage=usage, add_help=False)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--toggle", action="store_true")
    parser.add_argument("--search", default="")
    parser.add_argument("--hidden", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args(arguments)
    from notesearch.api.second_start import StartRequest, hand_over, plain_query, query_of_link
    from notesearch.config.paths import absolute, default_data_dir

    links = [word for word in options.words if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", word)]
    if len(links) > 1 or (links and len(options.words) > 1):
        raise UsageError("usage.link-alone")
    for word in options.words:
        if not links and not os.path.isdir(word):
            raise UsageError("usage.no-such-word", word=word)
    search = query_of_link(links[0]) if links else plain_query(options.search)
    folders = tuple(Path(os.path.abspath(word)) for word in options.words if not links)
    request = StartRequest(folders=folders, search=search, toggle=options.toggle, hidden=options.hidden)
    data_dir = absolute(options.data_dir) if options.data_dir else default_data_dir()
    if hand_over(data_dir, request):
        return 0
    if sys.platform.startswith("linux") and not any(
        os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise NoDisplay
    from notesearch.ui.app import run

    return run(data_dir, request)


if __name__ == "__main__":
    sys.exit(main())
