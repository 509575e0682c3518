"""Keys, addresses, budgets and the ledger in the settings, in the real window against a strict server."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from notesearch.api import operations
from notesearch.catalogue import RequestStyle, own_model
from notesearch.config import system_keyring
from notesearch.domain import Estimate, Line, ProviderInfo, Spent
from notesearch.engine.engine import Engine
from notesearch.errors import KeyringLocked, StoreDamaged
from notesearch.ui.dialogs.api_key import KeyDialog
from notesearch.ui.dialogs.ledger_dialog import LedgerDialog
from notesearch.ui.settings.dialog import SettingsDialog
from notesearch.ui.settings.providers_page import ProvidersPage
from notesearch.ui.window.main_window import MainWindow
from notesearch.wording import model_texts as wording_models
from tests.gateway import KEY, Gateway

from .conftest import NOTES, TIMEOUT, Answer, ask, at_rest, close, folder_of

VOYAGE = "aimlapi/voyage-2"
EDITOR = """\
import os, sys
with open(sys.argv[1] + ".part", "w") as out:
    out.write(repr(dict(os.environ)))
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


def open_providers(
    qtbot: QtBot, window: MainWindow, provider: str = "aimlapi"
) -> tuple[SettingsDialog, ProvidersPage]:
    window.commands.models.open_settings(provider)
    dialog = next(d for d in window.findChildren(SettingsDialog) if d.isVisible())
    page = dialog.providers
    qtbot.waitUntil(lambda: page.info is not None and bool(page.model.count()), timeout=TIMEOUT)
    assert page.info is not None
    assert page.info.name == provider
    return dialog, page


def ask_for_key(window: MainWindow) -> KeyDialog:
    return next(d for d in window.findChildren(KeyDialog) if d.isVisible())


def switch(qtbot: QtBot, window: MainWindow, notes: Path) -> None:
    """Without the dialogs."""
    ask(qtbot, window, operations.prepare_models, folders=(notes,), model=VOYAGE)
    ask(qtbot, window, operations.agree, folder=notes)


# Keys


def test_a_key_is_set_tested_and_forgotten_without_a_keyring(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    _, page = open_providers(qtbot, remote_window)
    assert page.key.state.text() == "No key"
    assert "no keyring on this computer" in page.key.more.text()
    assert not page.key.forget.isEnabled()
    page.key.set.click()
    dialog = ask_for_key(remote_window)
    assert dialog.field.echoMode() is QLineEdit.EchoMode.Password
    QGuiApplication.clipboard().setText(f'  "Bearer {KEY}"\n')
    dialog.field.paste()
    assert dialog.save.isEnabled()
    dialog.save.click()
    assert dialog.field.text() == ""
    assert not dialog.field.isUndoAvailable()
    qtbot.waitUntil(
        lambda: page.key.state.text() == "Kept until Notesearch is quit, not stored", timeout=TIMEOUT
    )
    assert len(remote_window.commands.dialogs.open) == 1, "the dialog with the key is gone"
    page.model.setCurrentText("voyage-2")
    page.test.click()
    qtbot.waitUntil(lambda: page.found.text().startswith("It works"), timeout=TIMEOUT)
    assert "dimensions: 1,024" in page.found.text()
    assert gateway.embedded
    assert all(request.headers["authorization"] == f"Bearer {KEY}" for request in gateway.requests)
    qtbot.waitUntil(lambda: "requests" in page.meter.text(), timeout=TIMEOUT)
    page.key.forget.click()
    qtbot.waitUntil(lambda: page.key.state.text() == "No key", timeout=TIMEOUT)
    assert "It works" not in page.found.text() or not page.key.forget.isEnabled()


@pytest.mark.parametrize(
    ("typed", "why"), [("two words", "cannot be a key"), ("schlüssel", "cannot be a key"), ('""', "empty")]
)
def test_what_is_no_key_is_said_while_it_is_typed(
    remote_window: MainWindow, qtbot: QtBot, typed: str, why: str
) -> None:
    remote_window.commands.models.set_key("aimlapi")
    dialog = ask_for_key(remote_window)
    assert not dialog.save.isEnabled()
    dialog.field.setText(typed)
    assert why in dialog.said.text()
    assert not dialog.save.isEnabled()
    dialog.reject()
    assert dialog.field.text() == ""


def test_a_key_from_the_environment_is_named(key: str, remote_window: MainWindow, qtbot: QtBot) -> None:
    _, page = open_providers(qtbot, remote_window)
    assert page.key.state.text() == "From the environment variable AIMLAPI_API_KEY, not stored"
    assert not page.key.forget.isEnabled()


def test_the_key_is_taken_out_of_the_environment(
    key: str, remote_window: MainWindow, qtbot: QtBot, tmp_path: Path, notes: Path
) -> None:
    assert "AIMLAPI_API_KEY" not in os.environ
    window, out, script = remote_window, tmp_path / "environment", tmp_path / "editor.py"
    script.write_text(EDITOR)
    command = shlex.join([sys.executable, str(script), str(out)])
    window.bridge.open_note(f"{command} {{path}}", notes / "Garden" / "Compost.md", Line(number=1))
    qtbot.waitUntil(out.exists, timeout=TIMEOUT)
    inherited = out.read_text()
    assert "PATH" in inherited
    assert "AIMLAPI_API_KEY" not in inherited
    assert key not in inherited
    _, page = open_providers(qtbot, window)
    assert page.key.state.text() == "From the environment variable AIMLAPI_API_KEY, not stored"
    page.test.click()
    qtbot.waitUntil(lambda: page.found.text().startswith("It works"), timeout=TIMEOUT)


def test_the_key_is_still_known_when_the_engine_starts_at_the_second_try(
    key: str, start_window: Callable[..., MainWindow], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, real = [StoreDamaged()], Engine.open

    def start(*given: object, **how: object) -> Engine:
        if failures:
            raise failures.pop()
        return real(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "open", start)
    window = start_window(ready=False)
    qtbot.waitUntil(window.failure_page.isVisible, timeout=TIMEOUT)
    assert "AIMLAPI_API_KEY" not in os.environ
    with qtbot.waitSignal(window.bridge.ready, timeout=TIMEOUT):
        window.bridge.start()
    known = ask(qtbot, window, operations.list_providers)
    assert next(info.key_source for info in known if info.name == "aimlapi") == "environment"


def test_a_locked_keyring_is_a_state_and_can_be_looked_at_again(
    remote_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(keyring: object, account: str) -> str:
        raise KeyringLocked

    monkeypatch.setattr(system_keyring.SystemKeyring, "read", locked)
    _, page = open_providers(qtbot, remote_window)
    assert page.key.state.text() == "The keyring is locked"
    assert page.key.again.isVisible()
    monkeypatch.setattr(system_keyring.SystemKeyring, "read", lambda keyring, account: KEY)
    page.key.again.click()
    qtbot.waitUntil(lambda: page.key.state.text() == "Stored in your system's keyring", timeout=TIMEOUT)
    assert not page.key.again.isVisible()
    assert page.key.forget.isEnabled()


def test_a_refused_key_is_said(remote_window: MainWindow, qtbot: QtBot) -> None:
    _, page = open_providers(qtbot, remote_window)
    page.key.set.click()
    dialog = ask_for_key(remote_window)
    dialog.field.setText("sk-wrong-0123456789")
    dialog.save.click()
    qtbot.waitUntil(lambda: "Kept until" in page.key.state.text(), timeout=TIMEOUT)
    page.test.click()
    qtbot.waitUntil(lambda: "does not accept the key" in page.found.text(), timeout=TIMEOUT)


def test_the_key_is_nowhere_in_the_data_folder(
    remote_window: MainWindow, qtbot: QtBot, notes: Path, gateway: Gateway
) -> None:
    window = remote_window
    window.commands.models.set_key("aimlapi")
    dialog = ask_for_key(window)
    qtbot.keyClicks(dialog.field, KEY)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.commands.dialogs.open, timeout=TIMEOUT)
    switch(qtbot, window, notes)
    qtbot.waitUntil(
        lambda: folder_of(window).model == VOYAGE and at_rest(window, len(NOTES)), timeout=TIMEOUT
    )
    assert gateway.embedded
    assert KEY not in str(window.state)
    data = window.bridge.data_dir
    close(window, window.bridge)
    written = [path for path in data.rglob("*") if path.is_file()]
    assert any(path.suffix == ".csv" for path in written)
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []


# A server of the person's own


def keep_own(qtbot: QtBot, window: MainWindow, url: str) -> None:
    """As the dialog does after a test."""
    assert window.settings is not None
    made = own_model("home", "tiny", dimensions=64, request_style=RequestStyle())
    with qtbot.waitSignal(window.bridge.settings_changed, timeout=TIMEOUT):
        window.bridge.update_settings(lambda s: s.with_provider("home", base_url=url).with_model(made))


def test_a_test_in_the_settings_keeps_what_it_found(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway
) -> None:
    window = remote_window
    with Gateway(key=None, models={"tiny": 64}) as own:
        keep_own(qtbot, window, "http://127.0.0.1:9/v1")
        before = window.settings
        dialog, page = open_providers(qtbot, window, "home")
        page.address.clear()
        qtbot.keyClicks(page.address, own.url)
        assert window.settings == before, "half an address is nobody's"
        page.test.click()
        qtbot.waitUntil(lambda: page.found.text().startswith("It works"), timeout=TIMEOUT)
        dialog.reject()
        qtbot.waitUntil(
            lambda: window.settings is not None and window.settings.provider("home").base_url == own.url,
            timeout=TIMEOUT,
        )
        assert window.settings is not None
        assert before is not None
        assert window.settings.models != before.models, "what the test found is kept with the rest"


def test_a_server_of_ones_own_can_be_removed_when_no_folder_uses_it(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, notes: Path
) -> None:
    window = remote_window
    _, page = open_providers(qtbot, window)
    assert not page.remove.isVisible(), "a provider that everybody has stays"
    window.commands.dialogs.open[-1].reject()
    with Gateway(key=None, models={"tiny": 64}) as own:
        keep_own(qtbot, window, own.url)
        ask(qtbot, window, operations.prepare_models, folders=(notes,), model="home/tiny")
        dialog, page = open_providers(qtbot, window, "home")
        assert page.remove.isVisible()
        assert not page.remove.isEnabled()
        refused = Answer()
        window.bridge.call(operations.remove_server, refused.take, refused.fail, provider="home")
        qtbot.waitUntil(lambda: refused.came, timeout=TIMEOUT)
        assert [failure.what.code for failure in refused.failures] == ["usage.provider-needed"]
        page.show_failure("home", refused.failures[0])
        assert "Notes needs home" in page.found.text()
        ask(qtbot, window, operations.cancel_model, folder=notes)
        qtbot.waitUntil(lambda: not folder_of(window).next_model, timeout=TIMEOUT)
        window.commands.models.known.ask_providers()
        qtbot.waitUntil(page.remove.isEnabled, timeout=TIMEOUT)
        qtbot.keyClicks(page.budget, "5")
        page.remove.click()
        box = next(b for b in page.findChildren(QMessageBox) if b.isVisible())
        assert "Remove home?" in box.text()
        next(b for b in box.buttons() if b.accessibleName() == "Remove").click()
        qtbot.waitUntil(lambda: page.providers.findData("home") < 0, timeout=TIMEOUT)
        dialog.reject()
        known = ask(qtbot, window, operations.list_models)
        assert not any(choice.provider == "home" for choice in known)
        assert own.requests == []
    assert window.settings is not None
    assert window.settings.models == ()
    assert window.settings.provider("home").base_url == ""


# Addresses, budgets, the meter


def test_an_address_is_checked_while_it_is_typed(remote_window: MainWindow, qtbot: QtBot) -> None:
    _, page = open_providers(qtbot, remote_window)
    before = remote_window.settings
    wrong = (
        ("http://example.org/v1", "not encrypted"),
        ("example", "not an address"),
        ("https://me:pw@example.org", "more than an address"),
    )
    for typed, why in wrong:
        page.address.setText("")
        qtbot.keyClicks(page.address, typed)
        assert why in page.problem.text()
        qtbot.keyPress(page.address, Qt.Key.Key_Return)
        assert remote_window.settings == before
    page.address.setText("")
    qtbot.keyClicks(page.address, "https://proxy.example.org/v1")
    assert not page.problem.isVisible()
    # Another provider is looked at meanwhile: what was typed is kept.
    page.choose("openai")
    assert page.address.text() == ""
    page.choose("aimlapi")
    assert page.address.text() == "https://proxy.example.org/v1"
    page.commit()
    qtbot.waitUntil(
        lambda: (
            remote_window.settings is not None
            and remote_window.settings.provider("aimlapi").base_url == "https://proxy.example.org/v1"
        ),
        timeout=TIMEOUT,
    )


def test_settings_take_a_budget_and_the_ignored_files(remote_window: MainWindow, qtbot: QtBot) -> None:
    dialog, page = open_providers(qtbot, remote_window)
    assert (page.budget.text(), page.budget.placeholderText()) == ("", "No limit")
    before = remote_window.settings
    qtbot.keyClicks(page.budget, "-1")
    assert page.no_number.isVisible()
    page.commit()
    assert remote_window.settings == before
    page.budget.clear()
    qtbot.keyClicks(page.budget, "$2.50")
    qtbot.keyClicks(page.tokens, "1,000,000")
    qtbot.keyPress(page.tokens, Qt.Key.Key_Return)
    dialog.folders.gitignore.click()
    qtbot.waitUntil(
        lambda: remote_window.settings is not None and remote_window.settings.gitignore, timeout=TIMEOUT
    )
    assert remote_window.settings is not None
    chosen = remote_window.settings.provider("aimlapi")
    assert (chosen.budget, chosen.token_budget) == (2.5, 1_000_000)
    assert chosen.base_url.startswith("http://127.0.0.1")
    assert "openai" not in remote_window.settings.providers


@pytest.mark.usefixtures("key")
def test_a_budget_that_is_used_up_is_shown_and_can_be_raised(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, notes: Path
) -> None:
    window = remote_window
    gateway.usd = "1.50"
    assert window.settings is not None
    window.bridge.update_settings(lambda s: s.with_provider("aimlapi", budget=1.0))
    switch(qtbot, window, notes)
    qtbot.waitUntil(lambda: folder_of(window).model == VOYAGE, timeout=TIMEOUT)
    (notes / "More.md").write_text("# More\n\nSomething new that costs as well.\n")
    qtbot.waitUntil(lambda: "budget" in window.banner.title.text(), timeout=TIMEOUT)
    assert "AI/ML API" in window.banner.title.text()
    qtbot.waitUntil(
        lambda: "Waiting for AI/ML API" in window.status_line.accessibleDescription(), timeout=TIMEOUT
    )
    dialog, page = open_providers(qtbot, window)
    assert "is used up" in page.over.text()
    assert "$1.50" in page.meter.text()
    page.budget.clear()
    qtbot.keyClicks(page.budget, "100")
    dialog.reject()
    qtbot.waitUntil(lambda: at_rest(window, len(NOTES) + 1), timeout=TIMEOUT)
    qtbot.waitUntil(
        lambda: not any(key.startswith("trouble:") for key in window.banner.keys), timeout=TIMEOUT
    )


@pytest.mark.usefixtures("key")
def test_the_ledger_lists_requests(
    remote_window: MainWindow, qtbot: QtBot, gateway: Gateway, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = remote_window
    shown: list[Path] = []
    monkeypatch.setattr(window.bridge, "reveal", shown.append)
    switch(qtbot, window, notes)
    qtbot.waitUntil(lambda: folder_of(window).model == VOYAGE, timeout=TIMEOUT)
    _, page = open_providers(qtbot, window)
    page.ledger.click()
    ledger = next(d for d in window.findChildren(LedgerDialog) if d.isVisible())
    qtbot.waitUntil(lambda: ledger.table.rowCount() == len(gateway.embedded), timeout=TIMEOUT)
    cells = [ledger.table.item(0, column).text() for column in range(ledger.table.columnCount())]
    assert cells[1:4] == [gateway.url.split("/")[2], "voyage-2", "notes"]
    assert cells[6] == "$0.000001"
    assert cells[7] == "200"
    ledger.reveal.click()
    qtbot.waitUntil(lambda: bool(shown), timeout=TIMEOUT)
    assert shown == [window.bridge.data_dir / "ledger"]


def test_a_locked_keyring_holds_nothing_else_up(
    remote_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, notes: Path
) -> None:
    unlocked = threading.Event()

    def locked(keyring: object, account: str) -> None:
        unlocked.wait(TIMEOUT / 1000)

    monkeypatch.setattr(system_keyring.SystemKeyring, "read", locked)
    window = remote_window
    for _ in range(4):
        window.commands.models.known.ask_providers()
    assert ask(qtbot, window, operations.problems) == ()
    assert ask(qtbot, window, operations.list_models)
    unlocked.set()


def test_a_locked_keyring_does_not_keep_the_program_from_ending(
    remote_window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, unlocked = threading.Event(), threading.Event()

    def locked(keyring: object, account: str) -> None:
        asked.set()
        unlocked.wait()

    monkeypatch.setattr(system_keyring.SystemKeyring, "read", locked)
    window = remote_window
    window.commands.models.open_settings(providers=True)
    qtbot.waitUntil(asked.is_set, timeout=TIMEOUT)
    # It ends while the keyring still waits for the user.
    close(window, window.bridge)
    unlocked.set()


# Sentences


def info(**changes: object) -> ProviderInfo:
    plain: dict[str, object] = {
        "name": "aimlapi",
        "title": "AI/ML API",
        "base_url": "https://api.aimlapi.com/v1",
        "needs_key": True,
        "key_variable": "AIMLAPI_API_KEY",
        "page": "",
        "key_state": "absent",
        "key_source": "",
        "has_keyring": True,
        "budget": 0.0,
        "token_budget": 0,
        "spent": Spent(),
    }
    return ProviderInfo(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key_state": "stored", "key_source": "keyring"}, "Stored in your system's keyring"),
        ({"key_state": "locked"}, "The keyring is locked"),
        ({"key_state": "absent"}, "No key"),
        ({"key_state": "session-only", "key_source": "memory"}, "Kept until Notesearch is quit, not stored"),
        (
            {"key_state": "session-only", "key_source": "environment"},
            "From the environment variable AIMLAPI_API_KEY, not stored",
        ),
        ({"key_state": "absent", "needs_key": False}, "No key; this server may need none"),
    ],
)
def test_the_state_of_a_key_in_words(changes: dict[str, object], said: str) -> None:
    assert wording_models.key_state(info(**changes)) == said


def test_what_is_more_than_the_budget_has_left_is_said_before_it_is_sent() -> None:
    def said(tokens: int, usd: float | None, **changes: object) -> str:
        estimate = Estimate(
            folder=Path("/n/Papers"),
            model=VOYAGE,
            model_title="Voyage voyage-2",
            provider="aimlapi",
            host="https://api.aimlapi.com/v1",
            remote=True,
            notes=1,
            chunks=1,
            tokens=tokens,
            characters=1,
            usd=usd,
            held_back=0,
            reused=0,
            agreed=False,
        )
        return wording_models.beyond_budget(estimate, info(**changes))

    spent = Spent(requests=1, tokens=900, usd=0.5)
    assert said(200, 0.4, budget=1.0, spent=spent) == ""
    assert "has left ($0.50)" in said(200, 0.6, budget=1.0, spent=spent)
    assert "100 tokens that are left" in said(200, None, token_budget=1000, spent=spent)
    assert "are used up" in said(200, None, token_budget=900, spent=spent)
    assert said(200, None, budget=1.0, spent=spent) == ""


def test_the_meter_never_hides_what_is_unknown() -> None:
    spent = Spent(requests=12, texts=1204, tokens=1_020_000, usd=0.0204, unpriced=3)
    assert wording_models.spent(spent) == (
        "12 requests, 1,204 texts, 1,020,000 tokens, $0.0204 and 3 requests whose price is unknown"
    )
    assert wording_models.spent(Spent()) == "Nothing was asked this month."


@pytest.mark.parametrize(
    ("usd", "said", "exact"),
    [(0.0, "$0.00", "$0.00"), (0.004, "less than $0.01", "$0.004"), (1234.5, "$1,234.50", "$1,234.50")],
)
def test_money_in_words(usd: float, said: str, exact: str) -> None:
    assert (wording_models.money(usd), wording_models.exact_money(usd)) == (said, exact)


def test_a_server_at_home_is_allowed_by_address(remote_window: MainWindow, qtbot: QtBot) -> None:
    _, page = open_providers(qtbot, remote_window)
    page.address.setText("")
    qtbot.keyClicks(page.address, "http://192.168.1.5:8080/v1")
    assert "could read your notes" in page.problem.text()
    assert page.plain.isVisible()
    assert not page.plain.isChecked()
    qtbot.mouseClick(page.plain, Qt.MouseButton.LeftButton, pos=QPoint(8, page.plain.height() // 2))
    assert page.plain.isChecked()
    assert not page.problem.isVisible()
    qtbot.waitUntil(
        lambda: (
            remote_window.settings is not None
            and remote_window.settings.provider("aimlapi").plain_http == "192.168.1.5:8080"
        ),
        timeout=TIMEOUT,
    )
    # Another address is asked about anew.
    qtbot.keyClicks(page.address, "/x")
    assert page.plain.isChecked()
    page.address.setText("")
    qtbot.keyClicks(page.address, "http://192.168.1.6:8080/v1")
    assert not page.plain.isChecked()
    assert page.problem.isVisible()
    page.address.setText("")
    qtbot.keyClicks(page.address, "https://proxy.example.org/v1")
    assert not page.plain.isVisible()
