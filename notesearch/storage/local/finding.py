"""Finds hits by words (BM25) and by meaning (cosine) under filters, from the store and its index copies.

A filter that few documents pass becomes a set of ids, and the indexes are limited to it. A filter that most
documents pass is tested on the hits of an unlimited search, which is repeated for more hits until enough
pass. So no filter makes a search read all documents or all vectors. Reads only; any thread, several at once.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from notesearch.errors import StoreError
from notesearch.storage.local.index_protocols import KeywordQuery, NearestIndex, Where, WordIndex
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import (
    AllOf,
    AnyOf,
    BlockHit,
    Condition,
    Filters,
    HasFacet,
    Holds,
    HoldsPhrase,
    IsCalled,
    IsDated,
    KeywordHits,
    LiesAt,
    Newest,
    Not,
    PassageHit,
    Vectors,
    WordQuery,
)
from notesearch.text import analysis

# Up to this many vectors that pass are read from the store and compared one by one; 1,000 take 3 ms. In a
# large graph more are: a filtered search of it looks at k * n / passing vectors, and at each it costs as much
# as reading one (measured: at 40,000 vectors both cost the same for 4,000, at a million for 20,000).
EXACT_SCAN, SCAN_WORTH = 1000, 400
# A filter becomes a set of ids for up to this many documents, or up to this share of all.
FEW_DOCUMENTS = 5000
FEW_SHARE = 0.025
# The most neighbours that are tested for a filter that most documents pass.
MOST_NEIGHBOURS = 8000
# How many results of filters are kept while the user types on.
KEPT = 12
# The most memory that vectors are kept in for that.
MOST_KEPT_BYTES = 32 * 1024 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A filter whose phrases were looked up: the documents it is limited to (None: all), and those it
    excludes."""

    facets: tuple[str, ...]
    without: tuple[str, ...]
    among: frozenset[int] | None
    excluded: frozenset[int]

    @property
    def everything(self) -> bool:
        return not (self.facets or self.without or self.excluded) and self.among is None

    @property
    def nothing(self) -> bool:
        return self.among is not None and not self.among


@dataclass(frozen=True, slots=True)
class _Fitting:
    """The documents that fit a condition: these, or where `excluded` is true all others. So no condition
    needs a set of all documents."""

    documents: Set[int]
    excluded: bool = False

    @property
    def opposite(self) -> _Fitting:
        return _Fitting(self.documents, not self.excluded)


def _all_of(every: Sequence[_Fitting]) -> _Fitting:
    """The documents that fit all of some conditions."""
    chosen = [one.documents for one in every if not one.excluded]
    out = frozenset[int]().union(*(one.documents for one in every if one.excluded))
    if not chosen:
        return _Fitting(out, excluded=True)
    return _Fitting(frozenset.intersection(*map(frozenset, chosen)) - out)


class Finding:
    """Finds hits under filters. Any thread, several at once.

    `nearest_index` gives the vector index of a fingerprint. Methods raise StoreError where an index is
    closed.
    """

    def __init__(self, store: Store, words: WordIndex, nearest_index: Callable[[str], NearestIndex]) -> None:
        self._store = store
        self._words = words
        self._nearest_index = nearest_index
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, Any] = OrderedDict()
        self._phrases = ThreadPoolExecutor(2, "phrases")
        self._kept_matrix: tuple[object, list[int], Vectors] | None = None

    # By words

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        """See Library.words."""
        resolved = self._resolved(filters)
        exact = query.exact if among is None else ""
        # Notes with common words side by side take as long to find as all the rest.
        beside = self._holding_beside(exact, query) if exact and query.exact_phrase else None
        hits = self._blocks(query, resolved, limit, among)
        if not exact:
            return hits
        if hits.forgiven:
            exact = " ".join(hits.forgiven.get(w, (w,))[0] for w in analysis.asked_words(exact))
            beside = self._holding_beside(exact, query) if beside is not None else None
        called = self._words.called(exact, _question(query), query.exact_limit)
        holding = beside.result() if beside is not None else []
        titled = self._passing(resolved, {hit.document_id for hit in called})
        phrased = self._passing(resolved, {hit.document_id for hit in holding})
        return replace(
            hits,
            titled=self._store.questions.titles(list(titled)),
            phrased=frozenset(phrased),
            exact=tuple(hit for hit in (*called, *holding) if hit.document_id in titled | phrased),
        )

    def _holding_beside(self, exact: str, query: WordQuery) -> Future[list[BlockHit]]:
        """The notes that hold a phrase, looked for in another thread meanwhile: tantivy lets go of the
        interpreter."""
        try:
            return self._phrases.submit(self._words.holding, exact, query.exact_limit, begun=query.prefix)
        except RuntimeError as error:
            raise StoreError("store.words-closed") from error

    def close(self) -> None:
        """End its threads, after what they do."""
        self._phrases.shutdown()

    def _blocks(
        self, query: WordQuery, resolved: _Resolved, limit: int, among: Collection[int] | None
    ) -> KeywordHits:
        allowed = resolved.among if among is None else set(among)
        if allowed is not None and not allowed:
            return KeywordHits()
        asked = replace(
            _question(query),
            facets=resolved.facets,
            without_facets=resolved.without,
            filtered=resolved.among is not None or bool(resolved.excluded),
        )
        return self._words.search(asked, limit, allowed, resolved.excluded, counted=among is None)

    # By filters alone

    def newest(self, filters: Filters, limit: int, among: Collection[int] | None = None) -> Newest:
        """See Library.newest."""
        resolved = self._resolved(filters)
        if among is not None:
            passing = self._passing(resolved, among)
            return Newest(tuple(self._store.filters.latest(passing, limit)), len(passing))
        if resolved.nothing:
            return Newest((), 0)
        ids = self._store.filters.newest(
            limit, resolved.facets, resolved.without, resolved.among, resolved.excluded
        )
        return Newest(tuple(ids), self._number(resolved))

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        """Fingerprints that the documents which pass are embedded under."""
        every = self._store.vectors.fingerprints()
        resolved = self._resolved(filters)
        if resolved.everything or resolved.nothing:
            return () if resolved.nothing else every
        if resolved.among is not None or self._few(resolved):
            key = ("models", filters, self._store.position, self._words.position)
            return self._remembered(
                key, lambda: self._store.vectors.fingerprints(self._set(filters, resolved))
            )
        if resolved.facets:
            return self._store.filters.fingerprints_with(every, resolved.facets, resolved.without)
        out = set(resolved.excluded).union(
            *(self._store.filters.documents_with([f]) for f in resolved.without)
        )
        return self._store.filters.fingerprints_beside(out)

    # By meaning

    def nearest(
        self,
        fingerprint: str,
        vector: Vectors,
        filters: Filters,
        limit: int,
        *,
        floor: float = -1.0,
    ) -> list[PassageHit]:
        """See Library.nearest."""
        resolved = self._resolved(filters)
        if resolved.nothing:
            return []
        index = self._nearest_index(fingerprint)
        if resolved.everything:
            return self._users(index.search(vector, limit), floor)
        if self._few(resolved):
            pairs = self._nearest_of_few(index, fingerprint, vector, filters, resolved, limit)
            return self._keep(self._users(pairs, floor), resolved)
        return self._nearest_of_many(index, vector, resolved, limit, floor)

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        """See Library.score."""
        rows = self._store.questions.vectors_of_short_documents(fingerprint, list(document_ids), most_chunks)
        if not rows:
            return []
        kept = np.frombuffer(b"".join(row[3] for row in rows), np.float32).reshape(len(rows), -1)
        return [
            PassageHit(document_id, chunk_id, cosine)
            for (_, chunk_id, document_id, _), cosine in zip(rows, (kept @ vector).tolist(), strict=True)
        ]

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        """See Library.near_document."""
        chunks = [i for i in self._store.questions.vectors_of(document_id, 0, 63) if i is not None]
        if not chunks:
            return None
        mean = np.asarray(np.mean(list(self._store.vectors.by_id(chunks).values()), axis=0), np.float32)
        mean /= np.linalg.norm(mean) or 1.0
        found = self._users(self._nearest_index(fingerprint).search(mean, limit), -1.0)
        return [hit for hit in found if hit.document_id != document_id]

    # Parts

    def _nearest_of_few(
        self,
        index: NearestIndex,
        fingerprint: str,
        vector: Vectors,
        filters: Filters,
        resolved: _Resolved,
        limit: int,
    ) -> list[tuple[int, float]]:
        key = ("vectors", fingerprint, filters, self._store.position, self._words.position, index.position)
        allowed = self._remembered(
            key, lambda: self._store.questions.vector_ids_of(fingerprint, self._set(filters, resolved))
        )
        if len(allowed) > max(EXACT_SCAN, math.isqrt(SCAN_WORTH * len(index))):
            return index.search(vector, limit, allowed)
        ids, matrix = self._matrix(key, allowed)
        if not ids:
            return []
        cosines = matrix @ vector
        return [(ids[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:limit]]

    def _matrix(self, key: object, vector_ids: Collection[int]) -> tuple[list[int], Vectors]:
        """The vectors with these ids, float32 [vectors, dimensions]. The last ones are kept, since one letter
        after another is searched in the same folder."""
        with self._lock:
            if self._kept_matrix is not None and self._kept_matrix[0] == key:
                return self._kept_matrix[1:]
        ids, matrix = self._store.vectors.matrix(vector_ids)
        if matrix.nbytes <= MOST_KEPT_BYTES:
            with self._lock:
                self._kept_matrix = key, ids, matrix
        return ids, matrix

    def _nearest_of_many(
        self, index: NearestIndex, vector: Vectors, resolved: _Resolved, limit: int, floor: float
    ) -> list[PassageHit]:
        total = self._store.filters.count_documents()
        wanted = int(limit * 1.25 * total / max(1, self._estimate(resolved))) + 16
        while True:
            pairs = index.search(vector, min(wanted, MOST_NEIGHBOURS))
            hits = self._keep(self._users(pairs, floor), resolved)
            # The next ones are further away still.
            below = bool(pairs) and pairs[-1][1] < floor
            if len(hits) >= limit or len(pairs) < wanted or below:
                return hits[:limit]
            wanted *= 3

    def _users(self, pairs: Sequence[tuple[int, float]], floor: float) -> list[PassageHit]:
        cosines = {i: cosine for i, cosine in pairs if cosine >= floor}
        users = self._store.questions.users_of_vectors(list(cosines))
        hits = (PassageHit(document_id, chunk_id, cosines[v]) for v, chunk_id, document_id in users)
        return sorted(hits, key=lambda hit: (-hit.score, hit.document_id, hit.chunk_id))

    def _keep(self, hits: Sequence[PassageHit], resolved: _Resolved) -> list[PassageHit]:
        passing = self._passing(resolved, {hit.document_id for hit in hits})
        return [hit for hit in hits if hit.document_id in passing]

    def _passing(self, resolved: _Resolved, ids: Collection[int]) -> set[int]:
        left = {i for i in ids if i not in resolved.excluded}
        if resolved.among is not None:
            left &= resolved.among
        return self._store.filters.passing(left, resolved.facets, resolved.without)

    def _resolved(self, filters: Filters) -> _Resolved:
        looked_up = (
            filters.phrases,
            filters.titles,
            filters.paths,
            filters.without,
            filters.without_titles,
            filters.without_paths,
            filters.conditions,
        )
        dated = filters.after is not None or filters.before is not None
        if not (any(looked_up) or dated):
            return _Resolved(self._facets(filters), filters.without_facets, None, frozenset())
        key = ("looked up", filters, self._words.position, self._store.position if dated else 0)
        return self._remembered(key, lambda: self._look_up(filters))

    def _look_up(self, filters: Filters) -> _Resolved:
        conditions: list[Condition] = [
            *map(HoldsPhrase, filters.phrases),
            *map(IsCalled, filters.titles),
            *map(LiesAt, filters.paths),
            *(Not(IsCalled(title)) for title in filters.without_titles),
            *(Not(LiesAt(path)) for path in filters.without_paths),
            *filters.conditions,
        ]
        if filters.after is not None or filters.before is not None:
            conditions.append(IsDated(filters.after, filters.before))
        every = [self._fitting(one, filters.languages) for one in conditions]
        # An excluded word is looked for in texts: what a note is called excludes nothing.
        holding = self._words.documents_with_phrase
        every += [_Fitting(holding(phrase), excluded=True) for phrase in filters.without]
        whole = _all_of(every)
        documents = frozenset(whole.documents)
        among, excluded = (None, documents) if whole.excluded else (documents, frozenset[int]())
        return _Resolved(self._facets(filters), filters.without_facets, among, excluded)

    def _fitting(self, condition: Condition, languages: Sequence[str]) -> _Fitting:
        """The documents that fit a condition, whose words have stems in `languages`."""
        match condition:
            case Not(one):
                return self._fitting(one, languages).opposite
            case AllOf(conditions):
                return _all_of([self._fitting(one, languages) for one in conditions])
            case AnyOf(conditions):
                # None of them fits none: the opposite of all their opposites.
                return _all_of([self._fitting(one, languages).opposite for one in conditions]).opposite
            case Holds(word, begun):
                return _Fitting(self._with_word(word, languages, begun=begun))
            case HoldsPhrase(phrase):
                holding = self._words.documents_with_phrase
                return _Fitting(holding(phrase) | holding(phrase, where=Where.CALLED))
            case IsCalled(title):
                return _Fitting(self._words.documents_with_phrase(title, where=Where.CALLED))
            case LiesAt(path):
                return _Fitting(self._words.documents_with_phrase(path, where=Where.PATH))
            case HasFacet(facet):
                return _Fitting(self._store.filters.documents_with([facet]))
            case IsDated(after, before):
                return _Fitting(self._store.filters.dated(after, before))

    def _with_word(self, word: str, languages: Sequence[str], *, begun: bool) -> set[int]:
        words = (analysis.spaced(word),) if analysis.words(word) else ()
        return self._words.documents_holding(
            KeywordQuery(words=words, runs=analysis.unspaced_runs(word), languages=languages, prefix=begun)
        )

    def _facets(self, filters: Filters) -> tuple[str, ...]:
        if filters.folder is None:
            return filters.facets
        return (*filters.facets, self._store.places.folder_facet(filters.folder))

    def _few(self, resolved: _Resolved) -> bool:
        """Whether so few documents pass that they become a set of ids."""
        if not resolved.facets and resolved.among is None:
            return False
        number = self._estimate(resolved)
        return number <= FEW_DOCUMENTS or number <= FEW_SHARE * self._store.filters.count_documents()

    def _estimate(self, resolved: _Resolved) -> int:
        number = self._store.filters.estimate(resolved.facets, resolved.without)
        if resolved.among is not None:
            return min(number, len(resolved.among))
        return number if resolved.facets else max(1, number - len(resolved.excluded))

    def _set(self, filters: Filters, resolved: _Resolved) -> set[int]:
        """The ids of the documents that pass. For filters that require something."""

        def ids() -> set[int]:
            if resolved.among is not None:
                return self._passing(resolved, resolved.among)
            return self._store.filters.documents_with(resolved.facets, resolved.without) - resolved.excluded

        return self._remembered(("set", filters, self._store.position, self._words.position), ids)

    def _number(self, resolved: _Resolved) -> int:
        """How many documents pass."""
        if resolved.among is not None:
            return len(self._passing(resolved, resolved.among))
        one = len(resolved.facets) + len(resolved.without) == 1
        if resolved.everything or (one and not resolved.excluded):
            return self._store.filters.estimate(resolved.facets, resolved.without)
        if resolved.facets and self._few(resolved):
            return len(
                self._store.filters.documents_with(resolved.facets, resolved.without) - resolved.excluded
            )
        # Where most documents are left, the keyword index counts blocks: most documents have one.
        asked = KeywordQuery(facets=resolved.facets, without_facets=resolved.without, filtered=True)
        return self._words.count(asked, resolved.excluded)

    def _remembered(self, key: object, ask: Callable[[], T]) -> T:
        """The result of `ask`, or the kept one where nothing has changed since it was asked last."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                kept: T = self._kept[key]
                return kept
        answer = ask()
        with self._lock:
            self._kept[key] = answer
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return answer


def _question(query: WordQuery) -> KeywordQuery:
    """A query by words as the keyword index is asked, without filters."""
    return KeywordQuery(
        words=query.words,
        runs=query.runs,
        phrases=query.phrases,
        prefix=query.prefix,
        languages=query.languages,
        common_languages=query.common_languages,
        beginnings=query.beginnings,
        without_words=query.optional,
        # Those that hold several words as a phrase are found by themselves. A single one of several pieces
        # (2024-05-09) is also found where it is written otherwise.
        side_by_side=not query.exact_phrase or " " not in query.exact,
    )
