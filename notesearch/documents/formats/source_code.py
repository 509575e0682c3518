"""Source code and data: the text as it is. The title is the name of the file. There is no front matter, no
heading and no tag in it: what looks like one is a comment or a colour."""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.documents.formats.blocks import Kind, Outline, Shown
from notesearch.documents.formats.embedded_data import without_embedded_data
from notesearch.documents.formats.encoding import decode
from notesearch.documents.formats.format import Format, Part, Source
from notesearch.documents.formats.note import document_of, readable_name, without_leading_blank_lines
from notesearch.domain import NoteFormat

# What a person writes is smaller: the longest file of Python's own library has 240 KB. A larger one is made
# by a program (data, a bundle, a log), and its thousands of passages would be in the way of the notes.
LARGEST = 512 * 1024
# Characters of a line from which on a file is packed by a program (minified), or has all its data in a line.
LONGEST_LINE = 5_000

_SUFFIXES = """
    py pyi pyx js mjs cjs jsx ts mts cts tsx vue svelte c h cc cpp cxx hh hpp hxx m mm cs fs fsx vb rs go java
    kt kts scala groovy gradle swift dart rb php pl pm lua tcl r jl hs elm ml mli ex exs erl clj cljs cljc edn
    el lisp scm rkt nim zig pas f90 sql sh bash zsh fish ps1 psm1 bat cmd awk vim nix css scss sass less xml
    xsl xsd json jsonc json5 yaml yml toml ini cfg conf properties tf hcl proto graphql cmake mk diff patch
    csv tsv log opml
"""
# Files that programs write beside source code: what they installed, packed or generated.
_MADE = re.compile(
    r"(?:package-lock|npm-shrinkwrap|composer-lock|packages\.lock|deno\.lock)\.json|pnpm-lock\.ya?ml"
    r"|.*[.-]min\.(?:js|css|mjs)|.*\.(?:bundle|chunk)\.(?:js|css)|.*_pb2(?:_grpc)?\.pyi?|.*\.pb\.go"
    r"|.*\.(?:g|freezed)\.dart|.*\.designer\.cs",
    re.IGNORECASE,
)


def read_source_code(source: Source) -> Iterator[Part]:
    """Read a file of code or data: one document. Of a file with very long lines only the name is searched.
    Raises FileBinary."""
    whole, encoding = decode(source.read())
    whole = without_embedded_data(whole)
    if max(map(len, whole.split("\n"))) > LONGEST_LINE:
        whole = ""
    text, skipped = without_leading_blank_lines(whole)
    document = document_of(
        source.path,
        text,
        format_name="code",
        encoding=encoding,
        first_line=skipped + 1,
        outline=Outline(),
        page=readable_name(source.path.name),
    )
    yield Part(document=document)


def shown_source_code(text: str) -> Iterator[Shown]:
    """The file for the preview, as code."""
    yield Shown(kind=Kind.CODE, line=0, text=text)


FORMAT = Format(
    about=NoteFormat(
        name="code",
        title="Source code",
        suffixes=tuple(f".{suffix}" for suffix in _SUFFIXES.split()),
        words=("source",),
    ),
    read=read_source_code,
    shown=shown_source_code,
    largest=LARGEST,
    made=_MADE,
)
