"""What the settings ask of the desktop: start at login, links, a try of the editor. No engine does that, so
it is no operation. Like Bridge: made in the main thread, methods return at once, answers go to bound
methods."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PySide6.QtCore import QObject

from notesearch.api import operations
from notesearch.domain import Line
from notesearch.ui.bridge.bridge import Bridge
from notesearch.ui.bridge.calls import Call
from notesearch.ui.bridge.failure import Failure

Failed = Callable[[Failure], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class DesktopFacts:
    """What the desktop's files say of the program."""

    starts_at_login: bool
    opens_links: bool


class DesktopBridge(QObject):
    """Shares the threads of a Bridge, and has one for what is done in the order of the user's clicks."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._in_order = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desktop")
        bridge.on_close(self._close)

    def _close(self) -> None:
        self._in_order.shutdown(wait=True, cancel_futures=True)

    def facts(self, then: Callable[[DesktopFacts], object]) -> Call:
        """What holds after all that was asked for until now."""

        def work(_: Call) -> DesktopFacts:
            from notesearch.ui.desktop import autostart

            return DesktopFacts(
                starts_at_login=autostart.starts_at_login(), opens_links=autostart.opens_links()
            )

        return self._bridge.calls.ask(work, then, within=self._in_order)

    def set_start_at_login(self, wanted: bool, failed: Failed | None = None) -> None:
        """Start the program at login, or no more. What goes wrong goes to `failed`."""
        data_dir = self._bridge.data_dir

        def work(_: Call) -> None:
            from notesearch.config.paths import default_data_dir
            from notesearch.ui.desktop import autostart

            elsewhere = data_dir if data_dir != default_data_dir() else None
            autostart.set_start_at_login(wanted, elsewhere)

        self._bridge.calls.ask(work, failed=failed, within=self._in_order)

    def set_opens_links(self, wanted: bool, failed: Failed | None = None) -> None:
        """Open `notesearch:` links, or no more. What goes wrong goes to `failed`."""

        def work(_: Call) -> None:
            from notesearch.ui.desktop import autostart

            autostart.set_opens_links(wanted)

        self._bridge.calls.ask(work, failed=failed, within=self._in_order)

    def try_editor(self, template: str, then: Callable[[None], object], failed: Failed) -> Call:
        """Open the newest note with it, or one of the sample notes where there is none."""

        def work(_: Call) -> None:
            from notesearch.config.paths import resource

            newest = self._bridge.do(operations.recent, limit=1)
            path = newest[0].path if newest else min(resource("sample-notes").glob("*.md"))
            self._bridge.start_editor(template, path, Line(number=1))

        return self._bridge.calls.ask(work, then, failed)
