"""An embedder for tests: a real, if simple, embedding by hashed words. The same text gives the same vector on
every machine."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence

import numpy as np

from notesearch.catalogue import LOCAL, EmbeddingModel
from notesearch.embedding.embedder import Cancelled, Delivered, Vectors, never
from notesearch.errors import ModelMissing

_WORD = re.compile(r"\w+")


def bag_of_words(text: str, dimensions: int = LOCAL.dimensions) -> Vectors:
    """float32 [dimensions] of unit length: every word adds to three of the first 384, so that texts that
    share words are near."""
    vector = np.zeros(dimensions, np.float32)
    for word in _WORD.findall(text.lower()):
        digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=6).digest()
        for start in (0, 2, 4):
            vector[int.from_bytes(digest[start : start + 2], "big") % LOCAL.dimensions] += 1.0
    norm = float(np.linalg.norm(vector))
    if not norm:
        vector[0] = norm = 1.0
    return (vector / np.float32(norm)).astype(np.float32)


class HashingEmbedder:
    """Implements the Embedder protocol. Counts what it is asked, and stops at a closed `gate` between
    texts."""

    def __init__(
        self,
        *,
        window: int = 32,
        error: type[ModelMissing] | None = None,
        model: EmbeddingModel = LOCAL,
    ) -> None:
        """`model`: in whose name it embeds. Its vectors are those of the bundled model with zeros at their
        end."""
        self._window = window
        self._model = model
        self._lock = threading.Lock()
        self.error = error
        self.gate = threading.Event()
        self.gate.set()
        self.texts: list[str] = []
        self.queries: list[str] = []
        self.waiting = threading.Event()

    @property
    def model(self) -> EmbeddingModel:
        return self._model

    @property
    def window(self) -> int:
        return self._window

    @property
    def under_way(self) -> int:
        return 0

    def embed_documents(
        self,
        texts: Sequence[str],
        tokens: Sequence[int] = (),
        cancelled: Cancelled = never,
        enough: Cancelled = never,
    ) -> Iterator[Delivered]:
        if self.error is not None:
            raise self.error
        vectors: list[Vectors] = []
        for text in texts:
            while not cancelled() and not self.gate.is_set():
                self.waiting.set()
                self.gate.wait(0.01)
            if cancelled():
                break
            with self._lock:
                self.texts.append(text)
            vectors.append(bag_of_words(text, self._model.dimensions))
        if vectors:
            yield range(len(vectors)), np.array(vectors, np.float32)

    def embed_query(self, text: str, cancelled: Cancelled = never) -> Vectors:
        if self.error is not None:
            raise self.error
        with self._lock:
            self.queries.append(text)
        return bag_of_words(text, self._model.dimensions)

    def unload(self) -> None:
        pass

    def close(self) -> None:
        pass
