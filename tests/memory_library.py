"""A library in memory: the plainest thing that keeps the contract of storage/library.py. Nothing is indexed;
every question looks at every document."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path

import numpy as np

from notesearch.domain import FileProblem, HeldBack, HeldNote, Outgoing, Told
from notesearch.errors import NotesearchError
from notesearch.storage.changes import Applied, Change
from notesearch.storage.values import (
    DATE,
    EVERYTHING,
    LANGUAGE,
    AtPaths,
    BlockHit,
    ChunkRow,
    DocumentRow,
    Excerpt,
    Files,
    FileState,
    Filters,
    FolderRow,
    HasFacet,
    Holds,
    HoldsPhrase,
    IndexFigures,
    InFolder,
    IsCalled,
    IsDated,
    KeywordHits,
    LiesAt,
    Newest,
    Note,
    NoteWanted,
    PassageHit,
    Simple,
    Unsent,
    ValueCount,
    Vectors,
    WaitingChunk,
    WithContent,
    WordQuery,
    fits,
)
from notesearch.text import analysis
from tests.memory_state import MemoryChunk, MemoryDocument, MemoryFolder, MemoryState

# Documents of more chunks wait until all others are embedded.
LONG = 2000


class MemoryLibrary:
    """Implements Library. One lock around all changes, so any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._state = MemoryState()
        self._subscribers: list[Callable[[], None]] = []
        self.upkeep = MemoryUpkeep(lambda: self._state)

    # Changes, and what waits for a model

    def apply(self, changes: Sequence[Change]) -> Applied:
        with self._lock:
            before = self._state.copied()
            try:
                applied = self._state.apply(changes)
            except BaseException:
                self._state = before
                raise
        self._tell()
        return applied

    def waiting(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        found: dict[bytes, WaitingChunk] = {}
        among = [d for d in self._documents if folders is None or d.new.folder_id in folders]
        newest = sorted(among, key=lambda d: (len(d.chunks) > LONG, -d.new.mtime_ns, d.id))
        for chunks in (lambda d: d.chunks, lambda d: d.prepared):
            for document in newest:
                for chunk in self._state.waited(chunks(document)):
                    if chunk.fingerprint == fingerprint and chunk.key not in self._state.vectors:
                        digest, tokens = chunk.key[1], chunk.chunk.tokens
                        found.setdefault(digest, WaitingChunk(document.id, digest, chunk.text, tokens))
        return list(found.values())[:limit]

    def put_vectors(self, fingerprint: str, digests: Sequence[bytes], vectors: Vectors) -> int:
        with self._lock:
            keys = {(fingerprint, digest) for digest in digests} - set(self._state.vectors)
            self._state.vectors |= {
                (fingerprint, digest): vector
                for digest, vector in zip(digests, vectors, strict=True)
                if (fingerprint, digest) in keys
            }
            completed = sum(chunk.key in keys for d in self._documents for chunk in d.every)
        self._tell()
        return completed

    @property
    def _documents(self) -> list[MemoryDocument]:
        return list(self._state.documents.values())

    # Hits under filters

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        asked = [word for typed in query.words for word in analysis.asked_words(typed)]
        texts = {d.id: analysis.words(_everything(d)) for d in self._documents}
        hits, complete = [], set()
        for document in self._passing(filters):
            if among is not None and document.id not in among:
                continue
            found = [sum(_is(w, word, query, asked) for w in texts[document.id]) for word in asked]
            score = 0.0
            for word, times in zip(asked, found, strict=True):
                having = sum(any(_is(w, word, query, asked) for w in text) for text in texts.values())
                score += times / (times + 1.2) * math.log(1 + len(texts) / (1 + having)) if times else 0.0
            if score or query.optional:
                hits.append(BlockHit(document.id, 0, max(0, len(document.chunks) - 1), score))
            if asked and all(found):
                complete.add(document.id)
        hits.sort(key=lambda hit: (-hit.score, hit.document_id))
        titled, phrased = self._titled(query, filters), self._phrased(query, filters)
        exact = (d for d in self._documents if d.id in phrased.union(titled))
        return KeywordHits(
            hits=tuple(hits[:limit]),
            total=len(complete) or len(hits),
            complete=frozenset(complete),
            titled=titled,
            phrased=phrased,
            exact=tuple(BlockHit(d.id, 0, max(0, len(d.chunks) - 1), 0.0) for d in exact),
        )

    def _titled(self, query: WordQuery, filters: Filters) -> dict[int, tuple[str, ...]]:
        found = [d for d in self._passing(filters) if query.exact and _is_titled(d, query.exact)]
        return {d.id: _titles(d) for d in found[: query.exact_limit]}

    def _phrased(self, query: WordQuery, filters: Filters) -> frozenset[int]:
        if not query.exact_phrase:
            return frozenset()
        found = [d.id for d in self._passing(filters) if _holds(_everything(d), query.exact)]
        return frozenset(found[: query.exact_limit])

    def nearest(
        self, fingerprint: str, vector: Vectors, filters: Filters, limit: int, *, floor: float = -1.0
    ) -> list[PassageHit]:
        hits = [h for h in self._hits(fingerprint, vector, self._passing(filters)) if h.score >= floor]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def _hits(
        self, fingerprint: str, vector: Vectors, documents: Iterable[MemoryDocument]
    ) -> list[PassageHit]:
        return [
            PassageHit(document.id, chunk.id, float(kept @ vector))
            for document in documents
            for chunk in document.chunks
            if chunk.fingerprint == fingerprint and (kept := self._state.vectors.get(chunk.key)) is not None
        ]

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        short = [d for d in self._documents if d.id in document_ids and len(d.chunks) <= most_chunks]
        return self._hits(fingerprint, vector, short)

    def without_vectors(self, document_ids: Sequence[int]) -> set[int]:
        asked = [d for d in self._documents if d.id in document_ids]
        return {d.id for d in asked if any(chunk.key not in self._state.vectors for chunk in d.chunks)}

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        chunks = self._state.documents[document_id].chunks[:64]
        own = [self._state.vectors[c.key] for c in chunks if c.key in self._state.vectors]
        if not own:
            return None
        mean = np.asarray(np.mean(own, axis=0), np.float32)
        hits = self.nearest(fingerprint, mean / (np.linalg.norm(mean) or 1.0), EVERYTHING, limit)
        return [hit for hit in hits if hit.document_id != document_id]

    def _passing(self, filters: Filters) -> list[MemoryDocument]:
        return [d for d in self._documents if _passes(d, filters)]

    def newest(self, filters: Filters, limit: int, among: Collection[int] | None = None) -> Newest:
        found = [d for d in self._passing(filters) if among is None or d.id in among]
        if among is None:
            passing = sorted(found, key=lambda d: (-d.new.mtime_ns, d.id))
        else:
            passing = sorted(found, key=lambda d: (_day(d), d.new.mtime_ns, -d.id), reverse=True)
        return Newest(tuple(d.id for d in passing[:limit]), len(passing))

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        return tuple(dict.fromkeys(d.new.fingerprint for d in self._passing(filters)))

    # What is shown

    def notes(self, wanted: Sequence[NoteWanted], short: int) -> dict[int, Note]:
        notes = {}
        for asked in wanted:
            if (document := self._state.documents.get(asked.document_id)) is None:
                continue
            rows = [_chunk_row(document, chunk) for chunk in document.chunks]
            if len(rows) > short:
                chosen = [
                    row
                    for row in rows
                    if row.id in asked.chunk_ids or any(a <= row.ordinal <= b for a, b in asked.spans)
                ]
                rows = chosen or rows[:1]
            notes[document.id] = Note(
                document=self._row(document),
                root=self._state.folders[document.new.folder_id].path,
                chunks=tuple(rows),
                whole=document.new.document.text,
            )
        return notes

    def _row(self, document: MemoryDocument) -> DocumentRow:
        new, about = document.new, document.new.document
        return DocumentRow(
            id=document.id,
            folder_id=new.folder_id,
            path=new.path,
            format=about.format,
            title=about.title,
            mtime_ns=new.mtime_ns,
            first_line=about.first_line,
            length=len(about.text),
            language=about.language,
            tags=tuple(about.tags),
            aliases=tuple(about.aliases),
            expected=len(self._state.waited(document.chunks)),
            embedded=self._state.embedded(document.chunks),
            fingerprint=new.fingerprint,
            position=document.position,
            part=new.part,
            properties=tuple(about.properties),
        )

    def documents_at(self, path: Path) -> tuple[DocumentRow, ...]:
        return tuple(map(self._row, sorted(self._state.at(path), key=lambda d: d.id)))

    def text(self, document_id: int, start: int, end: int) -> Excerpt:
        document = self._state.documents.get(document_id)
        text = document.new.document.text if document is not None else ""
        return Excerpt(text[start:end], text.count("\n", 0, start))

    def facets(self, kind: str) -> tuple[ValueCount, ...]:
        if kind == LANGUAGE:
            counted = Counter(d.new.document.language for d in self._documents)
        else:
            each = (set(d.new.facets) for d in self._documents)
            start = f"{kind}:"
            counted = Counter(f.removeprefix(start) for own in each for f in own if f.startswith(start))
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        return tuple(ValueCount(value, number) for value, number in ordered)

    # Folders and files

    def folders(self) -> tuple[FolderRow, ...]:
        rows = [self._folder_row(i, folder) for i, folder in self._state.folders.items()]
        return tuple(sorted(rows, key=lambda row: row.path))

    def _folder_row(self, folder_id: int, folder: MemoryFolder) -> FolderRow:
        state, own = self._state, self._state.of_folder(folder_id)
        failed = sum(at[0] == folder_id for at in state.failed)
        every = [c for d in own for c in d.chunks]
        prepared = [c for d in own for c in d.prepared]
        counted = prepared if folder.next_model else every
        return FolderRow(
            id=folder_id,
            path=folder.path,
            model=folder.model,
            held=folder.held,
            missing=folder.missing,
            others=folder.others,
            documents=len(own) + failed,
            complete=sum(state.complete(d.chunks) for d in own),
            failed=failed,
            chunks=len(state.waited(every)),
            embedded=state.embedded(every),
            next_model=folder.next_model,
            previous_model=folder.previous,
            agreed=folder.agreed,
            pending_chunks=len(state.waited(prepared)),
            pending_embedded=state.embedded(prepared),
            held_back=sum(c.held is not None for c in counted),
            former_models=tuple({m: None for m, _ in sorted(folder.former) if m != folder.model}),
        )

    def known(self, files: Files) -> dict[str, FileState]:
        def chosen(path: Path, folder_id: int) -> bool:
            if isinstance(files, InFolder):
                return folder_id == files.folder_id
            if isinstance(files, AtPaths):
                asked = {path, *path.parents} if files.below else {path}
                return any(Path(at) in asked for at in files.paths)
            return True

        states = {
            str(path): FileState(None, f.size, f.mtime_ns, "", "", f.reading, again=f.error.retryable)
            for (folder_id, path), f in self._state.failed.items()
            if chosen(path, folder_id)
        }
        for document in self._documents:
            path = document.new.path
            if chosen(path, document.new.folder_id):
                before = states.get(str(path))
                known = before is not None and before.document_id is not None
                state = _state(document)
                states[str(path)] = before.beside(state) if before is not None and known else state
        if isinstance(files, WithContent):
            key = (files.content_hash, files.fingerprint)
            return {p: s for p, s in states.items() if (s.content_hash, s.fingerprint) == key}
        if isinstance(files, InFolder) and files.renamed:
            return {path: state for path, state in states.items() if state.title != state.embedded_title}
        return states

    def problems(self) -> tuple[FileProblem, ...]:
        found: dict[Path, tuple[NotesearchError, bool, int]] = {
            path: (failed.error, failed.error.retryable, failed.mtime_ns)
            for (_, path), failed in self._state.failed.items()
        }
        for document in self._documents:
            for chunk in self._state.refused_in(document)[:1]:
                new = document.new
                found[new.path] = (self._state.refused[chunk.key], True, new.mtime_ns)
        return tuple(
            FileProblem(path=path, what=Told.of(error), retryable=retryable, modified=time / 1e9)
            for path, (error, retryable, time) in sorted(found.items(), key=lambda item: item[0])
        )

    # What may be sent

    def unsent(self, folder_id: int, *, pending: bool) -> Unsent:
        own = {d.id: d.prepared if pending else d.chunks for d in self._state.of_folder(folder_id)}
        left = {
            i: [c for c in self._state.waited(chunks) if c.key not in self._state.vectors]
            for i, chunks in own.items()
        }
        texts = {c.text: c.chunk.tokens for chunks in left.values() for c in chunks}
        every = [c for chunks in own.values() for c in chunks]
        return Unsent(
            documents=sum(map(bool, left.values())),
            chunks=len(texts),
            tokens=sum(texts.values()),
            characters=sum(map(len, texts)),
            embedded=sum(c.key in self._state.vectors for c in every),
            held_back=sum(c.held is not None for c in every),
        )

    def outgoing(self, document_id: int, *, pending: bool) -> tuple[Outgoing, ...]:
        document = self._state.documents.get(document_id)
        if document is None:
            return ()
        return tuple(
            Outgoing(text=c.text, line=c.chunk.line, held_back=c.held, sent=c.key in self._state.vectors)
            for c in (document.prepared if pending else document.chunks)
        )

    def held_back(self, folder_id: int, *, pending: bool, limit: int) -> tuple[HeldNote, ...]:
        notes = []
        for document in sorted(self._state.of_folder(folder_id), key=lambda d: d.new.path.as_posix()):
            held = [c.held for c in (document.prepared if pending else document.chunks) if c.held]
            if held:
                reasons = tuple(reason for reason in HeldBack if reason in held)
                about = document.new
                notes.append(
                    HeldNote(path=about.path, title=about.document.title, passages=len(held), reasons=reasons)
                )
        return tuple(notes[:limit])

    # The library as a whole

    @property
    def position(self) -> int:
        return self._state.position

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._subscribers.append(changed)
        return lambda: self._subscribers.remove(changed)

    def _tell(self) -> None:
        for changed in list(self._subscribers):
            changed()

    def bytes_on_disk(self) -> dict[str, int]:
        return {"database": 0, "keyword": 0, "vectors": 0}

    def check(self) -> list[str]:
        return []

    def close(self) -> None: ...


class MemoryUpkeep:
    """Implements Upkeep: there are no copies beside the truth, so all is in step."""

    unread = 0
    broken = False

    def __init__(self, state: Callable[[], MemoryState]) -> None:
        self._state = state
        self._held: set[str] = set()

    def follow_words(self, stopped: Callable[[], bool] = lambda: False) -> None: ...
    def follow_model(self, fingerprint: str, stopped: Callable[[], bool] = lambda: False) -> None: ...

    def hold_room(self, fingerprint: str, numbers: int) -> None:
        self._held.add(fingerprint)

    def holds_room(self, fingerprint: str) -> bool:
        return fingerprint in self._held

    def give_room(self, fingerprint: str) -> None:
        self._held.discard(fingerprint)

    has_room = True

    def refresh_model(self, fingerprint: str, stopped: Callable[[], bool] = lambda: False) -> None: ...

    def ready(self, fingerprint: str, *, wait: bool = False) -> bool:
        return True

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        state = self._state()
        used = {
            fingerprint
            for d in state.documents.values()
            for fingerprint in (d.new.fingerprint, d.prepared_mark)
        }
        used |= {fingerprint for folder in state.folders.values() for _, fingerprint in folder.former}
        gone = [key for key in state.vectors if key[0] not in used and key[0] not in kept]
        for key in gone:
            del state.vectors[key]
        state.refused = {k: e for k, e in state.refused.items() if k[0] in used or k[0] in kept}
        return len(gone)

    def tidy(self) -> None: ...
    def save(self, *, closing: bool = False) -> None: ...
    def rest(self) -> None: ...
    def shrink(self) -> None: ...
    def refresh(self) -> None: ...

    def word_figures(self) -> IndexFigures:
        return IndexFigures(entries=len(self._state().documents), missing=0)

    def model_figures(self, fingerprint: str) -> IndexFigures:
        return IndexFigures(entries=sum(of == fingerprint for of, _ in self._state().vectors), missing=0)


def _is(word: str, asked: str, query: WordQuery, every: Sequence[str]) -> bool:
    return word.startswith(asked) if query.prefix and asked == every[-1] else word == asked


def _titles(document: MemoryDocument) -> tuple[str, ...]:
    """What a document is called: title, aliases, and the names of its file."""
    about, path = document.new.document, document.new.path
    return (about.title, *about.aliases, path.stem, path.name)


def _everything(document: MemoryDocument) -> str:
    return "\n".join((*_titles(document), document.new.document.text))


def _holds(text: str, phrase: str) -> bool:
    end = "" if analysis.goes_on(phrase) else " "
    return f" {' '.join(analysis.words(phrase))}{end}" in f" {' '.join(analysis.words(text))} "


def _is_titled(document: MemoryDocument, phrase: str) -> bool:
    return any(_holds(title, phrase) for title in _titles(document))


def _passes(document: MemoryDocument, filters: Filters) -> bool:
    facets, every = set(document.new.facets), _everything(document)
    return (
        facets.issuperset(filters.facets)
        and not facets.intersection(filters.without_facets)
        and all(_holds(every, phrase) for phrase in filters.phrases)
        and all(_is_titled(document, title) for title in filters.titles)
        and not any(_holds(every, phrase) for phrase in filters.without)
        and not any(_is_titled(document, title) for title in filters.without_titles)
        and all(_holds(document.new.path.as_posix(), path) for path in filters.paths)
        and not any(_holds(document.new.path.as_posix(), path) for path in filters.without_paths)
        and all(fits(condition, partial(_is_as_asked, document)) for condition in filters.conditions)
        and (filters.after or date.min) <= _day(document) < (filters.before or date.max)
        and (filters.folder is None or filters.folder in document.new.path.parents)
    )


def _is_as_asked(document: MemoryDocument, condition: Simple) -> bool:
    match condition:
        case Holds(word, begun):
            return _holds(_everything(document), word + "*" * begun)
        case HoldsPhrase(phrase):
            return _holds(_everything(document), phrase)
        case IsCalled(title):
            return _is_titled(document, title)
        case LiesAt(path):
            return _holds(document.new.path.as_posix(), path)
        case HasFacet(facet):
            return facet in document.new.facets
        case IsDated(after, before):
            return (after or date.min) <= _day(document) < (before or date.max)


def _day(document: MemoryDocument) -> date:
    """The note's own date, else that of its file."""
    own = next((f.partition(":")[2] for f in document.new.facets if f.startswith(f"{DATE}:")), "")
    return date.fromisoformat(own) if own else datetime.fromtimestamp(document.new.mtime_ns / 1e9).date()


def _chunk_row(document: MemoryDocument, kept: MemoryChunk) -> ChunkRow:
    chunk = kept.chunk
    where = (chunk.ordinal, chunk.start, chunk.end, chunk.line, tuple(chunk.heading))
    return ChunkRow(kept.id, document.id, *where, chunk.prefix, chunk.tokens, chunk.locator)


def _state(document: MemoryDocument) -> FileState:
    new = document.new
    renamed = document.embedded_title != new.document.title
    return FileState(
        document.id,
        new.size,
        new.mtime_ns,
        new.content_hash,
        new.fingerprint,
        new.reading,
        document.prepared_mark,
        new.document.title if renamed else "",
        document.embedded_title if renamed else "",
        new.part,
        ctime_ns=new.ctime_ns,
    )
