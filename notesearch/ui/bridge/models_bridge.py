"""Models, keys and money between the window and the engine: the second half of the bridge.

Like Bridge: made in the main thread, methods return at once, answers come as signals to bound methods. Each
job has a thread of its own, since a keyring blocks until the user has unlocked it, a test takes seconds,
and a large folder takes a while to count.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from notesearch.ui.bridge.bridge import Bridge, Failure

if TYPE_CHECKING:
    from notesearch.catalogue import Probe
    from notesearch.engine.engine import Engine

# Seconds that closing waits for jobs. A keyring that asks the user, or a server that is silent, may not
# keep the program from ending.
ENDS_WITHIN = 0.2
NOTES_SHOWN = 200
HELD_SHOWN = 500
LEDGER_SHOWN = 500

Job = Callable[["Engine"], object]


class ProviderBridge(QObject):
    """Shares the engine of a Bridge, which ends it. No key is kept here: it goes from the field to the
    engine.

    Signals:
        choices_ready: a tuple of ModelChoice. providers_ready: a tuple of ProviderInfo.
        estimate_ready: (request number, Estimate). estimate_failed: (request number, Failure).
        consent_wanted: an Estimate: going back to a former model costs something after all.
        agreed: a folder's Path: its new index is being built.
        notes_ready: (request number, a tuple of Match) to choose a note from. held_ready: (request number, a
        tuple of HeldNote).
        outgoing_ready: (Path, a tuple of Outgoing). outgoing_failed: (Path, Failure).
        allowed: (Path, how many passages were let go).
        key_kept: (provider, "stored" or "session-only"). key_failed: (provider, Failure). key_forgotten:
        provider.
        tested: (provider, Probe). test_failed: (provider, Failure).
        own_kept: (provider, identifier of the model). own_removed: provider. own_failed: (provider, Failure)
        of either.
        ledger_ready: (a tuple of LedgerEntry, the folder of its files).
        previous_forgotten: a folder's Path.
    """

    choices_ready = Signal(object)
    providers_ready = Signal(object)
    estimate_ready = Signal(int, object)
    estimate_failed = Signal(int, object)
    consent_wanted = Signal(object)
    agreed = Signal(object)
    notes_ready = Signal(int, object)
    held_ready = Signal(int, object)
    outgoing_ready = Signal(object, object)
    outgoing_failed = Signal(object, object)
    allowed = Signal(object, int)
    key_kept = Signal(str, str)
    key_failed = Signal(str, object)
    key_forgotten = Signal(str)
    tested = Signal(str, object)
    test_failed = Signal(str, object)
    own_kept = Signal(str, str)
    own_removed = Signal(str)
    own_failed = Signal(str, object)
    ledger_ready = Signal(object, object)
    previous_forgotten = Signal(object)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._given_up: set[int] = set()
        bridge.on_close(self._end)

    # Choosing a model

    def choices(self) -> None:
        self._run(self._choices)

    def prepare(self, folder: Path, identifier: str) -> int:
        """Count what the folder's model would be sent. Returns the request number."""
        request = next(self._numbers)
        self._run(
            partial(self._prepare, request, folder, identifier), partial(self.estimate_failed.emit, request)
        )
        return request

    def give_up(self, request: int, folder: Path) -> None:
        """The user does not want that model after all, counted or not."""
        self._given_up.add(request)
        self.cancel(folder)

    def cancel(self, folder: Path) -> None:
        """Stay with the present model."""
        self._run(lambda engine: engine.models.cancel(folder))

    def agree(self, folder: Path) -> None:
        """The user's word: from here on passages are sent."""
        self._run(partial(self._agree, folder))

    def go_back(self, folder: Path, identifier: str) -> None:
        """To the model whose index was kept. Where that costs something by now, the user is asked."""
        self._run(partial(self._go_back, folder, identifier))

    def forget_previous(self, folder: Path) -> None:
        self._run(partial(self._forget_previous, folder))

    def _choices(self, engine: Engine) -> None:
        self.choices_ready.emit(engine.models.choices())

    def _prepare(self, request: int, folder: Path, identifier: str, engine: Engine) -> None:
        if request in self._given_up:
            return
        estimate = engine.models.prepare(folder, identifier)
        if request in self._given_up:
            # Given up while it was being counted: what came after must not stay.
            engine.models.cancel(folder)
            return
        self.estimate_ready.emit(request, estimate)

    def _agree(self, folder: Path, engine: Engine) -> None:
        engine.models.agree(folder)
        self.agreed.emit(folder)

    def _go_back(self, folder: Path, identifier: str, engine: Engine) -> None:
        estimate = engine.models.prepare(folder, identifier)
        if estimate.remote and estimate.chunks:
            self.consent_wanted.emit(estimate)
        else:
            self._agree(folder, engine)

    def _forget_previous(self, folder: Path, engine: Engine) -> None:
        engine.models.forget_former(folder)
        self.previous_forgotten.emit(folder)

    # What is sent

    def notes(self, folder: Path, text: str) -> int:
        """Notes of a folder that hold `text`; the newest ones for "". Returns the request number."""
        request = next(self._numbers)
        self._run(partial(self._notes, request, folder, text))
        return request

    def held_back(self, folder: Path) -> int:
        """The notes of a folder of which something stays here, and those that ignore files name. Returns the
        request number."""
        request = next(self._numbers)
        self._run(lambda engine: self.held_ready.emit(request, engine.models.held_back(folder, HELD_SHOWN)))
        return request

    def outgoing(self, path: Path) -> None:
        self._run(partial(self._outgoing, path), partial(self.outgoing_failed.emit, path))

    def allow(self, path: Path) -> None:
        """Let the passages of a note go that are held back."""
        self._run(partial(self._allow, path), partial(self.outgoing_failed.emit, path))

    def _notes(self, request: int, folder: Path, text: str, engine: Engine) -> None:
        from notesearch.domain import Query

        if text.strip():
            found = engine.search.words(
                Query(text=text.strip(), limit=NOTES_SHOWN, folder=folder, prefix=True)
            ).matches
        else:
            found = tuple(
                match for match in engine.search.recent(10 * NOTES_SHOWN) if match.path.is_relative_to(folder)
            )[:NOTES_SHOWN]
        self.notes_ready.emit(request, found)

    def _outgoing(self, path: Path, engine: Engine) -> None:
        self.outgoing_ready.emit(path, engine.models.outgoing(path))

    def _allow(self, path: Path, engine: Engine) -> None:
        self.allowed.emit(path, engine.models.allow(path))
        self._outgoing(path, engine)

    # Providers and keys

    def providers(self) -> None:
        """Keys and meters. Asks the keyring, which may ask the user."""
        self._run(self._providers)

    def set_key(self, provider: str, key: str) -> None:
        self._run(partial(self._set_key, provider, key), partial(self.key_failed.emit, provider))

    def forget_key(self, provider: str) -> None:
        self._run(partial(self._forget_key, provider), partial(self.key_failed.emit, provider))

    def test(self, provider: str, model: str, base_url: str = "") -> None:
        """Ask once, with built-in texts. Nothing of it is kept."""
        self._run(partial(self._test, provider, model, base_url), partial(self.test_failed.emit, provider))

    def test_own(self, name: str, model: str, base_url: str, key: str) -> None:
        """The same for a server of the user's own. A key that is typed is kept, and then the address as
        well: a key belongs to one."""
        self._run(partial(self._test_own, name, model, base_url, key), partial(self.test_failed.emit, name))

    def keep_own(self, name: str, base_url: str, found: Probe) -> None:
        """Keep a server of the user's own, and the model that was tested there."""
        self._run(partial(self._keep_own, name, base_url, found), partial(self.own_failed.emit, name))

    def remove_own(self, name: str) -> None:
        """Forget a server of the user's own with its models and its key, unless a folder needs it."""
        self._run(partial(self._remove_own, name), partial(self.own_failed.emit, name))

    def retry_providers(self) -> None:
        """The user has acted, or wants it tried again at once."""
        self._run(lambda engine: engine.models.retry_providers())

    def ledger(self) -> None:
        self._run(
            lambda engine: self.ledger_ready.emit(
                engine.models.ledger(LEDGER_SHOWN), engine.models.ledger_folder
            )
        )

    def _providers(self, engine: Engine) -> None:
        self.providers_ready.emit(engine.models.providers())

    def _set_key(self, provider: str, key: str, engine: Engine) -> None:
        self.key_kept.emit(provider, engine.models.set_key(provider, key))
        self._providers(engine)

    def _forget_key(self, provider: str, engine: Engine) -> None:
        engine.models.forget_key(provider)
        self.key_forgotten.emit(provider)
        self._providers(engine)

    def _test(self, provider: str, model: str, base_url: str, engine: Engine) -> None:
        self.tested.emit(provider, engine.models.test(provider, model, base_url, keep=False))
        self._providers(engine)

    def _test_own(self, name: str, model: str, base_url: str, key: str, engine: Engine) -> None:
        if key:
            engine.settings.update(lambda settings: settings.with_provider(name, base_url=base_url))
            self.key_kept.emit(name, engine.models.set_key(name, key))
        self._test(name, model, base_url, engine)

    def _keep_own(self, name: str, base_url: str, found: Probe, engine: Engine) -> None:
        engine.settings.update(
            lambda settings: settings.with_provider(name, base_url=base_url).with_model(found.model)
        )
        self._choices(engine)
        self._providers(engine)
        self.own_kept.emit(name, found.model.identifier)

    def _remove_own(self, name: str, engine: Engine) -> None:
        engine.models.remove_own(name, engine.status().folders)
        self.own_removed.emit(name)
        self._choices(engine)
        self._providers(engine)

    # Threads

    def _run(self, job: Job, failed: Callable[[Failure], object] | None = None) -> None:
        """Do `job` in a thread of its own. A failure goes to `failed`, else it is shown like any other of the
        window."""
        if self._bridge.closed:
            return
        thread = threading.Thread(
            target=self._guarded,
            args=(job, failed or self._bridge.failed.emit),
            name="provider job",
            daemon=True,
        )
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _guarded(self, job: Job, failed: Callable[[Failure], object]) -> None:
        try:
            engine = self._bridge.wait_for_engine()
            if engine is not None:
                job(engine)
        except Exception as error:
            if not self._bridge.closed:
                failed(Failure.of(error))
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _end(self) -> None:
        deadline = time.monotonic() + ENDS_WITHIN
        with self._lock:
            running = tuple(self._threads)
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))
