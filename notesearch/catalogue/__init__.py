"""Providers and embedding models as data: dimensions, limits, instructions, request style, price; and the
fingerprint that vectors are kept under.

Nothing here runs a model or touches the network. A change of anything a vector depends on changes the
fingerprint, so old and new vectors never mix. Facts about the AI/ML API are from its published request
schemas (tests/data/aimlapi-schemas.json); limits of one request are those of the makers behind it (OpenAI,
Voyage, Google, Alibaba), since the gateway publishes none: a smaller one is found when it is met.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from notesearch.catalogue.addresses import checked_url, is_home, is_loopback
from notesearch.catalogue.embedding_model import ChunkRecipe, EmbeddingModel, Fields, RequestStyle
from notesearch.catalogue.local_models import BUNDLED, LOCAL_MODELS
from notesearch.errors import UsageError

__all__ = [
    "BGE",
    "BUNDLED",
    "KEY_VARIABLES",
    "LARGE",
    "LOCAL",
    "LOCAL_MODELS",
    "MODELS",
    "OWN_KEY_VARIABLE",
    "PROVIDERS",
    "VOYAGE",
    "ChunkRecipe",
    "EmbeddingModel",
    "Fields",
    "Provider",
    "RequestStyle",
    "alternatives",
    "checked_url",
    "fingerprint_of",
    "from_table",
    "is_home",
    "is_loopback",
    "model",
    "own_model",
    "provider",
    "to_table",
    "with_dimensions",
]

OWN_KEY_VARIABLE = "NOTESEARCH_API_KEY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """A server that embeds texts. `key_variable` is the environment variable that is used where no key is
    stored. `requests_at_once` is the most that are in flight at a time. `page` is the web page of the user's
    account. `plain_http`: the user allowed its address to be asked without encryption."""

    name: str
    title: str
    base_url: str
    key_variable: str = OWN_KEY_VARIABLE
    needs_key: bool = False
    requests_at_once: int = 2  # a server on the user's own computer computes one or two at a time
    page: str = ""
    plain_http: bool = False

    @property
    def host(self) -> str:
        """Host and port, to be shown and for the ledger."""
        return urlsplit(self.base_url).netloc

    @property
    def on_this_machine(self) -> bool:
        """Whether its address is this computer itself."""
        return is_loopback(urlsplit(self.base_url).hostname or "")


PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name="aimlapi",
        title="AI/ML API",
        base_url="https://api.aimlapi.com/v1",
        key_variable="AIMLAPI_API_KEY",
        needs_key=True,
        requests_at_once=8,
        page="https://aimlapi.com/app/keys",
    ),
    Provider(
        name="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        needs_key=True,
        requests_at_once=8,
        page="https://platform.openai.com/api-keys",
    ),
)

KEY_VARIABLES = (*(p.key_variable for p in PROVIDERS), OWN_KEY_VARIABLE)


def provider(name: str, base_url: str = "", *, plain_http: str = "") -> Provider:
    """The provider called `name`, at `base_url` where one is given. A name that is not in the catalogue is a
    server of the user's own. `plain_http`: see `checked_url`.

    Raises UsageError for an invalid name or address, InsecureAddress for plain http to another computer that
    was not allowed.
    """
    url = checked_url(base_url, plain_http=plain_http) if base_url else ""
    allowed = bool(url) and url.startswith("http:") and urlsplit(url).netloc == plain_http
    known = next((p for p in PROVIDERS if p.name == name), None)
    if known is not None:
        return replace(known, base_url=url, plain_http=allowed) if url else known
    if not name or name == "local" or not all(c.isalnum() or c in "-_." for c in name):
        raise UsageError("usage.provider-name", provider=name)
    if not url:
        names = ", ".join(p.name for p in PROVIDERS)
        raise UsageError("usage.provider-unknown", provider=name, known=names)
    return Provider(name=name, title=name, base_url=url, plain_http=allowed)


# The model of folders for which the user chose no other.
LOCAL = BUNDLED.model

# For models that read thousands of tokens. The size is that of a passage a person reads at a glance, and not
# the most that the model takes.
LARGE = ChunkRecipe(target=380, maximum=480, minimum=60, overlap=0.12)
# The tokens of bge are counted with the bundled vocabulary, which is the same. It silently cuts texts at 512.
BGE = ChunkRecipe(target=380, maximum=448, minimum=60, overlap=0.12)
# An array item may hold 800 characters, which is some 180 tokens of English.
VOYAGE = ChunkRecipe(target=180, maximum=256, minimum=40, overlap=0.12, characters=800)

# For servers that read less than most.
SMALL = ChunkRecipe(target=100, maximum=120, minimum=30, overlap=0.12)
TINY = ChunkRecipe(target=48, maximum=60, minimum=16, overlap=0.12)

_BGE_QUERY = "Represent this sentence for searching relevant passages: "


def _remote(
    provider: str,
    name: str,
    maker: str,
    *,
    dimensions: int,
    context: int,
    request_style: RequestStyle,
    recipe: ChunkRecipe = LARGE,
    query_instruction: str = "",
    price: float | None = None,
    retired: str = "",
    best_for: str = "",
) -> EmbeddingModel:
    """A row of MODELS for a remote model. Its title is the maker and the name, without the part before
    "/"."""
    return EmbeddingModel(
        provider=provider,
        name=name,
        title=f"{maker} {name.rpartition('/')[2]}",
        dimensions=dimensions,
        context=context,
        recipe=recipe,
        remote=True,
        query_instruction=query_instruction,
        request_style=request_style,
        price=price,
        retired=retired,
        best_for=best_for,
    )


def _openai(
    provider: str, name: str, dimensions: int, price: float | None, best_for: str = ""
) -> EmbeddingModel:
    third = name.startswith("text-embedding-3")
    # The schema says "Default is 1024", its example has 1536 numbers. So the number is always sent to 3-small
    # and 3-large.
    request_style = RequestStyle(
        encoding="base64",
        takes_dimensions=third,
        least_dimensions=256 if third else 0,
        most_dimensions=dimensions if third else 0,
        items_per_request=2048 if provider == "openai" else 256,
        tokens_per_request=300_000,
    )
    return _remote(
        provider,
        name,
        "OpenAI",
        dimensions=dimensions,
        context=8000,
        request_style=request_style,
        price=price,
        best_for=best_for,
    )


def _voyage(name: str, dimensions: int, context: int, tokens: int, best_for: str = "") -> EmbeddingModel:
    # The gateway's enum for input_type knows "document" only (it is also the default): a query goes without
    # the field where the schema lets it, since Voyage's "query" is refused with a 400. 128 inputs and
    # `tokens` a request are Voyage's limits.
    request_style = RequestStyle(
        document_fields=(("input_type", "document"),),
        items_per_request=128,
        characters_per_item=800,
        tokens_per_request=tokens,
    )
    return _remote(
        "aimlapi",
        name,
        "Voyage",
        dimensions=dimensions,
        context=context,
        recipe=VOYAGE,
        request_style=request_style,
        best_for=best_for,
    )


def _google(
    name: str, *, shorter: bool, items: int = 250, price: float | None = None, best_for: str = ""
) -> EmbeddingModel:
    # `title` is one field for the whole request, so it would cost a request per note: the chunk's own prefix
    # names the note instead. Cut text would be found by its beginning only, without a word: auto_truncate off
    # makes that an error. 250 inputs (gecko@001: 5) and 20,000 tokens a request are Google's limits.
    whole: Fields = (("auto_truncate", False),)
    request_style = RequestStyle(
        query_fields=(("task_type", "RETRIEVAL_QUERY"), *whole),
        document_fields=(("task_type", "RETRIEVAL_DOCUMENT"), *whole),
        takes_dimensions=shorter,
        default_dimensions=768,
        least_dimensions=64 if shorter else 0,
        most_dimensions=768 if shorter else 0,
        items_per_request=items,
        tokens_per_request=20_000,
    )
    return _remote(
        "aimlapi",
        name,
        "Google",
        dimensions=768,
        context=2000,
        request_style=request_style,
        price=price,
        best_for=best_for,
    )


def _bge(name: str, dimensions: int, retired: str = "") -> EmbeddingModel:
    return _remote(
        "aimlapi",
        name,
        "BAAI",
        dimensions=dimensions,
        context=512,
        recipe=BGE,
        query_instruction=_BGE_QUERY,
        request_style=RequestStyle(items_per_request=128, tokens_per_request=60_000),
        retired=retired,
        best_for="English",
    )


def _qwen(name: str, most: int) -> EmbeddingModel:
    # 10 inputs a request is Alibaba's limit. The gateway lists up to 2,048 dimensions for both, Alibaba 1,024
    # for v3.
    request_style = RequestStyle(
        takes_dimensions=True,
        default_dimensions=1024,
        least_dimensions=64,
        most_dimensions=most,
        items_per_request=10,
    )
    return _remote(
        "aimlapi",
        name,
        "Alibaba",
        dimensions=1024,
        context=8192,
        request_style=request_style,
        best_for="many languages",
    )


MODELS: tuple[EmbeddingModel, ...] = (
    *(row.model for row in LOCAL_MODELS),
    _openai("aimlapi", "text-embedding-3-small", 1536, 0.02, "most notes, many languages, cheap"),
    _openai("aimlapi", "text-embedding-3-large", 3072, None, "the best of OpenAI's, many languages"),
    _openai("aimlapi", "text-embedding-ada-002", 1536, None),
    _voyage("voyage-2", 1024, 4000, 320_000, "English"),
    _voyage("voyage-large-2", 1536, 16_000, 120_000, "English"),
    _voyage("voyage-large-2-instruct", 1024, 16_000, 120_000, "English"),
    _voyage("voyage-code-2", 1536, 16_000, 120_000, "code"),
    _voyage("voyage-finance-2", 1024, 32_000, 120_000, "finance"),
    _voyage("voyage-law-2", 1024, 16_000, 120_000, "law"),
    _voyage("voyage-multilingual-2", 1024, 32_000, 120_000, "many languages"),
    _bge(
        "BAAI/bge-large-en-v1.5",
        1024,
        "The AI/ML API lists it as no longer supported since February 2026; other servers still serve it",
    ),
    _bge("BAAI/bge-base-en-v1.5", 768),
    _google("text-multilingual-embedding-002", shorter=True, price=0.10, best_for="many languages"),
    _google("text-embedding-004", shorter=True, best_for="English"),
    _google("textembedding-gecko@003", shorter=False),
    _google("textembedding-gecko@001", shorter=False, items=5),
    _google("textembedding-gecko-multilingual@001", shorter=False, items=5),
    _qwen("alibaba/qwen-text-embedding-v4", 2048),
    _qwen("alibaba/qwen-text-embedding-v3", 1024),
    _remote(
        "aimlapi",
        "togethercomputer/m2-bert-80M-32k-retrieval",
        "Together",
        dimensions=768,
        context=32_000,
        request_style=RequestStyle(tokens_per_request=60_000),
        best_for="English",
    ),
    # Prices: developers.openai.com/api/docs/models/text-embedding-3-large has both of the third generation;
    # ada-002 as openrouter.ai/openai/text-embedding-ada-002 and embeddingcost.com/openai (May 2026, from
    # OpenAI's price list) have it.
    _openai("openai", "text-embedding-3-small", 1536, 0.02, "most notes, many languages, cheap"),
    _openai("openai", "text-embedding-3-large", 3072, 0.13, "the best of OpenAI's, many languages"),
    _openai("openai", "text-embedding-ada-002", 1536, 0.10),
)


def model(identifier: str, own: Iterable[EmbeddingModel] = ()) -> EmbeddingModel:
    """The model called `provider/name` or `provider/name#dimensions`; `own` are the user's. Raises
    UsageError with the names that are known."""
    candidates = (*MODELS, *own)
    for candidate in candidates:
        if candidate.identifier == identifier:
            return candidate
    plain, sign, number = identifier.rpartition("#")
    for candidate in candidates:
        if sign and candidate.identifier == plain and number.isdecimal():
            return with_dimensions(candidate, int(number))
    known = ", ".join(m.identifier for m in candidates if m.provider == identifier.partition("/")[0])
    raise UsageError("usage.model-unknown", model=identifier, known=known)


def with_dimensions(embedding_model: EmbeddingModel, dimensions: int) -> EmbeddingModel:
    """The model with shorter (or longer) vectors. Raises UsageError where it cannot give that many
    numbers."""
    if dimensions == embedding_model.dimensions:
        return embedding_model
    request_style = embedding_model.request_style
    if request_style is None or not request_style.takes_dimensions:
        raise UsageError(
            "usage.dimensions-fixed", model=embedding_model.title, dimensions=embedding_model.dimensions
        )
    if not request_style.least_dimensions <= dimensions <= request_style.most_dimensions:
        raise UsageError(
            "usage.dimensions",
            model=embedding_model.title,
            dimensions=dimensions,
            least=request_style.least_dimensions,
            most=request_style.most_dimensions,
        )
    return replace(embedding_model, dimensions=dimensions, shortened=True)


def alternatives(embedding_model: EmbeddingModel, most: int = 3) -> tuple[EmbeddingModel, ...]:
    """Models to offer where this one is gone, at most `most`: of the same provider, those with a known price
    and the same purpose first, and none that is retired. The local model comes last."""
    wanted = set(embedding_model.best_for.split(", "))
    others = [
        m
        for m in MODELS
        if m.remote
        and m.provider == embedding_model.provider
        and m.name != embedding_model.name
        and not m.retired
    ]
    others.sort(key=lambda m: (m.price is None, -len(wanted & set(m.best_for.split(", ")))))
    return (*others[: most - 1], LOCAL)


def own_model(
    provider_name: str,
    name: str,
    *,
    dimensions: int,
    request_style: RequestStyle,
    query_instruction: str = "",
    document_instruction: str = "",
    context: int = 512,
    price: float | None = None,
) -> EmbeddingModel:
    """A model that the catalogue does not know, as a probe found it. Chunks are cut for `context` tokens.
    Where that is not known it is 512, since most models that people run themselves read no more."""
    least = (
        (2 * LARGE.maximum, LARGE),
        (512, BGE),
        (LOCAL.recipe.maximum, LOCAL.recipe),
        (SMALL.maximum, SMALL),
    )
    recipe = next((recipe for tokens, recipe in least if context >= tokens), TINY)
    if request_style.characters_per_item:
        recipe = replace(recipe, characters=request_style.characters_per_item)
    return EmbeddingModel(
        provider=provider_name,
        name=name,
        title=name,
        dimensions=dimensions,
        context=context,
        recipe=recipe,
        query_instruction=query_instruction,
        document_instruction=document_instruction,
        remote=True,
        request_style=request_style,
        price=price,
    )


_OWN_KEYS: dict[str, type] = {
    "provider": str,
    "name": str,
    "dimensions": int,
    "context": int,
    "query_instruction": str,
    "document_instruction": str,
    "price": float,
}
_MANNER_KEYS = {f.name: type(f.default) for f in fields(RequestStyle)}


def to_table(own: EmbeddingModel) -> dict[str, Any]:
    """A model of the user's own as values for TOML. Values that are the default are left out."""
    table = {key: value for key in _OWN_KEYS if (value := getattr(own, key)) not in ("", None)}
    for field in fields(RequestStyle):
        value = getattr(own.request_style, field.name)
        if own.request_style is not None and value != field.default:
            table[field.name] = dict(value) if isinstance(value, tuple) else value
    return table


def from_table(table: Mapping[str, Any]) -> EmbeddingModel:
    """The model that `to_table` wrote, perhaps edited by the user. Raises UsageError with the name of the
    entry that is wrong."""
    values: dict[str, Any] = {}
    request_style: dict[str, Any] = {}
    for key, value in table.items():
        wanted = _OWN_KEYS.get(key) or _MANNER_KEYS.get(key)
        if wanted is None or not _is_a(value, dict if wanted is tuple else wanted):
            raise UsageError("usage.model-entry", name=key)
        target = values if key in _OWN_KEYS else request_style
        target[key] = tuple(value.items()) if wanted is tuple else value
    missing = {"provider", "name", "dimensions"} - set(values)
    if missing:
        raise UsageError("usage.model-lacks", name=sorted(missing)[0])
    if (
        values["dimensions"] < 1
        or request_style.get("encoding", "omit") not in ("base64", "float", "omit")
        or request_style.get("items_per_request", 1) < 1
    ):
        raise UsageError("usage.model-number", model=values["name"])
    return own_model(
        values.pop("provider"), values.pop("name"), request_style=RequestStyle(**request_style), **values
    )


def _is_a(value: object, wanted: type) -> bool:
    if wanted is dict:
        return isinstance(value, Mapping) and all(isinstance(v, (str, bool, int)) for v in value.values())
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is wanted


def fingerprint_of(embedding_model: EmbeddingModel) -> str:
    """The fingerprint of a model: 16 hex digits over all that a vector depends on besides the text.

    That is: provider and name, revision, dimensions, instructions, the fields sent along, and the chunking
    recipe. Where the model is served, its price, the limits of a request and the encoding of numbers do not
    count.
    """
    parts = asdict(embedding_model)
    for irrelevant in (
        "title",
        "remote",
        "context",
        "floor",
        "languages",
        "usual",
        "request_style",
        "price",
        "retired",
        "shortened",
        "best_for",
    ):
        del parts[irrelevant]
    # Fields that were added later are left out where they are empty, so that older indexes keep their
    # fingerprint.
    if not embedding_model.recipe.characters:
        del parts["recipe"]["characters"]
    request_style = embedding_model.request_style
    if request_style is not None and (request_style.query_fields or request_style.document_fields):
        parts["fields"] = [sorted(request_style.query_fields), sorted(request_style.document_fields)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a test found out about an embedding server.

    `provider`: with the address that worked. `items_per_request`: the most texts that it took at once.
    `latency`: seconds for one query. `context`: so many tokens of a text it reads, or more.
    `query_instruction`, `document_instruction`: those that helped, "" for none. `tokens_reported`: whether it
    counts tokens.
    """

    provider: Provider
    name: str
    dimensions: int
    encoding: str
    items_per_request: int
    normalised: bool
    latency: float
    query_instruction: str
    document_instruction: str
    tokens_reported: bool
    context: int = 512

    @property
    def model(self) -> EmbeddingModel:
        """The model that these findings describe, ready for use and for the settings (to_table)."""
        return own_model(
            self.provider.name,
            self.name,
            dimensions=self.dimensions,
            query_instruction=self.query_instruction,
            document_instruction=self.document_instruction,
            context=self.context,
            request_style=RequestStyle(encoding=self.encoding, items_per_request=self.items_per_request),
        )

    def model_among(self, known: Iterable[EmbeddingModel]) -> EmbeddingModel:
        """The model that these findings describe. One of the `known` keeps its context, by which texts are
        cut: else all of them would be embedded, and paid, again."""
        tested = self.model
        for former in known:
            if former.identifier == tested.identifier and former.context <= self.context:
                return replace(self, context=former.context).model
        return tested
