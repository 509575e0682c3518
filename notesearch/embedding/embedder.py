"""The embedder protocol: what the engine asks of an embedding model, local or remote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.catalogue import EmbeddingModel
from notesearch.errors import EmbeddingError

Vectors = NDArray[np.float32]
Cancelled = Callable[[], bool]
# Positions in the list of texts, with their vectors (float32 [n, dimensions], row by row) or with the reason
# why there are none.
Delivered = tuple[Sequence[int], Vectors | EmbeddingError]


def never() -> bool:
    """Returns False: the `cancelled` of a caller that never cancels."""
    return False


class Embedder(Protocol):
    """Makes vectors of unit length of texts, by one model. Any thread but the GUI thread may call, several at
    a time.

    Every method raises EmbeddingError (or a subclass) where the model cannot be used.
    """

    @property
    def model(self) -> EmbeddingModel:
        """The row of the catalogue for its model."""
        ...

    @property
    def window(self) -> int:
        """How many texts to hand over at once, so that they can be batched well."""
        ...

    @property
    def under_way(self) -> int:
        """The most texts that are paid for and not yet given at a time; 0 where nothing is paid."""
        ...

    def embed_documents(
        self,
        texts: Sequence[str],
        tokens: Sequence[int] = ...,
        cancelled: Cancelled = ...,
        enough: Cancelled = ...,
    ) -> Iterator[Delivered]:
        """Embed texts. Gives vectors as they are made, in any order, each position at most once. `tokens`: of
        each text, as the recipe's tokenizer counts; () where they were not counted.

        Positions whose text the model will never embed are given with an EmbeddingError, and the rest goes
        on. An EmbeddingError that is raised ends the run, after everything under way was given. Any thread
        may call `cancelled`. Within 0.2 s after it returns true nothing is sent any more, whatever the caller
        is doing; positions that were not reached are not given. One thread must iterate the result to its end
        or close it. The model is not asked before the first item is requested. After `enough` returns true
        nothing more is sent, and what is under way is still given.
        """
        ...

    def embed_query(self, text: str, cancelled: Cancelled = ...) -> Vectors:
        """Embed a query: float32 [dimensions]. A query goes before documents. Raises QueryCancelled soon
        after `cancelled` returns true."""
        ...

    def unload(self) -> None:
        """Give back the memory of the model. The next call loads it again."""
        ...

    def close(self) -> None:
        """End what is under way, within 0.2 s. Nothing may be embedded afterwards."""
        ...


def vectors_in_order(
    embedder: Embedder, texts: Sequence[str], tokens: Sequence[int] = (), cancelled: Cancelled = never
) -> Vectors:
    """Embed a few texts that are all needed: float32 [n, dimensions] in the order of `texts`. Raises the
    first error."""
    vectors = np.zeros((len(texts), embedder.model.dimensions), np.float32)
    for positions, delivered in embedder.embed_documents(texts, tokens, cancelled):
        if isinstance(delivered, EmbeddingError):
            raise delivered
        vectors[list(positions)] = delivered
    return vectors
