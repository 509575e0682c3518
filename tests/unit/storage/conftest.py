"""A store on the disk, and documents to put into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

import numpy as np
import pytest

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.domain import Chunk, Document
from notesearch.errors import NotesearchError
from notesearch.storage.changes import FileFailed
from notesearch.storage.library import Library
from notesearch.storage.local.library import LocalLibrary
from notesearch.storage.local.sqlite.store import Store
from notesearch.storage.values import AtPaths, FileState, NewDocument, Vectors, WaitingChunk
from tests.memory_library import MemoryLibrary

FINGERPRINT = fingerprint_of(LOCAL)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def root(store: Store) -> Path:
    """A folder that the store knows."""
    path = Path("/notes")
    store.folders.add(path, LOCAL.identifier)
    return path


MakeDocument = Callable[..., NewDocument]


@pytest.fixture
def make(store: Store, root: Path) -> MakeDocument:
    """A document of a few passages: each of `parts` is one chunk."""

    def new(
        name: str,
        parts: Sequence[str] = ("text",),
        *,
        mtime_ns: int = 1,
        moved_from: str | None = None,
        **about: object,
    ) -> NewDocument:
        title = str(about.pop("title", Path(name).stem))
        prefix = str(about.pop("prefix", title))
        content_hash = about.pop("content_hash", None)
        facets = about.pop("facets", ("type:markdown",))
        fingerprint = str(about.pop("fingerprint", FINGERPRINT))
        reading = int(str(about.pop("reading", 1)))
        text = "\n".join(parts)
        chunks, start = [], 0
        for ordinal, part in enumerate(parts):
            chunks.append(
                Chunk(
                    ordinal=ordinal,
                    start=start,
                    end=start + len(part),
                    line=1 + ordinal,
                    heading=("H",),
                    prefix=prefix,
                    tokens=5,
                )
            )
            start += len(part) + 1
        document = Document(
            text=text,
            title=title,
            format="text" if name.endswith(".txt") else "markdown",
            **about,  # type: ignore[arg-type]
        )
        return NewDocument(
            folder_id=next(f.id for f in store.folders.rows() if f.path == root),
            path=root / name,
            size=len(text),
            mtime_ns=mtime_ns,
            content_hash=str(content_hash or hashlib.sha256(text.encode()).hexdigest()),
            fingerprint=fingerprint,
            reading=reading,
            embedded_title=prefix or title,
            document=document,
            chunks=tuple(chunks),
            embedded_texts=[f"{prefix}\n{part}" if prefix else part for part in parts],
            facets=facets,  # type: ignore[arg-type]
            moved_from=root / moved_from if moved_from else None,
        )

    return new


def fail(
    store: Store, folder_id: int, path: PurePath, error: NotesearchError, *, size: int = 1, mtime_ns: int = 1
) -> None:
    """A file of this folder cannot be read."""
    store.folders.put_problem(
        FileFailed(
            folder_id=folder_id,
            path=path,  # type: ignore[arg-type]
            error=error,
            size=size,
            mtime_ns=mtime_ns,
            reading=1,
        )
    )


def state_of(store: Store, path: PurePath) -> FileState | None:
    """What the store knows of the file at a path."""
    return store.places.known(AtPaths([str(path)])).get(str(path))


def unit_vectors(number: int, dimensions: int = LOCAL.dimensions, seed: int = 0) -> Vectors:
    """float32 [number, dimensions] of unit length."""
    drawn = np.random.default_rng(seed).standard_normal((number, dimensions)).astype(np.float32)
    unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


def embed_all(store: Store) -> list[str]:
    """Give every waiting chunk a vector; the texts that needed one."""
    texts = []
    while waiting := store.questions.waiting(FINGERPRINT, 100):
        texts += [w.text for w in waiting]
        store.vectors.put(
            FINGERPRINT, [w.text_hash for w in waiting], unit_vectors(len(waiting), seed=len(texts))
        )
    return texts


def vectors_at(store: Store, path: Path) -> list[int | None]:
    row = store.questions.document_at(path)
    assert row is not None
    return store.questions.vectors_of(row.id)


def waiting(store: Store, limit: int = 100) -> list[WaitingChunk]:
    return store.questions.waiting(FINGERPRINT, limit)


@pytest.fixture(params=["local", "memory"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """Every implementation of a library, empty."""
    made: Library = (
        LocalLibrary(tmp_path, lambda fingerprint: LOCAL.dimensions)
        if request.param == "local"
        else MemoryLibrary()
    )
    yield made
    made.close()
