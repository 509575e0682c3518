"""Every operation, asked by another process with values of any kind: it answers, or says that the request is
wrong. No request is a bug, and none keeps the owner from answering the next one."""

from __future__ import annotations

import dataclasses
import json
import socket
import types
import typing
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notesearch.api import sessions, wire
from notesearch.api.listener import ask, owner_address
from notesearch.api.operation import Operation
from notesearch.api.operations import OPERATIONS
from notesearch.domain import Limit, Query
from notesearch.engine.engine import Engine
from notesearch.errors import Bug, NotesearchError, OwnerFailed, UsageError
from tests.conftest import NOTES, fill, reconcile
from tests.embedders import HashingEmbedder

# Strings as they may come: empty, with what no text and no path can hold, and long.
TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "\0",
            "a\0b",
            "\ud800",
            "\udcff",
            "/",
            "..",
            "~",
            "~nobody/x",
            "//x",
            "/\0",
            "local",
            "a/b",
            "*",
        ]
    ),
    st.sampled_from(
        ["tag:", '"', "(", "after:9999-99-99", "date:0000", "x" * 20_000, "[", "sort:date", "-a"]
    ),
    st.text(max_size=20),
)
NUMBERS = st.one_of(
    st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 1e308, float("nan"), float("inf"), 0.5]),
    st.integers(),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


Strategy = Callable[[Operation[..., Any], Path], st.SearchStrategy[dict[str, Any]]]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with some notes that takes requests."""
    root = tmp_path_factory.mktemp("wrong")
    embedder = HashingEmbedder()
    engine = Engine.open(root / "data", watch=False, embedders=(embedder,))
    listener = sessions.serve(engine)
    reconcile(engine, fill(root / "Notes", NOTES))
    yield engine
    listener.close()
    engine.close()
    embedder.close()


def outcome(engine: Engine, request: dict[str, Any]) -> NotesearchError | None:
    """What the owner says to a request: nothing wrong, or an error."""
    try:
        answers = list(ask(engine.data_dir, request, timeout=60))
    except NotesearchError as error:
        return error
    assert answers[-1]["done"]
    return None


def expected(said: NotesearchError | None, request: object) -> None:
    assert not isinstance(said, Bug | OwnerFailed), f"{request!r}: {said}"


def values(operation: Operation[..., Any], notes: Path) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of the right names with any values; among them right ones, so that the wrong ones beside
    them are met by the operation itself."""
    right = {
        Path: st.sampled_from([str(notes), str(notes / "bread.md"), str(notes / "none"), "/nowhere"]),
        int: NUMBERS,
        bool: st.booleans(),
        str: TEXTS,
    }
    of_each = {
        name: right.get(operation.types[name], ANYTHING) | ANYTHING
        for name in operation.parameters
        # A model that is tested is asked over the network.
        if name != "base_url"
    }
    if "query" in operation.parameters:
        known = ("text", "limit", "mode", "folder", "prefix")
        of_each["query"] = st.fixed_dictionaries(
            {"text": TEXTS}, optional={name: ANYTHING | NUMBERS | TEXTS for name in known[1:]}
        )
    return st.fixed_dictionaries({}, optional=of_each)


def fitting(kind: Any, notes: Path) -> st.SearchStrategy[Any]:
    """Values that have the type, whatever else they are: none is refused for its type alone."""
    whole = st.sampled_from([0, 1, -1, 7, 1000, 100_001, 2**31, 2**53, 2**63, -(2**63) - 1, 10**40])
    paths = [
        notes,
        notes / "bread.md",
        notes / "none",
        "/nowhere",
        "/a\0b",
        "/\udcff/x",
        "/\ud800",
        "/" + "x" * 5000,
    ]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return fitting(arguments[0], notes)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(fitting(one, notes) for one in arguments))
    if origin is tuple:
        return st.lists(fitting(arguments[0], notes), max_size=2)
    if kind is type(None):
        return st.none()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from([one.value for one in kind])
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        return st.fixed_dictionaries({name: fitting(hint, notes) for name, hint in hints.items()})
    of_kind: dict[Any, st.SearchStrategy[Any]] = {
        Path: st.sampled_from([str(path) for path in paths]),
        int: whole,
        bool: st.booleans(),
        str: TEXTS,
        float: st.floats(),
    }
    return of_kind.get(kind, ANYTHING)


def all_fitting(operation: Operation[..., Any], notes: Path) -> st.SearchStrategy[dict[str, Any]]:
    """Every parameter, with a value of its type."""
    return st.fixed_dictionaries(
        {
            name: fitting(operation.types[name], notes)
            for name in operation.parameters
            # A model that is tested is asked over the network.
            if name != "base_url"
        }
    )


# A whole disk would be read.
def harmless(parameters: dict[str, Any]) -> bool:
    folders = [parameters.get(name) for name in ("folder", "path", "folders")]
    flat = [f for one in folders for f in (one if isinstance(one, list) else [one])]
    return not any(isinstance(f, str) and len(Path(f.replace("\0", "")).expanduser().parts) < 2 for f in flat)


@pytest.mark.parametrize("strategy", [values, all_fitting])
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_values_of_any_kind(owner: Engine, name: str, strategy: Strategy) -> None:
    operation = OPERATIONS[name]
    notes = owner.data_dir.with_name("Notes")

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(parameters=strategy(operation, notes).filter(harmless))
    def asked(parameters: dict[str, Any]) -> None:
        request = {"operation": name, "parameters": parameters}
        expected(outcome(owner, request), request)
        owner.indexing.resume()

    asked()
    assert outcome(owner, {"operation": "folders.list"}) is None


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.parametrize("parameters", [None, 3, "text", [], ["folder"], True, {"folder": {}}, {"": None}])
def test_parameters_that_are_no_table(owner: Engine, name: str, parameters: object) -> None:
    said = outcome(owner, {"operation": name, "parameters": parameters})
    expected(said, parameters)
    if not isinstance(parameters, dict):
        assert isinstance(said, UsageError)


@pytest.mark.parametrize(
    "line",
    [b"[]", b"3", b"null", b"{", b'{"operation": []}', b"[" * 100_000, b"\xff\xfe", b'{"operation": NaN}'],
)
def test_what_is_no_request_is_told_as_such(owner: Engine, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(owner_address(owner.data_dir).decode())
        connection.sendall(line + b"\n")
        with connection.makefile("rb") as answers:
            said = wire.error_from_json(json.loads(answers.readline())["error"])
    assert isinstance(said, UsageError)
    assert outcome(owner, {"operation": "folders.list"}) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (str, "a\0b"),
        (str, "\ud800"),
        (Path, "/a\0b"),
        (Path, "/\ud800"),
        (int, 2**63),
        (float, float("nan")),
        (float, float("inf")),
        (Limit, -1),
        (Limit, 100_001),
        (tuple[Path, ...], ["/a", "/\0"]),
        (Query, {"text": "a", "limit": 10**9}),
    ],
)
def test_what_fits_the_type_and_cannot_be_used_is_refused_in_requests_alone(kind: Any, value: object) -> None:
    """Answers come from the same version of the program, and may hold what a request may not."""
    wire.from_json(kind, value)
    with pytest.raises(ValueError, match="expected"):
        wire.from_json(kind, value, asked=True)


def test_a_name_of_a_file_that_is_no_text_can_be_asked_for() -> None:
    assert wire.from_json(Path, "/\udcff.md", asked=True) == Path("/\udcff.md")
