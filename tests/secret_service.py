"""A Secret Service for tests: a message bus of its own and a GNOME Keyring on it, that comes, locks, hangs
and goes as a test wants it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_until

# With no folder of services: the session's own would have the bus start a keyring behind the test's back.
BUS = """<busconfig><type>session</type><listen>unix:dir={home}</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""  # noqa: E501
PROGRAMS = ("dbus-daemon", "gnome-keyring-daemon")


def end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    process.wait(100)


class SecretService:
    """A message bus of our own and, while it runs, a GNOME Keyring on it."""

    def __init__(self, home: Path) -> None:
        plain = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self._environment = {
            **plain,
            "HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
        }
        configured = home / "bus.conf"
        configured.write_text(BUS.format(home=home))
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configured}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self._environment,
        )
        assert self._bus.stdout is not None
        self.address = self._bus.stdout.readline().strip()
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
        self._daemon = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environment,
        )
        assert self._daemon.stdin is not None
        self._daemon.stdin.write(b"throw-away")
        self._daemon.stdin.close()
        wait_until(self._is_ready)

    def hang(self, *, on: bool = True) -> None:
        """From here on it answers nobody, as one that asks the person for a password does."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def stop(self) -> None:
        if self._daemon is not None:
            self.hang(on=False)
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
            there = secretstorage.check_service_availability(bus) and [
                c for c in secretstorage.get_all_collections(bus) if c.get_label() == "Login"
            ]
            return bool(there) and not there[0].is_locked()  # type: ignore[index]

        return bool(self._do(ready))

    def _do(self, function: Callable[[Any], object]) -> object:
        from jeepney.io.blocking import open_dbus_connection

        bus = open_dbus_connection(self.address)
        try:
            return function(bus)
        finally:
            bus.close()

    def collection(self, function: Callable[[Any], object]) -> object:
        import secretstorage

        return self._do(lambda bus: function(secretstorage.get_default_collection(bus)))

    def lock(self) -> None:
        self.collection(lambda collection: collection.lock())

    def secrets(self) -> list[str]:
        """All that is stored."""
        found: list[str] = []
        self.collection(
            lambda collection: found.extend(item.get_secret().decode() for item in collection.get_all_items())
        )
        return found

    def delete_everything(self) -> None:
        self.collection(lambda collection: [item.delete() for item in collection.get_all_items()])


@contextlib.contextmanager
def secret_service() -> Iterator[SecretService]:
    """A bus with no keyring on it yet. Skips where the programs for it are missing."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if not sys.platform.startswith("linux") or absent:
        pytest.skip(f"not installed: {', '.join(absent) or 'a Secret Service'}")
    # Not below pytest's folder: a socket's path may be 107 bytes long at most.
    home = Path(tempfile.mkdtemp(prefix="ns-keys-"))
    made = SecretService(home)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(home, ignore_errors=True)
