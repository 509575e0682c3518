"""Finds the notes that were moved with their names, by what they hold, so that they need not be read and cut
again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from notesearch.documents.formats.note import is_named_by_folder
from notesearch.documents.formats.registry import reading_of
from notesearch.engine.folders.admission import is_gone
from notesearch.engine.folders.facets import folder_facets
from notesearch.engine.folders.found_file import FoundFile
from notesearch.engine.indexing.chunk_plan import Cutting
from notesearch.storage.changes import DocumentMoved
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, FileState, FolderRow

# Bytes. A larger file is left to the child process, whose time is limited.
MOST = 2_000_000

# What a move leaves as it is: name, size and time.
_Key = tuple[str, int, int]


def moves(
    library: Library, folder: FolderRow, cutting: Cutting, files: Sequence[FoundFile], gone: Sequence[str]
) -> Iterator[tuple[FoundFile, DocumentMoved]]:
    """The files that are notes of `gone` at another place of the folder, each with its change.

    Such a file has the name, size and time of a note whose file is gone, and the same content (its hash). A
    note is left out where more than its place may differ: where it is not as the folder's model needs it, is
    one of several in its file, or may take its title from its folder. For the reading thread; reads the
    files.
    """
    if not files or not gone:
        return
    left = _by_key(library.known(AtPaths(list(gone))), cutting)
    met = [file for file in files if _key(file.path, file) in left and file.size <= MOST]
    there = library.known(AtPaths([file.path for file in met])) if met else {}
    for file in met:
        candidates = left[_key(file.path, file)]
        if file.path in there or not candidates or is_named_by_folder(Path(file.path)):
            continue
        digest = _hash(file.path)
        for source, state in candidates:
            if state.content_hash == digest and state.document_id is not None and is_gone(source):
                candidates.remove((source, state))
                path = Path(file.path)
                yield (
                    file,
                    DocumentMoved(
                        document_id=state.document_id,
                        folder_id=folder.id,
                        path=path,
                        folders=folder_facets(folder.path, path),
                        size=file.size,
                        mtime_ns=file.mtime_ns,
                        ctime_ns=file.ctime_ns,
                    ),
                )
                break


def _by_key(known: Mapping[str, FileState], cutting: Cutting) -> dict[_Key, list[tuple[str, FileState]]]:
    """The notes that may have moved, by what a move leaves as it is."""
    found: dict[_Key, list[tuple[str, FileState]]] = {}
    for path, state in known.items():
        as_needed = (state.fingerprint, state.pending) == (cutting.fingerprint, cutting.next_fingerprint)
        alone = state.document_id is not None and state.documents == 1 and not state.part
        if as_needed and alone and state.reading == reading_of(path) and not is_named_by_folder(Path(path)):
            found.setdefault(_key(path, state), []).append((path, state))
    return found


def _key(path: str, file: FoundFile | FileState) -> _Key:
    return Path(path).name, file.size, file.mtime_ns


def _hash(path: str) -> str:
    """The hash of a file's content, as the child process makes it; "" where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.blake2b(file.read(MOST + 1), digest_size=16).hexdigest()
    except OSError:
        return ""
