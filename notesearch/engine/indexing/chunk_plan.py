"""Cuts the notes of a folder for its model, and for its next model where there is one, and decides which
passages are held back."""

from __future__ import annotations

from collections.abc import Sequence

from notesearch.catalogue import EmbeddingModel, fingerprint_of
from notesearch.documents.chunking.splitter import embedded_text
from notesearch.documents.sandbox.process import Extracted, ReadingPlan
from notesearch.domain import Chunk, HeldBack
from notesearch.storage.values import ChunkPlan
from notesearch.text.secrets import find_secrets

# The formats that the first versions read.
FIRST_KINDS = frozenset(("markdown", "text", "org", "rst"))


class Cutting:
    """How notes of one folder are cut: for which models, as chosen at one moment. Any thread."""

    def __init__(
        self, model: EmbeddingModel, next_model: EmbeddingModel | None, *, first_kinds: bool = False
    ) -> None:
        """`first_kinds`: see FolderRow. It is about `model`; to the next one the user agrees now."""
        self._model = model
        self._first_kinds = first_kinds
        self._next_model = next_model
        self.fingerprint = fingerprint_of(model)
        self.next_fingerprint = fingerprint_of(next_model) if next_model is not None else ""
        remote = model.remote or (next_model is not None and next_model.remote)
        self.wanted = ReadingPlan(model.recipe, next_model.recipe if next_model is not None else None, remote)

    def now(self, read: Extracted) -> ChunkPlan:
        """The chunks of a note for the folder's model."""
        new_kind = self._first_kinds and read.document.format not in FIRST_KINDS
        return _cut(self._model, read, read.chunks, new_kind=new_kind)

    def following(self, read: Extracted) -> ChunkPlan | None:
        """The chunks of a note for the folder's next model; None where it has none."""
        return _cut(self._next_model, read, read.following) if self._next_model is not None else None


def _cut(
    model: EmbeddingModel, read: Extracted, chunks: Sequence[Chunk], *, new_kind: bool = False
) -> ChunkPlan:
    texts = [embedded_text(read.document.text, chunk) for chunk in chunks]
    held = _held_back(read, chunks, new_kind=new_kind) if model.remote else ()
    return ChunkPlan(fingerprint=fingerprint_of(model), chunks=chunks, embedded_texts=texts, held=held)


def _held_back(read: Extracted, chunks: Sequence[Chunk], *, new_kind: bool) -> Sequence[HeldBack | None]:
    """Why each passage stays on this computer: the note is private, its file is of a kind that the user did
    not agree to, or the passage holds (a part of) what looks like a secret."""
    if read.document.private or new_kind:
        return [HeldBack.PRIVATE if read.document.private else HeldBack.KIND] * len(chunks)
    written = {read.document.text[start:end] for start, end in read.secrets}
    # A title may come from the file's name or the front matter, which the text does not hold.
    named = {prefix: bool(find_secrets(prefix)) for prefix in {chunk.prefix for chunk in chunks}}

    def is_secret(chunk: Chunk) -> bool:
        inside = any(start < chunk.end and chunk.start < end for start, end in read.secrets)
        return inside or named[chunk.prefix] or any(secret in chunk.prefix for secret in written)

    return [HeldBack.SECRET if is_secret(chunk) else None for chunk in chunks]
