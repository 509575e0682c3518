"""Rows for the files that could not be read, or not be sent whole: what `is:failed` lists. The library has no
text of such a file, so a query is looked for in its name and path. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from notesearch.documents.formats.registry import named
from notesearch.domain import Document, DocumentState, FileProblem, Match, MatchedBy, Passage
from notesearch.domain.file_names import folder_names, harmless_name, readable
from notesearch.engine.folders.facets import facets_of
from notesearch.engine.search.query import ParsedQuery
from notesearch.text import analysis


def failed_rows(problems: Sequence[FileProblem], roots: Collection[Path], parsed: ParsedQuery) -> list[Match]:
    """The problems that fit a query, as rows, by path. `roots` are the watched folders."""
    asked = (*parsed.words, *parsed.phrases, *parsed.titles, *parsed.paths)
    wanted = [word for text in asked for word in analysis.words(text)]
    rows: list[Match] = []
    for problem in problems:
        root = next((root for root in roots if root in problem.path.parents), None)
        if root is not None and _fits(root, problem.path, wanted, parsed):
            rows.append(_row(root, problem, len(rows) + 1))
    return rows


def _fits(root: Path, path: Path, wanted: Sequence[str], parsed: ParsedQuery) -> bool:
    place = readable(str(path.relative_to(root.parent)))
    in_place = analysis.words(place)
    facets = set(facets_of(root, path, Document(text="", title="", format=named(path.suffix.lstrip(".")))))
    return (
        all(any(word.startswith(one) for word in in_place) for one in wanted)
        and all(run in place for run in parsed.runs)
        and facets.issuperset(parsed.facets)
        and facets.isdisjoint(parsed.without_facets)
        and (parsed.folder is None or parsed.folder in path.parents)
    )


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
