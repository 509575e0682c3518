"""The service for searching: what a search field, the command line or another program may ask. It only
reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from notesearch.config.paths import absolute
from notesearch.documents.preview_window import preview_window
from notesearch.domain import Match, NoteText, Query, SearchResults
from notesearch.domain.file_names import folder_names, harmless_name
from notesearch.engine.folders.facets import WRITTEN_TAG
from notesearch.engine.search.highlights import Highlighter
from notesearch.engine.search.pipeline import KEYWORD_ROWS, Pipeline
from notesearch.engine.search.rows import Candidate, Rows
from notesearch.engine.search.session import SearchSession
from notesearch.storage.library import Library
from notesearch.storage.values import EVERYTHING

# Characters. Laying out a rendered note is the longest single work of the window: half a millisecond for a
# thousand characters of prose. Of what is more work, preview_window takes less.
PREVIEW = 24_000


class SearchService:
    """Searches notes and reads them for the preview. Any thread but the GUI thread, several at once. Raises
    NotesearchError where an index or a model cannot be used.

    `touched` is called at each question, so that the model and the indexes stay in memory longer.
    """

    def __init__(self, library: Library, pipeline: Pipeline, touched: Callable[[], None]) -> None:
        self._library = library
        self._pipeline = pipeline
        self._touched = touched
        self._rows = Rows(library)

    def session(self, query: Query) -> SearchSession:
        """A search in stages, for a field in which the user types."""
        return SearchSession(self._pipeline, query, self._touched)

    def words(self, query: Query, rows: int = KEYWORD_ROWS) -> SearchResults:
        """The rows found by words alone, at most `rows`. Takes milliseconds."""
        return self.session(query).words(rows)

    def fused(self, query: Query) -> SearchResults:
        """The rows found by words and meaning, in one call."""
        return self.session(query).fused()

    def explained(self, query: Query) -> SearchResults:
        """The rows found by words and meaning. Those found by meaning also have the sentence nearest in
        meaning."""
        session = self.session(query)
        return session.explained(session.fused())

    @property
    def asks_providers(self) -> bool:
        """Whether a search by meaning asks a provider."""
        return self._pipeline.asks_providers

    def similar(self, path: Path, limit: int = 20, part: str = "") -> SearchResults:
        """Notes near in meaning to a note (`part`: one of several in its file). Raises NotIndexed."""
        return self._pipeline.similar(absolute(path), limit, part)

    def refresh(self) -> None:
        """In a process that only reads: take in what the owner has written since."""
        self._library.upkeep.refresh()

    @property
    def behind(self) -> bool:
        """Whether the keyword index lacks changes that the store has. Only the owner can bring it in step."""
        return self._library.upkeep.unread > 0

    def recent(self, limit: int = 30) -> tuple[Match, ...]:
        """The newest notes, each with its beginning."""
        newest = self._library.newest(EVERYTHING, limit).ids
        return self._rows.build(
            [Candidate(document_id, 0.0, by_words=True) for document_id in newest], Highlighter(())
        )

    def note_text(self, path: Path, start: int = 0, part: str = "") -> NoteText:
        """The text of a note around character `start`, for the preview. `part`: one of several documents in
        its file. Raises NotIndexed."""
        note = absolute(path)
        document = self._pipeline.document(note, part)
        root = next(row.path for row in self._library.folders() if row.id == document.folder_id)
        offset = (
            0 if document.length <= PREVIEW else max(0, min(start - PREVIEW // 3, document.length - PREVIEW))
        )
        excerpt = self._library.text(document.id, offset, offset + PREVIEW)
        text, line = excerpt.text, document.first_line + excerpt.lines_before
        if offset:
            # The text begins at the beginning of a line.
            cut = text.find("\n") + 1
            offset, text, line = offset + cut, text[cut:], line + (cut > 0)
        first, last = preview_window(text, start - offset)
        offset, text, line = offset + first, text[first:last], line + text.count("\n", 0, first)
        return NoteText(
            path=note,
            title=harmless_name(document.title),
            folder_names=folder_names(root, note),
            format=document.format,
            modified=document.mtime_ns / 1e9,
            text=text,
            offset=offset,
            line=line,
            truncated=len(text) < document.length,
            tags=document.tags,
            part=document.part,
        )

    def tags(self) -> tuple[tuple[str, int], ...]:
        """Tags as they are written, with the number of notes, most used first."""
        return tuple((tag.value, tag.documents) for tag in self._library.facets(WRITTEN_TAG))

    def formats(self) -> tuple[tuple[str, int], ...]:
        """Formats with the number of notes, most used first."""
        return tuple((kind.value, kind.documents) for kind in self._library.facets("type"))
