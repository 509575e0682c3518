"""The bridge: the only object between the windows and the engine. It owns the engine and the threads of the
engine's work.

It is made in the main thread. Its methods may be called from the main thread only, and return at once, unless
they say otherwise. A view gives an operation of the table to `call`; the answer goes to a bound method of a
QObject, in the main thread. Signals tell what no view asked for. They too must be connected to bound methods
of QObjects only: a lambda would run in the wrong thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from PySide6.QtCore import QObject, Signal

from notesearch.api.second_start import SHOW, StartRequest, hand_over_late
from notesearch.domain import Told
from notesearch.errors import DataFolderHeld, StoreError
from notesearch.ui.bridge.calls import Call, Calls
from notesearch.ui.bridge.failure import Failure
from notesearch.ui.bridge.garbage import MainThreadCollector
from notesearch.ui.bridge.latest_wins import LatestWins
from notesearch.ui.bridge.status_model import StatusModel

if TYPE_CHECKING:
    from notesearch.api.operation import Operation
    from notesearch.api.sessions import Owner
    from notesearch.config.credentials import Credentials
    from notesearch.config.settings import Settings
    from notesearch.domain import IndexingStatus, Locator
    from notesearch.engine.engine import Engine

P = ParamSpec("P")
R = TypeVar("R")

NOTHING = StartRequest()


class Closed(Exception):
    """Raised in worker threads when the bridge is closing, so that no answer is wanted any more."""


class Bridge(QObject):
    """The engine as the window sees it.

    Signals:
        opened: settings and window state were read, before the engine is open: (Settings, dict).
        ready: the engine has started; from now on searches and everything else work.
        start_failed: the engine cannot start: (Failure, whether trying again may help).
        summoned: the program was started once more, with a request for this process: a StartRequest.
        handed_over: a window that started earlier has the data folder and was shown; this process can end.
        status_changed: an IndexingStatus, at most ten times a second. Views follow `statuses`.
        folders_wanted: folders that this start, or another one, has to add: a tuple of paths.
        open_wanted: a path to open with the system's default program. link_wanted: a link to open with its
        editor. Only the main thread may open them.
        settings_changed: the new Settings.
        failed: a Failure of a call without a `failed` of its own; it is always shown.
        mended: what a repair has done: a tuple of Mended.
    """

    opened = Signal(object, object)
    ready = Signal()
    start_failed = Signal(object)
    summoned = Signal(object)
    handed_over = Signal()
    status_changed = Signal(object)
    folders_wanted = Signal(object)
    open_wanted = Signal(object)
    link_wanted = Signal(str)
    settings_changed = Signal(object)
    failed = Signal(object)
    mended = Signal(object)

    def __init__(self, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.data_dir = data_dir
        self.statuses = StatusModel(self)
        self.status_changed.connect(self.statuses.take)
        self._garbage = MainThreadCollector()
        self.status_changed.connect(self._on_news)
        self._owner: Owner | None = None
        self._credentials: Credentials | None = None
        self._unsubscribe_all: tuple[Callable[[], None], ...] = ()
        self._started = threading.Event()
        self._closing = threading.Event()
        self.calls = Calls(self._closing, self)
        self.calls.failed.connect(self.failed)
        self.calls.answered.connect(self._on_news)
        self._released = threading.Event()
        self._released.set()
        self._request = NOTHING
        self._parts: list[Callable[[], None]] = []
        self._opening = LatestWins("open")
        # One thread, so that settings are changed in the order in which the user changed them.
        self._changes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="settings")

    # Starting and ending

    def start(self, request: StartRequest = NOTHING) -> None:
        """Read the settings, open the engine, then add the folders asked for. Called again to retry after
        `start_failed`; it then still adds these folders."""
        if request is not NOTHING:
            self._request = request
        self._opening.put(self._start)

    def hold(self) -> None:
        """When started, read the settings, but wait with the engine until `release`."""
        self._released.clear()

    def release(self) -> None:
        """Let the engine start: the window is built and connected to every signal, so the heavy imports may
        now take processor time."""
        self._released.set()

    def close(self, state: Mapping[str, Any] | None = None) -> None:
        """Save the window's state, stop every thread, and close the engine. This method waits. Called when
        the event loop has ended."""
        # A setting that was changed a moment ago is still saved. Where the engine never started, that may not
        # be possible.
        if self._started.is_set():
            self._changes.shutdown(wait=True)
        self._closing.set()
        self._released.set()
        self._started.set()
        self._opening.close()
        self._changes.shutdown(wait=True, cancel_futures=True)
        self.calls.end()
        for end in self._parts:
            end()
        if state is not None:
            self._save_state(state)
        for unsubscribe in self._unsubscribe_all:
            unsubscribe()
        if self._owner is not None:
            self._owner.close()
        self._garbage.release()

    @property
    def closed(self) -> bool:
        """Whether the bridge is closing."""
        return self._closing.is_set()

    def on_close(self, end: Callable[[], None]) -> None:
        """Call `end` before the engine is closed. It stops something else that uses the engine."""
        self._parts.append(end)

    def _start(self) -> None:
        try:
            from notesearch.config.settings import load_settings, load_window_state

            settings, wrong = load_settings(self.data_dir)
            state = load_window_state(self.data_dir)
            # There is no window state yet, but perhaps an index that the command line made. So the first page
            # is not shown before the engine was asked for its folders.
            state.setdefault("folders", int(os.path.exists(self.data_dir / "notes.sqlite")))
            self.opened.emit(settings, state)
            self._released.wait()
            if self._closing.is_set():
                return
            for problem in wrong:
                self.failed.emit(Failure.of(problem))
            from notesearch.api.sessions import Owner
            from notesearch.config.credentials import Credentials, take_keys

            if self._credentials is None:
                # Done once: the keys are not in the environment any more when the engine is started again.
                self._credentials = Credentials(take_keys())
            self._owner = Owner(self.data_dir, credentials=self._credentials, handlers={SHOW: self._on_show})
            if self._closing.is_set():
                return
            engine = self._owner.engine
            self._unsubscribe_all = (
                engine.subscribe(self._on_status),
                engine.settings.subscribe(lambda _, now: self.settings_changed.emit(now)),
            )
            self.status_changed.emit(engine.status())
            if self._owner.weak_lock is not None:
                self.failed.emit(Failure.of(self._owner.weak_lock))
        except (StoreError, DataFolderHeld) as error:
            self._owner = None
            self._not_opened(error)
            return
        except Exception as error:
            self._owner = None
            self.start_failed.emit(Failure.of(error))
            return
        self._started.set()
        self.ready.emit()
        self.folders_wanted.emit(self._request.folders)

    def repair(self) -> None:
        """Close the engine where it is open, repair the data folder, and start again. `mended` then tells
        what was done, or `start_failed` why nothing could be."""
        self._opening.put(self._repair)

    def _repair(self) -> None:
        from notesearch.api.mending import repair

        self._started.clear()
        unsubscribe_all, self._unsubscribe_all = self._unsubscribe_all, ()
        for unsubscribe in unsubscribe_all:
            unsubscribe()
        owner, self._owner = self._owner, None
        try:
            if owner is not None:
                owner.close()
            mended = repair(self.data_dir)
        except Exception as error:
            self.start_failed.emit(replace(Failure.of(error), retryable=True))
            return
        self.mended.emit(mended)
        self._start()

    def _not_opened(self, error: StoreError | DataFolderHeld) -> None:
        """Hand over to the process that has the data folder, or tell why nothing can be opened."""
        handed = False
        if isinstance(error, DataFolderHeld):
            try:
                handed = hand_over_late(self.data_dir, self._request, self._closing)
            except DataFolderHeld as hangs:
                error = hangs
        if handed:
            self.handed_over.emit()
        else:
            self.start_failed.emit(Failure(what=Told.of(error), retryable=True))

    def _on_show(self, message: Mapping[str, Any]) -> None:
        """The program was started once more. Called in a thread of the engine."""
        request = StartRequest.from_message(message)
        self.summoned.emit(request)
        self.folders_wanted.emit(request.folders)

    def _on_status(self, status: IndexingStatus) -> None:
        if not self._closing.is_set():
            self.status_changed.emit(status)

    def _on_news(self) -> None:
        """Something came from another thread: a status, or the answer to a call."""
        self._garbage.look()

    def wait_for_engine(self) -> Engine | None:
        """Wait for the engine. Returns it once it has started, None when the bridge is closing. For worker
        threads."""
        self._started.wait()
        return None if self._closing.is_set() or self._owner is None else self._owner.engine

    # What is asked

    def call(
        self,
        operation: Operation[P, R],
        then: Callable[[R], object] | None = None,
        failed: Callable[[Failure], object] | None = None,
        *args: P.args,
        **parameters: P.kwargs,
    ) -> Call:
        """Do an operation in a worker thread, once the engine has started.

        `then` gets its result, or `failed` a Failure, in the main thread. Both are bound methods of QObjects,
        or partials of such. They are not called when their object is gone, or the Call that is returned was
        cancelled. Without `failed`, the signal `failed` tells what went wrong.
        """

        def work(call: Call) -> R:
            if operation.stoppable:
                parameters["stopped"] = call.is_cancelled
            return self.do(operation, *args, **parameters)

        return self.calls.ask(work, then, failed, may_block=operation.may_block)

    def do(self, operation: Operation[P, R], /, *args: P.args, **parameters: P.kwargs) -> R:
        """Do an operation and wait for it. For worker threads. Raises what the operation raises, and Closed
        when the bridge is closing."""
        if self.wait_for_engine() is None or self._owner is None:
            raise Closed
        return self._owner.call(operation, *args, **parameters)

    def update_settings(
        self,
        change: Callable[[Settings], Settings],
        then: Callable[[None], object] | None = None,
        failed: Callable[[Failure], object] | None = None,
    ) -> None:
        """Change the settings, one change after another. `settings_changed` then tells the new settings."""

        def work(_: Call) -> None:
            engine = self.wait_for_engine()
            if engine is None:
                return
            try:
                engine.settings.update(change)
            except OSError as error:
                raise StoreError("store.folder-not-writable") from error

        self.calls.ask(work, then, failed, within=self._changes)

    # Files and the desktop

    def save_window_state(self, state: Mapping[str, Any]) -> None:
        """Save geometry, history and saved searches, in a worker thread."""
        kept = dict(state)
        self.calls.ask(lambda _: self._save_state(kept))

    def open_note(self, template: str, path: Path, place: Locator) -> None:
        """Open a note with the editor command `template`; with the system's default program where that is
        empty."""
        self.calls.ask(lambda _: self.start_editor(template, path, place))

    def reveal(self, path: Path) -> None:
        """Show a file or folder in the file manager."""
        self.calls.ask(lambda _: self._reveal(path))

    def _save_state(self, state: Mapping[str, Any]) -> None:
        if self._owner is not None:
            from notesearch.config.settings import save_window_state

            save_window_state(self.data_dir, state)

    def start_editor(self, template: str, path: Path, place: Locator) -> None:
        """Open a note as `open_note` does. For worker threads; raises a NotesearchError."""
        from notesearch.ui.desktop import open_with as desktop

        desktop.require(path)
        if desktop.is_link(template):
            self.link_wanted.emit(desktop.editor_link(template, path, place))
        elif template:
            desktop.start_editor(template, path, place)
        else:
            self.open_wanted.emit(path)

    def _reveal(self, path: Path) -> None:
        from notesearch.ui.desktop import open_with as desktop

        desktop.require(path)
        if not desktop.reveal(path):
            self.open_wanted.emit(path if path.is_dir() else path.parent)
