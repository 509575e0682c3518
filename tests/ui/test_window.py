"""The real window on the real engine, driven by keys and the mouse."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QListView, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from notesearch.api import operations
from notesearch.api.second_start import StartRequest, hand_over
from notesearch.domain import HeldDeletions, IndexingState, IndexingStatus, Line, MatchedBy
from notesearch.engine.engine import Engine
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.dialogs.problems import ProblemsDialog
from notesearch.ui.results.searches import Search
from notesearch.ui.settings.dialog import SettingsDialog
from notesearch.ui.widgets.theme import Theme
from notesearch.ui.window.main_window import MainWindow
from notesearch.wording.told import sentence

from .conftest import NOTES, TIMEOUT, ask, at_rest, close, titles, tray_of

BREAD = "Bread with long fermentation"


def type_text(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Type, and wait for the last stage of its results."""
    qtbot.keyClicks(window.box.field, text)
    wait_for_results(qtbot, window)


def wait_for_results(qtbot: QtBot, window: MainWindow) -> None:
    """Until the last stage of what stands in the field has come."""
    qtbot.waitUntil(lambda: window.page.settled, timeout=TIMEOUT)


def press(
    qtbot: QtBot,
    window: MainWindow,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    qtbot.keyClick(window.box.field, key, modifier)


def buttons(widget: object, text: str) -> list[QPushButton]:
    found = widget.findChildren(QPushButton)  # type: ignore[attr-defined]
    return [button for button in found if button.text() == text and button.isVisible()]


def test_typing_finds_words_and_meaning(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "tomatoes sun")
    assert titles(window)[0] == "Tomatoes"
    assert window.current is not None
    assert window.current.match.matched_by in (MatchedBy.KEYWORD, MatchedBy.BOTH)
    window.box.clear()
    type_text(qtbot, window, "why does my loaf taste acid")
    assert BREAD in titles(window)[:3]
    assert "searched all 6" in window.page.summary.accessibleDescription()


def test_the_preview_shows_the_passage_of_the_row(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "slow rise crumb")
    qtbot.waitUntil(lambda: window.page.preview.title.text() == BREAD, timeout=TIMEOUT)
    assert "slow rise gives the sour taste" in window.page.preview.passage_text
    assert "alert(1)" in window.page.preview.view.toPlainText()


def test_letters_typed_anywhere_go_to_the_field(window: MainWindow, qtbot: QtBot) -> None:
    for widget in (window.page.results, window.page.side.folders, window.page.preview.view):
        widget.setFocus()
        qtbot.keyClicks(widget, "t")
        assert window.focusWidget() is window.box.field
    assert window.box.field.text() == "ttt"
    for key in (Qt.Key.Key_Up, Qt.Key.Key_PageDown):
        press(qtbot, window, key, Qt.KeyboardModifier.ShiftModifier)
    assert window.box.field.text() == "ttt"


def test_the_keys_move_in_the_list_and_not_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "the")
    assert len(titles(window)) > 3
    press(qtbot, window, Qt.Key.Key_Down)
    press(qtbot, window, Qt.Key.Key_Down)
    press(qtbot, window, Qt.Key.Key_Up)
    assert window.current == window.page.results.results.rows[1]
    assert window.box.field.text() == "the"


def test_right_at_the_end_of_the_text_folds_out_passages(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "crumb crust loaf")
    assert window.current is not None
    assert window.current.match.passages
    press(qtbot, window, Qt.Key.Key_Right)
    press(qtbot, window, Qt.Key.Key_Down)
    assert window.current.child
    passage = window.current.passage
    qtbot.waitUntil(lambda: window.page.preview.passage == passage, timeout=TIMEOUT)
    assert f"line {passage.line}" in window.page.preview.folder_names.text()


def test_enter_opens_the_note_at_the_passage(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, editor: Callable[[Path], str]
) -> None:
    out = tmp_path / "opened"
    assert window.settings is not None
    window.bridge.update_settings(lambda s: type(s)(editor=editor(out), appearance="light"))
    qtbot.waitUntil(lambda: window.settings is not None and bool(window.settings.editor), timeout=TIMEOUT)
    type_text(qtbot, window, "slow rise")
    row = window.current
    assert row is not None
    press(qtbot, window, Qt.Key.Key_Return)
    qtbot.waitUntil(out.exists, timeout=TIMEOUT)
    assert out.read_text() == f"{row.passage.line}|{row.match.path}"
    assert window.history.entries[-1].text == "slow rise"


def test_without_an_editor_the_system_opens_it(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notesearch.ui.desktop import open_with as desktop

    opened: list[Path] = []
    monkeypatch.setattr(desktop, "open_default", lambda path: opened.append(path) or True)
    monkeypatch.setattr(desktop, "reveal", lambda path: False)
    type_text(qtbot, window, "tomatoes")
    press(qtbot, window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(opened) == 1, timeout=TIMEOUT)
    press(qtbot, window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(opened) == 2, timeout=TIMEOUT)
    assert [path.name for path in opened] == ["Tomatoes.txt", "Garden"]


def test_a_note_that_vanished_is_said_to_be_gone(window: MainWindow, qtbot: QtBot, notes: Path) -> None:
    window.bridge.open_note("", notes / "never.md", Line(number=1))
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=TIMEOUT)
    assert "not there any more" in window.banner.title.text()
    qtbot.waitUntil(lambda: bool(buttons(window.banner, "Dismiss")), timeout=TIMEOUT)
    buttons(window.banner, "Dismiss")[0].click()
    assert not window.banner.isVisible()


def test_ctrl_c_copies_the_passage_or_what_is_selected(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "slow rise")
    qtbot.waitUntil(lambda: window.page.preview.title.text() == BREAD, timeout=TIMEOUT)
    press(qtbot, window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert "the slow rise gives the sour taste\nand the crumb" in copied
    window.box.field.selectAll()
    press(qtbot, window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "slow rise"


def test_escape_clears_and_then_puts_the_window_away(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "tomatoes")
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.box.search.empty
    qtbot.waitUntil(lambda: len(titles(window)) == len(NOTES), timeout=TIMEOUT)
    assert not window.isMinimized()
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.isMinimized()


def test_a_composition_is_no_query_until_it_is_committed(window: MainWindow, qtbot: QtBot) -> None:
    asked: list[Search] = []
    window.box.changed.connect(asked.append)
    QApplication.sendEvent(window.box.field, QInputMethodEvent("mian", []))
    assert asked == []
    event = QInputMethodEvent()
    event.setCommitString("面包")
    QApplication.sendEvent(window.box.field, event)
    assert [search.text for search in asked] == ["面包"]


def test_a_folder_narrows_the_search_and_its_chip_widens_it(
    window: MainWindow, qtbot: QtBot, notes: Path
) -> None:
    view = window.page.side.folders
    centre = view.visualRect(view.model().index(0, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert window.box.search.folder == notes
    type_text(qtbot, window, "water")
    assert titles(window)
    chip = next(
        b for b in window.box.findChildren(QAbstractButton) if b.accessibleName().startswith("Remove filter")
    )
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert window.box.search == Search(text="water")
    assert not view.selectionModel().hasSelection()


def test_filter_menus_follow_the_notes(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(window.commands.types_menu.actions()) == 4, timeout=TIMEOUT)
    qtbot.waitUntil(
        lambda: any(a.data() == "tag:soil" for a in window.commands.tags_menu.actions()), timeout=TIMEOUT
    )
    next(a for a in window.commands.types_menu.actions() if a.data() == "type:org").trigger()
    assert window.box.search.filters == ("type:org",)
    wait_for_results(qtbot, window)
    assert titles(window) == ["Why does my sourdough stay flat?"]
    press(qtbot, window, Qt.Key.Key_Backspace)
    assert window.box.search.empty


def test_nothing_found_offers_wider_searches(window: MainWindow, qtbot: QtBot) -> None:
    window.ask(Search(text='"no such words together"', filters=("type:org",)))
    wait_for_results(qtbot, window)
    qtbot.waitUntil(window.page.empty.isVisible, timeout=TIMEOUT)
    assert window.page.empty.title.text() == "Nothing found"
    assert "Searched all 6" in window.page.empty.text.text()
    buttons(window.page.empty, "Search without type:org")[0].click()
    assert window.box.search.filters == ()


def test_a_saved_note_appears_by_itself_and_the_selection_holds(
    window: MainWindow, qtbot: QtBot, notes: Path
) -> None:
    type_text(qtbot, window, "water")
    press(qtbot, window, Qt.Key.Key_Down)
    kept = window.current
    assert kept is not None
    (notes / "Garden" / "Rain.md").write_text(
        "# Rain barrel\n\nWater, water, water from the roof for dry weeks.\n"
    )
    qtbot.waitUntil(lambda: "Rain barrel" in titles(window), timeout=TIMEOUT)
    assert window.current is not None
    assert window.current.match.path == kept.match.path


def test_similar_notes_and_the_way_back(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "temperatures")
    assert window.current is not None
    window.commands.show_row_menu(window.current, QPoint(0, 0))
    window.commands.row_menu.close()
    window.commands.find_similar()
    qtbot.waitUntil(lambda: "Near to" in window.page.summary.text(), timeout=TIMEOUT)
    assert window.page.similar_shown
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.page.similar_shown
    assert window.box.field.text() == "temperatures"


def test_links_of_a_note(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from notesearch.ui.desktop import open_with as desktop

    opened: list[str] = []
    monkeypatch.setattr(
        desktop.QDesktopServices,  # type: ignore[attr-defined]
        "openUrl",
        lambda url: opened.append(url.toString()) or True,
    )
    type_text(qtbot, window, "slow rise")
    qtbot.waitUntil(lambda: window.page.preview.title.text() == BREAD, timeout=TIMEOUT)
    window.page.preview.view.link_clicked.emit("https://example.org/bread")
    assert opened == ["https://example.org/bread"]
    window.page.preview.view.link_clicked.emit("../Temperatures.md")
    qtbot.waitUntil(lambda: window.page.preview.title.text() == "Temperatures", timeout=TIMEOUT)
    window.page.preview.view.link_clicked.emit("../../../outside.md")
    qtbot.waitUntil(lambda: "not in the index" in window.page.preview.folder_names.text(), timeout=TIMEOUT)


def test_the_columns_give_way_in_a_narrow_window(window: MainWindow, qtbot: QtBot) -> None:
    page = window.page
    window.resize(1200, 700)
    assert page.preview.isVisible()
    window.resize(800, 700)
    qtbot.waitUntil(lambda: not page.preview.isVisible(), timeout=TIMEOUT)
    assert page.side.isVisible()
    press(qtbot, window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert page.preview.isVisible()
    assert not page.list_panel.isVisible()
    press(qtbot, window, Qt.Key.Key_Escape)
    assert page.list_panel.isVisible()
    window.resize(500, 600)
    qtbot.waitUntil(lambda: not page.side.isVisible(), timeout=TIMEOUT)
    window.resize(1200, 700)
    qtbot.waitUntil(lambda: page.side.isVisible() and page.preview.isVisible(), timeout=TIMEOUT)


def test_everything_that_can_be_used_has_a_name(window: MainWindow) -> None:
    named = {w.accessibleName() for w in window.findChildren(QListView)} | {
        w.accessibleName() for w in window.findChildren(QLineEdit)
    }
    assert {"Results", "Folders", "Search notes"} <= named
    assert window.page.preview.view.accessibleName() == "Preview"
    assert window.status_line.accessibleName() == "Indexing status"
    assert (window.accessibleName(), window.windowTitle()) == ("Notesearch", "Notesearch")
    nameless = [
        w.objectName() for w in window.findChildren(QAbstractButton) if not (w.accessibleName() or w.text())
    ]
    assert [name for name in nameless if not name.startswith("qt_")] == []


def test_adding_a_folder_twice_says_so(window: MainWindow, qtbot: QtBot, notes: Path) -> None:
    window.bridge.call(operations.add_folder, folder=notes)
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=TIMEOUT)
    assert "already searched" in window.banner.title.text()


def test_removing_a_folder_asks_first(window: MainWindow, qtbot: QtBot) -> None:
    assert window.status is not None
    folder = window.status.folders[0]
    window.commands.ask_to_remove(folder)
    box = window.findChild(QMessageBox)
    assert "Stop searching Notes?" in box.text()
    box.reject()
    assert window.status.folders
    window.commands.ask_to_remove(folder)
    box = next(b for b in window.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.accessibleName() == "Remove").click()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.first_run, timeout=TIMEOUT)


def test_a_file_that_failed_is_listed_and_its_preview_says_why(
    window: MainWindow, qtbot: QtBot, notes: Path
) -> None:
    (notes / "broken.md").write_bytes(bytes(range(256)) * 40)
    qtbot.waitUntil(lambda: window.status is not None and window.status.problems == 1, timeout=TIMEOUT)
    window.ask(Search(text="is:failed"))
    qtbot.waitUntil(lambda: titles(window) == ["broken.md"], timeout=TIMEOUT)
    row = window.page.current
    assert row
    assert row.match.problem
    said = sentence(row.match.problem)
    qtbot.waitUntil(lambda: window.page.preview.folder_names.text() == said, timeout=TIMEOUT)


def test_problems_are_listed_with_reason_and_retry(window: MainWindow, qtbot: QtBot, notes: Path) -> None:
    bad = notes / "Kitchen" / "broken.md"
    bad.write_bytes(b"\x00\x01\x02\xff\xfe binary" * 200)
    qtbot.waitUntil(lambda: window.status is not None and window.status.problems == 1, timeout=TIMEOUT)
    assert window.status_line.problems.isVisible()
    assert "1 problem" in window.status_line.accessibleDescription()
    window.status_line.problems.click()
    dialog = window.findChild(ProblemsDialog)
    qtbot.waitUntil(lambda: dialog.list.count() == 1, timeout=TIMEOUT)
    assert dialog.accessibleName() == "Problems"
    assert "broken.md" in dialog.list.item(0).text()
    bad.unlink()
    qtbot.waitUntil(lambda: dialog.list.count() == 0, timeout=TIMEOUT)
    dialog.close()


def test_pause_and_resume(window: MainWindow, qtbot: QtBot) -> None:
    ask(qtbot, window, operations.pause)
    qtbot.waitUntil(
        lambda: window.status is not None and window.status.state is IndexingState.PAUSED, timeout=TIMEOUT
    )
    assert window.status_line.pause.isVisible()
    assert window.status_line.pause.accessibleName() == "Resume indexing"
    window.status_line.pause.click()
    qtbot.waitUntil(
        lambda: window.status is not None and window.status.state is IndexingState.IDLE, timeout=TIMEOUT
    )


def test_vanished_notes_are_a_question(
    window: MainWindow, qtbot: QtBot, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[tuple[Path, bool]] = []
    monkeypatch.setattr(
        window.bridge.wait_for_engine().folders,
        "answer_held",
        lambda folder, *, remove: answers.append((folder, remove)),
    )
    assert window.status is not None
    held = HeldDeletions(folder=notes, missing=5, of=6)
    window.bridge.statuses.take(
        IndexingStatus(state=IndexingState.IDLE, folders=window.status.folders, held=(held,))
    )
    assert window.banner.title.text() == "5 of 6 notes in Notes are gone"
    qtbot.waitUntil(lambda: bool(buttons(window.banner, "Keep them")), timeout=TIMEOUT)
    assert not buttons(window.banner, "Dismiss")
    buttons(window.banner, "Keep them")[0].click()
    qtbot.waitUntil(lambda: bool(answers), timeout=TIMEOUT)
    assert answers == [(notes, False)]
    window.bridge.statuses.take(IndexingStatus(state=IndexingState.IDLE, folders=window.status.folders))
    assert not window.banner.isVisible()


def test_settings_take_effect_at_once(window: MainWindow, qtbot: QtBot) -> None:
    window.commands.open_settings()
    dialog = window.findChild(SettingsDialog)
    editor = dialog.editor
    editor.command.setText("ed 'unclosed")
    editor.commit()
    assert "unclosed" in editor.example.text()
    assert not editor.test.isEnabled()
    editor.editors.setCurrentIndex(editor.editors.findText("Visual Studio Code"))
    assert editor.command.text() == "code --goto {path}:{line}"
    assert "Rye bread.md:41" in editor.example.text()
    dialog.general.appearance.setCurrentIndex(dialog.general.appearance.findData("dark"))
    qtbot.waitUntil(lambda: window.theme.palette.dark, timeout=TIMEOUT)
    assert window.settings is not None
    assert window.settings.editor == "code --goto {path}:{line}"


def test_history_saved_searches_and_place_are_kept(
    start_window: Callable[..., MainWindow], notes: Path, qtbot: QtBot
) -> None:
    first = start_window(notes)
    qtbot.waitUntil(lambda: at_rest(first, len(NOTES)), timeout=TIMEOUT)
    first.resize(780, 560)
    type_text(qtbot, first, "tomatoes")
    first.keep_query()
    first.save_search()
    close(first, first.bridge)
    second = start_window()
    qtbot.waitUntil(lambda: bool(second.saved), timeout=TIMEOUT)
    assert (second.width(), second.height()) == (780, 560)
    assert [item.title for item in second.page.side.saved.rows.items] == ["tomatoes"]
    press(qtbot, second, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert second.box.field.text() == "tomatoes"
    press(qtbot, second, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert second.box.search.empty
    second.page.side.search_removed.emit(0)
    assert not second.page.side.saved.isVisible()


def test_the_first_start_invites_and_the_samples_work(
    start_window: Callable[..., MainWindow], qtbot: QtBot, samples: Path
) -> None:
    window = start_window()
    qtbot.waitUntil(window.first_run.isVisible, timeout=TIMEOUT)
    qtbot.mouseClick(window.first_run.samples, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.page.isVisible, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: window.status is not None and window.status.complete > 0, timeout=TIMEOUT)
    assert (window.bridge.data_dir / "sample-notes").is_dir()


def test_what_is_typed_before_the_engine_is_there_is_searched(
    window: MainWindow, start_window: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    close(window, window.bridge)
    second = start_window(ready=False)
    type_text(qtbot, second, "tomatoes")
    assert titles(second)[0] == "Tomatoes"


def test_a_data_folder_in_use_is_a_page_with_a_way_out(
    start_window: Callable[..., MainWindow], tmp_path: Path, qtbot: QtBot
) -> None:
    command_line = Engine.open(tmp_path / "data", watch=False)
    window = start_window(ready=False)
    qtbot.waitUntil(window.failure_page.isVisible, timeout=TIMEOUT)
    assert "using this data folder" in window.failure_page.title.text()
    assert "--data-dir" in window.failure_page.hint.text()
    command_line.close()
    with qtbot.waitSignal(window.bridge.ready, timeout=TIMEOUT):
        qtbot.mouseClick(window.failure_page.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.first_run.isVisible, timeout=TIMEOUT)


def test_a_second_window_hands_over_to_the_first(
    start_window: Callable[..., MainWindow], notes: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    first = start_window(notes)
    first.showMinimized()
    more = tmp_path / "More"
    more.mkdir()
    assert not hand_over(tmp_path / "nobody", StartRequest(folders=(more,)))
    second = start_window(ready=False)
    with qtbot.waitSignal(second.bridge.handed_over, timeout=TIMEOUT):
        second.bridge.start(StartRequest(folders=(more, notes)))
    qtbot.waitUntil(
        lambda: not first.isMinimized() and first.status is not None and len(first.status.folders) == 2,
        timeout=TIMEOUT,
    )
    assert not first.banner.isVisible(), "a folder that is searched already is nothing to complain about"
    assert not second.failure_page.isVisible()


def test_the_menu_calls_quick_search_and_sends_it_away(window: MainWindow) -> None:
    assert window.presence is not None
    called = next(action for action in window.commands.main_menu.actions() if action.text() == "Quick search")
    called.trigger()
    assert tray_of(window).quick is not None
    assert tray_of(window).quick.isVisible()
    called.trigger()
    assert not tray_of(window).quick.isVisible()


def test_keys_and_about_open(window: MainWindow, qtbot: QtBot) -> None:
    window.commands.open_keys()
    window.commands.open_about()
    assert len(window.commands.dialogs.open) == 2
    window.commands.dialogs.close_all()
    assert window.commands.dialogs.open == []


def test_a_live_change_of_appearance_repaints_everything(window: MainWindow, qtbot: QtBot) -> None:
    type_text(qtbot, window, "tomatoes")
    window.theme.set_appearance("dark")
    picture = window.grab().toImage()
    assert picture.pixelColor(4, 4).name().upper() == window.theme.palette.ground
    assert (
        picture.pixelColor(picture.width() - 40, picture.height() // 2).name().upper()
        == window.theme.palette.panel
    )


def test_a_folder_from_the_command_line_needs_no_invitation(
    start_window: Callable[..., MainWindow], notes: Path, qtbot: QtBot
) -> None:
    window = start_window(ready=False)
    window.expect_folders(1)
    seen: list[object] = []
    window.pages.currentChanged.connect(lambda: seen.append(window.pages.currentWidget()))
    with qtbot.waitSignal(window.commands.offers.added, timeout=TIMEOUT):
        window.commands.offers.add(notes)
    assert window.first_run not in seen
    assert window.page.isVisible()


def test_a_folder_that_is_not_there_leads_to_the_invitation(
    start_window: Callable[..., MainWindow], tmp_path: Path, qtbot: QtBot
) -> None:
    window = start_window(ready=False)
    window.expect_folders(1)
    window.commands.offers.add(tmp_path / "nowhere")
    qtbot.waitUntil(lambda: window.banner.isVisible() and window.first_run.isVisible(), timeout=TIMEOUT)
    assert "not there" in window.banner.title.text()


def test_the_summary_fits_its_line(window: MainWindow, qtbot: QtBot) -> None:
    window.page.summary.setFixedWidth(240)
    status = IndexingStatus(state=IndexingState.INDEXING, documents=2_013_000, waiting=69_000, failed=4_000)
    window.page.show_status(status)
    assert "4,000" in window.page.summary.accessibleDescription()
    assert window.page.summary.sizeHint().width() <= 240
    assert "…" in window.page.summary.text()


# The first paint


def test_letters_typed_before_the_window_is_whole_are_searched(
    qtbot: QtBot, theme: Theme, tmp_path: Path, notes: Path
) -> None:
    bridge = Bridge(tmp_path / "data")
    window = MainWindow(bridge, theme)
    QTest.keyClicks(window.box.field, "sourdough")
    assert not hasattr(window, "page")
    window.show()
    bridge.start(StartRequest(folders=(notes,)))
    qtbot.waitUntil(
        lambda: hasattr(window, "page") and titles(window)[:1] == ["Why does my sourdough stay flat?"],
        timeout=TIMEOUT,
    )
    close(window, bridge)


def test_a_window_that_is_never_painted_is_completed_all_the_same(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    bridge = Bridge(tmp_path / "data")
    window = MainWindow(bridge, theme)
    with qtbot.waitSignal(bridge.ready, timeout=TIMEOUT):
        bridge.start()
    assert window.first_run is not None
    close(window, bridge)


def test_a_window_closed_before_it_was_whole_leaves_what_was_kept(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "window.toml").write_text('history = [{text = "kept"}]\n')
    bridge = Bridge(tmp_path / "data")
    window = MainWindow(bridge, theme)
    bridge.start()
    close(window, bridge)
    assert "kept" in (tmp_path / "data" / "window.toml").read_text()
