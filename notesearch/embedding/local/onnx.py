"""The bundled model: all-MiniLM-L6-v2 as int8 ONNX, run by onnxruntime and tokenizers. Knows nothing of
notes, files or the store.

One session runs with one thread per call, and calls run side by side: a query starts at once on the core that
indexing leaves to the person, instead of waiting in line behind a batch for a shared thread pool.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from notesearch.catalogue import LOCAL, EmbeddingModel
from notesearch.config.paths import resource
from notesearch.embedding.embedder import Cancelled, Delivered, Vectors, never
from notesearch.errors import EmbeddingError, ModelMissing

# Padded tokens of one run. On a CPU longer runs are slower (256 real notes: 256 tokens 8,100 a second, 2,048
# 7,200, 8,192 6,400), and they would hold up a pause.
TOKENS_PER_BATCH = 512
WINDOW = 128
# Seconds without a query or a text after which the model is unloaded, and the least that are waited between
# looks at the clock.
IDLE = 600.0
LOOK_AGAIN = 60.0


class LocalEmbedder:
    """The bundled model. Loaded at the first call, unloaded when nothing was asked of it for `idle` seconds;
    any thread may call, several at once.

    `workers`: batches embedded side by side by `embed_documents`; by default one core is left to the person.
    """

    def __init__(self, folder: Path | None = None, *, workers: int | None = None, idle: float = IDLE) -> None:
        self._folder = folder or resource("models/all-minilm-l6-v2")
        self._workers = workers or max(1, (os.cpu_count() or 2) - 1)
        self._idle = idle
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._used = 0.0
        self._ahead: threading.Thread | None = None
        # Set when the model that is loaded was let go: ends the thread that looks after it.
        self._let_go = threading.Event()

    @property
    def model(self) -> EmbeddingModel:
        return LOCAL

    @property
    def window(self) -> int:
        return WINDOW * self._workers

    def embed_documents(
        self, texts: Sequence[str], tokens: Sequence[int] = (), cancelled: Cancelled = never
    ) -> Iterator[Delivered]:
        """Delivers once, when all are done or `cancelled` turned true; `tokens` is not needed."""
        session, tokenizer = self._load()
        encoded = [
            e.ids[: LOCAL.context]
            for e in tokenizer.encode_batch_fast([LOCAL.document_instruction + t for t in texts])
        ]
        batches = batches_by_length([len(ids) for ids in encoded])
        vectors = np.zeros((len(texts), LOCAL.dimensions), np.float32)
        reached = np.zeros(len(texts), bool)

        def run(batch: list[int]) -> None:
            if not cancelled():
                vectors[batch] = _run(session, [encoded[i] for i in batch])
                reached[batch] = True

        if self._workers == 1:
            for batch in batches:
                run(batch)
        else:
            list(self._indexing_pool().map(run, batches))
        positions = np.flatnonzero(reached)
        if len(positions):
            yield positions.tolist(), vectors if len(positions) == len(texts) else vectors[positions]

    def embed_query(self, text: str, cancelled: Cancelled = never) -> Vectors:
        """A millisecond or two: `cancelled` is not looked at."""
        session, tokenizer = self._load()
        ids = tokenizer.encode(LOCAL.query_instruction + text).ids[: LOCAL.context]
        vector: Vectors = _run(session, [ids])[0]
        return vector

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._loaded is not None

    def load_ahead(self) -> None:
        """Begin to load the model where it is not in memory: it will be asked soon. Returns at once; what
        fails is said to whoever asks."""
        if self._loaded is None and self._ahead is None:
            self._ahead = threading.Thread(target=self._load_ahead, name="model loading", daemon=True)
            self._ahead.start()

    def unload(self) -> None:
        self._forget()
        return_memory()

    def close(self) -> None:
        """A batch under way is short, and ends; so is loading, which must not outlive the program."""
        if (ahead := self._ahead) is not None:
            ahead.join(5)
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._loaded = None
            self._let_go.set()
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    def _load_ahead(self) -> None:
        try:
            with contextlib.suppress(EmbeddingError):
                self._load()
        finally:
            self._ahead = None

    def _unload_when_idle(self, let_go: threading.Event) -> None:
        while (left := self._used + self._idle - time.monotonic()) > 0:
            if let_go.wait(max(left, min(self._idle, LOOK_AGAIN))):
                return
        self.unload()

    def _indexing_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, "embedding", initializer=lower_thread_priority)
            return self._pool

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            self._used = time.monotonic()
            if self._loaded is None:
                self._loaded = _load_model(self._folder)
                self._used, self._let_go = time.monotonic(), threading.Event()
                threading.Thread(
                    target=self._unload_when_idle, args=(self._let_go,), name="model idle", daemon=True
                ).start()
            return self._loaded


def batches_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Positions grouped so that texts of like length share a run, longest first, at most TOKENS_PER_BATCH
    padded tokens each."""
    batches: list[list[int]] = []
    room = 0
    for position in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if not batches or len(batches[-1]) >= room:
            batches.append([])
            room = max(1, TOKENS_PER_BATCH // max(1, lengths[position]))
        batches[-1].append(position)
    return batches


def lower_thread_priority() -> None:
    """Let the window and queries go first. Linux gives threads a niceness of their own; elsewhere this does
    nothing."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def return_memory() -> None:
    """Give back to the system what was freed: glibc keeps it otherwise (50 MB of the model)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _load_model(folder: Path) -> tuple[Any, Any]:
    import onnxruntime
    from tokenizers import Tokenizer

    if not (folder / "model.onnx").exists():
        raise ModelMissing
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = True
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:
        raise ModelMissing("The bundled model cannot be loaded") from error
    return session, tokenizer


def _run(session: Any, encoded: Sequence[Sequence[int]]) -> Vectors:
    length = max(len(ids) for ids in encoded)
    ids = np.zeros((len(encoded), length), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    try:
        vectors: Vectors = session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
    except Exception as error:
        raise EmbeddingError(
            "The bundled model failed", hint="Try again; if it fails again, install Notesearch anew."
        ) from error
    return vectors
