"""Calls: work that is done in a thread, and whose answer comes back into the main thread.

An answer goes to a bound method of a QObject, which is held weakly. So no worker thread keeps a dialog alive,
and a dialog that is gone hears nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from weakref import WeakMethod

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from notesearch.ui.bridge.failure import Failure

R = TypeVar("R")

# Seconds for which closing waits for work that may block. A keyring that asks the user, or a server that does
# not answer, must not keep the program from ending.
ENDS_WITHIN = 0.2
# Threads for short work. There are several, so that a folder that is looked at for two seconds does not delay
# the preview.
POOL = 4


class _Receiver:
    """The receiver of an answer: a bound method of a QObject, or a partial of one. Raises TypeError for
    anything else: a lambda would be lost, or run when its dialog is gone."""

    def __init__(self, taker: Callable[..., object]) -> None:
        given: Any = taker
        self._before: tuple[Any, ...] = ()
        self._named: dict[str, Any] = {}
        if isinstance(given, partial):
            given, self._before, self._named = given.func, given.args, given.keywords
        if not isinstance(getattr(given, "__self__", None), QObject) or not hasattr(given, "__func__"):
            raise TypeError(f"{taker!r} is no method of a QObject")
        self._method = WeakMethod(given)

    def take(self, value: object) -> None:
        """Give the answer to the method. Main thread."""
        method = self._method()
        if method is not None and isValid(method.__self__):
            method(*self._before, value, **self._named)


class Call:
    """One piece of work that was asked for, and whether its answer is still wanted. For the main thread,
    except `is_cancelled`."""

    def __init__(
        self, then: Callable[[Any], object] | None, failed: Callable[[Failure], object] | None
    ) -> None:
        self._then = _Receiver(then) if then is not None else None
        self._failed = _Receiver(failed) if failed is not None else None
        self._forgotten = False
        self._cancelled = threading.Event()

    def forget(self) -> None:
        """Drop the answer; the work is still done."""
        self._forgotten = True

    def cancel(self) -> None:
        """Drop the answer. The work is not begun, or is stopped where that is possible."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether `cancel` was called. Any thread."""
        return self._cancelled.is_set()

    @property
    def is_wanted(self) -> bool:
        """Whether the answer is still wanted."""
        return not (self._forgotten or self._cancelled.is_set())

    def answer(self, value: object) -> None:
        """Give the result to its receiver."""
        if self.is_wanted and self._then is not None:
            self._then.take(value)

    def fail(self, failure: Failure) -> bool:
        """Give a failure to its receiver. Returns False where there is none."""
        if self.is_wanted and self._failed is not None:
            self._failed.take(failure)
        return self._failed is not None or not self.is_wanted


class Calls(QObject):
    """Does work in threads. It is made in the main thread. Its methods are called there and return at once,
    except `end`. No answer arrives once `closing` is set.

    Signals:
        failed: a Failure of work for which the caller gave no `failed`.
        answered: an answer came, whether anybody waited for it or not.
    """

    failed = Signal(object)
    answered = Signal()
    _done = Signal(object, object)
    _broken = Signal(object, object)

    def __init__(self, closing: threading.Event, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closing = closing
        self._pool = ThreadPoolExecutor(max_workers=POOL, thread_name_prefix="bridge")
        self._lock = threading.Lock()
        self._own: set[threading.Thread] = set()
        self._done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)
        self._broken.connect(self._on_broken, Qt.ConnectionType.QueuedConnection)

    def ask(
        self,
        work: Callable[[Call], R],
        then: Callable[[R], object] | None = None,
        failed: Callable[[Failure], object] | None = None,
        *,
        within: Executor | None = None,
        may_block: bool = False,
    ) -> Call:
        """Do `work` in a thread. In the main thread, `then` gets its result, or `failed` the Failure.
        `within`: use these threads. `may_block`: use a thread of its own, for which closing hardly waits."""
        call = Call(then, failed)
        if self._closing.is_set():
            return call
        if may_block:
            self._start_own(call, work)
        else:
            (within or self._pool).submit(self._do, call, work)
        return call

    def end(self) -> None:
        """Close: wait for the work in the pool, and a moment for work that may block."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        deadline = time.monotonic() + ENDS_WITHIN
        with self._lock:
            running = tuple(self._own)
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    # Worker threads

    def _start_own(self, call: Call, work: Callable[[Call], object]) -> None:
        thread = threading.Thread(target=self._do_alone, args=(call, work), name="long call", daemon=True)
        with self._lock:
            self._own.add(thread)
        thread.start()

    def _do_alone(self, call: Call, work: Callable[[Call], object]) -> None:
        try:
            self._do(call, work)
        finally:
            with self._lock:
                self._own.discard(threading.current_thread())

    def _do(self, call: Call, work: Callable[[Call], object]) -> None:
        if call.is_cancelled():
            return
        try:
            value = work(call)
        except Exception as error:
            if not self._closing.is_set():
                self._broken.emit(call, Failure.of(error))
        else:
            if not self._closing.is_set():
                self._done.emit(call, value)

    # The main thread again

    def _on_done(self, call: Call, value: object) -> None:
        if not self._closing.is_set():
            call.answer(value)
            self.answered.emit()

    def _on_broken(self, call: Call, failure: Failure) -> None:
        if not self._closing.is_set() and not call.fail(failure):
            self.failed.emit(failure)
