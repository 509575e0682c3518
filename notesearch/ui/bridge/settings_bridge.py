"""What the settings show and ask besides the Settings themselves: files of the desktop, sizes, counts, a try
of the editor. Like Bridge: made in the main thread, methods return at once, answers come as signals to bound
methods."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from notesearch.domain import Line
from notesearch.ui.bridge.bridge import Bridge, Failure
from notesearch.ui.bridge.latest_wins import LatestWins

if TYPE_CHECKING:
    from notesearch.engine.engine import Engine

# Seconds that the typing of ignore rules rests before they are tried on the folder.
COUNT_AFTER = 0.25


@dataclass(frozen=True, kw_only=True, slots=True)
class DesktopFacts:
    """`bytes_on_disk`: database and indexes together."""

    starts_at_login: bool
    opens_links: bool
    bytes_on_disk: int


class SettingsBridge(QObject):
    """Shares the engine of a Bridge.

    Signals:
        facts_ready: DesktopFacts. login_failed: a Failure of start at login or links; the facts follow it.
        editor_tried: None when the editor was started, else a Failure.
        ignored_ready: (folder, rules, IgnoredCount).
    """

    facts_ready = Signal(object)
    login_failed = Signal(object)
    editor_tried = Signal(object)
    ignored_ready = Signal(object, str, object)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._counts = LatestWins("ignored notes", rest=COUNT_AFTER)
        self._counting = 0
        # One after the other, so that the facts that are told last are the last ones.
        self._desktop = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desktop")
        self._asked = 0
        bridge.on_close(self._close)

    def _close(self) -> None:
        self._counts.close()
        self._desktop.shutdown(wait=True, cancel_futures=True)

    def facts(self) -> None:
        self._change(lambda: None)

    def set_start_at_login(self, wanted: bool) -> None:
        from notesearch.config.paths import default_data_dir

        data_dir = self._bridge.data_dir
        elsewhere = data_dir if data_dir != default_data_dir() else None
        from notesearch.ui.desktop import autostart

        self._change(partial(autostart.set_start_at_login, wanted, elsewhere))

    def set_opens_links(self, wanted: bool) -> None:
        from notesearch.ui.desktop import autostart

        self._change(partial(autostart.set_opens_links, wanted))

    def try_editor(self, template: str) -> None:
        """Open the newest note with it, or one of the sample notes where there is none."""
        self._bridge.run(partial(self._try_editor, template=template))

    def count_ignored(self, folder: Path, rules: str) -> None:
        """Count what these rules leave out; only the newest question is answered."""
        self._counting += 1
        self._counts.put(partial(self._count, self._counting, folder, rules))

    def _change(self, change: Callable[[], None]) -> None:
        """Change something of the desktop, then tell the facts, unless something else was asked for
        meanwhile."""
        self._asked += 1
        if not self._bridge.closed:
            self._desktop.submit(self._changed, self._asked, change)

    def _changed(self, number: int, change: Callable[[], None]) -> None:
        from notesearch.ui.desktop import autostart

        engine = self._bridge.wait_for_engine()
        if engine is None:
            return
        try:
            change()
        except Exception as error:
            self.login_failed.emit(Failure.of(error))
        facts = DesktopFacts(
            starts_at_login=autostart.starts_at_login(),
            opens_links=autostart.opens_links(),
            bytes_on_disk=sum(engine.bytes_on_disk().values()),
        )
        if number == self._asked and not self._bridge.closed:
            self.facts_ready.emit(facts)

    def _try_editor(self, engine: Engine, template: str) -> None:
        from notesearch.config.paths import resource

        newest = engine.search.recent(1)
        path = newest[0].path if newest else next(iter(sorted(resource("sample-notes").glob("*.md"))))
        try:
            self._bridge.start_editor(template, path, Line(number=1))
            self.editor_tried.emit(None)
        except Exception as error:
            self.editor_tried.emit(Failure.of(error))

    def _count(self, number: int, folder: Path, rules: str) -> None:
        engine = self._bridge.wait_for_engine()
        if engine is None:
            return
        outdated: Callable[[], bool] = lambda: number != self._counting or self._bridge.closed  # noqa: E731
        try:
            counted = engine.folders.count_ignored(folder, rules, outdated)
        except Exception as error:
            self._bridge.failed.emit(Failure.of(error))
            return
        if not outdated():
            self.ignored_ready.emit(folder, rules, counted)
