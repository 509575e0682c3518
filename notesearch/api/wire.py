"""Converts values to JSON and back: frozen dataclasses, enumerations, paths, and what they are made of. Pure.

Two processes of the same version of the program use it. A value that is read back has the type that was asked
for, or ValueError is raised: data of another process is never trusted.
"""

from __future__ import annotations

import dataclasses
import math
import os
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union

from notesearch import errors
from notesearch.errors import NotesearchError

T = TypeVar("T")
Json = Any
# The whole numbers that every reader of JSON, and the database, can hold.
WHOLE_NUMBERS = range(-(1 << 53), (1 << 53) + 1)


def to_json(value: object) -> Json:
    """A value as JSON. Raises TypeError for a type that it does not know."""
    if value is None or isinstance(value, bool | int | float) or type(value) is str:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence | frozenset | set):
        return [to_json(item) for item in value]
    if isinstance(value, NotesearchError):
        return error_to_json(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def from_json(kind: Any, data: Json, *, asked: bool = False) -> Any:
    """A value of the type `kind` from JSON. Raises ValueError where the data does not fit the type.

    `asked`: it is a parameter of a request. Then texts, paths and numbers must also be such that the
    database, the system and the indexes can take them.
    """
    if kind is Any or kind is object:
        return data
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin is typing.Annotated:
        value = from_json(arguments[0], data, asked=asked)
        return _expect(not asked or all(value in limits for limits in arguments[1:]), value)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, data, asked=asked)
    if kind is None or kind is type(None):
        return _expect(data is None, None)
    if origin in (tuple, frozenset, list) or origin is Sequence:
        return _several(origin, arguments, data, asked=asked)
    if origin in (dict, Mapping):
        _expect(isinstance(data, dict), data)
        return {key: from_json(arguments[1], item, asked=asked) for key, item in data.items()}
    if not isinstance(kind, type):
        raise ValueError(f"{kind!r} cannot be read")
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, data, asked=asked)
    if issubclass(kind, Enum):
        return kind(data)
    if issubclass(kind, Path):
        _expect(isinstance(data, str) and (not asked or _is_path(data)), data)
        return Path(data)
    if issubclass(kind, NotesearchError):
        return error_from_json(data)
    if kind is float and type(data) is int and data in WHOLE_NUMBERS:
        return float(data)
    return _expect(type(data) is kind and (not asked or _can_be_used(data)), data)


def _can_be_used(data: object) -> bool:
    if isinstance(data, str):
        return _is_text(data)
    if isinstance(data, float):
        return math.isfinite(data)
    return not isinstance(data, int) or data in WHOLE_NUMBERS


def _is_text(data: str) -> bool:
    """Whether it can be stored and shown: it has no NUL, and no half of a character."""
    try:
        data.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in data


def _is_path(data: str) -> bool:
    """Whether a file could have this name. Bytes of a name that are no text come as halves of characters."""
    try:
        return b"\0" not in os.fsencode(data)
    except UnicodeEncodeError:
        return False


def _expect(holds: bool, value: T) -> T:
    if not holds:
        raise ValueError(f"{type(value).__name__} is not what was expected")
    return value


def _one_of(kinds: Sequence[Any], data: Json, *, asked: bool) -> Any:
    for kind in kinds:
        try:
            return from_json(kind, data, asked=asked)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{type(data).__name__} is none of the kinds that were expected")


def _several(origin: Any, kinds: Sequence[Any], data: Json, *, asked: bool) -> Any:
    _expect(isinstance(data, list), data)
    if origin is tuple and kinds[1:] != (Ellipsis,):
        if len(kinds) != len(data):
            raise ValueError(f"{len(data)} values, {len(kinds)} expected")
        return tuple(from_json(kind, item, asked=asked) for kind, item in zip(kinds, data, strict=True))
    made = (from_json(kinds[0], item, asked=asked) for item in data)
    return (tuple if origin is Sequence else origin)(made)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _dataclass(kind: type, data: Json, *, asked: bool) -> Any:
    _expect(isinstance(data, dict), data)
    hints = _hints(kind)
    # Unknown entries are ignored. A missing entry has its default, or raises TypeError.
    known = {field.name for field in dataclasses.fields(kind) if field.init}
    try:
        values = {n: from_json(hints[n], item, asked=asked) for n, item in data.items() if n in known}
        return kind(**values)
    except TypeError as error:
        raise ValueError(str(error)) from error


# Errors


def error_to_json(error: NotesearchError) -> Json:
    """An error as JSON, for another process."""
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "params": dict(error.params),
        "retryable": error.retryable,
    }


def error_from_json(data: Json) -> NotesearchError:
    """The error that another process raised, of the same class where this version has that class."""
    _expect(isinstance(data, dict), data)
    kind = getattr(errors, str(data.get("kind")), NotesearchError)
    if not (isinstance(kind, type) and issubclass(kind, NotesearchError)):
        kind = NotesearchError
    params = data.get("params", {})
    _expect(
        isinstance(params, dict) and all(isinstance(p, str | int | float | None) for p in params.values()),
        data,
    )
    error = kind.__new__(kind)
    NotesearchError.__init__(error, str(data.get("code") or kind.code))
    error.params, error.retryable = params, data.get("retryable") is True
    return error
