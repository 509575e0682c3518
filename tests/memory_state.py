"""What a library in memory holds, and how changes change it: plain objects, every rule written once."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from notesearch.domain import Chunk, HeldBack
from notesearch.errors import NotesearchError
from notesearch.storage.changes import (
    Applied,
    Change,
    DeletionsHeld,
    DocumentCut,
    DocumentMoved,
    DocumentTouched,
    FileFailed,
    FileRead,
    FolderAbsorbed,
    FolderAdded,
    FolderRemoved,
    FormerModelsForgotten,
    ModelAgreed,
    ModelChosen,
    ModelSwitched,
    NextModelChosen,
    OthersCounted,
    PassagesAllowed,
    PathsRemoved,
    ProblemsForgotten,
    TextsRefused,
)
from notesearch.storage.values import FOLDER, ChunkPlan, Held, NewDocument, Stored, Vectors, text_hash

Key = tuple[str, bytes]


@dataclass
class MemoryChunk:
    """A chunk for the model with the mark `mark`."""

    id: int
    chunk: Chunk
    text: str
    fingerprint: str
    held: HeldBack | None

    @property
    def key(self) -> Key:
        return self.fingerprint, text_hash(self.text)


@dataclass
class MemoryDocument:
    """`prepared`: its chunks for the folder's next model, with the mark `prepared_mark` ("": not cut)."""

    id: int
    new: NewDocument
    position: int
    chunks: list[MemoryChunk]
    embedded_title: str
    prepared_mark: str = ""
    prepared: list[MemoryChunk] = field(default_factory=list)

    @property
    def every(self) -> list[MemoryChunk]:
        return [*self.chunks, *self.prepared]


@dataclass
class MemoryFolder:
    """`former`: (model, mark) that it had."""

    path: Path
    model: str
    next_model: str = ""
    previous: str = ""
    agreed: str = ""
    held: Held = Held.NO
    missing: int = 0
    others: int = 0
    former: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class MemoryState:
    """Everything. Not for several threads."""

    folders: dict[int, MemoryFolder] = field(default_factory=dict)
    documents: dict[int, MemoryDocument] = field(default_factory=dict)
    failed: dict[tuple[int, Path], FileFailed] = field(default_factory=dict)
    vectors: dict[Key, Vectors] = field(default_factory=dict)
    refused: dict[Key, NotesearchError] = field(default_factory=dict)
    allowed: set[bytes] = field(default_factory=set)
    ids: int = 0
    position: int = 0

    def copied(self) -> MemoryState:
        """A copy that later changes leave alone."""
        plain = copy.copy(self)
        plain.folders = copy.deepcopy(self.folders)
        plain.documents = {i: copy.copy(d) for i, d in self.documents.items()}
        for document in plain.documents.values():
            document.chunks = [copy.copy(c) for c in document.chunks]
            document.prepared = [copy.copy(c) for c in document.prepared]
        plain.failed, plain.vectors = dict(self.failed), dict(self.vectors)
        plain.refused, plain.allowed = dict(self.refused), set(self.allowed)
        return plain

    def new_id(self) -> int:
        self.ids += 1
        return self.ids

    def next_position(self) -> int:
        self.position += 1
        return self.position

    # Counting

    def waited(self, chunks: Iterable[MemoryChunk]) -> list[MemoryChunk]:
        return [c for c in chunks if c.held is None]

    def embedded(self, chunks: Iterable[MemoryChunk]) -> int:
        return sum(c.key in self.vectors for c in self.waited(chunks))

    def complete(self, chunks: Sequence[MemoryChunk]) -> bool:
        return self.embedded(chunks) == len(self.waited(chunks))

    def of_folder(self, folder_id: int) -> list[MemoryDocument]:
        return [d for d in self.documents.values() if d.new.folder_id == folder_id]

    def at(self, path: Path, part: str | None = None) -> list[MemoryDocument]:
        return [
            d for d in self.documents.values() if d.new.path == path and (part is None or d.new.part == part)
        ]

    # Changes

    def apply(self, changes: Sequence[Change]) -> Applied:
        stored: list[Stored] = []
        folders, switched = [], []
        to_read: list[Path] = []
        removed = allowed = 0
        for change in changes:
            match change:
                case NewDocument():
                    stored += [self._put(change)] if change.folder_id in self.folders else []
                case FolderAdded():
                    folders.append(self._add(change))
                case ModelSwitched():
                    switched += [change.folder_id] if self._switch(change) else []
                case ProblemsForgotten():
                    to_read += self._forget_problems(change.paths)
                case PassagesAllowed():
                    allowed += self._allow(change.document_id)
                case PathsRemoved():
                    removed += self._remove(change.paths)
                case _:
                    self._do(change)
        return Applied(
            documents=tuple(stored),
            folders=tuple(folders),
            switched=tuple(switched),
            to_read=tuple(to_read),
            removed=removed,
            allowed=allowed,
        )

    def _do(self, change: Change) -> None:
        match change:
            case FolderRemoved():
                self._remove_folder(change.folder_id)
            case FolderAbsorbed():
                self._absorb(change)
            case DeletionsHeld():
                changed = self.folders[change.folder_id]
                changed.held = change.held
                changed.missing = changed.missing if change.missing is None else change.missing
            case OthersCounted():
                self.folders[change.folder_id].others = change.others
            case ModelChosen():
                self.folders[change.folder_id].model = change.model
            case ModelAgreed():
                self.folders[change.folder_id].agreed = change.consent_text
            case NextModelChosen():
                self._choose_next(change)
            case FormerModelsForgotten():
                self.folders[change.folder_id].former.clear()
                self.folders[change.folder_id].previous = ""
            case DocumentTouched():
                document = self.documents[change.document_id]
                document.new = replace(
                    document.new, size=change.size, mtime_ns=change.mtime_ns, ctime_ns=change.ctime_ns
                )
            case DocumentMoved():
                self._move(change)
            case DocumentCut():
                self._cut(change)
            case FileRead():
                self._finish(change)
            case FileFailed():
                self._fail(change)
            case TextsRefused():
                self._refuse(change)

    def _move(self, change: DocumentMoved) -> None:
        document = self.documents[change.document_id]
        kept = [facet for facet in document.new.facets if not facet.startswith(f"{FOLDER}:")]
        document.new = replace(
            document.new,
            folder_id=change.folder_id,
            path=change.path,
            facets=[*kept, *change.folders],
            size=change.size,
            mtime_ns=change.mtime_ns,
            ctime_ns=change.ctime_ns,
        )
        document.position = self.next_position()

    # Folders

    def _add(self, change: FolderAdded) -> int:
        for folder_id, folder in self.folders.items():
            if folder.path == change.path:
                return folder_id
        folder_id = self.new_id()
        self.folders[folder_id] = MemoryFolder(change.path, change.model)
        return folder_id

    def _remove_folder(self, folder_id: int) -> None:
        gone = self.of_folder(folder_id)
        keys = {c.key for d in gone for c in d.every}
        self.forget(gone)
        used = {c.key for d in self.documents.values() for c in d.every}
        for key in keys - used:
            self.vectors.pop(key, None)
        self.failed = {at: failed for at, failed in self.failed.items() if at[0] != folder_id}
        self.folders.pop(folder_id, None)

    def _absorb(self, change: FolderAbsorbed) -> None:
        parent_id = next(i for i, f in self.folders.items() if f.path == change.parent)
        parent, child = self.folders[parent_id], self.folders.pop(change.folder_id)
        parent.former |= child.former
        for document in self.of_folder(change.folder_id):
            if child.model != parent.model:
                parent.former.add((child.model, document.new.fingerprint))
            document.new = replace(document.new, folder_id=parent_id, reading=0)
        for (folder_id, path), failed in list(self.failed.items()):
            if folder_id == change.folder_id:
                del self.failed[folder_id, path]
                self.failed[parent_id, path] = replace(failed, folder_id=parent_id, reading=0)

    def _choose_next(self, change: NextModelChosen) -> None:
        folder = self.folders[change.folder_id]
        for document in self.of_folder(change.folder_id):
            if folder.next_model not in ("", change.model) and self.embedded(document.prepared):
                folder.former.add((folder.next_model, document.prepared_mark))
            document.prepared, document.prepared_mark = [], ""
        folder.next_model = change.model

    def _switch(self, change: ModelSwitched) -> bool:
        folder, own = self.folders.get(change.folder_id), self.of_folder(change.folder_id)
        if folder is None or folder.next_model != change.model:
            return False
        if not all(d.prepared_mark == change.fingerprint and self.complete(d.prepared) for d in own):
            return False
        folder.former |= {(folder.model, d.new.fingerprint) for d in own}
        folder.former = {
            (model, fingerprint) for model, fingerprint in folder.former if model != change.model
        }
        for document in own:
            document.new = replace(document.new, fingerprint=change.fingerprint)
            document.chunks, document.prepared, document.prepared_mark = document.prepared, [], ""
            document.position = self.next_position()
        folder.previous, folder.model, folder.next_model = folder.model, folder.next_model, ""
        return True

    # Documents

    def _put(self, new: NewDocument) -> Stored:
        if not new.path.is_relative_to(self.folders[new.folder_id].path):
            raise ValueError("a document lies outside its folder")
        source = self.at(new.moved_from, new.part) if new.moved_from is not None else []
        target = self.at(new.path, new.part)
        if source and target:
            self.forget(target)
        before = next(iter((*source, *target)), None)
        self._read_well(new.path)
        if new.moved_from is not None:
            self._read_well(new.moved_from)
        twin = next((d for d in self.documents.values() if _kind(d.new) == _kind(new)), None)
        plan = ChunkPlan(
            fingerprint=new.fingerprint, chunks=new.chunks, embedded_texts=new.embedded_texts, held=new.held
        )
        chunks = self._copies(twin.chunks) if twin is not None else self._chunks(plan)
        title = new.document.title
        if twin is not None and new.moved_from is not None:
            title = twin.embedded_title
        elif twin is None and self.embedded(chunks) * 2 >= len(chunks):
            title = new.embedded_title
        document = MemoryDocument(
            before.id if before is not None else self.new_id(), new, self.next_position(), chunks, title
        )
        if new.pending is not None:
            document.prepared_mark = new.pending.fingerprint
            document.prepared = self._prepared(document, new.pending)
        self.documents[document.id] = document
        self._share(document)
        return Stored(
            document_id=document.id,
            added=before is None,
            chunks=len(chunks),
            reused=self.embedded(chunks),
        )

    def _read_well(self, path: Path) -> None:
        self.failed = {at: failed for at, failed in self.failed.items() if at[1] != path}

    def _chunks(self, plan: ChunkPlan) -> list[MemoryChunk]:
        chunks = []
        reasons = plan.held or [None] * len(plan.chunks)
        for chunk, text, held in zip(plan.chunks, plan.embedded_texts, reasons, strict=True):
            made = MemoryChunk(self.new_id(), chunk, text, plan.fingerprint, held)
            if text_hash(text) in self.allowed:
                made.held = None
            if made.held is None and made.key in self.refused:
                made.held = HeldBack.REFUSED
            chunks.append(made)
        return chunks

    def _copies(self, chunks: Sequence[MemoryChunk]) -> list[MemoryChunk]:
        return [replace(chunk, id=self.new_id()) for chunk in chunks]

    def _twins(self, document: MemoryDocument) -> list[MemoryDocument]:
        """Others with the same content that are cut for the same next model."""

        def key_of(d: MemoryDocument) -> tuple[str, str, int, str]:
            return d.new.content_hash, d.new.part, d.new.reading, d.prepared_mark

        return [d for d in self.documents.values() if d.id != document.id and key_of(d) == key_of(document)]

    def _prepared(self, document: MemoryDocument, plan: ChunkPlan) -> list[MemoryChunk]:
        chunks = self._chunks(plan)
        others = next((d.prepared for d in self._twins(document)), [])
        better = bool(others) and self.embedded(others) >= self.embedded(chunks)
        return self._copies(others) if better else chunks

    def _share(self, document: MemoryDocument) -> None:
        if self.embedded(document.prepared) and self.complete(document.prepared):
            for other in self._twins(document):
                if not self.complete(other.prepared):
                    other.prepared = self._copies(document.prepared)

    def _cut(self, change: DocumentCut) -> None:
        document = self.documents.get(change.document_id)
        if document is None:
            return
        document.prepared, document.prepared_mark = [], ""
        if change.plan is not None:
            document.prepared_mark = change.plan.fingerprint
            document.prepared = self._prepared(document, change.plan)
            self._share(document)

    def _finish(self, change: FileRead) -> None:
        if change.folder_id in self.folders:
            self.forget([d for d in self.at(change.path) if d.new.part not in change.parts])
            for document in self.at(change.path):
                document.new = replace(document.new, size=change.size)
            self._read_well(change.path)

    def forget(self, gone: Iterable[MemoryDocument]) -> None:
        for document in list(gone):
            del self.documents[document.id]
            self.next_position()

    def _remove(self, paths: Sequence[str]) -> int:
        gone = [d for d in self.documents.values() if str(d.new.path) in paths]
        self.forget(gone)
        self.failed = {at: failed for at, failed in self.failed.items() if str(at[1]) not in paths}
        return len(gone)

    # What could not be read or may not be sent

    def _fail(self, change: FileFailed) -> None:
        folder = self.folders.get(change.folder_id)
        if folder is not None and change.path.is_relative_to(folder.path):
            self.forget(self.at(change.path))
            self.failed[change.folder_id, change.path] = change

    def refused_in(self, document: MemoryDocument) -> list[MemoryChunk]:
        return [c for c in document.every if c.held is HeldBack.REFUSED]

    def _ask_again(self, document: MemoryDocument) -> int:
        chunks = self.refused_in(document)
        for chunk in chunks:
            self.refused.pop(chunk.key, None)
            chunk.held = None
        return len(chunks)

    def _forget_problems(self, paths: Sequence[Path] | None) -> list[Path]:
        if paths is None:
            found = [path for (_, path), failed in self.failed.items() if failed.error.retryable]
            found += [d.new.path for d in self.documents.values() if self.refused_in(d)]
        else:
            found = list(paths)
        for path in found:
            self._read_well(path)
            for document in self.at(path):
                self._ask_again(document)
        return found

    def _allow(self, document_id: int) -> int:
        document = self.documents[document_id]
        allowed = self._ask_again(document)
        for chunk in document.every:
            if chunk.held is not None:
                self.allowed.add(text_hash(chunk.text))
                chunk.held = None
                allowed += 1
        return allowed

    def _refuse(self, change: TextsRefused) -> None:
        keys = {(change.fingerprint, digest) for digest in change.digests}
        self.refused |= dict.fromkeys(keys, change.error)
        for document in self.documents.values():
            for chunk in document.every:
                if chunk.key in keys - set(self.vectors):
                    chunk.held = HeldBack.REFUSED


def _kind(new: NewDocument) -> tuple[str, str, str, int, str]:
    return new.content_hash, new.part, new.fingerprint, new.reading, new.document.format
