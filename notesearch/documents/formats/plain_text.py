"""Plain text: unchanged except for front matter, which some note programs put into text files too."""

from __future__ import annotations

from collections.abc import Iterator

from notesearch.documents.formats.blocks import Kind, Outline, Shown
from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.format import Format, Part, Source
from notesearch.documents.formats.frontmatter import split_front_matter
from notesearch.documents.formats.metadata import read_metadata
from notesearch.documents.formats.note import document_of, without_leading_blank_lines
from notesearch.domain import NoteFormat


def read_text(source: Source) -> Iterator[Part]:
    """Read a plain text note: one document. Raises FileBinary."""
    whole, encoding = decode(source.read())
    whole = without_embedded_data(whole)
    pairs, start = split_front_matter(whole) if whole.startswith("---") else ({}, 0)
    text, skipped = without_leading_blank_lines(whole[start:])
    document = document_of(
        source.path,
        text,
        format_name="text",
        encoding=encoding,
        first_line=whole.count("\n", 0, start) + skipped + 1,
        outline=Outline(),
        metadata=(read_metadata(pairs),),
    )
    yield Part(document=document)


def shown_text(text: str) -> Iterator[Shown]:
    """The note for the preview, line by line."""
    yield Shown(kind=Kind.TEXT, line=0, text=text, plain=True)


FORMAT = Format(
    about=NoteFormat(
        name="text",
        title="Plain text",
        suffixes=(".txt", ".text", ".adoc", ".asciidoc", ".tex", ".ltx", ".bib", ".srt", ".vtt"),
        words=("txt", "plain"),
    ),
    read=read_text,
    shown=shown_text,
    # 2: text between two rules is no front matter; tags are composed. 3: properties; embedded files are no
    # text; the encoding of short files. 4: tags of every script, and
    # picture signs.
    reading=4,
    bare=True,
)
