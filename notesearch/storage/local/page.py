"""Reads from the store, in a few statements, what the rows of a list are made of."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.storage.local.sqlite.database import SEGMENT
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import ChunkRow, DocumentRow, Note, NoteWanted


def page(store: Store, wanted: Sequence[NoteWanted], short: int) -> dict[int, Note]:
    """See Library.notes."""
    documents = store.questions.documents([w.document_id for w in wanted])
    roots = store.places.roots()
    chunks = store.questions.chunks_of_all([i for i, d in documents.items() if d.expected <= short])
    texts = store.questions.beginnings([i for i, d in documents.items() if d.length <= SEGMENT])
    notes: dict[int, Note] = {}
    for asked in wanted:
        document = documents.get(asked.document_id)
        if document is None or document.folder_id not in roots:
            continue
        own = chunks.get(document.id) or _chunks(store, document, asked)
        whole = texts.get(document.id)
        notes[document.id] = Note(
            document=document,
            root=roots[document.folder_id],
            chunks=tuple(own),
            whole=whole,
            texts=()
            if whole is not None
            else tuple(store.questions.text(document.id, chunk.start, chunk.end) for chunk in own),
        )
    return notes


def _chunks(store: Store, document: DocumentRow, asked: NoteWanted) -> list[ChunkRow]:
    """The chunks to show of a long document: those that were found, else the first."""
    chunks: dict[int, ChunkRow] = {}
    for first, last in asked.spans:
        chunks |= {c.id: c for c in store.questions.chunks_from(document.id, first, last)}
    chunks |= {c.id: c for c in store.questions.chunks_by_id([i for i in asked.chunk_ids if i not in chunks])}
    return list(chunks.values()) or store.questions.chunks_from(document.id, 0, 0)
