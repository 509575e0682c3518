"""The program in a shell of its own: real processes, their output, and their exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import fill

ROOT = Path(__file__).resolve().parents[3]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

NOTES = {
    "Kitchen/bread.md": "---\ntags: [baking]\n---\n# Bread\n\n## Second day\n\nThe sour dough rests "
    "overnight in the cold.\n",
    "Kitchen/soup.md": "# Soup\n\nLeek, potato and a spoon of cream.\n",
    "travel.txt": "The night train to Lisbon leaves at ten.\n",
}
RESULT = {
    "path",
    "title",
    "heading",
    "line",
    "start",
    "end",
    "snippet",
    "highlights",
    "matched_by",
    "rank",
    "score",
    "modified",
}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Shell:
    """Runs the program on one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.environment = {
            k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        }
        self.environment |= {"NOTESEARCH_DATA_DIR": str(data_dir)}
        self.environment |= {
            "PYTHONIOENCODING": "utf-8:strict",
            "PYTHONWARNINGS": "error,ignore::ResourceWarning:",
        }
        self.processes: list[subprocess.Popen[str]] = []

    def __call__(
        self, *arguments: str | bytes | Path, stdin: str | bytes = "", code: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        raw = subprocess.run(
            [sys.executable, "-m", "notesearch", *arguments],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            env=self.environment,
            cwd=ROOT,
            timeout=100,
        )
        out, err = (stream.decode("utf-8", "replace") for stream in (raw.stdout, raw.stderr))
        ended = subprocess.CompletedProcess(raw.args, raw.returncode, out, err)
        assert "Traceback" not in ended.stderr, ended.stderr
        assert "Error" not in ended.stderr, ended.stderr
        if code is not None:
            assert ended.returncode == code, ended.stderr
        return ended

    def json(self, *arguments: str | bytes | Path, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def start(
        self, *arguments: str | Path, program: tuple[str, ...] = ("-m", "notesearch")
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.environment,
            cwd=ROOT,
        )
        self.processes.append(process)
        return process


@pytest.fixture
def run(data_dir: Path) -> Iterator[Shell]:
    shell = Shell(data_dir)
    yield shell
    for process in shell.processes:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with notes and the data folder of a finished `index`."""
    base = tmp_path_factory.mktemp("read")
    fill(base / "Notes", NOTES)
    Shell(base / "data")("index", base / "Notes")
    return base


@pytest.fixture
def indexed(read_once: Path) -> Shell:
    """For commands that only read."""
    return Shell(read_once / "data")
