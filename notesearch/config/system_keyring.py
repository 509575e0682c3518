"""The keyring of the operating system, asked in threads of their own with a limit of time.

A locked keyring asks the user for its password, and its service may hang. `keyring` is imported by the first
call (55 ms). Only keyrings of the operating system are used, whatever is configured or installed for
`keyring`: some others write plain files.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import importlib
import logging
import threading
import time
from typing import Any

from notesearch.errors import KeyringAbsent, KeyringLocked, KeyringSilent

SERVICE = "notesearch"
# Seconds that a call waits for the keyring. Where the user asked for it, the keyring may ask for a password.
LIMIT = 5.0
LIMIT_ASKED = 60.0

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


class SystemKeyring:
    """The keyring of the operating system. It is looked for at every call, since its service may come and go.
    Any thread but the GUI thread.

    Every method raises KeyringLocked, KeyringAbsent, or KeyringSilent where it does not answer in time:
    `limit` seconds for reading, `limit_asked` for what the user asked for. A call that is under way goes on
    in its thread; the same call joins it. While one takes longer than its limit, no other is waited for.

    The keyring's own errors are told apart by their class names: their texts may hold anything, so none is
    passed on, and the raised errors have no cause.
    """

    def __init__(self, limit: float = LIMIT, limit_asked: float = LIMIT_ASKED) -> None:
        self._limit = limit
        self._limit_asked = limit_asked
        self._lock = threading.Lock()
        # The calls under way, with the moment at which each is late.
        self._calls: dict[tuple[str, ...], tuple[concurrent.futures.Future[Any], float]] = {}

    def read(self, account: str) -> str | None:
        """The key of an account, None where it holds none."""
        value = self._call(self._limit, "get_password", account)
        return value if isinstance(value, str) and value else None

    def write(self, account: str, key: str) -> None:
        """Keep a key."""
        self._call(self._limit_asked, "set_password", account, key)

    def delete(self, account: str) -> None:
        """Drop a key, if there is one."""
        self._call(self._limit_asked, "delete_password", account)

    def _call(self, limit: float, *call: str) -> Any:
        """Call the keyring in a thread of its own. Raises KeyringLocked, KeyringAbsent or KeyringSilent, none
        with a cause."""
        now = time.monotonic()
        with self._lock:
            future, late = self._calls.get(call, (None, now + limit))
            if any(now >= other for _, other in self._calls.values()):
                raise KeyringSilent
            if future is None:
                future = concurrent.futures.Future()
                self._calls[call] = (future, late)
                threading.Thread(
                    target=self._answer, args=(future, call), name="keyring", daemon=True
                ).start()
        failed: Exception
        try:
            return future.result(max(0.0, late - now))
        except TimeoutError:
            log.warning("the keyring does not answer")
            failed = KeyringSilent()
        except KeyringLocked:
            failed = KeyringLocked()
        except KeyringAbsent:
            failed = KeyringAbsent()
        raise failed

    def _answer(self, future: concurrent.futures.Future[Any], call: tuple[str, ...]) -> None:
        try:
            result = _ask(*call)
        except Exception as error:
            result = error
        with self._lock:
            del self._calls[call]
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def _ask(name: str, *arguments: str) -> Any:
    """Call the keyring and wait for it. Raises KeyringLocked or KeyringAbsent, neither with a cause."""
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
