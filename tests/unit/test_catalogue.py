"""Providers and models as data: what is known of each, addresses, dimensions, models of one's own,
fingerprints."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from notesearch import catalogue
from notesearch.catalogue import LOCAL, MODELS, EmbeddingModel, RequestStyle, fingerprint_of
from notesearch.errors import InsecureAddress, UsageError

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "data" / "aimlapi-schemas.json").read_text(encoding="utf-8")
)["models"]


def test_the_fingerprint_of_the_bundled_model_is_the_one_that_indexes_have() -> None:
    assert fingerprint_of(LOCAL) == "773baf189d5a798f"


def test_every_published_model_is_there_with_its_limits() -> None:
    known = {m.name: m for m in MODELS if m.provider == "aimlapi"}
    assert set(known) == set(PUBLISHED)
    for name, facts in PUBLISHED.items():
        model, properties = known[name], facts["request_schema"]["properties"]
        assert model.request_style is not None
        assert model.dimensions == facts.get("dimensions", model.dimensions)
        sent = {field for field, _ in model.request_style.query_fields + model.request_style.document_fields}
        assert sent <= set(properties)
        assert (
            model.request_style.encoding == "omit"
            or model.request_style.encoding in properties["encoding_format"]["enum"]
        )
        assert not model.request_style.takes_dimensions or "dimensions" in properties
        item = properties["input"]["anyOf"][1]["items"].get("maxLength", 0)
        assert (model.request_style.characters_per_item, model.recipe.characters) == (item, item)
        # A third above what our tokenizer counts still fits, as vocabularies differ.
        assert model.recipe.maximum <= (facts["context_tokens"] or 2000) * (
            1 if model.recipe is catalogue.BGE else 0.75
        )
    assert catalogue.model("aimlapi/BAAI/bge-large-en-v1.5").recipe.maximum < 450


def test_names_are_unique_and_so_are_fingerprints() -> None:
    assert len({m.identifier for m in MODELS}) == len({fingerprint_of(m) for m in MODELS}) == len(MODELS)


def test_a_price_is_known_or_none_never_nothing() -> None:
    assert all(m.price is None or m.price > 0 for m in MODELS)
    assert catalogue.model("openai/text-embedding-3-small").price == 0.02


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"provider": "other"},
        {"dimensions": 512, "shortened": True},
        {"query_instruction": "q: "},
        {"document_instruction": "d: "},
        {"recipe": replace(catalogue.LARGE, characters=500)},
        {"recipe": replace(catalogue.LARGE, target=300)},
        {"revision": "2"},
        {"request_style": RequestStyle(document_fields=(("input_type", "document"),))},
    ],
)
def test_what_a_vector_depends_on_changes_the_fingerprint(change: dict[str, object]) -> None:
    model = catalogue.model("aimlapi/text-embedding-3-small")
    assert fingerprint_of(replace(model, **change)) != fingerprint_of(model)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"price": 7.0},
        {"retired": "gone"},
        {"floor": 0.3},
        {"best_for": "code"},
        {"context": 9},
        {
            "request_style": RequestStyle(
                encoding="float", items_per_request=3, tokens_per_request=9, characters_per_request=8
            )
        },
    ],
)
def test_what_it_does_not_depend_on_does_not(change: dict[str, object]) -> None:
    model = catalogue.model("aimlapi/text-embedding-3-small")
    assert fingerprint_of(replace(model, **change)) == fingerprint_of(model)  # type: ignore[arg-type]


def test_dimensions_are_part_of_the_name() -> None:
    shorter = catalogue.model("openai/text-embedding-3-large#1024")
    assert (shorter.dimensions, shorter.identifier, shorter.shortened) == (
        1024,
        "openai/text-embedding-3-large#1024",
        True,
    )
    assert catalogue.model("openai/text-embedding-3-large#3072").identifier == "openai/text-embedding-3-large"
    for wrong in (
        "openai/text-embedding-3-large#9",
        "aimlapi/voyage-2#512",
        "local/all-minilm-l6-v2#100",
        "aimlapi/voyage-2#x",
        "nothing",
    ):
        with pytest.raises(UsageError):
            catalogue.model(wrong)


def test_alternatives_are_served_and_end_at_home() -> None:
    for model in MODELS:
        others = catalogue.alternatives(model)
        assert others[-1] is LOCAL
        assert model not in others[:-1]
        assert not any(m.retired for m in others)


def test_known_providers_and_ones_own() -> None:
    assert catalogue.provider("aimlapi").base_url == "https://api.aimlapi.com/v1"
    assert catalogue.provider("openai").key_variable == "OPENAI_API_KEY"
    moved = catalogue.provider("aimlapi", " http://127.0.0.1:8080/v1/ ")
    assert (moved.base_url, moved.key_variable, moved.host) == (
        "http://127.0.0.1:8080/v1",
        "AIMLAPI_API_KEY",
        "127.0.0.1:8080",
    )
    own = catalogue.provider("my-box_1.local", "https://box.example.org/api/v1")
    assert (own.key_variable, own.needs_key, own.on_this_machine) == ("NOTESEARCH_API_KEY", False, False)
    for name, url in (
        ("ollama", ""),
        ("local", "http://localhost/v1"),
        ("a b", "https://x/v1"),
        ("", "https://x/v1"),
    ):
        with pytest.raises(UsageError):
            catalogue.provider(name, url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/v1",
        "https://",
        "https://me:pw@host/v1",
        "https://host/v1?key=1",
        "https://host:x/v1",
        "https://a..b/v1",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError) as wrong:
        catalogue.provider("mine", url)
    assert "pw" not in str(wrong.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "LOCALHOST:8080"])
def test_this_machine_may_be_asked_in_the_clear(host: str) -> None:
    assert catalogue.provider("mine", f"http://{host}/v1").on_this_machine


@pytest.mark.parametrize(
    "host", ["example.org", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1", "[::2]"]
)
def test_others_may_not(host: str) -> None:
    with pytest.raises(InsecureAddress):
        catalogue.provider("mine", f"http://{host}/v1")
    assert catalogue.provider("mine", f"https://{host}/v1").base_url


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@given(
    name=TEXT,
    dimensions=st.integers(1, 9000),
    encoding=st.sampled_from(["base64", "float", "omit"]),
    items=st.integers(1, 4000),
    instruction=st.one_of(st.just(""), TEXT),
    price=st.one_of(st.none(), st.floats(0.001, 100)),
    context=st.integers(64, 40_000),
    extra=st.dictionaries(TEXT, st.one_of(TEXT, st.booleans(), st.integers(0, 99)), max_size=3),
    characters=st.sampled_from([0, 800]),
)
def test_ones_own_model_goes_through_the_settings_file(
    name: str,
    dimensions: int,
    encoding: str,
    items: int,
    instruction: str,
    price: float | None,
    context: int,
    extra: dict[str, object],
    characters: int,
) -> None:
    request_style = RequestStyle(
        encoding=encoding,
        items_per_request=items,
        document_fields=tuple(extra.items()),  # type: ignore[arg-type]
        characters_per_item=characters,
    )
    model = catalogue.own_model(
        "mine",
        name,
        dimensions=dimensions,
        request_style=request_style,
        query_instruction=instruction,
        price=price,
        context=context,
    )
    again = catalogue.from_table(tomllib.loads(tomli_w.dumps(catalogue.to_table(model))))
    assert again == model
    assert fingerprint_of(again) == fingerprint_of(model)
    assert catalogue.model(f"mine/{name}", (model,)) == model


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"provider": "m", "name": "n"},
        {"provider": "m", "name": "n", "dimensions": "8"},
        {"provider": "m", "name": "n", "dimensions": 0},
        {"provider": "m", "name": "n", "dimensions": 8, "encoding": "hex"},
        {"provider": "m", "name": "n", "dimensions": 8, "colour": "red"},
        {"provider": "m", "name": "n", "dimensions": 8, "items_per_request": 0},
        {"provider": "m", "name": "n", "dimensions": 8, "query_fields": 3},
    ],
)
def test_a_table_that_is_wrong_is_named(table: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        catalogue.from_table(table)


def test_ones_own_model_gets_chunks_that_fit() -> None:
    sizes = {
        context: catalogue.own_model(
            "m", "n", dimensions=8, request_style=RequestStyle(), context=context
        ).recipe.maximum
        for context in (256, 512, 8192)
    }
    assert sizes == {256: 256, 512: catalogue.BGE.maximum, 8192: catalogue.LARGE.maximum}


def test_a_model_is_its_identifier() -> None:
    assert all(
        isinstance(catalogue.model(m.identifier), EmbeddingModel) and catalogue.model(m.identifier) is m
        for m in MODELS
    )
