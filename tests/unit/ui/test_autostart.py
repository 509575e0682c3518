"""Start at login and the entry in the desktop's menu: valid files, and commands that come out of them as they
went in."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.ui.desktop import autostart
from notesearch.ui.desktop.autostart import (
    exec_line,
    own_command,
    set_opens_links,
    set_start_at_login,
    starts_at_login,
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the files of freedesktop.org")
ODD = '/opt/It\'s 100% "odd" $HOME `x` \\ & Ünïcode;/notesearch'
word = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def parsed(line: str) -> list[str]:
    """The words of an Exec value by the rules of the desktop entry specification: a string's escapes, then
    quotes, then field codes."""
    text, at = "", 0
    while at < len(line):
        if line[at] == "\\":
            text += {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}[line[at + 1]]
            at += 1
        else:
            text += line[at]
        at += 1
    words, current, quoted, at = [], None, False, 0  # type: ignore[var-annotated]
    while at < len(text):
        sign = text[at]
        if quoted and sign == "\\":
            at += 1
            assert text[at] in '"`$\\', "only these are escaped"
            current += text[at]  # type: ignore[operator]
        elif sign == '"':
            quoted, current = not quoted, current or ""
        elif not quoted and sign == " ":
            words, current = [*words, *([current] if current is not None else [])], None
        else:
            assert quoted or sign not in "\t\n'\\><~|&;$*?#()`", "reserved outside quotes"
            current = (current or "") + sign
        at += 1
    assert not quoted
    words += [current] if current is not None else []
    assert all("%" not in found.replace("%%", "") for found in words), "no field code"
    return [found.replace("%%", "%") for found in words]


@given(st.lists(word, min_size=1))
@example([ODD, "--hidden"])
@example(["a b", "~", "#", "%u", "\\", "\\\\", '"'])
def test_words_come_out_as_they_went_in(command: list[str]) -> None:
    assert parsed(exec_line(command)) == command


def valid(path: Path) -> None:
    if shutil.which("desktop-file-validate"):
        done = subprocess.run(["desktop-file-validate", str(path)], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def entry(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").partition("[Desktop Action")[0].splitlines()
    return {key: value for key, _, value in (line.partition("=") for line in lines if "=" in line)}


@pytest.mark.parametrize(
    "command",
    [[ODD], ["/usr/bin/notesearch"], ["/p y/python", "-m", "notesearch"]],
    ids=["odd", "plain", "module"],
)
def test_start_at_login_is_a_file_that_comes_and_goes(
    command: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autostart, "own_command", lambda: command)
    assert not starts_at_login()
    set_start_at_login(True, home / "100% data")
    assert starts_at_login()
    (path,) = (home / "config/autostart").iterdir()
    valid(path)
    assert parsed(entry(path)["Exec"]) == [*command, "--data-dir", str(home / "100% data"), "--hidden"]
    set_start_at_login(True)
    assert parsed(entry(path)["Exec"]) == [*command, "--hidden"]
    set_start_at_login(False)
    set_start_at_login(False)
    assert not starts_at_login()


@pytest.mark.parametrize("command", [[ODD], ["/usr/bin/notesearch"]], ids=["odd", "plain"])
def test_links_are_opened_by_this_installation(
    command: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autostart, "own_command", lambda: command)
    set_opens_links(True)
    path = home / "data/applications/org.notesearch.Notesearch.desktop"
    valid(path)
    said = path.read_text(encoding="utf-8")
    run, toggle = (line.removeprefix("Exec=") for line in said.splitlines() if line.startswith("Exec="))
    assert run.endswith(" %u")
    assert parsed(run.removesuffix(" %u")) == command
    assert parsed(toggle) == [*command, "--toggle"]
    assert "MimeType=x-scheme-handler/notesearch;" in said
    assert (home / "data/icons/hicolor/scalable/apps/org.notesearch.Notesearch.svg").read_bytes()
    assert autostart.opens_links()
    set_opens_links(False)
    assert not autostart.opens_links()


def test_a_folder_that_cannot_be_written_is_told(home: Path) -> None:
    (home / "config").write_text("")
    with pytest.raises(autostart.AutostartFailed):
        set_start_at_login(True)


def test_our_own_command_starts_us() -> None:
    done = subprocess.run([*own_command(), "--version"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0
