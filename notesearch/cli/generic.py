"""Makes commands from the table of operations: an operation with a `command` is a command, without code here.

Parameters without a default are positional, the others are options; a truth value is a flag. The result is
printed as JSON with --json, else each thing on a line.
"""

from __future__ import annotations

import argparse
import inspect
import types
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from notesearch.api import wire
from notesearch.api.operation import Operation
from notesearch.api.operations import OPERATIONS
from notesearch.api.sessions import open_session, reading
from notesearch.cli.common import print_json, print_line
from notesearch.config.paths import absolute
from notesearch.wording.translation import _

Command = Callable[[Path, argparse.Namespace], None]


def _with_commands() -> list[Operation[..., Any]]:
    return [operation for operation in OPERATIONS.values() if operation.command]


def add_generic_commands(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Make a parser for each such operation. `command(name, help)` makes an empty parser."""
    for operation in _with_commands():
        parser = command(operation.command, operation.help)
        for name, parameter in operation.parameters.items():
            _add_argument(parser, name, parameter, operation.types[name])
        parser.add_argument("--json", action="store_true", help=_("print JSON"))


def _add_argument(
    parser: argparse.ArgumentParser, name: str, parameter: inspect.Parameter, kind: Any
) -> None:
    one, several = _kind_of(kind)
    required = parameter.default is parameter.empty
    if one is bool:
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, action="store_true")
        return
    how: dict[str, Any] = {"type": one, "metavar": name.upper()}
    if several:
        how["nargs"] = "+" if required else "*"
    if required:
        parser.add_argument(name, **how)
    else:
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, default=parameter.default, **how)


def _kind_of(kind: Any) -> tuple[Callable[[str], Any], bool]:
    """How a type is read from the command line: (the function that converts a word, whether there may be
    several)."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _kind_of(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return _kind_of(next(a for a in arguments if a is not type(None)))
    if origin in (tuple, list, Sequence):
        return _kind_of(arguments[0])[0], True
    if kind is Path:
        return (lambda word: absolute(Path(word))), False
    return kind, False


def _command_of(operation: Operation[..., Any]) -> Command:
    def run(data_dir: Path, options: argparse.Namespace) -> None:
        given = {name: getattr(options, name) for name in operation.parameters}
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        with open_session(data_dir) if operation.writes else reading(data_dir) as session:
            result = wire.to_json(session.call(operation, **given))
        if options.json:
            print_json({"result": result})
            return
        for line in result if isinstance(result, list) else [] if result is None else [result]:
            print_line(line if isinstance(line, str | int | float) else _line(line))

    return run


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_line(item)}" for name, item in value.items())
    if isinstance(value, list):
        return " ".join(_line(item) for item in value)
    return str(value)


def generic_commands() -> dict[str, Command]:
    """The function that runs each of these commands, by the command's name."""
    return {operation.command: _command_of(operation) for operation in _with_commands()}
