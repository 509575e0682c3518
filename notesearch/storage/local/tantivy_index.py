"""The keyword index: a tantivy index (BM25) that copies the store's text and can be made again.

Its unit is a block: consecutive chunks of a note, about a thousand tokens. Most notes are one block, so that
words far apart in a note still count together. A long note is several blocks, so that its length does not
rank it down. The index neither ranks notes nor makes snippets.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import tantivy
from tantivy import Occur

from notesearch.errors import StoreError
from notesearch.storage.local.index_protocols import KeywordQuery, WordBlock
from notesearch.storage.local.position import Plan, Rebuild, SavedAt, plan, saving
from notesearch.storage.values import BlockHit, KeywordHits
from notesearch.text import analysis, compounds
from notesearch.text.characters import normal

VERSION = 4
NOT_WRITABLE = "store.words-not-writable"
HEAP = 64_000_000
PREFIX_TERMS = 40
COMPLETE = 200
# Boosts of the fields. The stem decides the ranking (SciFact train nDCG@10 0.702, the plain word 0.670); the
# others decide between equals.
TITLE_BOOST = 1.5
PHRASE_BOOST = 1.0
PREFIX_BOOST = 0.7
PART_BOOST = 1.0
WHOLE_BOOST = 0.5
FUZZY_BOOST = 0.4
NAME_BOOST = 0.5
# Fields with words of several pieces as one, and with their parts.
COMPOUNDS = ("whole", "part")
# Fields with what a note is called: title and aliases, and the path of its file.
TITLES = ("title", "name")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("document", indexed=True, fast=True)
    builder.add_unsigned_field("first", fast=True)
    builder.add_unsigned_field("last", fast=True)
    builder.add_text_field("title", tokenizer_name="exact")
    # The path of the file, from the watched folder's name down.
    builder.add_text_field("name", tokenizer_name="exact")
    builder.add_text_field("text", tokenizer_name="exact")
    # Words of several pieces as one, and parts that no sign divides: see text/compounds.py.
    builder.add_text_field("whole", tokenizer_name="exact", index_option="freq")
    builder.add_text_field("part", tokenizer_name="exact", index_option="freq")
    builder.add_text_field("title_gram", tokenizer_name="gram")
    builder.add_text_field("gram", tokenizer_name="gram", index_option="position")
    builder.add_text_field("facet", tokenizer_name="raw", index_option="basic")
    for language in analysis.STEMMERS:
        builder.add_text_field(f"stem_{language}", tokenizer_name=f"stem_{language}", index_option="freq")
    return builder.build()


class KeywordIndex:
    """The keyword index on the disk. Any thread may search. `apply` is for one thread, of the process that
    owns the data folder.

    Raises StoreError where a process that only reads finds no usable index.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._folder = folder
        self._read_only = read_only
        self._schema = _schema()
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._lock = threading.Lock()
        # Held while documents are added.
        self._applying = threading.Lock()
        self._resting = False
        self.position = 0

    # Opening, saving

    def load(self, *, instance: str, position: int) -> Plan:
        """Open the saved index, and say what it lacks. After Rebuild (owner only) the index is empty."""
        saved = SavedAt.load(self._folder / "position.json")
        decision = plan(saved, version=VERSION, instance=instance, position=position)
        if saved is not None and not isinstance(decision, Rebuild):
            try:
                self._index = self._open()
                self.position = saved.position
            except (ValueError, OSError):
                decision = Rebuild("the saved index cannot be read")
        if isinstance(decision, Rebuild) and self._read_only:
            raise StoreError("store.words-not-ready", retryable=True)
        if isinstance(decision, Rebuild):
            with saving(NOT_WRITABLE):
                self._begin_anew(instance)
        return decision

    def _open(self) -> tantivy.Index:
        index = tantivy.Index(self._schema, str(self._folder), reuse=True)
        index.register_tokenizer("exact", analysis.exact_analyzer())
        index.register_tokenizer("gram", analysis.gram_analyzer())
        for language in analysis.STEMMERS:
            index.register_tokenizer(f"stem_{language}", analysis.stem_analyzer(language))
        index.config_reader("manual")
        index.reload()
        return index

    def _begin_anew(self, instance: str) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._index = self._open()
        self._writer = None
        self.position = 0
        # A process that only reads is to find an index, though an empty one, before anything is added.
        SavedAt(version=VERSION, instance=instance, position=0, count=0).save(self._folder / "position.json")

    def apply(
        self, blocks: Sequence[WordBlock], removed: Collection[int], position: int, instance: str
    ) -> None:
        """Add changed documents (all blocks of each) and delete removed ones, in one commit that reaches
        `position` of the store.

        Raises DiskFull or StoreError (retryable) where it cannot be written; nothing of the commit is kept
        then.
        """
        try:
            with self._applying, saving(NOT_WRITABLE):
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
        stale = {*removed, *(block.document_id for block in blocks)}
        if stale:
            # By query: deleting by the term of an unsigned field deletes nothing in tantivy 0.27.
            self._writer.delete_documents_by_query(
                tantivy.Query.term_set_query(self._schema, "document", sorted(stale))
            )
        for block in blocks:
            self._writer.add_document(_tantivy_document(block))
        self._writer.commit()
        index.reload()
        self.position = position
        SavedAt(version=VERSION, instance=instance, position=position, count=index.searcher().num_docs).save(
            self._folder / "position.json"
        )

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
        saved = SavedAt.load(self._folder / "position.json")
        self._opened().reload()
        if saved is not None:
            self.position = saved.position

    def _opened(self) -> tantivy.Index:
        index = self._index
        if index is None:
            with self._lock:
                if self._index is None and self._resting:
                    try:
                        self._index = self._open()
                    except (ValueError, OSError) as error:
                        raise StoreError("store.words-gone") from error
                    self._resting = False
                index = self._index
        if index is None:
            raise StoreError("store.words-closed")
        return index

    # Searching

    def search(
        self,
        query: KeywordQuery,
        limit: int,
        among: Collection[int] | None = None,
        without: Collection[int] = (),
    ) -> KeywordHits:
        """The best blocks for a query, best first, and how many blocks hold all of its words (any of them
        where none holds all).

        `among`: only of these documents; `without`: of none of these. Facets of the query are filters.
        """
        searcher = self._opened().searcher()
        scoring = self._scoring(searcher, query)
        if scoring is None:
            return KeywordHits(hits=(), total=0)
        must = self._filtering(query, among, without)
        found = searcher.search(
            tantivy.Query.boolean_query([(Occur.Must, scoring), *must]), limit, count=False
        )
        addresses = [address for _, address in found.hits]
        columns = [searcher.fast_field_values(name, addresses) for name in ("document", "first", "last")]
        hits = tuple(
            BlockHit(int(document or 0), int(first or 0), int(last or 0), float(score))
            for (score, _), document, first, last in zip(found.hits, *columns, strict=True)
        )
        complete, total = self._complete(searcher, query, must)
        return KeywordHits(
            hits=hits, total=total or len({hit.document_id for hit in hits}), complete=complete
        )

    def count(self, query: KeywordQuery, without: Collection[int] = ()) -> int:
        """How many blocks pass the facets of the query and are of no document in `without`."""
        must = self._filtering(query, None, without)
        every = [(Occur.Must, tantivy.Query.all_query()), *must]
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

    def _complete(
        self, searcher: tantivy.Searcher, query: KeywordQuery, must: list[tuple[Occur, tantivy.Query]]
    ) -> tuple[frozenset[int], int]:
        """Some of the documents with a block that holds every word, and how many such blocks there are."""
        every = []
        words = dict(self._words(query))
        for typed in query.words:
            held = [
                (Occur.Must, self._any_form(searcher, query, w, words[w]))
                for w in analysis.asked_words(typed)
                if w in words
            ]
            if held:
                either = [tantivy.Query.boolean_query(held), *self._as_one(typed)]
                every.append((Occur.Must, tantivy.Query.boolean_query([(Occur.Should, q) for q in either])))
        every += [
            (Occur.Must, self._phrase(phrase))
            for phrase in query.phrases
            if analysis.words(phrase) or analysis.unspaced_runs(phrase)
        ]
        every += [(Occur.Must, self._term("gram", g)) for run in query.runs for g in analysis.grams(run)]
        if not every:
            return frozenset(), 0
        found = searcher.search(tantivy.Query.boolean_query([*every, *must]), COMPLETE, count=True)
        # The stubs leave count out.
        return frozenset(_documents(searcher, found)), getattr(found, "count", 0)

    @staticmethod
    def _words(query: KeywordQuery) -> list[tuple[str, bool]]:
        """The words of a query that count, each with whether the user is still typing it."""
        folded = [w for word in query.words for w in analysis.asked_words(word)]
        content = analysis.content_words(folded)
        return [(word, query.prefix and word == folded[-1]) for word in content]

    def _scoring(self, searcher: tantivy.Searcher, query: KeywordQuery) -> tantivy.Query | None:
        should: list[tantivy.Query] = []
        languages = query.languages or (analysis.DEFAULT_LANGUAGE,)
        counted = self._words(query)
        whole = [w for w in query.words if len(analysis.asked_words(w)) > 1]
        parts = {part for w in whole for part in analysis.asked_words(w)}
        for word, last in counted:
            part = self._one_word(searcher, query, word, last, languages)
            should.append(tantivy.Query.boost_query(part, PART_BOOST) if word in parts else part)
        # A number, a date, an address or a name_with_joints is searched as its parts side by side.
        should += [tantivy.Query.boost_query(self._phrase(w), WHOLE_BOOST) for w in whole]
        for word in query.words:
            should += [tantivy.Query.boost_query(q, WHOLE_BOOST) for q in self._as_one(word)]
        should += [self._term("gram", g) for run in query.runs for g in analysis.grams(run)]
        should += [self._phrase(run) for run in query.runs if len(run) > 2]
        for phrase in query.phrases:
            anywhere = (self._phrase(phrase), *self._in_titles(phrase))
            should += [tantivy.Query.boost_query(q, PHRASE_BOOST) for q in anywhere]
        if counted:
            titled = [(Occur.Must, self._title_word(searcher, word, last)) for word, last in counted]
            should.append(tantivy.Query.boost_query(tantivy.Query.boolean_query(titled), TITLE_BOOST))
        typed = [w for word in query.words for w in analysis.words(word)]
        if 2 <= len(typed) <= 8:
            should.append(
                tantivy.Query.boost_query(
                    tantivy.Query.phrase_query(self._schema, "text", list(typed), slop=0), PHRASE_BOOST
                )
            )
        if not should:
            # There are only filters: every note that passes.
            return (
                tantivy.Query.all_query() if query.facets or query.without_facets or query.filtered else None
            )
        return tantivy.Query.boolean_query([(Occur.Should, part) for part in should])

    def _one_word(
        self, searcher: tantivy.Searcher, query: KeywordQuery, word: str, last: bool, languages: Sequence[str]
    ) -> tantivy.Query:
        forms = []
        for language in languages:
            stemmed = self._stem_as_typed(query, word, language)
            if stemmed:
                forms.append(self._term(f"stem_{language}", stemmed))
        if not forms or not any(
            searcher.doc_freq(f"stem_{x}", self._stem_as_typed(query, word, x) or "") for x in languages
        ):
            forms.append(self._term("text", word))
        forms += [self._term(field, word) for field in COMPOUNDS]
        forms.append(tantivy.Query.boost_query(self._term("name", word), NAME_BOOST))
        if last or _begins_a_number(word):
            begun = [self._prefix(searcher, field, word) for field in ("text", *COMPOUNDS)]
            forms += [tantivy.Query.boost_query(q, PREFIX_BOOST) for q in begun]
        if self._may_be_misspelled(query, word) and not self._frequency(
            searcher, query, word, languages, begun=last
        ):
            fuzzy = tantivy.Query.fuzzy_term_query(
                self._schema, "text", word, distance=2 if len(word) >= 8 else 1, prefix=last
            )
            forms.append(tantivy.Query.boost_query(fuzzy, FUZZY_BOOST))
        return tantivy.Query.disjunction_max_query(forms)

    def _as_one(self, typed: str) -> list[tantivy.Query]:
        """A typed word of several pieces without what joins them, and one with joints that no sign shows as
        its parts side by side."""
        queries: list[tantivy.Query] = []
        if analysis.signed_names(typed):
            return []
        if whole := analysis.words(compounds.whole_of(typed)):
            queries += [self._term(field, whole[0]) for field in ("text", "whole")]
        parts = [word for part in compounds.parts(typed) for word in analysis.words(part)]
        if len(parts) > 1:
            queries.append(tantivy.Query.phrase_query(self._schema, "text", list(parts), slop=0))
        return queries

    @staticmethod
    def _may_be_misspelled(query: KeywordQuery, word: str) -> bool:
        return (
            len(word) >= 4
            and word.isalpha()
            and not any(word in analysis.signed_names(typed) for typed in query.words)
        )

    def _frequency(
        self,
        searcher: tantivy.Searcher,
        query: KeywordQuery,
        word: str,
        languages: Sequence[str],
        *,
        begun: bool,
    ) -> int:
        """In how many blocks a word stands, in any form; with `begun`, also as the beginning of one."""
        if begun and any(searcher.terms_with_prefix(field, word, limit=1) for field in ("text", *COMPOUNDS)):
            return 1
        stemmed = (
            searcher.doc_freq(f"stem_{x}", self._stem_as_typed(query, word, x) or "") for x in languages
        )
        plain = sum(int(searcher.doc_freq(field, word)) for field in ("text", *COMPOUNDS))
        return plain + sum(int(n) for n in stemmed)

    @staticmethod
    def _stem_as_typed(query: KeywordQuery, word: str, language: str) -> str:
        # Stemmers need the diacritics that folding removes, so the word is stemmed as it was typed.
        typed = next((w for w in query.words if analysis.words(w) == [word]), word)
        return analysis.stem(typed, language)

    def _any_form(
        self, searcher: tantivy.Searcher, query: KeywordQuery, word: str, last: bool
    ) -> tantivy.Query:
        languages = query.languages or (analysis.DEFAULT_LANGUAGE,)
        forms = [self._term(f"stem_{x}", self._stem_as_typed(query, word, x)) for x in languages]
        for field in ("text", *COMPOUNDS):
            begun = last or _begins_a_number(word)
            forms.append(self._prefix(searcher, field, word) if begun else self._term(field, word))
        return tantivy.Query.boolean_query([(Occur.Should, form) for form in forms])

    def _title_word(self, searcher: tantivy.Searcher, word: str, last: bool) -> tantivy.Query:
        return tantivy.Query.disjunction_max_query(
            [self._prefix(searcher, field, word) if last else self._term(field, word) for field in TITLES]
        )

    def _prefix(self, searcher: tantivy.Searcher, field: str, word: str) -> tantivy.Query:
        """The most frequent words with this beginning. Each has its own BM25, and the best one counts."""
        terms = (
            [term for term, _ in searcher.terms_with_prefix(field, word, limit=PREFIX_TERMS)]
            if len(word) > 1
            else []
        )
        return tantivy.Query.disjunction_max_query(
            [self._term(field, term) for term in dict.fromkeys([word, *terms])]
        )

    def _phrase(self, phrase: str, field: str = "text", gram_field: str = "gram") -> tantivy.Query:
        """A query for all the words of a phrase side by side, and its runs without spaces likewise."""
        parts = []
        words = analysis.words(phrase)
        if words:
            parts.append(
                self._term(field, words[0])
                if len(words) == 1
                else tantivy.Query.phrase_query(self._schema, field, list(words))
            )
        parts += [self._term(field, name) for name in analysis.signed_names(phrase)]
        for run in analysis.unspaced_runs(phrase):
            parts.append(
                tantivy.Query.boolean_query(
                    [(Occur.Must, self._term(gram_field, g)) for g in analysis.grams(run)]
                )
            )
        return (
            tantivy.Query.boolean_query([(Occur.Must, part) for part in parts])
            if parts
            else tantivy.Query.empty_query()
        )

    def documents_titled(self, query: KeywordQuery, limit: int) -> set[int]:
        """At most `limit` documents that hold every word of the query in a title, an alias or their path."""
        searcher = self._opened().searcher()
        every = [(Occur.Must, self._title_word(searcher, w, last)) for w, last in self._words(query)]
        every += [
            (Occur.Must, self._term("title_gram", g)) for run in query.runs for g in analysis.grams(run)
        ]
        if not every:
            return set()
        return _documents(searcher, searcher.search(tantivy.Query.boolean_query(every), limit, count=False))

    def documents_with_phrase(self, phrase: str, *, title: bool = False, limit: int = 50_000) -> set[int]:
        """Ids of the documents that hold the phrase (one word or more) exactly; with `title`, in a title or
        alias."""
        searcher = self._opened().searcher()
        either = self._in_titles(phrase) if title else [self._phrase(phrase)]
        query = tantivy.Query.boolean_query([(Occur.Should, q) for q in either])
        return _documents(searcher, searcher.search(query, limit, count=False))

    def _in_titles(self, phrase: str) -> list[tantivy.Query]:
        return [self._phrase(phrase, field, "title_gram") for field in TITLES]

    def _term(self, field: str, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, term)

    def __len__(self) -> int:
        return int(self._opened().searcher().num_docs)


def _begins_a_number(word: str) -> bool:
    """Whether a word may be the beginning of a number or a hash: these are typed no further than they are
    known."""
    return len(word) >= 4 and any(character.isdigit() for character in word)


def _documents(searcher: tantivy.Searcher, found: tantivy.SearchResult) -> set[int]:
    """Ids of the documents that the blocks found are of."""
    addresses = [address for _, address in found.hits]
    return {int(value or 0) for value in searcher.fast_field_values("document", addresses)}


def _plain(text: str, spelled: str) -> str:
    """The words of a text, followed by its names with signs, where those do not interrupt a phrase. `spelled`
    is the text in one spelling."""
    return " ".join((analysis.spaced(spelled), *analysis.signed_names(text)))


def _tantivy_document(block: WordBlock) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("document", block.document_id)
    document.add_unsigned("first", block.first)
    document.add_unsigned("last", block.last)
    full = f"{block.title}\n{block.text}"
    spelled = normal(full)
    plain = _plain(full, spelled)
    document.add_text("text", plain)
    document.add_text(f"stem_{analysis.stemming_language(block.language)}", plain)
    for field, called in (*(("title", title) for title in block.titles), ("name", block.name)):
        as_spelled = normal(called)
        document.add_text(field, _plain(called, as_spelled))
        if extra := " ".join((*compounds.joined(as_spelled), *compounds.parts(as_spelled))):
            document.add_text("name", extra)
        for run in analysis.unspaced_runs(called):
            document.add_text("title_gram", run)
    if whole := " ".join(compounds.joined(spelled)):
        document.add_text("whole", whole)
    if part := " ".join(compounds.parts(spelled)):
        document.add_text("part", part)
    runs = analysis.unspaced_runs(full)
    if runs:
        document.add_text("gram", "\n".join(runs))
    for facet in block.facets:
        document.add_text("facet", facet)
    return document
