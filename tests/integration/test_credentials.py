"""Keys in a real Secret Service: stored, locked, none, deleted behind our back; and where there is none at
all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.catalogue import provider
from notesearch.config import system_keyring
from notesearch.config.credentials import Credentials, KeySource, KeyState, KeyStatus, clean, take_keys
from notesearch.config.system_keyring import SystemKeyring
from notesearch.errors import KeyInvalid, KeyringLocked, KeyringSilent, NotesearchError
from tests.conftest import wait_until
from tests.secret_service import SecretService, secret_service

PROVIDER = provider("aimlapi")
KEY = "sk-planted-4f8a1c77e2"
NO_BUS = "unix:path=/nonexistent/bus"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """A bus with no keyring on it yet."""
    with secret_service() as made:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", made.address)
        yield made


@pytest.fixture
def keyring(service: SecretService) -> SecretService:
    service.start()
    return service


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", NO_BUS)
    for module in ("Windows", "macOS"):
        monkeypatch.setattr(
            system_keyring, "BACKENDS", tuple(b for b in system_keyring.BACKENDS if module not in b[0])
        )


def test_stored_read_replaced_and_forgotten(keyring: SecretService) -> None:
    keys = Credentials({})
    assert keys.state(PROVIDER) == KeyStatus(KeyState.ABSENT, None, True)
    assert keys.get(PROVIDER) is None
    assert keys.set(PROVIDER, f"  {KEY}\n") is KeyState.STORED
    # Another program's run finds it; another provider has none.
    assert Credentials({}).get(PROVIDER) == KEY
    assert Credentials({}).get(provider("openai")) is None
    assert keys.state(PROVIDER) == KeyStatus(KeyState.STORED, KeySource.KEYRING, True)
    assert keys.set(PROVIDER, KEY + "2") is KeyState.STORED
    assert keys.get(PROVIDER) == KEY + "2"
    keys.forget(PROVIDER)
    assert keys.get(PROVIDER) is None
    keys.forget(PROVIDER)


def test_deleted_behind_our_back(keyring: SecretService) -> None:
    keys = Credentials({})
    keys.set(PROVIDER, KEY)
    keyring.delete_everything()
    assert keys.state(PROVIDER).state is KeyState.ABSENT
    assert keys.get(PROVIDER) is None


def test_locked(keyring: SecretService) -> None:
    keys = Credentials({})
    keys.set(PROVIDER, KEY)
    keyring.lock()
    assert keys.state(PROVIDER) == KeyStatus(KeyState.LOCKED, None, True)
    with pytest.raises(KeyringLocked) as locked:
        keys.get(PROVIDER)
    assert locked.value.code == "keyring-locked"
    assert locked.value.pauses
    assert locked.value.__cause__ is None is locked.value.__context__
    with pytest.raises(KeyringLocked):
        keys.forget(PROVIDER)
    # What is typed meanwhile holds for this session, and the environment stands in.
    assert Credentials({"AIMLAPI_API_KEY": "sk-env"}).get(PROVIDER) == "sk-env"
    assert keys.set(PROVIDER, "sk-typed") is KeyState.SESSION
    assert keys.get(PROVIDER) == "sk-typed"
    assert keys.state(PROVIDER) == KeyStatus(KeyState.SESSION, KeySource.MEMORY, True)


def test_a_keyring_that_comes_later_and_goes_again(service: SecretService) -> None:
    keys = Credentials({})
    assert keys.state(PROVIDER) == KeyStatus(KeyState.ABSENT, None, False)
    assert keys.set(PROVIDER, KEY) is KeyState.SESSION
    assert keys.get(PROVIDER) == KEY
    service.start()
    assert keys.state(PROVIDER) == KeyStatus(KeyState.SESSION, KeySource.MEMORY, True)
    assert keys.set(PROVIDER, KEY) is KeyState.STORED
    assert keys.state(PROVIDER).source is KeySource.KEYRING
    service.stop()
    wait_until(lambda: keys.state(PROVIDER) == KeyStatus(KeyState.ABSENT, None, False))


@pytest.mark.usefixtures("no_keyring")
def test_a_keyring_that_does_not_answer_holds_nobody_up(keyring: SecretService) -> None:
    """Locked with a question on the screen that nobody sees, or hanging."""
    Credentials({}).set(PROVIDER, KEY)
    system = SystemKeyring(limit=0.3, limit_asked=0.3)
    keys = Credentials({}, system)
    keyring.hang()
    with pytest.raises(KeyringSilent):
        keys.get(PROVIDER)
    assert keys.state(PROVIDER) == KeyStatus(KeyState.SILENT, None, True)
    # What is under way is asked once, however often it is wanted, and no other call is begun.
    for _ in range(20):
        with pytest.raises(KeyringSilent):
            keys.get(PROVIDER)
        with pytest.raises(KeyringSilent):
            keys.get(provider("openai"))
    assert len([thread for thread in threading.enumerate() if thread.name == "keyring"]) == 1
    # The environment stands in, and a key that is typed now is kept for the session.
    assert Credentials({PROVIDER.key_variable: "sk-1"}, system).get(PROVIDER) == "sk-1"
    assert keys.set(PROVIDER, "sk-2") is KeyState.SESSION
    assert keys.get(PROVIDER) == "sk-2"
    with pytest.raises(KeyringSilent):
        Credentials({}, system).forget(PROVIDER)
    keyring.hang(on=False)
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "keyring"])
    assert Credentials({}, SystemKeyring()).get(PROVIDER) == KEY


def test_the_keyring_is_left_alone_where_no_key_is_needed(keyring: SecretService) -> None:
    keyring.hang()
    own = provider("own", "http://127.0.0.1:1/v1")
    assert Credentials({}).get(own, keyring=False) is None
    assert Credentials({own.key_variable: "sk-1"}).get(own, keyring=False) == "sk-1"
    keyring.hang(on=False)


def test_without_a_keyring_a_key_lives_in_this_session_only() -> None:
    keys = Credentials({})
    assert keys.set(PROVIDER, KEY) is KeyState.SESSION
    assert keys.get(PROVIDER) == KEY
    assert Credentials({}).get(PROVIDER) is None
    keys.forget(PROVIDER)
    assert keys.get(PROVIDER) is None
    assert KEY not in repr(keys)


@pytest.mark.usefixtures("no_keyring")
def test_the_environment_stands_in_and_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Credentials(
        {"AIMLAPI_API_KEY": f" {KEY} ", "OPENAI_API_KEY": "two words", "NOTESEARCH_API_KEY": "sk-own"}
    )
    assert keys.get(PROVIDER) == KEY
    assert keys.state(PROVIDER) == KeyStatus(KeyState.SESSION, KeySource.ENVIRONMENT, False)
    assert keys.get(provider("ollama", "http://localhost:11434/v1")) == "sk-own"
    assert keys.state(provider("openai")).state is KeyState.ABSENT
    with pytest.raises(KeyInvalid):
        keys.get(provider("openai"))
    for name in ("AIMLAPI_API_KEY", "OPENAI_API_KEY", "NOTESEARCH_API_KEY"):
        monkeypatch.setenv(name, KEY)
    path = os.environ["PATH"]
    assert take_keys() == dict.fromkeys(("AIMLAPI_API_KEY", "OPENAI_API_KEY", "NOTESEARCH_API_KEY"), KEY)
    assert KEY not in str(os.environ)
    assert os.environ["PATH"] == path
    assert take_keys() == {}


@pytest.mark.usefixtures("no_keyring")
@pytest.mark.parametrize(
    "chosen", ["keyring.backends.null.Keyring", "keyrings.alt.file.PlaintextKeyring", "tests.no.such"]
)
def test_no_keyring_but_the_systems_is_used(
    chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", chosen)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    keys = Credentials({})
    assert keys.set(PROVIDER, KEY) is KeyState.SESSION
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("typed", [KEY, f" {KEY}\r\n", f'"{KEY}"', f"Bearer {KEY}", f"\ufeff{KEY}\u200b"])
def test_a_pasted_key_is_trimmed(typed: str) -> None:
    assert clean(typed) == KEY


@pytest.mark.parametrize(
    "typed", ["", "  ", "two words", "line\nbreak", "schlüssel", "tab\tinside", "x" * 5000, '""', "nul\0"]
)
def test_what_no_header_can_carry_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        clean(typed)
    assert isinstance(refused.value, NotesearchError)
    assert not typed.strip() or typed.strip('" ') == "" or typed not in str(refused.value)
