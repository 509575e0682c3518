"""Finds the notes that were moved with their names, by what they hold, so that they need not be read and cut
again."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from notesearch.documents.formats.note import is_named_by_folder
from notesearch.documents.formats.registry import reading_of
from notesearch.documents.sandbox.frames import hash_of
from notesearch.engine.folders.admission import is_gone
from notesearch.engine.folders.facets import folder_facets
from notesearch.engine.folders.found_file import FoundFile
from notesearch.engine.folders.scanner import LARGE
from notesearch.engine.indexing.chunk_plan import Cutting
from notesearch.storage.changes import DocumentMoved
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, FileState, FolderRow

# What a move leaves as it is: name, size and time.
_Key = tuple[str, int, int]


class _Gone(NamedTuple):
    """A note whose file may be gone from its path."""

    path: str
    document_id: int
    content_hash: str


def moves(
    library: Library, folder: FolderRow, cutting: Cutting, files: Sequence[FoundFile], gone: Sequence[str]
) -> Iterator[tuple[FoundFile, DocumentMoved]]:
    """The files that are notes of `gone` at another place of the folder, each with its change.

    Such a file has the name, size and time of a note whose file is gone, and the same content (its hash). A
    note is left out where more than its place may differ: where it is not as the folder's model needs it, is
    one of several in its file, or may take its title from its folder. A large file is left to the child
    process, whose time is limited. For the reading thread; reads the files.
    """
    if not gone:
        return
    left = _by_key(library.known(AtPaths(gone)), cutting)
    met = [file for file in files if file.size <= LARGE and _key(file.path, file) in left]
    there = library.known(AtPaths([file.path for file in met]))
    for file in met:
        path = Path(file.path)
        candidates = left[_key(file.path, file)]
        if not candidates or file.path in there or is_named_by_folder(path):
            continue
        content = _hash(file.path)
        source = next((one for one in candidates if one.content_hash == content and is_gone(one.path)), None)
        if source is None:
            continue
        candidates.remove(source)
        moved = DocumentMoved(
            document_id=source.document_id,
            folder_id=folder.id,
            path=path,
            folders=folder_facets(folder.path, path),
            size=file.size,
            mtime_ns=file.mtime_ns,
            ctime_ns=file.ctime_ns,
        )
        yield file, moved


def _by_key(known: Mapping[str, FileState], cutting: Cutting) -> dict[_Key, list[_Gone]]:
    """The notes that may have moved, by what a move leaves as it is."""
    found: dict[_Key, list[_Gone]] = defaultdict(list)
    for path, state in known.items():
        as_needed = (state.fingerprint, state.pending, state.reading) == (
            cutting.fingerprint,
            cutting.next_fingerprint,
            reading_of(path),
        )
        alone = state.documents == 1 and not state.part and not is_named_by_folder(Path(path))
        if state.document_id is not None and as_needed and alone:
            found[_key(path, state)].append(_Gone(path, state.document_id, state.content_hash))
    return found


def _key(path: str, file: FoundFile | FileState) -> _Key:
    return os.path.basename(path), file.size, file.mtime_ns


def _hash(path: str) -> str:
    """The hash of a file's content; "" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hash_of(file)
    except OSError:
        return ""
