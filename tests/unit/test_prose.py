"""Every public module, class, function and method says what it does; and no two of them share a name."""

from __future__ import annotations

import collections
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import notesearch

# What is named for its part in a room: `engine.search.service` beside `engine.models.service`, the settings
# themselves beside the window of settings.
BY_ROOM = {"service", "library", "settings", "engine", "local", "bridge"}


def names() -> list[str]:
    return [
        m.name for m in pkgutil.walk_packages(notesearch.__path__, "notesearch.") if "__main__" not in m.name
    ]


def own(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The public classes and functions that are defined in a module."""
    for name, thing in vars(module).items():
        of_its_own = (
            inspect.isclass(thing) or inspect.isfunction(thing)
        ) and thing.__module__ == module.__name__
        if of_its_own and not name.startswith("_"):
            yield name, thing


def methods(made: type) -> Iterator[tuple[str, object]]:
    """The public methods and properties that a class itself defines, and no class above it."""
    for name, thing in vars(made).items():
        if name.startswith("_") or any(name in vars(above) for above in made.__mro__[1:]):
            continue
        if isinstance(thing, property | staticmethod | classmethod) or inspect.isfunction(thing):
            yield name, thing


@pytest.mark.parametrize("name", names())
def test_everything_public_says_what_it_does(name: str) -> None:
    module = importlib.import_module(name)
    silent = [] if module.__doc__ else ["the module"]
    for called, thing in own(module):
        if not thing.__doc__ or thing.__doc__.startswith(f"{called}("):
            silent.append(called)
        if inspect.isclass(thing):
            silent += [f"{called}.{method}" for method, of in methods(thing) if not of.__doc__]
    assert not silent


def test_no_two_classes_share_a_name() -> None:
    homes = collections.defaultdict(set)
    for name in names():
        for called, thing in own(importlib.import_module(name)):
            if inspect.isclass(thing):
                homes[called].add(name)
    assert not {called: where for called, where in homes.items() if len(where) > 1}


def test_no_two_modules_share_a_name() -> None:
    homes = collections.defaultdict(set)
    for name in names():
        homes[name.rpartition(".")[2]].add(name)
    assert not {n: where for n, where in homes.items() if len(where) > 1 and n not in BY_ROOM}
