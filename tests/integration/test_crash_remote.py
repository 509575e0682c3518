"""`notesearch index` killed while it embeds through a provider: what was answered and stored is not paid for
again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from notesearch import catalogue
from notesearch.config.paths import prepare_data_dir
from notesearch.config.settings import Settings, save_settings
from notesearch.embedding.remote.sending import MORE_AT_WORK
from tests.conftest import fill, wait_until
from tests.gateway import KEY, Gateway, digest

ROOT = Path(__file__).resolve().parents[2]
MODEL = "aimlapi/alibaba/qwen-text-embedding-v3"  # ten texts a request
NOTES, SECTIONS = 40, 50
KILLS = 3

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9")


def run(data_dir: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "notesearch", "--data-dir", str(data_dir), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "AIMLAPI_API_KEY": KEY, "XDG_RUNTIME_DIR": str(data_dir)},
        cwd=ROOT,
    )


def test_a_kill_costs_at_most_the_requests_in_flight(tmp_path: Path) -> None:
    drawn = random.Random(7)
    words = [f"word{i}" for i in range(300)]
    notes = fill(
        tmp_path / "Notes",
        {
            f"{i}.md": "".join(
                f"# Part {part} of note {i}\n\n{' '.join(drawn.choices(words, k=90))}\n\n"
                for part in range(SECTIONS)
            )
            for i in range(NOTES)
        },
    )
    data_dir = tmp_path / "data"
    prepare_data_dir(data_dir)
    at_once = catalogue.provider("aimlapi").requests_at_once + MORE_AT_WORK
    with Gateway() as gateway:
        gateway.constant = True  # it answers faster than vectors can be indexed
        save_settings(data_dir, Settings().with_provider("aimlapi", base_url=gateway.url))
        assert run(data_dir, "add", str(notes)).wait() == 0
        assert run(data_dir, "use", MODEL, "--in", str(notes), "--yes").wait() == 0
        for kill in range(KILLS):
            before = len(gateway.embedded)
            process = run(data_dir, "index", str(notes))
            try:
                wait_until(lambda: len(gateway.embedded) >= before + 40 or process.poll() is not None)  # noqa: B023
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
            wait_until(lambda: gateway.in_flight == 0)
            asked = list(gateway.requests)
            assert kill or len(asked) > at_once, "it was killed too early to show anything"
        assert run(data_dir, "index", str(notes)).wait() == 0
    assert len(gateway.paid) >= NOTES * SECTIONS
    paid: dict[str, int] = {}
    again: set[int] = set()
    for request in gateway.embedded:
        for text in map(digest, request.inputs):
            if text in paid:
                again.add(paid[text])
            paid[text] = request.number
    assert len(again) <= KILLS * at_once
