"""Keys in a real Secret Service: stored, locked, none, deleted behind our back; and where there is none at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notesearch import credentials
from notesearch.catalogue import provider
from notesearch.credentials import Credentials, KeySource, KeyState, KeyStatus, clean, take_keys
from notesearch.errors import KeyInvalid, KeyringLocked, NotesearchError
from tests.conftest import wait_until

PROVIDER = provider("aimlapi")
KEY = "sk-planted-4f8a1c77e2"
NO_BUS = "unix:path=/nonexistent/bus"
# With no folder of services: the session's own would have the bus start a keyring behind the test's back.
BUS = """<busconfig><type>session</type><listen>unix:dir={home}</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon")


def end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    process.wait(10)


class SecretService:
    """A message bus of our own and, while it runs, a GNOME Keyring on it."""

    def __init__(self, home: Path) -> None:
        plain = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self._environment = {**plain, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
        configured = home / "bus.conf"
        configured.write_text(BUS.format(home=home))
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configured}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self._environment,
        )  # fmt: skip
        assert self._bus.stdout is not None
        self.address = self._bus.stdout.readline().strip()
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
        self._daemon = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self._environment
        )
        assert self._daemon.stdin is not None
        self._daemon.stdin.write(b"throw-away")
        self._daemon.stdin.close()
        wait_until(self._is_ready)

    def stop(self) -> None:
        if self._daemon is not None:
            end(self._daemon)
            self._daemon = None

    def close(self) -> None:
        self.stop()
        end(self._bus)
        assert self._bus.stdout is not None
        self._bus.stdout.close()

    def _is_ready(self) -> bool:
        """The service answers, and the collection that --unlock makes is there (a little later)."""
        import secretstorage

        def ready(bus: Any) -> bool:
            there = secretstorage.check_service_availability(bus) and [c for c in secretstorage.get_all_collections(bus) if c.get_label() == "Login"]
            return bool(there) and not there[0].is_locked()

        return bool(self._do(ready))

    def _do(self, function: Callable[[Any], object]) -> object:
        import secretstorage

        bus = secretstorage.dbus_init()
        try:
            return function(bus)
        finally:
            bus.close()

    def collection(self, function: Callable[[Any], object]) -> object:
        import secretstorage

        return self._do(lambda bus: function(secretstorage.get_default_collection(bus)))

    def lock(self) -> None:
        self.collection(lambda collection: collection.lock())

    def delete_everything(self) -> None:
        self.collection(lambda collection: [item.delete() for item in collection.get_all_items()])


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """A bus with no keyring on it yet."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if not sys.platform.startswith("linux") or absent:
        pytest.skip(f"not installed: {', '.join(absent) or 'a Secret Service'}")
    # Not below pytest's folder: a socket's path may be 107 bytes long at most.
    home = Path(tempfile.mkdtemp(prefix="ns-keys-"))
    made = SecretService(home)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", made.address)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def keyring(service: SecretService) -> SecretService:
    service.start()
    return service


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", NO_BUS)
    for module in ("Windows", "macOS"):
        monkeypatch.setattr(credentials, "_BACKENDS", tuple(b for b in credentials._BACKENDS if module not in b[0]))


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
    assert locked.value.hint
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
    keys = Credentials({"AIMLAPI_API_KEY": f" {KEY} ", "OPENAI_API_KEY": "two words", "NOTESEARCH_API_KEY": "sk-own"})
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
@pytest.mark.parametrize("chosen", ["keyring.backends.null.Keyring", "keyrings.alt.file.PlaintextKeyring", "tests.no.such"])
def test_no_keyring_but_the_systems_is_used(chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", chosen)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    keys = Credentials({})
    assert keys.set(PROVIDER, KEY) is KeyState.SESSION
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("typed", [KEY, f" {KEY}\r\n", f'"{KEY}"', f"Bearer {KEY}", f"\ufeff{KEY}\u200b"])
def test_a_pasted_key_is_trimmed(typed: str) -> None:
    assert clean(typed) == KEY


@pytest.mark.parametrize("typed", ["", "  ", "two words", "line\nbreak", "schlüssel", "tab\tinside", "x" * 5000, '""', "nul\0"])
def test_what_no_header_can_carry_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        clean(typed)
    assert isinstance(refused.value, NotesearchError)
    assert not typed.strip() or typed.strip('" ') == "" or typed not in str(refused.value)
