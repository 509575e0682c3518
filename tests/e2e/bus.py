"""Services on the desktop's message bus that a test plays itself: what was asked of them is kept, what they
answer is the test's to choose."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.conftest import wait_until

WITHIN = 10.0
PROPERTIES = "org.freedesktop.DBus.Properties"
Answer = tuple[str, tuple[Any, ...]]


def ask(
    address: str,
    destination: str,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """Call a method of somebody on the bus; what it returns. RuntimeError where it refuses."""
    with open_dbus_connection(address, auth_timeout=WITHIN) as connection:
        call = new_method_call(DBusAddress(path, destination, interface), member, signature or None, body)
        reply = connection.send_and_get_reply(call, timeout=WITHIN)
    if reply.header.message_type is MessageType.error:
        raise RuntimeError(reply.header.fields.get(HeaderFields.error_name), *reply.body)
    return tuple(reply.body)


class Service:
    """Owns `name` on the bus until `close`, and answers in a thread of its own.

    `answers` by (interface, member): a function of (body, message) that gives (signature, body). Anything
    else is refused.
    """

    name = ""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: dict[tuple[str, str], Callable[[tuple[Any, ...], Message], Answer]] = {}
        self.properties: dict[str, tuple[str, Any]] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.senders: list[str] = []
        self.answers[PROPERTIES, "Get"] = lambda body, _: ("v", (self.properties[body[1]],))
        self.answers[PROPERTIES, "GetAll"] = lambda body, _: ("a{sv}", (self.properties,))
        self._closing = False
        self._connection: DBusConnection = open_dbus_connection(address, auth_timeout=WITHIN)
        self._thread = threading.Thread(target=self._run, name=self.name)

    def start(self) -> None:
        """Take the name and answer from here on."""
        (answer,) = self._connection.send_and_get_reply(
            message_bus.RequestName(self.name), timeout=WITHIN
        ).body
        assert answer == 1, f"{self.name} is taken"
        self._thread.start()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._thread.join()
            self._connection.close()

    def members(self) -> list[str]:
        """The methods that were called, in order."""
        return [member for member, _ in self.calls]

    def called(self, member: str) -> tuple[Any, ...]:
        """Wait for the last call of that method; its arguments."""
        wait_until(lambda: member in self.members())
        return next(body for name, body in reversed(self.calls) if name == member)

    def emit(self, path: str, interface: str, member: str, signature: str, body: tuple[Any, ...]) -> None:
        self._connection.send(
            new_signal(DBusAddress(path, interface=interface), member, signature or None, body)
        )

    def _run(self) -> None:
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                message = self._connection.receive(timeout=0.05)
                if message.header.message_type is MessageType.method_call:
                    self._take(message)

    def _take(self, message: Message) -> None:
        fields = message.header.fields
        interface, member = fields.get(HeaderFields.interface, ""), fields[HeaderFields.member]
        if interface != PROPERTIES:
            self.senders.append(fields.get(HeaderFields.sender, ""))
            self.calls.append((member, tuple(message.body)))
        answer = self.answers.get((interface, member))
        if answer is None:
            self._connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        try:
            signature, body = answer(tuple(message.body), message)
        except LookupError:
            self._connection.send(new_error(message, "org.freedesktop.DBus.Error.Failed"))
            return
        self._connection.send(new_method_return(message, signature or None, body))


class FileManager(Service):
    """A file manager that shows what it is asked to."""

    name = "org.freedesktop.FileManager1"

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.answers[self.name, "ShowItems"] = lambda *_: ("", ())
