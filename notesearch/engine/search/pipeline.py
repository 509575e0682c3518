"""The search pipeline: from a query to rows, one for each note.

Keyword results come at once, fused results when the query's vector is there, then the best sentences. Reads
the store and the indexes and changes nothing. Any thread may search, but not the GUI thread.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.domain import Elapsed, Match, MatchedBy, Mode, Query, SearchResults, Stage, Told, told
from notesearch.embedding.embedder import Cancelled, Embedder, Vectors, vectors_in_order
from notesearch.engine.models.consent import Consents
from notesearch.engine.search import fusion
from notesearch.engine.search.asked import Asked, asked_of
from notesearch.engine.search.bonuses import asked_exactly, bonuses_of
from notesearch.engine.search.failed_files import failed_rows
from notesearch.engine.search.highlights import Highlighter
from notesearch.engine.search.query_vectors import QueryVectors
from notesearch.engine.search.rows import SHORT_NOTE, Candidate, Rows
from notesearch.engine.search.snippets import sentences, snippet
from notesearch.errors import NotIndexed
from notesearch.storage.library import Library
from notesearch.storage.values import (
    LANGUAGE,
    BlockHit,
    DocumentRow,
    KeywordHits,
    Note,
    NoteWanted,
    PassageHit,
)
from notesearch.text import analysis
from notesearch.text.language import language_of
from notesearch.text.stemming import LATIN

# How many candidates each half gives, before they become notes and the list is cut.
BLOCKS = 150
PASSAGES = 250
NOTES = 100
# Notes that `sort:date` sorts.
MOST_BY_DATE = 5000
# Rows of the keyword stage: as many as a window shows. The fused rows that follow have the rest.
KEYWORD_ROWS = 12


@dataclass(frozen=True, slots=True)
class Fused:
    """The results of both halves, the candidates for which no row was built yet, and the highlighter of all
    rows."""

    results: SearchResults
    unbuilt: Sequence[Candidate] = ()
    highlighter: Highlighter | None = None


@dataclass(frozen=True, slots=True)
class WordHits:
    """What the keyword index found for a query, the bonuses of notes by id, and the milliseconds that it
    took. The stages of a session share it."""

    found: KeywordHits
    bonuses: Mapping[int, float]
    took: float = 0.0


NO_WORDS = WordHits(KeywordHits(), {})


class Pipeline:
    """The stages of a search. It keeps nothing of a single search; a SearchSession does.

    Any thread but the GUI thread, several at once. Raises NotesearchError where an index or a model cannot be
    used.
    """

    def __init__(self, library: Library, consents: Consents, vectors: QueryVectors) -> None:
        self._library = library
        self._consents = consents
        self._models = consents.models
        self._vectors = vectors
        self._rows = Rows(library)

    def asked(self, query: Query) -> Asked:
        """Parse a query for all stages. Phrases of a sentence that leave nothing, or next to nothing, count
        as words."""
        asked = asked_of(query, self._library.facets(LANGUAGE), date.today(), self._has_facet)
        least = asked.least_with_phrases
        if least and self._library.newest(asked.filters, least).total < least:
            return asked.without_quotes()
        return asked

    def _has_facet(self, facet: str) -> bool:
        kind, _, value = facet.partition(":")
        return any(one.value == value for one in self._library.facets(kind))

    def now(self) -> float:
        """Seconds by the clock that `typed_at` goes by."""
        return self._vectors.now()

    @property
    def asks_providers(self) -> bool:
        """Whether a folder has a remote model that may be asked."""
        return self._consents.asks_providers

    # The three stages

    def by_words(self, asked: Asked) -> WordHits:
        """What the keyword index finds, for the first stages. Nothing, where they need none of it."""
        parsed = asked.parsed
        if parsed.empty or parsed.only_filters or parsed.newest_first or parsed.failed:
            return NO_WORDS
        begin = time.perf_counter()
        found = self._library.words(asked_exactly(asked, NOTES), asked.filters, _blocks(asked.query))
        bonuses = bonuses_of(asked, found)
        return WordHits(found, bonuses, (time.perf_counter() - begin) * 1000)

    def words(self, asked: Asked, by_words: WordHits, rows: int = KEYWORD_ROWS) -> SearchResults:
        """The rows found by words alone, at most `rows`."""
        begin, query = time.perf_counter(), asked.query
        if asked.parsed.failed:
            return self._failed(asked, Stage.KEYWORD, begin)
        if asked.parsed.only_filters:
            return self._listed(asked, Stage.KEYWORD, begin)
        if asked.parsed.newest_first:
            return self._by_date(asked, Stage.KEYWORD, begin)
        hits, bonuses = by_words.found, by_words.bonuses
        among = _among(hits)
        beside = [hit for hit in hits.exact if hit.document_id not in among]
        # What is not among the hits scores less than each of them.
        scores = {hit.document_id: -float(n) for n, hit in reversed([*enumerate(beside, 1)])}
        scores |= _best_by_note(hits.hits)
        # The fused rows are sorted by the same bonuses first, so that the list does not jump.
        order = sorted(scores, key=lambda i: (-bonuses.get(i, 0.0), -scores[i], i))[: min(query.limit, rows)]
        blocks = _blocks_by_note((*hits.hits, *beside))
        highlighter = asked.forgiving(hits.forgiven)
        candidates = [
            Candidate(i, max(0.0, scores[i]), blocks=blocks[i], by_words=bool(highlighter.count))
            for i in order
        ]
        matches = self._rows.build(candidates, highlighter, further=0)
        if query.mode is Mode.HYBRID and asked.parsed.meaning:
            # Only after the rows are built, since loading a model takes processor time from that.
            self._models.load_ahead()
        took = by_words.took + (time.perf_counter() - begin) * 1000
        elapsed = Elapsed(keyword=took, total=took)
        return self._results(query, Stage.KEYWORD, matches, hits.total, elapsed, _notices(asked, hits))

    def fused(
        self,
        asked: Asked,
        by_words: WordHits,
        *,
        stage: Stage = Stage.FUSED,
        cancelled: Cancelled | None = None,
        typed_at: float | None = None,
        rows: int | None = None,
    ) -> Fused:
        """The rows found by words and by meaning. One half alone finds them where the query's mode says so,
        or the other half has nothing.

        With `stage` LOCAL no provider is asked. `cancelled` is given while the user types, who last typed at
        `typed_at` (seconds, by `now`): a provider is asked only after a rest. `rows`: how many are built now;
        `more` builds the others. Raises QueryCancelled.
        """
        begin, query = time.perf_counter(), asked.query
        if asked.parsed.failed:
            return Fused(self._failed(asked, stage, begin))
        if asked.parsed.only_filters:
            return Fused(self._listed(asked, stage, begin))
        if asked.parsed.newest_first:
            return Fused(self._by_date(asked, stage, begin))
        hits = by_words.found
        if asked.highlighter.count == 1:
            # A model makes little of a misspelled word. In a question, a word that no note has is more likely
            # another word for what the notes say.
            asked = asked.corrected(hits.forgiven)
        cosines: dict[int, dict[int, float]] = {}
        vectors: dict[str, Vectors] = {}
        embed_took = vector_took = 0.0
        notices: tuple[Told, ...] = ()
        if query.mode is not Mode.KEYWORD and asked.parsed.meaning:
            vectors, notices = self._vectors.of(
                asked, remote=stage is not Stage.LOCAL, cancelled=cancelled, typed_at=typed_at
            )
            embed_took = (time.perf_counter() - begin) * 1000
            cosines = self._meaning(asked, [hit.document_id for hit in hits.hits], vectors)
            vector_took = (time.perf_counter() - begin) * 1000 - embed_took
        candidates, found = self._fuse(asked, by_words, cosines, vectors)
        head = candidates[:rows]
        highlighter = asked.forgiving(hits.forgiven)
        matches = self._rows.build(head, highlighter)
        elapsed = Elapsed(
            keyword=by_words.took,
            embed=embed_took,
            vector=vector_took,
            total=by_words.took + (time.perf_counter() - begin) * 1000,
        )
        said = (*_notices(asked, hits), *notices)
        if matches and query.mode is Mode.HYBRID and not hits.hits and not hits.exact:
            said = (told("search.no-words", typed=asked.parsed.meaning), *said)
        results = self._results(query, stage, matches, max(found, hits.total), elapsed, said)
        return Fused(results, candidates[len(head) :], highlighter)

    def more(self, asked: Asked, fused: Fused) -> SearchResults:
        """The fused results with the rows that were not built yet."""
        matches = fused.results.matches
        highlighter = fused.highlighter or asked.highlighter
        further = self._rows.build(fused.unbuilt, highlighter, rank=len(matches) + 1)
        return replace(fused.results, matches=(*matches, *further))

    def explained(self, asked: Asked, results: SearchResults) -> SearchResults:
        """The same rows in the same order, with the sentence nearest in meaning where a row was found by
        meaning."""
        wanted = [
            m for m in results.matches if m.matched_by is not MatchedBy.KEYWORD and not m.best.highlights
        ]
        if not wanted or not asked.parsed.meaning:
            return replace(results, stage=Stage.EXPLAINED)
        passages = [NoteWanted(document_id=m.document_id, chunk_ids=[m.best.chunk_id]) for m in wanted]
        notes = self._library.notes(passages, short=0)
        by_model: dict[str, list[tuple[Match, str]]] = defaultdict(list)
        for match in wanted:
            if (note := notes.get(match.document_id)) is not None:
                by_model[note.document.fingerprint].append((match, _passage_in(note, match)))
        found: dict[int, Match] = {}
        for fingerprint, matches in by_model.items():
            model = self._models.by_fingerprint(fingerprint)
            # For passages that a remote model found, the local model finds the sentence. There are many
            # sentences, and no provider is to see them for this.
            embedder = self._models.embedder(
                fingerprint if model is not None and not model.remote else fingerprint_of(LOCAL)
            )
            if embedder is not None:
                found |= self._best_sentences(embedder, asked, matches)
        return replace(
            results,
            stage=Stage.EXPLAINED,
            matches=tuple(found.get(m.document_id, m) for m in results.matches),
        )

    def document(self, path: Path, part: str = "") -> DocumentRow:
        """The document of a file with this part. Where a file has several and none of this part, the first.
        Raises NotIndexed."""
        documents = self._library.documents_at(path)
        if not documents:
            raise NotIndexed("not-indexed.note", note=path.name)
        return next((d for d in documents if d.part == part), documents[0])

    def similar(self, path: Path, limit: int, part: str = "") -> SearchResults:
        """Notes near in meaning to the note at `path`, without that note. At most `limit`. Raises
        NotIndexed."""
        begin = time.perf_counter()
        document = self.document(path, part)
        hits = self._library.near_document(document.id, document.fingerprint, PASSAGES)
        if hits is None:
            raise NotIndexed("not-indexed.no-vectors", retryable=True, note=path.name)
        cosines = _by_note(hits)
        query = Query(text="", limit=limit, mode=Mode.MEANING)
        asked = self.asked(query)
        candidates, found = self._fuse(asked, NO_WORDS, cosines, [document.fingerprint], far_behind=0.0)
        matches = self._rows.build(candidates, asked.highlighter)
        return self._results(
            query, Stage.FUSED, matches, found, Elapsed(total=(time.perf_counter() - begin) * 1000)
        )

    # Parts

    def _listed(self, asked: Asked, stage: Stage, begin: float) -> SearchResults:
        """The rows for a query of filters alone: every note that passes, newest first."""
        newest = self._library.newest(asked.filters, asked.query.limit)
        total = newest.total
        matches = self._rows.build(
            [Candidate(i, 0.0, by_words=True) for i in newest.ids], asked.highlighter, further=0
        )
        return self._results(
            asked.query, stage, matches, total, Elapsed(total=(time.perf_counter() - begin) * 1000)
        )

    def _failed(self, asked: Asked, stage: Stage, begin: float) -> SearchResults:
        """The rows for `is:failed`: the files with a problem whose names and paths fit the query."""
        roots = [folder.path for folder in self._library.folders()]
        found = failed_rows(self._library.problems(), roots, asked.parsed)
        shown = tuple(found[: asked.query.limit])
        took = Elapsed(total=(time.perf_counter() - begin) * 1000)
        return self._results(asked.query, stage, shown, len(found), took)

    def _by_date(self, asked: Asked, stage: Stage, begin: float) -> SearchResults:
        """The rows for `sort:date`: the notes that hold all words (any, where none holds all), newest
        first."""
        query = asked.query
        hits = self._library.words(asked.words, asked.filters, MOST_BY_DATE)
        holding = hits.complete or set(_best_by_note(hits.hits))
        newest = self._library.newest(asked.filters, query.limit, holding)
        blocks = _blocks_by_note(hits.hits)
        candidates = [Candidate(i, 0.0, blocks=blocks.get(i, []), by_words=True) for i in newest.ids]
        matches = self._rows.build(candidates, asked.forgiving(hits.forgiven))
        took = (time.perf_counter() - begin) * 1000
        elapsed = Elapsed(keyword=took, total=took)
        return self._results(query, stage, matches, newest.total, elapsed, _notices(asked, hits))

    def _blocks_of(self, asked: Asked, hits: KeywordHits, notes: Collection[int]) -> tuple[BlockHit, ...]:
        """The blocks of notes that are not among the hits: there are many hits, and what is called as the
        query, holds it as a phrase, or was found by meaning may be none of the best."""
        missing = set(notes) - _among(hits)
        if not missing:
            return ()
        words = asked_exactly(asked, NOTES)
        return self._library.words(words, asked.filters, 2 * len(missing), missing).hits

    def _meaning(
        self, asked: Asked, found_by_words: Sequence[int], vectors: Mapping[str, Vectors]
    ) -> dict[int, dict[int, float]]:
        """The cosines by note and chunk: of the nearest passages of each model, and of every passage of the
        short notes that either half found. So each half also scores what the other one found."""
        notes = _notes(asked.query)
        words_list = list(dict.fromkeys(found_by_words))[:notes]
        by_model: list[dict[int, dict[int, float]]] = []
        for fingerprint, vector in vectors.items():
            model = self._models.by_fingerprint(fingerprint)
            floor = model.floor if model is not None else -1.0
            passages = max(PASSAGES, 3 * asked.query.limit)
            near = _by_note(self._library.nearest(fingerprint, vector, asked.filters, passages, floor=floor))
            nearest = sorted(near, key=lambda i: -max(near[i].values()))[:notes]
            cosines = {document_id: near[document_id] for document_id in nearest}
            both = list(dict.fromkeys((*nearest, *words_list)))
            for document_id, chunk_id, cosine in self._library.score(fingerprint, vector, both, SHORT_NOTE):
                cosines.setdefault(document_id, {})[chunk_id] = cosine
            by_model.append(cosines)
        return fusion.side_by_side(by_model)

    def _fuse(
        self,
        asked: Asked,
        by_words: WordHits,
        cosines: Mapping[int, Mapping[int, float]],
        fingerprints: Collection[str],
        *,
        far_behind: float = fusion.FAR_BEHIND,
    ) -> tuple[list[Candidate], int]:
        """The best notes in order, and how many notes they were chosen from. `fingerprints` are of the models
        that the cosines come from."""
        hits, bonuses = by_words.found, by_words.bonuses
        notes = _notes(asked.query)
        keyword_list = list(_best_by_note(hits.hits))[:notes]
        meaning = {i: fusion.passage_score(sorted(c.values(), reverse=True)) for i, c in cosines.items()}
        meaning_list = fusion.near_enough(meaning, cosines, far_behind)[:notes]
        by_meaning = set(meaning_list)
        all_hits = [*hits.hits]
        if extra := [*bonuses, *(by_meaning if hits.hits else ())]:
            all_hits += self._blocks_of(asked, hits, extra)
        scores = _best_by_note(all_hits)
        floors = [
            model.floor
            for fingerprint in fingerprints
            if (model := self._models.by_fingerprint(fingerprint)) is not None and model.floor > -1
        ]
        meaning = {i: score for i, score in meaning.items() if i in scores or i in by_meaning}
        fused = fusion.fuse(
            scores,
            meaning,
            keyword_list,
            meaning_list,
            keyword_zero=0.0 if len(hits.hits) < _blocks(asked.query) else None,
            meaning_zero=min(floors) if floors and len(meaning) < notes else None,
            complete=hits.complete if asked.highlighter.count <= fusion.SHORT else frozenset(),
            unembedded=self._unembedded(scores, meaning) if meaning else frozenset(),
            odds=self._odds(asked, cosines, fingerprints),
        )
        for document_id, bonus in bonuses.items():
            fused[document_id] = fused.get(document_id, 0.0) + bonus
        order = sorted(fused, key=lambda i: (-fused[i], i))[: asked.query.limit]
        blocks = _blocks_by_note(all_hits)
        candidates = [
            Candidate(
                i,
                fused[i],
                blocks=blocks.get(i, []),
                cosines=cosines.get(i, {}),
                by_words=i in scores,
                by_meaning=i in by_meaning,
                words_asked=asked.query.mode is not Mode.MEANING,
            )
            for i in order
        ]
        return candidates, len(fused)

    def _unembedded(self, found: Collection[int], scored: Collection[int]) -> Set[int]:
        """The notes that have no score by meaning because they lack vectors."""
        documents, complete, failed, _ = self._rows.counts()
        if complete + failed >= documents:
            return frozenset()
        return self._library.without_vectors([i for i in found if i not in scored])

    def _odds(
        self, asked: Asked, cosines: Mapping[int, Mapping[int, float]], fingerprints: Collection[str]
    ) -> float:
        """The odds of the keyword half, as far as the query, its language and the models tell."""
        models = [m for f in fingerprints if (m := self._models.by_fingerprint(f)) is not None]
        language = language_of(asked.parsed.meaning)
        unread = models and language and all(m.languages and language not in m.languages for m in models)
        # A few Latin words are easily taken for those of another language: many notes must have it.
        if unread and (language not in LATIN or language in asked.words.common_languages):
            return fusion.UNREAD
        nearest = max((max(chunks.values()) for chunks in cosines.values()), default=0.0)
        # The cosines of several models were made comparable, so they are nobody's own.
        usual = models[0].usual if len(models) == 1 else 0.0
        return fusion.odds_of(asked.highlighter.count, nearest, usual)

    def _best_sentences(
        self, embedder: Embedder, asked: Asked, matches: Sequence[tuple[Match, str]]
    ) -> dict[int, Match]:
        """Embed the sentences of the best passages (each match comes with its passage), and choose for each
        match the sentence nearest to the query."""
        spans = [sentences(passage)[:12] for _, passage in matches]
        texts = [passage[a:b] for (_, passage), found in zip(matches, spans, strict=True) for a, b in found]
        if not texts:
            return {}
        vector = self._vectors.vector(fingerprint_of(embedder.model), embedder, asked.parsed.meaning)
        cosines = vectors_in_order(embedder, texts) @ vector
        made, first = {}, 0
        for (match, passage), found in zip(matches, spans, strict=True):
            if found:
                nearest = found[int(np.argmax(cosines[first : first + len(found)]))]
                first += len(found)
                text, highlights, best_sentence = snippet(passage, asked.highlighter, around=nearest)
                made[match.document_id] = replace(
                    match,
                    best=replace(
                        match.best, snippet=text, highlights=highlights, best_sentence=best_sentence
                    ),
                )
        return made

    def _results(
        self,
        query: Query,
        stage: Stage,
        matches: tuple[Match, ...],
        total: int,
        elapsed: Elapsed,
        notices: tuple[Told, ...] = (),
    ) -> SearchResults:
        documents, complete, failed, unread = self._rows.counts()
        whole = (
            documents - failed - unread if stage is Stage.KEYWORD or query.mode is Mode.KEYWORD else complete
        )
        return SearchResults(
            query=query,
            stage=stage,
            matches=matches,
            total=total,
            searched=whole,
            of=documents,
            waiting=documents - failed - whole,
            failed=failed,
            elapsed=elapsed,
            notices=notices,
        )


def _blocks(query: Query) -> int:
    """How many blocks are enough to fill the rows of a query."""
    return max(BLOCKS, 3 * query.limit)


def _notes(query: Query) -> int:
    return max(NOTES, 2 * query.limit)


def _by_note(hits: Sequence[PassageHit]) -> dict[int, dict[int, float]]:
    """The hits as {document id: {chunk id: cosine}}."""
    found: dict[int, dict[int, float]] = defaultdict(dict)
    for hit in hits:
        found[hit.document_id][hit.chunk_id] = hit.score
    return dict(found)


def _best_by_note(hits: Sequence[BlockHit]) -> dict[int, float]:
    """The score of each note's best block, best note first."""
    best: dict[int, float] = {}
    for hit in hits:
        best[hit.document_id] = max(hit.score, best.get(hit.document_id, hit.score))
    return dict(sorted(best.items(), key=lambda item: (-item[1], item[0])))


def _among(hits: KeywordHits) -> set[int]:
    return {hit.document_id for hit in hits.hits}


def _blocks_by_note(hits: Sequence[BlockHit]) -> dict[int, list[BlockHit]]:
    blocks: dict[int, list[BlockHit]] = defaultdict(list)
    for hit in hits:
        blocks[hit.document_id].append(hit)
    return blocks


def _notices(asked: Asked, hits: KeywordHits) -> tuple[Told, ...]:
    """What is said of how the words were taken: quotation marks that were no wall, errors that were
    forgiven."""
    said = [told("search.quotes")] if asked.relaxed else []
    typed = {w: word for word in asked.parsed.words for w in analysis.words(word)}
    for word, found in hits.forgiven.items():
        said.append(told("search.forgiven", found=found[0], typed=typed.get(word, word)))
    return tuple(said)


def _passage_in(note: Note, match: Match) -> str:
    """The present text of a row's best passage; "" where the note has none."""
    best = match.best
    if note.whole is not None:
        return note.whole[best.start : best.end]
    texts = zip(note.chunks, note.texts, strict=True)
    return next((text for chunk, text in texts if (chunk.start, chunk.end) == (best.start, best.end)), "")
