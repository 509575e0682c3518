"""Another model for a folder, in the real window on the real engine against a strict server: nothing is sent
before the person agrees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from notesearch.api import operations
from notesearch.domain import Estimate, Folder, FolderState, IndexingState
from notesearch.ui.dialogs.model import ModelDialog
from notesearch.ui.window.folder_menu import Command, FolderMenu
from notesearch.ui.window.main_window import MainWindow
from tests.gateway import Fault, Gateway

from .conftest import NOTES, TIMEOUT, ask, at_rest, folder_of, titles
from .models import LOCAL, VOYAGE, count, open_model, press, said, switch

# Choosing, asking, building


def test_the_list_tells_what_a_model_is(remote_window: MainWindow, qtbot: QtBot, gateway: Gateway) -> None:
    qtbot.keyClick(remote_window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    dialog = open_model(qtbot, remote_window)
    rows = dialog.choice.list.rows
    spoken = [rows.data(rows.index(i), Qt.ItemDataRole.AccessibleTextRole) for i in range(rows.rowCount())]
    assert "in use" in spoken[0]  # type: ignore[operator]
    assert "nothing leaves this computer" in spoken[0]  # type: ignore[operator]
    assert "costs nothing" in spoken[0]  # type: ignore[operator]
    small = next(s for s in spoken if "text-embedding-3-small" in s)  # type: ignore[operator]
    assert "$0.02 per million tokens" in small  # type: ignore[operator]
    assert "AI/ML API, 127.0.0.1" in small  # type: ignore[operator]
    assert "1,536 dimensions" in small  # type: ignore[operator]
    assert "price unknown" in next(s for s in spoken if "voyage-2" in s)  # type: ignore[operator]
    assert "no longer supported" in next(s for s in spoken if "bge-large" in s)  # type: ignore[operator]
    assert not dialog.choice.next.isEnabled(), "the model in use is no change"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert gateway.requests == []


@pytest.mark.usefixtures("key")
def test_nothing_is_sent_before_the_person_agrees(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    dialog = open_model(qtbot, remote_window)
    count(qtbot, dialog, VOYAGE)
    assert dialog.consent.title.text() == f"Send Notes to {gateway.url.split('/')[2]}?"
    assert gateway.url in said(dialog)
    assert "of 6 notes" in said(dialog)
    assert "About" in said(dialog)
    assert "The price is not known" in said(dialog)
    qtbot.waitUntil(lambda: folder_of(remote_window).next_model == VOYAGE, timeout=TIMEOUT)
    assert "waits for your word" in remote_window.page.side.folders.rows.items[0].spoken
    press(qtbot, dialog, "Not now")
    qtbot.waitUntil(
        lambda: not folder_of(remote_window).next_model and at_rest(remote_window, len(NOTES)),
        timeout=TIMEOUT,
    )
    assert folder_of(remote_window).model == LOCAL
    assert gateway.requests == []


@pytest.mark.usefixtures("key")
def test_a_priced_model_says_what_it_costs(remote_window: MainWindow, qtbot: QtBot) -> None:
    dialog = open_model(qtbot, remote_window)
    count(qtbot, dialog, "aimlapi/text-embedding-3-small")
    assert "Cost: Less than $0.01" in said(dialog)
    dialog.reject()


@pytest.mark.usefixtures("key")
def test_agreed_built_switched_and_back_at_no_cost(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    switch(qtbot, window)
    paid = len(gateway.embedded)
    assert paid
    qtbot.waitUntil(lambda: window.banner.isVisible(), timeout=TIMEOUT)
    assert window.banner.title.text() == "Notes now uses voyage-2"
    press(qtbot, window.banner, "Keep the former index")
    assert not window.banner.isVisible()
    qtbot.waitUntil(lambda: window.status_line.model.text() == "voyage-2", timeout=TIMEOUT)
    window.commands.models.go_back(folder_of(window))
    qtbot.waitUntil(lambda: folder_of(window).model == LOCAL and at_rest(window, len(NOTES)), timeout=TIMEOUT)
    assert len(gateway.embedded) == paid
    window.commands.models.go_back(folder_of(window))
    qtbot.waitUntil(
        lambda: folder_of(window).model == VOYAGE and at_rest(window, len(NOTES)), timeout=TIMEOUT
    )
    assert len(gateway.embedded) == paid, "going back costs nothing"
    press(qtbot, window.banner, "Forget the former index")
    qtbot.waitUntil(lambda: not folder_of(window).previous_model, timeout=TIMEOUT)


@pytest.mark.usefixtures("key")
def test_while_it_is_built_the_side_says_so(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    gateway.latency = 0.3
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, VOYAGE)
    dialog.consent.agree.click()
    spoken: list[str] = []

    def preparing() -> bool:
        spoken.append(window.page.side.folders.rows.items[0].spoken)
        return "preparing voyage-2: " in spoken[-1] and "the local model answers meanwhile" in spoken[-1]

    qtbot.waitUntil(preparing, timeout=TIMEOUT)
    gateway.latency = 0.0
    qtbot.waitUntil(lambda: folder_of(window).model == VOYAGE, timeout=TIMEOUT)


@pytest.mark.usefixtures("key")
def test_a_local_model_asks_for_nothing(remote_window: MainWindow, qtbot: QtBot, gateway: Gateway) -> None:
    window = remote_window
    switch(qtbot, window)
    paid = len(gateway.embedded)
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, LOCAL)
    assert "Nothing. No text leaves this computer." in said(dialog)
    assert not dialog.consent.preview.isVisible()
    dialog.consent.agree.click()
    qtbot.waitUntil(lambda: folder_of(window).model == LOCAL and at_rest(window, len(NOTES)), timeout=TIMEOUT)
    assert len(gateway.embedded) == paid


@pytest.mark.usefixtures("key")
def test_counting_can_be_cancelled(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = remote_window
    engine = window.bridge.wait_for_engine()
    assert engine is not None
    entered, release, real = threading.Event(), threading.Event(), engine.models.prepare

    def slow(folder: Path, identifier: str) -> Estimate:
        entered.set()
        release.wait(TIMEOUT / 1000)
        return real(folder, identifier)

    monkeypatch.setattr(engine.models, "prepare", slow)
    dialog = open_model(qtbot, window)
    dialog.choice.list.choose(VOYAGE)
    qtbot.keyClick(dialog.choice.list, Qt.Key.Key_Return)
    qtbot.waitUntil(entered.is_set, timeout=TIMEOUT)
    dialog.counting.cancel.click()
    assert dialog.pages.currentWidget() is dialog.choice

    def long_calls() -> int:
        return sum(thread.name == "long call" for thread in threading.enumerate())

    # The way back is done before the counting begins in earnest.
    qtbot.waitUntil(lambda: long_calls() == 1, timeout=TIMEOUT)
    release.set()
    qtbot.waitUntil(lambda: long_calls() == 0, timeout=TIMEOUT)
    assert engine.status().folders[0].next_model == ""
    qtbot.waitUntil(lambda: not folder_of(window).next_model and at_rest(window, len(NOTES)), timeout=TIMEOUT)
    assert dialog.pages.currentWidget() is dialog.choice, "what was given up does not come back"
    assert gateway.requests == []


def test_a_count_that_fails_is_said(remote_window: MainWindow, qtbot: QtBot) -> None:
    window = remote_window
    ask(qtbot, window, operations.pause)
    qtbot.waitUntil(
        lambda: window.status is not None and window.status.state is IndexingState.PAUSED, timeout=TIMEOUT
    )
    dialog = open_model(qtbot, window)
    dialog.choice.list.choose(VOYAGE)
    dialog.choice.next.click()
    qtbot.waitUntil(lambda: dialog.counting.title.text() == "Indexing is paused", timeout=TIMEOUT)
    press(qtbot, dialog, "Back")
    assert dialog.pages.currentWidget() is dialog.choice
    ask(qtbot, window, operations.resume)


def test_each_folder_has_its_own_model(remote_window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = remote_window
    more = tmp_path / "More"
    more.mkdir()
    (more / "Zebra.md").write_text("# Zebra\n\nStripes.\n")
    ask(qtbot, window, operations.add_folder, folder=more)
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    dialog = open_model(qtbot, window)
    assert dialog.choice.folders.isVisible()
    dialog.choice.folders.setCurrentIndex(dialog.choice.folders.findText("More"))
    assert dialog.choice.present.text().startswith("More uses the local model.")
    count(qtbot, dialog, VOYAGE)
    assert "1 passage of 1 note" in said(dialog)
    dialog.reject()


# The menu of a folder


def commands_of(folder: Folder) -> dict[str, str]:
    menu = FolderMenu(folder, chosen=False)
    found = {action.data(): action.text() for action in menu.actions() if action.data()}
    menu.deleteLater()
    return found


def test_the_menu_of_a_folder_knows_its_models(remote_window: MainWindow) -> None:
    folder = folder_of(remote_window)
    assert set(commands_of(folder)) == {"search", "reveal", "model", "remove"}
    asked = commands_of(replace(folder, next_model=VOYAGE, state=FolderState.CONSENT, agreed=False))
    assert asked["review"] == "Agree to voyage-2…"
    assert asked["stop"] == "Stop preparing voyage-2"
    switched = commands_of(replace(folder, model=VOYAGE, previous_model=LOCAL))
    assert switched["back"] == "Go back to the local model"
    assert switched["forget"] == "Forget the former index"
    assert switched["sent"] == "What is sent…"
    assert (
        commands_of(replace(folder, previous_model=LOCAL, former_models=(LOCAL, VOYAGE)))["forget"]
        == "Forget the 2 former indexes"
    )
    left = commands_of(replace(folder, former_models=(VOYAGE,)))
    assert (left["forget"], "back" in left) == ("Forget the former index", False)


@pytest.mark.parametrize("reason", [QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard])
def test_the_menu_of_a_folder_opens_the_dialog(
    remote_window: MainWindow, qtbot: QtBot, reason: QContextMenuEvent.Reason
) -> None:
    side = remote_window.page.side
    side.folders.setFocus()
    side.folders.setCurrentIndex(side.folders.model().index(0, 0))
    at = side.folders.visualRect(side.folders.currentIndex()).center()
    target = side.folders if reason is QContextMenuEvent.Reason.Keyboard else side.folders.viewport()
    QApplication.sendEvent(target, QContextMenuEvent(reason, at, target.mapToGlobal(at)))
    menu = next(m for m in side.findChildren(QMenu) if isinstance(m, FolderMenu))
    next(a for a in menu.actions() if a.data() == Command.MODEL.value).trigger()
    menu.close()
    dialog = next(d for d in remote_window.findChildren(ModelDialog) if d.isVisible())
    assert dialog.choice.present.text().startswith("Notes uses the local model.")
    qtbot.waitUntil(lambda: bool(dialog.choice.list.rows.choices), timeout=TIMEOUT)
    dialog.reject()


# Consent that waits, and troubles


@pytest.mark.usefixtures("key")
def test_what_waits_for_the_persons_word_can_be_looked_at_again(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    # Prepared from elsewhere, by the command line say.
    ask(qtbot, window, operations.prepare_models, folders=(folder_of(window).path,), model=VOYAGE)
    qtbot.waitUntil(
        lambda: folder_of(window).state is FolderState.CONSENT and window.banner.isVisible(), timeout=TIMEOUT
    )
    assert window.banner.title.text() == "Notes: voyage-2 waits for your word"
    qtbot.waitUntil(
        lambda: "Waiting for your word" in window.status_line.accessibleDescription(), timeout=TIMEOUT
    )
    press(qtbot, window.banner, "See what would be sent…")
    dialog = next(d for d in window.findChildren(ModelDialog) if d.isVisible())
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.consent, timeout=TIMEOUT)
    dialog.reject()
    assert folder_of(window).next_model == VOYAGE, "looking at it changes nothing"
    window.commands.models.stop_preparing(folder_of(window))
    qtbot.waitUntil(lambda: not folder_of(window).next_model, timeout=TIMEOUT)
    assert gateway.requests == []


def test_without_a_key_the_message_leads_to_the_key(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    from notesearch.ui.dialogs.api_key import KeyDialog
    from tests.gateway import KEY

    window = remote_window
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, VOYAGE)
    qtbot.waitUntil(lambda: "No key" in dialog.consent.key.state.text(), timeout=TIMEOUT)
    dialog.consent.agree.click()
    qtbot.waitUntil(lambda: window.banner.title.text() == "There is no key for AI/ML API", timeout=TIMEOUT)
    qtbot.waitUntil(
        lambda: "Waiting for AI/ML API" in window.status_line.accessibleDescription(), timeout=TIMEOUT
    )
    press(qtbot, window.banner, "Set the key…")
    asking = next(d for d in window.findChildren(KeyDialog) if d.isVisible())
    qtbot.keyClicks(asking.field, KEY)
    qtbot.keyClick(asking.field, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: folder_of(window).model == VOYAGE and at_rest(window, len(NOTES)), timeout=TIMEOUT
    )
    assert gateway.embedded
    qtbot.waitUntil(lambda: not any(k.startswith("trouble:") for k in window.banner.keys), timeout=TIMEOUT)


@pytest.mark.usefixtures("key")
def test_a_trouble_comes_goes_and_comes_back(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    gateway.rule = lambda _: Fault(401, message="Invalid API key")
    dialog = open_model(qtbot, window)
    count(qtbot, dialog, VOYAGE)
    dialog.consent.agree.click()

    def troubled() -> bool:
        return any(key.startswith("trouble:") for key in window.banner.keys)

    qtbot.waitUntil(troubled, timeout=TIMEOUT)
    assert "does not accept the key" in window.banner.title.text()
    gateway.rule = None
    press(qtbot, window.banner, "Try again")
    qtbot.waitUntil(lambda: folder_of(window).model == VOYAGE and not troubled(), timeout=TIMEOUT)


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(
    ("fault", "offered"),
    [
        (Fault(401, message="Invalid API key"), {"Set the key…", "Try again"}),
        (Fault(404, message="The model does not exist"), {"Choose another model…", "Try again"}),
        (Fault(403, message="You have run out of credits"), {"Try again"}),
    ],
    ids=["key", "model", "credits"],
)
def test_a_trouble_offers_what_helps(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, fault: Fault, offered: set[str]
) -> None:
    gateway.rule = lambda _: fault
    dialog = open_model(qtbot, remote_window)
    count(qtbot, dialog, VOYAGE)
    dialog.consent.agree.click()
    banner = remote_window.banner
    qtbot.waitUntil(
        lambda: banner.message is not None and banner.message.key.startswith("trouble:"), timeout=TIMEOUT
    )
    assert banner.message is not None
    assert {label for label, _ in banner.message.actions} == offered


# Fewer dimensions


@pytest.mark.usefixtures("key")
def test_fewer_dimensions_can_be_chosen(remote_window: MainWindow, qtbot: QtBot, gateway: Gateway) -> None:
    window, small = remote_window, "aimlapi/text-embedding-3-small"
    dialog = open_model(qtbot, window)
    line = dialog.choice.dimensions
    dialog.choice.list.choose(VOYAGE)
    assert not line.isVisible(), "it has one number only"
    dialog.choice.list.choose(small)
    assert line.isVisible()
    assert line.field.placeholderText() == "1,536"
    for wrong in ("100", "2000", "many"):
        line.field.setText(wrong)
        assert "256 to 1,536" in line.wrong.text()
        assert not dialog.choice.next.isEnabled()
    line.field.setText("256")
    qtbot.keyClick(line.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.consent, timeout=TIMEOUT)
    assert "text-embedding-3-small, 256 dimensions" in said(dialog)
    dialog.consent.agree.click()
    qtbot.waitUntil(
        lambda: folder_of(window).model == f"{small}#256" and at_rest(window, len(NOTES)), timeout=TIMEOUT
    )
    assert {request.body["dimensions"] for request in gateway.embedded} == {256}
    dialog = open_model(qtbot, window)
    line = dialog.choice.dimensions
    assert dialog.choice.list.choice is not None
    assert dialog.choice.list.choice.identifier == small, "it is marked as the one in use"
    assert line.field.text() == "256"
    assert not dialog.choice.next.isEnabled()
    line.field.clear()
    assert dialog.choice.identifier == small
    assert dialog.choice.next.isEnabled()
    dialog.reject()


# Searching


@pytest.mark.usefixtures("key")
def test_a_folder_whose_provider_is_down_is_searched_by_words_and_the_list_says_so(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    switch(qtbot, window)
    gateway.rule = lambda _: Fault(401, message="Invalid API key")
    qtbot.keyClicks(window.box.field, "tomatoes")
    qtbot.waitUntil(
        lambda: "searched by words only" in window.page.summary.accessibleDescription(), timeout=TIMEOUT
    )
    assert window.page.results.results.rows[0].match.title == "Tomatoes"
    said = window.page.summary.accessibleDescription()
    assert said.index("Notes: searched by words only") < said.index("searched all")


@pytest.mark.usefixtures("key")
def test_a_query_that_the_provider_refuses_is_a_trouble_with_its_remedy(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window, banner = remote_window, remote_window.banner

    def troubles() -> list[str]:
        return [key for key in banner.keys if key.startswith("trouble:")]

    switch(qtbot, window)
    press(qtbot, banner, "Keep the former index")
    qtbot.keyClicks(window.box.field, "tomatoes")
    qtbot.waitUntil(lambda: titles(window)[:1] == ["Tomatoes"], timeout=TIMEOUT)
    assert not troubles()
    gateway.rule = lambda _: Fault(401, message="Invalid API key")
    for word in (" morning", " sun"):
        # Told once, however often it is asked.
        asked = len(gateway.requests)
        qtbot.keyClicks(window.box.field, word)
        qtbot.waitUntil(
            lambda asked=asked: len(gateway.requests) > asked and len(troubles()) == 1,  # type: ignore[misc]
            timeout=TIMEOUT,
        )
    assert banner.message is not None
    assert "does not accept the key" in banner.message.title
    assert {label for label, _ in banner.message.actions} == {
        "Set the key\N{HORIZONTAL ELLIPSIS}",
        "Try again",
    }
    assert window.status is not None
    assert window.status.state is IndexingState.IDLE, "indexing waits for nothing"
    qtbot.waitUntil(lambda: "words only" in window.page.summary.accessibleDescription(), timeout=TIMEOUT)
    gateway.rule = None
    press(qtbot, banner, "Try again")
    # What is asked is asked once more by itself.
    qtbot.waitUntil(lambda: "words only" not in window.page.summary.accessibleDescription(), timeout=TIMEOUT)
    assert not troubles()


@pytest.mark.usefixtures("key")
def test_only_the_query_that_rested_goes_to_the_provider(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    switch(qtbot, window)
    gateway.requests.clear()
    qtbot.keyClicks(window.box.field, "water in the morning")
    qtbot.waitUntil(lambda: window.page.settled, timeout=TIMEOUT)
    assert "words only" not in window.page.summary.accessibleDescription()
    assert [request.inputs for request in gateway.embedded][-1] == ["water in the morning"]
    assert len(gateway.requests) < len("water in the morning") / 2


# A server of one's own


def test_a_server_of_ones_own_is_tested_and_used(remote_window: MainWindow, qtbot: QtBot) -> None:
    window = remote_window
    with Gateway(key=None, models={"tiny": 64}) as own:
        dialog = open_model(qtbot, window)
        dialog.choice.own.click()
        page = dialog.own
        qtbot.keyClicks(page.name, "aimlapi")
        assert "Choose another name" in page.problem.text()
        page.name.setText("home")
        page.address.setText("http://example.org/v1")
        assert "not encrypted" in page.problem.text()
        page.model.setText("tiny")
        assert not page.test.isEnabled()
        page.address.setText(own.url)
        qtbot.keyClick(page.address, Qt.Key.Key_Return)
        qtbot.waitUntil(page.use.isEnabled, timeout=TIMEOUT)
        found = dict(page.facts.rows)
        assert found["Dimensions"] == "64"
        assert found["Vectors"] == "of length one"
        assert found["Answers within"].endswith(" ms")
        assert window.settings is not None
        assert "home" not in window.settings.providers, "a test alone keeps nothing"
        page.use.click()
        qtbot.waitUntil(lambda: dialog.pages.currentWidget() is dialog.consent, timeout=TIMEOUT)
        assert own.url in said(dialog)
        dialog.consent.agree.click()
        qtbot.waitUntil(
            lambda: folder_of(window).model == "home/tiny" and at_rest(window, len(NOTES)), timeout=TIMEOUT
        )
    assert [m.identifier for m in window.settings.models] == ["home/tiny"]
    assert window.settings.provider("home").base_url == own.url


def test_a_server_that_is_not_there_is_said(remote_window: MainWindow, qtbot: QtBot) -> None:
    dialog = open_model(qtbot, remote_window)
    dialog.choice.own.click()
    for field, text in (
        (dialog.own.name, "home"),
        (dialog.own.address, "http://127.0.0.1:9/v1"),
        (dialog.own.model, "tiny"),
    ):
        field.setText(text)
    dialog.own.test.click()
    qtbot.waitUntil(lambda: "not running" in dialog.own.said.text(), timeout=TIMEOUT)
    assert not dialog.own.use.isEnabled()
    dialog.reject()


# Everybody can use it


Opens = Callable[[MainWindow], object]


@pytest.mark.parametrize(
    "opens",
    [
        lambda window: window.commands.models.open_current(),
        lambda window: window.commands.models.open_settings(providers=True),
        lambda window: window.commands.models.set_key("aimlapi"),
        lambda window: window.commands.models.open_ledger(),
        lambda window: window.commands.models.open_folder_outgoing(folder_of(window)),
    ],
    ids=["model", "settings", "key", "ledger", "what is sent"],
)
def test_every_control_has_a_name_and_escape_closes(
    remote_window: MainWindow, qtbot: QtBot, opens: Opens
) -> None:
    opens(remote_window)
    dialog = remote_window.commands.dialogs.open[-1]
    controls: list[QWidget] = [*dialog.findChildren(QAbstractButton), *dialog.findChildren(QLineEdit)]
    nameless = [
        w
        for w in controls
        if not w.accessibleName()
        and not w.objectName().startswith("qt_")
        and not isinstance(w.parent(), QWidget)
    ]
    assert nameless == []
    assert dialog.accessibleName()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert remote_window.commands.dialogs.open == []
