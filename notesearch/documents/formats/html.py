"""HTML: the words of a page without its markup, scripts and styles. Each stays on its line of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from notesearch.documents.formats.blocks import Kind, Outline, Shown
from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.format import Format, Part, Source
from notesearch.documents.formats.metadata import Metadata, read_date, read_properties
from notesearch.documents.formats.note import document_of, without_leading_blank_lines
from notesearch.domain import NoteFormat

LARGEST = 8 << 20  # bytes: a saved page with its scripts; a larger one is data that a program wrote
_UNREAD = frozenset({"script", "style", "template", "svg", "math"})
# What stands in the middle of a line of text. All other elements part words.
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span strike strong "
    "sub sup time tt u var wbr".split()
)
_SAID = frozenset({"author", "description", "dc.creator", "dc.description", "og:description"})
# Characters behind all tags, comments and declarations that have no end (at most so many times those of the
# page). From there on the rest is text: the parser looks for each end through the whole rest.
MOST_LOOKED_THROUGH, MOST_TIMES = 8 << 20, 64
_NO_TAG = re.compile(r"<(?![A-Za-z/!?])")


def read_html(source: Source) -> Iterator[Part]:
    """Read a page: one document. Raises FileBinary."""
    whole, encoding = decode(source.read())
    page = _Page()
    page.feed(_NO_TAG.sub("&lt;", without_embedded_data(whole)))
    page.close()
    text, skipped = without_leading_blank_lines(page.text())
    said = Metadata(
        title=" ".join("".join(page.title or page.heading).split()),
        created=read_date(page.said.get("date", "")),
        properties=read_properties({key: value for key, value in page.said.items() if key in _SAID}),
    )
    document = document_of(
        source.path,
        text,
        format_name="html",
        encoding=encoding,
        first_line=skipped + 1,
        outline=Outline(),
        metadata=(said,),
    )
    yield Part(document=document)


class _Page(HTMLParser):
    """Collects the words of a page, its title and first heading, and what it says about itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self.heading: list[str] = []
        self.said: dict[str, str] = {}
        self._parts: list[str] = []
        self._lines = 0  # line breaks so far
        self._unread = ""  # the outermost element around that is not read
        self._looked_through = 0
        self._into: list[str] | None = None  # what collects the words of the element around

    def text(self) -> str:
        """The words, each line without blank space that only markup needed."""
        lines = "".join(self._parts).split("\n")
        return "\n".join(" ".join(line.split()) for line in lines)

    def parse_starttag(self, i: int) -> int:
        return self._end(i, super().parse_starttag(i))

    def parse_endtag(self, i: int) -> int:
        return self._end(i, super().parse_endtag(i))

    def parse_comment(self, i: int, report: bool = True) -> int:
        return self._end(i, super().parse_comment(i, report))

    def parse_pi(self, i: int) -> int:
        return self._end(i, super().parse_pi(i))

    def parse_html_declaration(self, i: int) -> int:
        try:
            end = super().parse_html_declaration(i)
        except AssertionError:  # a declaration that the parser does not know
            end = self.parse_bogus_comment(i)
        return self._end(i, end)

    def _end(self, start: int, end: int) -> int:
        """Where the markup at `start` ends; a negative number where it has no end, so that the parser takes
        its first character for text. What is left is text where too much was looked through in vain."""
        if end < 0:
            self._looked_through += len(self.rawdata) - start
            if self._looked_through > min(MOST_LOOKED_THROUGH, MOST_TIMES * len(self.rawdata)):
                self.handle_data(self.rawdata[start:])
                return len(self.rawdata)
        return end

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNREAD and not self._unread:
            self._unread = tag
        if tag not in _INLINE:
            self._parts.append(" ")
        if (tag == "title" and not self.title) and not self._unread:
            self._into = self.title
        elif tag == "h1" and not self.heading:
            self._into = self.heading
        values = dict(attrs)
        if tag == "meta" and (content := values.get("content")):
            self.said.setdefault((values.get("name") or values.get("property") or "").lower(), content)
        elif tag == "img" and (described := values.get("alt")):
            self.handle_data(f" {' '.join(described.split())} ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        around = self._unread
        self.handle_starttag(tag, attrs)
        self._unread = around

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""
        if tag not in _INLINE:
            self._parts.append(" ")
        if tag in ("title", "h1"):
            self._into = None

    def handle_data(self, data: str) -> None:
        missing = self.getpos()[0] - 1 - self._lines
        if missing > 0:  # in tags, comments and scripts
            self._parts.append("\n" * missing)
            self._lines += missing
        if self._unread:
            return
        if self._into is not None:
            self._into.append(data)
        if self._into is not self.title:
            self._parts.append(data)
            self._lines += data.count("\n")


def shown_html(text: str) -> Iterator[Shown]:
    """The words of the page for the preview, line by line."""
    yield Shown(kind=Kind.TEXT, line=0, text=text, plain=True)


FORMAT = Format(
    about=NoteFormat(name="html", title="HTML", suffixes=(".html", ".htm", ".xhtml"), words=("web", "page")),
    read=read_html,
    shown=shown_html,
    largest=LARGEST,
)
