"""Names of files that are no valid text, in the window: given to other programs by their bytes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from pytestqt.qtbot import QtBot

from notesearch.config.settings import load_window_state, save_window_state
from notesearch.domain import Line
from notesearch.ui.desktop.file_urls import path_of, url_of
from notesearch.ui.desktop.open_with import editor_link, start_editor
from notesearch.ui.results.drag_out import mime_of
from notesearch.ui.results.searches import Search
from notesearch.ui.window.main_window import MainWindow
from tests.conftest import wait_until

from .conftest import NOTES, TIMEOUT, at_rest, titles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="this system's names are valid text")

NAMES = (b"caf\xe9 %41 x.md", b"100%25.md", b"a#b?.md", b"\xc3\xa9.md", b"%e9\xe9%.md", b"plain.md")


@pytest.mark.parametrize("name", NAMES)
def test_an_address_holds_the_bytes(name: bytes) -> None:
    path = Path(os.fsdecode(b"/notes/" + name))
    assert path_of(url_of(path)) == path
    assert bytes(url_of(path).toEncoded().data()).decode("ascii") == path.as_uri()


def test_a_drag_holds_the_bytes() -> None:
    path = Path(os.fsdecode(b"/notes/caf\xe9.md"))
    mime = QMimeData()
    mime.setUrls([url_of(path)])
    assert bytes(mime.data("text/uri-list").data()).strip() == b"file:///notes/caf%E9.md"
    assert [path_of(url) for url in mime.urls()] == [path]


def test_an_editor_gets_the_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md"))
    path.write_text("sourdough")
    copied = tmp_path / "copied.md"
    start_editor(f"cp {{path}} {copied}", path, Line(number=1))
    wait_until(lambda: copied.exists() and copied.read_text() == "sourdough")


def test_the_link_of_an_editor_holds_the_bytes() -> None:
    path = Path(os.fsdecode(b"/n/caf\xe9.md"))
    assert (
        editor_link("obsidian://open?path={path}", path, Line(number=1))
        == "obsidian://open?path=%2Fn%2Fcaf%E9.md"
    )


def test_a_note_in_the_window(window: MainWindow, qtbot: QtBot, notes: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(notes) + b"/f\xfcr"))
    folder.mkdir()
    note = folder / os.fsdecode(b"caf\xe9.md")
    note.write_text("zanzibar\n")
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    out = tmp_path / "copied.md"
    window.bridge.update_settings(lambda settings: replace(settings, editor=f"cp {{path}} {out}"))
    qtbot.waitUntil(lambda: window.settings is not None and bool(window.settings.editor), timeout=TIMEOUT)
    qtbot.keyClicks(window.box.field, "zanzibar")
    qtbot.waitUntil(lambda: window.page.settled and titles(window) == ["caf\ufffd"], timeout=TIMEOUT)
    row = window.current
    assert row is not None
    assert row.match.path == note
    qtbot.waitUntil(lambda: window.page.preview.title.text() == "caf\ufffd", timeout=TIMEOUT)
    assert "f\ufffdr" in window.page.preview.folder_names.text()
    assert mime_of(row, "zanzibar").urls()[0].toEncoded().data().endswith(b"/f%FCr/caf%E9.md")
    qtbot.keyClick(window.box.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: out.exists() and out.read_text() == "zanzibar\n", timeout=TIMEOUT)


def test_a_search_in_such_a_folder_is_kept(tmp_path: Path) -> None:
    search = Search(text="rye", folder=Path(os.fsdecode(b"/n/f\xfcr")))
    save_window_state(tmp_path, {"saved": [search.to_state()]})
    (kept,) = load_window_state(tmp_path)["saved"]
    assert Search.from_state(kept) == search
