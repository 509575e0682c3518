"""Builds rows from candidates: which passages of a note to show, with their snippets. Reads the store; does
not rank notes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from notesearch.documents.formats.registry import locate
from notesearch.domain import DocumentState, Match, MatchedBy, Passage, Span
from notesearch.domain.file_names import folder_names, harmless_name
from notesearch.engine.search.highlights import Highlighter
from notesearch.engine.search.snippets import place_of, snippet
from notesearch.storage.library import Library
from notesearch.storage.values import BlockHit, ChunkRow, DocumentRow, Note, NoteWanted

FURTHER_PASSAGES = 3
# Of notes of up to this many passages, every passage is looked at.
SHORT_NOTE = 16
# A further passage is shown when it has at least this share of the best one's words, or this share of its
# cosine.
WORTH_SHOWING = 0.75


@dataclass(frozen=True, slots=True)
class Candidate:
    """A note that may be shown: its score, and the keyword blocks and passages (chunk id to cosine) that
    found it. `words_asked` says whether the keyword half took part at all."""

    document_id: int
    score: float
    blocks: Sequence[BlockHit] = ()
    cosines: Mapping[int, float] = field(default_factory=dict)
    by_words: bool = False
    by_meaning: bool = False
    words_asked: bool = True

    @property
    def without_words(self) -> bool:
        """Whether the keyword half has looked, and the note holds no word of the query: none is searched for
        again in its text."""
        return self.words_asked and not self.by_words


@dataclass(frozen=True, slots=True)
class _Scored:
    """A passage with what was found in it. `found` are spans of `text`. `words` counts the words of the query
    among them."""

    chunk: ChunkRow
    text: str
    found: Sequence[Span]
    words: int
    cosine: float
    score: float


class Rows:
    """Builds the rows of a result list from candidates. Any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def build(
        self,
        candidates: Sequence[Candidate],
        highlighter: Highlighter,
        *,
        further: int = FURTHER_PASSAGES,
        rank: int = 1,
    ) -> tuple[Match, ...]:
        """The rows in the order of the candidates, each with up to `further` more passages. The first row has
        this `rank`. Notes that are gone meanwhile are left out."""
        notes = self._library.notes([_wanted(candidate) for candidate in candidates], SHORT_NOTE)
        rows: list[Match] = []
        for candidate in candidates:
            note = notes.get(candidate.document_id)
            if note is None:
                continue
            document = note.document
            passages, more = _passages(note, candidate, highlighter, further)
            rows.append(
                Match(
                    document_id=document.id,
                    path=document.path,
                    title=harmless_name(document.title),
                    folder_names=folder_names(note.root, document.path),
                    format=document.format,
                    modified=document.mtime_ns / 1e9,
                    rank=len(rows) + rank,
                    score=candidate.score,
                    best=passages[0],
                    passages=tuple(passages[1:]),
                    more_passages=more,
                    state=DocumentState.COMPLETE
                    if document.embedded >= document.expected
                    else DocumentState.WAITING,
                    part=document.part,
                )
            )
        return tuple(rows)

    def counts(self) -> tuple[int, int, int, int]:
        """(notes, complete, failed, not yet found by words) over all folders."""
        folders = self._library.folders()
        return (
            sum(f.documents for f in folders),
            sum(f.complete for f in folders),
            sum(f.failed for f in folders),
            self._library.upkeep.unread,
        )


def _wanted(candidate: Candidate) -> NoteWanted:
    spans = [(block.first, block.last) for block in candidate.blocks[:3]]
    return NoteWanted(document_id=candidate.document_id, chunk_ids=list(candidate.cosines), spans=spans)


def _passages(
    note: Note, candidate: Candidate, highlighter: Highlighter, further: int
) -> tuple[list[Passage], int]:
    """The best passage of a note and those worth showing after it, each with why it is there; and how many
    there are in all."""
    scored = []
    # The whole note is searched for the words once. What was found is divided among the passages afterwards.
    whole = note.whole
    looking = highlighter if highlighter.count and not candidate.without_words else None
    asked = looking.count if looking else 0
    found = looking.matches(whole) if looking and whole is not None else []
    for number, chunk in enumerate(note.chunks):
        if whole is not None:
            first, last = bisect_left(found, (chunk.start,)), bisect_left(found, (chunk.end,))
            text = whole[chunk.start : chunk.end]
            matches = [
                (start - chunk.start, end - chunk.start, word) for start, end, word in found[first:last]
            ]
        else:
            text = note.texts[number]
            matches = looking.matches(text) if looking else []
        scored.append(_score(chunk, text, matches, candidate, asked))
    if not scored:
        return [_without_text(note.document, candidate, highlighter)], 0
    scored.sort(key=lambda s: (-s.score, s.chunk.ordinal))
    best = scored[0]
    worth = [s for s in scored[1:] if s.score >= best.score * WORTH_SHOWING and (s.words or s.cosine >= 0.2)]
    kept = [best, *worth]
    shown = [_passage(note.document, s, candidate, looking, first=s is best) for s in kept[: 1 + further]]
    if not best.found and candidate.by_words and (said := _said_of_itself(note.document, highlighter)):
        shown[0] = _with_property(note.document, shown[0], said, highlighter)
    return shown, len(worth)


def _score(
    chunk: ChunkRow, text: str, matches: Sequence[tuple[int, int, int]], candidate: Candidate, asked: int
) -> _Scored:
    """Score one passage. `matches` are (start, end, number of the query's word) of what was found in it.
    `asked` is the number of words in the query."""
    cosine = candidate.cosines.get(chunk.id, 0.0)
    distinct = len({number for _, _, number in matches})
    found = [(start, end) for start, end, _ in matches]
    # Words of a phrase that stand in two paragraphs are hardly what is meant.
    together = sum("\n\n" not in text[start:end] for start, end in found)
    # A passage with all words of the query comes before a nearer one. One with a few of many words does not.
    return _Scored(
        chunk,
        text,
        found,
        distinct,
        cosine,
        (distinct / asked if asked else 0.0) + cosine + min(together, 8) * 0.01,
    )


def _said_of_itself(document: DocumentRow, highlighter: Highlighter) -> str:
    """What a note says about itself, such as "author: Jane Doe", with most words of the query in its value;
    "" where none has any."""
    found = {one: len(highlighter.find(one.partition(": ")[2])[1]) for one in document.properties}
    return max((one for one in found if found[one]), key=lambda one: found[one], default="")


def _with_property(document: DocumentRow, passage: Passage, said: str, highlighter: Highlighter) -> Passage:
    """A passage that shows what the note says about itself, at the beginning of the file, in place of its
    text."""
    text, highlights, _ = snippet(said, highlighter)
    return replace(
        passage,
        snippet=text,
        highlights=highlights,
        line=1,
        heading=(),
        words=tuple(sorted({text[start:end] for start, end in highlights})),
        locator=locate(document.format, 1),
    )


def _without_text(document: DocumentRow, candidate: Candidate, highlighter: Highlighter) -> Passage:
    """The row of a note that has no text but its front matter. It shows what was found there, else the note's
    tags, else its file's name."""
    by = MatchedBy.KEYWORD if candidate.by_words or not candidate.by_meaning else MatchedBy.MEANING
    said = _said_of_itself(document, highlighter)
    line = 1 if said else document.first_line
    shown = harmless_name(said or " ".join(f"#{tag}" for tag in document.tags) or document.path.name)
    return Passage(
        start=0,
        end=0,
        line=line,
        heading=(),
        snippet=shown,
        highlights=tuple(highlighter.find(shown)[0]),
        matched_by=by,
        score=candidate.score,
        locator=locate(document.format, line),
    )


def _passage(
    document: DocumentRow,
    scored: _Scored,
    candidate: Candidate,
    highlighter: Highlighter | None,
    *,
    first: bool,
) -> Passage:
    text, highlights, _ = snippet(scored.text, highlighter)
    # The keyword half forgives typing errors, and those are not highlighted. The note was found by its words
    # all the same.
    worded = candidate.words_asked and (bool(highlights) or (first and candidate.by_words))
    near = candidate.by_meaning and scored.cosine > 0
    by = MatchedBy.BOTH if worded and near else MatchedBy.KEYWORD if worded or not near else MatchedBy.MEANING
    chunk = scored.chunk
    # The place where the user wants to be when opening the note.
    line = chunk.line + (
        scored.text.count("\n", 0, place_of(scored.text, scored.found)) if scored.found else 0
    )
    return Passage(
        start=chunk.start,
        end=chunk.end,
        line=line,
        heading=chunk.heading,
        snippet=text,
        highlights=highlights,
        matched_by=by,
        score=scored.score,
        words=tuple(sorted({scored.text[start:end] for start, end in scored.found})),
        chunk_id=chunk.id,
        locator=chunk.locator or locate(document.format, line),
    )
