"""A global key on Wayland: the desktop's GlobalShortcuts portal, which asks the user and lets them choose
another key.

It uses a connection to the message bus of its own, in a thread of its own: Qt registers its connection under
another name, and a portal accepts one name per connection. Written from the portal's documentation
(org.freedesktop.portal.GlobalShortcuts, version 1 and 2, and org.freedesktop.host.portal.Registry).
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence

from notesearch.ui.desktop.bus_connection import DesktopConnection
from notesearch.ui.desktop.hotkey_types import HotkeyState, chord_of
from notesearch.ui.desktop.identity import APP_ID
from notesearch.wording.translation import _

log = logging.getLogger(__name__)

PATH, SERVICE = "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Desktop"
SHORTCUTS, REQUEST = "org.freedesktop.portal.GlobalShortcuts", "org.freedesktop.portal.Request"
REGISTRY = "org.freedesktop.host.portal.Registry"
PROPERTIES, SESSION = "org.freedesktop.DBus.Properties", "org.freedesktop.portal.Session"
SHORTCUT = "quick-search"
# Seconds for an answer of the bus itself. Questions to the user have no limit.
CONNECTS_WITHIN = 5.0
MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, "CTRL"),
    (Qt.KeyboardModifier.AltModifier, "ALT"),
    (Qt.KeyboardModifier.ShiftModifier, "SHIFT"),
    (Qt.KeyboardModifier.MetaModifier, "LOGO"),
)
# Names of X keysyms that differ from Qt's.
NAMES = {
    "Space": "space",
    "PgUp": "Page_Up",
    "PgDown": "Page_Down",
    "Ins": "Insert",
    "Del": "Delete",
    "Esc": "Escape",
    "Backspace": "BackSpace",
    "Enter": "KP_Enter",
    **dict(
        zip(
            "!\"#$%&'()*+,-./",
            (
                "exclam quotedbl numbersign dollar percent ampersand apostrophe parenleft parenright "
                "asterisk plus comma minus period slash"
            ).split(),
            strict=True,
        )
    ),
    **dict(
        zip(
            ":;<=>?@[\\]^_`{|}~",
            (
                "colon semicolon less equal greater question at bracketleft backslash bracketright "
                "asciicircum underscore grave braceleft bar braceright "
                "asciitilde"
            ).split(),
            strict=True,
        )
    ),
}


def trigger_of(keys: str) -> str:
    """A key sequence in the portal's notation: `CTRL+ALT+space` for `Ctrl+Alt+Space` (the XDG shortcuts
    specification)."""
    if not keys:
        return ""
    key, held = chord_of(keys)
    name = QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)
    return "+".join(
        [
            *(word for modifier, word in MODIFIERS if held & modifier),
            NAMES.get(name, name.lower() if len(name) == 1 else name),
        ]
    )


class Portal(DesktopConnection):
    """Binds a global key by the portal. Methods are called from the main thread only and return at once.

    Signals:
        key_state: (keys, HotkeyState). The keys are those that are bound, in the desktop's words, else those
        that were asked for.
        key_pressed: the token by which the desktop lets the window come to the front, or "".
    """

    key_state = Signal(str, object)
    key_pressed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("portal", parent)
        self._bus: DBusConnection | None = None
        self._session = ""
        self._keys = ""
        self._replies: dict[int, Callable[[Message], None]] = {}
        self._responses: dict[str, Callable[[int, dict[str, Any]], None]] = {}

    # Main thread

    def bind(self, keys: str, *, may_ask: bool) -> None:
        """Ask for `keys` in place of the present ones; "" for none. Where the desktop would ask the user and
        `may_ask` is False, nothing is bound."""
        self._post(lambda: self._bind(keys, may_ask))

    # The thread

    def _run(self) -> None:
        try:
            self._bus = open_dbus_connection("SESSION", auth_timeout=CONNECTS_WITHIN)
            for rule in _rules():
                self._bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=CONNECTS_WITHIN)
            self._register()
            while not self._closing:
                self._turn()
            self._bus.close()
        except Exception as error:
            # The bus is gone or never existed: the program goes on without a key from the desktop.
            log.warning("no shortcuts portal: %s", type(error).__name__)
            self.key_state.emit(self._keys, HotkeyState.UNSUPPORTED)

    def _turn(self) -> None:
        assert self._bus is not None
        self._wait(self._bus.sock.fileno())
        with contextlib.suppress(TimeoutError, BlockingIOError):
            while True:
                self._take(self._bus.receive(timeout=0))

    def _take(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type in (MessageType.method_return, MessageType.error):
            then = self._replies.pop(fields.get(HeaderFields.reply_serial, -1), None)
            if then is not None:
                then(message)
        elif fields.get(HeaderFields.member) == "Response":
            token = str(fields.get(HeaderFields.path)).rpartition("/")[2]
            response = self._responses.pop(token, None)
            if response is not None:
                code, results = message.body
                response(code, {name: value for name, (_, value) in results.items()})
        else:
            self._take_signal(fields, message.body)

    def _take_signal(self, fields: dict[HeaderFields, Any], body: tuple[Any, ...]) -> None:
        member = fields.get(HeaderFields.member)
        if member == "Activated" and body[:2] == (self._session, SHORTCUT):
            _, token = body[3].get("activation_token", ("s", ""))
            self.key_pressed.emit(str(token))
        elif member == "ShortcutsChanged" and body[0] == self._session:
            self._on_bound(0, {"shortcuts": body[1]})
        elif member == "Closed" and self._session and fields.get(HeaderFields.path) == self._session:
            # The desktop withdrew the key.
            self._session = ""
            self.key_state.emit(self._keys, HotkeyState.REFUSED)
        elif member == "NameOwnerChanged" and body[0] == SERVICE:
            self._on_owner(body[2])

    def _register(self) -> None:
        """Tell the portal the program's name. Desktops since 2026 refuse a program without one; older ones do
        not have this call."""
        self._call(REGISTRY, "Register", "sa{sv}", (APP_ID, {}), lambda reply: None)

    def _on_owner(self, owner: str) -> None:
        """The portal was started again and has forgotten the key. While it is away, for a short time, the key
        does nothing."""
        if owner and self._session:
            self._session = ""
            self._register()
            self._bind(self._keys, True)

    def _call(
        self,
        interface: str,
        member: str,
        signature: str,
        body: tuple[Any, ...],
        then: Callable[[Message], None],
        path: str = PATH,
    ) -> None:
        assert self._bus is not None
        serial = next(self._bus.outgoing_serial)
        self._replies[serial] = then
        self._bus.send(
            new_method_call(DBusAddress(path, SERVICE, interface), member, signature, body), serial=serial
        )

    def _request(
        self,
        member: str,
        signature: str,
        body: tuple[Any, ...],
        then: Callable[[int, dict[str, Any]], None],
        **options: str,
    ) -> None:
        """Make a call whose answer comes as a signal, which carries the call's token. A call that is refused
        at once is answered with code 2."""
        token = f"notesearch{secrets.token_hex(6)}"
        self._responses[token] = then
        named = {name: ("s", value) for name, value in {**options, "handle_token": token}.items()}

        def refused(reply: Message) -> None:
            if reply.header.message_type is MessageType.error and (
                waiting := self._responses.pop(token, None)
            ):
                waiting(2, {})

        self._call(SHORTCUTS, member, signature, (*body, named), refused)

    def _bind(self, keys: str, may_ask: bool) -> None:
        # This answer is about an earlier key and comes too late.
        self._responses.clear()
        if self._session:
            self._call(SESSION, "Close", "", (), lambda reply: None, path=self._session)
            self._session = ""
        self._keys = keys
        if not keys:
            self.key_state.emit("", HotkeyState.OFF)
        elif not may_ask:
            self._call(PROPERTIES, "Get", "ss", (SHORTCUTS, "version"), self._on_version)
        else:
            self._request(
                "CreateSession",
                "a{sv}",
                (),
                self._on_session,
                session_handle_token=f"notesearch{secrets.token_hex(6)}",
            )

    def _on_version(self, reply: Message) -> None:
        there = reply.header.message_type is MessageType.method_return
        self.key_state.emit(self._keys, HotkeyState.UNASKED if there else HotkeyState.UNSUPPORTED)

    def _on_session(self, code: int, results: dict[str, Any]) -> None:
        if code or "session_handle" not in results:
            self.key_state.emit(self._keys, HotkeyState.UNSUPPORTED if code == 2 else HotkeyState.REFUSED)
            return
        self._session = str(results["session_handle"])
        said = _("Open quick search")
        wish = {"description": ("s", said), "preferred_trigger": ("s", trigger_of(self._keys))}
        self._request(
            "BindShortcuts", "oa(sa{sv})sa{sv}", (self._session, [(SHORTCUT, wish)], ""), self._on_bound
        )

    def _on_bound(self, code: int, results: dict[str, Any]) -> None:
        bound = dict(results.get("shortcuts", ()))
        if code or SHORTCUT not in bound:
            self.key_state.emit(self._keys, HotkeyState.REFUSED)
            return
        _, said = bound[SHORTCUT].get("trigger_description", ("s", ""))
        self.key_state.emit(str(said) or self._keys, HotkeyState.READY)


def _rules() -> tuple[MatchRule, ...]:
    owner = MatchRule(
        type="signal",
        sender="org.freedesktop.DBus",
        interface="org.freedesktop.DBus",
        member="NameOwnerChanged",
    )
    owner.add_arg_condition(0, SERVICE)
    signals = (
        (REQUEST, "Response"),
        (SHORTCUTS, "Activated"),
        (SHORTCUTS, "ShortcutsChanged"),
        (SESSION, "Closed"),
    )
    return (
        owner,
        *(MatchRule(type="signal", interface=interface, member=member) for interface, member in signals),
    )
