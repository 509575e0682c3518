"""Keys in the real window with a real Secret Service: stored, locked, absent and session-only are told in
words, and the window never waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.desktop import Desktop, Program
from tests.secret_service import SecretService, secret_service

KEY = "sk-planted-77ab19c0"
STORED, ABSENT, LOCKED = "Stored in your system's keyring", "No key", "The keyring is locked"
SESSION = "Kept until Notesearch is quit, not stored"
NO_KEYRING = (
    "There is no keyring on this computer, so a key is kept until Notesearch is quit and never "
    "written to a file."
)
UNLOCK = "Unlock it (your system asks for its password), then look again."
ASKING = "Asking the keyring\N{HORIZONTAL ELLIPSIS}"
STATE, FIELD = "State of the key", "Key"


@pytest.fixture
def service() -> Iterator[SecretService]:
    with secret_service() as made:
        yield made


@pytest.fixture
def program(start: Start, desktop: Desktop, service: SecretService) -> Program:
    """Its message bus is that of the test's keyring; the screen reader's it is told by name."""
    begun = start(
        env={
            **desktop.env,
            "DBUS_SESSION_BUS_ADDRESS": service.address,
            "AT_SPI_BUS_ADDRESS": desktop.accessibility_bus,
        }
    )
    begun.until(lambda: begun.status == "No folder yet", "the engine is there")
    return begun


def open_providers(program: Program) -> None:
    program.key("ctrl+comma")
    program.until(lambda: program.shows("Providers", role="page tab"), "the settings are open")
    program.click("Providers", role="page tab")
    program.until(lambda: program.shows("Base URL", role="text"), "the page of the providers")


def close_settings(program: Program) -> None:
    program.key("Escape")
    program.until(lambda: not program.shows("Base URL", role="text"), "the settings are closed")


def look_again(program: Program) -> None:
    close_settings(program)
    open_providers(program)


def says(program: Program, said: str, more: str = "") -> None:
    program.until(
        lambda: program.describe(STATE)["description"] == said and (not more or program.shows(more)), said
    )


def set_key(program: Program, does: str = "Set") -> None:
    program.act(f"{does} the key of AI/ML API")
    program.until(
        lambda: "focused" in program.describe(FIELD, role="password text")["states"], "the key is asked for"
    )
    program.type(KEY)
    program.key("Return")
    program.until(lambda: not program.shows(FIELD, role="password text"), "the key is kept")


def test_a_keyring_that_comes_later_and_is_emptied_behind_our_back(
    program: Program, service: SecretService, tmp_path: Path
) -> None:
    open_providers(program)
    says(program, ABSENT, NO_KEYRING)
    set_key(program)
    says(program, SESSION, NO_KEYRING)
    service.start()
    set_key(program, "Replace")
    says(program, STORED)
    assert service.secrets() == [KEY]
    service.delete_everything()
    look_again(program)
    says(program, ABSENT)
    assert not program.shows(NO_KEYRING)
    assert program.terminate() == 0
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_locked_keyring_is_told_and_one_that_does_not_answer_holds_nothing_up(
    program: Program, service: SecretService
) -> None:
    service.start()
    open_providers(program)
    set_key(program)
    says(program, STORED)
    service.lock()
    look_again(program)
    says(program, LOCKED, UNLOCK)
    service.hang()
    program.act("Look again")
    says(program, ASKING)
    close_settings(program)
    program.type("rye bread")
    program.until(lambda: program.query == "rye bread", "the field takes letters while the keyring is silent")
    open_providers(program)
    says(program, ASKING)
    service.hang(on=False)
    says(program, LOCKED, UNLOCK)
    # What is typed meanwhile holds for this session.
    set_key(program)
    says(program, SESSION)
    service.hang()
    look_again(program)
    says(program, ASKING)
    assert program.terminate() == 0
