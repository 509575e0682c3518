"""Names of files and folders that are no valid text: read, found, shown, moved and removed like any other, by
their bytes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from notesearch.api import wire
from notesearch.domain import Query, SearchResults
from notesearch.domain.file_names import readable
from notesearch.engine.engine import Engine
from tests.conftest import StartEngine, numbers, reconcile, wait_until
from tests.embedders import HashingEmbedder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="this system's names are valid text")

LATIN = b"caf\xe9 list.md"
# The sign for private use that stands for a byte in the database, and a name cut off within a character.
OTHERS = (b"\xf4\x8f\x83\xa9.md", b"\xef\xbf\xbd.md", b"cut \xe2\x82.md", b"\xff\xfe.md", b"\xc3\xa9\xe9.md")


def put(folder: Path, name: bytes, text: str) -> Path:
    path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def paths(engine: Engine, text: str, folder: Path | None = None) -> list[Path]:
    return [m.path for m in engine.search.words(Query(text=text, folder=folder)).matches]


def test_a_note_is_found_by_text_and_name_and_opens_by_its_bytes(engine: Engine, notes: Path) -> None:
    note = put(notes, LATIN, "sourdough\n")
    assert numbers(reconcile(engine, notes)) == {"added": 1, "embedded": 1}
    assert paths(engine, "sourdough") == paths(engine, "list") == paths(engine, "path:list") == [note]
    (match,) = engine.search.words(Query(text="sourdough")).matches
    assert match.path.read_text() == "sourdough\n"
    assert readable(str(match.path.name)) == "caf\ufffd list.md"
    assert engine.search.note_text(match.path).text == "sourdough\n"
    assert engine.indexing.problems() == ()


def test_every_name_is_another_note(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    written = {put(notes, name, f"word{number}\n") for number, name in enumerate((LATIN, *OTHERS))}
    assert numbers(reconcile(engine, notes))["added"] == len(written)
    found = {path for number in range(len(written)) for path in paths(engine, f"word{number}")}
    assert found == written
    assert {os.fsencode(path.name) for path in found} == {LATIN, *OTHERS}
    assert numbers(reconcile(engine)) == {"unchanged": len(written)}


def test_moving_and_removing(engine: Engine, notes: Path, embedder: HashingEmbedder) -> None:
    note = put(notes, LATIN, "sourdough\n")
    reconcile(engine, notes)
    asked = len(embedder.texts)
    (notes / "\udce9").mkdir()
    moved = note.rename(notes / "\udce9/b\udce4r.md")
    assert numbers(reconcile(engine)) == {"moved": 1}
    assert paths(engine, "sourdough") == [moved]
    assert len(embedder.texts) == asked
    plain = moved.rename(notes / "plain.md")
    assert numbers(reconcile(engine)) == {"moved": 1}
    assert paths(engine, "sourdough") == [plain]
    put(notes, LATIN, "rye\n")
    reconcile(engine)
    note.unlink()
    assert numbers(reconcile(engine)) == {"unchanged": 1, "removed": 1}
    assert paths(engine, "rye") == []


def test_folders(engine: Engine, notes: Path) -> None:
    inside = put(notes, b"f\xfcr/Deep/a.md", "anvil\n")
    put(notes, b"fur/a.md", "anvil\n")
    reconcile(engine, notes)
    assert paths(engine, "anvil", inside.parent.parent) == paths(engine, "anvil folder:Deep") == [inside]


def test_a_searched_folder_with_such_a_name(start_engine: StartEngine, tmp_path: Path) -> None:
    root = put(tmp_path, b"n\xf6tes/sub/a.md", "anvil\n").parent.parent
    put(root, b"b.md", "anvil\n")
    engine = start_engine(watch=False)
    reconcile(engine, root / "sub")
    reconcile(engine, root)
    assert [folder.path for folder in engine.status().folders] == [root]
    assert sorted(paths(engine, "anvil")) == [root / "b.md", root / "sub/a.md"]
    engine.settings.update(lambda settings: settings.with_rules(root, "b.md"))
    engine.close()
    again = start_engine(watch=False)
    reconcile(again)
    assert paths(again, "anvil") == [root / "sub/a.md"]
    again.folders.remove(root)
    assert again.status().folders == ()


def test_a_failed_note_is_a_problem_under_its_own_name(engine: Engine, notes: Path) -> None:
    note = put(notes, b"sp\xe9cial.md", "")
    note.write_bytes(bytes(range(256)) * 40)
    assert numbers(reconcile(engine, notes)) == {"failed": 1}
    assert [problem.path for problem in engine.indexing.problems()] == [note]
    assert numbers(reconcile(engine)) == {"failed": 1}
    note.unlink()
    reconcile(engine)
    assert engine.indexing.problems() == ()


def test_it_is_watched(start_engine: StartEngine, notes: Path) -> None:
    watching = start_engine()
    reconcile(watching, notes)
    note = put(notes, LATIN, "sourdough\n")
    wait_until(lambda: paths(watching, "sourdough") == [note])
    renamed = note.rename(note.with_name("\udce9.md"))
    wait_until(lambda: paths(watching, "sourdough") == [renamed])
    renamed.unlink()
    wait_until(lambda: paths(watching, "sourdough") == [])


def test_it_passes_between_processes(engine: Engine, notes: Path) -> None:
    note = put(notes, LATIN, "sourdough\n")
    reconcile(engine, notes)
    results = engine.search.words(Query(text="sourdough"))
    line = json.dumps(wire.to_json(results)).encode()
    assert wire.from_json(SearchResults, json.loads(line)).matches[0].path == note
