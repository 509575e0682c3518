"""The table of operations: one entry is a command, a message between processes, and a call of the bridge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.api import operations, wire
from notesearch.api.operations import OPERATIONS, Operation, operation
from notesearch.api.sessions import HandedOver
from notesearch.cli import main as cli
from notesearch.domain import Folder, IndexingStatus, IndexSummary, Mode, Query
from notesearch.engine.engine import Engine
from notesearch.errors import KeyMissing, NotesearchError, NotIndexed, UsageError
from tests.conftest import Serve, StartEngine, fill, reconcile

NOTES = {"a.md": "# Alpha\n\nfirst\n", "Sub/b.md": "# Beta\n\nsecond\n"}


@pytest.fixture
def count() -> Iterator[Operation[..., int]]:
    """An operation that the program does not have: one function, one entry."""

    @operation("test.count", command="count-notes")
    def count_notes(engine: Engine, *, under: Path | None = None, longer_than: int = 0) -> int:
        """How many notes are searched."""
        folders = engine.status().folders
        return sum(f.documents for f in folders if under is None or f.path == under) - longer_than

    count_notes.types["return"]
    yield count_notes
    del OPERATIONS["test.count"]


def test_a_new_operation_is_reached_over_the_wire(
    count: Operation[..., int], start_engine: StartEngine, serve: Serve, notes: Path, tmp_path: Path
) -> None:
    fill(notes, NOTES)
    reconcile(serve(start_engine(watch=False)), notes)
    other_process = HandedOver(tmp_path / "data")
    assert other_process.call(count) == 2
    assert other_process.call(count, under=notes, longer_than=1) == 1
    assert other_process.call(count, under=tmp_path) == 0


def test_a_new_operation_is_a_command(
    count: Operation[..., int],
    start_engine: StartEngine,
    notes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(notes, NOTES)
    reconcile(start_engine(watch=False), notes)
    data = ["--data-dir", str(tmp_path / "data")]
    assert cli.main(["count-notes", *data]) == 0
    assert capsys.readouterr().out == "2\n"
    assert cli.main(["count-notes", *data, "--json", "--longer-than", "1", "--under", str(notes)]) == 0
    assert json.loads(capsys.readouterr().out) == {"result": 1}
    assert cli.main(["count-notes", "--help"]) == 0
    assert "How many notes are searched." in capsys.readouterr().out


def test_errors_keep_their_class_over_the_wire(
    start_engine: StartEngine, serve: Serve, tmp_path: Path
) -> None:
    serve(start_engine(watch=False))
    with pytest.raises(NotIndexed, match=r"not-indexed\.folder folder=.*nowhere"):
        HandedOver(tmp_path / "data").call(operations.remove_folder, folder=tmp_path / "nowhere")


@pytest.mark.parametrize(
    "parameters", [{}, {"folder": 3}, {"folder": None}, {"folder": ["a"]}, {"other": "a"}]
)
def test_a_wrong_request_is_told(parameters: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"usage\.operation"):
        operations.remove_folder.from_message(parameters)


def test_every_operation_says_what_it_does_and_can_travel() -> None:
    for entry in OPERATIONS.values():
        assert entry.help.endswith(".") or entry.help.endswith(")"), entry.name
        assert "return" in entry.types, entry.name
        assert set(entry.parameters) <= set(entry.types), entry.name


PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(Path)


@given(st.text(), st.integers(1, 1000), st.sampled_from(Mode), st.none() | PATHS, st.booleans())
def test_a_query_comes_back_as_it_went(
    text: str, limit: int, mode: Mode, folder: Path | None, prefix: bool
) -> None:
    query = Query(text=text, limit=limit, mode=mode, folder=folder, prefix=prefix)
    assert wire.from_json(Query, json.loads(json.dumps(wire.to_json(query)))) == query


def test_a_status_comes_back_as_it_went(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, {**NOTES, "broken.md": bytes(range(256)) * 20})
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    status = engine.status()
    assert (status.documents, status.failed) == (3, 1)
    assert wire.from_json(IndexingStatus, json.loads(json.dumps(wire.to_json(status)))) == status


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (int, "1"),
        (int, True),
        (str, 1),
        (bool, 1),
        (Path, 1),
        (Mode, "loud"),
        (tuple[int, ...], [1, "2"]),
        (tuple[int, str], [1]),
        (IndexSummary, []),
        (Query, {"limit": 3}),
        (Folder | None, 3),
    ],
)
def test_nonsense_is_not_read(kind: object, data: object) -> None:
    with pytest.raises(ValueError, match=r"expected|cannot|valid|argument"):
        wire.from_json(kind, data)


def test_an_unknown_error_is_one_of_ours() -> None:
    assert type(wire.error_from_json({"kind": "Path", "title": "x"})) is NotesearchError
    assert type(wire.error_from_json(wire.error_to_json(KeyMissing()))) is KeyMissing
