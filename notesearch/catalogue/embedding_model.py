"""What the catalogue is made of: chunk recipes, embedding models, and how remote ones want to be asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkRecipe:
    """How text is cut for a model. Sizes in tokens of `tokenizer` ("minilm": the bundled WordPiece
    vocabulary; else the name of a local model, whose own tokenizer counts), prefix included.

    Sections are cut near `target`, never above `maximum`; a section under `minimum` is merged with its
    neighbour. `overlap` is the share of a chunk repeated at the start of the next one, only where a section
    is cut. `characters`: the most that an embedded text holds, prefix included; 0 for no limit. `version`
    changes with the algorithm.
    """

    target: int
    maximum: int
    minimum: int
    overlap: float
    tokenizer: str = "minilm"
    version: int = 1
    characters: int = 0


Fields = tuple[tuple[str, str | bool | int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestStyle:
    """How a remote model wants to be asked.

    `encoding`: what `encoding_format` says, "base64" or "float"; "omit" where the field may not be sent.
    `query_fields`, `document_fields`: further fields of the body. `dimensions` is sent where
    `takes_dimensions` and the number differs from `default_dimensions` (0: the default is not known for
    certain); it may be from `least_dimensions` to `most_dimensions`. Limits of one request: 0 for none.
    """

    encoding: str = "omit"
    query_fields: Fields = ()
    document_fields: Fields = ()
    takes_dimensions: bool = False
    default_dimensions: int = 0
    least_dimensions: int = 0
    most_dimensions: int = 0
    items_per_request: int = 128
    characters_per_item: int = 0
    characters_per_request: int = 0
    tokens_per_request: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddingModel:
    """One embedding model. `context` is the most tokens it reads; instructions are put before queries and
    documents.

    `floor`: passages with a lower cosine to the query have nothing to do with it. `request_style`: None for a
    local model. `price`: US dollars per million tokens, None where it is not known. `retired`: why it may be
    gone, "" where it is served. `shortened`: `dimensions` is the user's choice. `best_for`: what it is made
    for, for people.
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
    request_style: RequestStyle | None = None
    price: float | None = None
    retired: str = ""
    shortened: bool = False
    best_for: str = ""

    @property
    def identifier(self) -> str:
        """`provider/name`, and `#dimensions` where the user chose them."""
        return f"{self.provider}/{self.name}" + (f"#{self.dimensions}" if self.shortened else "")
