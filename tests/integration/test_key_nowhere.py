"""A key that was planted is in no file, log, traceback, output or child process, whatever goes well or wrong.
All that was written is searched."""

from __future__ import annotations

import base64
import gc
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from notesearch.config.settings import save_window_state
from notesearch.domain import Query
from notesearch.embedding.receipts import Receipt
from notesearch.engine.engine import Engine
from notesearch.engine.models.ledger import Ledger
from notesearch.errors import NotesearchError
from tests.clock import FastClock
from tests.conftest import fill, reconcile, wait_until, write
from tests.gateway import Fault, Gateway
from tests.integration.conftest import (
    CODE,
    NO_BUS,
    SMALL,
    VAULT,
    StartRemote,
    everything,
    folder,
    settings_for,
    use,
)

KEY = "sk-planted-9d3e6b1fa2c87054"
# Not what a window of an earlier test has left behind: it has no key, and Qt has taken it away.
OURS = re.compile(r"notesearch\.(?!ui\b)")
ROOT = Path(__file__).resolve().parents[2]
# Whole, in part, and as it would look in a header of another kind or in a dump.
TRACES = (
    KEY.encode(),
    KEY[11:].encode(),
    base64.b64encode(KEY.encode())[4:-4],
    KEY.encode().hex().encode(),
    KEY.encode("utf-16-le"),
)


def found_in(content: bytes) -> bool:
    return any(trace in content for trace in TRACES)


def written_below(*roots: Path) -> list[Path]:
    return [
        path for root in roots for path in root.rglob("*") if path.is_file() and found_in(path.read_bytes())
    ]


@pytest.fixture
def said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gateway: Gateway
) -> list[str]:
    """What was said to the person; everything is logged, and the server knows the planted key."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HOME", str(tmp_path))
    gateway.key = KEY
    return []


ECHOES = [
    Fault(401, message=f"Key {KEY} is not valid"),
    Fault(403, message=f"{KEY} has no credits left"),
    Fault(404, message=f"No model for {KEY}"),
    Fault(400, message=f"Authorization: Bearer {KEY}"),
    Fault(503, message=KEY),
    Fault(418, body=f"<html>{KEY}</html>".encode()),
    Fault("redirect", location=f"http://{KEY}.example.org/v1?key={KEY}"),
    Fault("html"),
    Fault("json"),
    Fault("cut"),
    Fault("reset"),
    Fault("nan"),
    Fault("few"),
    # The last one: nothing is asked for an hour then.
    Fault(429, retry_after="3600", message=KEY),
]


def everything_said(engine: Engine) -> list[str]:
    """All that a front may show or keep."""
    shown = (
        engine.status(),
        engine.indexing.problems(),
        engine.models.providers(),
        engine.models.ledger(),
        engine.settings.current,
        engine.models.choices(),
        engine.diagnosis(),
    )
    return [repr(value) for value in shown] + [
        repr(vars(engine)),
        # Everything of ours that lives, as a log or a traceback would show it.
        *(repr(thing) for thing in gc.get_objects() if OURS.match(str(type(thing).__module__))),
    ]


def said_at_every_failure(engine: Engine, gateway: Gateway, notes: Path) -> Iterator[str]:
    """What is told of each failure, with a server that says the key back."""
    for number, fault in enumerate(ECHOES):
        gateway.rule = lambda request, fault=fault: fault
        write(notes, "new.md", f"A lamp at the quay {number}.\n")
        yield from map(str, engine.reconcile().errors)
        yield repr(engine.search.fused(Query(text=f"lamp {number}")))
        yield from everything_said(engine)
        try:
            engine.models.test("aimlapi", "text-embedding-3-small")
        except NotesearchError as error:
            yield "".join(traceback.format_exception(error))
        engine.models.retry_providers()


def test_the_key_is_nowhere(
    start_remote: StartRemote,
    notes: Path,
    gateway: Gateway,
    tmp_path: Path,
    said: list[str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = start_remote(key=False, clock=FastClock(1000))
    fill(notes, VAULT)
    reconcile(engine, notes)
    assert engine.models.set_key("aimlapi", KEY) == "session-only"
    use(engine, notes, SMALL)
    engine.models.test("aimlapi", "text-embedding-3-small")
    engine.search.fused(Query(text="castle tram"))
    engine.settings.update(lambda _: settings_for(gateway).with_provider("aimlapi", budget=5.0))
    save_window_state(engine.data_dir, {"query": "castle"})
    assert KEY in everything(gateway), "it was used"
    said += said_at_every_failure(engine, gateway, notes)
    met = {r.status for r in gateway.requests}
    assert met >= {401, 403, 404, 400, 503, 418, 307, 429}
    gateway.rule = None
    engine.close()
    engine = start_remote(key=False, clock=FastClock(1000))
    engine.models.set_key("aimlapi", KEY)
    # A bug where requests are written down, in the middle of it all: its traceback is logged.

    def bug(ledger: Ledger, receipt: Receipt) -> None:
        raise RuntimeError("a bug in the ledger")

    monkeypatch.setattr(Ledger, "record", bug)
    write(notes, "new.md", "A lamp at the quay, at last.\n")
    engine.reconcile()
    with pytest.raises(RuntimeError) as caught:
        engine.search.fused(Query(text="another lamp"))
    said.append("".join(traceback.format_exception(caught.value)))
    wait_until(lambda: engine.status().error)
    monkeypatch.setattr(Ledger, "record", lambda ledger, receipt: None)
    said += everything_said(engine)
    engine.close()
    log = "".join(path.read_text() for path in (tmp_path / "data").rglob("*.log*"))
    assert "a bug stopped the indexer" in log
    assert "embed_documents" in log, "with where it happened"
    out, err = capfd.readouterr()
    for text in (*said, caplog.text, out, err):
        assert not found_in(text.encode()), text[:2000]
    assert (tmp_path / "data/settings.toml").exists()
    assert list((tmp_path / "data/ledger").iterdir())
    assert written_below(tmp_path) == []


@pytest.mark.usefixtures("own_extraction")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="/proc")
def test_no_child_is_given_the_key(
    start_remote: StartRemote, notes: Path, gateway: Gateway, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the person has it in the environment."""
    monkeypatch.setenv("AIMLAPI_API_KEY", KEY)
    before = set(psutil.Process().children(recursive=True))
    engine = start_remote(key=False)
    fill(notes, VAULT)
    engine.folders.add(notes, CODE)
    use(engine, notes, CODE)
    children = set(psutil.Process().children(recursive=True)) - before
    assert children, "notes are read in a process of their own"
    for child in children:
        for name in ("environ", "cmdline"):
            content = Path(f"/proc/{child.pid}/{name}").read_bytes()
            assert content
            assert not found_in(content), name
    assert KEY in everything(gateway)


def test_commands_write_it_nowhere(
    gateway: Gateway, start_remote: StartRemote, notes: Path, tmp_path: Path, said: list[str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    engine = start_remote(key=False)
    fill(notes, VAULT)
    reconcile(engine, notes)
    engine.close()
    plain = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    plain |= {
        "HOME": str(home),
        "DBUS_SESSION_BUS_ADDRESS": NO_BUS,
        "NOTESEARCH_DATA_DIR": str(engine.data_dir),
    }

    def command(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[bytes]:
        ended = subprocess.run(
            [sys.executable, "-m", "notesearch", *arguments],
            input=stdin.encode(),
            capture_output=True,
            cwd=ROOT,
            env=plain | more,
            timeout=100,
        )
        assert not found_in(ended.stdout + ended.stderr), (arguments, ended.stderr)
        return ended

    assert command("key", "set", "aimlapi", stdin=f"{KEY}\n").returncode == 3
    assert command("key", "set", "aimlapi", stdin=f"{KEY} {KEY}\n").returncode == 3
    assert command("use", SMALL, "--yes").returncode == 0
    assert command("index", AIMLAPI_API_KEY=KEY).returncode == 0
    gateway.key = "another"
    assert command("key", "test", "aimlapi", AIMLAPI_API_KEY=KEY).returncode == 3
    assert command("search", "castle tram", "--json", AIMLAPI_API_KEY=KEY).returncode == 0
    assert command("doctor", AIMLAPI_API_KEY=KEY).returncode in (0, 1)
    assert KEY in everything(gateway)
    again = start_remote(engine.data_dir, key=False)
    assert folder(again, notes).model == SMALL
    again.close()
    assert written_below(tmp_path) == []
