"""Searching: what a search field, the command line or an assistant may ask of the index. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notesearch.domain import Match, NoteText, Query, SearchResults
from notesearch.engine.copies import Indexes
from notesearch.engine.folders.admission import absolute
from notesearch.engine.folders.facets import WRITTEN_TAG, trail
from notesearch.engine.search.pipeline import KEYWORD_ROWS, Search
from notesearch.engine.search.rows import Candidate, Rows
from notesearch.engine.search.snippets import Highlighter
from notesearch.errors import NotIndexed
from notesearch.storage.protocols import DocumentStore

# Characters: laying out a rendered note is the window's longest single piece of work, half a millisecond for
# a thousand.
PREVIEW = 24_000


class SearchService:
    """Any thread but a GUI thread, several at once. Raises NotesearchError where an index or a model cannot
    be used.

    `touched` is called with each question: the model and the indexes stay in memory a while longer.
    """

    def __init__(
        self, store: DocumentStore, indexes: Indexes, search: Search, touched: Callable[[], None]
    ) -> None:
        self._store = store
        self._indexes = indexes
        self._search = search
        self._touched = touched
        self._rows = Rows(store)

    def words(self, query: Query, rows: int = KEYWORD_ROWS) -> SearchResults:
        """Rows by words alone, in milliseconds. `rows`: at most so many."""
        self._touched()
        return self._search.keyword(query, rows)

    def fused(
        self,
        query: Query,
        *,
        remote: bool = True,
        cancelled: Callable[[], bool] | None = None,
        rows: int | None = None,
    ) -> SearchResults:
        """Rows by words and meaning.

        `remote` False: no provider is asked. `cancelled`: the user may type on, so a provider is asked after
        a short rest, and no longer when it turns true; raises QueryCancelled then. `rows`: only so many at
        first, `complete` has the rest.
        """
        self._touched()
        return self._search.fused(query, remote=remote, cancelled=cancelled, rows=rows)

    def complete(self, results: SearchResults) -> SearchResults:
        """Results of `fused` with all their rows."""
        return self._search.completed(results)

    def explain(self, results: SearchResults) -> SearchResults:
        """The same rows with the sentence nearest in meaning of those found by meaning."""
        return self._search.explained(results)

    @property
    def asks_providers(self) -> bool:
        """Whether a search by meaning asks a provider."""
        return self._search.asks_providers

    def similar(self, path: Path, limit: int = 20) -> SearchResults:
        """Notes near in meaning to a note. Raises NotIndexed."""
        return self._search.similar(absolute(path), limit)

    def refresh(self) -> None:
        """For a process that only reads: see what the owner has written since."""
        self._indexes.refresh()

    @property
    def behind(self) -> bool:
        """Whether the keyword index lacks changes that the store has. Only the owner can mend that."""
        return self._store.newer_than(self._indexes.keyword.position) > 0

    def recent(self, limit: int = 30) -> tuple[Match, ...]:
        """The newest notes, each with its beginning."""
        newest, _ = self._store.newest_among(None, limit)
        return self._rows.build(
            [Candidate(document_id, 0.0, by_words=True) for document_id in newest], Highlighter(())
        )

    def note_text(self, path: Path, start: int = 0) -> NoteText:
        """The text of a note around character `start`, for the preview. Raises NotIndexed."""
        note = absolute(path)
        document = self._store.document_at(note)
        if document is None:
            raise NotIndexed(f"{note.name} is not in the index")
        root = self._store.roots()[document.folder_id]
        offset = (
            0 if document.length <= PREVIEW else max(0, min(start - PREVIEW // 3, document.length - PREVIEW))
        )
        text = self._store.text(document.id, offset, offset + PREVIEW)
        if offset:
            # Begin at the beginning of a line.
            cut = text.find("\n") + 1
            offset, text = offset + cut, text[cut:]
        return NoteText(
            path=note,
            title=document.title,
            trail=trail(root, note),
            format=document.format,
            modified=document.mtime_ns / 1e9,
            text=text,
            offset=offset,
            line=document.first_line + self._store.line_breaks(document.id, offset),
            truncated=len(text) < document.length,
            tags=document.tags,
        )

    def tags(self) -> tuple[tuple[str, int], ...]:
        """Tags as they are written, with the number of notes, most used first."""
        return self._store.facet_counts(WRITTEN_TAG)

    def formats(self) -> tuple[tuple[str, int], ...]:
        """Formats with the number of notes, most used first."""
        return self._store.facet_counts("type")
