"""The one object between the windows and the engine. It owns the engine and the threads their work runs in.

Made in the main thread. Its methods return at once and may be called from the main thread only; answers come
as signals, which reach the bound methods of QObjects in the main thread. Connect nothing else to them: a
lambda would run in the wrong thread.
"""

from __future__ import annotations

import logging
import shutil
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from notesearch.api.second_start import SHOW, StartRequest, hand_over_late
from notesearch.errors import DataFolderHeld, FolderOverlap, NotesearchError, StoreError
from notesearch.ui.bridge.latest_wins import LatestWins
from notesearch.ui.bridge.status_model import StatusModel

if TYPE_CHECKING:
    from notesearch.api.operations import Operation
    from notesearch.api.sessions import Owner
    from notesearch.config.credentials import Credentials
    from notesearch.config.settings import Settings
    from notesearch.domain import IndexingStatus, Locator
    from notesearch.engine.engine import Engine

log = logging.getLogger(__name__)

NOTHING = StartRequest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What went wrong, for people. `retryable`: the same thing may work when tried again."""

    title: str
    hint: str = ""
    retryable: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """An error of ours keeps its words; anything else is a bug, which is logged by place and kind, never
        by its text."""
        if isinstance(error, NotesearchError):
            return cls(title=error.title, hint=error.hint, retryable=error.retryable)
        places = traceback.extract_tb(error.__traceback__)
        log.error(
            "%s at %s",
            type(error).__name__,
            " < ".join(f"{Path(p.filename).name}:{p.lineno}" for p in reversed(places)),
        )
        return cls(
            title="Something went wrong inside Notesearch",
            hint=f"{type(error).__name__}. Your notes are untouched.",
        )


class Bridge(QObject):
    """The engine as the window sees it.

    Signals:
        opened: settings and window state were read, before the engine is there: (Settings, dict).
        ready: the engine has started; searches and everything else work from here on.
        start_failed: the engine cannot start: (Failure, retry may help).
        summoned: the program was started once more, and this one is asked for something: a StartRequest.
        handed_over: a window that started earlier has the data folder and came up: this one has nothing to
        do.
        status_changed: an IndexingStatus, at most ten times a second. Views follow `statuses`.
        vocabulary_ready: (tags with counts, formats with counts) for the filter menus.
        problems_ready: a tuple of FileProblem.
        folder_added: a Folder.
        vaults_ready: a tuple of Vault, folders of other notes programs.
        surveyed: a Survey of what was dropped or chosen, before anything is added.
        open_wanted: a path for the system's default program, link_wanted: a link for the editor it belongs
        to; only the main thread may.
        settings_changed: the Settings that hold from now on.
        settings_landed: a change that asked for it was made, or failed.
        failed: a Failure of anything else; always shown.
    """

    opened = Signal(object, object)
    ready = Signal()
    start_failed = Signal(object)
    summoned = Signal(object)
    handed_over = Signal()
    status_changed = Signal(object)
    vocabulary_ready = Signal(object, object)
    problems_ready = Signal(object)
    folder_added = Signal(object)
    surveyed = Signal(object)
    vaults_ready = Signal(object)
    open_wanted = Signal(object)
    link_wanted = Signal(str)
    settings_changed = Signal(object)
    settings_landed = Signal()
    failed = Signal(object)

    def __init__(self, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.data_dir = data_dir
        self.statuses = StatusModel(self)
        self.status_changed.connect(self.statuses.take)
        self._owner: Owner | None = None
        self._credentials: Credentials | None = None
        self._unsubscribe_all: tuple[Callable[[], None], ...] = ()
        self._started = threading.Event()
        self._closing = threading.Event()
        self._released = threading.Event()
        self._released.set()
        self._request = NOTHING
        self._parts: list[Callable[[], None]] = []
        self._opening = LatestWins("open")
        # One after the other, in the order in which the user changed them.
        self._changes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="settings")
        self._jobs = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bridge")

    # Starting and ending

    def start(self, request: StartRequest = NOTHING) -> None:
        """Read settings, then bring the engine up, then add the folders asked for. Also the retry after
        `start_failed`, which still adds them."""
        if request is not NOTHING:
            self._request = request
        self._opening.put(self._start)

    def hold(self) -> None:
        """Read the settings when started, and wait with the engine until `release`."""
        self._released.clear()

    def release(self) -> None:
        """The window stands and hears every signal: from here on the heavy imports may take their share of
        the processor."""
        self._released.set()

    def close(self, state: Mapping[str, Any] | None = None) -> None:
        """Save the window's state, stop every thread and the engine. The one call that waits; made when the
        event loop has ended."""
        # A setting changed a moment ago is kept; an engine that never came up could not.
        if self._started.is_set():
            self._changes.shutdown(wait=True)
        self._closing.set()
        self._released.set()
        self._started.set()
        self._opening.close()
        self._changes.shutdown(wait=True, cancel_futures=True)
        self._jobs.shutdown(wait=True, cancel_futures=True)
        for end in self._parts:
            end()
        if state is not None:
            self._save_state(state)
        for unsubscribe in self._unsubscribe_all:
            unsubscribe()
        if self._owner is not None:
            self._owner.close()

    @property
    def closed(self) -> bool:
        return self._closing.is_set()

    def on_close(self, end: Callable[[], None]) -> None:
        """`end` stops something else that works with the engine; it is called before the engine is closed."""
        self._parts.append(end)

    def _start(self) -> None:
        try:
            from notesearch.config.settings import load_settings, load_window_state

            settings, wrong = load_settings(self.data_dir)
            state = load_window_state(self.data_dir)
            # An index that had no window yet is the command line's work: no invitation before the engine was
            # asked for its folders.
            state.setdefault("folders", int((self.data_dir / "notes.sqlite").exists()))
            self.opened.emit(settings, state)
            self._released.wait()
            if self._closing.is_set():
                return
            for problem in wrong:
                self.failed.emit(Failure.of(problem))
            from notesearch.api.sessions import Owner
            from notesearch.config.credentials import Credentials, take_keys

            if self._credentials is None:
                # Once: they are not in the environment any more when the engine is started again.
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
        except (StoreError, DataFolderHeld) as error:
            self._owner = None
            if isinstance(error, DataFolderHeld) and hand_over_late(
                self.data_dir, self._request, self._closing
            ):
                self.handed_over.emit()
            else:
                self.start_failed.emit(Failure(title=error.title, hint=error.hint, retryable=True))
            return
        except Exception as error:
            self._owner = None
            self.start_failed.emit(Failure.of(error))
            return
        self._started.set()
        self.ready.emit()
        for folder in self._request.folders:
            self.run(partial(self._take_up, path=folder))

    def _on_show(self, message: Mapping[str, Any]) -> None:
        """The program was started once more. Called by a thread of the engine."""
        request = StartRequest.from_message(message)
        self.summoned.emit(request)
        for folder in request.folders:
            self.run(partial(self._take_up, path=folder))

    def _on_status(self, status: IndexingStatus) -> None:
        if not self._closing.is_set():
            self.status_changed.emit(status)

    def wait_for_engine(self) -> Engine | None:
        """The engine once it has started, None when everything ends. For worker threads."""
        self._started.wait()
        return None if self._closing.is_set() or self._owner is None else self._owner.engine

    # Operations

    def call(
        self,
        operation: Operation[..., Any],
        then: Callable[..., object] | None = None,
        **parameters: object,
    ) -> None:
        """Do an operation in a worker thread, once the engine has started. `then` takes its result there: a
        signal's `emit`, which carries it into the main thread. What fails is told by `failed`."""

        def job(engine: Engine) -> None:
            result = operation(engine, **parameters)
            if then is not None and not self._closing.is_set():
                then(result)

        self.run(job)

    # Everything else

    def add_folder(self, path: Path) -> None:
        self.run(partial(self._add_folder, path=path))

    def add_samples(self) -> None:
        """Copy the sample notes into the data folder and search them."""
        self.run(self._add_samples)

    def remove_folder(self, path: Path) -> None:
        self.run(lambda engine: engine.folders.remove(path))

    def answer_held(self, folder: Path, *, remove: bool) -> None:
        self.run(lambda engine: engine.folders.answer_held(folder, remove=remove))

    def pause(self) -> None:
        self.run(lambda engine: engine.indexing.pause())

    def resume(self) -> None:
        self.run(lambda engine: engine.indexing.resume())

    def problems(self) -> None:
        self.run(lambda engine: self.problems_ready.emit(engine.indexing.problems()))

    def retry(self, paths: Sequence[Path] | None = None) -> None:
        """Try failed files again; None: all of them."""
        self.run(lambda engine: engine.indexing.retry(paths))

    def vocabulary(self) -> None:
        self.run(lambda engine: self.vocabulary_ready.emit(engine.search.tags(), engine.search.formats()))

    def find_vaults(self) -> None:
        """Look for the folders of other notes programs in the usual places."""
        self.run(lambda engine: self.vaults_ready.emit(engine.folders.find_vaults()))

    def survey(self, path: Path) -> None:
        """Look at a folder, or at the folder of a file, before it is added."""
        self.run(lambda engine: self.surveyed.emit(engine.folders.survey(path)))

    def update_settings(
        self, change: Callable[[Settings], Settings], done: Callable[[], object] | None = None
    ) -> None:
        """Change the settings; `settings_changed` tells what holds then. `done` is called afterwards in the
        thread that did it, also where it failed: a signal's `emit`. Changes are made one after the other."""
        if not self._closing.is_set():
            self._changes.submit(self._guarded, self._update_settings, change, done)

    def save_window_state(self, state: Mapping[str, Any]) -> None:
        self._submit(self._save_state, dict(state))

    def open_note(self, template: str, path: Path, place: Locator) -> None:
        """Open a note with the editor command `template`, or with the system's default program where that is
        empty."""
        self._submit(self.start_editor, template, path, place)

    def reveal(self, path: Path) -> None:
        """Show a file or folder in the file manager."""
        self._submit(self._reveal, path)

    def _add_folder(self, engine: Engine, path: Path) -> None:
        from notesearch.api import operations

        self.folder_added.emit(operations.add_folder(engine, folder=path))

    def _take_up(self, engine: Engine, path: Path) -> None:
        """A folder from the command line: no complaint where it is searched already, the command may stand in
        a shortcut."""
        if engine.folders.covering(path) is None:
            survey = engine.folders.survey(path, limit=1)
            if survey.whole:
                self.surveyed.emit(engine.folders.survey(path))
            else:
                self._add_folder(engine, path)

    def _add_samples(self, engine: Engine) -> None:
        from notesearch.config.paths import resource

        target = self.data_dir / "sample-notes"
        if not target.is_dir():
            shutil.copytree(resource("sample-notes"), target)
        try:
            self._add_folder(engine, target)
        except FolderOverlap:
            log.info("the sample notes are searched already")

    def _update_settings(
        self, change: Callable[[Settings], Settings], done: Callable[[], object] | None
    ) -> None:
        engine = self.wait_for_engine()
        try:
            if engine is not None:
                engine.settings.update(change)
        finally:
            if done is not None:
                done()

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

    def run(self, job: Callable[[Engine], object]) -> None:
        """Do something with the engine in a thread, once it has started; what fails is told by `failed`."""
        self._submit(self._with_engine, job)

    def _with_engine(self, job: Callable[[Engine], object]) -> None:
        engine = self.wait_for_engine()
        if engine is not None:
            job(engine)

    def _submit(self, job: Callable[..., None], *arguments: object) -> None:
        if not self._closing.is_set():
            self._jobs.submit(self._guarded, job, *arguments)

    def _guarded(self, job: Callable[..., None], *arguments: object) -> None:
        try:
            job(*arguments)
        except Exception as error:
            if not self._closing.is_set():
                self.failed.emit(Failure.of(error))
