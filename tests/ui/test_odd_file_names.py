"""Names of files that are no valid text, in the window: given to other programs by their bytes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData

from notesearch.domain import Line
from notesearch.ui.desktop.file_urls import path_of, url_of
from notesearch.ui.desktop.open_with import editor_link, start_editor
from tests.conftest import wait_until

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
