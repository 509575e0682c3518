"""Every public module, class, function and method says what it does; no two of them share a name; files and
functions are short; and no test reaches a private name of the program."""

from __future__ import annotations

import ast
import collections
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
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


LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 600, 60
ROOT = Path(__file__).resolve().parents[2]
# What takes or changes an attribute by its name. ruff (SLF001) sees the others.
BY_NAME = {"getattr", "setattr", "delattr", "hasattr", "patch", "attrgetter"}


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """(path, text) of the Python files below these folders of the project."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_files_and_functions_are_short() -> None:
    long = []
    for path, text in sources("notesearch", "tests", "packaging"):
        if (lines := text.count("\n")) > LINES_OF_A_FILE:
            long.append(f"{path}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines > LINES_OF_A_FUNCTION:
                    long.append(f"{path}: {node.name}: {lines} lines")
    assert not long


def private_names(text: str) -> Iterator[str]:
    """The private names that a source reaches by a string: `setattr(x, "_name", ...)`."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for given in node.args[:2] if called in BY_NAME else ():
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                last = given.value.rpartition(".")[2]
                if last.startswith("_") and not last.startswith("__"):
                    yield given.value


def test_no_test_reaches_a_private_name_by_a_string() -> None:
    example = 'monkeypatch.setattr(x, "_a", 1); setattr("a.b._c", 2); getattr(x, "d"); hasattr(x, "__e__")'
    assert list(private_names(example)) == ["_a", "a.b._c"]
    assert not [(path, name) for path, text in sources("tests", "packaging") for name in private_names(text)]


# What makes sentences; N_ and Words only mark them.
MAKE_SENTENCES = {"_", "N_", "plural", "sentence", "title", "hint", "told_together", "Words"}
COMPARE = {"startswith", "endswith", "find", "index", "count", "removeprefix", "removesuffix"}


def decisions_by_words(text: str, sentences: frozenset[str] = frozenset()) -> Iterator[str]:
    """What compares something with a sentence of the program: one that is made, or one of `sentences`."""
    for node in ast.walk(ast.parse(text)):
        compared: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            compared = [node.value]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in COMPARE:
            compared = node.args
        for inner in (inner for side in compared for inner in ast.walk(side)):
            made = isinstance(inner, ast.Call) and getattr(inner.func, "id", "") in MAKE_SENTENCES
            if made or (isinstance(inner, ast.Constant) and inner.value in sentences):
                yield ast.unparse(inner)


def sentences_of(text: str) -> Iterator[str]:
    """The sentences that a source marks for translation."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKE_SENTENCES:
            yield from (
                a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )


def test_nothing_decides_by_words() -> None:
    example = 'a == _("Ready"); b.startswith("All read."); "All read." in c; d == "key"; _("Ready") or e'
    assert list(decisions_by_words(example, frozenset({"All read."}))) == ["_('Ready')", *["'All read.'"] * 2]
    program = list(sources("notesearch"))
    # A single word in small letters may be a key as well.
    marked = (said for _, text in program for said in sentences_of(text))
    sentences = frozenset(said for said in marked if " " in said or said != said.lower())
    assert len(sentences) > 500
    assert not [(path, found) for path, text in program for found in decisions_by_words(text, sentences)]
