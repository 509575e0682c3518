"""By ear: no control of any screen is without a name in the accessibility tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import fill
from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop, Popup, Program, drag_source

NOTES = {
    "Bread.md": "---\ntags: [oven]\n---\n# Bread\n\nFlour, water and patience; see [the "
    "temperatures](Temperatures.md).\n",
    "Temperatures.md": "# Temperatures\n\nThe dough rises at 26 degrees, bread is done at 98.\n",
    "broken.md": b"\x00\x01\x02\xff" * 400,
}
PAGES = {
    "General": ("Show the data folder", ""),
    "Folders": ("Left out of this folder", "text"),
    "Search": ("Key for quick search", "text"),
    "Editor": ("Editor command", "text"),
    "Providers": ("Base URL", "text"),
}


@pytest.fixture
def program(start: Start, tmp_path: Path) -> Program:
    begun = start(fill(tmp_path / "Notes", NOTES))  # type: ignore[arg-type]
    begun.until(
        lambda: begun.shows("Show 1 problem") and begun.status.startswith("Up to date"),
        "the notes are searched",
    )
    return begun


def named(program: Program, name: str, role: str = "") -> None:
    """That screen is there, and all of it has names."""
    how = {"role": role} if role else {}
    program.until(lambda: program.shows(name, **how), f"{name} is shown")
    assert program.unnamed == []


def closed(program: Program, name: str, role: str = "") -> None:
    how = {"role": role} if role else {}
    program.key("Escape")
    program.until(lambda: not program.shows(name, **how), f"{name} is gone")


def test_the_first_page_with_what_it_found(start: Start, desktop: Desktop, tmp_path: Path) -> None:
    home = fill(
        tmp_path / "home",
        {
            "Documents/Second brain/.obsidian/app.json": "{}",
            "Documents/Second brain/Tram.md": "# Tram\n\nIt climbs.\n",
        },
    )
    program = start(env={**desktop.env, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")})
    program.until(
        lambda: any(name.startswith("Search Second brain, Obsidian vault") for _, name in program.shown),
        "the vault is offered",
    )
    named(program, "Choose a folder")
    program.key("F1")
    named(program, "Keyboard keys")
    closed(program, "Keyboard keys")
    program.key("ctrl+comma")
    program.until(lambda: program.shows("Folders", role="page tab"), "the settings are open")
    program.click("Folders", role="page tab")
    named(program, "No folder is searched yet. Add one, or drop it on the window.")


def test_the_window_its_filters_and_messages(program: Program, tmp_path: Path) -> None:
    program.search("dough rises", "Temperatures")
    program.key("ctrl+d")
    named(program, "Saved searches")
    program.search("patience", "Bread")
    # Qt keeps an open menu out of the tree; a screen reader follows the focus in it.
    program.click("Filter by tag")
    program.key("Down", "Return")
    named(program, "Remove filter tag: oven")
    program.search("zzzz")
    program.until(lambda: program.rows == [], "nothing is found")
    assert program.unnamed == []
    program.key("Escape", "ctrl+p")
    program.until(lambda: not program.shows("Preview"), "the preview is hidden")
    assert program.unnamed == []
    with drag_source(program.desktop, tmp_path / "Notes") as source:
        with program.desktop.dragging(program.desktop.window("drag source", source.pid), program.window):
            named(program, "Drop to search this folder")
        named(program, "Notes is searched already")


def test_every_page_of_the_settings_and_what_they_open(program: Program) -> None:
    program.key("ctrl+comma")
    for page, (field, role) in PAGES.items():
        program.until(lambda page=page: program.shows(page, role="page tab"), "the settings are open")  # type: ignore[misc]
        program.click(page, role="page tab")
        named(program, field, role)
    program.act("Set the key of AI/ML API")
    named(program, "Key", "password text")
    closed(program, "Key", "password text")
    program.click("Folders", role="page tab")
    program.until(lambda: program.shows("Remove this folder"), "the folder's page")
    program.act("Remove this folder")
    named(program, "Remove")
    closed(program, "Remove")
    program.act("Model of this folder")
    named(program, "Models")
    closed(program, "Models")


def test_the_other_dialogs(program: Program) -> None:
    program.click("Show 1 problem")
    named(program, "Problems", "list")
    closed(program, "Problems", "list")
    program.key("ctrl+m")
    named(program, "Models")
    program.act("A server of your own")
    named(program, "Address")
    program.key("Escape")
    program.until(lambda: not program.shows("Address"), "the server's part is gone")
    if program.shows("Models"):
        closed(program, "Models")
    program.key("ctrl+comma")
    program.until(lambda: program.shows("Providers", role="page tab"), "the settings are open")
    program.click("Providers", role="page tab")
    program.until(
        lambda: program.shows("Ledger", role="push button") or program.shows("Ledger", role="button"),
        "the way to the ledger",
    )
    program.act("Ledger")
    named(program, "Requests")


def test_quick_search_and_the_question_when_closing(program: Program) -> None:
    popup = Popup(program).come_up()
    assert program.unnamed == []
    popup.search("dough rises", "Temperatures")
    program.key("ctrl+p")
    window = program.desktop.window("Quick search", program.process.pid)
    program.until(lambda: program.desktop.middle(window) and program.unnamed == [], "with the preview")
    popup.toggle()
    popup.gone()
