"""Decides what to store of a file that was read: a new document, the same document at another place, or only
another time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from notesearch.documents.formats.registry import reading_of
from notesearch.documents.sandbox.process import Extracted
from notesearch.engine.folders.admission import is_gone
from notesearch.engine.folders.facets import facets_of
from notesearch.engine.indexing.chunk_plan import Cutting
from notesearch.engine.indexing.queue import Ticket
from notesearch.storage.changes import Change, DocumentCut, DocumentTouched, FileRead
from notesearch.storage.library import Library
from notesearch.storage.values import (
    UNFINISHED,
    AtPaths,
    ChunkPlan,
    FileState,
    FolderRow,
    NewDocument,
    WithContent,
)


@dataclass(slots=True)
class _File:
    """A file while its documents arrive one after another: what the store knows of it, where it was moved
    from, and the parts so far."""

    path: Path | None = None
    known: FileState | None = None
    source: Path | None = None
    parts: list[str] = field(default_factory=list)
    chunks: int = 0


class TakingIn:
    """Turns read files of one folder into changes of the library. For the reading thread; one TakingIn for
    the files that are read together.

    Where several of them have the same content as a note that is gone, only one is that note, moved; the
    others are copies. `vectors_unused` is called where a note is replaced.
    """

    def __init__(
        self,
        library: Library,
        folder: FolderRow,
        cutting: Cutting,
        ticket: Ticket | None,
        vectors_unused: Callable[[], None],
    ) -> None:
        self._library = library
        self._folder = folder
        self._cutting = cutting
        self._ticket = ticket
        self._vectors_unused = vectors_unused
        self._claimed: set[Path] = set()
        self._file = _File()

    def changes(self, path: Path, read: Extracted) -> list[Change]:
        """The changes for one document that was read. The documents of a file come one after another; the
        last one ends the file."""
        if path != self._file.path:
            self._file = _File(path, self._known_document(path))
        file, known = self._file, self._file.known
        first, alone = not file.parts, not file.parts and read.last and not read.part
        one = known is None or (known.documents == 1 and not known.part)
        following = self._cutting.following(read)
        file.parts.append(read.part)
        if known is not None and alone and one and self._is_as_read(path, known, read):
            self._count(unchanged=1)
            return self._touched(known, read, following)
        if first and known is not None:
            self._vectors_unused()
        if first and known is None:
            file.source = self._moved_from(path, read)
        file.chunks += len(read.chunks)
        size = read.size if alone else UNFINISHED
        changes: list[Change] = [self._new(path, read, size, following)]
        if read.last:
            kind = "changed" if known is not None else "moved" if file.source is not None else "added"
            self._count(**{kind: 1}, chunks=file.chunks if file.source is None else 0)
            if not (alone and one):
                changes.append(
                    FileRead(folder_id=self._folder.id, path=path, size=read.size, parts=tuple(file.parts))
                )
        return changes

    def _count(self, **numbers: int) -> None:
        if self._ticket is not None:
            self._ticket.count(**numbers)

    def _is_as_read(self, path: Path, known: FileState, read: Extracted) -> bool:
        as_known = (known.content_hash, known.fingerprint, known.reading)
        return as_known == (read.content_hash, self._cutting.fingerprint, reading_of(path))

    def _new(self, path: Path, read: Extracted, size: int, following: ChunkPlan | None) -> NewDocument:
        now = self._cutting.now(read)
        return NewDocument(
            folder_id=self._folder.id,
            path=path,
            part=read.part,
            size=size,
            mtime_ns=read.mtime_ns,
            ctime_ns=read.ctime_ns,
            content_hash=read.content_hash,
            fingerprint=self._cutting.fingerprint,
            reading=reading_of(path),
            embedded_title=read.embedded_title,
            document=read.document,
            chunks=now.chunks,
            embedded_texts=now.embedded_texts,
            held=now.held,
            facets=facets_of(self._folder.path, path, read.document),
            moved_from=self._file.source,
            pending=following,
        )

    def _known_document(self, path: Path) -> FileState | None:
        """What the store knows of the document at a path; None where it knows none, or the file failed."""
        states = self._library.known(AtPaths([str(path)])).values()
        return next((state for state in states if state.document_id is not None), None)

    @staticmethod
    def _touched(known: FileState, read: Extracted, following: ChunkPlan | None) -> list[Change]:
        """The changes for a document whose content is as known: the file's size and time, and its chunks for
        the folder's next model where that is another one."""
        if known.document_id is None:
            return []
        changes: list[Change] = [
            DocumentTouched(
                document_id=known.document_id,
                size=read.size,
                mtime_ns=read.mtime_ns,
                ctime_ns=read.ctime_ns,
            )
        ]
        if (following.fingerprint if following is not None else "") != known.pending:
            changes.append(DocumentCut(document_id=known.document_id, plan=following))
        return changes

    def _moved_from(self, path: Path, read: Extracted) -> Path | None:
        """The note that was moved here: one with the same content whose file is gone from its place."""
        gone = [
            p
            for p in map(Path, self._library.known(WithContent(read.content_hash, self._cutting.fingerprint)))
            if p not in self._claimed and is_gone(p)
        ]
        if not read.size:
            gone = [p for p in gone if p.name == path.name]
        source = min(gone, key=lambda p: (p.name != path.name, str(p)), default=None)
        if source is not None:
            self._claimed.add(source)
        return source
