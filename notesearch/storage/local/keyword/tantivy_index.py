"""The keyword index: a tantivy index (BM25) that copies the store's text and can be made again.

Its unit is a block: consecutive chunks of a note, about a thousand tokens. Most notes are one block, so that
words far apart in a note still count together. A long note is several blocks, so that its length does not
rank it down. The index neither ranks notes nor makes snippets.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur

from notesearch.errors import DiskFull, StoreError
from notesearch.storage.local.index_protocols import KeywordQuery, Where, WordBlock
from notesearch.storage.local.keyword.word_fields import document_of, schema
from notesearch.storage.local.keyword.word_queries import KeptWords, WordQueries
from notesearch.storage.local.position import CHANGED, Plan, Rebuild, SavedAt, plan, saving
from notesearch.storage.local.written_files import (
    clear_away,
    damaged_segments,
    endings,
    exchanged,
    linked,
    lost,
)
from notesearch.storage.values import BlockHit, KeywordHits
from notesearch.text import analysis

VERSION = 8
NOT_WRITABLE = "store.words-not-writable"
HEAP = 64_000_000
COMPLETE = 200


class KeywordIndex:
    """The keyword index on the disk. Any thread may search. `apply` is for one thread, of the process that
    owns the data folder.

    Raises StoreError where a process that only reads finds no usable index. `noticed` is called, in any
    thread, when a question met a damaged file; the index is `broken` then and has to be made again.
    """

    def __init__(
        self, folder: Path, *, read_only: bool = False, noticed: Callable[[], None] = lambda: None
    ) -> None:
        self._folder = folder
        self._saved_path = folder / "position.json"
        self._noticed = noticed
        # Stands for a folder in which tantivy may not make its locks.
        self._links: tempfile.TemporaryDirectory[str] | None = None
        self.broken = False
        self._read_only = read_only
        self._schema = schema()
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._lock = threading.Lock()
        # Held while documents are added.
        self._applying = threading.Lock()
        self._resting = False
        # Of the present state of the index.
        self._kept = KeptWords()
        self.position = 0

    # Opening, saving

    def load(self, *, instance: str, position: int) -> Plan:
        """Open the saved index, and say what it lacks. After Rebuild (owner only) the index is empty."""
        saved = SavedAt.load(self._saved_path)
        decision = plan(saved, version=VERSION, instance=instance, position=position)
        if saved is not None and not isinstance(decision, Rebuild):
            # Where its list of segments is gone, tantivy would begin an empty index.
            if lost(self._folder) or exchanged(self._folder, saved.files):
                decision = Rebuild(CHANGED)
            else:
                try:
                    self._index = self._open()
                    self.position = saved.position
                except (ValueError, OSError):
                    decision = Rebuild("the saved index cannot be read")
        if isinstance(decision, Rebuild) and self._read_only:
            raise StoreError("store.words-not-ready", retryable=True)
        if isinstance(decision, Rebuild):
            self.begin_anew(instance)
        return decision

    def _open(self) -> tantivy.Index:
        with _without_panic():
            return self._read()

    def _read(self) -> tantivy.Index:
        folder = self._folder
        if self._read_only and not os.access(folder, os.W_OK):
            if self._links is None:
                self._links = linked(folder)
            folder = Path(self._links.name)
        index = tantivy.Index(self._schema, str(folder), reuse=True)
        index.register_tokenizer("prepared", analysis.prepared_analyzer())
        index.register_tokenizer("gram", analysis.gram_analyzer())
        index.config_reader("manual")
        index.reload()
        self._kept = KeptWords()
        return index

    def begin_anew(self, instance: str) -> None:
        """Make it an empty index, whatever is there. Raises DiskFull or StoreError (retryable)."""
        with saving(NOT_WRITABLE), self._lock:
            self._writer = self._index = None
            clear_away(self._folder)
            self._folder.mkdir(parents=True)
            self._index = self._open()
            self.position, self.broken = 0, False
            # A process that only reads is to find an index, though an empty one, before anything is added.
            SavedAt(version=VERSION, instance=instance, position=0, count=0).save(self._saved_path)

    def apply(
        self, blocks: Sequence[WordBlock], removed: Collection[int], position: int, instance: str
    ) -> None:
        """Add changed documents (all blocks of each) and delete removed ones, in one commit that reaches
        `position` of the store.

        Raises DiskFull or StoreError (retryable) where it cannot be written; nothing of the commit is kept
        then.
        """
        try:
            with self._applying, self._looked_at(), saving(NOT_WRITABLE), _without_panic():
                self._apply(self._opened(), blocks, removed, position, instance)
        except BaseException:
            # Blocks of a failed commit must not be part of the next one.
            self._writer = None
            raise

    def _apply(
        self,
        index: tantivy.Index,
        blocks: Sequence[WordBlock],
        removed: Collection[int],
        position: int,
        instance: str,
    ) -> None:
        if self._writer is None:
            self._writer = index.writer(heap_size=HEAP, num_threads=1)
            # A commit that did not end has left files. The next one gives its files the same names, and
            # tantivy writes over none.
            self._writer.garbage_collect_files()
        stale = {*removed, *(block.document_id for block in blocks)}
        if stale:
            # By query: deleting by the term of an unsigned field deletes nothing in tantivy 0.27.
            self._writer.delete_documents_by_query(
                tantivy.Query.term_set_query(self._schema, "document", sorted(stale))
            )
        for block in blocks:
            self._writer.add_document(document_of(block))
        self._writer.commit()
        index.reload()
        self._kept = KeptWords()
        self.position = position
        SavedAt(
            version=VERSION,
            instance=instance,
            position=position,
            count=index.searcher().num_docs,
            files=endings(self._folder),
        ).save(self._saved_path)

    def rest(self) -> None:
        """Give back files, memory and threads. The next search or commit opens the index again, in a
        millisecond. An open index costs something: tantivy reads a file twice a second to see whether it has
        changed. Does nothing during a commit."""
        if self._index is not None and self._applying.acquire(blocking=False):
            try:
                self._release(resting=True)
            finally:
                self._applying.release()

    def close(self) -> None:
        """Close the index after a commit under way. Nothing can be asked any more."""
        self._release(resting=False)
        if self._links is not None:
            self._links.cleanup()

    def _release(self, *, resting: bool) -> None:
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                # Searches go on meanwhile: they hold the open index.
                writer.wait_merging_threads()
            self._resting = resting
            self._index = None

    def refresh(self) -> None:
        """In a process that only reads: take in what the owner has committed since."""
        # In this order, a commit between the two is found but not known yet. In the other order it would be
        # taken as known before it can be found.
        saved = SavedAt.load(self._saved_path)
        with self._looked_at():
            self._opened().reload()
        self._kept = KeptWords()
        if saved is not None:
            self.position = saved.position

    def _opened(self) -> tantivy.Index:
        index = self._index
        if index is None:
            with self._lock:
                if self._index is None and self._resting:
                    try:
                        if lost(self._folder):
                            raise ValueError("segments are gone")
                        self._index = self._open()
                    except (ValueError, OSError) as error:
                        self._say_broken()
                        raise StoreError("store.words-damaged", retryable=True) from error
                    self._resting = False
                index = self._index
        if index is None:
            raise StoreError("store.words-closed")
        return index

    # Damage

    @contextlib.contextmanager
    def _looked_at(self) -> Iterator[None]:
        """A context in which the index is used. Where that fails, its files are looked at: for damage
        StoreError (retryable) is raised, and an owner makes the index again."""
        try:
            with _without_panic():
                yield
        except (ValueError, OSError, StoreError) as error:
            panicked = isinstance(error, _Panicked)
            if isinstance(error, DiskFull) or (isinstance(error, StoreError) and not error.retryable):
                raise
            if self.damaged():
                self._say_broken()
                raise StoreError("store.words-damaged", retryable=True) from error
            if panicked:
                raise StoreError("store.words-failed") from error
            raise

    def _say_broken(self) -> None:
        self.broken = True
        if not self._read_only:
            # The next start makes it again, even where this one ends before it has.
            with contextlib.suppress(OSError):
                self._saved_path.unlink()
        self._noticed()

    def damaged(self) -> list[str]:
        """The names of files that are not as they were written. Reads all of them."""
        saved = SavedAt.load(self._saved_path)
        return damaged_segments(self._folder, saved.files if saved is not None else {})

    def documents(self) -> set[int]:
        """The ids of all documents that it holds."""
        with self._looked_at():
            searcher = self._opened().searcher()
            found = searcher.search(tantivy.Query.all_query(), max(1, int(searcher.num_docs)), count=False)
            return _documents(searcher, found)

    # Searching

    def search(
        self,
        query: KeywordQuery,
        limit: int,
        among: Collection[int] | None = None,
        without: Collection[int] = (),
        *,
        counted: bool = True,
    ) -> KeywordHits:
        """The best blocks for a query, best first, and with `counted` how many blocks hold all of its words
        (any of them where none holds all).

        `among`: only of these documents; `without`: of none of these. Facets of the query are filters.
        """
        with self._looked_at():
            return self._search(query, limit, among, without, counted=counted)

    def _search(
        self,
        query: KeywordQuery,
        limit: int,
        among: Collection[int] | None,
        without: Collection[int],
        *,
        counted: bool,
    ) -> KeywordHits:
        queries = self._queries(query)
        searcher = queries.searcher
        scoring = queries.scoring()
        if scoring is None:
            return KeywordHits(hits=(), total=0)
        must = self._filtering(query, among, without)
        found = searcher.search(
            tantivy.Query.boolean_query([(Occur.Must, scoring), *must]),
            limit,
            count=counted and queries.one_word,
        )
        hits = tuple(_blocks(searcher, found))
        complete, total = frozenset[int](), 0
        # The stubs leave count out.
        if queries.one_word:
            complete, total = frozenset(hit.document_id for hit in hits), getattr(found, "count", 0)
        elif counted and (every := queries.complete()):
            all_words = searcher.search(
                tantivy.Query.boolean_query([*every, *must]), max(COMPLETE, limit), count=True
            )
            complete, total = frozenset(_documents(searcher, all_words)), getattr(all_words, "count", 0)
        return KeywordHits(
            hits=hits,
            total=total or len({hit.document_id for hit in hits}),
            complete=complete,
            forgiven=queries.forgiven,
        )

    def count(self, query: KeywordQuery, without: Collection[int] = ()) -> int:
        """How many blocks pass the facets of the query and are of no document in `without`."""
        must = self._filtering(query, None, without)
        every = [(Occur.Must, tantivy.Query.all_query()), *must]
        with self._looked_at():
            found = self._opened().searcher().search(tantivy.Query.boolean_query(every), 1, count=True)
        return int(getattr(found, "count", 0) or 0)  # the stubs leave count out

    def _filtering(
        self, query: KeywordQuery, among: Collection[int] | None, without: Collection[int]
    ) -> list[tuple[Occur, tantivy.Query]]:
        """What a block must and must not have beside the query's words. It adds nothing to the score."""
        required = [(Occur.Must, self._term("facet", facet)) for facet in query.facets]
        required += [(Occur.MustNot, self._term("facet", facet)) for facet in query.without_facets]
        if among is not None:
            required.append(
                (
                    Occur.Must,
                    tantivy.Query.const_score_query(
                        tantivy.Query.term_set_query(self._schema, "document", list(among)), 0.0
                    ),
                )
            )
        if without:
            required.append(
                (Occur.MustNot, tantivy.Query.term_set_query(self._schema, "document", list(without)))
            )
        return [
            (occur, q if occur == Occur.MustNot else tantivy.Query.const_score_query(q, 0.0))
            for occur, q in required
        ]

    def called(self, phrase: str, query: KeywordQuery, limit: int) -> list[BlockHit]:
        """See WordIndex."""
        with self._looked_at():
            queries = self._queries(query)
            found = queries.searcher.search(queries.called(phrase), limit, count=False)
            return _blocks(queries.searcher, found)

    def holding(self, phrase: str, limit: int, *, begun: bool = False) -> list[BlockHit]:
        """See WordIndex."""
        with self._looked_at():
            queries = self._queries(KeywordQuery())
            searcher = queries.searcher
            # A name with joints (safe_copy_rows) comes before its words side by side.
            joined = queries.joined(phrase, begun=begun)
            if joined is not None and (found := searcher.search(joined, limit, count=False)).hits:
                return _blocks(searcher, found)
            apart = queries.phrase(phrase, begun=begun)
            return _blocks(searcher, searcher.search(apart, limit, count=False))

    def documents_with_phrase(
        self, phrase: str, *, where: Where = Where.TEXT, limit: int = 50_000
    ) -> set[int]:
        """See WordIndex."""
        with self._looked_at():
            queries = self._queries(KeywordQuery())
            searcher = queries.searcher
            match where:
                case Where.TEXT:
                    query = queries.in_text(phrase)
                case Where.PATH:
                    query = queries.phrase(phrase, "name")
                case Where.CALLED:
                    query = queries.in_titles(phrase)
            return _documents(searcher, searcher.search(query, limit, count=False))

    def documents_holding(self, query: KeywordQuery, limit: int = 50_000) -> set[int]:
        """See WordIndex."""
        with self._looked_at():
            queries = self._queries(query)
            searcher, every = queries.searcher, queries.complete()
            if not every:
                return set()
            return _documents(
                searcher, searcher.search(tantivy.Query.boolean_query(every), limit, count=False)
            )

    def _queries(self, query: KeywordQuery) -> WordQueries:
        # In this order, what an older state of the index has is never kept with a newer one.
        kept = self._kept
        return WordQueries(self._schema, self._opened().searcher(), query, kept)

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term)

    def __len__(self) -> int:
        return int(self._opened().searcher().num_docs)


class _Panicked(ValueError):
    """tantivy met what its authors held for impossible: a damaged file, or a bug."""


@contextlib.contextmanager
def _without_panic() -> Iterator[None]:
    """A context in which a panic of tantivy is raised as an ordinary error. Python gets it as a
    BaseException, which would end the thread."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _Panicked from error


def _blocks(searcher: tantivy.Searcher, found: tantivy.SearchResult) -> list[BlockHit]:
    """The blocks found, best first."""
    addresses = [address for _, address in found.hits]
    columns = [searcher.fast_field_values(name, addresses) for name in ("document", "first", "last")]
    return [
        BlockHit(int(document or 0), int(first or 0), int(last or 0), float(score))
        for (score, _), document, first, last in zip(found.hits, *columns, strict=True)
    ]


def _documents(searcher: tantivy.Searcher, found: tantivy.SearchResult) -> set[int]:
    """Ids of the documents that the blocks found are of."""
    addresses = [address for _, address in found.hits]
    return {int(value or 0) for value in searcher.fast_field_values("document", addresses)}
