"""The protocol between the extraction process and its parent: frames of a length, a JSON head and a UTF-8
text. Never pickle.

A request names a file and a reading plan. An answer is READY (once, at the start). For each request there is
SIZE (before a large file is read), READ for each document of the file, and END or FAILED at last.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple

from notesearch import errors
from notesearch.catalogue import ChunkRecipe
from notesearch.domain import Chunk, Document, Span, locator_from_text, locator_to_text

LARGE_FILE = (
    256 * 1024
)  # bytes from which a file's size is told before it is read, so that it is given more time
MEMORY_EXIT = 77  # how the child ends where it cannot even say that its memory is used up

_LENGTHS = struct.Struct("<II")  # bytes of the head, bytes of the text

# The only errors that an answer may name.
_ERRORS = {
    error.__name__: error
    for error in (
        errors.FileUnreadable,
        errors.FileGone,
        errors.FileBinary,
        errors.FileTooSlow,
        errors.FileTooLarge,
        errors.ExtractionFailed,
    )
}


class FrameKind(StrEnum):
    """What a frame of the child process says."""

    READY = "ready"
    SIZE = "size"
    READ = "read"
    END = "end"
    FAILED = "failed"


class KeptTitle(NamedTuple):
    """The title of a note that was renamed, and the title under which it was embedded before."""

    title: str
    embedded: str


class ReadingPlan(NamedTuple):
    """How a note is to be cut: for its folder's model, and for the next one where there is one; and whether
    to look for what may be a secret."""

    recipe: ChunkRecipe
    following: ChunkRecipe | None = None
    secrets: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Extracted:
    """A document as it was read from a file.

    `size` is that of the file in bytes, `content_hash` the BLAKE2b-128 of the file's bytes in hexadecimal.
    `part` names the document among several in the file, "" where the file is one document; `last`: the file
    has no more. `embedded_title` is the title with which the prefixes of its chunks begin. `following`: the
    chunks for the next model. `secrets`: spans of the text that may be a secret, where they were looked for.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    size: int
    mtime_ns: int
    content_hash: str
    embedded_title: str
    following: tuple[Chunk, ...] = ()
    secrets: tuple[Span, ...] = ()
    part: str = ""
    last: bool = True
    ctime_ns: int = 0


def hash_of(stream: IO[bytes]) -> str:
    """The hash of a file's content, as `Extracted.content_hash` has it."""
    made = hashlib.blake2b(digest_size=16)
    while block := stream.read(1 << 20):
        made.update(block)
    return made.hexdigest()


def pack(head: Any, text: str = "") -> bytes:
    """Make one frame."""
    head_bytes = json.dumps(head, separators=(",", ":")).encode()
    text_bytes = text.encode()
    return _LENGTHS.pack(len(head_bytes), len(text_bytes)) + head_bytes + text_bytes


def read_frame(stream: IO[bytes]) -> tuple[Any, str] | None:
    """Read the next frame: its head and text. None at the end of the stream, or where the frame is
    incomplete. Blocks."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_length, text_length = _LENGTHS.unpack(lengths)
    body = stream.read(head_length + text_length)
    if len(body) < head_length + text_length:
        return None
    return json.loads(body[:head_length]), body[head_length:].decode()


def pack_request(path: Path, wanted: ReadingPlan, kept: KeptTitle | None = None) -> bytes:
    """Make the frame of a request. Paths travel as the bytes of the file system: on Linux they may be no
    valid UTF-8."""
    following = _as_dict(wanted.following) if wanted.following is not None else None
    return pack([os.fsencode(path).hex(), _as_dict(wanted.recipe), following, wanted.secrets, kept])


@lru_cache(maxsize=16)
def _as_dict(recipe: ChunkRecipe) -> dict[str, Any]:
    return asdict(recipe)


def unpack_request(head: Any) -> tuple[Path, ReadingPlan, KeptTitle | None]:
    """Path, plan and kept title of a request's head. Raises ValueError or TypeError for nonsense."""
    path, recipe, following, secrets, kept = head
    wanted = ReadingPlan(ChunkRecipe(**recipe), ChunkRecipe(**following) if following else None, secrets)
    return Path(os.fsdecode(bytes.fromhex(path))), wanted, KeptTitle(*kept) if kept else None


def pack_extracted(extracted: Extracted) -> bytes:
    """The frame READ, with one part of a file."""
    document = extracted.document
    said = [
        document.title,
        document.format,
        document.first_line,
        document.encoding,
        document.tags,
        document.aliases,
        document.created,
        document.updated,
        document.language,
        document.private,
        document.properties,
    ]
    about = [
        extracted.size,
        extracted.mtime_ns,
        extracted.content_hash,
        extracted.embedded_title,
        extracted.part,
        extracted.ctime_ns,
    ]
    return pack(
        [
            FrameKind.READ,
            said,
            _said(extracted.chunks),
            _said(extracted.following),
            extracted.secrets,
            *about,
        ],
        document.text,
    )


def _said(chunks: Sequence[Chunk]) -> list[list[Any]]:
    return [
        [
            chunk.start,
            chunk.end,
            chunk.line,
            chunk.heading,
            chunk.prefix,
            chunk.tokens,
            locator_to_text(chunk.locator),
        ]
        for chunk in chunks
    ]


def _heard(chunks: Sequence[Any]) -> tuple[Chunk, ...]:
    return tuple(
        Chunk(
            ordinal=ordinal,
            start=start,
            end=end,
            line=line,
            heading=tuple(heading),
            prefix=prefix,
            tokens=tokens,
            locator=locator_from_text(locator),
        )
        for ordinal, (start, end, line, heading, prefix, tokens, locator) in enumerate(chunks)
    )


def unpack_extracted(head: Any, text: str) -> Extracted:
    """The part of a file out of a frame READ. Raises ValueError or TypeError for nonsense."""
    _, said, chunks, following, secrets, size, mtime_ns, content_hash, embedded_title, part, ctime_ns = head
    title, format_name, first_line, encoding, tags, aliases, *rest = said
    created, updated, language, private, properties = rest
    document = Document(
        text=text,
        title=title,
        format=format_name,
        first_line=first_line,
        encoding=encoding,
        tags=tuple(tags),
        aliases=tuple(aliases),
        created=created,
        updated=updated,
        language=language,
        private=private,
        properties=tuple(properties),
    )
    return Extracted(
        document=document,
        chunks=_heard(chunks),
        following=_heard(following),
        secrets=tuple((start, end) for start, end in secrets),
        part=part,
        size=size,
        mtime_ns=mtime_ns,
        content_hash=content_hash,
        embedded_title=embedded_title,
        ctime_ns=ctime_ns,
    )


def pack_error(error: errors.NotesearchError) -> bytes:
    """The frame FAILED, with code and parameters."""
    return pack([FrameKind.FAILED, type(error).__name__, error.code, dict(error.params), error.retryable])


def unpack_error(head: Any) -> errors.NotesearchError:
    """The error out of a frame FAILED; ExtractionFailed for a class that is not known."""
    _, name, code, params, retryable = head
    return _ERRORS.get(name, errors.ExtractionFailed)(code, retryable=retryable, **params)
