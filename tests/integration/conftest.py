"""Remote models under an engine: a strict server on this machine, keys from the environment alone, and what
arrived there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notesearch import catalogue
from notesearch.catalogue import KEY_VARIABLES, EmbeddingModel
from notesearch.config.paths import prepare_data_dir
from notesearch.config.settings import Settings, save_settings
from notesearch.documents.chunking.splitter import embedded_text, split
from notesearch.documents.formats.registry import extract
from notesearch.domain import Estimate, Folder
from notesearch.embedding.receipts import Receipt
from notesearch.embedding.remote.pacing import Patience
from notesearch.embedding.remote.remote_embedder import RemoteEmbedder
from notesearch.engine.engine import Engine
from tests.conftest import StartEngine, long_note
from tests.gateway import KEY, Gateway

SMALL, CODE, MANY = (
    "aimlapi/text-embedding-3-small",
    "aimlapi/voyage-code-2",
    "aimlapi/text-multilingual-embedding-002",
)
LOCAL = catalogue.LOCAL.identifier
NO_BUS = "unix:path=/nonexistent/bus"
QUICK = Patience(
    first_delay=0.005,
    longest_delay=0.05,
    longest_wait=0.5,
    request_seconds=5.0,
    query_seconds=2.0,
    retry_seconds=5.0,
)
# Who ends within the patience of a test did not wait for an answer.
ENDLESS = Patience(request_seconds=1e6, retry_seconds=1e6, query_seconds=1e6)
VAULT = {
    "bread.md": "# Bread\n\nThe sour dough rests overnight in the cold.\n",
    "Travel/lisbon.md": "# Lisbon\n\nThe tram climbs to the castle.\n",
    "garden.txt": "Tomatoes want sun and a string to climb.\n",
    "long.md": long_note("Spring", "Summer", "Autumn", "Winter"),
}


@pytest.fixture(autouse=True)
def no_keyring(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests with a server: no keyring, and no key of whoever runs them."""
    if "gateway" in request.fixturenames:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", NO_BUS)
        for name in KEY_VARIABLES:
            monkeypatch.delenv(name, raising=False)


Make = Callable[..., RemoteEmbedder]


@pytest.fixture
def receipts() -> list[Receipt]:
    """What the embedders of `make` recorded."""
    return []


@pytest.fixture
def make(gateway: Gateway, receipts: list[Receipt]) -> Iterator[Make]:
    """Embedders for models of the catalogue at the test's server, or at `url`; closed afterwards."""
    made: list[RemoteEmbedder] = []

    def remote(
        model: str | EmbeddingModel = "text-embedding-3-small",
        *,
        url: str = "",
        key: str | None = KEY,
        patience: Patience = QUICK,
    ) -> RemoteEmbedder:
        chosen = catalogue.model(f"aimlapi/{model}") if isinstance(model, str) else model
        at = catalogue.provider(chosen.provider, url or gateway.url)
        embedder = RemoteEmbedder(chosen, at, lambda _: key, receipts.append, patience=patience)
        made.append(embedder)
        return embedder

    yield remote
    for embedder in made:
        embedder.close()


StartRemote = Callable[..., Engine]


def settings_for(*gateways: Gateway, names: tuple[str, ...] = ("aimlapi", "openai")) -> Settings:
    """Settings in which the providers called so are these servers."""
    settings = Settings()
    for name, gateway in zip(names, gateways, strict=False):
        settings = settings.with_provider(name, base_url=gateway.url)
    return settings


@pytest.fixture
def start_remote(
    start_engine: StartEngine, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StartRemote:
    """Starts engines (that do not watch) for which the AI/ML API is the test's server; its key is in the
    environment unless `key` is False."""

    def start(
        data_dir: Path | None = None, *, key: bool = True, patience: Patience = QUICK, **how: object
    ) -> Engine:
        monkeypatch.setattr("notesearch.embedding.remote.remote_embedder.Patience", lambda: patience)
        if key:
            monkeypatch.setenv("AIMLAPI_API_KEY", KEY)
        folder = data_dir or tmp_path / "data"
        if not (folder / "settings.toml").exists():
            prepare_data_dir(folder)
            save_settings(folder, settings_for(gateway))
        how.setdefault("watch", False)
        return start_engine(folder, **how)

    return start


@pytest.fixture
def remote(start_remote: StartRemote) -> Engine:
    return start_remote()


# What a test expects, and what arrived


def texts_of(root: Path, identifier: str = SMALL) -> Counter[str]:
    """Every text that a model is sent for the notes of a folder, cut by the document layer alone."""
    model = catalogue.model(identifier)
    counted: Counter[str] = Counter()
    for path in sorted(root.rglob("*.*")):
        document = extract(path, path.read_bytes())
        counted.update(
            model.document_instruction + embedded_text(document.text, c)
            for c in split(document, model.recipe)
        )
    return counted


def arrived(gateway: Gateway, model: str = "") -> Counter[str]:
    """The texts of notes that were answered with vectors."""
    name = model.partition("/")[2].partition("#")[0]
    wanted = [r for r in list(gateway.requests) if r.status == 200 and isinstance(r.body["input"], list)]
    return Counter(text for r in wanted if not name or r.body["model"] == name for text in r.inputs)


def queries(gateway: Gateway) -> list[str]:
    """The queries that arrived."""
    return [r.inputs[0] for r in list(gateway.requests) if isinstance(r.body["input"], str)]


def everything(gateway: Gateway) -> str:
    """All that a server ever got, heads and bodies."""
    return "\n".join(
        json.dumps([r.path, r.headers, r.body], ensure_ascii=False) for r in list(gateway.requests)
    )


def folder(engine: Engine, path: Path) -> Folder:
    return next(f for f in engine.status().folders if f.path == path)


def use(engine: Engine, path: Path, identifier: str, *, wait: bool = True) -> Estimate:
    """Choose a model, agree, and wait until it answers."""
    estimate = engine.models.prepare(path, identifier)
    engine.models.agree(path)
    if wait:
        errors = engine.reconcile([path]).errors
        assert errors == ()
        assert (folder(engine, path).model, folder(engine, path).next_model) == (identifier, "")
    return estimate
