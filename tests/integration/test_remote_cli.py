"""Models, consent and keys on the command line: alone, and handed to a Notesearch that is running."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from notesearch import catalogue
from notesearch.cli import main as cli
from notesearch.config.settings import load_settings, save_settings
from notesearch.engine.engine import Engine
from tests.conftest import Serve, StartEngine, fill, wait_until
from tests.gateway import KEY, Gateway
from tests.integration.cli.conftest import Shell
from tests.integration.conftest import CODE, LOCAL, SMALL, VAULT, arrived, queries, settings_for, texts_of

FOLDER = {"path", "model", "documents", "complete", "waiting", "failed", "state"}


class Inside:
    """Runs commands in this process, which is quicker than a process each: every command is told all it knows
    by its arguments."""

    def __init__(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._data_dir = data_dir
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(
        self, *arguments: str | Path, stdin: str = "", code: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        ended = cli.main([arguments[0], "--data-dir", str(self._data_dir), *map(str, arguments[1:])])  # type: ignore[list-item]
        written = self._capsys.readouterr()
        assert code is None or ended == code, written.err
        return subprocess.CompletedProcess(arguments, ended, written.out, written.err)

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code).stdout)


Run = Inside | Shell


@pytest.fixture
def remote_env(tmp_path: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder where the AI/ML API is the test's server; its key is in the environment, and there is no
    keyring."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    save_settings(data_dir, settings_for(gateway))
    for name, value in (
        ("AIMLAPI_API_KEY", KEY),
        ("HOME", str(tmp_path)),
        ("XDG_RUNTIME_DIR", str(tmp_path)),
    ):
        monkeypatch.setenv(name, value)
    return data_dir


@pytest.fixture
def run(remote_env: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    return Inside(remote_env, monkeypatch, capsys)


@pytest.fixture
def process(remote_env: Path) -> Shell:
    """Commands as processes of their own."""
    return Shell(remote_env)


@pytest.fixture
def owner(
    request: pytest.FixtureRequest, remote_env: Path, start_engine: StartEngine, serve: Serve
) -> Engine | None:
    """Nobody, or a Notesearch that owns the data folder and takes requests."""
    return None if request.param == "alone" else serve(start_engine(remote_env))


both = pytest.mark.parametrize("owner", ["alone", "beside"], indirect=True)


def folders(run: Run) -> list[dict[str, object]]:
    found = run.json("status")["folders"]
    assert all(set(f) == FOLDER for f in found)
    return list(found)


def settled(run: Inside, owner: Engine | None) -> None:
    """What was agreed to is embedded."""
    if owner is None:
        run("index")
    else:
        wait_until(
            lambda: not owner.status().waiting and not any(f.next_model for f in owner.status().folders)
        )


@pytest.mark.words
@both
def test_use_asks_first(run: Inside, owner: Engine | None, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    run("index", notes)
    before = folders(run)
    told = run("use", SMALL, code=1)
    texts = texts_of(notes)
    assert f"{len(texts):,} passages of 4 notes" in told.stderr
    assert gateway.url in told.stderr
    assert "about $0.0000" in told.stderr
    assert "--yes" in told.stderr
    assert "nothing is changed" in told.stderr
    assert told.stdout == ""
    assert folders(run) == before
    assert "price is not known" in run("use", CODE, code=1, stdin="n\n").stderr
    run("index")
    assert folders(run) == before
    assert gateway.requests == []


@pytest.mark.words
@both
def test_use_with_yes(run: Inside, owner: Engine | None, notes: Path, gateway: Gateway) -> None:
    other = fill(notes.parent / "Other", {"o.md": "The harbour lamp is green.\n"})
    fill(notes, VAULT)
    run("index", notes, other)
    assert gateway.url in run("use", SMALL, "--in", notes, "--yes").stderr, (
        "what is agreed to is said all the same"
    )
    settled(run, owner)
    assert [f["model"] for f in folders(run)] == [SMALL, LOCAL]
    assert arrived(gateway) == dict.fromkeys(texts_of(notes), 1)
    answer = run.json("search", "castle tram", "--mode", "meaning")
    assert answer["results"][0]["path"].endswith("lisbon.md")
    assert queries(gateway) == ["castle tram"]
    # Once more, and back, and forth: nothing is paid.
    number = len(gateway.requests)
    for model, code in ((SMALL, 0), (LOCAL, 0), (SMALL, 1)):
        run("use", model, "--in", notes, code=code)
        settled(run, owner)
        assert folders(run)[0]["model"] == (LOCAL if code else model)
    assert "nothing has to be embedded" in run("use", SMALL, "--in", notes, "--yes").stderr
    if owner is None:
        assert folders(run)[0]["model"] == SMALL, "at once, where nothing has to be embedded"
    settled(run, owner)
    assert folders(run)[0]["model"] == SMALL
    assert len(gateway.requests) == number


@pytest.mark.words
def test_index_says_what_waits_for_a_word(run: Run, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    run("add", notes, "--model", CODE)
    told = run("index", code=1)
    assert f"{notes} waits for your word" in told.stderr
    assert f"notesearch use {CODE}" in told.stderr
    assert folders(run)[0]["state"] == "consent"
    assert run.json("search", "castle")["results"][0]["path"].endswith("lisbon.md")
    assert gateway.requests == []
    run("use", CODE, "--yes")
    summary = run.json("index")
    assert (summary["embedded"], summary["requests"]) == (len(texts_of(notes, CODE)), len(gateway.requests))
    assert summary["tokens"] > 0
    assert run.json("status")["documents"] == {"total": 4, "complete": 4, "waiting": 0, "failed": 0}


@pytest.mark.words
def test_without_a_key_index_says_so(
    run: Run, notes: Path, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(notes, VAULT)
    run("add", notes, "--model", SMALL)
    run("use", SMALL, "--yes")
    monkeypatch.delenv("AIMLAPI_API_KEY")
    told = run("index", code=1)
    assert "There is no key for AI/ML API" in told.stderr
    assert "AIMLAPI_API_KEY" in told.stderr
    assert gateway.requests == []
    found = run("search", "castle")
    assert "searched by words only" in found.stderr
    assert "lisbon.md" in found.stdout


@pytest.mark.words
@both
def test_a_server_of_ones_own(run: Inside, owner: Engine | None, notes: Path, tmp_path: Path) -> None:
    fill(notes, VAULT)
    run("index", notes)
    with Gateway(key=None, models={"nomic": 64, "other": 32}) as own:
        assert "no provider called" in run("use", "shed/nomic", "--yes", code=2).stderr
        run("use", "shed/nomic", "--base-url", own.url, code=1)
        tested = len(own.requests)
        assert tested
        assert not any("castle" in text for r in own.requests for text in r.inputs), (
            "tested with texts of ours"
        )
        run("use", "shed/nomic", "--yes")
        settled(run, owner)
        assert not any(
            "test" in str(r.body) and r.number >= tested for r in own.requests if len(r.inputs) > 20
        ), "not tested again"
        assert folders(run)[0]["model"] == "shed/nomic"
        chosen, problems = load_settings(tmp_path / "data")
        assert problems == ()
        assert chosen.provider("shed").base_url == own.url
        assert [(m.identifier, m.dimensions) for m in chosen.models] == [("shed/nomic", 64)]
        assert any(m["model"] == "shed/nomic" for m in run.json("models")["models"])
        assert "64 dimensions" in run("key", "test", "shed").stdout
        # It gives 64 numbers, and no others: said, and nothing is kept of it.
        assert "64 dimensions" in run("use", "shed/nomic#32", "--yes", code=2).stderr
        assert "32 dimensions" in run("use", "shed/other#16", "--yes", code=2).stderr
        assert not any("#" in m.name for m in load_settings(tmp_path / "data")[0].models)
    stored = load_settings(tmp_path / "data")[0]
    told = run("use", "barn/nomic", "--base-url", own.url, "--yes", code=3).stderr
    assert "cannot be reached" in told or "not running" in told
    assert load_settings(tmp_path / "data")[0] == stored, "what did not answer is not kept"
    assert folders(run)[0]["model"] == "shed/nomic"


@pytest.mark.words
def test_own_dimensions(run: Run, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    run("index", notes)
    run("use", f"{SMALL}#256", "--yes")
    run("index")
    assert folders(run)[0]["model"] == f"{SMALL}#256"
    assert {r.body["dimensions"] for r in gateway.requests} == {256}
    assert "no 7 dimensions" in run("use", f"{SMALL}#7", "--yes", code=2).stderr


@pytest.mark.words
@both
def test_what_is_refused(
    run: Inside, owner: Engine | None, notes: Path, gateway: Gateway, tmp_path: Path
) -> None:
    assert "No folder" in run("use", SMALL, "--yes", code=2).stderr
    fill(notes, VAULT)
    run("index", notes)
    stored = (tmp_path / "data/settings.toml").read_bytes()
    for arguments, code, said in (
        (("aimlapi/nothing", "--yes"), 2, "no model called"),
        (("nothing", "--yes"), 2, "is no model"),
        (("shed/x", "--base-url", "http://example.org/v1", "--yes"), 3, "not encrypted"),
        (("aimlapi/voyage-2", "--base-url", "http://192.0.2.1/v1", "--yes"), 3, "not encrypted"),
        (("shed/x", "--base-url", "ftp://x", "--yes"), 2, "not an address"),
        ((SMALL, "--in", str(notes / "Travel"), "--yes"), 3, "not a searched folder"),
    ):
        assert said in run("use", *arguments, code=code).stderr, arguments
    away = notes.rename(notes.with_name("Away"))
    assert "not there" in run("use", SMALL, "--yes", code=3).stderr
    away.rename(notes)
    run("index")
    assert [(f["model"], f["state"]) for f in folders(run)] == [(LOCAL, "ready")]
    assert (tmp_path / "data/settings.toml").read_bytes() == stored
    assert gateway.requests == []


def test_models(run: Run) -> None:
    models = run.json("models")["models"]
    assert models[0]["model"] == LOCAL
    one = next(m for m in models if m["model"] == SMALL)
    assert (one["dimensions"], one["context"], one["remote"], one["price"]) == (1536, 8000, True, 0.02)
    assert next(m for m in models if m["model"] == CODE)["price"] is None


@pytest.mark.words
def test_models_in_words(run: Run) -> None:
    told = run("models").stdout
    assert "price unknown" in told
    assert "free, on this computer" in told
    assert "no longer supported since February 2026" in told


@pytest.mark.words
@both
def test_a_key_where_there_is_no_keyring(process: Shell, owner: Engine | None, tmp_path: Path) -> None:
    key = "sk-planted-77aa33cc"
    told = process("key", "set", "aimlapi", stdin=f"{key}\n", code=3)
    assert "AIMLAPI_API_KEY" in told.stderr
    assert "cannot be a key" in process("key", "set", "aimlapi", stdin="two words\n", code=3).stderr
    assert "empty" in process("key", "set", "openai", stdin="", code=3).stderr
    process("key", "forget", "aimlapi")
    assert "no provider called" in process("key", "forget", "nobody", code=2).stderr
    assert "usage" in process("key", "set", "aimlapi", key, code=2).stderr, "never as an argument"
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


@pytest.mark.words
@both
def test_what_former_models_left_is_forgotten(
    run: Inside, owner: Engine | None, notes: Path, gateway: Gateway, remote_env: Path
) -> None:
    fill(notes, VAULT)
    run("index", notes)
    for model in (CODE, SMALL):
        run("use", model, "--yes")
        settled(run, owner)
    left = len(texts_of(notes, CODE)) + len(texts_of(notes, LOCAL))
    assert "takes no model" in run("use", SMALL, "--forget-former", code=2).stderr
    assert "is no model" in run("use", code=2).stderr
    assert (
        run("use", "--forget-former", "--in", notes).stdout
        == f"{left} vectors of former models are forgotten.\n"
    )
    assert "nobody needs" in run("use", "--forget-former").stdout
    assert "price is not known" in run("use", CODE, code=1).stderr


@pytest.mark.words
@both
def test_a_key_is_tested_by_the_model_that_a_folder_uses(
    run: Inside, owner: Engine | None, notes: Path, gateway: Gateway
) -> None:
    fill(notes, VAULT)
    run("index", notes)
    assert "text-embedding-3-small" in run("key", "test", "aimlapi").stdout
    run("use", CODE, "--yes")
    settled(run, owner)
    number = len(gateway.requests)
    assert "voyage-code-2" in run("key", "test", "aimlapi").stdout
    assert {r.body["model"] for r in gateway.requests[number:]} == {"voyage-code-2"}


@pytest.mark.words
@both
def test_key_test(run: Inside, owner: Engine | None, gateway: Gateway, remote_env: Path) -> None:
    told = run("key", "test", "aimlapi")
    assert "aimlapi answers" in told.stdout
    assert "1536 dimensions" in told.stdout
    assert all(r.headers["authorization"] == f"Bearer {KEY}" for r in gateway.requests)
    gateway.key = "sk-another"
    assert "does not accept the key" in run("key", "test", "aimlapi", code=3).stderr
    assert "no provider called" in run("key", "test", "nobody", code=2).stderr
    assert {e["purpose"] for e in _ledger(remote_env)} == {"test"}


def _ledger(data_dir: Path) -> list[dict[str, str]]:
    (path,) = data_dir.joinpath("ledger").iterdir()
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.words
def test_doctor_asks_only_those_that_were_agreed_to(run: Run, notes: Path, gateway: Gateway) -> None:
    fill(notes, VAULT)
    run("add", notes, "--model", SMALL)
    run("doctor", code=None)
    assert gateway.requests == []
    run("use", SMALL, "--yes")
    run("index")
    told = run("doctor")
    assert f"Model {SMALL}" in told.stdout
    assert queries(gateway) == ["test"]


def test_the_status_object_keeps_its_shape(run: Run, notes: Path) -> None:
    fill(notes, VAULT)
    run("index", notes)
    run("use", SMALL, "--yes")
    status = json.loads(run("status", "--json").stdout)
    assert set(status) == {
        "state",
        "documents",
        "chunks",
        "embedded",
        "folders",
        "problems",
        "data_dir",
        "bytes",
        "memory_bytes",
    }
    assert set(status["documents"]) == {"total", "complete", "waiting", "failed"}
    assert set(status["bytes"]) == {"database", "keyword", "vectors"}


@pytest.mark.words
def test_index_says_how_many_passages_were_refused(run: Inside, notes: Path, gateway: Gateway) -> None:
    (notes / "Poison.md").write_text("# Poison\n\nNothing that a model takes.\n")
    run("index", notes)
    gateway.spoils = lambda text: "nan" if "Poison" in text else ""
    run("use", SMALL, "--in", notes, "--yes")
    ended = run("index")
    assert "1 passage was refused by the model" in ended.stderr
    problems = run.json("status")["problems"]
    assert [Path(p["path"]).name for p in problems] == ["Poison.md"]
    assert "no usable vector" in problems[0]["title"]
    assert "refused" not in run("index").stderr


def home_address() -> str:
    """An address of this computer in its network, which stands for another computer there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("10.255.255.255", 1))  # nothing is sent
        except OSError:
            return ""
        host = str(asked.getsockname()[0])
    return host if catalogue.is_home(host) else ""


@pytest.mark.words
def test_a_server_at_home_is_asked_without_encryption_where_that_is_allowed(run: Inside, notes: Path) -> None:
    if not (host := home_address()):
        pytest.skip("this computer has no address in a network of its own")
    with Gateway(host=host, key=None, models={"small": 64}) as server:
        address = server.url.removesuffix("/v1")
        asked = ("use", "nas/small", "--in", notes, "--base-url", address)
        fill(notes, VAULT)
        run("index", notes)
        refused = run(*asked, "--yes", code=3)
        assert "is another computer, and the address is not encrypted" in refused.stderr
        assert not server.requests
        run(*asked, "--yes", "--plain-http")
        run("index")
        assert run.json("status")["folders"][0]["model"] == "nas/small"
        sent = len(server.requests)
        # It is kept, for this address alone.
        run("search", "seedlings", "--mode", "meaning", code=None)
        assert len(server.requests) > sent
