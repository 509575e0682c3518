"""Notes for the contract tests of libraries, and short ways to put them in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from notesearch.catalogue import LOCAL, fingerprint_of
from notesearch.domain import Chunk, Document
from notesearch.storage.changes import FolderAdded, PathsRemoved
from notesearch.storage.library import Library
from notesearch.storage.values import AtPaths, FileState, NewDocument, Stored, WordQuery, text_hash
from tests.embedders import bag_of_words
from tests.unit.storage.conftest import unit_vectors

FINGERPRINT = fingerprint_of(LOCAL)
ROOT = Path("/library/Notes")
NOTES = {
    "bread.md": ("The sour dough rests overnight", "Bake it hot"),
    "Garden/tomatoes.md": ("Tomatoes want sun", "A string to climb"),
    "Garden/Herbs/mint.md": ("Mint wants water overnight",),
    "Travel/lisbon.md": ("The tram climbs to the castle",),
}
TAGS = {"bread.md": ("tag:food",), "Garden/tomatoes.md": ("tag:food", "tag:garden")}


def add_folder(library: Library, path: Path = ROOT, model: str = LOCAL.identifier) -> int:
    """The id of a folder, which is taken up where it is not there yet."""
    (folder_id,) = library.apply([FolderAdded(path=path, model=model)]).folders
    return folder_id


def put(library: Library, *documents: NewDocument) -> tuple[Stored, ...]:
    return library.apply(documents).documents


def remove(library: Library, *names: str) -> int:
    """Forget what stands at these paths in the folder of these tests; how many documents that were."""
    return library.apply([PathsRemoved(paths=[str(ROOT / name) for name in names])]).removed


def state_at(library: Library, name: str) -> FileState | None:
    return library.known(AtPaths([str(ROOT / name)])).get(str(ROOT / name))


def note(library: Library, name: str, parts: tuple[str, ...], **about: object) -> NewDocument:
    """A document of a passage for each of `parts`, in the folder of these tests."""
    text, chunks, start = "\n".join(parts), [], 0
    for ordinal, part in enumerate(parts):
        end = start + len(part)
        chunks.append(
            Chunk(ordinal=ordinal, start=start, end=end, line=ordinal + 1, heading=(), prefix="", tokens=5)
        )
        start = end + 1
    values: dict[str, object] = {
        "folder_id": add_folder(library),
        "path": ROOT / name,
        "size": len(text),
        "mtime_ns": 1,
        "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        "fingerprint": FINGERPRINT,
        "reading": 1,
        "embedded_title": "",
        "document": Document(
            text=text, title=Path(name).stem, format="markdown", language=str(about.pop("language", "en"))
        ),
        "chunks": chunks,
        "embedded_texts": list(parts),
        "facets": ("type:markdown", *TAGS.get(name, ())),
    }
    return NewDocument(**(values | about))  # type: ignore[arg-type]


def embed(library: Library, fingerprint: str = FINGERPRINT) -> list[str]:
    """Give every waiting text its vector; the texts."""
    waiting = library.waiting(fingerprint, 100)
    if waiting:
        vectors = unit_vectors(len(waiting))
        for place, text in enumerate(waiting):
            vectors[place] = bag_of_words(text.text)
        library.put_vectors(fingerprint, [w.text_hash for w in waiting], vectors)
        library.upkeep.follow_model(fingerprint)
    return [w.text for w in waiting]


def embed_texts(library: Library, fingerprint: str, texts: Sequence[str]) -> int:
    """Give these texts their vectors; how many chunks waited for them."""
    vectors = unit_vectors(len(texts))
    for place, text in enumerate(texts):
        vectors[place] = bag_of_words(text)
    completed = library.put_vectors(fingerprint, [text_hash(text) for text in texts], vectors)
    library.upkeep.follow_model(fingerprint)
    return completed


def asked(text: str, **about: bool) -> WordQuery:
    return WordQuery(words=tuple(text.split()), languages=("en",), **about)  # type: ignore[arg-type]
