"""What is to be stored of a file that was read: a new document, the same one at another place, or only
another time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notesearch.documents.formats.registry import reading_of
from notesearch.documents.sandbox.process import Extracted
from notesearch.engine.folders.admission import is_gone
from notesearch.engine.folders.facets import facets_of
from notesearch.engine.indexing.chunk_plan import Cutting
from notesearch.engine.indexing.queue import Ticket
from notesearch.storage.changes import Change, DocumentCut, DocumentTouched
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, ChunkPlan, FileState, FolderRow, NewDocument, WithContent


class TakingIn:
    """For the files of one folder that are read together, in the reading thread: of several that hold the
    same, one alone is the note that was moved. `vectors_unused` is called where a note is replaced."""

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

    def document(self, path: Path, read: Extracted) -> NewDocument | None:
        """What is to be stored; None where only the file's time changed, or the folder's next model was
        missing."""
        folder, cutting, ticket, mark = self._folder, self._cutting, self._ticket, self._cutting.mark
        known = self._known_document(path)
        reading = reading_of(path)
        as_read = (read.content_hash, mark, reading)
        following = cutting.following(read)
        if (
            known is not None
            and known.document_id is not None
            and (known.content_hash, known.fingerprint, known.reading) == as_read
        ):
            self._touch(known.document_id, known, read, following)
            if ticket is not None:
                ticket.count(unchanged=1)
            return None
        if known is not None:
            self._vectors_unused()
        source = self._moved_from(path, read) if known is None else None
        if ticket is not None:
            kind = "changed" if known is not None else "moved" if source is not None else "added"
            ticket.count(**{kind: 1})
            ticket.count(chunks=len(read.chunks) if source is None else 0)
        now = cutting.now(read)
        return NewDocument(
            folder_id=folder.id,
            path=path,
            size=read.size,
            mtime_ns=read.mtime_ns,
            content_hash=read.content_hash,
            fingerprint=mark,
            reading=reading,
            embedded_title=read.embedded_title,
            document=read.document,
            chunks=now.chunks,
            embedded_texts=now.embedded_texts,
            held=now.held,
            facets=facets_of(folder.path, path, read.document),
            moved_from=source,
            pending=following,
        )

    def _known_document(self, path: Path) -> FileState | None:
        """What is known of the document at a path; None where there is none, or the file failed."""
        states = self._library.known(AtPaths([str(path)])).values()
        return next((state for state in states if state.document_id is not None), None)

    def _touch(
        self, document_id: int, known: FileState, read: Extracted, following: ChunkPlan | None
    ) -> None:
        """Only the file's time changed, or the folder's next model."""
        changes: list[Change] = [
            DocumentTouched(document_id=document_id, size=read.size, mtime_ns=read.mtime_ns)
        ]
        if (following.fingerprint if following is not None else "") != known.pending:
            changes.append(DocumentCut(document_id=document_id, plan=following))
        self._library.apply(changes)

    def _moved_from(self, path: Path, read: Extracted) -> Path | None:
        """The note that this one was before it was moved: same content, gone from where it stood."""
        gone = [
            p
            for p in map(Path, self._library.known(WithContent(read.content_hash, self._cutting.mark)))
            if p not in self._claimed and is_gone(p)
        ]
        if not read.size:
            gone = [p for p in gone if p.name == path.name]
        source = min(gone, key=lambda p: (p.name != path.name, str(p)), default=None)
        if source is not None:
            self._claimed.add(source)
        return source
