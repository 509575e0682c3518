"""What the catalogue's rows are made of: chunk recipes, embedding models, and the request style of remote
ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkRecipe:
    """A chunk recipe: how text is cut into chunks for a model.

    Sizes are in tokens of `tokenizer`, prefix included. `tokenizer` is "minilm" for the bundled WordPiece
    vocabulary, else the name of a local model. Sections are cut near `target` tokens, never above `maximum`.
    A section under `minimum` is merged with its neighbour. `overlap` is the share of a chunk that is repeated
    at the start of the next one, where a section is cut. `characters` is the most that an embedded text may
    have, prefix included; 0 for no limit. `version` changes with the algorithm.
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
    """How requests to a remote model are written.

    `encoding` is the value of `encoding_format`: "base64" or "float", or "omit" where the field must not be
    sent. `query_fields` and `document_fields` are further fields of the body. `dimensions` is sent where
    `takes_dimensions` and the number differs from `default_dimensions` (0: the default is not known for
    certain). It may be from `least_dimensions` to `most_dimensions`. The limits are those of one request: 0
    for none.
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
    """One embedding model.

    `context` is the most tokens that it reads. Instructions are put before queries and documents. `floor`:
    passages with a lower cosine to the query have nothing to do with it. `languages` are the ISO 639-1 codes
    of those that it was made for, () where that is not known or it is all of them. `usual` is the cosine that
    the best passage for a query usually has, 0 where that is not known. `request_style` is None for a local
    model. `price` is in US dollars per million tokens, None where it is not known. `retired` says why the
    provider may not offer it any more, "" where it does. `shortened`: the user chose `dimensions`. `best_for`
    tells the user what it is made for.
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
    languages: tuple[str, ...] = ()
    usual: float = 0.0
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
