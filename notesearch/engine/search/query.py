"""The query language: words, "exact phrase", -not, tag:, folder:, type:, title:. Text that cannot be parsed
is searched as plain text; it is never an error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from notesearch.domain import Query
from notesearch.engine.folders.facets import facet
from notesearch.text import analysis
from notesearch.text.characters import normal

FILTERS = ("tag", "folder", "type")

_PART = re.compile(
    r"""(?P<minus>(?<!\S)-(?!-)(?=\S{2}))?
        (?:(?P<key>(?i:tag|folder|type|title)):)?
        (?:"(?P<quoted>[^"]*)"(?=[\s,;.:!?)]|$) | (?P<word>[^\s"]\S*))""",
    re.VERBOSE,
)


# The quotation marks of phones and of other languages.
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'))


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedQuery:
    """A query in parts.

    `words` are as typed. `runs` are of scripts without spaces. A note must have all of `facets` and none of
    `without_facets` ("tag:x" and the like). `titles` must be in the title. `without` are words and phrases
    that must not occur. `meaning` is the text to embed.
    """

    words: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    without_titles: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    without_facets: tuple[str, ...] = ()
    folder: Path | None = None
    meaning: str = ""
    prefix: bool = False

    @property
    def empty(self) -> bool:
        """Whether the query asks for nothing."""
        return not (
            self.words
            or self.runs
            or self.phrases
            or self.titles
            or self.facets
            or self.without_facets
            or self.without
            or self.folder is not None
        )

    @property
    def only_filters(self) -> bool:
        """Whether there are only filters, so that there is nothing to rank by."""
        return not (self.words or self.runs or self.phrases or self.titles) and not self.empty

    @property
    def filtered(self) -> bool:
        """Whether phrases or exclusions decide which notes pass. They are tested on a note as a whole, before
        ranking."""
        return bool(self.phrases or self.titles or self.without or self.without_titles)


def parse(query: Query) -> ParsedQuery:
    """Parse a text in the query language. Never raises."""
    words: list[str] = []
    phrases: list[str] = []
    titles: list[str] = []
    without: list[str] = []
    without_titles: list[str] = []
    facets: list[str] = []
    without_facets: list[str] = []
    meaning: list[str] = []
    word_last = False
    # Bytes that are no valid text arrive as lone surrogates, which no index accepts.
    text = normal(query.text.encode("utf-8", "replace").decode()).translate(_QUOTES)
    for part in _PART.finditer(text):
        key, quoted, word = (part["key"] or "").lower(), part["quoted"], part["word"]
        word_last = not key and not part["minus"] and quoted is None
        value = quoted if quoted is not None else word
        if key and not value.strip():
            continue
        if key in FILTERS:
            (without_facets if part["minus"] else facets).append(facet(key, value))
        elif not _searchable(value):
            continue
        elif key == "title":
            (without_titles if part["minus"] else titles).append(value)
            meaning += [] if part["minus"] else [value]
        elif part["minus"]:
            without.append(value)
        elif quoted is not None:
            phrases.append(value)
            meaning.append(value)
        else:
            words.append(value)
            meaning.append(value)
    joined = " ".join(words)
    return ParsedQuery(
        words=tuple(w for word in words if (w := analysis.spaced(word).strip()) and _searchable(w)),
        runs=tuple(analysis.unspaced_runs(joined)),
        phrases=tuple(phrases),
        titles=tuple(titles),
        without=tuple(without),
        without_titles=tuple(without_titles),
        facets=tuple(dict.fromkeys(facets)),
        without_facets=tuple(without_facets),
        folder=query.folder,
        meaning=" ".join(meaning),
        prefix=query.prefix and word_last and query.text[-1:].isalnum(),
    )


def _searchable(text: str) -> bool:
    return any(character.isalnum() for character in text)
