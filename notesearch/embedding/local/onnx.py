"""Local models: runs any row of the catalogue of local models with onnxruntime and tokenizers. It knows
nothing of notes, of the store, or of a particular model.

A session of onnxruntime uses one thread per call, and calls run side by side. So a query starts at once, on
the core that indexing leaves free, and does not wait behind a batch.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from notesearch.catalogue import EmbeddingModel
from notesearch.catalogue.local_models import BUNDLED, LocalModel, Pooling
from notesearch.config.paths import model_folder
from notesearch.embedding.embedder import Cancelled, Delivered, Vectors, never
from notesearch.errors import EmbeddingError, ModelMissing

# Padded tokens of one run. On a CPU longer runs are slower (256 real notes: 256 tokens 8,100 a second, 2,048
# 7,200, 8,192 6,400), and would delay a pause.
TOKENS_PER_BATCH = 512
WINDOW = 128
# The heaps of glibc; and the name of that setting, as malloc.h has it.
HEAPS, _M_ARENA_MAX = 2, -8


class Timer(Protocol):
    """A timer that unloads a model some time after its last use. Any thread."""

    def touch(self) -> None:
        """The model was used: start the waiting time again."""
        ...

    def close(self) -> None:
        """End the timer; nothing is unloaded any more."""
        ...


# Makes the timer of a model; its parameter is the function that unloads the model. See engine/idle_timer.py.
MakeTimer = Callable[[Callable[[], None]], Timer]


class _Loaded(NamedTuple):
    """A model in memory. `inputs` are the names of its graph's inputs."""

    session: Any
    tokenizer: Any
    inputs: frozenset[str]


class OnnxEmbedder:
    """Runs one local model. It is loaded at the first call, and unloaded by the timer, where there is one, or
    by `unload`. Any thread may call, several at once.

    `folder`: where its files are; by default the model's usual folder. `workers`: how many batches
    `embed_documents` embeds side by side; by default all cores but one.
    """

    def __init__(
        self,
        row: LocalModel = BUNDLED,
        folder: Path | None = None,
        *,
        workers: int | None = None,
        timer: MakeTimer | None = None,
    ) -> None:
        self._row = row
        self._model = row.model
        self._folder = folder or model_folder(row.name)
        self._workers = workers or max(1, (os.cpu_count() or 2) - 1)
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: threading.Thread | None = None
        self._timer = timer(self.unload) if timer is not None else None

    @property
    def model(self) -> EmbeddingModel:
        """The row of the catalogue that it runs."""
        return self._model

    @property
    def window(self) -> int:
        """See Embedder."""
        return WINDOW * self._workers

    @property
    def under_way(self) -> int:
        """See Embedder."""
        return 0

    def embed_documents(
        self,
        texts: Sequence[str],
        tokens: Sequence[int] = (),
        cancelled: Cancelled = never,
        enough: Cancelled = never,
    ) -> Iterator[Delivered]:
        """See Embedder. Gives everything at once, when all is done or `cancelled` returned true. `tokens` is
        not needed."""
        loaded = self._load()
        prefix = self._row.document_prefix
        encoded = [
            self._cut(e.ids) for e in loaded.tokenizer.encode_batch_fast([prefix + text for text in texts])
        ]
        batches = batches_by_length([len(ids) for ids in encoded])
        vectors = np.zeros((len(texts), self._row.dimensions), np.float32)
        reached = np.zeros(len(texts), bool)

        def run(batch: list[int]) -> None:
            if not cancelled():
                vectors[batch] = self._run(loaded, [encoded[i] for i in batch])
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
        """See Embedder. It takes a millisecond or two, so `cancelled` is not looked at."""
        loaded = self._load()
        ids = self._cut(loaded.tokenizer.encode(self._row.query_prefix + text).ids)
        vector: Vectors = self._run(loaded, [ids])[0]
        return vector

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._loaded is not None

    def load_ahead(self) -> None:
        """Begin to load the model in a thread, where it is not in memory, because it will be asked soon.
        Returns at once. An error is raised by the call that needs the model."""
        if self._loaded is None and self._ahead is None:
            self._ahead = threading.Thread(target=self._load_ahead, name="model loading", daemon=True)
            self._ahead.start()

    def unload(self) -> None:
        """See Embedder."""
        self._forget()
        return_memory()

    def close(self) -> None:
        """See Embedder. Waits for a batch under way, which is short, and for loading, which must not outlive
        the program."""
        if (ahead := self._ahead) is not None:
            ahead.join(5)
        self._forget()
        if self._timer is not None:
            self._timer.close()

    def _forget(self) -> None:
        with self._lock:
            self._loaded = None
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    def _load_ahead(self) -> None:
        try:
            with contextlib.suppress(EmbeddingError):
                self._load()
        finally:
            self._ahead = None

    def _indexing_pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, "embedding", initializer=lower_thread_priority)
            return self._pool

    def _load(self) -> _Loaded:
        if self._timer is not None:
            self._timer.touch()
        with self._lock:
            if self._loaded is None:
                self._loaded = load_model(self._folder, self._row.graph)
            return self._loaded

    def _cut(self, ids: list[int]) -> list[int]:
        """At most as many tokens as the model reads. The last one, which ends a text for some models, is
        kept."""
        most = self._row.context
        if len(ids) <= most:
            return ids
        return [*ids[: most - 1], ids[-1]] if self._row.pooling is Pooling.LAST else ids[:most]

    def _run(self, loaded: _Loaded, encoded: Sequence[Sequence[int]]) -> Vectors:
        """Run the graph on texts given as token ids: float32 [texts, dimensions]. Raises EmbeddingError."""
        length = max(1, *(len(ids) for ids in encoded))
        ids = np.zeros((len(encoded), length), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        given = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in loaded.inputs:
            given["token_type_ids"] = np.zeros_like(ids)
        try:
            made: Vectors = loaded.session.run([self._row.output], given)[0]
        except Exception as error:
            raise EmbeddingError("embedding-failed.bundled") from error
        return vectors_of(made, mask, self._row)


def vectors_of(made: Vectors, mask: np.ndarray[Any, Any], row: LocalModel) -> Vectors:
    """The vectors, float32 [texts, dimensions], of a graph's output by the row's pooling. `mask` [texts,
    tokens] is 1 for tokens and 0 for padding after them. Raises EmbeddingError where the output's shape is
    not the one that the row says."""
    if row.pooling is not Pooling.IN_GRAPH:
        if made.ndim != 3:
            raise EmbeddingError("embedding-failed.no-tokens", retryable=False, model=row.title)
        if row.pooling is Pooling.MEAN:
            weights = mask[:, :, np.newaxis].astype(np.float32)
            made = (made * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
        elif row.pooling is Pooling.FIRST:
            made = made[:, 0]
        else:
            made = made[np.arange(len(made)), np.maximum(mask.sum(axis=1) - 1, 0)]
    if made.shape != (len(mask), row.dimensions):
        raise EmbeddingError("embedding-failed.other-length", retryable=False, model=row.title)
    if row.normalise:
        made = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)
    return made.astype(np.float32, copy=False)


def batches_by_length(lengths: Sequence[int]) -> list[list[int]]:
    """Positions in groups, so that texts of like length share a run: longest first, at most TOKENS_PER_BATCH
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
    """Lower the priority of this thread, so that the window and queries come first. On Linux threads have a
    niceness of their own; on other systems this does nothing."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


def return_memory() -> None:
    """Give freed memory back to the system. Without this, glibc keeps it (50 MB of the model)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def limit_arenas() -> None:
    """Let glibc keep few heaps. It keeps several for each processor, one after another for new threads, and
    each holds what its threads once needed: after 4,000 notes were read and embedded 236 MB instead of 127.
    For the start of the program; later it does little. On other systems this does nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)


def load_model(folder: Path, graph: str) -> _Loaded:
    """A model from its folder. Raises ModelMissing."""
    import onnxruntime
    from tokenizers import Tokenizer

    if sys.platform == "win32":  # other systems are told by the environment: see notesearch/__init__.py
        onnxruntime.disable_telemetry_events()
    if not (folder / graph).exists():
        raise ModelMissing
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = True
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(folder / graph), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        # The tokenizer's file may ask for both; this class decides about length and padding.
        tokenizer.no_truncation()
        tokenizer.no_padding()
    except Exception as error:
        raise ModelMissing("model-missing.unloadable") from error
    return _Loaded(session, tokenizer, frozenset(i.name for i in session.get_inputs()))
