"""A person at the window: first start, names for a screen reader, keys, the editor."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from tests.conftest import fill
from tests.e2e.conftest import Start
from tests.e2e.desktop import ROOT, Program

NOTES = {
    "Bread.md": "# Bread\n\nFlour, water and patience.\n\n## Second day\n\nLeave the dough in the cold "
    "overnight.\n",
    "Temperatures.md": "# Temperatures\n\nThe dough rises at 26 degrees, bread is done at 98.\n",
    "Compost.md": "---\ntags: [soil]\n---\n# Compost\n\nTurn the heap in autumn.\n",
}
EDITOR = """\
import os, sys
with open(sys.argv[1] + ".part", "w", encoding="utf-8") as out:
    out.write("\\n".join(sys.argv[2:]))
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


def at_rest(program: Program, notes: int) -> bool:
    return program.status == f"Up to date \N{MIDDLE DOT} {notes} note{'s' * (notes != 1)}"


def opened(program: Program, folder: Path, notes: int) -> Program:
    """Wait until all notes of the folder are searched, by meaning too."""
    program.until(lambda: at_rest(program, notes), f"{notes} notes of {folder.name} are searched")
    return program


def test_the_first_start_leads_to_the_sample_notes_and_a_search(start: Start) -> None:
    program = start()
    program.until(lambda: program.status == "No folder yet")
    assert program.shows("Choose a folder")
    program.act("Try the sample notes")
    number = sum(path.is_file() for path in (ROOT / "resources/sample-notes").rglob("*"))
    program.until(
        lambda: program.folders == [f"sample-notes, local model, {number} notes, up to date"],
        "the sample notes are searched",
    )
    program.until(lambda: at_rest(program, number), "the status line says so")
    program.type("how does jet lag go away")
    program.until(lambda: any("found by meaning" in row for row in program.rows), "rows found by meaning")
    program.search("sourdough starter")
    program.until(
        lambda: program.titles[:1] == ["Starter log"] and "Rye wakes it faster than wheat" in program.preview
    )
    assert f"searched all {number}" in program.describe("Search summary")["description"]


def test_every_control_has_a_name(start: Start, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", {**NOTES, "broken.md": b"\x00\x01\x02\xff" * 400})
    program = start(notes)
    program.until(lambda: program.shows("Show 1 problem"), "the problem is shown")
    program.search("dough rises", "Temperatures")
    for name in ("Search notes", "Results", "Preview", "Folders", "Indexing status"):
        assert program.shows(name), name
    assert ("frame", "Notesearch") in program.shown
    assert program.unnamed == []
    # Qt keeps an open menu out of the tree (a screen reader follows the focus in it), so it is seen by what
    # it does.
    program.click("Filter by type")
    program.key("Down", "Return")
    program.until(lambda: program.shows("Remove filter type: markdown"), "the filter is shown")
    assert program.unnamed == []
    for key, dialog in (("ctrl+comma", "Settings"), ("F1", "Keyboard keys")):
        program.key(key)
        program.until(lambda dialog=dialog: program.shows(dialog), dialog)  # type: ignore[misc]
        assert program.unnamed == []
        program.key("Escape")
        program.until(lambda dialog=dialog: not program.shows(dialog), f"{dialog} is gone")  # type: ignore[misc]
    program.click("Show 1 problem")
    program.until(
        lambda: any(row["name"].startswith("broken.md") for row in program.items("Problems", role="list")),
        "the list of problems",
    )
    assert program.unnamed == []


def test_keys_steer_the_list_without_leaving_the_field(start: Start, tmp_path: Path) -> None:
    notes = fill(tmp_path / "Notes", NOTES)
    program = opened(start(notes), notes, 3)
    program.search("dough")
    program.until(lambda: len(program.rows) >= 2 and program.selected == 0)
    program.key("Down")
    program.until(lambda: program.selected == 1)
    assert "focused" in program.describe("Search notes")["states"]
    program.key("Up")
    program.until(lambda: program.selected == 0)
    program.key("ctrl+p")
    program.until(lambda: not program.shows("Preview"))
    program.key("ctrl+p")
    program.until(lambda: program.shows("Preview"))
    program.key("Tab", "Tab")
    program.until(lambda: "focused" not in program.describe("Search notes")["states"])
    program.key("ctrl+l")
    program.until(lambda: "focused" in program.describe("Search notes")["states"])
    program.key("Escape")
    program.until(lambda: program.query == "")
    program.until(lambda: len(program.rows) == 3, "the recent notes are back")


def test_enter_opens_the_note_at_the_passage_in_the_persons_editor(start: Start, tmp_path: Path) -> None:
    name = 'It\'s the 2nd #1 "draft" & more.md'
    early = "Rain fell on the empty square until the evening. " * 60
    notes = fill(
        tmp_path / "My notes",
        {name: f"# Draft\n\n{early}\n\n## Later\n\nThe quetzal sat on the fence.\n", **NOTES},
    )
    script, out = tmp_path / "editor.py", tmp_path / "opened with"
    script.write_text(EDITOR)
    command = shlex.join([sys.executable, str(script), str(out)])
    fill(tmp_path / "data", {"settings.toml": f"editor = '''{command} {{line}} {{path}}'''\n"})
    program = opened(start(notes), notes, 4)
    program.search("quetzal", "Draft")
    program.until(lambda: "The quetzal sat" in program.preview and program.status.startswith("Up to date"))
    program.key("Return")
    program.until(out.exists, "the editor was started")
    line, path = out.read_text(encoding="utf-8").split("\n")
    assert path == str(notes / name)
    assert 3 < int(line) <= 7, "the passage's line"
