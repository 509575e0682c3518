"""Keeps the keyword index (BM25) in step with the store: reads what the index lacks by position, and adds it
a thousand documents at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from notesearch.domain.file_names import readable
from notesearch.storage.local.index_protocols import WordBlock, WordIndex
from notesearch.storage.local.position import Rebuild
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import ChunkRow, DocumentRow

log = logging.getLogger(__name__)

# Characters of a block of the keyword index: about a thousand tokens.
BLOCK_CHARACTERS = 4000
# Characters by which a block reaches into the next one, so that a phrase across the end of a block is found
# in the first of the two.
BLOCK_OVERHANG = 200
CHANGES_AT_ONCE = 1000


class WordCopy:
    """Copies the store's text into the keyword index. `follow` is for one thread, the reading thread.
    `opened` says how the index was found on opening."""

    def __init__(self, store: Store, index: WordIndex) -> None:
        self._store = store
        self._index = index
        self.opened = ""
        self._tidied = False

    def load(self) -> str:
        """Open the saved index. Returns the name of the decision: "UpToDate", "Replay" or "Rebuild"."""
        decision = self._index.load(instance=self._store.instance, position=self._store.position)
        if isinstance(decision, Rebuild):
            log.info("keyword index: rebuild, %s", decision.reason)
        self.opened = type(decision).__name__
        return self.opened

    def follow(self, stopped: Callable[[], bool]) -> None:
        """Copy what changed, in bounded commits. The first time, the store then deletes its older tombstones,
        which no copy needs any more. An index that is broken is made again."""
        if self._index.broken:
            log.warning("keyword index: rebuild, it is damaged")
            self._index.begin_anew(self._store.instance)
            self.opened = Rebuild.__name__
        while not stopped():
            changes = self._store.questions.changes_since(self._index.position, CHANGES_AT_ONCE)
            if not changes:
                break
            gone = [document_id for _, document_id, removed in changes if removed]
            rows = self._store.questions.documents(
                [document_id for _, document_id, removed in changes if not removed]
            )
            roots = self._store.places.roots()
            # A folder that was removed since then is among the next changes, with its documents.
            there = [row for row in rows.values() if row.folder_id in roots]
            blocks = [block for row in there for block in self._blocks(row, roots[row.folder_id])]
            self._index.apply(blocks, gone, changes[-1][0], self._store.instance)
        if not self._tidied and not stopped():
            self._tidied = True
            self._store.documents.forget_tombstones(self._index.position)

    def _blocks(self, document: DocumentRow, root: Path) -> list[WordBlock]:
        chunks = self._store.questions.chunks_of(document.id)
        facets = self._store.questions.facets_of(document.id)
        titles = (document.title, *document.aliases)
        # A key ("cssclass") is no word of the note.
        said = tuple(one.partition(": ")[2] for one in document.properties)
        name = readable((Path(root.name) / document.path.relative_to(root)).as_posix())
        if not chunks:
            empty = WordBlock(
                document_id=document.id,
                first=0,
                last=0,
                title=document.title,
                titles=titles,
                text="",
                language=document.language,
                facets=facets,
                name=name,
                properties=said,
            )
            return [empty]
        text = self._store.questions.text(document.id, 0, document.length)
        return [
            WordBlock(
                document_id=document.id,
                first=group[0].ordinal,
                last=group[-1].ordinal,
                language=document.language,
                facets=facets,
                name=name,
                title=" ".join((*titles, *group[0].heading)),
                titles=titles,
                text=text[group[0].start : group[-1].end + BLOCK_OVERHANG],
                properties=() if number else said,
            )
            for number, group in enumerate(_groups(chunks))
        ]


def _groups(chunks: list[ChunkRow]) -> list[list[ChunkRow]]:
    """Consecutive chunks in groups of about BLOCK_CHARACTERS."""
    groups: list[list[ChunkRow]] = [[]]
    for chunk in chunks:
        if groups[-1] and chunk.end - groups[-1][0].start > BLOCK_CHARACTERS:
            groups.append([])
        groups[-1].append(chunk)
    return groups
