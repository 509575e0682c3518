"""Trays to be seen in: Debian's trayer for the old kind, and a StatusNotifier host that the test plays."""

from __future__ import annotations

import subprocess
from typing import Any

from jeepney import Message

from tests.conftest import wait_until
from tests.e2e.bus import PROPERTIES, Answer, Service, ask
from tests.e2e.desktop import Desktop, end, pause

DOUBLE_CLICK = 0.5
ITEM, MENU = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"
WATCHER_PATH, ITEM_PATH, MENU_PATH = "/StatusNotifierWatcher", "/StatusNotifierItem", "/MenuBar"


class NotifierHost(Service):
    """Watcher and host in one, as KDE's and GNOME's are to a program. What is drawn there is asked of the
    item."""

    name = "org.kde.StatusNotifierWatcher"

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.items: list[str] = []
        self.properties["IsStatusNotifierHostRegistered"] = ("b", True)
        self.properties["ProtocolVersion"] = ("i", 0)
        self.properties["RegisteredStatusNotifierItems"] = ("as", [])
        self.answers[self.name, "RegisterStatusNotifierItem"] = self._register

    def _register(self, body: tuple[Any, ...], message: Message) -> Answer:
        self.items.append(body[0])
        self.emit(WATCHER_PATH, self.name, "StatusNotifierItemRegistered", "s", body)
        return "", ()

    def wait(self) -> None:
        """Until an icon has come."""
        wait_until(lambda: bool(self.items))

    def item(self, name: str) -> Any:
        ((_, value),) = ask(self.address, self.items[-1], ITEM_PATH, PROPERTIES, "Get", "ss", (ITEM, name))
        return value

    @property
    def words(self) -> str:
        """What the icon says under the pointer."""
        return str(self.item("ToolTip")[2])

    def click(self) -> None:
        ask(self.address, self.items[-1], ITEM_PATH, ITEM, "Activate", "ii", (0, 0))

    @property
    def menu(self) -> dict[str, int]:
        """The entries of the menu that can be chosen, by what they say; a line that cannot be is told in
        brackets."""
        _, (_, _, entries) = ask(
            self.address, self.items[-1], MENU_PATH, MENU, "GetLayout", "iias", (0, -1, [])
        )
        found = {}
        for _, (number, properties, _) in entries:
            said = str(properties.get("label", ("s", ""))[1]).replace("_", "")
            if said:
                found[said if properties.get("enabled", ("b", True))[1] else f"[{said}]"] = number
        return found

    def choose(self, said: str) -> None:
        ask(
            self.address,
            self.items[-1],
            MENU_PATH,
            MENU,
            "Event",
            "isvu",
            (self.menu[said], "clicked", ("s", ""), 0),
        )


class Trayer:
    """A tray of the X kind at the bottom of the screen."""

    def __init__(self, desktop: Desktop) -> None:
        command = [
            "trayer",
            "--edge",
            "bottom",
            "--align",
            "right",
            "--widthtype",
            "request",
            "--height",
            "32",
        ]
        self._desktop = desktop
        self._process = subprocess.Popen(
            command, env=desktop.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def icons(self) -> list[str]:
        """The windows docked in it."""
        tree = self._desktop.output("xwininfo", "-root", "-tree").splitlines()
        panel = next((i for i, line in enumerate(tree) if '("panel" "trayer")' in line), None)
        if panel is None:
            return []
        depth = len(tree[panel]) - len(tree[panel].lstrip())
        inside = []
        for line in tree[panel + 1 :]:
            if len(line) - len(line.lstrip()) <= depth:
                break
            inside.append(line)
        return [line.split()[0] for line in inside if '("notesearch" "notesearch")' in line]

    def wait(self) -> str:
        wait_until(lambda: bool(self.icons()))
        return self.icons()[0]

    def click(self, button: int = 1) -> None:
        x, y = self._desktop.middle(self.wait())
        pause(DOUBLE_CLICK)
        self._desktop.xdotool("mousemove", x, y, "click", button)

    def close(self) -> None:
        end(self._process)
