"""Makes a Document from a text, its outline and its metadata, for all text formats."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from notesearch.documents.formats.blocks import Outline, title_of
from notesearch.documents.formats.metadata import Metadata, unique
from notesearch.domain import Document
from notesearch.text.language import language_of

BUNDLE = ".textbundle"  # the suffix of a folder that is one note, with its text and its pictures
LOGSEQ_FOLDERS = ("pages", "journals")  # where Logseq writes names with signs in another way

_ESCAPED = re.compile("___|%[0-9A-Fa-f]{2}")
_NO_SUFFIX = re.compile(r"\s|^\.\d+$")


def document_of(
    path: Path,
    text: str,
    *,
    format_name: str,
    encoding: str,
    first_line: int,
    outline: Outline,
    metadata: tuple[Metadata, ...] = (),
    tags: list[str] | None = None,
    page: str = "",
) -> Document:
    """The document of a text format. Title, tags and dates are taken from the metadata first, then from the
    text, then from the file's name.

    `page` is the name that an outliner gives to the whole note; the headings of such a note name parts of it.
    """
    said = [source for source in metadata if source != Metadata()]
    return Document(
        text=text,
        title=next((source.title for source in said if source.title), "")
        or page
        or title_of(text, outline)
        or name_of(path),
        format=format_name,
        first_line=first_line,
        encoding=encoding,
        tags=unique([*(tag for source in said for tag in source.tags), *(tags or ())]),
        aliases=unique(alias for source in said for alias in source.aliases),
        created=next((source.created for source in said if source.created), ""),
        updated=next((source.updated for source in said if source.updated), ""),
        language=language_of(text),
        private=any(source.private for source in said),
        properties=tuple(dict.fromkeys(one for source in said for one in source.properties)),
    )


def name_of(path: Path) -> str:
    """What a note is called that says no title: as its program shows it, by the name of its file.

    In a TextBundle that is the name of the bundle. Logseq writes `/` of a page as `___` or `%2F`. A drawing
    of Excalidraw in Markdown has two suffixes. What comes after a dot in "Mr. Smith" or "2024.05.01" is no
    suffix.
    """
    if path.stem == "text" and path.parent.suffix.lower() == BUNDLE:
        path = path.parent
    name = readable_name(path.name if is_bare(path) else path.stem)
    if path.parent.name in LOGSEQ_FOLDERS and _ESCAPED.search(name):
        return unquote(name, errors="replace").replace("___", "/")
    return name.removesuffix(".excalidraw") or name


def is_named_by_folder(path: Path) -> bool:
    """Whether the folder of a note may say what the note is called: a TextBundle, or a folder of Logseq."""
    return path.parent.name in LOGSEQ_FOLDERS or path.parent.suffix.lower() == BUNDLE


def suffix_of(path: Path | str) -> str:
    """The suffix of a file's name, with its point; "" where there is none. A scan asks this of every file,
    and making a Path of each would double its time."""
    name = path if isinstance(path, str) else path.name
    name = name[name.rfind(os.sep) + 1 :]
    point = name.rfind(".")
    return name[point:] if 0 < point < len(name) - 1 else ""


def is_bare(path: Path | str) -> bool:
    """Whether the name of a file has no suffix."""
    return not is_suffix(suffix_of(path))


def is_suffix(ending: str) -> bool:
    """Whether the last part of a name, with its point, is a suffix: "1. Ideas" has none."""
    return bool(ending) and not _NO_SUFFIX.search(ending)


def readable_name(name: str) -> str:
    """A file name as valid text: on Linux it may consist of bytes that are no UTF-8."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", errors="replace")


def without_leading_blank_lines(text: str) -> tuple[str, int]:
    """The text from its first line that is not blank, and the number of lines left out."""
    blank = len(text) - len(text.lstrip())
    start = text.rfind("\n", 0, blank) + 1
    return text[start:], text.count("\n", 0, start)
