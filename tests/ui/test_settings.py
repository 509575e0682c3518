"""The settings window: every setting takes effect at once, and says what is wrong where it is typed."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from notesearch.config.settings import Settings
from notesearch.engine.engine import Engine
from notesearch.ui.desktop import autostart
from notesearch.ui.desktop import open_with as desktop
from notesearch.ui.desktop.hotkey_types import HotkeyState, HotkeyStatus
from notesearch.ui.settings.dialog import SettingsDialog
from notesearch.ui.settings.edit import SettingsEdit
from notesearch.ui.settings.hotkey_field import HotkeyField
from notesearch.ui.settings.hotkey_steps import command_line, key_words, steps_for
from notesearch.ui.window.main_window import MainWindow

from .conftest import NOTES, TIMEOUT, at_rest, close, tray_of

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for the desktop goes into the test's own folders."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


def opened(window: MainWindow) -> SettingsDialog:
    window.commands.open_settings()
    return next(d for d in window.findChildren(SettingsDialog) if d.isVisible())


# Folders


def test_rules_are_counted_while_they_are_typed_and_hold_at_once(
    window: MainWindow, qtbot: QtBot, notes: Path
) -> None:
    dialog = opened(window)
    dialog.show_page(dialog.folders)
    page = dialog.folders
    qtbot.waitUntil(lambda: page.count.text() == "Leaves out none of 6 notes.", timeout=TIMEOUT)
    qtbot.keyClicks(page.rules, "Garden/")
    qtbot.waitUntil(
        lambda: page.count.text().startswith(
            "Leaves out 2 of 6 notes: Garden/Compost.md, Garden/Tomatoes.txt"
        ),
        timeout=TIMEOUT,
    )
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) - 2), timeout=TIMEOUT)
    assert not (notes / ".notesearchignore").exists(), "nothing is put beside the notes"
    page.rules.clear()
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES)), timeout=TIMEOUT)


def test_linked_folders_are_read_as_the_box_says(
    window: MainWindow, qtbot: QtBot, notes: Path, tmp_path: Path
) -> None:
    away = tmp_path / "Away"
    away.mkdir()
    (away / "far.md").write_text("far away")
    (notes / "link").symlink_to(away)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    dialog = opened(window)
    dialog.show_page(dialog.folders)
    page = dialog.folders
    assert page.follow_links.isChecked()
    page.follow_links.click()
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES)), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: "1 linked folder is not read" in page.state.text(), timeout=TIMEOUT)
    page.follow_links.click()
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: "linked folder" not in page.state.text(), timeout=TIMEOUT)


def test_a_rule_that_is_none_is_named_by_its_line_and_not_kept(window: MainWindow, qtbot: QtBot) -> None:
    page = opened(window).folders
    page.rules.setPlainText("Garden/\n!")
    qtbot.waitUntil(lambda: page.wrong.isVisibleTo(page), timeout=TIMEOUT)
    assert page.wrong.text().startswith("Line 2: ")
    assert window.settings is not None
    assert dict(window.settings.ignore) == {}


def test_a_folder_is_added_removed_and_given_a_model_from_its_page(window: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(window)
    page = dialog.folders
    assert (page.folders.currentText(), page.state.text()) == ("Notes", "6 notes, up to date")
    page.choose_model.click()
    model = window.commands.dialogs.open[-1]
    assert model is not dialog
    assert model.parent() is dialog, "it stands before the settings, not behind them"
    model.reject()
    page.add.click()
    chooser = window.commands.dialogs.open[-1]
    assert isinstance(chooser, QFileDialog)
    chooser.reject()
    page.remove.click()
    box = next(b for b in dialog.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.accessibleName() == "Remove").click()
    qtbot.waitUntil(lambda: page.folder is None, timeout=TIMEOUT)
    assert "No folder" in page.place.text()
    assert not page.remove.isEnabled()


# The key for quick search


@pytest.fixture
def field(qtbot: QtBot) -> HotkeyField:
    made = HotkeyField("Key")
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    made.setFocus()
    qtbot.waitUntil(made.hasFocus, timeout=TIMEOUT)
    return made


@pytest.mark.parametrize(
    ("key", "held", "keys"),
    [
        (Qt.Key.Key_Space, CTRL | ALT, "Ctrl+Alt+Space"),
        (Qt.Key.Key_K, CTRL | SHIFT, "Ctrl+Shift+K"),
        (Qt.Key.Key_F9, Qt.KeyboardModifier(0), "F9"),
    ],
)
def test_a_key_is_chosen_by_pressing_it(
    field: HotkeyField, qtbot: QtBot, key: Qt.Key, held: Qt.KeyboardModifier, keys: str
) -> None:
    with qtbot.waitSignal(field.chosen, timeout=TIMEOUT) as chosen:
        qtbot.keyClick(field, key, held)
    assert chosen.args == [keys]
    assert field.text() == keys


@pytest.mark.parametrize("key", [Qt.Key.Key_K, Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_a_key_alone_is_refused_with_the_reason(field: HotkeyField, qtbot: QtBot, key: Qt.Key) -> None:
    with qtbot.waitSignal(field.refused, timeout=TIMEOUT) as refused:
        qtbot.keyClick(field, key)
    assert "Hold Ctrl" in refused.args[0]


def test_no_key_can_be_chosen_and_the_choice_is_kept(window: MainWindow, qtbot: QtBot) -> None:
    page = opened(window).search
    assert page.keys.text() == "Ctrl+Alt+Space"
    page.none.click()
    qtbot.waitUntil(lambda: window.settings is not None and window.settings.key == "", timeout=TIMEOUT)
    page.keys.chosen.emit("Ctrl+Shift+F9")
    qtbot.waitUntil(
        lambda: window.settings is not None and window.settings.key == "Ctrl+Shift+F9", timeout=TIMEOUT
    )


@pytest.mark.parametrize("state", list(HotkeyState))
def test_every_state_of_the_key_has_its_words(state: HotkeyState) -> None:
    words = key_words(HotkeyStatus(state=state, keys="" if state is HotkeyState.OFF else "Ctrl+Alt+Space"))
    assert words.said
    assert words.good == (state in (HotkeyState.OFF, HotkeyState.READY, HotkeyState.UNASKED))
    assert words.asks == (state in (HotkeyState.UNASKED, HotkeyState.REFUSED))
    assert words.needs_steps == (state in (HotkeyState.REFUSED, HotkeyState.UNSUPPORTED))


def test_where_the_desktop_gives_no_key_the_steps_are_written_out(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
    assert window.presence is not None
    tray_of(window).key.status = HotkeyStatus(state=HotkeyState.UNSUPPORTED, keys="Ctrl+Alt+Space")
    dialog = opened(window)
    dialog.show_page(dialog.search)
    assert "Custom Shortcuts" in dialog.search.steps.text()
    assert command_line() in dialog.search.steps.text()
    assert dialog.search.copy.isVisible()
    tray_of(window).key.changed.emit(HotkeyStatus())
    tray_of(window).key.status = HotkeyStatus(state=HotkeyState.READY, keys="Ctrl+Alt+Space")
    tray_of(window).key.changed.emit(tray_of(window).key.status)
    assert not dialog.search.steps.isVisible()


@pytest.mark.parametrize("name", ["GNOME", "KDE", "sway", "Hyprland", "XFCE", "something else", ""])
def test_the_steps_name_the_command_on_every_desktop(name: str) -> None:
    assert any(command_line() in line for line in steps_for(name))


# The editor


def test_the_editor_is_tried_on_the_newest_note(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, editor: Callable[[Path], str]
) -> None:
    page = opened(window).editor
    out = tmp_path / "out"
    page.command.setText(editor(out))
    page.test.click()
    qtbot.waitUntil(
        lambda: page.tested.text().startswith("Your newest note was handed over"), timeout=TIMEOUT
    )
    qtbot.waitUntil(lambda: out.exists() and out.read_text() != "", timeout=TIMEOUT)
    page.command.setText("no-such-editor {path}")
    page.test.click()
    qtbot.waitUntil(lambda: "no-such-editor could not be started" in page.tested.text(), timeout=TIMEOUT)


def test_every_editor_that_is_asked_for_has_a_preset(window: MainWindow) -> None:
    page = opened(window).editor
    titles = [page.editors.itemText(i) for i in range(page.editors.count())]
    for wanted in (
        "system",
        "Obsidian",
        "Logseq",
        "Zettlr",
        "Visual Studio Code",
        "Vim in a terminal",
        "Emacs",
    ):
        assert any(wanted in title for title in titles), wanted
    for at, (title, template) in enumerate(desktop.EDITORS):
        page.editors.setCurrentIndex(at)
        assert not page.wrong, title
        assert page.command.text() == template


def test_a_link_opens_the_note_in_its_program(
    window: MainWindow, qtbot: QtBot, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links: list[str] = []
    monkeypatch.setattr(desktop, "open_link", lambda link: links.append(link) or True)
    assert window.settings is not None
    with qtbot.waitSignal(window.bridge.settings_changed, timeout=TIMEOUT):
        window.bridge.update_settings(
            lambda settings: dataclasses.replace(settings, editor="obsidian://open?path={path}")
        )
    qtbot.keyClicks(window.box.field, "tomatoes")
    qtbot.waitUntil(
        lambda: window.current is not None and window.current.match.title == "Tomatoes", timeout=TIMEOUT
    )
    qtbot.keyClick(window.box.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(links), timeout=TIMEOUT)
    assert links[0].startswith("obsidian://open?path=%2F")
    assert links[0].endswith("Garden%2FTomatoes.txt")


# General


def test_login_and_links_are_files_of_the_desktop(window: MainWindow, qtbot: QtBot) -> None:
    page = opened(window).general
    qtbot.waitUntil(page.login.isEnabled, timeout=TIMEOUT)
    assert not page.login.isChecked(), "off by default"
    page.login.click()
    qtbot.waitUntil(autostart.starts_at_login, timeout=TIMEOUT)
    assert "--hidden" in autostart.login_file().read_text()
    page.links.click()
    qtbot.waitUntil(autostart.opens_links, timeout=TIMEOUT)
    assert "x-scheme-handler/notesearch" in autostart.menu_file().read_text()
    page.login.click()
    page.links.click()
    qtbot.waitUntil(lambda: not autostart.starts_at_login() and not autostart.opens_links(), timeout=TIMEOUT)


def test_what_cannot_be_written_is_said_and_the_box_shows_the_truth(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("a file where a folder should be")
    page = opened(window).general
    qtbot.waitUntil(page.login.isEnabled, timeout=TIMEOUT)
    page.login.click()
    qtbot.waitUntil(lambda: "could not be changed" in page.problem.text(), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not page.login.isChecked(), timeout=TIMEOUT)


def test_the_data_folder_has_its_size(window: MainWindow, qtbot: QtBot) -> None:
    page = opened(window).general
    qtbot.waitUntil(lambda: page.on_disk.text().endswith("B on disk."), timeout=TIMEOUT)


def test_a_choice_made_a_moment_before_the_end_is_kept(
    start_window: Callable[..., MainWindow], tmp_path: Path, notes: Path
) -> None:
    window = start_window(notes)
    dialog = opened(window)
    dialog.general.closing.setCurrentIndex(dialog.general.closing.findData("stay"))
    dialog.general.gentle.click()
    dialog.search.results.setCurrentIndex(dialog.search.results.findData(100))
    close(window, window.bridge)
    engine = Engine.open(tmp_path / "data", read_only=True)
    settings = engine.settings.current
    assert (settings.when_closed, settings.gentle, settings.results_limit) == ("stay", False, 100)


def test_every_control_of_the_settings_has_a_name(window: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(window)
    for page in (dialog.general, dialog.folders, dialog.search, dialog.editor, dialog.providers):
        dialog.show_page(page)
        for kind in (
            QPushButton,
            *(
                type(w)
                for w in (
                    dialog.general.appearance,
                    dialog.general.login,
                    dialog.editor.command,
                    dialog.folders.rules,
                )
            ),
        ):
            assert [w for w in page.findChildren(kind) if w.isVisible() and not w.accessibleName()] == []


def test_the_echo_of_a_change_does_not_undo_what_was_typed_since() -> None:
    first = dataclasses.replace(Settings(), editor="one {path}")
    second = dataclasses.replace(first, editor="two {path}")
    edit = SettingsEdit(Settings())
    reloads: list[int] = []
    edit.reloaded.connect(lambda: reloads.append(1))
    edit.set(editor=first.editor)
    edit.set(editor=second.editor)
    edit.reload(first)
    edit.landed()
    assert edit.settings == second
    edit.reload(second)
    edit.landed()
    assert (edit.settings, reloads) == (second, [])
    edit.reload(first)
    assert (edit.settings, reloads) == (first, [1])


def test_a_change_that_failed_shows_what_holds() -> None:
    edit = SettingsEdit(Settings())
    edit.set(editor="one {path}")
    edit.landed()
    assert edit.settings == Settings()
