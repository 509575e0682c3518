"""Local models as data: what the ONNX embedder needs to know to run a model on this computer. To add a model,
add a row here and its files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from notesearch.catalogue.embedding_model import ChunkRecipe, EmbeddingModel


class Pooling(StrEnum):
    """How a model's output becomes one vector for each text. IN_GRAPH: the output is [texts, dimensions]
    already. The others take [texts, tokens, dimensions]: the MEAN of the tokens that are not padding, the
    FIRST, or the LAST."""

    IN_GRAPH = "in graph"
    MEAN = "mean"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFile:
    """A file of a model: its name in the model's folder, its SHA-256 in hexadecimal, its size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalModel:
    """A model that runs on this computer.

    Its folder is `models/<name>` in the resources, or `<name>` in a folder that NOTESEARCH_MODELS names. It
    holds at least `graph` (ONNX; inputs input_ids, attention_mask and, where the graph has it,
    token_type_ids) and `tokenizer.json`.

    `output` is the graph's output that `pooling` makes vectors of. `normalise`: these vectors have to be
    scaled to unit length. Prefixes go before queries and passages. `context` is the most tokens it reads,
    special ones included; more are cut off. `recipe` says how notes are cut; its tokenizer has to be this
    model's. `languages` are ISO 639-1 codes, () for no promise. `floor`: passages with a lower cosine to the
    query have nothing to do with it. `usual`: the cosine that the best passage usually has, 0 where that is
    not known. `revision` changes with every change of the files that changes vectors.
    """

    name: str
    title: str
    files: tuple[ModelFile, ...]
    dimensions: int
    context: int
    recipe: ChunkRecipe
    pooling: Pooling
    output: str
    normalise: bool
    graph: str = "model.onnx"
    query_prefix: str = ""
    document_prefix: str = ""
    revision: str = ""
    floor: float = -1.0
    languages: tuple[str, ...] = ()
    usual: float = 0.0
    best_for: str = ""

    @property
    def model(self) -> EmbeddingModel:
        """The row of the catalogue for this model."""
        return EmbeddingModel(
            provider="local",
            name=self.name,
            title=self.title,
            dimensions=self.dimensions,
            context=self.context,
            recipe=self.recipe,
            query_instruction=self.query_prefix,
            document_instruction=self.document_prefix,
            revision=self.revision,
            floor=self.floor,
            languages=self.languages,
            usual=self.usual,
            best_for=self.best_for,
        )


BUNDLED = LocalModel(
    name="all-minilm-l6-v2",
    title="all-MiniLM-L6-v2 (bundled, on this computer)",
    files=(
        ModelFile(
            name="model.onnx",
            sha256="d207cd5e71993127c31ee8ca76ad78f0da960b018165a712b24c7d301218d589",
            size=22_820_678,
        ),
        ModelFile(
            name="tokenizer.json",
            sha256="5fd1c882abbd30517dced455a2c9768945ec726b96727927e4959348d9de550b",
            size=466_081,
        ),
    ),
    dimensions=384,
    context=256,
    # Measured on SciFact train, nDCG@10 of vectors alone / fused: chunks of 128 tokens 0.691 / 0.742, of 192
    # 0.685 / 0.741, of 256 0.683 / 0.743. The fused lists are equal, so the size with the fewest vectors
    # (10,000 against 21,400).
    recipe=ChunkRecipe(target=220, maximum=256, minimum=60, overlap=0.12),
    # The mean of the tokens, brought to unit length, is part of the graph: see packaging/export_model.py.
    pooling=Pooling.IN_GRAPH,
    output="embedding",
    normalise=False,
    revision="int8-1",
    floor=0.12,
    languages=("en",),
    # Measured: the mean is 0.69 on questions about code, 0.65 on SciFact, 0.53 on German questions.
    usual=0.63,
    best_for="everything, English first; nothing leaves this computer",
)

LOCAL_MODELS: tuple[LocalModel, ...] = (BUNDLED,)
