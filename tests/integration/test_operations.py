"""The table of operations: one entry is a command, a message between processes, and a call of the bridge. The
bridge's part is in tests/ui/test_calls.py."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.api import operations, sessions, wire
from notesearch.api.operation import OPERATIONS, Operation, Progress, Report, Stopped, operation
from notesearch.api.server import Server
from notesearch.api.sessions import HandedOver
from notesearch.cli import main as cli
from notesearch.domain import Folder, IndexingStatus, IndexSummary, Mode, Query, Survey
from notesearch.engine.engine import Engine
from notesearch.errors import FolderOverlap, KeyMissing, NotesearchError, NotIndexed, UsageError
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


SECRET = "sk-0123456789abcdef"
KEPT_HERE = {"provider": "openai", "key": SECRET}


def test_a_key_is_never_sent_to_another_process(
    start_engine: StartEngine, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(start_engine(watch=False))
    sent: list[object] = []
    monkeypatch.setattr(sessions, "ask", lambda *given, **how: sent.append(given) or iter(()))
    with pytest.raises(UsageError, match=r"usage\.operation-local") as refused:
        HandedOver(tmp_path / "data").call(operations.set_key, provider="openai", key=SECRET)
    assert sent == []
    assert SECRET not in repr(refused.value) + str(refused.value.params)


def test_a_key_is_not_taken_from_another_process(start_engine: StartEngine) -> None:
    engine = start_engine(watch=False)
    request = {"operation": "providers.set-key", "parameters": KEPT_HERE}
    with pytest.raises(UsageError, match=r"usage\.operation-local") as refused:
        list(Server(engine).answer(request))
    assert SECRET not in repr(refused.value) + str(refused.value.params)
    info = next(p for p in engine.models.providers() if p.name == "openai")
    assert info.key_source != "memory"


def test_every_operation_that_takes_a_secret_is_local() -> None:
    takes = {entry.name for entry in OPERATIONS.values() if {"key", "password"} & set(entry.parameters)}
    assert takes == {entry.name for entry in OPERATIONS.values() if entry.local} == {"providers.set-key"}


@pytest.fixture
def endless() -> Iterator[tuple[Operation[..., int], threading.Event]]:
    """An operation that goes on until it is stopped, and what tells that it was."""
    ended = threading.Event()

    @operation("test.endless", streams=True)
    def count_for_ever(
        engine: Engine, *, progress: Report | None = None, stopped: Stopped = lambda: False
    ) -> int:
        """How far one counts."""
        while not stopped():
            threading.Event().wait(0.01)
        ended.set()
        return 0

    yield count_for_ever, ended
    del OPERATIONS["test.endless"]


class Interrupted(Exception):
    """The user has pressed Ctrl+C."""


def test_an_operation_ends_when_the_process_that_asked_is_gone(
    endless: tuple[Operation[..., int], threading.Event],
    start_engine: StartEngine,
    serve: Serve,
    tmp_path: Path,
) -> None:
    serve(start_engine(watch=False))
    counting, ended = endless

    def interrupt(progress: Progress) -> None:
        assert not ended.is_set()
        raise Interrupted

    with pytest.raises(Interrupted):
        HandedOver(tmp_path / "data").call(counting, progress=interrupt)
    assert ended.wait(60)


def test_a_model_that_is_given_up_while_it_is_counted_is_not_prepared(
    start_engine: StartEngine, notes: Path
) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    model = "aimlapi/voyage-2"
    given_up = operations.prepare_models(engine, folders=(notes,), model=model, stopped=lambda: True)
    assert given_up == ()
    assert engine.status().folders[0].next_model == ""
    assert len(operations.prepare_models(engine, folders=(notes,), model=model)) == 1
    assert engine.status().folders[0].next_model == model


def test_going_back_is_done_at_once_or_counted_first(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    local = engine.status().folders[0].model
    estimate = operations.go_back(engine, folder=notes, model="aimlapi/voyage-2")
    assert estimate is not None
    assert (estimate.remote, estimate.chunks > 0) == (True, True)
    assert operations.go_back(engine, folder=notes, model=local) is None
    assert engine.status().folders[0].next_model == ""


def test_a_folder_that_is_named_is_taken_up_without_a_complaint(
    start_engine: StartEngine, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)
    taken = operations.take_up_folder(engine, folder=notes)
    assert isinstance(taken, Folder)
    assert taken.path == notes
    assert operations.take_up_folder(engine, folder=notes / "Sub") is None
    # Somebody who asked at the same time was quicker.
    looks = iter([None])
    real = engine.folders.covering
    monkeypatch.setattr(engine.folders, "covering", lambda path: next(looks, real(path)))
    assert operations.take_up_folder(engine, folder=notes) is None
    with pytest.raises(FolderOverlap):
        operations.take_up_folder(engine, folder=engine.data_dir)
    whole = operations.take_up_folder(engine, folder=Path("/"))
    assert isinstance(whole, Survey)
    assert whole.whole == "disk"
    assert [f.path for f in engine.status().folders] == [notes]


def test_the_sample_notes_are_added_once(start_engine: StartEngine) -> None:
    engine = start_engine(watch=False)
    added = operations.add_samples(engine)
    assert added is not None
    assert added.path == engine.data_dir / "sample-notes"
    assert operations.add_samples(engine) is None


def test_notes_are_found_to_choose_one_from(start_engine: StartEngine, notes: Path) -> None:
    fill(notes, NOTES)
    engine = start_engine(watch=False)
    reconcile(engine, notes)
    titles = lambda found: {match.title for match in found}  # noqa: E731
    assert titles(operations.find_notes(engine, folder=notes)) == {"Alpha", "Beta"}
    assert titles(operations.find_notes(engine, folder=notes / "Sub")) == {"Beta"}
    assert titles(operations.find_notes(engine, folder=notes, text=" seco ")) == {"Beta"}
    assert len(operations.find_notes(engine, folder=notes, limit=1)) == 1


def test_a_note_is_shown_as_html_over_the_wire(
    start_engine: StartEngine, serve: Serve, notes: Path, tmp_path: Path
) -> None:
    fill(notes, NOTES)
    reconcile(serve(start_engine(watch=False)), notes)
    shown = HandedOver(tmp_path / "data").call(operations.show_note, path=notes / "a.md")
    assert shown.note.title == "Alpha"
    assert "first" in shown.html


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
