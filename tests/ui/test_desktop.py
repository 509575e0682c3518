"""Other programs are started with a note's path as one argument, whatever its name."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from notesearch.domain import Line
from notesearch.errors import SettingsInvalid
from notesearch.ui.desktop import open_with as desktop
from tests.conftest import wait_until

AWKWARD = Path("/n/$(touch x); 'rm' \"-rf\" & {line} *.md")


def test_the_path_is_never_split_or_read_by_a_shell() -> None:
    assert desktop.editor_command("ed --at +{line} '{path}'", AWKWARD, Line(number=41)) == [
        "ed",
        "--at",
        "+41",
        str(AWKWARD),
    ]
    assert desktop.editor_command("code --goto {path}:{line}", AWKWARD, Line(number=7)) == [
        "code",
        "--goto",
        f"{AWKWARD}:7",
    ]


@pytest.mark.parametrize("template", ["ed", "ed '{path}", "   "])
def test_a_template_without_sense_is_refused(template: str) -> None:
    with pytest.raises(SettingsInvalid):
        desktop.editor_command(template, AWKWARD, Line(number=1))


@pytest.mark.parametrize(
    "template", [template for _, template in desktop.EDITORS if template and not desktop.is_link(template)]
)
def test_every_offered_editor_gets_the_path(template: str) -> None:
    assert any(str(AWKWARD) in word for word in desktop.editor_command(template, AWKWARD, Line(number=3)))


@pytest.mark.parametrize(
    "template", [template for _, template in desktop.EDITORS if desktop.is_link(template)]
)
def test_every_offered_link_is_one_whatever_the_note_is_called(template: str) -> None:
    link = QUrl(desktop.editor_link(template, AWKWARD, Line(number=3)), QUrl.ParsingMode.StrictMode)
    assert link.isValid()
    values = dict(parse_qsl(link.query()))
    assert values == ({"path": str(AWKWARD)} if "{path}" in template else {"page": AWKWARD.stem})
    assert not link.fragment()


def test_a_link_names_the_vault_and_the_page(tmp_path: Path) -> None:
    page = tmp_path / "My graph & more" / "pages" / "projects___shed%3A roof.md"
    page.parent.mkdir(parents=True)
    (tmp_path / "My graph & more" / "logseq").mkdir()
    (tmp_path / "My graph & more" / "logseq" / "config.edn").write_text("{}")
    link = desktop.editor_link("logseq://graph/{vault}?page={page}", page, Line(number=1))
    assert link == "logseq://graph/My%20graph%20%26%20more?page=projects%2Fshed%3A%20roof"


def test_a_terminal_is_found_or_named_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(desktop.EditorMissing, match="No terminal"):
        desktop.start_editor("{terminal} vim +{line} {path}", AWKWARD, Line(number=4))
    out, fake = tmp_path / "out", tmp_path / "xterm"
    fake.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{out}"\n')
    fake.chmod(0o755)
    desktop.start_editor("{terminal} vim +{line} {path}", AWKWARD, Line(number=4))
    wait_until(lambda: out.exists() and out.read_text().endswith("|"))
    assert out.read_text() == f"-e|vim|+4|{AWKWARD}|"


def test_an_editor_really_starts(tmp_path: Path, qtbot: QtBot, editor: Callable[[Path], str]) -> None:
    out = tmp_path / "out"
    desktop.start_editor(editor(out), AWKWARD, Line(number=41))
    qtbot.waitUntil(out.exists, timeout=10_000)
    assert out.read_text() == f"41|{AWKWARD}"


def test_an_editor_that_is_not_there_is_named() -> None:
    with pytest.raises(desktop.EditorMissing, match="no-such-editor"):
        desktop.start_editor("no-such-editor {path}", AWKWARD, Line(number=1))


def test_other_programs_get_their_own_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/own")
    assert desktop.clean_environment()["LD_LIBRARY_PATH"] == "/own"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:x", "vscode://x", "x.md"])
def test_only_web_and_mail_leave_the_program(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop.QDesktopServices, "openUrl", lambda url: True)  # type: ignore[attr-defined]
    assert not desktop.open_web(QUrl(address))
    assert desktop.open_web(QUrl("https://example.org"))


def test_a_note_that_is_gone_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(desktop.NoteGone):
        desktop.require(tmp_path / "gone.md")
