"""A library in memory: the plainest thing that keeps the contract of storage/library.py. Nothing is indexed;
every question looks at every document."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from notesearch.domain import Chunk
from notesearch.storage.local.sqlite.documents import text_hash
from notesearch.storage.values import (
    BlockHit,
    ChunkRow,
    DocumentRow,
    FileState,
    Filters,
    FolderRow,
    Held,
    IndexFigures,
    KeywordHits,
    NewDocument,
    Note,
    PassageHit,
    Stored,
    Vectors,
    WaitingChunk,
    Wanted,
    WordQuery,
)
from notesearch.text import analysis


@dataclass
class _Chunk:
    id: int
    chunk: Chunk
    embedded_text: str


@dataclass
class _Document:
    id: int
    new: NewDocument
    position: int
    chunks: list[_Chunk] = field(default_factory=list)


@dataclass
class _Folder:
    path: Path
    model: str


class MemoryLibrary:
    """Implements Library. One lock around everything, so any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._folders: dict[int, _Folder] = {}
        self._documents: dict[int, _Document] = {}
        self._vectors: dict[tuple[str, str], Vectors] = {}
        self._subscribers: list[Callable[[], None]] = []
        self._ids = 0
        self._position = 0
        self._read_to = 0

    def _id(self) -> int:
        self._ids += 1
        return self._ids

    # Searching

    def words(
        self, query: WordQuery, filters: Filters, limit: int, among: Collection[int] | None = None
    ) -> KeywordHits:
        asked = [word for typed in query.words for word in analysis.asked_words(typed)]
        texts = {i: analysis.words(self._everything(d)) for i, d in self._documents.items()}
        candidates = self.passing(filters, self._documents if among is None else among)
        hits, complete = [], set()
        for document_id in candidates:
            found = [sum(self._is(w, word, query, asked) for w in texts[document_id]) for word in asked]
            score = 0.0
            for word, times in zip(asked, found, strict=True):
                having = sum(any(self._is(w, word, query, asked) for w in text) for text in texts.values())
                score += times / (times + 1.2) * math.log(1 + len(texts) / (1 + having)) if times else 0.0
            if score:
                last = max(0, len(self._documents[document_id].chunks) - 1)
                hits.append(BlockHit(document_id, 0, last, score))
            if asked and all(found):
                complete.add(document_id)
        hits.sort(key=lambda hit: (-hit.score, hit.document_id))
        return KeywordHits(
            hits=tuple(hits[:limit]), total=len(complete) or len(hits), complete=frozenset(complete)
        )

    @staticmethod
    def _is(word: str, asked: str, query: WordQuery, every: Sequence[str]) -> bool:
        return word.startswith(asked) if query.prefix and asked == every[-1] else word == asked

    @staticmethod
    def _everything(document: _Document) -> str:
        about = document.new.document
        return "\n".join((about.title, *about.aliases, about.text))

    @staticmethod
    def _holds(text: str, phrase: str) -> bool:
        return f" {' '.join(analysis.words(phrase))} " in f" {' '.join(analysis.words(text))} "

    def holding(self, phrase: str, *, title: bool, filters: Filters, limit: int) -> set[int]:
        found = {
            i
            for i, d in self._documents.items()
            if (
                any(self._holds(t, phrase) for t in (d.new.document.title, *d.new.document.aliases))
                if title
                else self._holds(self._everything(d), phrase)
            )
        }
        return set(sorted(self.passing(filters, found))[:limit])

    def nearest(
        self, fingerprint: str, vector: Vectors, filters: Filters, limit: int, *, floor: float = -1.0
    ) -> list[PassageHit]:
        passing = self.passing(filters, self._documents)
        hits = [hit for hit in self._hits(fingerprint, vector, passing) if hit.score >= floor]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def _hits(self, fingerprint: str, vector: Vectors, ids: Collection[int]) -> list[PassageHit]:
        return [
            PassageHit(i, chunk.id, float(kept @ vector))
            for i in ids
            if i in self._documents and self._documents[i].new.fingerprint == fingerprint
            for chunk in self._documents[i].chunks
            if (kept := self._vectors.get((fingerprint, chunk.embedded_text))) is not None
        ]

    def score(
        self, fingerprint: str, vector: Vectors, document_ids: Sequence[int], most_chunks: int
    ) -> list[PassageHit]:
        short = [
            i for i in document_ids if i in self._documents and len(self._documents[i].chunks) <= most_chunks
        ]
        return self._hits(fingerprint, vector, short)

    def near_document(self, document_id: int, fingerprint: str, limit: int) -> list[PassageHit] | None:
        own = [
            self._vectors[fingerprint, chunk.embedded_text]
            for chunk in self._documents[document_id].chunks[:64]
            if (fingerprint, chunk.embedded_text) in self._vectors
        ]
        if not own:
            return None
        mean = np.asarray(np.mean(own, axis=0), np.float32)
        hits = self.nearest(fingerprint, mean / (np.linalg.norm(mean) or 1.0), Filters(), limit)
        return [hit for hit in hits if hit.document_id != document_id]

    def passing(self, filters: Filters, ids: Collection[int]) -> set[int]:
        return {i for i in ids if i in self._documents and self._passes(self._documents[i], filters)}

    def _passes(self, document: _Document, filters: Filters) -> bool:
        facets = set(document.new.facets)
        about = document.new.document
        every = self._everything(document)

        def titled(phrase: str) -> bool:
            return any(self._holds(t, phrase) for t in (about.title, *about.aliases))

        return (
            facets.issuperset(filters.facets)
            and not facets.intersection(filters.without_facets)
            and all(self._holds(every, phrase) for phrase in filters.phrases)
            and all(map(titled, filters.titles))
            and not any(self._holds(every, phrase) for phrase in filters.without)
            and not any(map(titled, filters.without_titles))
            and (filters.folder is None or filters.folder in document.new.path.parents)
        )

    def newest(self, filters: Filters, limit: int) -> tuple[list[int], int]:
        ids = self.passing(filters, self._documents)
        order = sorted(ids, key=lambda i: (-self._documents[i].new.mtime_ns, i))
        return order[:limit], len(order)

    def fingerprints(self, filters: Filters) -> tuple[str, ...]:
        ids = self.passing(filters, self._documents)
        return tuple(dict.fromkeys(self._documents[i].new.fingerprint for i in sorted(ids)))

    # Reading

    def page(self, wanted: Sequence[Wanted], short: int) -> dict[int, Note]:
        notes = {}
        for asked in wanted:
            if (document := self._documents.get(asked.document_id)) is None:
                continue
            rows = [self._chunk_row(document, chunk) for chunk in document.chunks]
            if len(rows) > short:
                chosen = [
                    row
                    for row in rows
                    if row.id in asked.chunk_ids or any(a <= row.ordinal <= b for a, b in asked.spans)
                ]
                rows = chosen or rows[:1]
            notes[document.id] = Note(
                document=self._row(document),
                root=self._folders[document.new.folder_id].path,
                chunks=tuple(rows),
                whole=document.new.document.text,
            )
        return notes

    def _chunk_row(self, document: _Document, kept: _Chunk) -> ChunkRow:
        chunk = kept.chunk
        where = (chunk.ordinal, chunk.start, chunk.end, chunk.line, tuple(chunk.heading))
        return ChunkRow(kept.id, document.id, *where, chunk.prefix, chunk.tokens, None)

    def _row(self, document: _Document) -> DocumentRow:
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
            expected=len(document.chunks),
            embedded=self._embedded(document),
            fingerprint=new.fingerprint,
            position=document.position,
            part=new.part,
        )

    def _embedded(self, document: _Document) -> int:
        return sum((document.new.fingerprint, c.embedded_text) in self._vectors for c in document.chunks)

    def documents(self, ids: Sequence[int]) -> dict[int, DocumentRow]:
        return {i: self._row(self._documents[i]) for i in ids if i in self._documents}

    def document_at(self, path: Path) -> DocumentRow | None:
        at = sorted((d for d in self._documents.values() if d.new.path == path), key=lambda d: d.new.part)
        return self._row(at[0]) if at else None

    def titles(self, document_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        about = {i: self._documents[i].new.document for i in document_ids if i in self._documents}
        return {i: (document.title, *document.aliases) for i, document in about.items()}

    def text(self, document_id: int, start: int, end: int) -> str:
        document = self._documents.get(document_id)
        return document.new.document.text[start:end] if document is not None else ""

    def facet_counts(self, kind: str) -> tuple[tuple[str, int], ...]:
        counted: dict[str, int] = {}
        for document in self._documents.values():
            for facet in set(document.new.facets):
                if facet.startswith(f"{kind}:"):
                    counted[facet[len(kind) + 1 :]] = counted.get(facet[len(kind) + 1 :], 0) + 1
        return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def languages(self) -> tuple[tuple[str, int], ...]:
        counted: dict[str, int] = {}
        for document in self._documents.values():
            language = document.new.document.language
            counted[language] = counted.get(language, 0) + 1
        return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    # Taking in

    def add_folder(self, path: Path, model: str) -> int:
        with self._lock:
            for folder_id, folder in self._folders.items():
                if folder.path == path:
                    return folder_id
            folder_id = self._id()
            self._folders[folder_id] = _Folder(path, model)
        self._tell()
        return folder_id

    def remove_folder(self, folder_id: int) -> None:
        with self._lock:
            gone = [i for i, d in self._documents.items() if d.new.folder_id == folder_id]
            keys = {(self._documents[i].new.fingerprint, c.embedded_text) for i in gone for c in self._of(i)}
            self._forget(gone)
            used = {(d.new.fingerprint, c.embedded_text) for d in self._documents.values() for c in d.chunks}
            for key in keys - used:
                self._vectors.pop(key, None)
            self._folders.pop(folder_id, None)
        self._tell()

    def _of(self, document_id: int) -> list[_Chunk]:
        return self._documents[document_id].chunks

    def _forget(self, ids: Collection[int]) -> None:
        for document_id in ids:
            del self._documents[document_id]
            self._position += 1

    def folders(self) -> tuple[FolderRow, ...]:
        rows = []
        for folder_id, folder in sorted(self._folders.items(), key=lambda item: item[1].path):
            own = [d for d in self._documents.values() if d.new.folder_id == folder_id]
            rows.append(
                FolderRow(
                    id=folder_id,
                    path=folder.path,
                    model=folder.model,
                    held=Held.NO,
                    documents=len(own),
                    complete=sum(self._embedded(d) == len(d.chunks) for d in own),
                    failed=0,
                    chunks=sum(len(d.chunks) for d in own),
                    embedded=sum(map(self._embedded, own)),
                )
            )
        return tuple(rows)

    def known(self, folder_id: int) -> dict[str, FileState]:
        own = [d for d in self._documents.values() if d.new.folder_id == folder_id]
        return {str(d.new.path): self._state(d) for d in own}

    @staticmethod
    def _state(document: _Document) -> FileState:
        new = document.new
        return FileState(document.id, new.size, new.mtime_ns, new.content_hash, new.fingerprint, new.reading)

    def known_path(self, path: Path) -> FileState | None:
        return next((self._state(d) for d in self._documents.values() if d.new.path == path), None)

    def put_documents(self, documents: Sequence[NewDocument]) -> list[Stored]:
        with self._lock:
            stored = [self._put(new) for new in documents if new.folder_id in self._folders]
        self._tell()
        return stored

    def _put(self, new: NewDocument) -> Stored:
        def at(path: Path | None) -> int | None:
            places = ((i, d.new) for i, d in self._documents.items())
            return next((i for i, old in places if (old.path, old.part) == (path, new.part)), None)

        source, target = at(new.moved_from), at(new.path)
        if source is not None and target is not None:
            self._forget([target])
        number = source if source is not None else target
        twin = next(
            (
                d
                for d in self._documents.values()
                if (d.new.content_hash, d.new.fingerprint, d.new.reading, d.new.document.format)
                == (new.content_hash, new.fingerprint, new.reading, new.document.format)
            ),
            None,
        )
        pairs = (
            [(c.chunk, c.embedded_text) for c in twin.chunks]
            if twin is not None
            else list(zip(new.chunks, new.embedded_texts, strict=True))
        )
        self._position += 1
        document = _Document(number if number is not None else self._id(), new, self._position)
        document.chunks = [_Chunk(self._id(), chunk, text) for chunk, text in pairs]
        self._documents[document.id] = document
        return Stored(
            document_id=document.id,
            added=number is None,
            chunks=len(document.chunks),
            reused=self._embedded(document),
        )

    def remove_paths(self, paths: Sequence[str]) -> int:
        with self._lock:
            gone = [i for i, d in self._documents.items() if str(d.new.path) in paths]
            self._forget(gone)
        self._tell()
        return len(gone)

    def waiting_chunks(
        self, fingerprint: str, limit: int, folders: Collection[int] | None = None
    ) -> list[WaitingChunk]:
        waiting: dict[str, WaitingChunk] = {}
        for document in sorted(self._documents.values(), key=lambda d: (-d.new.mtime_ns, d.id)):
            if document.new.fingerprint != fingerprint:
                continue
            if folders is not None and document.new.folder_id not in folders:
                continue
            for chunk in document.chunks:
                text = chunk.embedded_text
                if (fingerprint, text) not in self._vectors and text not in waiting:
                    waiting[text] = WaitingChunk(document.id, text_hash(text), text, chunk.chunk.tokens)
        return list(waiting.values())[:limit]

    def put_vectors(
        self,
        fingerprint: str,
        digests: Sequence[bytes],
        vectors: Vectors,
        stopped: Callable[[], bool] = lambda: False,
    ) -> int:
        completed = 0
        with self._lock:
            texts = {
                text_hash(c.embedded_text): c.embedded_text
                for d in self._documents.values()
                for c in d.chunks
            }
            for digest, vector in zip(digests, vectors, strict=True):
                if (text := texts.get(digest)) is None or (fingerprint, text) in self._vectors:
                    continue
                self._vectors[fingerprint, text] = vector
                completed += sum(
                    c.embedded_text == text
                    for d in self._documents.values()
                    if d.new.fingerprint == fingerprint
                    for c in d.chunks
                )
        self._tell()
        return completed

    # Keeping: there are no copies beside the truth

    @property
    def position(self) -> int:
        return self._position

    @property
    def unread(self) -> int:
        return sum(d.position > self._read_to for d in self._documents.values())

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._subscribers.append(changed)
        return lambda: self._subscribers.remove(changed)

    def _tell(self) -> None:
        for changed in list(self._subscribers):
            changed()

    def open_words(self) -> str:
        return "UpToDate"

    def follow_words(self, stopped: Callable[[], bool] = lambda: False) -> None:
        self._read_to = self._position

    def tidy_words(self) -> None: ...
    def follow_model(self, fingerprint: str, stopped: Callable[[], bool] = lambda: False) -> None: ...
    def refresh_model(self, fingerprint: str, stopped: Callable[[], bool] = lambda: False) -> None: ...

    def is_ready(self, fingerprint: str) -> bool:
        return True

    def make_ready(self, fingerprint: str) -> None: ...

    def forget_models(self, kept: Collection[str], chosen: Collection[str]) -> int:
        used = {d.new.fingerprint for d in self._documents.values()}
        gone = [key for key in self._vectors if key[0] not in used and key[0] not in kept]
        for key in gone:
            del self._vectors[key]
        return len(gone)

    def tidy_vectors(self) -> None: ...
    def save(self, *, closing: bool = False) -> None: ...
    def rest(self) -> None: ...
    def refresh(self) -> None: ...

    def figures(self, fingerprint: str) -> IndexFigures:
        return IndexFigures(entries=sum(key[0] == fingerprint for key in self._vectors), missing=0)

    def word_figures(self) -> IndexFigures:
        return IndexFigures(entries=len(self._documents), missing=self.unread, opened="UpToDate")

    def check(self) -> list[str]:
        return []

    def bytes_on_disk(self) -> dict[str, int]:
        return {"database": 0, "keyword": 0, "vectors": 0}

    def close(self) -> None: ...
