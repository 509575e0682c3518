"""The embedder protocol: what the engine asks of a model, local or remote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.catalogue import EmbeddingModel

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Texts to vectors of unit length. Every method may be called from any thread, several at a time; none from a GUI thread.

    All raise EmbeddingError (or a subclass) where the model cannot be used.
    """

    @property
    def model(self) -> EmbeddingModel: ...

    @property
    def window(self) -> int:
        """How many texts are best handed over at once, so that they can be batched by length."""
        ...

    def embed_documents(self, texts: Sequence[str], cancelled: Callable[[], bool] = ...) -> Vectors:
        """float32 [n, dimensions], rows in the order of `texts`. When `cancelled` turns true it stops at the next batch, and the rows that
        were not reached are left out at the end (fewer than n rows come back)."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """float32 [dimensions]. Goes ahead of documents."""
        ...

    def unload(self) -> None:
        """Give back what the model holds in memory; the next call loads it again."""
        ...
