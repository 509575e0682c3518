"""Keys of providers. They are in the operating system's keyring, else in memory until the program ends, else
in the user's environment. The program writes no key to a file.

A call may wait some seconds for the keyring (`system_keyring.py`), so nothing here is for the GUI thread.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from notesearch.catalogue import KEY_VARIABLES, Provider
from notesearch.config.system_keyring import SystemKeyring
from notesearch.errors import KeyInvalid, KeyringAbsent, KeyringLocked, KeyringSilent

LONGEST_KEY = 4096


class KeyState(Enum):
    """Whether there is a key of a provider."""

    STORED = "stored"
    LOCKED = "locked"
    SILENT = "silent"
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
        stored, missing, there = None, KeyState.ABSENT, True
        try:
            stored = self._keyring.read(provider.name)
        except KeyringLocked:
            missing = KeyState.LOCKED
        except KeyringSilent:
            missing = KeyState.SILENT
        except KeyringAbsent:
            there = False
        if self._remembered(provider) is not None:
            return KeyStatus(KeyState.SESSION, KeySource.MEMORY, there)
        if stored is not None:
            return KeyStatus(KeyState.STORED, KeySource.KEYRING, there)
        with contextlib.suppress(KeyInvalid):
            if self._from_environment(provider) is not None:
                return KeyStatus(KeyState.SESSION, KeySource.ENVIRONMENT, there)
        return KeyStatus(missing, None, there)

    def get(self, provider: Provider, *, keyring: bool = True) -> str | None:
        """The key to use; None where there is none. `keyring` False: the keyring is not asked. Raises
        KeyringLocked or KeyringSilent where only the keyring may have it."""
        if (remembered := self._remembered(provider)) is not None:
            return remembered
        if not keyring:
            return self._from_environment(provider)
        closed: KeyringLocked | KeyringSilent | None = None
        try:
            if (stored := self._keyring.read(provider.name)) is not None:
                return stored
        except KeyringAbsent:
            pass
        except (KeyringLocked, KeyringSilent) as error:
            closed = error
        key = self._from_environment(provider)
        if key is None and closed is not None:
            raise closed
        return key

    def set(self, provider: Provider, key: str) -> KeyState:
        """Store the key. Returns STORED, or SESSION where no keyring takes it (there is none, it is locked,
        or it does not answer): then it is kept in memory until the program ends.

        Raises KeyInvalid.
        """
        key = clean(key)
        try:
            self._keyring.write(provider.name, key)
        except (KeyringAbsent, KeyringLocked, KeyringSilent):
            with self._lock:
                self._session[provider.name] = key
            return KeyState.SESSION
        with self._lock:
            self._session.pop(provider.name, None)
        return KeyState.STORED

    def forget(self, provider: Provider) -> None:
        """Delete the key from memory and keyring. The user's environment is not changed. Raises KeyringLocked
        or KeyringSilent where the key may still be stored."""
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
