"""Converts values to JSON and back: frozen dataclasses, enumerations, paths, and what they are made of. Pure.

Two processes of the same version of the program use it. A value that is read back has the type that was asked
for, or ValueError is raised: data of another process is never trusted.
"""

from __future__ import annotations

import dataclasses
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


def from_json(kind: Any, data: Json) -> Any:
    """A value of the type `kind` from JSON. Raises ValueError where the data does not fit the type."""
    if kind is Any or kind is object:
        return data
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, data)
    if kind is None or kind is type(None):
        return _expect(data is None, None)
    if origin in (tuple, frozenset, list) or origin is Sequence:
        return _several(origin, arguments, data)
    if origin in (dict, Mapping):
        _expect(isinstance(data, dict), data)
        return {key: from_json(arguments[1], item) for key, item in data.items()}
    if not isinstance(kind, type):
        raise ValueError(f"{kind!r} cannot be read")
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, data)
    if issubclass(kind, Enum):
        return kind(data)
    if issubclass(kind, Path):
        _expect(isinstance(data, str), data)
        return Path(data)
    if issubclass(kind, NotesearchError):
        return error_from_json(data)
    if kind is float and type(data) is int:
        return float(data)
    return _expect(type(data) is kind, data)


def _expect(holds: bool, value: T) -> T:
    if not holds:
        raise ValueError(f"{type(value).__name__} is not what was expected")
    return value


def _one_of(kinds: Sequence[Any], data: Json) -> Any:
    for kind in kinds:
        try:
            return from_json(kind, data)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{type(data).__name__} is none of the kinds that were expected")


def _several(origin: Any, kinds: Sequence[Any], data: Json) -> Any:
    _expect(isinstance(data, list), data)
    if origin is tuple and kinds[1:] != (Ellipsis,):
        if len(kinds) != len(data):
            raise ValueError(f"{len(data)} values, {len(kinds)} expected")
        return tuple(from_json(kind, item) for kind, item in zip(kinds, data, strict=True))
    made = (from_json(kinds[0], item) for item in data)
    return (tuple if origin is Sequence else origin)(made)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _dataclass(kind: type, data: Json) -> Any:
    _expect(isinstance(data, dict), data)
    hints = _hints(kind)
    # Unknown entries are ignored. A missing entry has its default, or raises TypeError.
    known = {field.name for field in dataclasses.fields(kind) if field.init}
    try:
        return kind(**{name: from_json(hints[name], item) for name, item in data.items() if name in known})
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
