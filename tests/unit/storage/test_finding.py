"""Which of the two ways a filtered search by meaning takes: an exact scan of few vectors, or the graph."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from typing import cast

import numpy as np
import pytest

from notesearch.storage.local.finding import EXACT_SCAN, SCAN_WORTH, Finding
from notesearch.storage.local.index_protocols import NearestIndex, WordIndex
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import Filters, Vectors

TAGGED = Filters(facets=("tag:x",))
QUERY = np.array([1.0, 0.0], np.float32)


class FewPass:
    """A store in which one document, with so many vectors, passes the filter. The vector of id n has the
    cosine 1/n."""

    position = 1

    def __init__(self, vectors: int) -> None:
        # It is all its parts.
        self.filters = self.questions = self.vectors = self
        self._ids = set(range(1, vectors + 1))
        self.compared = 0

    def estimate(self, facets: Sequence[str], without: Sequence[str]) -> int:
        return 1

    def documents_with(self, facets: Sequence[str], without: Sequence[str]) -> set[int]:
        return {7}

    def vector_ids_of(self, fingerprint: str, documents: Collection[int]) -> set[int]:
        return self._ids

    def matrix(self, ids: Collection[int]) -> tuple[list[int], Vectors]:
        self.compared = len(ids)
        return list(ids), np.array([[1 / i, 0.0] for i in ids], np.float32)

    def users_of_vectors(self, ids: Sequence[int]) -> list[tuple[int, int, int]]:
        return [(i, 100 + i, 7) for i in ids]

    def passing(self, ids: Set[int], facets: Sequence[str], without: Sequence[str]) -> set[int]:
        return set(ids) & {7}


class Graph:
    """A vector index that finds one vector, with a cosine that no other has."""

    position = 1

    def __init__(self, size: int = 0) -> None:
        self.allowed: Set[int] | None = None
        self._size = size

    def __len__(self) -> int:
        return self._size

    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]:
        self.allowed = allowed
        return [(1, 0.75)]


class Receding(Graph):
    """A vector index whose neighbours are further and further away."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def search(self, vector: Vectors, k: int, allowed: Set[int] | None = None) -> list[tuple[int, float]]:
        self.asked.append(k)
        return [(i, 1 / i) for i in range(1, k + 1)]


class MostPass(FewPass):
    """A store of which most documents are said to pass a filter, and every tenth does."""

    def users_of_vectors(self, ids: Sequence[int]) -> list[tuple[int, int, int]]:
        return [(i, 1000 + i, i) for i in ids]

    def passing(self, ids: Set[int], facets: Sequence[str], without: Sequence[str]) -> set[int]:
        return {i for i in ids if i % 10 == 0}

    def estimate(self, facets: Sequence[str], without: Sequence[str]) -> int:
        return 900_000

    def count_documents(self) -> int:
        return 1_000_000


class NoWords:
    position = 1


@pytest.mark.parametrize(
    ("size", "vectors", "exact"),
    [
        (2000, 1, True),
        (2000, 1000, True),
        (2000, 1001, False),
        (100_000, 6324, True),
        (100_000, 6325, False),
        (1_000_000, 20_000, True),
        (1_000_000, 20_001, False),
    ],
)
def test_few_vectors_are_compared_one_by_one(size: int, vectors: int, exact: bool) -> None:
    assert (EXACT_SCAN, SCAN_WORTH) == (1000, 400)
    store, graph = FewPass(vectors), Graph(size)
    finding = Finding(
        cast(Store, store), cast(WordIndex, NoWords()), lambda fingerprint: cast(NearestIndex, graph)
    )
    hits = finding.nearest("mark", QUERY, TAGGED, limit=10, floor=0.3)
    if exact:
        assert store.compared == vectors
        assert graph.allowed is None
        # The best ten of these; those below the floor are left out.
        assert [(h.chunk_id, round(h.score, 4)) for h in hits] == [(101, 1.0), (102, 0.5), (103, 0.3333)][
            :vectors
        ]
    else:
        assert store.compared == 0
        assert graph.allowed == set(range(1, vectors + 1))
        assert [(h.chunk_id, h.score) for h in hits] == [(101, 0.75)]


def test_vectors_that_were_compared_are_kept_until_the_library_changes() -> None:
    store, graph = FewPass(7), Graph(2000)
    finding = Finding(
        cast(Store, store), cast(WordIndex, NoWords()), lambda fingerprint: cast(NearestIndex, graph)
    )
    asked = []
    for position in (1, 1, 2):
        store.compared, graph.position = 0, position
        hits = finding.nearest("mark", QUERY, TAGGED, limit=10)
        asked.append((store.compared, len(hits)))
    assert asked == [(7, 7), (0, 7), (7, 7)]


def test_a_graph_is_not_asked_for_more_below_the_floor() -> None:
    graph = Receding()
    finding = Finding(
        cast(Store, MostPass(1)), cast(WordIndex, NoWords()), lambda fingerprint: cast(NearestIndex, graph)
    )
    hits = finding.nearest("mark", QUERY, TAGGED, limit=100, floor=0.05)
    assert [hit.document_id for hit in hits] == [10, 20]
    assert len(graph.asked) == 1
    graph.asked.clear()
    hits = finding.nearest("mark", QUERY, TAGGED, limit=100, floor=1e-4)
    assert [hit.document_id for hit in hits] == list(range(10, 1010, 10))
    assert len(graph.asked) > 1
