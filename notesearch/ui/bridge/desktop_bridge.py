"""Work on the desktop for the settings: start at login, links, trying an editor. It needs no engine, so it is
no operation.

Like Bridge, the object is made in the main thread, its methods return at once, and answers go to bound
methods.
"""

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
    """What the desktop's files say about the program: whether it starts at login, and whether it opens
    links."""

    starts_at_login: bool
    opens_links: bool


class DesktopBridge(QObject):
    """Does work on the desktop's files. It uses the threads of a Bridge, and one of its own for work that
    must keep the order of the user's clicks. Main thread."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._in_order = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desktop")
        bridge.on_close(self._close)

    def _close(self) -> None:
        self._in_order.shutdown(wait=True, cancel_futures=True)

    def facts(self, then: Callable[[DesktopFacts], object]) -> Call:
        """Tell `then` what the desktop's files say, after all changes that were asked for."""

        def work(_: Call) -> DesktopFacts:
            from notesearch.ui.desktop import autostart

            return DesktopFacts(
                starts_at_login=autostart.starts_at_login(), opens_links=autostart.opens_links()
            )

        return self._bridge.calls.ask(work, then, within=self._in_order)

    def set_start_at_login(self, wanted: bool, failed: Failed | None = None) -> None:
        """Let the desktop start the program at login, or not any more. A failure goes to `failed`."""
        data_dir = self._bridge.data_dir

        def work(_: Call) -> None:
            from notesearch.config.paths import default_data_dir
            from notesearch.ui.desktop import autostart

            elsewhere = data_dir if data_dir != default_data_dir() else None
            autostart.set_start_at_login(wanted, elsewhere)

        self._bridge.calls.ask(work, failed=failed, within=self._in_order)

    def set_opens_links(self, wanted: bool, failed: Failed | None = None) -> None:
        """Let the program open `notesearch:` links, or not any more. A failure goes to `failed`."""

        def work(_: Call) -> None:
            from notesearch.ui.desktop import autostart

            autostart.set_opens_links(wanted)

        self._bridge.calls.ask(work, failed=failed, within=self._in_order)

    def try_editor(self, template: str, then: Callable[[None], object], failed: Failed) -> Call:
        """Try an editor command: open the newest note with it, or a sample note where there is none."""

        def work(_: Call) -> None:
            from notesearch.config.paths import resource

            newest = self._bridge.do(operations.recent, limit=1)
            path = newest[0].path if newest else min(resource("sample-notes").glob("*.md"))
            self._bridge.start_editor(template, path, Line(number=1))

        return self._bridge.calls.ask(work, then, failed)
