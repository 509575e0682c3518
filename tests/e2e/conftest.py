"""The real process on a desktop of its own. Everything is skipped, and says why, where a program for it is
missing."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

# For what is tested in this process; the program has the desktop's own screen.
if sys.platform.startswith("linux"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.e2e.bus import FileManager
from tests.e2e.desktop import ROOT, Desktop, Neighbour, Program, missing


class Start(Protocol):
    def __call__(
        self,
        *arguments: object,
        data: Path | None = None,
        up: bool = True,
        env: dict[str, str] | None = None,
        wrap: Sequence[str] = (),
        python: Path = ...,
        cwd: Path = ...,
    ) -> Program: ...


@pytest.fixture(scope="session")
def desktop() -> Iterator[Desktop]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    # Not below pytest's folder: a socket's path may be 107 bytes long at most.
    scratch = Path(tempfile.mkdtemp(prefix="ns-e2e-"))
    home, runtime = scratch / "home", scratch / "run"
    home.mkdir()
    runtime.mkdir(mode=0o700)
    try:
        made = Desktop(home, runtime)
        yield made
        made.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@pytest.fixture
def start(desktop: Desktop, tmp_path: Path) -> Iterator[Start]:
    """Starts the program on the data folder of the test; waits until its window has the keyboard unless `up`
    is False."""
    programs: list[Program] = []

    def begin(
        *arguments: object,
        data: Path | None = None,
        up: bool = True,
        env: dict[str, str] | None = None,
        wrap: Sequence[str] = (),
        python: Path = Path(sys.executable),
        cwd: Path = ROOT,
    ) -> Program:
        program = Program(
            desktop,
            data or tmp_path / "data",
            arguments,
            tmp_path / f"output-{len(programs)}.txt",
            env,
            wrap,
            python,
            cwd,
        )
        programs.append(program)
        return program.up() if up else program

    yield begin
    for program in programs:
        program.close()


@pytest.fixture
def neighbour(desktop: Desktop, tmp_path: Path) -> Iterator[Neighbour]:
    made = Neighbour(desktop, tmp_path / "neighbour.txt")
    yield made
    made.close()


@pytest.fixture
def file_manager(desktop: Desktop) -> Iterator[FileManager]:
    made = FileManager(desktop.env["DBUS_SESSION_BUS_ADDRESS"])
    made.start()
    yield made
    made.close()
