"""Embedding models as data: dimensions, limits, instructions, chunking recipe; and the fingerprint that vectors are kept under.

Nothing here runs a model. A change of anything a vector depends on changes the fingerprint, so old and new vectors never mix.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from notesearch.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkRecipe:
    """How text is cut for a model. Sizes in tokens of `tokenizer` ("minilm": the bundled WordPiece vocabulary), prefix included.

    Sections are cut near `target`, never above `maximum`; a section under `minimum` is merged with its neighbour. `overlap` is the share of
    a chunk repeated at the start of the next one, only where a section is cut. `version` changes with the algorithm.
    """

    target: int
    maximum: int
    minimum: int
    overlap: float
    tokenizer: str = "minilm"
    version: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddingModel:
    """One embedding model. `context` is the most tokens it reads; instructions are put before queries and documents.

    `floor`: passages with a lower cosine to the query have nothing to do with it.
    """

    provider: str
    name: str
    title: str
    dimensions: int
    context: int
    recipe: ChunkRecipe
    query_instruction: str = ""
    document_instruction: str = ""
    revision: str = ""
    floor: float = -1.0
    remote: bool = False

    @property
    def identifier(self) -> str:
        return f"{self.provider}/{self.name}"


LOCAL = EmbeddingModel(
    provider="local",
    name="all-minilm-l6-v2",
    title="all-MiniLM-L6-v2 (bundled, on this computer)",
    dimensions=384,
    context=256,
    # Measured on SciFact train, nDCG@10 of vectors alone / fused: chunks of 128 tokens 0.691 / 0.742, of 192 0.685 / 0.741, of 256
    # 0.683 / 0.743. The fused lists are equal, so the size with the fewest vectors (10,000 against 21,400).
    recipe=ChunkRecipe(target=220, maximum=256, minimum=60, overlap=0.12),
    revision="int8-1",
    floor=0.12,
)

MODELS: tuple[EmbeddingModel, ...] = (LOCAL,)


def model(identifier: str) -> EmbeddingModel:
    """The model called `provider/name`. Raises UsageError with the known names."""
    for candidate in MODELS:
        if candidate.identifier == identifier:
            return candidate
    known = ", ".join(m.identifier for m in MODELS)
    raise UsageError(f"There is no model called {identifier!r}", hint=f"Known models: {known}.")


def fingerprint(embedding_model: EmbeddingModel) -> str:
    """16 hex digits over all that a vector depends on besides the text: model, revision, dimensions, instructions and chunking recipe."""
    parts = asdict(embedding_model)
    for irrelevant in ("title", "remote", "context", "floor"):
        del parts[irrelevant]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
