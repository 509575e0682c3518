"""Nothing of the program, nor of a library it brings, goes online or writes where nobody looks for it.

Every process runs under strace, with a home folder that is empty and without the variable by which libraries
see that they are tested. What counts is what the kernel was asked for: a socket of the internet, a look-up of
a name, a file made outside the data folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import fill
from tests.e2e.conftest import Start
from tests.e2e.desktop import ROOT, Desktop

CALLS = (
    "execve,socket,connect,bind,openat,open,creat,mkdir,mkdirat,"
    "rename,renameat,renameat2,link,symlink,symlinkat"
)
NOTES = {"a.md": "# Bread\n\nThe dough rests overnight.\n", "b.org": "* Trip\nThe night train to Lisbon.\n"}
# What the desktop's own conventions ask for: the socket of a running program, fonts and shaders that Qt's
# libraries keep for every program, the accessibility bus.
CONVENTIONS = (
    r"/notesearch-[0-9]+(/|$)",
    r"/notesearch-[0-9a-f]+\.sock$",
    r"/\.cache(/(fontconfig|mesa_shader_cache\w*|qtshadercache[\w.-]*)(/.*)?)?$",
    r"/at-spi",
    # Python keeps compiled code beside the code.
    r"/__pycache__(/|$)",
)
MADE = re.compile(r"^\d+ +(?:(open|openat|creat)\(.*O_CREAT|(mkdir|mkdirat|rename\w*|link|symlink\w*)\()")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def strace() -> None:
    if not sys.platform.startswith("linux") or not shutil.which("strace"):
        pytest.skip("strace is not here (Debian: apt-get install strace)")


def traced(trace: Path, *, detached: bool = False) -> list[str]:
    """What to put before a command. `detached`: the command keeps its own process number."""
    return [
        "strace",
        *(["-D"] if detached else []),
        "-f",
        "-qq",
        "-y",
        "-s",
        "400",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(trace),
    ]


def environment(desktop: Desktop | None, home: Path) -> dict[str, str]:
    kept = dict(desktop.env) if desktop is not None else {"PATH": os.environ["PATH"]}
    for name in [
        name
        for name in kept
        if name == "CI" or name.startswith(("GITHUB_", "COV", "XDG_CACHE", "XDG_DATA_HOME"))
    ]:
        del kept[name]
    return {**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}


def judge(trace: Path, allowed: list[Path]) -> None:
    lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    assert len(lines) > 100, "nothing was traced"
    online = [
        line for line in lines if re.search(r"AF_INET6?|AF_PACKET|sin_port|nameserver|resolv\.conf", line)
    ]
    assert online == [], "the internet, or the way there"
    elsewhere = []
    for line in lines:
        if not MADE.match(line) or " = -1 " in line:
            continue
        names = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
        # Relative names stand beside the folder they are in, which -y writes out.
        folder = re.search(r"AT_FDCWD<([^>]*)>|\(\d+<([^>]*)>", line)
        base = Path(folder[1] or folder[2]) if folder else ROOT
        for path in (base / name for name in names):
            if str(path).startswith("/dev/") or any(path.is_relative_to(a) for a in allowed):
                continue
            # Python tries whether it may write into the folder for temporary files, with a file that it
            # removes.
            lasting = path.exists() or "O_CREAT|O_EXCL" not in line
            if lasting and not any(re.search(pattern, str(path)) for pattern in CONVENTIONS):
                elsewhere.append(line)
    assert elsewhere == [], "files where nobody looks for them"


def test_commands_go_nowhere(home: Path, tmp_path: Path) -> None:
    notes, data = fill(tmp_path / "Notes", NOTES), tmp_path / "data"
    for number, command in enumerate(
        (
            ["index", notes],
            ["search", "sleeping bread dough", "--json"],
            ["similar", notes / "a.md"],
            ["doctor"],
        )
    ):
        trace = tmp_path / f"trace-{number}"
        line = [
            *traced(trace),
            sys.executable,
            "-m",
            "notesearch",
            "--data-dir",
            str(data),
            *map(str, command),  # type: ignore[call-overload]
        ]
        done = subprocess.run(
            line, env=environment(None, home), cwd=ROOT, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, done.stderr
        judge(trace, [data])
    assert list(home.iterdir()) == []
    assert "notesearch.documents.sandbox.worker" in (tmp_path / "trace-0").read_text(), (
        "the child is traced too"
    )


def test_the_window_goes_nowhere(start: Start, desktop: Desktop, home: Path, tmp_path: Path) -> None:
    notes, trace = fill(tmp_path / "Notes", NOTES), tmp_path / "trace"
    program = start(notes, env=environment(desktop, home), wrap=traced(trace, detached=True))
    program.search("dough that sleeps", "Bread")
    assert program.terminate() == 0
    judge(trace, [tmp_path / "data", desktop.runtime])
