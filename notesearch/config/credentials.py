"""Keys of providers. They are in the operating system's keyring, else in memory until the program ends, else
in the user's environment. The program writes no key to a file.

A locked keyring asks the user for its password where there is a screen, and every call waits for the answer.
So nothing here is for the GUI thread. `keyring` is imported by the first call (55 ms). Only keyrings of the
operating system are used, whatever is configured or installed for `keyring`: some others write plain files.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from notesearch.catalogue import KEY_VARIABLES, Provider
from notesearch.errors import KeyInvalid, KeyringAbsent, KeyringLocked

SERVICE = "notesearch"
LONGEST_KEY = 4096

# Module and class of each keyring that the login of a desktop protects. The order decides where `keyring`
# ranks two alike.
BACKENDS = (
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
    ("keyring.backends.libsecret", "Keyring"),
    ("keyring.backends.Windows", "WinVaultKeyring"),
    ("keyring.backends.macOS", "Keyring"),
)

log = logging.getLogger(__name__)


class KeyState(Enum):
    """Whether there is a key of a provider."""

    STORED = "stored"
    LOCKED = "locked"
    ABSENT = "absent"
    SESSION = "session-only"


class KeySource(Enum):
    """Where a usable key comes from."""

    KEYRING = "keyring"
    MEMORY = "memory"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """The state of a provider's key. `source` is None where there is no key to use. `keyring` says whether
    this computer has a keyring at all, locked or not."""

    state: KeyState
    source: KeySource | None
    keyring: bool


class Credentials:
    """The keys of providers, by provider. Any thread but the GUI thread. `environment` is where key variables
    are looked up, os.environ by default.

    A key is taken from the first of these that has one: a key typed in this session that no keyring took, the
    keyring, the environment. Keys of the keyring are not kept here. So when another program deletes a key or
    unlocks the keyring, the next call notices.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, keyring: SystemKeyring | None = None
    ) -> None:
        self._keyring = keyring or SystemKeyring()
        self._environment = os.environ if environment is None else environment
        self._session: dict[str, str] = {}
        self._lock = threading.Lock()

    def state(self, provider: Provider) -> KeyStatus:
        """The state of a provider's key. A locked keyring asks the user to unlock it, since looking needs
        that too."""
        stored, locked, there = None, False, True
        try:
            stored = self._keyring.read(provider.name)
        except KeyringLocked:
            locked = True
        except KeyringAbsent:
            there = False
        if self._remembered(provider) is not None:
            return KeyStatus(KeyState.SESSION, KeySource.MEMORY, there)
        if stored is not None:
            return KeyStatus(KeyState.STORED, KeySource.KEYRING, there)
        with contextlib.suppress(KeyInvalid):
            if self._from_environment(provider) is not None:
                return KeyStatus(KeyState.SESSION, KeySource.ENVIRONMENT, there)
        return KeyStatus(KeyState.LOCKED if locked else KeyState.ABSENT, None, there)

    def get(self, provider: Provider) -> str | None:
        """The key to use; None where there is none. Raises KeyringLocked where only the locked keyring may
        have it."""
        if (remembered := self._remembered(provider)) is not None:
            return remembered
        locked: KeyringLocked | None = None
        try:
            if (stored := self._keyring.read(provider.name)) is not None:
                return stored
        except KeyringAbsent:
            pass
        except KeyringLocked as error:
            locked = error
        key = self._from_environment(provider)
        if key is None and locked is not None:
            raise locked
        return key

    def set(self, provider: Provider, key: str) -> KeyState:
        """Store the key. Returns STORED, or SESSION where no keyring takes it (there is none, or it is
        locked): then it is kept in memory until the program ends.

        Raises KeyInvalid.
        """
        key = clean(key)
        try:
            self._keyring.write(provider.name, key)
        except (KeyringAbsent, KeyringLocked):
            with self._lock:
                self._session[provider.name] = key
            return KeyState.SESSION
        with self._lock:
            self._session.pop(provider.name, None)
        return KeyState.STORED

    def forget(self, provider: Provider) -> None:
        """Delete the key from memory and keyring. The user's environment is not changed. Raises KeyringLocked
        where the key may still be stored."""
        with self._lock:
            self._session.pop(provider.name, None)
        with contextlib.suppress(KeyringAbsent):
            self._keyring.delete(provider.name)

    def _remembered(self, provider: Provider) -> str | None:
        with self._lock:
            return self._session.get(provider.name)

    def _from_environment(self, provider: Provider) -> str | None:
        value = self._environment.get(provider.key_variable, "")
        return clean(value) if value.strip() else None

    def __repr__(self) -> str:
        return "Credentials()"


def clean(key: str) -> str:
    """The key without blanks and line breaks that were pasted along. Raises KeyInvalid where no HTTP header
    could carry it."""
    key = key.strip().strip("\ufeff\u200b\u2060").strip()
    for quote in "\"'":
        if len(key) > 1 and key[0] == key[-1] == quote:
            key = key[1:-1].strip()
    key = key.removeprefix("Bearer ").strip()
    if not key:
        raise KeyInvalid("key-invalid.empty")
    if len(key) > LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise KeyInvalid
    return key


def take_keys() -> dict[str, str]:
    """Take the key variables out of os.environ, so that no program started from here inherits them. The
    result is for `Credentials(environment)`."""
    return {name: os.environ.pop(name) for name in KEY_VARIABLES if name in os.environ}


class SystemKeyring:
    """The keyring of the operating system. It is looked for at every call, since its service may come and go.

    Every method raises KeyringLocked or KeyringAbsent. The keyring's own errors are told apart by their class
    names: their texts may hold anything, so none is passed on, and the raised errors have no cause.
    """

    def read(self, account: str) -> str | None:
        """The key of an account, None where it holds none."""
        value = self._call("get_password", account)
        return value if isinstance(value, str) and value else None

    def write(self, account: str, key: str) -> None:
        """Keep a key."""
        self._call("set_password", account, key)

    def delete(self, account: str) -> None:
        """Drop a key, if there is one."""
        self._call("delete_password", account)

    def _call(self, name: str, *arguments: str) -> Any:
        """Call the keyring. Raises KeyringLocked or KeyringAbsent, neither with a cause."""
        backend = _backend()
        from keyring import errors

        failed: Exception
        try:
            return getattr(backend, name)(SERVICE, *arguments)
        except errors.PasswordDeleteError:
            return None
        except errors.KeyringLocked as error:
            _close_bus(error)
            failed = KeyringLocked()
        except Exception as error:
            _close_bus(error)
            # There is no collection and no service to make one, the service is gone, or there is no bus.
            log.info("the keyring could not be used: %s", type(error).__name__)
            failed = KeyringAbsent()
        raise failed


def _backend() -> Any:
    """The keyring of the operating system that ranks highest. Raises KeyringAbsent."""
    best: tuple[float, Any] | None = None
    for module, name in BACKENDS:
        try:
            found = getattr(importlib.import_module(module), name)
            priority = float(found.priority)
        except Exception:
            continue  # not for this system, or its service is not running
        if priority > 0 and (best is None or priority > best[0]):
            best = (priority, found)
    if best is None:
        raise KeyringAbsent
    return best[1]()


def _close_bus(error: BaseException) -> None:
    """Close the connection to the bus, which keyring's Secret Service leaves open where a collection is
    locked or cannot be made."""
    step = error.__traceback__
    while step is not None:
        bus: Any = step.tb_frame.f_locals.get("bus")
        if bus is not None and hasattr(bus, "close"):
            with contextlib.suppress(Exception):
                bus.close()
        step = step.tb_next
