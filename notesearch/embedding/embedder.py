"""The embedder protocol: what the engine asks of a model, local or remote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.catalogue import EmbeddingModel
from notesearch.errors import EmbeddingError

Vectors = NDArray[np.float32]
Cancelled = Callable[[], bool]
# Positions in the texts that were asked for, with their vectors (float32 [n, dimensions], row by row) or with
# why there are none.
Delivered = tuple[Sequence[int], Vectors | EmbeddingError]


def never() -> bool:
    """A `cancelled` that never is."""
    return False


class Embedder(Protocol):
    """Texts to vectors of unit length. Every method may be called from any thread, several at a time; none
    from a GUI thread.

    All raise EmbeddingError (or a subclass) where the model cannot be used.
    """

    @property
    def model(self) -> EmbeddingModel:
        """The row of the catalogue that it runs."""
        ...

    @property
    def window(self) -> int:
        """How many texts are best handed over at once, so that they can be batched well."""
        ...

    def embed_documents(
        self, texts: Sequence[str], tokens: Sequence[int] = ..., cancelled: Cancelled = ...
    ) -> Iterator[Delivered]:
        """Deliver vectors as they are made, in any order, each position at most once. `tokens`: of each text
        by the recipe's tokenizer; () where nobody counted.

        An EmbeddingError is delivered for positions that this model will never embed; the rest goes on. An
        EmbeddingError raised ends the run, after what was under way was delivered. When `cancelled`, which
        any thread may call, turns true, nothing goes out any more within 0.2 s, whatever the caller is doing
        meanwhile; it says nothing of what it did not reach. It must be iterated, or closed, by one thread;
        nothing is asked of the model before the first item is.
        """
        ...

    def embed_query(self, text: str, cancelled: Cancelled = ...) -> Vectors:
        """float32 [dimensions]. Goes ahead of documents. Raises QueryCancelled soon after `cancelled` turned
        true."""
        ...

    def unload(self) -> None:
        """Give back what the model holds in memory; the next call loads it again."""
        ...

    def close(self) -> None:
        """End what is under way, within 0.2 s. Nothing is to be embedded afterwards."""
        ...


def vectors_in_order(
    embedder: Embedder, texts: Sequence[str], tokens: Sequence[int] = (), cancelled: Cancelled = never
) -> Vectors:
    """float32 [n, dimensions] in the order of `texts`, for few texts that are all needed. Raises the first
    error met."""
    vectors = np.zeros((len(texts), embedder.model.dimensions), np.float32)
    for positions, delivered in embedder.embed_documents(texts, tokens, cancelled):
        if isinstance(delivered, EmbeddingError):
            raise delivered
        vectors[list(positions)] = delivered
    return vectors
