"""Rows for the files that could not be read, or not be sent whole: what `is:failed` lists. The library has no
text of such a file, so a query is looked for in its name and path. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from notesearch.documents.formats.registry import named
from notesearch.domain import Document, DocumentState, FileProblem, Match, MatchedBy, Passage
from notesearch.domain.file_names import folder_names, harmless_name, readable
from notesearch.engine.folders.facets import facets_of
from notesearch.engine.search.query import ParsedQuery
from notesearch.storage.values import (
    HasFacet,
    Holds,
    HoldsPhrase,
    IsCalled,
    IsDated,
    LiesAt,
    Simple,
    fits,
)
from notesearch.text import analysis


def failed_rows(problems: Sequence[FileProblem], roots: Collection[Path], parsed: ParsedQuery) -> list[Match]:
    """The problems that fit a query, as rows, by path. `roots` are the watched folders."""
    rows: list[Match] = []
    for problem in problems:
        root = next((root for root in roots if root in problem.path.parents), None)
        if root is not None and _File.of(root, problem).is_asked(parsed):
            rows.append(_row(root, problem, len(rows) + 1))
    return rows


@dataclass(frozen=True, slots=True)
class _File:
    """What is known of a file without its text: its path, with the words of that, its facets, and its day."""

    path: Path
    place: str
    words: Sequence[str]
    facets: frozenset[str]
    day: date

    @classmethod
    def of(cls, root: Path, problem: FileProblem) -> _File:
        path = problem.path
        place = readable(str(path.relative_to(root.parent)))
        document = Document(text="", title="", format=named(path.suffix.lstrip(".")))
        facets = frozenset(facets_of(root, path, document))
        return cls(path, place, analysis.words(place), facets, date.fromtimestamp(problem.modified))

    def is_asked(self, parsed: ParsedQuery) -> bool:
        """Whether the file fits a whole query."""
        asked = (*parsed.words, *parsed.runs, *parsed.phrases, *parsed.titles, *parsed.paths)
        without = (*parsed.without, *parsed.without_titles, *parsed.without_paths)
        return (
            all(map(self._holds, asked))
            and not any(map(self._holds, without))
            and self.facets.issuperset(parsed.facets)
            and self.facets.isdisjoint(parsed.without_facets)
            and self._is(IsDated(parsed.after, parsed.before))
            and all(fits(condition, self._is) for condition in parsed.conditions)
            and (parsed.folder is None or parsed.folder in self.path.parents)
        )

    def _holds(self, text: str) -> bool:
        """Whether the path has words that begin as those of a text do."""
        begun = all(any(word.startswith(one) for word in self.words) for one in analysis.words(text))
        return begun and all(run in self.place for run in analysis.unspaced_runs(text))

    def _is(self, condition: Simple) -> bool:
        match condition:
            case HasFacet(facet):
                return facet in self.facets
            case IsDated(after, before):
                return (after or date.min) <= self.day < (before or date.max)
            case Holds(text) | HoldsPhrase(text) | IsCalled(text) | LiesAt(text):
                return self._holds(text)


def _row(root: Path, problem: FileProblem, rank: int) -> Match:
    path = problem.path
    best = Passage(
        start=0, end=0, line=1, heading=(), snippet="", highlights=(), matched_by=MatchedBy.KEYWORD, score=0.0
    )
    return Match(
        document_id=0,
        path=path,
        title=harmless_name(path.name),
        folder_names=folder_names(root, path),
        format=named(path.suffix.lstrip(".")),
        modified=problem.modified,
        rank=rank,
        score=0.0,
        best=best,
        state=DocumentState.FAILED,
        problem=problem.what,
    )
